package adminapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

const (
	strong  = "Maple%20+river: ünder 9 lanterns"
	another = "Quartz harbour, 17 velvet owls"
)

func TestGlobalCredentialOpensNothingUntilItsSecretIsSet(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		shown := h.Must("GET", "/global-credential", nil)
		members(t, shown, O{"enabled": true, "has_secret": false})
		if !strings.Contains(shown.String("advice"), "deprecated") {
			t.Error(shown.Text)
		}
		id := shown.String("client_id")
		for path, secret := range map[string]string{"/oauth2/token": "", "/oauth2/introspect": "x", "/oauth2/revoke": strong} { // fewer than lock it
			if a := h.Form(path, housetest.Client{ID: id, Secret: secret}, "grant_type", "client_credentials", "token", "x"); a.Status != http.StatusUnauthorized {
				t.Errorf("%s with %q: %d %s", path, secret, a.Status, a.Text)
			}
		}
		at(t, expect(t, h.Call("PUT", "/global-credential/secret", O{"secret": "password1234"}), 422), "body.secret")
		expect(t, h.Call("PUT", "/global-credential/secret", O{}), 422)
		expect(t, h.Call("PUT", "/global-credential/secret", O{"secret": ""}), 422)
		h.Must("PATCH", "/policy", O{"max_expiry_days": 90, "default_secret_scopes": "none", "chosen_secrets": false}) // they do not bind it
		set := h.Must("PUT", "/global-credential/secret", O{"secret": strong})
		members(t, set, O{"client_id": id, "has_secret": true, "secret": nil})
		if !strings.Contains(set.String("advice"), "disable this one") || strings.Contains(set.Text, "Maple") {
			t.Error(set.Text)
		}
		first := housetest.Client{ID: id, Secret: strong}
		token := h.Token(first)
		h.Must("PUT", "/global-credential/secret", O{"secret": another})
		if refused := h.Form("/oauth2/token", first, "grant_type", "client_credentials"); refused.Status != http.StatusUnauthorized {
			t.Errorf("the old secret: %d", refused.Status)
		}
		expect(t, h.CallAs(token, "GET", "/api/v1/credentials/self", nil), http.StatusUnauthorized)
		second := housetest.Client{ID: id, Secret: another}
		token = h.Token(second)
		h.Must("POST", "/global-credential/disable", nil)
		expect(t, h.CallAs(token, "GET", "/api/v1/credentials/self", nil), http.StatusUnauthorized)
		if refused := h.Form("/oauth2/token", second, "grant_type", "client_credentials"); refused.Status != http.StatusUnauthorized {
			t.Errorf("disabled: %d", refused.Status)
		}
		members(t, h.Must("GET", "/global-credential", nil), O{"enabled": false, "client_id": id})
		h.Must("POST", "/global-credential/enable", nil)
		h.Token(second)
		expect(t, h.Call("DELETE", "/applications/"+id, nil), http.StatusConflict)
		expect(t, h.Call("POST", "/applications/"+id+"/secrets", O{}), http.StatusConflict)
		at(t, expect(t, h.Call("PATCH", "/applications/"+id, O{"scopes": []string{"keys:write"}}), 422), "body.scopes")
	})
}

func TestLifeOfCredentialsOfIntegrations(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app, other := h.NewApp("crm", nil), h.NewApp("erp", nil)
		const list = "/integration-credentials"
		made := expect(t, h.Call("POST", list, O{"kind": "application", "application": app.ID, "description": "d"}), http.StatusCreated)
		path := list + "/" + made.String("client_id")
		members(t, made, O{"kind": "application", "application": app.ID, "description": "d", "enabled": true})
		h.Token(secretOf(made))
		members(t, h.Must("PATCH", path, O{"description": "new"}), O{"description": "new", "application": app.ID})
		at(t, expect(t, h.Call("PATCH", path, O{"secret": strong}), 422), "body.secret")
		expect(t, h.Call("PATCH", path, O{"application": other.ID}), 422)
		expect(t, h.Call("POST", "/applications/"+made.String("client_id")+"/secrets", O{}), http.StatusConflict)
		expect(t, h.Call("POST", "/applications/"+made.String("client_id")+"/secrets/"+made.String("secret_id")+"/disable", nil), http.StatusOK)
		for _, body := range []O{
			{"kind": "application"}, {"kind": "connection", "application": app.ID}, {"kind": "application", "application": "00000000-0000-0000-0000-000000000001"},
			{"kind": "application", "application": app.ID, "secret": strong}, {"kind": "global"}, {"kind": "connection", "secret": "weak"},
		} {
			if a := h.Call("POST", list, body); a.Status != 422 && a.Status != http.StatusNotFound {
				t.Errorf("%v: %d %s", body, a.Status, a.Text)
			}
		}
		chosen := expect(t, h.Call("POST", list, O{"kind": "connection", "name": "partners", "secret": strong}, "Idempotency-Key", "c"), http.StatusCreated)
		members(t, chosen, O{"kind": "connection", "name": "partners", "secret": nil, "application": nil})
		members(t, expect(t, h.Call("POST", list, O{"kind": "connection", "name": "partners", "secret": strong}, "Idempotency-Key", "c"), http.StatusCreated), O{"client_id": chosen.String("client_id")})
		connection := housetest.Client{ID: chosen.String("client_id"), Secret: strong}
		token := h.Token(connection)
		h.Must("PATCH", list+"/"+connection.ID, O{"secret": another, "description": "x"})
		expect(t, h.CallAs(token, "GET", "/api/v1/credentials/self", nil), http.StatusUnauthorized)
		connection.Secret = another
		token = h.Token(connection)
		h.Must("POST", list+"/"+connection.ID+"/disable", nil)
		expect(t, h.CallAs(token, "GET", "/api/v1/credentials/self", nil), http.StatusUnauthorized)
		h.Must("POST", list+"/"+connection.ID+"/enable", nil)
		for i := range 2 {
			h.Must("POST", list, O{"kind": "connection", "name": fmt.Sprint("c", i)})
		}
		for i := range 29 {
			h.Must("POST", list, O{"kind": "application", "application": app.ID, "name": fmt.Sprint("a", i)})
		}
		for _, body := range []O{{"kind": "connection"}, {"kind": "application", "application": other.ID}} {
			if a := expect(t, h.Call("POST", list, body), http.StatusConflict); !strings.Contains(a.String("detail"), "delete one") {
				t.Error(a.Text)
			}
		}
		if got := len(h.EveryPage(list+"?kind=connection", "client_id")); got != 3 {
			t.Errorf("%d connection credentials", got)
		}
		if got := len(h.EveryPage(list+"?limit=7", "client_id")); got != 33 {
			t.Errorf("%d credentials", got)
		}
		h.Must("DELETE", path, nil)
		expect(t, h.Call("GET", path, nil), http.StatusNotFound)
		h.Must("POST", list, O{"kind": "application", "application": other.ID})
	})
}

func TestPolicyIsTriedOutBeforeItBinds(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.NewAPI("invoices", nil, "invoices:read")
		app := h.NewApp("billing", nil, "invoices:read")
		old := h.Must("GET", "/policy", nil)
		members(t, old, O{"default_secret_scopes": "all", "chosen_secrets": false, "max_expiry_days": 0, "on_leak": "notify"})
		check := h.Must("POST", "/policy/check", O{"max_expiry_days": 365})
		found := map[string]string{}
		for _, b := range check.JSON["breaches"].([]any) {
			found[b.(O)["client_id"].(string)] = b.(O)["rule"].(string)
		}
		if found[app.ID] != "max_expiry_days" || check.JSON["total"].(float64) != float64(len(found)) {
			t.Error(check.Text)
		}
		if now := h.Must("GET", "/policy", nil); now.Header.Get("ETag") != old.Header.Get("ETag") || now.Text != old.Text {
			t.Errorf("the dry run changed something: %s", now.Text)
		}
		changed := h.Must("PATCH", "/policy", O{"max_expiry_days": 365, "limits": O{"secrets": 1}}, "If-Match", old.Header.Get("ETag"))
		members(t, changed, O{"max_expiry_days": 365, "chosen_min_length": 16})
		expect(t, h.Call("PATCH", "/policy", O{"max_expiry_days": 30}, "If-Match", old.Header.Get("ETag")), http.StatusPreconditionFailed)
		h.Token(app)
		expect(t, h.Call("POST", "/applications/"+app.ID+"/secrets", O{"expires_at": h.Clock.Now().AddDate(0, 1, 0)}), http.StatusConflict)
		members(t, h.Must("PATCH", "/policy", O{"max_expiry_days": nil}), O{"max_expiry_days": 0})
		for _, body := range []O{{"max_expiry_days": -1}, {"min_expiry_days": 9, "max_expiry_days": 3}, {"on_leak": "panic"}, {"limits": O{"secrets": 0}}, {"nothing": 1}} {
			expect(t, h.Call("PATCH", "/policy", body), 422)
			expect(t, h.Call("POST", "/policy/check", body), 422)
		}
	})
}
