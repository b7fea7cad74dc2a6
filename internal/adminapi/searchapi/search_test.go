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
			"bill":                "application " + id + ", user " + user + ", group " + group,
			"B@example.com":       "user " + user,
			user:                  "user " + user,
			"bill payers":         "group " + group,
			group:                 "group " + group,
			"payers":              "",
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

// everything makes one thing of each kind that is called the same or, for the credential, has that id.
func everything(h *housetest.House) (text map[string]string, all []string) {
	app := h.Must("POST", "/applications", O{"name": "Lumen", "secret": O{}})
	h.Must("POST", "/connect/connectors", O{"name": "theirs", "provider": "oauth2-client-credentials"})
	values := O{"token_url": "https://127.0.0.1:9/token", "client_id": "somebody", "client_secret": "s3cret"}
	all = []string{
		"application " + app.String("client_id"),
		"credential " + app.Object("secret").String("id"),
		"user " + h.Must("POST", "/users", O{"user_name": "lumen"}).String("id"),
		"group " + h.Must("POST", "/groups", O{"name": "Lumen's friends"}).String("id"),
		"connection " + h.Must("POST", "/connect/connections", O{"connector": "theirs", "name": "lumen GmbH", "values": values, "check": false}).String("id"),
	}
	text = map[string]string{all[0]: "LUM", all[1]: app.Object("secret").String("id"), all[2]: "LUM", all[3]: "LUM", all[4]: "LUM"}
	return text, all
}

func TestEachKindIsFoundByWhoeverMayReadIt(t *testing.T) {
	h := housetest.Start(t)
	text, all := everything(h)
	for i, scope := range []string{"applications:read", "credentials:read", "users:read", "groups:read", "connections:read"} {
		token := h.Token(h.Admin, "scope", scope)
		for at, thing := range all {
			want := ""
			if at == i || scope != "credentials:read" && text[thing] == "LUM" {
				want = all[i]
			}
			a := housetest.Expect(t, h.CallAs(token, "POST", "/api/v1/search", O{"text": text[thing]}), 200)
			if got := hits(a); got != want {
				t.Errorf("%s: %q finds %q, want %q", scope, text[thing], got, want)
			}
		}
	}
	a := housetest.Expect(t, h.CallAs(h.Token(h.Admin, "scope", "applications:write users:write keys:read"), "POST", "/api/v1/search", O{"text": "LUM"}), 403)
	for _, scope := range []string{"applications:read", "connections:read"} {
		if challenge := a.Header.Get("WWW-Authenticate"); !strings.Contains(challenge, scope) || !strings.Contains(a.Text, scope) {
			t.Errorf("whoever may read none of it hears %q %s", challenge, a.Text)
		}
	}
}

// A role over one population opens the search, and nothing of the other populations in it.
func TestSearchShowsNobodyMoreThanTheirRoleIsOver(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		everything(h)
		population := h.Must("POST", "/populations", O{"name": "Ours"}).String("id")
		user := h.Must("POST", "/users", O{"user_name": "lumen of ours", "population_id": population}).String("id")
		group := h.Must("POST", "/groups", O{"name": "Lumen too", "population_id": population}).String("id")
		theirs := h.Must("POST", "/applications", O{"name": "Lumen's own", "secret": O{}}).String("client_id")
		for want, role := range map[string]O{
			"user " + user + ", group " + group: {"role": "identity-data-read-only", "over": "population", "scope_id": population},
			"application " + theirs:             {"role": "application-owner", "over": "application", "scope_id": theirs},
		} {
			made := h.Must("POST", "/applications", O{"name": "worker " + want, "kind": "worker", "enabled": true, "secret": O{}})
			client := housetest.Client{ID: made.String("client_id"), Secret: made.Object("secret").String("secret")}
			h.Must("POST", "/applications/"+client.ID+"/roles", role)
			token := h.Token(client)
			if got := hits(housetest.Expect(t, h.CallAs(token, "POST", "/api/v1/search", O{"text": "lumen"}), 200)); got != want {
				t.Errorf("%v finds %q, want %q", role, got, want)
			}
			held := h.Must("GET", "/applications/"+client.ID+"/roles", nil).JSON["items"].([]any)[0].(O)["id"].(string)
			h.Must("DELETE", "/applications/"+client.ID+"/roles/"+held, nil)
			housetest.Expect(t, h.CallAs(token, "POST", "/api/v1/search", O{"text": "lumen"}), 403)
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
