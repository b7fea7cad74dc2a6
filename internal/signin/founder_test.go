package signin_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// setupPath makes a link for the first administrator and returns its path.
func setupPath(h *housetest.House) string {
	h.T.Helper()
	l, err := h.SetupLink(h.T.Context())
	if err != nil {
		h.T.Fatal(err)
	}
	u, err := url.Parse(l.URL.Reveal())
	if err != nil || !strings.HasPrefix(l.URL.Reveal(), h.URL) || !strings.HasPrefix(u.Path, "/setup/cfu_") {
		h.T.Fatal(u, err)
	}
	return u.Path
}

func TestTheSetupLinkMakesTheFirstAdministratorOnce(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		link, other := setupPath(h), setupPath(h)
		v := visit(h)
		before := head(h)
		wants(t, "the page", v.get(link), http.StatusOK, `id="setup-form"`, "at least 12 characters")
		for field, fields := range map[string][]string{
			"password": {"login", "ada", "password", "short", "repeat", "short"},
			"repeat":   {"login", "ada", "password", good, "repeat", "x"},
			"login":    {"login", "", "password", good, "repeat", good},
			"email":    {"login", "ada", "email", "nowhere", "password", good, "repeat", good},
		} {
			wants(t, field, v.post(link, fields...), http.StatusUnprocessableEntity, `id="`+field+`-problem"`)
		}
		if head(h) != before {
			t.Error("what was refused left a trace")
		}
		// Of all who use a link at once, or another one, one becomes the administrator.
		var made atomic.Int32
		var all sync.WaitGroup
		for i, path := range []string{link, other, link, other, link} {
			all.Go(func() {
				r := h.FormRequest(path, housetest.Client{}, "login", "ada"+strings.Repeat("x", i), "password", good, "repeat", good)
				if a, err := housetest.Attempt(r); err != nil {
					t.Error(err)
				} else if a.Status == http.StatusSeeOther {
					made.Add(1)
				}
			})
		}
		all.Wait()
		if users := housetest.Items(t, h.Call("GET", "/users", nil)); made.Load() != 1 || len(users) != 1 {
			t.Errorf("%d administrators were made, %d users are there", made.Load(), len(users))
		}
		id := housetest.Items(t, h.Call("GET", "/users", nil))[0]["id"].(string)
		roles := housetest.Items(t, h.Call("GET", "/users/"+id+"/roles", nil))
		if len(roles) != 1 || roles[0]["role"] != "organization-admin" || roles[0]["over"] != "organization" {
			t.Errorf("%v", roles)
		}
		wants(t, "the other link", v.get(other), http.StatusNotFound, "counterfoil admin setup-link")
		if _, err := h.SetupLink(t.Context()); !fault.Is(err, fault.Conflict) {
			t.Errorf("another link beside an administrator: %v", err)
		}
		if needed, err := h.NeedsSetup(t.Context()); needed || err != nil {
			t.Error(needed, err)
		}
		text := h.Call("GET", "/ledger/events?limit=500", nil).Text + h.Log.String()
		if strings.Contains(text, strings.TrimPrefix(link, "/setup/")) || strings.Contains(text, "otter") {
			t.Error("log or ledger have the link or the password")
		}
	})
}

func TestTheFirstAdministratorIsSignedInAndALateLinkSaysWhatPrintsAnother(t *testing.T) {
	h := housetest.Start(t)
	late := setupPath(h)
	h.Clock.Move(31 * time.Minute)
	wants(t, "a late link", visit(h).get(late), http.StatusNotFound, "counterfoil admin setup-link")
	link := setupPath(h)
	inside, _ := func() (*housetest.House, string) { later(h, 0); return h.NewEnvironment("acme") }()
	wants(t, "in another environment", visit(inside).get(link), http.StatusNotFound, "does not work")
	v := visit(h)
	led(t, v.post(link, "login", "ada", "email", "ada@example.com", "password", good, "repeat", good), "../console/")
	if !v.in() {
		t.Error("the administrator is not signed in")
	}
	v.signOut()
	led(t, v.post("/signin", "login", "ada@example.com", "password", good), "console/")
}

// Break-glass: whatever keeps an administrator out, who sits at the server lets them in again.
func TestAPersonWhoIsLockedOutIsReadmittedAtTheServer(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		id := member(h, "ada")
		v := visit(h)
		v.signIn("ada", good)
		enrol(h, id)
		h.Must("POST", "/users/"+id+"/suspend", nil)
		h.Must("POST", "/users/"+id+"/lock", O{})
		l, err := h.Readmit(t.Context(), "ADA")
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(l.URL.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		fresh := "velvet granite 7 otter pier"
		led(t, v.post(u.Path, "password", fresh, "repeat", fresh), "done?lang=en")
		if v.in() {
			t.Error("the session from before lives")
		}
		v.signIn("ada", fresh)
		if got := kinds(h); !slices.Contains(got, "user.readmitted") || !slices.Contains(got, "user.factor_removed") {
			t.Errorf("%v", got)
		}
		if _, err := h.Readmit(t.Context(), "nobody"); !fault.Is(err, fault.NotFound) {
			t.Errorf("nobody: %v", err)
		}
	})
}
