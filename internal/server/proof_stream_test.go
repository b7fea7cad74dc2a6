package server_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// A burst reaches a listener whole and in order, and nobody who makes changes waits for one who does not read.
func TestABurstReachesListenersWholeAndWaitsForNobody(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		housetest.Listen(t, h.CallRequest(h.AdminToken(), "GET", "/api/v1/ledger/stream?after=0", nil)) // and never reads again
		l, first := housetest.Listen(t, h.CallRequest(h.AdminToken(), "GET", "/api/v1/ledger/stream", nil))
		began := time.Now()
		if err := h.Burst(t.Context(), 5000); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		at, _ := strconv.Atoi(first.ID)
		for range 5000 {
			at++
			if e, ok := l.Next(); !ok || e.ID != strconv.Itoa(at) {
				t.Fatalf("%v, want event %d", e, at)
			}
		}
		t.Logf("5,000 events written in %v, heard after %v", took, time.Since(began))
	})
}

func TestStreamsEndWhenTheNodeLeaves(t *testing.T) {
	h := housetest.Start(t)
	l, _ := housetest.Listen(t, h.CallRequest(h.AdminToken(), "GET", "/api/v1/ledger/stream", nil))
	h.Leave()
	l.Ends("unavailable")
	if a := h.Call("GET", "/ledger/stream", nil); a.Status != http.StatusServiceUnavailable || !slices.Equal(a.Header["Retry-After"], []string{"1"}) {
		t.Errorf("%d %v", a.Status, a.Header)
	}
}
