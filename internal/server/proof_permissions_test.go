package server_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// principal is somebody whom the page about permissions has a column for.
type principal struct {
	name   string
	bearer string           // what it calls with; else
	client housetest.Client // its client_id and secret, as HTTP Basic
}

// principals makes one of each: the presets, the roles, the scopes of a secret, nobody, and somebody mighty elsewhere.
func principals(h *housetest.House, application string) (all []principal) {
	h.T.Helper()
	for _, preset := range access.Presets() {
		made := h.Must("POST", "/credentials", housetest.O{"name": "pair " + string(preset), "access": string(preset)})
		client := housetest.Client{ID: made.String("client_id"), Secret: made.String("secret")}
		all = append(all, principal{string(preset), h.Token(client), client})
	}
	for _, role := range access.Roles() {
		made := h.Must("POST", "/applications", housetest.O{"name": "worker " + string(role), "kind": "worker", "enabled": true, "secret": housetest.O{}})
		client := housetest.Client{ID: made.String("client_id"), Secret: made.Object("secret").String("secret")}
		grant := housetest.O{"role": string(role), "over": string(role.Scopes()[0])}
		if role == access.ApplicationOwner {
			grant["scope_id"] = application
		}
		h.Must("POST", "/applications/"+client.ID+"/roles", grant)
		all = append(all, principal{string(role), h.Token(client), client})
	}
	plain := h.Must("POST", "/applications", housetest.O{"name": "ordinary"}).String("client_id")
	for _, family := range access.AllFamilies.Names() {
		made := h.Must("POST", "/applications/"+plain+"/secrets", housetest.O{"scopes": []string{family}})
		all = append(all, principal{family, "", housetest.Client{ID: plain, Secret: made.String("secret")}})
	}
	inside, _ := h.NewEnvironment("elsewhere")
	return append(all, principal{name: "nobody"}, principal{"another environment", inside.AdminToken(), inside.Admin})
}

// verdict is what a route answers to a principal, in the words of the page. Whatever the route says about the request
// itself, it says to those only whom it has let in.
func verdict(h *housetest.House, route string, r rule.Rule, p principal, x things) string {
	h.T.Helper()
	method, path := x.path(route)
	var request *http.Request
	switch {
	case r.Guard == rule.Client:
		token := p.bearer
		if token == "" {
			token = "x"
		}
		request = h.FormRequest(path, p.client, "grant_type", "client_credentials", "token", token)
	case method == http.MethodGet || method == http.MethodHead || method == http.MethodDelete:
		request = h.CallRequest(p.bearer, method, path, nil)
	default:
		body := housetest.O{}
		for _, known := range []map[string]housetest.O{bodies, fullBodies} {
			if known[route] != nil {
				body = known[route]
			}
		}
		request = h.CallRequest(p.bearer, method, path, body)
	}
	if p.bearer == "" && r.Guard != rule.Client {
		request.Header.Del("Authorization")
		if p.client.ID != "" {
			request.SetBasicAuth(p.client.ID, p.client.Secret)
		}
	}
	a := h.Send(request)
	if a.String("error") == "unauthorized_client" { // RFC 6749 §5.2 has this status for it
		return fmt.Sprint(a.Status)
	}
	if r.Guard == rule.Person && a.Status == http.StatusSeeOther {
		return "sign in"
	}
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return fmt.Sprint(a.Status)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.T.Fatalf("%s to %s: %d %s", route, p.name, a.Status, a.Text)
		return ""
	default:
		return "yes"
	}
}

// fullBodies are valid, so that the rooms are asked, which know what a role over one thing reaches.
var fullBodies = map[string]housetest.O{
	"POST /api/v1/applications":            {"name": "another"},
	"POST /api/v1/credentials":             {"name": "another pair", "access": "authentication-only"},
	"POST /api/v1/integration-credentials": {"kind": "connection"},
	"PUT /api/v1/global-credential/secret": {"secret": "Maple-Granite-Lantern-1907-Quiver"},
	"POST /api/v1/policy/check":            {},
	"POST /api/v1/roles":                   {"name": "another role", "scopes": []string{"roles:read"}},
	"POST /api/v1/users":                   {"user_name": "another user"},
	"POST /api/v1/environments":            {"name": "another environment"},
	"POST /api/v1/apis":                    {"name": "another", "audience": "https://another.example"},
}

var update = flag.Bool("update", false, "write generated pages instead of comparing them")

const permissionsPage = "../../docs/permissions.md"

// TestPermissionsAreThoseOfThePage asks every route of a running house, as everybody, and compares with the page that a
// reader can check. The house is kept from changing anything: every change fails at its last step, after all was asked.
func TestPermissionsAreThoseOfThePage(t *testing.T) {
	h := housetest.Start(t)
	environment := h.Must("GET", "/ledger/head", nil).String("environment")
	x := newThings(h, environment)
	x["{mail}"] = "999999999" // what the mailbox has by then is a matter of time
	everybody := principals(h, x["{application}"])
	fullBodies["POST /api/v1/certificate-authorities"] = housetest.O{
		"name": "another", "certificate": h.Must("GET", "/certificate-authorities/own", nil).String("certificate"),
	}
	if err := h.Rehearse(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := h.Must("GET", "/ledger/head", nil).Text
	cells := map[string][]string{}
	for _, route := range h.Routes() {
		r := rule.Of(route)
		for _, p := range everybody {
			cells[route] = append(cells[route], verdict(h, route, r, p, x))
		}
	}
	if after := h.Must("GET", "/ledger/head", nil).Text; after != before {
		t.Errorf("something was changed: %s, %s", before, after)
	}
	page := permissions(everybody, cells)
	if *update {
		if err := os.WriteFile(permissionsPage, page, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	known, err := os.ReadFile(permissionsPage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(known, page) {
		t.Errorf("docs/permissions.md says otherwise; if the change is meant, run go generate ./internal/server:\n%s", differences(string(known), string(page)))
	}
}

// differences lists the lines that only one of two pages has.
func differences(known, now string) string {
	had, has := strings.Split(known, "\n"), strings.Split(now, "\n")
	var b strings.Builder
	for _, line := range had {
		if !slices.Contains(has, line) {
			b.WriteString("- " + line + "\n")
		}
	}
	for _, line := range has {
		if !slices.Contains(had, line) {
			b.WriteString("+ " + line + "\n")
		}
	}
	return b.String()
}

// permissions writes the page.
func permissions(everybody []principal, cells map[string][]string) []byte {
	var b bytes.Buffer
	b.WriteString(permissionsHead)
	for i, p := range everybody {
		fmt.Fprintf(&b, "| %d | %s |\n", i+1, whoIs(p))
	}
	var doors []rule.Door
	byDoor := map[rule.Door][]rule.Rule{}
	for _, r := range rule.All() {
		if cells[r.Route()] == nil {
			continue
		}
		if byDoor[r.Door] == nil {
			doors = append(doors, r.Door)
		}
		byDoor[r.Door] = append(byDoor[r.Door], r)
	}
	for _, door := range doors {
		fmt.Fprintf(&b, "\n## %s\n\n| Route | Asks for |", titles[door])
		for i := range everybody {
			fmt.Fprintf(&b, " %d |", i+1)
		}
		b.WriteString("\n| --- | --- |" + strings.Repeat(" --- |", len(everybody)) + "\n")
		for _, r := range byDoor[door] {
			if r.Field == "" {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", code(r.Route()), r.Asks(), strings.Join(cells[r.Route()], " | "))
			}
		}
	}
	b.WriteString(fieldsHead)
	for _, r := range rule.All() {
		if r.Field != "" {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", code(r.Route()), code(r.Field), r.Asks(), r.Why)
		}
	}
	return b.Bytes()
}

func code(text string) string { return "`" + text + "`" }

// whoIs explains a column.
func whoIs(p principal) string {
	switch {
	case p.name == "nobody":
		return "nobody: no credential at all"
	case p.name == "another environment":
		return "the administrator of another environment, with a token from there"
	case slices.Contains(access.AllFamilies.Names(), p.name):
		return "an ordinary application without scopes, by HTTP Basic with a secret of the API family " + code(p.name)
	case slices.Contains(access.Presets(), access.Preset(p.name)):
		return "an API credential pair with the access " + code(p.name)
	}
	over := access.Role(p.name).Scopes()[0]
	which := "all of its " + string(over)
	if over == access.OverApplication {
		which = "the application that the paths name"
	}
	return "a worker with the role " + code(p.name) + " over " + which
}

var titles = map[rule.Door]string{
	rule.API: "The management API", rule.OAuth: "OAuth", rule.Services: "Directory services", rule.SCIM: "SCIM", rule.Connect: "Calls through connections", rule.House: "Everything else",
}

const permissionsHead = `# Who may do what

This page is made by a test that asks every route of a running server, as everybody below, and fails when an answer is not the
one on the page. ` + "`counterfoil access rules`" + ` prints the permission table with the reasons, and ` + "`counterfoil access explain`" + ` says
which rule decides about a request of a credential of yours.

- **yes**: the route lets the caller in. What it then says of the request itself – that it lacks something, that a name is
  taken, that a code is wrong – is no matter of permission.
- **401**: the route does not know the caller. **403**: it knows the caller, who may not do this.
- **sign in**: a page for people, who are sent to sign in unless they are signed in with this browser.
- **404**: to this caller there is nothing there, or there is nothing there yet.
- **400** at a token endpoint: it knows the caller, who gets no tokens there.

| Column | Who |
| --- | --- |
`

const fieldsHead = `
## Fields that ask for more

A request that sets one of these fields needs what the field asks for besides what its route asks for. The rooms behind the
routes enforce it, so it holds for every way by which the field comes in: another method, a path in a patch, a bulk request.

| Route | Field | Asks for | Why |
| --- | --- | --- | --- |
`

// TestThePresetsAreWhatTheirNamesSay reads the page as the definitions of the presets have it.
func TestThePresetsAreWhatTheirNamesSay(t *testing.T) {
	page, err := os.ReadFile(permissionsPage)
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[access.Preset][]string{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) < 10 || !strings.HasPrefix(cells[0], " `") {
			continue
		}
		for i, preset := range access.Presets() {
			if strings.TrimSpace(cells[i+2]) == "yes" {
				allowed[preset] = append(allowed[preset], strings.Trim(cells[0], " `"))
			}
		}
	}
	for _, route := range allowed[access.ReadAll] {
		r := rule.Of(route)
		if r.Guard == rule.Permission && r.Method != http.MethodGet && !strings.HasSuffix(r.Permission, ":read") {
			t.Errorf("read-all may %s", route)
		}
	}
	for smaller, larger := range map[access.Preset]access.Preset{
		access.ReadUsersOnly: access.ManageUsers, access.ManageUsers: access.ManageAll, access.ReadAll: access.ManageAll, access.AuthenticationOnly: access.ManageAll,
	} {
		for _, route := range allowed[smaller] {
			if !slices.Contains(allowed[larger], route) {
				t.Errorf("%s may %s, and %s may not", smaller, route, larger)
			}
		}
	}
	// Besides its five operations it may get a token, ask who it is, and what anybody may.
	for _, route := range allowed[access.AuthenticationOnly] {
		r := rule.Of(route)
		anybody := r.Guard == rule.Public || r.Guard == rule.Local || r.Guard == rule.Client || r.Guard == rule.Person
		if !anybody && r.Permission != access.UseSignin && route != "GET /api/v1/credentials/self" {
			t.Errorf("authentication-only may %s", route)
		}
	}
}
