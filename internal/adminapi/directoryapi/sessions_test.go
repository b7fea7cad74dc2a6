package directoryapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

const phrase = "granite otter velvet 9 harbour"

// signedIn makes a user with a role over the environment, if one is named, and signs it in.
func signedIn(h *housetest.House, name, role string) (b *housetest.Browser, path string) {
	h.T.Helper()
	path = newPerson(h, name)
	h.Must("PUT", path+"/password", O{"password": phrase})
	if role != "" {
		h.Must("POST", path+"/roles", O{"role": role})
	}
	b = h.Visit()
	b.SignIn(name, phrase)
	return b, path
}

func TestSessionsOfAUserAreSeenAndEndedOneByOne(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		ada, path := signedIn(h, "ada", "environment-admin")
		phone := h.Visit()
		phone.SignIn("ada", phrase)
		all := items(t, expect(t, ada.Console("GET", path+"/sessions", nil), http.StatusOK))
		if len(all) != 2 || all[0]["current"] != true || all[1]["current"] != false {
			t.Fatalf("%v", all)
		}
		for _, item := range items(t, h.Must("GET", path+"/sessions", nil)) {
			if item["current"] != false || item["address"] == "" || item["created_at"] == "" || item["last_seen_at"] == "" || item["proved_at"] == nil {
				t.Errorf("%v", item)
			}
		}
		// What stands in a list opens nothing: neither the cookie nor any part of it but the id.
		text := h.Must("GET", path+"/sessions", nil).Text
		for _, b := range []*housetest.Browser{ada, phone} {
			cookie := b.Cookies[string(web.SessionCookie)]
			if len(cookie) != session.CookieLength || strings.Contains(text, cookie[22:]) { // the first 16 bytes are the id
				t.Errorf("the list tells a secret, or there is none: %q", cookie)
			}
		}
		h.Must("DELETE", path+"/sessions/"+all[1]["id"].(string), nil)
		if a := phone.Console("GET", "/session", nil); a.Status != http.StatusUnauthorized {
			t.Errorf("%d %s", a.Status, a.Text)
		}
		expect(t, ada.Console("GET", "/session", nil), http.StatusOK)
		expect(t, h.Call("DELETE", path+"/sessions/"+all[1]["id"].(string), nil), http.StatusNotFound)
		h.Must("DELETE", path+"/sessions", nil)
		if a := ada.Console("GET", "/session", nil); a.Status != http.StatusUnauthorized {
			t.Errorf("%d %s", a.Status, a.Text)
		}
		if left := items(t, h.Must("GET", path+"/sessions", nil)); len(left) != 0 {
			t.Errorf("%v", left)
		}
	})
}

// A session has no owner but the one that its row names: neither a colleague's path, nor another environment, nor a role over
// other people leads to it.
func TestASessionIsNotReachedThroughSomebodyElse(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		ada, path := signedIn(h, "ada", "environment-admin")
		other := newPerson(h, "bob")
		id := "/sessions/" + items(t, h.Must("GET", path+"/sessions", nil))[0]["id"].(string)
		inside, _ := h.NewEnvironment("elsewhere")
		p := h.Must("POST", "/populations", O{"name": "P"}).String("id")
		desk := worker(h, "identity-data-admin", "population", p)
		reader := as(h, h.Limited("sessions:read", "users:read", "users:write"))
		expect(t, h.Call("DELETE", other+id, nil), http.StatusNotFound)
		for _, one := range []string{path + "/sessions/" + uuid.NewString(), path + "/sessions/x", "/users/x" + id} {
			expect(t, h.Call("DELETE", one, nil), http.StatusNotFound)
		}
		expect(t, inside.Call("DELETE", path+id, nil), http.StatusNotFound)
		expect(t, inside.Call("DELETE", path+"/sessions", nil), http.StatusNotFound)
		expect(t, inside.Call("GET", path+"/sessions", nil), http.StatusNotFound)
		desk(404, "GET", path+"/sessions", nil)
		desk(404, "DELETE", path+"/sessions", nil)
		desk(404, "DELETE", path+id, nil)
		reader(200, "GET", path+"/sessions", nil)
		reader(403, "DELETE", path+"/sessions", nil)
		reader(403, "DELETE", path+id, nil)
		expect(t, ada.Console("GET", "/session", nil), http.StatusOK)
		as(h, h.Limited("sessions:write"))(200, "DELETE", path+id, nil) // also of somebody mightier, who signs in again
		if a := ada.Console("GET", "/session", nil); a.Status != http.StatusUnauthorized {
			t.Errorf("%d %s", a.Status, a.Text)
		}
	})
}
