package credentialapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// events counts the events of a kind in the ledger.
func events(h *housetest.House, kind string) int {
	h.T.Helper()
	n := 0
	for _, event := range housetest.Items(h.T, h.Call("GET", "/ledger/events?limit=500", nil)) {
		if event["kind"] == kind {
			n++
		}
	}
	return n
}

func TestRevealingNeedsPermissionAFreshTokenAndAViewableSecret(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("billing", O{"secret": O{"viewable": true}})
	path := secretOf(h, app)
	reveal := "/api/v1" + path + "/reveal"
	shown := expect(t, h.Call("POST", path+"/reveal", nil), http.StatusOK)
	members(t, shown, O{"secret": app.Secret, "client_id": app.ID, "hint": app.Secret[:8]})
	if n := events(h, "credential.revealed"); n != 1 {
		t.Errorf("%d events say that it was revealed", n)
	}
	if strings.Contains(h.Must("GET", path, nil).Text, app.Secret) || strings.Contains(h.Call("GET", "/ledger/events", nil).Text, app.Secret) {
		t.Error("it is shown elsewhere, too")
	}

	// Who lacks the permission, or holds all others.
	expect(t, h.CallAs(h.Limited("credentials:read", "credentials:write"), "POST", reveal, nil), http.StatusForbidden)
	// A token that lay about for a while.
	old := h.Token(h.Admin)
	h.Clock.Move(5*time.Minute + time.Second)
	if a := expect(t, h.CallAs(old, "POST", reveal, nil), http.StatusForbidden); !strings.Contains(a.Text, "5 minutes") {
		t.Error(a.Text)
	}
	h.ForgetToken()
	// One's own.
	self := h.NewApp("self", O{"secret": O{"viewable": true}}, "credentials:reveal", "credentials:read")
	expect(t, h.CallAs(h.Token(self), "POST", "/api/v1"+secretOf(h, self)+"/reveal", nil), http.StatusForbidden)
	// One of somebody who may do more.
	mighty := h.NewApp("mighty", O{"secret": O{"viewable": true}}, "keys:write", "credentials:reveal")
	refused := expect(t, h.CallAs(h.Token(self), "POST", "/api/v1"+secretOf(h, mighty)+"/reveal", nil), http.StatusForbidden)
	if strings.Contains(refused.Text, mighty.Secret) {
		t.Error(refused.Text)
	}
	// One that is not kept says what is known of it, and why that is all.
	plain := h.NewApp("plain", nil)
	a := expect(t, h.Call("POST", secretOf(h, plain)+"/reveal", nil), http.StatusConflict)
	for _, said := range []string{plain.ID, plain.Secret[:8], "not made viewable"} {
		if !strings.Contains(a.Text, said) {
			t.Errorf("%s is not in %s", said, a.Text)
		}
	}
	if n := events(h, "credential.revealed"); n != 1 {
		t.Errorf("refused readings left %d events", n-1)
	}
	if strings.Contains(h.Log.String(), app.Secret) {
		t.Error("the secret is in the log")
	}
}

func TestBadInputAboutSecretsChangesNothing(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("billing", nil)
	list := "/applications/" + app.ID + "/secrets"
	past, soon := h.Clock.Now().Add(-time.Minute), h.Clock.Now().Add(time.Hour)
	before := h.Must("GET", "/ledger/head", nil).Text
	for name, body := range map[string]O{
		"an expiry in the past":        {"expires_at": past},
		"a beginning after the end":    {"expires_at": soon, "not_before": soon.Add(time.Hour)},
		"an unknown scope":             {"scopes": []string{"openid", "nope"}},
		"a family in other letters":    {"scopes": []string{"OpenID"}},
		"a scope of the API only":      {"scopes": []string{"keys:read"}},
		"a network that is none":       {"networks": []string{"10.0.0.0/33"}},
		"a description without an end": {"description": strings.Repeat("x", 256)},
		"a hand-over of four days":     {"handover": 96 * 3600},
		"a hash of nothing known":      {"hash": "$9$what"},
		"a hash that can be viewed":    {"hash": "$2a$10$abcdefghijklmnopqrstuuO4yWWWbbqcbfSdO3hqbHJY5p4BqGvYy", "viewable": true},
		"both hash and secret":         {"hash": "x", "chosen_secret": "y"},
		"a chosen secret handed over":  {"hash": "$2a$10$abcdefghijklmnopqrstuuO4yWWWbbqcbfSdO3hqbHJY5p4BqGvYy", "handover": 3600},
		"an empty chosen secret":       {"chosen_secret": ""},
		"an empty hash":                {"hash": ""},
		"a chosen secret that is weak": {"chosen_secret": "hunter2"},
		"a member nobody knows":        {"secret": "x"},
	} {
		if a := h.Call("POST", list, body); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	// The environment does not allow them unless it says so.
	expect(t, h.Call("POST", list, O{"chosen_secret": "Zebra gravel 9 lantern moss"}), http.StatusForbidden)
	expect(t, h.Call("POST", "/applications", O{"name": "with", "secret": O{"chosen_secret": "Zebra gravel 9 lantern moss"}}), http.StatusUnprocessableEntity)
	if after := h.Must("GET", "/ledger/head", nil).Text; after != before {
		t.Errorf("something was changed: %s, %s", before, after)
	}

	extra := h.Must("POST", list, O{}).String("id")
	path := list + "/" + extra
	etag := h.Must("GET", path, nil).Header.Get("ETag")
	h.Must("PATCH", path, O{"networks": []string{"192.0.2.0/24"}}, "If-Match", etag)
	expect(t, h.Call("PATCH", path, O{"networks": nil}, "If-Match", etag), http.StatusPreconditionFailed)
	members(t, h.Must("GET", path, nil), O{"networks": "[192.0.2.0/24]"})
	h.Must("DELETE", path, nil)
	expect(t, h.Call("DELETE", path, nil), http.StatusNotFound)
	expect(t, h.Call("DELETE", secretOf(h, app), nil), http.StatusConflict)
	for range 19 {
		h.Must("POST", list, O{})
	}
	if full := expect(t, h.Call("POST", list, O{}), http.StatusConflict); !strings.Contains(full.Text, "20 secrets") {
		t.Error(full.Text)
	}
	expect(t, h.Call("POST", secretOf(h, app)+"/rotate", O{}), http.StatusConflict)
	h.Must("DELETE", secretOf(h, app)+"?force=true", nil)
}

// globalOf returns the client id of the environment's global credential, whose secret is always chosen.
func globalOf(h *housetest.House) string {
	h.T.Helper()
	for _, event := range housetest.Items(h.T, h.Call("GET", "/ledger/events?limit=500", nil)) {
		if strings.Contains(fmt.Sprint(event["payload"]), `"global"`) {
			return event["subject"].(O)["id"].(string)
		}
	}
	h.T.Fatal("no global credential was born")
	return ""
}

func TestChosenSecretIsWrittenNowhere(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		const canary = "Zebra gravel 9 lantern %+: müll"
		list := "/applications/" + globalOf(h) + "/secrets"
		made := expect(t, h.Call("POST", list, O{"chosen_secret": canary, "viewable": false}, "Idempotency-Key", "k"), http.StatusCreated)
		members(t, made, O{"form": "chosen", "secret": nil, "hint": "", "viewable": false})
		texts := []string{made.Text}
		for _, a := range []*housetest.Answer{
			h.Call("POST", list, O{"chosen_secret": canary, "viewable": false}, "Idempotency-Key", "k"),
			h.Call("POST", list, O{"chosen_secret": canary + "!", "viewable": false}, "Idempotency-Key", "k"),
			h.Call("POST", list, O{"chosen_secret": []string{canary}}),
			h.Call("POST", list, O{"chosen_secret": O{"x": canary}}),
			h.Call("POST", list, O{"chosen_secret": canary, "scopes": []string{"nope"}}),
			h.Call("POST", list, O{"chosen_secret": canary, "hash": canary}),
			h.Call("POST", list, O{"hash": canary}),
			h.Call("POST", list, O{"chosen_secret": canary + "\n"}),
			h.Call("POST", "/applications", O{"name": "x", "secret": O{"chosen_secret": canary}}),
			h.Call("GET", list, nil), h.Call("GET", "/ledger/events?limit=500", nil),
		} {
			texts = append(texts, a.Text)
		}
		if again := texts[1]; !strings.Contains(again, made.String("id")) || strings.Contains(again, "secret_shown") {
			t.Errorf("a repetition: %s", again)
		}
		if !strings.Contains(texts[2], "Idempotency-Key") {
			t.Errorf("another secret under the same key: %s", texts[2])
		}
		for _, text := range append(texts, h.Log.String()) {
			if strings.Contains(text, "Zebra") || strings.Contains(text, "lantern") {
				t.Errorf("the secret is in: %s", text)
			}
		}
	})
}

func TestImportedHashIsNamedAndNotShown(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("billing", nil)
	const hash = "$2a$10$abcdefghijklmnopqrstuuO4yWWWbbqcbfSdO3hqbHJY5p4BqGvYy"
	made := h.Must("POST", "/applications/"+app.ID+"/secrets", O{"hash": hash})
	members(t, made, O{"form": "imported", "secret": nil, "hint": ""})
	if strings.Contains(h.Log.String()+h.Call("GET", "/ledger/events", nil).Text+made.Text, "abcdefghij") {
		t.Error("the hash is shown or logged")
	}
	expect(t, h.Call("POST", "/applications/"+app.ID+"/secrets", O{"hash": hash}), http.StatusConflict)
}
