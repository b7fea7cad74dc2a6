package credentialapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestHygieneIsToldAsJSONAndAsHarmlessCSV(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		evil := h.NewApp(`=HYPERLINK("https://evil.example","x")`, nil)
		h.NewApp("plain", nil)
		seen := map[string]bool{}
		for path := "/hygiene?limit=1"; path != ""; {
			page := h.Must("GET", path, nil)
			if got := page.Header.Get("Content-Type"); got != "application/json" || len(page.JSON["items"].([]any)) != 1 {
				t.Fatalf("%s: %s", got, page.Text)
			}
			finding := page.JSON["items"].([]any)[0].(map[string]any)
			if finding["problem"] != "never_expires" || finding["kind"] != "secret" || finding["credential_id"] == nil {
				t.Errorf("%v", finding)
			}
			seen[finding["client_id"].(string)] = true
			if path = ""; page.String("next") != "" {
				path = "/hygiene?limit=1&cursor=" + page.String("next")
			}
		}
		if !seen[evil.ID] || len(seen) < 3 { // the administrator is among them
			t.Errorf("seen %v", seen)
		}
		for accept, want := range map[string]bool{"text/csv": true, "TEXT/CSV;q=0.5, application/json": true, "application/json, text/csv": false, "*/*": false, "text/html": false} {
			a := h.Must("GET", "/hygiene", nil, "Accept", accept)
			if got := strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv"); got != want {
				t.Errorf("Accept: %s: %s", accept, a.Header.Get("Content-Type"))
			}
			if want && (!strings.Contains(a.Text, `"'=HYPERLINK(""https`) || !strings.HasPrefix(a.Text, "problem,application,")) {
				t.Errorf("%s", a.Text)
			}
		}
		expect(t, h.Call("GET", "/hygiene?cursor=x", nil), http.StatusUnprocessableEntity)
	})
}
