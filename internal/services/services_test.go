package services_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// throughProxy lets tests come with certificates.
var throughProxy = []string{"--trusted-proxies", "127.0.0.1", "--client-cert-header", "rfc9440"}

func TestAnApplicationCallsByBasicByCertificateAndByToken(t *testing.T) {
	h := housetest.StartWith(t, throughProxy...)
	h.NewAPI("invoices", nil, "invoices:read")
	app := h.NewApp("portal", nil, "invoices:read")
	p := &portal{h, app}
	id := p.user("ann")
	cert := certificateOf(t, h, app.ID)
	named := func(r *http.Request) *http.Request {
		r.SetBasicAuth(app.ID, "")
		return r
	}
	get := func(headers ...string) *http.Request { return h.Request("GET", "/services/users/"+id, nil, headers...) }
	for name, r := range map[string]*http.Request{
		"Basic":                           basic(h, app, "GET", "/services/users/"+id, nil),
		"a certificate that says whose":   get("Client-Cert", cert),
		"a certificate and the client_id": named(get("Client-Cert", cert)),
		"a token of another API":          get("Authorization", "Bearer "+h.Token(app)),
	} {
		if a := h.Send(r); a.Status != http.StatusOK || a.String("user_name") != "ann" {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	other := h.NewApp("other", nil, "invoices:read")
	stolen := named(get("Client-Cert", certificateOf(t, h, other.ID)))
	for name, r := range map[string]*http.Request{
		"nothing":                         get(),
		"a wrong secret":                  basic(h, housetest.Client{ID: app.ID, Secret: "cfs_wrong"}, "GET", "/services/users/"+id, nil),
		"an empty secret":                 named(get()),
		"somebody else's certificate":     stolen,
		"two headers":                     get("Authorization", "Bearer "+h.Token(app), "Authorization", "Bearer "+h.Token(app)),
		"a token that was never one":      get("Authorization", "Bearer x.y.z"),
		"a client that does not exist":    basic(h, housetest.Client{ID: "6f7c1a52-9d2b-4a61-9a1f-0d9c2a7f9b10", Secret: app.Secret}, "GET", "/services/users/"+id, nil),
		"a certificate without its proxy": get("Client-Cert", ":AAAA:"),
	} {
		a := h.Send(r)
		if name == "a certificate without its proxy" {
			if a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", name, a.Status, a.Text)
			}
			continue
		}
		expect(t, a, http.StatusUnauthorized)
		if all := strings.Join(a.Header.Values("WWW-Authenticate"), ", "); !strings.Contains(all, "Bearer ") || !strings.Contains(all, "Basic ") {
			t.Errorf("%s: %s", name, all)
		}
	}
	// Whoever else made nobody sees nobody, by whichever way it comes.
	q := &portal{h, other}
	expect(t, q.ask("GET", "/users/"+id, nil), http.StatusNotFound)
	if all := items(t, q.ask("GET", "/users", nil)); len(all) != 0 {
		t.Error(all)
	}
	// Disabled: at once, by every way.
	token := h.Token(app)
	h.Must("POST", "/applications/"+app.ID+"/disable", nil)
	for name, r := range map[string]*http.Request{
		"Basic": basic(h, app, "GET", "/services/users/"+id, nil), "certificate": get("Client-Cert", cert), "token": get("Authorization", "Bearer "+token),
	} {
		if a := h.Send(r); a.Status != http.StatusUnauthorized {
			t.Errorf("%s of a disabled application: %d", name, a.Status)
		}
	}
}

func TestACredentialWithoutTheFamilyOpensNoUserServices(t *testing.T) {
	h := housetest.Start(t)
	p := open(h, "portal")
	id := p.user("ann")
	secret := func(scopes ...string) *portal {
		made := h.Must("POST", "/applications/"+p.ID+"/secrets", O{"scopes": scopes})
		return &portal{h, housetest.Client{ID: p.ID, Secret: made.String("secret")}}
	}
	expect(t, secret("application-users").ask("GET", "/users/"+id, nil), http.StatusOK)
	for _, scopes := range [][]string{{"openid"}, {"application"}, {"openid", "application"}} {
		narrow := secret(scopes...)
		for route, body := range map[string]any{
			"GET /users": nil, "POST /users": O{}, "GET /users/" + id: nil, "PATCH /users/" + id: O{}, "DELETE /users/" + id: nil, "POST /invitations": O{},
			"POST /password": O{}, "POST /forgot-password": O{}, "POST /verify-factor": O{}, "GET /users/" + id + "/tokens": nil, "DELETE /users/" + id + "/tokens": nil,
		} {
			method, path, _ := strings.Cut(route, " ")
			if a := narrow.ask(method, path, body); a.Status != http.StatusForbidden {
				t.Errorf("%v: %s: %d %s", scopes, route, a.Status, a.Text)
			}
		}
	}
	// A family is taken away while the credential lives.
	narrow := h.Must("POST", "/applications/"+p.ID+"/secrets", O{})
	q := &portal{h, housetest.Client{ID: p.ID, Secret: narrow.String("secret")}}
	expect(t, q.ask("GET", "/users", nil), http.StatusOK)
	h.Must("PATCH", "/applications/"+p.ID+"/secrets/"+narrow.String("id"), O{"scopes": []string{"openid"}})
	expect(t, q.ask("GET", "/users", nil), http.StatusForbidden)
	// By the family alone nobody signs people in, and no SCIM opens.
	for _, path := range []string{"/login", "/login/verify-factor", "/users/" + id + "/logout", "/saml-assertion"} {
		expect(t, p.ask("POST", path, O{}), http.StatusForbidden)
	}
	if a := h.Send(basic(h, p.Client, "GET", "/scim/v2/Users", nil)); a.Status != http.StatusForbidden {
		t.Errorf("SCIM: %d", a.Status)
	}
}

func TestAuthenticationOnlyOpensFivePostsAndNothingElse(t *testing.T) {
	h := housetest.Start(t)
	maker := open(h, "portal")
	id := maker.user("ann")
	p := login(h)
	for path, want := range map[string]int{
		"/saml-assertion": 404, "/saml-assertion/verify-factor": 404, "/login": 422, "/login/verify-factor": 422, "/users/" + id + "/logout": 204,
	} {
		if a := p.ask("POST", path, O{}); a.Status != want {
			t.Errorf("%s: %d %s", path, a.Status, a.Text)
		}
	}
	for _, route := range []string{
		"GET /users", "POST /users", "GET /users/" + id, "PATCH /users/" + id, "DELETE /users/" + id, "POST /invitations", "POST /password", "POST /forgot-password",
		"POST /verify-factor", "GET /users/" + id + "/tokens", "DELETE /users/" + id + "/tokens", "DELETE /users/" + id + "/tokens/" + id,
	} {
		method, path, _ := strings.Cut(route, " ")
		if a := p.ask(method, path, O{}); a.Status != http.StatusForbidden || !strings.Contains(a.Header.Get("WWW-Authenticate"), "insufficient_scope") {
			t.Errorf("%s: %d %s", route, a.Status, a.Text)
		}
	}
	if a := p.ask("POST", "/saml-assertion", O{}); a.String("code") != "not_available" {
		t.Error(a.Text)
	}
}

func TestAnApplicationLooksAfterItsOwnUsers(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		p, q := open(h, "portal"), open(h, "other")
		made := expect(t, p.ask("POST", "/users", O{"user_name": "Ann", "name": O{"given_name": "Ann"}, "emails": []O{{"value": "ann@example.com", "verified": true}}}), http.StatusCreated)
		id := made.String("id")
		members(t, made, O{"user_name": "Ann", "status": "staged", "activation_url": nil})
		// An address is not proven by who wrote it.
		if email := made.JSON["emails"].([]any)[0].(O); email["verified"] != nil || email["primary"] != true {
			t.Error(made.Text)
		}
		admins := h.Must("POST", "/users", O{"user_name": "chief", "emails": []O{{"value": "chief@example.com"}}}).String("id")
		for _, other := range []string{admins, "6f7c1a52-9d2b-4a61-9a1f-0d9c2a7f9b10", "x", strings.ToUpper(id)} {
			for route, body := range map[string]any{
				"GET /users/" + other: nil, "PATCH /users/" + other: O{"display_name": "mine"}, "DELETE /users/" + other: nil,
				"GET /users/" + other + "/tokens": nil, "DELETE /users/" + other + "/tokens": nil, "DELETE /users/" + other + "/tokens/" + other: nil,
			} {
				method, path, _ := strings.Cut(route, " ")
				if a := p.ask(method, path, body); a.Status != http.StatusNotFound {
					t.Errorf("%s: %d %s", route, a.Status, a.Text)
				}
			}
		}
		if a := p.ask("GET", "/users?user_name=chief", nil); len(items(t, a)) != 0 {
			t.Error(a.Text)
		}
		if a := q.ask("GET", "/users?email=ann@example.com", nil); len(items(t, a)) != 0 {
			t.Error(a.Text)
		}
		if a := p.ask("GET", "/users?email=ANN@example.com", nil); len(items(t, a)) != 1 {
			t.Error(a.Text)
		}
		members(t, expect(t, p.ask("PATCH", "/users/"+id, O{"display_name": "Ann B.", "name": nil, "emails": []O{{"value": "ann.b@example.com"}}}), http.StatusOK), O{"display_name": "Ann B.", "name": nil})
		expect(t, p.ask("POST", "/users", O{"user_name": "ann.b@example.com"}), http.StatusConflict)
		for name, body := range map[string]O{
			"an unknown member": {"user_name": "x", "roles": []string{"a"}}, "other letters": {"user_name": "x", "Password": good}, "an inner one": {"user_name": "x", "name": O{"GivenName": "x"}},
			"a weak password": {"user_name": "x", "password": "short"}, "no name": {}, "a link without a mail": {"user_name": "x", "send_email": false}, "a foreign target": {"emails": []O{{"value": "x@example.com"}}, "target_url": "https://evil.example"},
			"a population": {"user_name": "x", "population_id": "x"},
		} {
			expect(t, p.ask("POST", "/users", body), http.StatusUnprocessableEntity)
			if name == "an unknown member" {
				expect(t, p.ask("PATCH", "/users/"+id, O{"password": good}), http.StatusUnprocessableEntity)
			}
		}
		second := p.user("bob")
		seen := []string{}
		for cursor := ""; ; {
			a := expect(t, p.ask("GET", "/users?limit=1"+cursor, nil), http.StatusOK)
			for _, one := range items(t, a) {
				seen = append(seen, one["id"].(string))
			}
			if a.String("next") == "" {
				break
			}
			cursor = "&cursor=" + a.String("next")
		}
		if len(seen) != 2 || seen[0] != id || seen[1] != second {
			t.Error(seen)
		}
		expect(t, p.ask("GET", "/users?limit=0", nil), http.StatusUnprocessableEntity)
		expect(t, p.ask("GET", "/users?x=1", nil), http.StatusUnprocessableEntity)
		if a := p.ask("DELETE", "/users/"+id, nil); a.Status != http.StatusNoContent {
			t.Error(a.Text)
		}
		expect(t, p.ask("GET", "/users/"+id, nil), http.StatusNotFound)

		// A pair with the permission sees everybody, and a lesser one does less.
		readers := pairOf(h, "read-users")
		expect(t, readers.ask("GET", "/users/"+admins, nil), http.StatusOK)
		expect(t, readers.ask("PATCH", "/users/"+admins, O{"display_name": "x"}), http.StatusForbidden)
		managers := pairOf(h, "manage-users")
		expect(t, managers.ask("PATCH", "/users/"+admins, O{"display_name": "Chief"}), http.StatusOK)
		expect(t, managers.ask("POST", "/users", O{"user_name": "new", "password": good}), http.StatusForbidden)
		expect(t, managers.ask("POST", "/users", O{"emails": []O{{"value": "new@example.com"}}, "send_email": false}), http.StatusForbidden)
		expect(t, managers.ask("POST", "/password", O{"user_name": "bob", "password": good}), http.StatusForbidden)
		if a := h.Call("GET", "/users?user_name=new", nil); len(items(t, a)) != 0 {
			t.Error("a refused registration left a user")
		}
	})
}

// A credential that cannot get a token for want of the family does no more when it is used as it is.
func TestACredentialDoesNoMoreByItselfThanThroughAToken(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("reader", nil, "users:read")
	h.Must("POST", "/users", O{"user_name": "somebody"})
	made := h.Must("POST", "/applications/"+app.ID+"/secrets", O{"scopes": []string{"application-users"}})
	narrow := housetest.Client{ID: app.ID, Secret: made.String("secret")}
	for as, want := range map[housetest.Client]int{app: http.StatusOK, narrow: http.StatusForbidden} {
		if a := h.Send(basic(h, as, "GET", "/scim/v2/Users", nil)); a.Status != want {
			t.Errorf("%d %s, want %d", a.Status, a.Text, want)
		}
	}
	if all := items(t, (&portal{h, narrow}).ask("GET", "/users", nil)); len(all) != 0 {
		t.Errorf("%v", all)
	}
	if all := items(t, (&portal{h, app}).ask("GET", "/users", nil)); len(all) != 1 {
		t.Errorf("%v", all)
	}
	// A token of the management API is for what its scopes say, whatever family it carries.
	writer := h.NewApp("writer", nil, "keys:read")
	if a := h.CallAs(h.Token(writer), "GET", "/services/users", nil); a.Status != http.StatusForbidden {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}
