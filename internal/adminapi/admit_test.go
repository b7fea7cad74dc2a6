package adminapi_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// route is an operation; scope is what it needs or, with spaces between, the scopes of which it needs one.
type route struct{ method, path, scope string }

// routes returns every operation in the document, so that none can be forgotten.
func routes(t *testing.T) (all []route) {
	t.Helper()
	text, err := adminapi.Document()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	for path, operations := range d.Paths {
		for method, op := range operations {
			r := route{method: strings.ToUpper(method), path: placeholder.ReplaceAllString(path, uuid.NewString())}
			for _, alternative := range op.Security {
				r.scope = strings.TrimSpace(r.scope + " " + strings.Join(alternative["bearer"], " "))
			}
			all = append(all, r)
		}
	}
	if len(all) < 35 {
		t.Fatalf("only %d operations", len(all))
	}
	return all
}

var placeholder = regexp.MustCompile(`{[a-z]+}`)

func TestEveryOperationWantsAGoodTokenOfThisEnvironmentsManagementAPI(t *testing.T) {
	h := housetest.Start(t)
	h.NewAPI("invoices", nil, "invoices:read")
	app := h.NewApp("billing", nil, append(access.ManagementPermissions(), "invoices:read")...)
	o := elsewhere(t, h, "staging")
	foreign := h.Token(app, "scope", "invoices:read")
	dead := h.Limited(access.ManagementPermissions()...)
	h.Must("POST", "/tokens/revoke", O{"token": dead})
	const bad = `Bearer realm="counterfoil", error="invalid_token"`
	for _, r := range routes(t) {
		words := map[string]bool{}
		for name, c := range map[string]struct {
			headers   []string
			prefix    string
			challenge string
		}{
			"no token":                     {nil, "", `Bearer realm="counterfoil"`},
			"Basic":                        {[]string{"Authorization", "Basic eDp5"}, "", `Bearer realm="counterfoil"`},
			"scheme alone":                 {[]string{"Authorization", "Bearer "}, "", `Bearer realm="counterfoil"`},
			"two tokens":                   {[]string{"Authorization", "Bearer " + h.AdminToken(), "Authorization", "Bearer " + h.AdminToken()}, "", `Bearer realm="counterfoil"`},
			"rubbish":                      {[]string{"Authorization", "Bearer x.y.z"}, "", bad},
			"handle-like rubbish":          {[]string{"Authorization", "Bearer cft_AAAA"}, "", bad},
			"token of another API":         {[]string{"Authorization", "Bearer " + foreign}, "", bad},
			"revoked token":                {[]string{"Authorization", "Bearer " + dead}, "", bad},
			"token of another environment": {[]string{"Authorization", "Bearer " + o.token}, "", bad},
			"our token there":              {[]string{"Authorization", "Bearer " + h.AdminToken()}, o.path, bad},
		} {
			if name == "token of another API" && r.scope == "" {
				continue // TestTokenOfAnotherAPITellsWhoseItIsAndNothingOfTheSecret
			}
			if r.path == "/session" {
				c.challenge = `Bearer realm="counterfoil"` // whatever the token: it is for people, and no token is a session
			}
			if name == "Basic" && r.path == "/applications/self" {
				c.challenge = `Basic realm="counterfoil", charset="UTF-8"` // which takes it, from the right client
			}
			a := h.Send(h.Request(r.method, c.prefix+"/api/v1"+r.path, nil, c.headers...))
			expect(t, a, http.StatusUnauthorized)
			if got := a.Header.Get("WWW-Authenticate"); got != c.challenge {
				t.Errorf("%s: %s %s: %s", name, r.method, r.path, got)
			}
			if c.challenge == bad {
				words[a.String("detail")] = true
			}
		}
		if len(words) != 1 && r.path != "/session" {
			t.Errorf("%s %s: bad tokens hear different words: %v", r.method, r.path, words)
		}
	}
}

func TestEveryOperationWantsItsScope(t *testing.T) {
	h := housetest.Start(t)
	tokens := map[string]string{}
	for _, r := range routes(t) {
		if r.scope == "" {
			if !slices.Contains([]string{"/credentials/self", "/applications/self", "/rate-limit", "/session"}, r.path) {
				t.Errorf("%s %s needs no scope", r.method, r.path)
			}
			continue
		}
		if tokens[r.scope] == "" {
			rest := slices.DeleteFunc(access.UsualPermissions(), func(s string) bool { return slices.Contains(strings.Fields(r.scope), s) })
			tokens[r.scope] = h.Token(h.Admin, "scope", strings.Join(rest, " "))
		}
		a := expect(t, h.CallAs(tokens[r.scope], r.method, "/api/v1"+r.path, nil), http.StatusForbidden)
		if want := `Bearer realm="counterfoil", error="insufficient_scope", scope="` + r.scope + `"`; a.Header.Get("WWW-Authenticate") != want {
			t.Errorf("%s %s: %s", r.method, r.path, a.Header.Get("WWW-Authenticate"))
		}
	}
}

func TestTokenThatLosesItsScopeLosesItAtOnce(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("reader", nil, "apis:read", "keys:read")
	token := h.Token(app)
	expect(t, h.CallAs(token, "GET", "/api/v1/apis", nil), http.StatusOK)
	h.Must("PATCH", "/applications/"+app.ID, O{"scopes": []string{"keys:read"}})
	expect(t, h.CallAs(token, "GET", "/api/v1/apis", nil), http.StatusForbidden)
	expect(t, h.CallAs(token, "GET", "/api/v1/keys", nil), http.StatusOK)
	h.Must("POST", "/applications/"+app.ID+"/disable", nil)
	expect(t, h.CallAs(token, "GET", "/api/v1/keys", nil), http.StatusUnauthorized)
}

func TestAnybodyMayAskWhoTheyAre(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("modest", O{"secret": O{"description": "the one", "expires_at": "2099-01-02T03:04:05Z"}}, "keys:read")
	a := expect(t, h.CallAs(h.Token(app), "GET", "/api/v1/credentials/self", nil), http.StatusOK)
	members(t, a, O{"client_id": app.ID, "application": "modest", "scopes": []any{"keys:read"}})
	members(t, a.Object("credential"), O{"kind": "secret", "description": "the one", "hint": app.Secret[:8], "expires_at": "2099-01-02T03:04:05Z"})
	members(t, a.Object("environment"), O{"issuer": h.URL})
	if a.Object("token").String("expires_at") == "" || strings.Contains(a.Text, app.Secret) {
		t.Error(a.Text)
	}
}

func TestTokenOfAnotherAPITellsWhoseItIsAndNothingOfTheSecret(t *testing.T) {
	for _, format := range []string{"jwt", "handle"} {
		h := housetest.Start(t)
		h.NewAPI("invoices", O{"token_format": format}, "invoices:read")
		app := h.NewApp("billing", O{"secret": O{"description": "on the mainframe", "expires_at": "2099-01-02T03:04:05Z"}}, "invoices:read", "keys:read")
		token := h.Token(app, "scope", "invoices:read")
		a := expect(t, h.CallAs(token, "GET", "/api/v1/credentials/self", nil), http.StatusOK)
		members(t, a, O{"client_id": app.ID, "application": "billing", "scopes": []any{"invoices:read"}})
		members(t, a.Object("credential"), O{"kind": "secret", "expires_at": "2099-01-02T03:04:05Z"})
		if strings.Contains(a.Text, app.Secret[:8]) || strings.Contains(a.Text, "mainframe") {
			t.Errorf("%s: whoever is handed the token learns of the secret: %s", format, a.Text)
		}
		h.Must("POST", "/applications/"+app.ID+"/disable", nil)
		a = expect(t, h.CallAs(token, "GET", "/api/v1/credentials/self", nil), http.StatusUnauthorized)
		if got := a.Header.Get("WWW-Authenticate"); got != `Bearer realm="counterfoil", error="invalid_token"` {
			t.Error(got)
		}
	}
}

func TestNobodyGrantsManagementScopesTheyLack(t *testing.T) {
	h := housetest.Start(t)
	h.NewAPI("invoices", nil, "invoices:read")
	strong := h.NewApp("strong", nil, "keys:write")
	weak := h.NewApp("weak", nil, "applications:write", "credentials:write")
	token := h.Token(weak)
	try := func(status int, method, path string, body any) *housetest.Answer {
		t.Helper()
		return expect(t, h.CallAs(token, method, "/api/v1"+path, body), status)
	}
	try(http.StatusForbidden, "POST", "/applications", O{"name": "x", "scopes": []string{"keys:write"}})
	try(http.StatusForbidden, "POST", "/applications", O{"name": "x", "introspects": []string{"counterfoil"}})
	try(http.StatusForbidden, "PATCH", "/applications/"+weak.ID, O{"scopes": []string{"applications:write", "environments:write"}})
	try(http.StatusForbidden, "POST", "/applications/"+strong.ID+"/secrets", O{})
	try(http.StatusForbidden, "POST", "/applications/"+strong.ID+"/secrets", O{"scopes": []string{"keys:write"}})
	narrow := h.Must("POST", "/applications/"+strong.ID+"/secrets", O{"scopes": []string{}}).String("id")
	try(http.StatusForbidden, "PATCH", "/applications/"+strong.ID+"/secrets/"+narrow, O{"scopes": nil})
	try(http.StatusForbidden, "PATCH", "/applications/"+strong.ID+"/secrets/"+narrow, O{"scopes": []string{"keys:write"}})

	made := try(http.StatusCreated, "POST", "/applications", O{"name": "own", "scopes": []string{"invoices:read", "applications:write"}, "secret": O{}})
	if made.Object("secret").String("secret") == "" {
		t.Error("what it may grant is not granted")
	}
	try(http.StatusOK, "PATCH", "/applications/"+strong.ID, O{"description": "keeps what it has"})

	onlyApps := h.Limited("applications:write")
	expect(t, h.CallAs(onlyApps, "POST", "/api/v1/applications", O{"name": "y", "secret": O{}}), http.StatusForbidden)
	if a := h.Call("GET", "/applications?name=y", nil); len(items(t, a)) != 0 {
		t.Error("an application was made without its secret")
	}
}
