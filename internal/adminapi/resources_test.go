package adminapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestLifeOfAnEnvironment(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		o := elsewhere(t, h, "staging")
		a := h.Must("GET", "/environments/staging", nil)
		members(t, a, O{"id": o.id, "name": "Other staging", "slug": "staging", "issuer": h.URL + "/staging", "enabled": true, "is_default": false, "admin": nil})
		members(t, h.Must("PATCH", "/environments/"+o.id, O{"name": "Renamed"}), O{"name": "Renamed"})
		members(t, h.Must("PATCH", "/environments/"+o.id, O{}), O{"name": "Renamed"})
		expect(t, h.Call("PATCH", "/environments/"+o.id, O{"name": nil}), 422)
		expect(t, h.Call("PATCH", "/environments/"+o.id, O{"slug": "x"}), 422)
		members(t, expect(t, o.call("GET", "/credentials/self", nil), 200), O{"application": "administrator"})

		members(t, h.Must("POST", "/environments/staging/disable", nil), O{"propagated": true})
		expect(t, o.call("GET", "/credentials/self", nil), http.StatusUnauthorized)
		h.Must("POST", "/environments/staging/enable", nil)
		expect(t, o.call("GET", "/credentials/self", nil), http.StatusUnauthorized)
		if a := h.Form("/staging/oauth2/token", o.admin, "grant_type", "client_credentials"); a.Status != http.StatusOK {
			t.Error(a.Text)
		}

		expect(t, h.Call("POST", "/environments", O{"name": "again", "slug": "staging"}), http.StatusConflict)
		at(t, expect(t, h.Call("POST", "/environments", O{"name": "x", "slug": "api"}), 422), "body.slug")
		at(t, expect(t, h.Call("POST", "/environments", O{"name": "x", "slug": "Ünder"}), 422), "body.slug")
		home := items(t, h.Call("GET", "/environments", nil))[0]["id"].(string)
		expect(t, h.Call("POST", "/environments/"+home+"/disable", nil), http.StatusConflict)
		expect(t, h.Call("GET", "/environments/nowhere", nil), http.StatusNotFound)
	})
}

func TestLifeOfAnAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		a := expect(t, h.Call("POST", "/apis", O{
			"name": "invoices", "audience": "https://invoices.example", "scopes": []O{{"name": "invoices:read", "description": "Read"}, {"name": "invoices:write"}},
		}), http.StatusCreated)
		path := "/apis/" + a.String("id")
		if a.Header.Get("Location") != h.URL+"/api/v1"+path {
			t.Error(a.Header.Get("Location"))
		}
		members(t, a, O{
			"name": "invoices", "audience": "https://invoices.example", "builtin": false, "token_format": "jwt", "signing_alg": "ES256",
			"token_lifetime": 600, "on_stale": "serve", "enabled": true,
			"scopes": []any{O{"name": "invoices:read", "description": "Read"}, O{"name": "invoices:write"}},
		})
		app := h.NewApp("billing", nil, "invoices:read")
		token := h.Token(app)
		if !h.Active(app, token) {
			t.Fatal("the token is not active")
		}
		members(t, h.Must("PATCH", path, O{"token_format": "handle", "token_lifetime": 120, "on_stale": "refuse", "signing_alg": "RS256"}),
			O{"token_format": "handle", "token_lifetime": 120, "on_stale": "refuse", "signing_alg": "RS256", "name": "invoices"})
		members(t, h.Must("PATCH", path, O{"token_format": nil, "token_lifetime": nil, "on_stale": nil, "signing_alg": nil}),
			O{"token_format": "jwt", "token_lifetime": 600, "on_stale": "serve", "signing_alg": "ES256"})
		for _, body := range []O{{"name": nil}, {"audience": nil}, {"audience": "x"}, {"token_format": "x"}, {"token_lifetime": 1}, {"scopes": []O{{"name": "a b"}}}, {"builtin": true}} {
			expect(t, h.Call("PATCH", path, body), 422)
		}

		h.Must("POST", path+"/disable", nil)
		h.Must("POST", path+"/enable", nil)
		if h.Active(app, token) {
			t.Error("a token outlived its API's being disabled")
		}
		members(t, h.Must("PATCH", path, O{"scopes": []O{{"name": "invoices:write"}}}), O{"scopes": []any{O{"name": "invoices:write"}}})
		members(t, h.Must("GET", "/applications/"+app.ID, nil), O{"scopes": []any{}})

		expect(t, h.Call("POST", "/apis", O{"name": "invoices", "audience": "https://other.example"}), http.StatusConflict)
		expect(t, h.Call("POST", "/apis", O{"name": "other", "audience": "https://other.example", "scopes": []O{{"name": "keys:read"}}}), http.StatusConflict)
		members(t, h.Must("DELETE", path, nil), O{"propagated": true})
		expect(t, h.Call("GET", path, nil), http.StatusNotFound)
		expect(t, h.Call("DELETE", path, nil), http.StatusNotFound)
	})
}

func TestManagementAPIIsShownAndCannotBeChanged(t *testing.T) {
	h := housetest.Start(t)
	first := items(t, h.Call("GET", "/apis", nil))[0]
	if first["builtin"] != true || first["audience"] != h.URL+"/api/v1" || first["on_stale"] != "refuse" {
		t.Errorf("%v", first)
	}
	path := "/apis/" + first["id"].(string)
	for method, suffix := range map[string]string{"PATCH": "", "DELETE": "", "POST": "/disable"} {
		var body any
		if method == "PATCH" {
			body = O{"token_lifetime": 60}
		}
		expect(t, h.Call(method, path+suffix, body), http.StatusConflict)
	}
}

func TestLifeOfAnApplication(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.NewAPI("invoices", nil, "invoices:read", "invoices:write")
		a := expect(t, h.Call("POST", "/applications", O{
			"name": "Billing", "description": "d", "scopes": []string{"invoices:read"}, "introspects": []string{"invoices"},
			"token_lifetime": 90, "auth_methods": []string{"client_secret_basic"}, "enabled": false,
		}), http.StatusCreated)
		path := "/applications/" + a.String("client_id")
		members(t, a, O{
			"name": "Billing", "description": "d", "scopes": []any{"invoices:read"}, "introspects": []any{"invoices"}, "token_lifetime": 90,
			"auth_methods": []any{"client_secret_basic"}, "enabled": false, "created_by": h.Admin.ID, "secret": nil,
		})
		members(t, h.Must("PATCH", path, O{"scopes": []string{"invoices:write"}}), O{"name": "Billing", "description": "d", "scopes": []any{"invoices:write"}})
		members(t, h.Must("PATCH", path, O{"description": nil, "scopes": nil, "introspects": nil, "token_lifetime": nil, "auth_methods": nil}),
			O{"name": "Billing", "description": "", "scopes": []any{}, "introspects": []any{}, "token_lifetime": 0, "auth_methods": []any{}})
		expect(t, h.Call("PATCH", path, O{"name": nil}), 422)
		expect(t, h.Call("PATCH", path, O{"enabled": true}), 422)
		members(t, h.Must("POST", path+"/enable", nil), O{"propagated": true})
		members(t, h.Must("GET", path, nil), O{"enabled": true})
		if found := items(t, h.Call("GET", "/applications?name=bILLING", nil)); len(found) != 1 || found[0]["client_id"] != a.String("client_id") {
			t.Errorf("%v", found)
		}
		expect(t, h.Call("POST", "/applications", O{"name": "billing"}), http.StatusConflict)
		expect(t, h.Call("DELETE", "/applications/"+h.Admin.ID, nil), http.StatusConflict)

		app := h.NewApp("other", nil, "invoices:read")
		token := h.Token(app)
		h.Must("DELETE", "/applications/"+app.ID, nil)
		expect(t, h.Call("GET", "/applications/"+app.ID, nil), http.StatusNotFound)
		members(t, h.Must("POST", "/tokens/inspect", O{"token": token}), O{"active": false, "reason": "unknown"})
	})
}

func TestKeysRotate(t *testing.T) {
	h := housetest.Start(t)
	states := func() (all []string) {
		for _, k := range items(t, h.Call("GET", "/keys", nil)) {
			all = append(all, k["alg"].(string)+" "+k["state"].(string))
		}
		return all
	}
	if got := strings.Join(states(), ", "); got != "ES256 active, ES256 next" && got != "ES256 next, ES256 active" {
		t.Error(got)
	}
	expect(t, h.Call("POST", "/keys/rotate", O{"alg": "ES256"}), http.StatusConflict)
	expect(t, h.Call("POST", "/keys/rotate", O{"alg": "RS256", "force": true}), http.StatusNotFound)
	expect(t, h.Call("POST", "/keys/rotate", O{"alg": "none"}), 422)
	a := h.Must("POST", "/keys/rotate", O{"alg": "ES256", "force": true})
	if len(a.JSON["changes"].([]any)) != 3 || a.JSON["propagated"] != true || len(states()) != 3 {
		t.Error(a.Text)
	}
	expect(t, h.Call("GET", "/credentials/self", nil), http.StatusOK) // signed with the key that is retired now
}

func TestKeyIsWithdrawn(t *testing.T) {
	h := housetest.Start(t)
	h.NewAPI("invoices", O{"signing_alg": "RS256"}, "invoices:read")
	app := h.NewApp("billing", nil, "invoices:read")
	token := h.Token(app)
	kid := expect(t, h.Call("POST", "/tokens/inspect", O{"token": token}), http.StatusOK).Object("header").String("kid")
	for _, unknown := range []string{"x", "RS256", kid + "A"} {
		expect(t, h.Call("POST", "/keys/"+unknown+"/withdraw", nil), http.StatusNotFound)
	}
	a := h.Must("POST", "/keys/"+kid+"/withdraw", nil)
	changes := a.JSON["changes"].([]any)
	if len(changes) != 3 || a.JSON["propagated"] != true || a.Header.Get("Counterfoil-Propagated") != "true" {
		t.Fatal(a.Text)
	}
	for i, state := range []string{"withdrawn", "active", "next"} {
		if k := changes[i].(O); k["state"] != state || k["alg"] != "RS256" || (k["id"] == kid) != (i == 0) {
			t.Errorf("%v is not %s", k, state)
		}
	}
	members(t, h.Must("POST", "/tokens/inspect", O{"token": token}), O{"active": false, "reason": "malformed"})
	members(t, h.Must("POST", "/tokens/inspect", O{"token": h.Token(app)}), O{"active": true})
	for _, k := range items(t, h.Call("GET", "/keys", nil)) {
		if k["id"] == kid {
			t.Errorf("the key is listed: %v", k)
		}
	}
	expect(t, h.Call("POST", "/keys/"+kid+"/withdraw", nil), http.StatusNotFound)
}

func TestLedgerTellsWhatHappened(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app := h.NewApp("billing", nil)
		h.Must("POST", "/applications/"+app.ID+"/disable", nil)
		events := items(t, h.Call("GET", "/ledger/events?subject="+app.ID+"&order=desc", nil))
		if len(events) != 2 || events[0]["kind"] != "application.disabled" || events[1]["kind"] != "application.created" {
			t.Fatalf("%v", events)
		}
		actor := events[0]["actor"].(O)
		payload := events[0]["payload"].(string)
		if actor["kind"] != "application" || actor["id"] != h.Admin.ID || !strings.Contains(payload, `"address":"127.0.0.1"`) || !strings.Contains(payload, `"request":"`) {
			t.Errorf("%v", events[0])
		}
		head := h.Must("GET", "/ledger/head", nil)
		last := items(t, h.Call("GET", "/ledger/events?order=desc&limit=1", nil))[0]
		if last["number"] != head.JSON["number"] || last["hash"] != head.JSON["hash"] || head.String("public_key") == "" {
			t.Errorf("%v is not %s", last, head.Text)
		}
		signed := h.Must("POST", "/ledger/checkpoints", nil)
		members(t, signed, O{"number": head.JSON["number"], "hash": head.JSON["hash"], "environment": head.JSON["environment"]})
		checkpoints := items(t, h.Call("GET", "/ledger/checkpoints", nil))
		if len(checkpoints) == 0 || checkpoints[len(checkpoints)-1]["signature"] != signed.JSON["signature"] {
			t.Errorf("%v", checkpoints)
		}
		if rest := items(t, h.Call("GET", "/ledger/events?limit=1000&after="+decimal(head), nil)); len(rest) != 0 {
			t.Errorf("%v", rest)
		}
		for _, query := range []string{"limit=1001", "limit=0", "after=-1", "order=up", "after=x"} {
			expect(t, h.Call("GET", "/ledger/events?"+query, nil), 422)
		}
		expect(t, h.CallAs(h.Limited("ledger:read"), "POST", "/api/v1/ledger/checkpoints", nil), http.StatusForbidden)
	})
}

func decimal(head *housetest.Answer) string {
	text, _, _ := strings.Cut(strings.SplitAfter(head.Text, `"number":`)[1], ",")
	return text
}

func TestInspectionSaysWhyATokenIsNotGood(t *testing.T) {
	h := housetest.Start(t)
	h.NewAPI("invoices", nil, "invoices:read")
	h.NewAPI("parcels", O{"token_format": "handle"}, "parcels:read")
	inspect := func(token string) *housetest.Answer {
		t.Helper()
		return expect(t, h.CallAs(h.Token(h.Admin), "POST", "/api/v1/tokens/inspect", O{"token": token}), http.StatusOK)
	}
	for format, scope := range map[string]string{"jwt": "invoices:read", "handle": "parcels:read"} {
		app := h.NewApp("app of "+format, nil, scope)
		token := h.Token(app)
		a := inspect(token)
		members(t, a, O{"format": format, "active": true, "reason": "active"})
		members(t, a.Object("claims"), O{"client_id": app.ID, "sub": app.ID, "iss": h.URL, "scope": scope})
		if left, _ := a.JSON["expires_in"].(float64); left < 590 || left > 600 || (a.JSON["header"] != nil) != (format == "jwt") {
			t.Error(a.Text)
		}
		members(t, h.Must("POST", "/tokens/revoke", O{"token": token}), O{"revoked": true, "propagated": true})
		members(t, inspect(token), O{"active": false, "reason": "revoked"})
		members(t, h.Must("POST", "/tokens/revoke", O{"token": token}), O{"revoked": false})
		members(t, inspect(token[:len(token)-6]+"AAAAAA"), O{"format": format, "active": false, "reason": "malformed", "expires_in": nil})

		token = h.Token(app)
		h.Must("POST", "/applications/"+app.ID+"/disable", nil)
		members(t, inspect(token), O{"active": false, "reason": "application_disabled"})
		h.Must("POST", "/applications/"+app.ID+"/enable", nil)
		members(t, inspect(token), O{"active": false, "reason": "superseded"})
		token = h.Token(app)
		h.Clock.Move(11 * time.Minute)
		members(t, inspect(token), O{"active": false, "reason": "expired"})
		h.Clock.Move(-11 * time.Minute)
	}
	for _, rubbish := range []string{"x", "a.b.c", "cft_", "....", strings.Repeat(".", 50_000), "\ufffd", strings.Repeat("x", 500_000)} {
		members(t, inspect(rubbish), O{"active": false, "reason": "malformed"})
		members(t, h.Must("POST", "/tokens/revoke", O{"token": rubbish}), O{"revoked": false})
	}
	expect(t, h.Call("POST", "/tokens/inspect", O{"token": ""}), 422)
}

func TestInstallationIsExamined(t *testing.T) {
	h := housetest.Start(t)
	a := h.Must("GET", "/installation/diagnosis", nil)
	if a.String("engine") != "sqlite" || a.String("version") == "" || len(a.JSON["checks"].([]any)) == 0 {
		t.Error(a.Text)
	}
}
