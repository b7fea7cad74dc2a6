package credentialapi_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// outcomes sums what an answer with uses says.
func outcomes(a *housetest.Answer) (uses, refused float64) {
	for _, item := range a.JSON["items"].([]any) {
		of := item.(O)["outcomes"].(O)
		uses += of["uses"].(float64)
		refused += of["refused"].(float64)
	}
	return uses, refused
}

// owner returns the token of a worker that owns just one application.
func owner(h *housetest.House, app string) string {
	made := h.Must("POST", "/applications", O{"name": "owner of " + app, "kind": "worker", "enabled": true, "secret": O{}})
	client := housetest.Client{ID: made.String("client_id"), Secret: made.Object("secret").String("secret")}
	h.Must("POST", "/applications/"+client.ID+"/roles", O{"role": "application-owner", "over": "application", "scope_id": app})
	return h.Token(client)
}

func TestUsageIsThatOfTheEnvironmentOfAnApplicationOrOfACredential(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.NewAPI("books", nil, "books:read")
		app, other := h.NewApp("app", nil, "books:read"), h.NewApp("other", nil, "books:read")
		second := h.Must("POST", "/applications/"+app.ID+"/secrets", O{}).String("id")
		first := h.Must("GET", "/applications/"+app.ID+"/secrets", nil).JSON["items"].([]any)[0].(O)["id"].(string)
		mine := owner(h, other.ID)
		for range 3 {
			h.Token(app)
		}
		h.Token(other)
		if err := h.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		tells := func(token, path string, want float64) *housetest.Answer {
			t.Helper()
			a := expect(t, h.CallAs(token, "GET", "/api/v1"+path, nil), http.StatusOK)
			if uses, refused := outcomes(a); uses != want || refused != 0 {
				t.Errorf("%s: %v uses, %v refused, want %v: %s", path, uses, refused, want, a.Text)
			}
			return a
		}
		admin := h.AdminToken()
		all, _ := outcomes(h.Must("GET", "/usage?hours=24", nil))
		if all < 5 { // the administrator is among them
			t.Errorf("%v uses in all", all)
		}
		a := tells(admin, "/usage?hours=24&application="+app.ID, 3)
		rate := a.JSON["per_second"].(O)
		if got := rate["highest"].(float64); got != 3.0/3600 {
			t.Errorf("highest %v", got)
		}
		if got := rate["mean"].(float64); got <= 0 || got > 3.0/(24*3600) {
			t.Errorf("mean %v", got)
		}
		tells(admin, "/usage?credential="+first, 3)
		tells(admin, "/usage?credential="+second, 0)
		tells(admin, "/usage?application="+app.ID+"&credential="+first, 3)
		expect(t, h.Call("GET", "/usage?application="+other.ID+"&credential="+first, nil), http.StatusNotFound)

		tells(mine, "/usage", 1)
		tells(mine, "/usage?application="+other.ID, 1)
		foreign := expect(t, h.CallAs(mine, "GET", "/api/v1/usage?credential="+first, nil), http.StatusNotFound)
		missing := expect(t, h.CallAs(mine, "GET", "/api/v1/usage?credential="+app.ID, nil), http.StatusNotFound)
		if foreign.String("detail") != missing.String("detail") {
			t.Errorf("who may not see a credential learns that it exists: %s, %s", foreign.Text, missing.Text)
		}
		expect(t, h.CallAs(mine, "GET", "/api/v1/usage?application="+app.ID, nil), http.StatusNotFound)

		// The zero id must not be taken for "of everything".
		for _, name := range []string{"application", "credential"} {
			expect(t, h.CallAs(mine, "GET", "/api/v1/usage?"+name+"=00000000-0000-0000-0000-000000000000", nil), http.StatusNotFound)
		}
		for _, query := range []string{"hours=0", "hours=2161", "application=x", "credential=x"} {
			expect(t, h.Call("GET", "/usage?"+query, nil), http.StatusUnprocessableEntity)
		}
		expect(t, h.CallAs(h.Limited("books:read"), "GET", "/api/v1/usage", nil), http.StatusUnauthorized)

		inside, _ := h.NewEnvironment("elsewhere")
		expect(t, inside.Call("GET", "/usage?credential="+first, nil), http.StatusNotFound)
	})
}

func TestGuessesAreCountedForTheApplicationThatTheyName(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app := h.NewApp("app", nil)
		refused := func(a *housetest.Answer) {
			t.Helper()
			if a.Status != http.StatusUnauthorized {
				t.Errorf("a guess is answered %d %s", a.Status, a.Text)
			}
		}
		guess := housetest.Client{ID: app.ID, Secret: app.Secret + "x"}
		for range 2 {
			refused(h.Form("/oauth2/token", guess, "grant_type", "client_credentials"))
		}
		// What names no application of ours counts for nobody.
		refused(h.Form("/oauth2/token", housetest.Client{ID: "01977f3e-0000-7000-8000-000000000000", Secret: "x"}, "grant_type", "client_credentials"))
		if err := h.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/usage?application=" + app.ID, "/usage"} {
			var failed float64
			for _, item := range h.Must("GET", path, nil).JSON["items"].([]any) {
				failed += item.(O)["outcomes"].(O)["failed"].(float64)
			}
			if failed != 2 {
				t.Errorf("%s: %v failed, want 2", path, failed)
			}
		}
	})
}

func TestExpiriesAreListedSoonestFirst(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app, other := h.NewApp("app", nil), h.NewApp("other", nil)
		add := func(app string, days int) string {
			return h.Must("POST", "/applications/"+app+"/secrets", O{"description": "x", "expires_at": h.Clock.Now().Add(time.Duration(days) * 24 * time.Hour)}).String("id")
		}
		late, soon, far, off := add(app.ID, 80), add(other.ID, 3), add(app.ID, 200), add(app.ID, 4)
		h.Must("POST", "/applications/"+app.ID+"/secrets/"+off+"/disable", nil)
		lists := func(path string, want ...string) {
			t.Helper()
			got := h.EveryPage(path, "credential_id")
			if len(got) != len(want) {
				t.Fatalf("%s: %v, want %v", path, got, want)
			}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("%s: %v, want %v", path, got, want)
				}
			}
		}
		lists("/expiries?limit=1", soon, late)
		lists("/expiries?limit=1&days=400", soon, late, far)
		lists("/expiries?days=0")
		item := h.Must("GET", "/expiries?limit=1", nil).JSON["items"].([]any)[0].(O)
		if item["application"] != "other" || item["client_id"] != other.ID || item["kind"] != "secret" || item["description"] != "x" || item["expires_at"] == nil {
			t.Errorf("%v", item)
		}
		mine := expect(t, h.CallAs(owner(h, app.ID), "GET", "/api/v1/expiries?days=400&limit=1", nil), http.StatusOK)
		if got := mine.JSON["items"].([]any); len(got) != 1 || got[0].(O)["credential_id"] != late || mine.String("next") == "" {
			t.Errorf("who owns one application sees %s", mine.Text)
		}
		for _, query := range []string{"days=-1", "days=401", "cursor=x"} {
			expect(t, h.Call("GET", "/expiries?"+query, nil), http.StatusUnprocessableEntity)
		}
	})
}
