package searchapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// O is a JSON object.
type O = housetest.O

// hits are what a search finds, each as "kind id".
func hits(a *housetest.Answer) string {
	var all []string
	list, _ := a.JSON["items"].([]any)
	for _, item := range list {
		h := item.(map[string]any)
		all = append(all, fmt.Sprint(h["kind"], " ", h["id"]))
	}
	return strings.Join(all, ", ")
}

func TestSearchFindsThingsByWhatWasTyped(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app := h.Must("POST", "/applications", O{"name": "Night billing", "secret": O{}})
		id, secret := app.String("client_id"), app.Object("secret")
		user := h.Must("POST", "/users", O{"user_name": "billy", "emails": []O{{"value": "b@example.com"}}}).String("id")
		group := h.Must("POST", "/groups", O{"name": "Bill payers"}).String("id")
		for text, want := range map[string]string{
			"BILLING":             "application " + id,
			id:                    "application " + id,
			"bill":                "application " + id + ", user " + user,
			"B@example.com":       "user " + user,
			user:                  "user " + user,
			"bill payers":         "group " + group,
			secret.String("id"):   "credential " + secret.String("id"),
			secret.String("hint"): "credential " + secret.String("id"),
			`"\` + "\n":           "",
			"%":                   "",
		} {
			if got := hits(housetest.Expect(t, h.Call("POST", "/search", O{"text": text}), 200)); got != want {
				t.Errorf("%q finds %q, want %q", text, got, want)
			}
		}
		for _, text := range []string{"", " ", strings.Repeat("x", 513)} {
			housetest.Expect(t, h.Call("POST", "/search", O{"text": text}), 422)
		}
	})
}

// Somebody pastes a whole secret, or one with a slip; somebody else pastes another environment's to learn whether it is one.
func TestPastedSecretLeadsToItsOwnerAndLeavesNoTrace(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app := h.Must("POST", "/applications", O{"name": "billing", "secret": O{}})
		secret, id := app.Object("secret").String("secret"), app.Object("secret").String("id")
		slipped := secret[:len(secret)-2] + "zz"
		other, _ := h.NewEnvironment("other")
		before := h.Must("GET", "/ledger/head", nil).Text

		for _, text := range []string{secret, "export CLIENT_SECRET='" + secret + "' # " + secret[:9]} {
			a := housetest.Expect(t, h.Call("POST", "/search", O{"text": text}), 200)
			if a.JSON["leaked"] != true || hits(a) != "credential "+id || strings.Contains(a.Text, secret) {
				t.Errorf("%s", a.Text)
			}
		}
		if a := h.Must("POST", "/search", O{"text": slipped}); a.JSON["leaked"] != false || strings.Contains(a.Text, slipped) {
			t.Errorf("with a slip: %s", a.Text)
		}
		if a := other.Must("POST", "/search", O{"text": secret}); a.JSON["leaked"] != false || hits(a) != "" {
			t.Errorf("another environment's: %s", a.Text)
		}
		reader := h.Token(h.Admin, "scope", "applications:read")
		if a := h.CallAs(reader, "POST", "/api/v1/search", O{"text": secret}); a.Status != 200 || a.JSON["leaked"] != false || hits(a) != "" {
			t.Errorf("to one who may not read credentials: %s", a.Text)
		}
		wrong := h.Call("POST", "/search", O{"text": []string{secret}})
		if wrong.Status < 400 || strings.Contains(wrong.Text, secret) {
			t.Errorf("a text that is none: %d %s", wrong.Status, wrong.Text)
		}
		if after := h.Must("GET", "/ledger/head", nil).Text; after != before {
			t.Errorf("the ledger went on from %s to %s", before, after)
		}
		for _, leaked := range []string{secret, slipped} {
			if strings.Contains(h.Log.String(), leaked) {
				t.Error("the log holds what was pasted")
			}
		}
	})
}
