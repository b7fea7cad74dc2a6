package oauth_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// noted returns what the house lists of a client's refusals, newest first, each as its reason, its method and
// whether it names a secret.
func noted(h *House, clientID string) (all []string) {
	h.T.Helper()
	if err := h.Flush(h.T.Context()); err != nil {
		h.T.Fatal(err)
	}
	answer := h.Must("GET", "/applications/"+clientID+"/refusals", nil)
	if strings.Contains(answer.Text, "cfs_") {
		h.T.Errorf("a secret is among them: %s", answer.Text)
	}
	for _, item := range answer.JSON["items"].([]any) {
		r := item.(O)
		if r["address"] != "127.0.0.1" || r["at"] == nil {
			h.T.Errorf("%v", r)
		}
		_, proven := r["credential_id"]
		all = append(all, fmt.Sprint(r["reason"], " ", r["method"], " ", proven))
	}
	return all
}

func TestRefusalsOfAClientAreListedWithTheirReasons(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		c, other := furnish(h)
		soon := h.Clock.Now().Add(time.Second).Format(time.RFC3339Nano)
		expired := h.NewApp("expired", O{"secret": O{"expires_at": soon}}, "invoices:read")
		h.Clock.Move(2 * time.Second)
		poster := h.NewApp("poster", O{"auth_methods": []string{"client_secret_post"}}, "invoices:read")

		h.Token(c)
		if got := noted(h, c.ID); len(got) != 0 {
			t.Errorf("success left %q", got)
		}
		form := "grant_type=client_credentials"
		wrong := basic(c.ID + ":" + other.Secret)
		for _, path := range endpoints {
			post(h, path, form+"&token=x", wrong...)
		}
		post(h, "/oauth2/token", form+"&client_id="+c.ID+"&client_secret=guess")
		post(h, "/oauth2/token", form+"&scope=invoices:write", basic(c.ID+":"+c.Secret)...)
		post(h, "/oauth2/token", form, basic(expired.ID+":"+expired.Secret)...)
		post(h, "/oauth2/token", form, basic(poster.ID+":"+poster.Secret)...)
		failed := "client_authentication_failed client_secret_basic false"
		for id, want := range map[string][]string{
			c.ID:       {"scope_not_granted client_secret_basic true", "client_authentication_failed client_secret_post false", failed, failed, failed},
			expired.ID: {"credential_expired client_secret_basic true"}, poster.ID: {"method_not_allowed client_secret_basic true"}, other.ID: nil,
		} {
			if got := noted(h, id); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%q, want %q", got, want)
			}
		}

		h.Must("DELETE", "/applications/"+c.ID, nil)
		if a := h.Call("GET", "/applications/"+c.ID+"/refusals", nil); a.Status != http.StatusNotFound {
			t.Errorf("of a deleted application: %d %s", a.Status, a.Text)
		}
	})
}

func TestStrangersLeaveNoRefusal(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	acme := newPlace(h, "acme")
	waiting := func() float64 { return h.Metrics()["counterfoil_refusals_waiting"] }
	form := "grant_type=client_credentials"
	for range 20 {
		post(h, "/oauth2/token", form, basic(uuid.NewString()+":"+c.Secret)...)
	}
	post(h, "/oauth2/token", form, basic("administrator:"+c.Secret)...)
	post(h, "/oauth2/token", form)
	// A client of another environment is a stranger here.
	post(h, "/oauth2/token", form, basic(acme.admin.ID+":"+acme.admin.Secret)...)
	if n := waiting(); n != 0 {
		t.Errorf("strangers left refusals of %v applications", n)
	}
	post(h, "/oauth2/token", form, basic(c.ID+":guess")...)
	if n := waiting(); n != 1 {
		t.Errorf("a client left refusals of %v applications", n)
	}
}

func TestRefusalsNotWrittenYetAreWrittenWhenTheHouseCloses(t *testing.T) {
	dsn, root := dbtest.SQLiteDSN(t), filepath.Join(t.TempDir(), "root.key")
	first := housetest.StartOn(t, dsn, root, &housetest.Clock{}, nil)
	c, _ := furnish(first)
	post(first, "/oauth2/token", "grant_type=client_credentials", basic(c.ID+":guess")...)
	first.Stop()
	second := housetest.StartOn(t, dsn, root, &housetest.Clock{}, first)
	if got := noted(second, c.ID); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
