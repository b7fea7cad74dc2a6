package adminapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestOverviewIsOneCall(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app := h.NewApp("app", nil)
		h.Must("POST", "/applications/"+app.ID+"/secrets", O{"expires_at": h.Clock.Now().Add(time.Hour)})
		counts := h.Must("GET", "/overview", nil).JSON["counts"].(O)
		for name, want := range map[string]float64{
			"applications": 2, "applications_disabled": 0, "credentials": 3, "expiring_30d": 1, "expired": 0, "locked_clients": 0, "users": 0, "webhooks_failing": 0,
		} {
			if counts[name] != want {
				t.Errorf("%s: %v, want %v", name, counts[name], want)
			}
		}
		if got := counts["hygiene"].(O)["never_expires"]; got != 2.0 || counts["hygiene_at"] == nil || counts["connections"].(O)["exhausted"] != 0.0 {
			t.Errorf("%v", counts)
		}
		done := map[string]bool{}
		for _, item := range h.Must("GET", "/overview", nil).JSON["checklist"].([]any) {
			step := item.(O)
			done[step["step"].(string)] = step["done"].(bool)
			if step["hint"] == "" {
				t.Errorf("%v has no hint", step)
			}
		}
		if len(done) != 8 || !done["application"] || !done["expiry"] || done["mail_server"] || done["webhook"] || done["second_administrator"] {
			t.Errorf("%v", done)
		}

		// Who may read applications only is not told how the installation is kept, nor of anything else.
		a := expect(t, h.CallAs(h.Limited(access.ReadApplications), "GET", "/api/v1/overview", nil), http.StatusOK)
		if got := a.JSON["counts"].(O); len(got) != 2 {
			t.Errorf("%v", got)
		}
		if got := a.JSON["checklist"].([]any); len(got) != 1 || got[0].(O)["step"] != "application" {
			t.Errorf("%v", got)
		}
		inside, _ := h.NewEnvironment("elsewhere")
		elsewhere := inside.Must("GET", "/overview", nil)
		if got := elsewhere.JSON["counts"].(O); got["applications"] != 1.0 || got["credentials"] != 1.0 {
			t.Errorf("%v", got)
		}
		for _, item := range elsewhere.JSON["checklist"].([]any) {
			if step := item.(O)["step"]; step == "tls" || step == "root_key" || step == "mail_server" {
				t.Errorf("another environment hears of %v", step)
			}
		}
	})
}
