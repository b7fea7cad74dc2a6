package connectionapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// clean fails when an answer holds what nobody may read.
func clean(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range []string{rightOne, "never-shown"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s holds a secret: %s", what, text)
		}
	}
}

func TestWhatDoesNotWorkIsNotKeptAndTheStepIsNamed(t *testing.T) {
	p, h := start(t)
	h.Must("POST", "/connect/connectors", O{"provider": acme})
	wrong := expect(t, h.Call("POST", "/connect/connections", O{"connector": acme, "values": p.entered("wrong-lantern-Otter")}), http.StatusConflict)
	members(t, wrong, O{"code": "client_known"})
	if !strings.Contains(wrong.String("detail"), "do not fit together") || strings.Contains(wrong.Text, "wrong-lantern-Otter") {
		t.Error(wrong.Text)
	}
	missing := expect(t, h.Call("POST", "/connect/connections", O{"connector": acme, "values": O{"base_url": p.URL, "client_secrets": "x"}}), http.StatusUnprocessableEntity)
	for _, field := range []string{"body.values.client_id", "body.values.client_secret", "body.values.client_secrets"} {
		if !strings.Contains(missing.Text, `"`+field+`"`) {
			t.Errorf("%s is not named: %s", field, missing.Text)
		}
	}
	if all := items(t, h.Must("GET", "/connect/connections", nil)); len(all) != 0 {
		t.Error(all)
	}
	tried := h.Must("POST", "/connect/providers/"+acme+"/test", O{"values": p.entered("wrong-lantern-Otter")})
	if tried.JSON["works"] != false || !strings.Contains(tried.Text, `"among":["auth_method"]`) {
		t.Error(tried.Text)
	}
}

func TestAConnectionIsMadeOnceUnderItsKeyAndShowsNoSecret(t *testing.T) {
	p, h := start(t)
	p.set(func() { p.noRole = true })
	h.Must("POST", "/connect/connectors", O{"provider": acme})
	body := O{"connector": acme, "values": p.entered(rightOne), "tags": O{"plan": "gold"}, "end_user": O{"id": "4711", "organization_id": "bolt"}, "metadata": O{"a": 1}}
	made := expect(t, h.Call("POST", "/connect/connections", body, "Idempotency-Key", "once"), http.StatusCreated)
	members(t, made, O{"state": "healthy", "warning": "The client has no role.", "connector": acme, "values": O{"base_url": p.URL, "client_id": clientID}})
	p.set(func() { p.off = true }) // a repetition calls nobody
	again := expect(t, h.Call("POST", "/connect/connections", body, "Idempotency-Key", "once"), http.StatusCreated)
	if again.String("id") != made.String("id") || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Error(again.Text)
	}
	body["values"] = p.entered("another")
	expect(t, h.Call("POST", "/connect/connections", body, "Idempotency-Key", "once"), http.StatusUnprocessableEntity)
	id := made.String("id")
	for query, want := range map[string]int{
		"": 1, "?tag=plan=gold": 1, "?tag=plan=iron": 0, "?end_user=4711&organization=bolt": 1, "?connector=other": 0, "?state=failing": 0,
	} {
		got := h.Must("GET", "/connect/connections"+query, nil)
		if len(items(t, got)) != want {
			t.Errorf("%s: %s", query, got.Text)
		}
		clean(t, query, got.Text)
	}
	tag := made.Header.Get("ETag")
	expect(t, h.Call("PATCH", "/connect/connections/"+id, O{"name": "Bolt"}, "If-Match", `"99"`), http.StatusPreconditionFailed)
	changed := h.Must("PATCH", "/connect/connections/"+id, O{"name": "Bolt", "tags": nil}, "If-Match", tag)
	members(t, changed, O{"name": "Bolt", "tags": O{}, "end_user": O{"id": "4711", "organization_id": "bolt"}})
	clean(t, "the ledger", h.Must("GET", "/ledger/events?limit=100", nil).Text)
}

func TestATokenIsHandedOutWithoutTheDatabaseUntilItIsSwitchedOff(t *testing.T) {
	p, h := start(t)
	id := p.connect(h, nil)
	at := "/connect/connections/" + id + "/token"
	app := h.NewApp("program", nil, access.UseConnections)
	bearer := h.Token(app)
	get := func() *housetest.Answer { return h.CallAs(bearer, "GET", "/api/v1"+at, nil) }
	first := expect(t, get(), http.StatusOK)
	members(t, first, O{"access_token": "granite-token-1", "token_type": "Bearer", "base_url": p.URL + "/api", "refresh_token": nil})
	clean(t, "the token", first.Text)
	if first.Header.Get("Cache-Control") != "no-store" {
		t.Error(first.Header)
	}
	before := h.Statements()
	for range 20 {
		expect(t, get(), http.StatusOK)
	}
	if n := h.Statements() - before; n != 0 {
		t.Errorf("%d statements for 20 fresh tokens", n)
	}
	expect(t, h.Call("GET", at+"?scope=more", nil), http.StatusUnprocessableEntity)
	if callers := items(t, h.Must("GET", "/connect/connections/"+id+"/callers", nil)); len(callers) != 1 || callers[0]["application"] != app.ID {
		t.Error(callers)
	}
	for _, off := range []string{"/connect/connections/" + id, "/connect/connectors/" + acme} {
		h.Must("POST", off+"/disable", nil)
		expect(t, get(), http.StatusConflict)
		h.Must("POST", off+"/enable", nil)
		expect(t, get(), http.StatusOK)
	}
	h.Must("POST", "/connect/providers/"+acme+"/stop", nil)
	expect(t, get(), http.StatusConflict)
	h.Must("POST", "/connect/providers/"+acme+"/resume", nil)
	expect(t, get(), http.StatusOK)
	// What may be used may not be read, changed or revealed with the same permission.
	for _, route := range []string{"GET /connect/connections/" + id, "POST /connect/connections/" + id + "/refresh", "POST /connect/connections/" + id + "/reveal", "DELETE /connect/connections/" + id} {
		method, path, _ := strings.Cut(route, " ")
		expect(t, h.CallAs(bearer, method, "/api/v1"+path, nil), http.StatusForbidden)
	}
}

func TestASecretIsRevealedToWhoMaySeeItWithAFreshTokenAndTheLedgerSaysSo(t *testing.T) {
	p, h := start(t)
	at := "/connect/connections/" + p.connect(h, nil) + "/reveal"
	expect(t, h.Call("POST", at, O{"field": "client_secret"}), http.StatusForbidden) // an administrator does not, either
	bearer := h.Token(h.NewApp("rescue", nil, access.RevealConnections))
	shown := expect(t, h.CallAs(bearer, "POST", "/api/v1"+at, O{"field": "client_secret"}), http.StatusOK)
	members(t, shown, O{"value": rightOne})
	expect(t, h.CallAs(bearer, "POST", "/api/v1"+at, O{"field": "client_id"}), http.StatusNotFound)
	ledger := h.Must("GET", "/ledger/events?limit=100", nil)
	if strings.Count(ledger.Text, "connection.revealed") != 1 {
		t.Error(ledger.Text)
	}
	clean(t, "the ledger", ledger.Text)
	h.Clock.Move(access.Fresh + time.Minute)
	if a := expect(t, h.CallAs(bearer, "POST", "/api/v1"+at, O{"field": "client_secret"}), http.StatusForbidden); !strings.Contains(a.Text, "minutes old") {
		t.Error(a.Text)
	}
}

func TestAProviderIsToldOfADeletionAndKeepsNobodyFromIt(t *testing.T) {
	p, h := start(t)
	heard, deaf := p.connect(h, nil), p.connect(h, nil)
	expect(t, h.Call("DELETE", "/connect/connections/"+heard, nil, "If-Match", `"7"`), http.StatusPreconditionFailed)
	if len(p.revoked) != 0 {
		t.Error("revoked for a deletion that did not happen")
	}
	expect(t, h.Call("DELETE", "/connect/connectors/"+acme, nil), http.StatusConflict)
	members(t, h.Must("DELETE", "/connect/connections/"+heard, nil), O{"revocation": "revoked", "propagated": true})
	if len(p.revoked) != 1 || p.revoked[0] != "granite-token-1" {
		t.Error(p.revoked)
	}
	p.set(func() { p.deaf = true })
	gone := h.Must("DELETE", "/connect/connections/"+deaf, nil)
	members(t, gone, O{"revocation": "failed"})
	if gone.String("reason") == "" {
		t.Error(gone.Text)
	}
	expect(t, h.Call("GET", "/connect/connections/"+deaf+"/token", nil), http.StatusNotFound)
	h.Must("DELETE", "/connect/connectors/"+acme, nil)
}

func TestARefreshSaysWhatIsWrongAndThatItIsMended(t *testing.T) {
	p, h := start(t)
	at := "/connect/connections/" + p.connect(h, nil)
	h.Clock.Move(time.Minute)
	h.ForgetToken()
	p.set(func() { p.off = true })
	expect(t, h.Call("POST", at+"/refresh", nil), http.StatusServiceUnavailable)
	members(t, h.Must("GET", at, nil), O{"state": "failing", "stage": "client_known", "reason": "Client ID and Client Secret do not fit together."})
	if tried := h.Must("POST", at+"/test", nil); tried.JSON["works"] != false {
		t.Error(tried.Text)
	}
	p.set(func() { p.off = false })
	h.Clock.Move(time.Minute) // a provider that refused is left in peace for a while
	h.ForgetToken()
	members(t, h.Must("POST", at+"/refresh", nil), O{"state": "healthy", "reason": nil})
	if tried := h.Must("POST", at+"/test", nil); tried.JSON["works"] != true {
		t.Error(tried.Text)
	}
}

func TestASessionIsMadeWithALinkThatIsShownOnce(t *testing.T) {
	_, h := start(t)
	h.Must("POST", "/connect/connectors", O{"provider": acme})
	body := O{"connectors": []string{acme}, "end_user": O{"id": "4711"}, "expires_in": 600}
	made := expect(t, h.Call("POST", "/connect/sessions", body, "Idempotency-Key", "link"), http.StatusCreated)
	token, id := made.String("token"), made.String("id")
	if want := h.URL + "/connect/enter/" + id + "#" + token; made.String("url") != want || token == "" {
		t.Error(made.Text)
	}
	for _, a := range []*housetest.Answer{
		h.Call("POST", "/connect/sessions", body, "Idempotency-Key", "link"), h.Must("GET", "/connect/sessions/"+id, nil), h.Must("GET", "/connect/sessions", nil), h.Must("GET", "/ledger/events?limit=100", nil),
	} {
		if strings.Contains(a.Text, token) {
			t.Errorf("the token is shown again: %s", a.Text)
		}
	}
	members(t, h.Must("GET", "/connect/sessions/"+id, nil), O{"state": "open"})
	h.Must("DELETE", "/connect/sessions/"+id, nil)
	expect(t, h.Call("GET", "/connect/sessions/"+id, nil), http.StatusNotFound)
}

func TestAnotherEnvironmentSeesNothing(t *testing.T) {
	p, h := start(t)
	id := p.connect(h, nil)
	other, _ := h.NewEnvironment("other")
	for _, path := range []string{"/connect/connections/" + id, "/connect/connections/" + id + "/token", "/connect/connections/" + id + "/callers", "/connect/connectors/" + acme} {
		expect(t, other.Call("GET", path, nil), http.StatusNotFound)
	}
	for _, verb := range []string{"/test", "/refresh", "/disable"} {
		expect(t, other.Call("POST", "/connect/connections/"+id+verb, nil), http.StatusNotFound)
	}
	expect(t, other.Call("DELETE", "/connect/connections/"+id, nil), http.StatusNotFound)
	if p.tokens != 1 {
		t.Errorf("the provider was asked %d times", p.tokens)
	}
}

func TestWebhooksSayHowConnectionsFareAndNoSecret(t *testing.T) {
	p, h := start(t)
	h.Must("POST", "/webhooks", O{"url": p.URL + "/hook", "kinds": []string{"connection"}})
	id := p.connect(h, nil)
	h.Clock.Move(time.Minute)
	h.ForgetToken()
	p.set(func() { p.off = true })
	expect(t, h.Call("POST", "/connect/connections/"+id+"/refresh", nil), http.StatusServiceUnavailable)
	p.set(func() { p.off = false })
	h.Clock.Move(time.Minute)
	h.ForgetToken()
	h.Must("POST", "/connect/connections/"+id+"/refresh", nil)
	h.Must("POST", "/connect/sessions", O{"connectors": []string{acme}}) // of another kind
	h.Must("DELETE", "/connect/connections/"+id, nil)
	want := []string{"connection.created", "connection.failing", "connection.recovered", "connection.refreshed", "connection.deleted"}
	var kinds []string
	for late := time.After(20 * time.Second); len(kinds) < len(want); {
		select {
		case message := <-p.told:
			clean(t, "a message", message)
			var told struct{ Type string }
			if err := json.Unmarshal([]byte(message), &told); err != nil {
				t.Error(err)
			}
			kinds = append(kinds, told.Type)
		case <-late:
			t.Fatalf("only %v", kinds)
		}
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("%v", kinds)
	}
}
