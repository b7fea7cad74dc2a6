package adminapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestEventsAreFoundByWhatWhoAndWhen(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		ada, id := colleague(h, "ada", "organization-admin")
		made := expect(t, ada.Console("POST", "/applications", O{"name": "hers"}), http.StatusCreated).String("client_id")
		h.NewApp("another", nil)
		kinds := func(query string) string {
			t.Helper()
			return strings.Join(h.EveryPage("/ledger/events?limit=3&"+query, "kind"), " ")
		}
		if got := kinds("actor=" + id + "&kind=application."); got != "application.created" {
			t.Errorf("what she did with applications: %s", got)
		}
		if got := kinds("kind=application.created&subject=" + made); got != "application.created" {
			t.Errorf("the making of hers: %s", got)
		}
		all := kinds("kind=application.&order=desc")
		if strings.Count(all, "application.created") < 2 || strings.Contains(all, "user.") {
			t.Errorf("all about applications: %s", all)
		}
		now := h.Clock.Now().UTC()
		for query, some := range map[string]bool{
			"from=" + now.Add(time.Minute).Format(time.RFC3339): false, "to=" + now.Add(-24*time.Hour).Format(time.RFC3339): false,
			"from=" + now.Add(-time.Hour).Format(time.RFC3339) + "&to=" + now.Add(time.Hour).Format(time.RFC3339): true,
		} {
			if got := kinds(query); (got != "") != some {
				t.Errorf("%s: %q", query, got)
			}
		}
		next := h.Call("GET", "/ledger/events?limit=1&kind=application.", nil).String("next")
		expect(t, h.Call("GET", "/ledger/events?limit=1&kind=api.&cursor="+next, nil), 422) // a cursor of another list
		for _, query := range []string{"kind=%25", "kind=A", "kind='", "from=yesterday", "actor=" + strings.Repeat("a", 201)} {
			expect(t, h.Call("GET", "/ledger/events?"+query, nil), 422)
		}
		l, _ := housetest.Listen(t, h.CallRequest(h.AdminToken(), "GET", "/api/v1/ledger/stream?after=0&kind=application.&actor="+id, nil))
		if e, _ := l.Next(); e.Data["kind"] != "application.created" || fmt.Sprint(e.Data["actor"].(O)["id"]) != id {
			t.Errorf("the stream has %v", e)
		}
	})
}

func TestTheServerVerifiesItsLedger(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.Must("POST", "/ledger/checkpoints", nil)
		a := expect(t, h.Call("POST", "/ledger/verify", O{}), http.StatusOK)
		if a.JSON["verified"] != true || a.JSON["from"] != 1.0 || a.JSON["checkpoints"].(float64) < 1 || a.JSON["next"] != nil || len(a.JSON["findings"].([]any)) != 0 {
			t.Errorf("%s", a.Text)
		}
		if a = expect(t, h.Call("POST", "/ledger/verify", O{"from": 2, "to": 3}), http.StatusOK); a.JSON["to"] != 3.0 || a.JSON["next"] != 4.0 {
			t.Errorf("%s", a.Text)
		}
		expect(t, h.Call("POST", "/ledger/verify", O{"from": 1_000_000}), 422)
	})
}
