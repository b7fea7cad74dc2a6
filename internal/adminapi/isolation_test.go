package adminapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// TestThingsOfAnotherEnvironmentLookMissing tries from both sides what names a thing by its id.
func TestThingsOfAnotherEnvironmentLookMissing(t *testing.T) {
	h := housetest.Start(t)
	o := elsewhere(t, h, "staging")
	type calls = func(method, path string, body any) *housetest.Answer
	home := func(method, path string, body any) *housetest.Answer { return h.Call(method, path, body) }
	for name, side := range map[string]struct{ owner, stranger calls }{
		"home's from staging": {home, o.call}, "staging's from home": {o.call, home},
	} {
		api := expect(t, side.owner("POST", "/apis", O{"name": "a", "audience": "https://a.example"}), http.StatusCreated).String("id")
		app := expect(t, side.owner("POST", "/applications", O{"name": "b", "secret": O{}}), http.StatusCreated)
		mine := expect(t, side.stranger("POST", "/applications", O{"name": "mine"}), http.StatusCreated).String("client_id")
		secret := "/applications/" + app.String("client_id") + "/secrets"
		for _, path := range []string{
			"/apis/" + api, "/applications/" + app.String("client_id"), secret + "/" + app.Object("secret").String("id"),
			"/applications/" + mine + "/secrets/" + app.Object("secret").String("id"),
		} {
			missing := path[:strings.LastIndexByte(path, '/')+1]
			for _, c := range []struct {
				method, suffix string
				body           any
			}{{"GET", "", nil}, {"PATCH", "", O{}}, {"POST", "/disable", nil}, {"POST", "/enable", nil}, {"DELETE", "", nil}} {
				foreign := expect(t, side.stranger(c.method, path+c.suffix, c.body), http.StatusNotFound)
				for _, id := range []string{uuid.NewString(), "x", "00000000-0000-0000-0000-000000000000"} {
					absent := expect(t, side.stranger(c.method, missing+id+c.suffix, c.body), http.StatusNotFound)
					if absent.String("detail") != foreign.String("detail") {
						t.Errorf("%s: %s %s: %q is not %q", name, c.method, path, foreign.String("detail"), absent.String("detail"))
					}
				}
			}
		}
		expect(t, side.stranger("GET", secret, nil), http.StatusNotFound)
		expect(t, side.stranger("POST", secret, O{}), http.StatusNotFound)
		for _, list := range []string{"/apis", "/applications", "/ledger/events?limit=1000"} {
			if text := side.stranger("GET", list, nil).Text; strings.Contains(text, api) || strings.Contains(text, app.String("client_id")) {
				t.Errorf("%s: %s shows what belongs to another environment", name, list)
			}
		}
		token := expect(t, side.stranger("POST", "/tokens/inspect", O{"token": h.AdminToken()}), http.StatusOK)
		if own := token.JSON["active"] == true; own != (name == "staging's from home") {
			t.Errorf("%s: the token of home is active: %v", name, own)
		}
		expect(t, side.owner("GET", "/applications/"+app.String("client_id"), nil), http.StatusOK)
	}
}

func TestEnvironmentsAreAdministeredFromTheDefaultOne(t *testing.T) {
	h := housetest.Start(t)
	o := elsewhere(t, h, "staging")
	home := expect(t, h.Call("GET", "/credentials/self", nil), http.StatusOK).Object("environment").String("id")
	if all := items(t, h.Call("GET", "/environments", nil)); len(all) != 2 || all[0]["id"] != home || all[1]["id"] != o.id {
		t.Errorf("from home: %v", all)
	}
	if all := items(t, o.call("GET", "/environments", nil)); len(all) != 1 || all[0]["id"] != o.id {
		t.Errorf("from staging: %v", all)
	}
	expect(t, o.call("GET", "/environments/"+o.id, nil), http.StatusOK)
	expect(t, o.call("GET", "/environments/"+home, nil), http.StatusNotFound)
	expect(t, o.call("PATCH", "/environments/"+home, O{"name": "x"}), http.StatusNotFound)
	expect(t, o.call("POST", "/environments/"+home+"/disable", nil), http.StatusNotFound)
	for path, body := range map[string]any{"/environments": O{"name": "x"}, "/environments/" + o.id + "/disable": nil} {
		expect(t, o.call("POST", path, body), http.StatusForbidden)
	}
	expect(t, o.call("PATCH", "/environments/"+o.id, O{"name": "x"}), http.StatusForbidden)
	expect(t, o.call("GET", "/installation/diagnosis", nil), http.StatusForbidden)
}
