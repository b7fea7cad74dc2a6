package server_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// fromAfar calls a route as a machine elsewhere does.
func fromAfar(h *housetest.House, method, path string) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest(method, path, nil), httptest.NewRecorder()
	r.RemoteAddr = "192.0.2.7:4711"
	h.Handler().ServeHTTP(w, r)
	return w
}

// side is one side of the boundary between two environments.
type side struct {
	*housetest.House
	name   string
	things // environment is this side itself
	client housetest.Client
	token  string // the client's
	// revealer is a token for what administrators may not do unless they let themselves.
	revealer string
}

func newSide(h *housetest.House, name, environment string) *side {
	h.T.Helper()
	s := &side{House: h, name: name, things: newThings(h, environment)}
	h.NewAPI(name+"-api", nil, name+":read")
	s.client = h.NewApp(name+" client", housetest.O{"introspects": []string{name + "-api"}}, name+":read")
	s.token = h.Token(s.client)
	s.revealer = h.Token(h.NewApp(name+" revealer", nil, access.RevealConnections))
	return s
}

// same compares two answers but for the request's id.
func same(a, b *housetest.Answer) bool {
	cut := func(a *housetest.Answer) string {
		return strings.ReplaceAll(a.Text, a.String("request_id"), "")
	}
	return a.Status == b.Status && cut(a) == cut(b)
}

// TestNothingIsSeenAcrossEnvironments tries the boundary from both sides, under both names of the environment: what
// lies on the other side looks exactly as if it did not exist.
func TestNothingIsSeenAcrossEnvironments(t *testing.T) {
	h := housetest.Start(t)
	inside, id := h.NewEnvironment("inner")
	home := newSide(h, "home", h.Must("GET", "/ledger/head", nil).String("environment"))
	inner := newSide(inside, "inner", id)
	byID := *inner
	byID.House = h.Elsewhere("/"+id, inside.Admin)
	needed := scopes(t)
	for _, pass := range []struct{ here, there *side }{{home, inner}, {inner, home}, {&byID, home}} {
		for route, scope := range needed {
			if strings.Contains(route, "{") {
				pass.here.looksMissing(route, scope, pass.there)
			}
		}
		pass.here.isStrangeTo(pass.there)
	}
	if !home.Active(home.client, home.token) || !inner.Active(inner.client, inner.token) {
		t.Error("a token was revoked from the other side of the boundary")
	}
}

// looksMissing calls a route with each of the other side's ids and wants what it says of an id that nobody has.
func (s *side) looksMissing(route, scope string, there *side) {
	s.T.Helper()
	none, token := uuid.NewString(), s.AdminToken()
	if access.OffByDefault(scope) {
		token = s.revealer
	}
	for part := range s.things {
		if !strings.Contains(route, part) || part == "{link}" || part == "{mail}" { // these two are no ids
			continue
		}
		if part == "{application}" && strings.Contains(route, "{application}/roles") {
			continue // that is a part of its own
		}
		if part == "{environment}" && s.name == "home" {
			continue // from the default environment the others are administered
		}
		mixed, missing := maps.Clone(s.things), maps.Clone(s.things)
		mixed[part], missing[part] = there.things[part], none
		if part == "{application}/roles" {
			missing[part] = none + "/roles"
		}
		if part == "{application}" {
			for _, one := range within {
				mixed[one], missing[one] = there.things[one], none
			}
		}
		_, own := s.path(route)
		if _, foreign := mixed.path(route); foreign == own {
			continue // another part stands for this one here, or it is the same everywhere
		}
		a, b := callRoute(s.House, route, token, mixed), callRoute(s.House, route, token, missing)
		a.Text = strings.ReplaceAll(a.Text, there.things[part], none) // what the caller said may come back
		if a.Status != http.StatusNotFound || !same(a, b) {
			s.T.Errorf("%s, from %s with %s of %s: %d %s; with one that does not exist: %d %s",
				route, s.name, part, there.name, a.Status, a.Text, b.Status, b.Text)
		}
	}
}

// isStrangeTo tries what a body, a query or a credential can carry over the boundary.
func (s *side) isStrangeTo(there *side) {
	s.T.Helper()
	want := func(what string, good bool, a *housetest.Answer) {
		s.T.Helper()
		if !good {
			s.T.Errorf("in %s, %s of %s: %d %s", s.name, what, there.name, a.Status, a.Text)
		}
	}
	a := s.Form("/oauth2/token", there.client, "grant_type", "client_credentials")
	want("a client", a.Status == http.StatusUnauthorized && same(a, s.Form("/oauth2/token", stranger, "grant_type", "client_credentials")), a)
	a = s.Introspect(s.client, there.token)
	want("introspection of a token", a.Text == `{"active":false}`, a)
	a = s.Introspect(there.client, s.token)
	want("introspection by a client", a.Status == http.StatusUnauthorized, a)
	a = s.Form("/oauth2/revoke", s.client, "token", there.token)
	want("revocation of a token", a.Status == http.StatusOK && a.Text == "", a)
	a = s.Must("POST", "/tokens/inspect", housetest.O{"token": there.token})
	want("inspection of a token", a.JSON["active"] == false && a.String("reason") == "malformed" && a.JSON["expires_in"] == nil, a)
	a = s.Must("POST", "/tokens/revoke", housetest.O{"token": there.token})
	want("revocation by an administrator of a token", a.JSON["revoked"] == false, a)
	a = s.Must("GET", "/ledger/events?subject="+there.things["{application}"], nil)
	want("the history of an application", len(a.JSON["items"].([]any)) == 0, a)
	a = s.Must("GET", "/applications?name="+there.name+"+client", nil)
	want("the name of an application", len(a.JSON["items"].([]any)) == 0, a)
	for member, name := range map[string]string{"scopes": there.name + ":read", "introspects": there.name + "-api"} {
		a, b := s.Call("POST", "/applications", housetest.O{"name": "x", member: []string{name}}),
			s.Call("POST", "/applications", housetest.O{"name": "x", member: []string{strings.ReplaceAll(name, there.name, "nobody")}})
		b.Text = strings.ReplaceAll(b.Text, "nobody", there.name)
		want(member, a.Status >= 400 && a.Status < 500 && same(a, b), a)
	}
	for _, list := range []string{"/apis", "/applications", "/ledger/events"} {
		cursor := there.Must("GET", list+"?limit=1", nil).String("next")
		a := s.Call("GET", list+"?cursor="+cursor, nil)
		want("a cursor into "+list, cursor != "" && a.Status >= 400 && a.Status < 500, a)
	}
}
