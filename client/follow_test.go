package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/counterfoil/counterfoil/client"
)

// A stream that breaks off, mid-event, at its end or before it begins, loses no event and tells none twice.
func TestFollowingGoesOnWhereItBrokeOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, opened := newFake(), 0
		event := func(n int) string { return fmt.Sprintf("id: %d\nevent: ledger\ndata: {\"number\":%d}\n\n", n, n) }
		streams := []string{
			"retry: 2000\n\nid: 4\nevent: start\ndata: {\"after\":4}\n\n" + event(5) + ":\n\n" + event(6) + "id: 7\nevent: ledger\ndata: {\"numb",
			"",
			"event: start\ndata: {\"after\":6}\n\n" + event(7) + "event: end\ndata: {\"code\":\"unauthenticated\"}\n\n",
			"event: start\ndata: {\"after\":7}\n\n" + event(8) + "event: end\ndata: {\"code\":\"rewritten\",\"detail\":\"gone\"}\n\n",
		}
		var asked []string
		f.handle("GET /api/v1/ledger/stream", func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Query().Get("after"))
			opened++
			_, _ = io.WriteString(w, streams[opened-1])
		})
		c := f.client(t)
		var numbers []int64
		var last error
		for e, err := range c.FollowLedger(t.Context(), client.LedgerQuery{After: -1}) {
			if last = err; err == nil {
				numbers = append(numbers, e.Number)
			}
		}
		problem, ok := errors.AsType[*client.Problem](last)
		if got := fmt.Sprint(numbers, asked); got != "[5 6 7 8] [-1 6 6 7]" || !ok || problem.Code != "rewritten" {
			t.Errorf("%s, %v", got, last)
		}
	})
}

func TestFollowingEndsWithARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.handle("GET /api/v1/ledger/stream", func(w http.ResponseWriter, _ *http.Request) { problem(w, 403, "not for you") })
		for _, err := range f.client(t).FollowLedger(t.Context(), client.LedgerQuery{}) {
			if err == nil || !strings.Contains(err.Error(), "not for you") {
				t.Errorf("%v", err)
			}
		}
		if len(f.requests) != 2 { // one for the token
			t.Errorf("%d requests", len(f.requests))
		}
	})
}
