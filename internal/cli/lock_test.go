package cli_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestLocksAreShownLiftedAndChosen(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	c := h.NewApp("billing", nil, "applications:read")
	for range 5 {
		if a := h.Form("/oauth2/token", housetest.Client{ID: c.ID, Secret: "wrong"}, "grant_type", "client_credentials"); a.Status != http.StatusUnauthorized {
			t.Fatal(a.Text)
		}
	}
	shown := d.must("app", "show", "billing")
	for _, words := range []string{"5 in a row", "Locked:", " left", "Lock policy:"} {
		if strings.Count(shown, words) != 1 {
			t.Errorf("%q in\n%s", words, shown)
		}
	}
	type app struct {
		Lock struct {
			Policy      string
			Locked      bool
			SecondsLeft int `json:"seconds_left"`
		}
	}
	if got := decode[app](t, d.must("app", "lock-policy", "billing", "off", "-o", "json")).Lock; got.Policy != "off" || !got.Locked || got.SecondsLeft < 3500 {
		t.Errorf("switched off while locked: %+v", got)
	}
	if got := decode[app](t, d.must("app", "unlock", "billing", "-o", "json")).Lock; got.Locked || got.SecondsLeft != 0 {
		t.Errorf("unlocked: %+v", got)
	}
	h.Token(c)
	if got := decode[app](t, d.must("app", "lock", "billing", "--until", "12h", "--reason", "a secret may have leaked", "-o", "json")).Lock; !got.Locked || got.SecondsLeft < 12*3600-60 || got.SecondsLeft > 12*3600+60 {
		t.Errorf("locked by hand: %+v", got)
	}
	if a := h.Form("/oauth2/token", c, "grant_type", "client_credentials"); a.Status != http.StatusUnauthorized {
		t.Error(a.Text)
	}
	d.fails(2, "past", "app", "lock", "billing", "--until", "2001-01-01")
	d.must("app", "unlock", "billing")
	h.Token(c)
	for _, policy := range []string{"client+network", "on"} {
		if got := decode[app](t, d.must("app", "lock-policy", c.ID, policy, "-o", "json")).Lock; got.Policy != policy {
			t.Errorf("%s: %+v", policy, got)
		}
	}
	d.fails(2, "lock policy", "app", "lock-policy", "billing", "maybe")
	d.fails(3, "", "app", "unlock", "nobody")
}
