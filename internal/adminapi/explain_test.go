package adminapi_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// explained asks why a credential may do something or not.
func explained(h *housetest.House, credential, method, path, field string) *housetest.Answer {
	h.T.Helper()
	q := url.Values{"credential": {credential}, "method": {method}, "path": {path}}
	if field != "" {
		q.Set("field", field)
	}
	return expect(h.T, h.Call("GET", "/access/explain?"+q.Encode(), nil), 200)
}

// What the explanation says must be what the house does.
func TestExplanationSaysWhereAuthorityEnds(t *testing.T) {
	h := housetest.Start(t)
	pair := h.Must("POST", "/credentials", O{"name": "p", "access": "manage-users"})
	worker := h.Must("POST", "/applications", O{"name": "w", "kind": "worker", "enabled": true, "secret": O{}})
	service := h.Must("POST", "/applications", O{"name": "s", "scopes": []string{"keys:read", "policy:read"}})
	narrowed := h.Must("POST", "/applications/"+service.String("client_id")+"/secrets", O{"scopes": []string{"openid", "policy:read"}})
	other := h.Must("POST", "/applications/"+service.String("client_id")+"/secrets", O{"scopes": []string{"application-users"}})
	brief := h.Must("POST", "/applications", O{"name": "b", "secret": O{"expires_at": h.Clock.Now().Add(48 * time.Hour)}})
	north := h.Must("POST", "/roles", O{"name": "north", "scopes": []string{"users:read"}}).String("role")
	h.Must("POST", "/applications/"+worker.String("client_id")+"/roles", O{"role": north})
	for name, c := range map[string]struct {
		credential, method, path, field string
		cut, says                       string
	}{
		"a pair by its preset":            {pair.String("client_id"), "POST", "/users", "", "", "the access manage-users includes users:write"},
		"a field beyond the preset":       {pair.String("client_id"), "POST", "/scim/v2/Users", "password", "preset", "does not include users:password"},
		"a field without a row":           {pair.String("client_id"), "POST", "/scim/v2/Users", "nickName", "", "includes users:write"},
		"a pair at a service":             {pair.String("client_id"), "POST", "/services/password", "", "preset", "does not include users:password"},
		"a service that is not there yet": {pair.String("client_id"), "POST", "/services/saml-assertion", "", "preset", "nothing is there yet"},
		"a worker by a role":              {worker.String("client_id"), "GET", "/api/v1/users", "", "", "users:read comes from north over the environment"},
		"a worker without one":            {worker.String("client_id"), "DELETE", "/api/v1/users/x", "", "role", "none of the worker's roles includes users:write; it has north"},
		"a narrowed credential":           {narrowed.String("id"), "GET", "/keys", "", "credential", "narrowed to policy:read"},
		"what it is narrowed to":          {narrowed.String("id"), "GET", "/policy", "", "", "includes policy:read"},
		"a family for its service":        {other.String("id"), "POST", "/services/invitations", "", "", "has the API family application-users"},
		"that family at SCIM":             {other.String("id"), "GET", "/scim/v2/Users", "", "application", "does not include users:read"},
		"no family for a token":           {other.String("id"), "GET", "/policy", "", "family", "lacks the API family openid"},
		"what is everybody's":             {other.String("id"), "GET", "/oauth2/jwks", "", "", "anybody may call it"},
		"what no credential opens":        {pair.String("client_id"), "POST", "/leaks/github", "", "rule", "a signature"},
	} {
		a := explained(h, c.credential, c.method, c.path, c.field)
		cut, _ := a.JSON["cut_at"].(string)
		if cut != c.cut || a.JSON["allowed"] != (c.cut == "") || !strings.Contains(a.Text, c.says) {
			t.Errorf("%s: want %q and %q, got %s", name, c.cut, c.says, a.Text)
		}
	}
	h.Must("POST", "/credentials/"+pair.String("client_id")+"/disable", nil)
	members(t, explained(h, pair.String("client_id"), "GET", "/users", ""), O{"allowed": false, "cut_at": "disabled"})
	h.Clock.Move(72 * time.Hour)
	members(t, explained(h, brief.String("client_id"), "GET", "/credentials/self", ""), O{"allowed": false, "cut_at": "expired"})
}

func TestExplanationsAreForThoseWhoMaySeeTheCredential(t *testing.T) {
	h := housetest.Start(t)
	at(t, expect(t, h.Call("GET", "/access/explain?method=GET&path=/no/such/thing&credential="+h.Admin.ID, nil), 422), "query.path")
	expect(t, h.Call("GET", "/access/explain?method=GET&path=/users&credential=00000000-0000-0000-0000-000000000000", nil), 404)
	expect(t, h.Call("GET", "/access/explain?path=/users&credential="+h.Admin.ID, nil), 422)
	inside, _ := h.NewEnvironment("inside")
	expect(t, inside.Call("GET", "/access/explain?method=GET&path=/users&credential="+h.Admin.ID, nil), 404)
	mine, theirs := h.NewApp("mine", nil), h.NewApp("theirs", nil)
	owner := h.Must("POST", "/applications", O{"name": "owner", "kind": "worker", "enabled": true, "secret": O{}})
	h.Must("POST", "/applications/"+owner.String("client_id")+"/roles", O{"role": "application-owner", "over": "application", "scope_id": mine.ID})
	token := h.Token(housetest.Client{ID: owner.String("client_id"), Secret: owner.Object("secret").String("secret")})
	const question = "/api/v1/access/explain?method=GET&path=/users&credential="
	expect(t, h.CallAs(token, "GET", question+mine.ID, nil), 200)
	expect(t, h.CallAs(token, "GET", question+theirs.ID, nil), 404)
}
