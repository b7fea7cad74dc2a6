package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/adminapi"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// openRoutes are for everybody. The list may only shrink: a route that has come to ask for authority must leave it.
var openRoutes = map[string]string{
	"GET /healthz":           "a probe, which says nothing but that the process runs",
	"GET /readyz":            "a probe, which says nothing but whether to send requests here",
	"GET /metrics":           "for callers on this machine only, as a test of its own shows",
	"GET /oauth2/jwks":       "public keys",
	"GET /console":           "it leads to the console",
	"GET /console/{path...}": "the files of the console, which say nothing of the environment",
	"GET /docs":              "it leads to the documentation",
	"GET /docs/{page...}":    "the documentation, which is public and says nothing of the environment",
	"GET /handover/{link}":   "a page with a button, the same for every link, which opens nothing",
	"OPTIONS /session":       "browsers ask whether a page may post at all; which one may is said when it does",
	"GET /activate/done":     "a page that says that an account is active, whose is not known",
	"GET /reset/done":        "a page that says that a password is changed, whose is not known",
	"GET /forgot":            "a form to ask for a new password with",
	"GET /forgot/sent":       "a page that says the same to everybody",

	"GET /connect":                 "a form that takes a link",
	"GET /connect/enter/{session}": "a form that takes a link; which sites may frame it is in its policy",
	"GET /connect/connect.js":      "a script, the same for every site",

	"GET /signin":                                 "the form to sign in with",
	"GET /signin/change":                          "a form to change a password with",
	"GET /signin/passkey.js":                      "the script of the pages that ask for a passkey",
	"GET /.well-known/oauth-authorization-server": "public by RFC 8414 §3",
	"GET /.well-known/oauth-authorization-server/{environment}": "public by RFC 8414 §3",
	"GET /.well-known/openid-configuration":                     "public by OpenID Connect Discovery §4",
	"GET /.well-known/openid-configuration/{environment}":       "public by OpenID Connect Discovery §4",
}

// unscopedRoutes let in whoever has a good token of the environment, whatever its API and scopes. It may only shrink, too.
var unscopedRoutes = map[string]string{
	"GET /api/v1/credentials/self":    "everybody may ask who they are",
	"GET /api/v1/rate-limit":          "whoever may see anything may see their own buckets",
	"GET /api/v1/applications/self":   "needs the API family application",
	"PATCH /api/v1/applications/self": "needs the API family application",
}

// clientRoutes are guarded by the client's own credential.
var clientRoutes = []string{"POST /oauth2/token", "POST /as/token", "POST /oauth2/introspect", "POST /oauth2/revoke"}

// sessionRoutes of the management API are for people who are signed in, and say so to everybody else.
var sessionRoutes = []string{
	"GET /api/v1/session",
}

// linkRoutes are guarded by the link in their path, which nobody else's authority stands in for.
var linkRoutes = []string{
	"POST /handover/{link}", "POST /session", "GET /activate/{ticket}", "POST /activate/{ticket}", "GET /reset/{ticket}", "POST /reset/{ticket}",
	"GET /setup/{ticket}", "POST /setup/{ticket}",
	"POST /connect",
	"POST /connect/enter/{session}",
	"GET /connect/enter/{session}/form",
	"POST /connect/enter/{session}/form",
	"POST /connect/enter/{session}/try",
	"POST /connect/enter/{session}/paste",
	"POST /connect/enter/{session}/agree",
	"POST /connect/enter/{session}/look",
	"GET /connect/enter/{session}/done",
	"POST /connect/enter/{session}/done",
	"GET /connect/callback",
}

// deafRoutes say the same to everybody.
var deafRoutes = []string{
	"POST /forgot",
	"POST /signin",
	"POST /signin/change",
	"POST /signin/passkey",
	"POST /signin/passkey/begin",
}

// personRoutes send everybody to sign in who is not, whatever authority they bring beside a session.
var personRoutes = []string{
	"GET /signin/factor",
	"POST /signin/factor",
	"POST /signout",
	"GET /signin/step-up",
	"POST /signin/step-up",
	"GET /account",
	"POST /account/sessions",
	"POST /account/sessions/all",
	"POST /account/devices",
	"POST /account/factors",
	"POST /account/apps",
	"POST /account/apps/confirm",
	"POST /account/codes",
	"POST /account/passkeys",
}

// localRoutes are there for callers on this machine only, and in dev only.
var localRoutes = []string{"GET /mailbox", "GET /mailbox/{mail}"}

// signedRoutes are guarded by a signature over the body, which nobody else's authority stands in for.
var signedRoutes = []string{"POST /leaks/github"}

// managementPrefix is where the management API stands.
const managementPrefix = "/api/v1"

// scopes returns the scope that each route of the management API needs, by the OpenAPI document.
func scopes(t *testing.T) map[string]string {
	t.Helper()
	text, err := adminapi.Document()
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	needed := map[string]string{}
	for path, operations := range document.Paths {
		for method, operation := range operations {
			route := strings.ToUpper(method) + " " + managementPrefix + path
			if slices.Contains(sessionRoutes, route) {
				if len(operation.Security) != 1 || operation.Security[0]["session"] == nil {
					t.Errorf("%s: the document names %v, want the scheme of sessions", route, operation.Security)
				}
				continue
			}
			if asked, _ := rule.Find(route); asked.Guard == rule.OneOf {
				for i, alternative := range operation.Security {
					if len(alternative) != 1 || len(operation.Security) != len(asked.OneOf) || !slices.Equal(alternative["bearer"], asked.OneOf[i:i+1]) {
						t.Errorf("%s: the document names %v, want %v", route, operation.Security, asked.OneOf)
					}
				}
				needed[route] = ""
				continue
			}
			// A second scheme is HTTP Basic, for the routes about the caller's own application.
			own := len(operation.Security) == 2 && unscopedRoutes[route] == "needs the API family application"
			if len(operation.Security) != 1 && !own || len(operation.Security[0]["bearer"]) > 1 {
				t.Errorf("%s: the document names %v, want one scheme with at most one scope", route, operation.Security)
			}
			needed[route] = strings.Join(operation.Security[0]["bearer"], "")
		}
	}
	for _, r := range rule.All() {
		if r.Field == "" && (r.Door == rule.SCIM || r.Door == rule.Connect || r.Door == rule.Services && (r.Guard == rule.Permission || r.Guard == rule.Either)) {
			needed[r.Route()] = r.Permission
		}
	}
	return needed
}

// moreScopes are what a route asks for besides the scope in the document, and why.
var moreScopes = map[string]string{
	"POST /api/v1/webhooks":                  "ledger:read", // whoever points a webhook somewhere reads the ledger there
	"PATCH /api/v1/webhooks/{webhook}":       "ledger:read",
	"POST /api/v1/webhooks/{webhook}/enable": "ledger:read",
	"POST /api/v1/webhooks/{webhook}/rotate": "ledger:read",
	"POST /api/v1/webhooks/{webhook}/replay": "ledger:read",
	"PUT /api/v1/notice-addresses":           "credentials:read", // notices tell of credentials
	"GET /api/v1/users/{user}/groups":        access.ReadGroups,
	// Nobody grants more than they may, nor deletes what may do more.
	"DELETE /api/v1/credentials/{pair}":                    access.ReadUsers + " " + access.ReadGroups + " " + access.ReadRoles,
	"DELETE /api/v1/integration-credentials/{integration}": access.UseConnections,
	"POST /api/v1/applications/{application}/roles":        strings.Join(append(access.ConfigurationReadOnly.Permissions(), access.WriteApplications), " "),
	"GET /api/v1/users/{user}/roles":                       access.ReadUsers,
	"POST /api/v1/users/{user}/roles":                      strings.Join(access.IdentityDataReadOnly.Permissions(), " "),
	"DELETE /api/v1/users/{user}/roles/{assignment}":       strings.Join(access.IdentityDataReadOnly.Permissions(), " "),
}

// emptyRoutes find nothing in a house that has done nothing yet.
var emptyRoutes = []string{
	"DELETE /services/users/{user}/tokens/{token}", "POST /services/saml-assertion", "POST /services/saml-assertion/verify-factor",
	"GET /scim/v2/Me", "PUT /scim/v2/Me", "PATCH /scim/v2/Me", "DELETE /scim/v2/Me", "GET /api/v1/mailbox/{mail}",
}

// keyIn returns the kid of the ES256 key in a state.
func keyIn(h *housetest.House, state string) string {
	h.T.Helper()
	for _, item := range h.Must("GET", "/keys", nil).JSON["items"].([]any) {
		if key := item.(housetest.O); key["alg"] == "ES256" && key["state"] == state {
			return key["id"].(string)
		}
	}
	h.T.Fatalf("no key is %s", state)
	return ""
}

// callRoute calls a route with a bearer token. Its body is one of [bodies] or an empty object where there is one at all:
// authority comes first, so a route that complains of the body has let the caller in.
func callRoute(h *housetest.House, route, bearer string, x things) *housetest.Answer {
	h.T.Helper()
	method, path := x.path(route)
	var body any
	if method == "POST" || method == "PATCH" || method == "PUT" {
		body = housetest.O{}
		if wanted := bodies[route]; wanted != nil {
			body = wanted
		}
	}
	return h.CallAs(bearer, method, path, body)
}

// bodies are what routes want that would not look for the thing in their path otherwise.
var bodies = map[string]housetest.O{
	"POST /api/v1/search": {"text": "billing"},
	"POST /api/v1/connect/connections/{connection}/reveal":             {"field": "client_secret"},
	"POST /api/v1/applications/{application}/certificates":             {"generate": true},
	"POST /api/v1/applications/{application}/jwt-keys":                 {"jwks": somebodysKey},
	"POST /api/v1/applications/{application}/trusts":                   {"issuer": "https://issuer.example", "subject": "somebody", "jwks": somebodysKey},
	"POST /api/v1/applications/{application}/trusts/{credential}/test": {"token": "e30.e30.e30"},
	"POST /api/v1/applications/{application}/roles":                    {"role": "configuration-read-only"},
	"POST /api/v1/applications/{application}/lock":                     {"minutes": 1},
	"POST /api/v1/users/{user}/roles":                                  {"role": "identity-data-read-only"},
	"POST /api/v1/user-imports/{import}/batches":                       {"sequence": 1, "records": []housetest.O{{"line": 1, "problem": "none"}}},
	"PUT /api/v1/applications/{application}/lock-policy":               {"policy": "off"},
	"POST /api/v1/users/{user}/factors":                                {"kind": "totp", "name": "Phone"},
	"POST /api/v1/users/{user}/factors/{factor}/confirm":               {"code": "000000"},
	"POST /api/v1/users/{user}/factors/{factor}/verify":                {"code": "000000"},
}

func init() {
	search := housetest.O{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}}
	patch := housetest.O{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": []housetest.O{{"op": "add", "path": "externalId", "value": "x"}}}
	for kind, name := range map[string]string{"User": "userName", "Group": "displayName"} {
		body := housetest.O{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:" + kind}, name: "somebody " + kind}
		bodies["POST /scim/v2/"+kind+"s"], bodies["PUT /scim/v2/"+kind+"s/{id}"] = body, body
		bodies["POST /scim/v2/"+kind+"s/.search"], bodies["PATCH /scim/v2/"+kind+"s/{id}"] = search, patch
	}
	bodies["POST /scim/v2/.search"] = search
	bodies["POST /scim/v2/Bulk"] = housetest.O{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": []housetest.O{}}
}

// caller is somebody who must not get in.
type caller struct {
	name   string
	client housetest.Client // for routes that clients call
	bearer string           // for the others
	status int
}

// anotherAPI names the caller whose token is good, elsewhere.
const anotherAPI = "a token of another API"

// intruders makes everybody who must not get in. It moves the clock.
func intruders(h *housetest.House) []caller {
	h.T.Helper()
	h.NewAPI("business", nil, "business:read")
	everything := []string{}
	for _, scope := range h.CallAs(h.AdminToken(), "GET", managementPrefix+"/credentials/self", nil).JSON["scopes"].([]any) {
		everything = append(everything, scope.(string))
	}
	foreign, _ := h.NewEnvironment("foreign")
	expired := h.Token(h.Admin)
	h.Clock.Move(11 * time.Minute)
	revoked := h.Token(h.Admin)
	h.Must("POST", "/tokens/revoke", housetest.O{"token": revoked})
	disabled, deleted := h.NewApp("disabled", nil, everything...), h.NewApp("deleted", nil, everything...)
	ofDisabled, ofDeleted := h.Token(disabled), h.Token(deleted)
	h.Must("POST", "/applications/"+disabled.ID+"/disable", nil)
	h.Must("DELETE", "/applications/"+deleted.ID, nil)
	business := h.NewApp("business", nil, "business:read")
	wrong := housetest.Client{ID: h.Admin.ID, Secret: stranger.Secret}
	return []caller{
		{"nobody", housetest.Client{}, "", 401},
		{"rubbish", housetest.Client{ID: "rubbish", Secret: "rubbish"}, "rubbish", 401},
		{"a stranger", stranger, "eyJhbGciOiJub25lIn0.e30.", 401},
		{"a wrong secret", wrong, "cft_" + strings.Repeat("A", 180), 401},
		{"an administrator of another environment", foreign.Admin, foreign.AdminToken(), 401},
		{"a disabled application", disabled, ofDisabled, 401},
		{"a deleted application", deleted, ofDeleted, 401},
		{anotherAPI, housetest.Client{}, h.Token(business), 401},
		{"an expired token", housetest.Client{}, expired, 401},
		{"a revoked token", housetest.Client{}, revoked, 401},
	}
}

// TestEveryRouteIsGuarded takes every route that the house serves, from the house itself, and calls it with every
// kind of authority that is not enough. Nothing of it may leave a trace in the ledger.
func TestEveryRouteIsGuarded(t *testing.T) {
	h := housetest.Start(t)
	callers, needed, routes := intruders(h), scopes(t), h.Routes()
	x := newThings(h, h.Must("GET", "/ledger/head", nil).String("environment"))
	for _, known := range []map[string]string{openRoutes, unscopedRoutes, needed} {
		for route := range known {
			if !slices.Contains(routes, route) {
				t.Errorf("%s is on a list, and the house does not serve it", route)
			}
		}
	}
	tooLittle := map[string]string{} // a token that lacks the scope, by scope
	for _, scope := range needed {
		if tooLittle[scope] == "" {
			other := "ledger:read"
			if scope == other {
				other = "keys:read"
			}
			tooLittle[scope] = h.Token(h.Admin, "scope", other)
		}
	}
	before := h.Must("GET", "/ledger/head", nil).Text
	for _, route := range routes {
		switch scope, managed := needed[route]; {
		case openRoutes[route] != "":
			if a := callRoute(h, route, "", x); a.Status != http.StatusOK && a.Status != http.StatusPermanentRedirect {
				t.Errorf("%s answers %d without authority: take it off the list of open routes", route, a.Status)
			}
		case slices.Contains(clientRoutes, route):
			guardedByClient(h, route, callers)
		case slices.Contains(signedRoutes, route):
			for _, c := range callers {
				if a := callRoute(h, route, c.bearer, x); a.Status != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") != "Signature" {
					t.Errorf("%s answers %d to %s, want 401", route, a.Status, c.name)
				}
			}
		case slices.Contains(localRoutes, route):
			method, path := x.path(route)
			if a := fromAfar(h, method, path); a.Code != http.StatusNotFound {
				t.Errorf("%s answers %d to a caller from elsewhere, want 404", route, a.Code)
			}
		case slices.Contains(deafRoutes, route):
			for _, c := range callers {
				if a := callRoute(h, route, c.bearer, x); a.Status != http.StatusBadRequest && a.Status != http.StatusUnprocessableEntity {
					t.Errorf("%s answers %d to what %s sends, which is no form: want 400 or 422", route, a.Status, c.name)
				}
			}
		case slices.Contains(personRoutes, route):
			for _, c := range callers {
				if a := callRoute(h, route, c.bearer, x); a.Status != http.StatusSeeOther || !strings.Contains(a.Header.Get("Location"), "signin") {
					t.Errorf("%s answers %d %v to %s, want to send them to sign in", route, a.Status, a.Header, c.name)
				}
			}
		case slices.Contains(sessionRoutes, route):
			for _, c := range callers {
				if a := callRoute(h, route, c.bearer, x); a.Status != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s answers %d to %s, want 401 and a challenge", route, a.Status, c.name)
				}
			}
		case slices.Contains(linkRoutes, route):
			for _, c := range callers {
				if a := callRoute(h, route, c.bearer, x); a.Status != http.StatusNotFound {
					t.Errorf("%s answers %d to %s, want 404", route, a.Status, c.name)
				}
			}
		case !managed:
			t.Errorf("%s is served, and no list or document says how it is guarded", route)
		default:
			guardedByToken(h, route, x, append(callers, caller{"a token with too little scope", housetest.Client{}, tooLittle[scope], 403}))
		}
	}
	if after := h.Must("GET", "/ledger/head", nil).Text; after != before {
		t.Errorf("refused calls left a trace in the ledger: %s, %s", before, after)
	}
}

func guardedByToken(h *housetest.House, route string, x things, callers []caller) {
	h.T.Helper()
	asked, _ := rule.Find(route)
	for _, c := range callers {
		a := callRoute(h, route, c.bearer, x)
		if c.name == anotherAPI && asked.Door == rule.Services && asked.Guard == rule.Either {
			// An ordinary application is let in by its family, and reaches nobody whom it has not made.
			if a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusNotFound && route != "GET /services/users" {
				h.T.Errorf("%s answers %d %s to %s, want 404 or 422", route, a.Status, a.Text, c.name)
			}
			continue
		}
		if (c.status == http.StatusForbidden || c.name == anotherAPI) && unscopedRoutes[route] != "" {
			if a.Status != http.StatusOK {
				h.T.Errorf("%s answers %d to %s: take it off the list of unscoped routes", route, a.Status, c.name)
			}
			continue
		}
		if a.Status != c.status || a.Header.Get("WWW-Authenticate") == "" {
			h.T.Errorf("%s answers %d %s to %s, want %d and a challenge", route, a.Status, a.Text, c.name, c.status)
		}
	}
}

// guardedByClient tries client credentials and, because introspection takes them as well, bearer tokens.
func guardedByClient(h *housetest.House, route string, callers []caller) {
	h.T.Helper()
	_, path, _ := strings.Cut(route, " ")
	own := h.Token(h.Admin)
	for _, c := range callers {
		parameters := []string{"grant_type", "client_credentials", "token", own}
		if c.client != (housetest.Client{}) || c.bearer == "" {
			if a := h.Form(path, c.client, parameters...); a.Status != c.status || a.Header.Get("WWW-Authenticate") == "" {
				h.T.Errorf("%s answers %d %s to %s, want %d and a challenge", route, a.Status, a.Text, c.name, c.status)
			}
		}
		if c.bearer == "" {
			continue
		}
		r := h.FormRequest(path, housetest.Client{}, parameters...)
		r.Header.Set("Authorization", "Bearer "+c.bearer)
		want := http.StatusBadRequest // a malformed client authentication
		if path == "/oauth2/introspect" {
			want = http.StatusUnauthorized
		}
		if a := h.Send(r); a.Status != want {
			h.T.Errorf("%s answers %d %s to a bearer token of %s, want %d", route, a.Status, a.Text, c.name, want)
		}
	}
	if !h.Active(h.Admin, own) {
		h.T.Errorf("%s: somebody has revoked the token", route)
	}
}

// TestEveryRouteLetsItsScopeIn is the control for the test above: with just the scope that a route names, and ids
// that exist, nothing is refused.
func TestEveryRouteLetsItsScopeIn(t *testing.T) {
	h := housetest.Start(t)
	_, other := h.NewEnvironment("other")
	revealer := h.NewApp("revealer", nil, access.RevealConnections)
	ready, needed := newThings(h, other), scopes(t)
	for _, route := range readersFirst(needed) {
		scope, token := needed[route], h.AdminToken()
		switch {
		case access.OffByDefault(scope):
			token = h.Token(revealer)
		case scope != "":
			token = h.Token(h.Admin, "scope", strings.TrimSpace(scope+" "+moreScopes[route]))
		}
		switch a := callRoute(h, route, token, ready.unlessUsed(h, route)); a.Status {
		case 200, 201, 204, 409, 422: // 409, 422: there was something to say about the request itself
		case 404:
			if !slices.Contains(emptyRoutes, route) {
				t.Errorf("%s finds nothing: %s", route, a.Text)
			}
		default:
			t.Errorf("%s answers %d %s to a token with %q", route, a.Status, a.Text, scope)
		}
	}
}

// TestMetricsAreForThisMachineOnly because they tell more than strangers need to know.
func TestMetricsAreForThisMachineOnly(t *testing.T) {
	h := housetest.Start(t)
	if got := fromAfar(h, "GET", "/metrics").Code; got != http.StatusNotFound {
		t.Errorf("a caller from elsewhere gets %d, want 404", got)
	}
	// A proxy on this machine that nobody named makes every caller look local.
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"} {
		if a := h.Send(h.Request("GET", "/metrics", nil, header, "203.0.113.9")); a.Status != http.StatusNotFound {
			t.Errorf("a caller that a proxy speaks for with %s gets %d, want 404", header, a.Status)
		}
	}
	if a := h.Send(h.Request("GET", "/metrics", nil)); a.Status != http.StatusOK {
		t.Errorf("a caller on this machine gets %d", a.Status)
	}
	if got := fromAfar(h, "GET", "/healthz").Code; got != http.StatusOK {
		t.Errorf("the same caller gets %d at /healthz: the test proves nothing", got)
	}
}
