package credentialapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestAllKindsOfCredentialsStandInOneList(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		made := h.Must("POST", "/applications", O{"name": "billing", "secret": O{"description": "first"}})
		at := "/applications/" + made.String("client_id")
		h.Must("POST", at+"/certificates", O{"generate": true})
		h.Must("POST", at+"/jwt-keys", O{"jwks": publicKey})
		h.Must("POST", at+"/trusts", O{"issuer": "https://issuer.example", "subject": "x", "jwks": publicKey})
		plain := made.Object("secret").String("secret")

		all := h.Must("GET", at+"/credentials", nil)
		var kinds []string
		for _, e := range itemsOf(all) {
			kinds = append(kinds, fmt.Sprint(e["kind"], " ", e["state"]))
		}
		if want := []string{"secret active", "certificate active", "jwt_key active", "trust active"}; !slices.Equal(kinds, want) {
			t.Errorf("%v, want %v", kinds, want)
		}
		if strings.Contains(all.Text, plain) {
			t.Error("the list shows a secret")
		}
		if some := itemsOf(h.Must("GET", at+"/credentials?kind=trust,certificate", nil)); len(some) != 2 || some[0]["fingerprint"] == nil {
			t.Errorf("of two kinds: %v", some)
		}
		page := h.Must("GET", at+"/credentials?limit=3", nil)
		rest := itemsOf(h.Must("GET", at+"/credentials?limit=3&cursor="+page.String("next"), nil))
		if len(itemsOf(page)) != 3 || len(rest) != 1 || rest[0]["kind"] != "trust" {
			t.Errorf("pages: %s, then %v", page.Text, rest)
		}
		expect(t, h.Call("GET", at+"/secrets?cursor="+page.String("next"), nil), 422)
		expect(t, h.Call("GET", at+"/credentials?kind=password", nil), 422)
	})
}

func TestCredentialsInOneListSayWhatStateTheyAreIn(t *testing.T) {
	h := housetest.Start(t)
	at := "/applications/" + h.Must("POST", "/applications", O{"name": "billing"}).String("client_id")
	add := func(body O) string { return h.Must("POST", at+"/secrets", body).String("id") }
	old, later, off := add(O{}), add(O{"not_before": time.Now().Add(time.Hour)}), add(O{})
	h.Must("POST", at+"/secrets/"+off+"/disable", nil)
	next := h.Must("POST", at+"/secrets/"+old+"/rotate", O{"old_ends_in": 3600}).String("id")
	states := func() map[string]string {
		found := map[string]string{}
		for _, e := range itemsOf(h.Must("GET", at+"/credentials", nil)) {
			found[e["id"].(string)] = e["state"].(string)
			if e["id"] == next && (e["replaces"] != old || e["old_ends_in"] == nil && e["old_expires_at"] == nil) {
				t.Errorf("the successor does not say what it replaces: %v", e)
			}
		}
		return found
	}
	if got := states(); got[later] != "not_yet" || got[old] != "retiring" || got[off] != "disabled" || got[next] != "active" {
		t.Errorf("%v", got)
	}
	h.Must("POST", at+"/lock", O{"minutes": 5})
	if got := states(); got[later] != "locked" || got[off] != "disabled" || got[next] != "locked" {
		t.Errorf("while locked: %v", got)
	}
}

func TestListOfCredentialsNeedsItsScope(t *testing.T) {
	h := housetest.Start(t)
	at := "/applications/" + h.Must("POST", "/applications", O{"name": "billing"}).String("client_id")
	reader := h.Token(h.Admin, "scope", "applications:read")
	expect(t, h.CallAs(reader, "GET", "/api/v1"+at+"/credentials", nil), 403)
}

// itemsOf are the entries of a page.
func itemsOf(a *housetest.Answer) (items []map[string]any) {
	list, _ := a.JSON["items"].([]any)
	for _, item := range list {
		items = append(items, item.(map[string]any))
	}
	return items
}
