package adminapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// exported splits an export into its events and what its last line says, which must be that it is whole.
func exported(t *testing.T, a *housetest.Answer) (events []string, end O) {
	t.Helper()
	expect(t, a, http.StatusOK)
	if a.Header.Get("Content-Type") != "application/x-ndjson" || a.Header.Get("Content-Disposition") != `attachment; filename="ledger.ndjson"` {
		t.Errorf("%v", a.Header)
	}
	lines := strings.Split(a.Text, "\n")
	last := len(lines) - 2
	var line struct{ End O }
	if last < 0 || lines[last+1] != "" || json.Unmarshal([]byte(lines[last]), &line) != nil || line.End == nil {
		t.Fatalf("it does not end: %q", lines[max(last, 0)])
	}
	if line.End["count"] != float64(last) {
		t.Errorf("%d events, and the end says %v", last, line.End["count"])
	}
	return lines[:last], line.End
}

func TestAnExportIsWhatTheListShowsAndItsEnd(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app := h.NewApp("one", nil)
		h.NewApp("another", nil)
		now := h.Clock.Now().UTC()
		for _, query := range []string{
			"", "after=3", "kind=application.", "kind=application.created&subject=" + app.ID, "actor=" + h.Admin.ID, "kind=nothing",
			"from=" + now.Add(-time.Hour).Format(time.RFC3339) + "&to=" + now.Add(time.Hour).Format(time.RFC3339), "to=" + now.Add(-time.Hour).Format(time.RFC3339),
		} {
			head := h.Must("GET", "/ledger/head", nil)
			listed := h.Call("GET", "/ledger/events?limit=1000&"+query, nil)
			events, end := exported(t, h.Call("GET", "/ledger/export?"+query, nil))
			want := []string{}
			for _, e := range items(t, listed) {
				want = append(want, fmt.Sprint(e))
			}
			got := []string{}
			for _, line := range events {
				var e O
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprint(e))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q: %d events, the list has %d", query, len(got), len(want))
			}
			if fmt.Sprint(end["head"]) != fmt.Sprint(O{"number": head.JSON["number"], "hash": head.JSON["hash"]}) || end["environment"] != head.JSON["environment"] {
				t.Errorf("%q: it ends with %v, the ledger with %s", query, end, head.Text)
			}
			note := items(t, h.Call("GET", "/ledger/events?order=desc&limit=1", nil))[0]
			if note["kind"] != "ledger.exported" || note["actor"].(O)["id"] != h.Admin.ID || query == "after=3" && !strings.Contains(note["payload"].(string), `"after":{"after":3,`) {
				t.Errorf("%q: the ledger notes %v", query, note)
			}
		}
	})
}

// A person takes the ledger only with a fresh proof of who they are, and nobody without leave, nor does a page of another site by
// leading a browser there; what is refused is not noted, and neither is who only asks what there would be.
func TestAnExportAsksForAFreshProof(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		ada, _ := colleague(h, "ada", "organization-admin")
		events, _ := exported(t, ada.Console("GET", "/ledger/export?kind=user.created", nil))
		if len(events) == 0 {
			t.Error("hers is empty")
		}
		limited := h.Limited("keys:read")
		before := h.Must("GET", "/ledger/head", nil).Text
		expect(t, h.CallAs(limited, "GET", "/api/v1/ledger/export", nil), http.StatusForbidden)
		for _, query := range []string{"after=-1", "kind=%25", "from=yesterday", "order=desc", "limit=5", "cursor=x"} {
			expect(t, h.Call("GET", "/ledger/export?"+query, nil), 422)
		}
		if a := expect(t, h.Call("HEAD", "/ledger/export", nil), http.StatusOK); a.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("%v", a.Header)
		}
		expect(t, ada.Open("/api/v1/ledger/export", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"), http.StatusUnauthorized)
		h.Clock.Move(5*time.Minute + time.Second)
		refused(t, "stale", ada.Console("GET", "/ledger/export", nil), http.StatusForbidden, "step_up_required")
		if after := expect(t, ada.Console("GET", "/ledger/head", nil), http.StatusOK).Text; after != before {
			t.Errorf("%s became %s", before, after)
		}
	})
}

// Nothing of an environment leaves it in an export of another.
func TestAnExportIsOfItsOwnEnvironment(t *testing.T) {
	h := housetest.Start(t)
	o := elsewhere(t, h, "inside")
	app := h.NewApp("outside", nil)
	events, end := exported(t, o.call("GET", "/ledger/export", nil))
	if end["environment"] != o.id || strings.Contains(strings.Join(events, "\n"), app.ID) {
		t.Errorf("%v %v", end, events)
	}
	if events, _ := exported(t, o.call("GET", "/ledger/export?subject="+app.ID, nil)); len(events) != 0 {
		t.Errorf("%v", events)
	}
}
