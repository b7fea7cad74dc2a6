package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// badReceiver takes messages only once it is mended, and notes in which order.
type badReceiver struct {
	*httptest.Server
	mended   atomic.Bool
	release  chan struct{}
	refused  atomic.Int64
	mu       sync.Mutex
	order    map[string][]int64 // numbers of events by subject, each once
	accepted map[string]int64   // by webhook-id
}

// receiveBadly starts a receiver that answers as before says, until it is mended.
func receiveBadly(t *testing.T, before func(*badReceiver, http.ResponseWriter, *http.Request)) *badReceiver {
	t.Helper()
	b := &badReceiver{release: make(chan struct{}), order: map[string][]int64{}, accepted: map[string]int64{}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !b.mended.Load() {
			b.refused.Add(1)
			before(b, w, r)
			return
		}
		var message struct {
			Data struct {
				Event   int64
				Subject struct{ ID string }
			}
		}
		_ = json.Unmarshal(body, &message)
		b.mu.Lock()
		defer b.mu.Unlock()
		if id := r.Header.Get("webhook-id"); b.accepted[id] == 0 {
			b.accepted[id] = message.Data.Event
			b.order[message.Data.Subject.ID] = append(b.order[message.Data.Subject.ID], message.Data.Event)
		}
	}))
	t.Cleanup(b.Close)
	return b
}

// mend lets the receiver take everything from now on.
func (b *badReceiver) mend() {
	b.mended.Store(true)
	close(b.release)
}

func (b *badReceiver) events() []int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []int64
	for _, event := range b.accepted {
		all = append(all, event)
	}
	slices.Sort(all)
	return all
}

// badReceivers are one that answers 500, one that hangs and one that breaks the connection off.
func badReceivers(t *testing.T) []*badReceiver {
	t.Helper()
	return []*badReceiver{
		receiveBadly(t, func(_ *badReceiver, w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
		}),
		receiveBadly(t, func(b *badReceiver, w http.ResponseWriter, r *http.Request) {
			select {
			case <-b.release:
			case <-r.Context().Done():
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}),
		receiveBadly(t, func(_ *badReceiver, w http.ResponseWriter, _ *http.Request) {
			if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = connection.Close()
			}
		}),
	}
}

// busy makes changes that webhooks tell, and requests tokens between them; it returns how long each token took.
func busy(h *housetest.House, app housetest.Client, apps []housetest.Client, round int) (took []time.Duration) {
	h.T.Helper()
	victim := apps[round%len(apps)]
	verb := [2]string{"/disable", "/enable"}[round/len(apps)%2]
	h.Must("POST", "/applications/"+victim.ID+verb, nil)
	for range 10 {
		began := time.Now()
		h.Token(app)
		took = append(took, time.Since(began))
	}
	return took
}

// TestReceiversInTroubleLoseNothingMixNothingUpAndSlowNobodyDown compares two houses in the same run, turn by turn: one
// without webhooks, one whose webhooks all lead to receivers in trouble.
func TestReceiversInTroubleLoseNothingMixNothingUpAndSlowNobodyDown(t *testing.T) {
	quiet, troubled := housetest.Start(t), housetest.Start(t)
	receivers := badReceivers(t)
	for _, b := range receivers {
		troubled.Must("POST", "/webhooks", housetest.O{"url": b.URL, "kinds": []string{"application"}})
	}
	earlier := len(numbersOf(troubled, "application.")) // what happened before there was a webhook is not told
	setUp := func(h *housetest.House) (app housetest.Client, apps []housetest.Client) {
		app = h.NewApp("asks", nil, "apis:read")
		for _, name := range []string{"a", "b", "c", "d"} {
			apps = append(apps, h.NewApp(name, nil))
		}
		return app, apps
	}
	quietApp, quietApps := setUp(quiet)
	app, apps := setUp(troubled)
	var without, with []time.Duration
	const rounds = 48
	for round := range rounds {
		without = append(without, busy(quiet, quietApp, quietApps, round)...)
		with = append(with, busy(troubled, app, apps, round)...)
	}
	for i, b := range receivers {
		if b.refused.Load() == 0 {
			t.Errorf("receiver %d was not asked: the comparison proves nothing", i)
		}
	}
	slices.Sort(without)
	slices.Sort(with)
	p99 := func(all []time.Duration) time.Duration { return all[len(all)*99/100] }
	t.Logf("p99 of a token: %v without webhooks, %v with receivers in trouble; n = %d", p99(without), p99(with), len(with))
	if p99(with) > 3*p99(without)+20*time.Millisecond {
		t.Errorf("receivers in trouble slow tokens down: p99 %v, without them %v", p99(with), p99(without))
	}

	want := numbersOf(troubled, "application.")[earlier:]
	if len(want) < rounds {
		t.Fatalf("only %d events", len(want))
	}
	for _, b := range receivers {
		b.mend()
	}
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		missing := slices.ContainsFunc(receivers, func(b *badReceiver) bool { return len(b.events()) < len(want) })
		if !missing {
			break
		}
		if time.Now().After(deadline) {
			break
		}
		troubled.Clock.Move(time.Minute) // past pauses and the waits between attempts
	}
	for i, b := range receivers {
		if got := b.events(); !slices.Equal(got, want) {
			t.Errorf("receiver %d got the events %v, want %v", i, got, want)
		}
		for subject, order := range b.order {
			if !slices.IsSorted(order) {
				t.Errorf("receiver %d heard of %s in the order %v", i, subject, order)
			}
		}
	}
}

// numbersOf returns the numbers of the events whose kind begins so.
func numbersOf(h *housetest.House, prefix string) (numbers []int64) {
	h.T.Helper()
	for _, e := range housetest.Items(h.T, h.Must("GET", "/ledger/events?limit=1000", nil)) {
		if strings.HasPrefix(e["kind"].(string), prefix) {
			numbers = append(numbers, int64(e["number"].(float64)))
		}
	}
	return numbers
}
