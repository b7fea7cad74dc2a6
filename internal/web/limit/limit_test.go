package limit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time       { return time.Unix(0, c.at.Load()) }
func (c *clock) move(d time.Duration) { c.at.Add(int64(d)) }

func TestABurstIsServedAndThenAsMuchAsGrowsBack(t *testing.T) {
	c := newClock()
	l := New(Rate{10, 20}, Rate{}, c.now)
	id := uuid.New()
	served := func(n int) (count int) {
		for range n {
			if _, _, err := l.Credential(http.Header{}, id); err == nil {
				count++
			}
		}
		return count
	}
	if n := served(50); n != 20 {
		t.Errorf("%d at once, want 20", n)
	}
	c.move(500 * time.Millisecond)
	if n := served(50); n != 5 {
		t.Errorf("%d after half a second, want 5", n)
	}
	c.move(time.Hour)
	if n := served(50); n != 20 {
		t.Errorf("%d after an hour, want no more than 20", n)
	}
	if _, _, err := l.Credential(http.Header{}, uuid.New()); err != nil {
		t.Errorf("another credential: %v", err)
	}
	// Who goes on calling is not kept waiting for longer by that.
	served(1000)
	c.move(100 * time.Millisecond)
	if n := served(1); n != 1 {
		t.Error("refused requests are counted")
	}
}

func TestHeadersSayWhatIsLeft(t *testing.T) {
	c := newClock()
	l := New(Rate{2, 4}, Rate{100, 100}, c.now)
	h := http.Header{}
	if _, _, err := l.Address(h, netip.MustParseAddr("192.0.2.7")); err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	state, _, err := l.Credential(h, id)
	if err != nil || state.Remaining != 3 || state.Full != 500*time.Millisecond {
		t.Errorf("%+v, %v", state, err)
	}
	if got := strings.Join(h.Values("RateLimit-Policy"), ", "); got != `"address";q=100;w=1, "credential";q=4;w=2` {
		t.Error(got)
	}
	if got := strings.Join(h.Values("RateLimit"), ", "); got != `"address";r=99;t=1, "credential";r=3;t=1` {
		t.Error(got)
	}
	for range 3 {
		_, _, _ = l.Credential(http.Header{}, id)
	}
	h = http.Header{}
	state, _, err = l.Credential(h, id)
	if !fault.Is(err, fault.Exhausted) || state.Remaining != 0 || h.Get("Retry-After") != "1" || h.Get("RateLimit") != `"credential";r=0;t=2` {
		t.Errorf("%v %v %+v", err, h, state)
	}
}

func TestOneNetworkIsOneCaller(t *testing.T) {
	c := newClock()
	l := New(Rate{}, Rate{1, 2}, c.now)
	for i, address := range []string{"192.0.2.1", "192.0.2.200", "::ffff:192.0.2.3", "192.0.3.1", "2001:db8::1", "2001:db8::ffff", "2001:db8:0:0:1::"} {
		_, bound, err := l.Address(http.Header{}, netip.MustParseAddr(address))
		if refused := i == 2 || i == 6; !bound || (err != nil) != refused {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, bound, err := l.Address(http.Header{}, netip.Addr{}); bound || err != nil {
		t.Error("a caller without an address is bounded")
	}
	if _, bound, err := l.Credential(http.Header{}, uuid.New()); bound || err != nil {
		t.Error("what is off bounds somebody")
	}
}

// An attacker with many addresses neither fills the memory nor is let off for it.
func TestTheTableIsBounded(t *testing.T) {
	c := newClock()
	l := New(Rate{1, 10}, Rate{}, c.now)
	greedy := uuid.New()
	for range 10 {
		_, _, _ = l.Credential(http.Header{}, greedy)
	}
	for range 3 * shards * perShard {
		take(l.credentials, uuid.New(), "", l.credential, c.now())
	}
	total := 0
	for i := range l.credentials.shards {
		total += len(l.credentials.shards[i].full)
	}
	if total > shards*perShard {
		t.Errorf("%d buckets", total)
	}
	if _, _, err := l.Credential(http.Header{}, greedy); err == nil {
		t.Error("an empty bucket was forgotten before fuller ones")
	}
}

func TestAClockThatIsSetBackKeepsNobodyOut(t *testing.T) {
	c := newClock()
	l := New(Rate{1, 3}, Rate{}, c.now)
	id := uuid.New()
	for range 3 {
		_, _, _ = l.Credential(http.Header{}, id)
	}
	c.move(-time.Hour)
	if _, _, err := l.Credential(http.Header{}, id); err != nil {
		t.Error(err)
	}
}

func TestManyAtOnceGetNoMoreThanThereIs(t *testing.T) {
	c := newClock()
	l := New(Rate{1, 100}, Rate{}, c.now)
	id := uuid.New()
	var served atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				if _, _, err := l.Credential(http.Header{}, id); err == nil {
					served.Add(1)
				}
			}
		})
	}
	all.Wait()
	if served.Load() != 100 {
		t.Errorf("%d of 100", served.Load())
	}
}

func TestRatesAreReadStrictly(t *testing.T) {
	for text, want := range map[string]Rate{"0": {}, "100": {100, 200}, "100/50": {100, 50}, "1/1": {1, 1}, "1000000/60000000": {1000000, 60000000}} {
		if got, err := ParseRate(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "1/0", "0/5", "1/-1", "1/2/3", "1000001", "1/60000001", "9223372036854775807", " 1", "1.5"} {
		if got, err := ParseRate(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func BenchmarkCredential(b *testing.B) {
	l := New(Rate{mostPerSecond, 60 * mostPerSecond}, Rate{}, time.Now)
	id := uuid.New()
	for b.Loop() {
		take(l.credentials, id, PolicyCredential, l.credential, l.now())
	}
}

// Answers share the slice that says the policy: whoever adds to one must not write into the next answer's.
func TestPoliciesOfOneAnswerStayOutOfTheNext(t *testing.T) {
	l := New(Rate{2, 4}, Rate{100, 100}, time.Now)
	for range 2 {
		h := http.Header{}
		for range 2 { // a request inside a request, as no door makes it
			_, _, _ = l.Address(h, netip.MustParseAddr("192.0.2.1"))
			_, _, _ = l.Credential(h, uuid.UUID{1})
		}
		h.Add("RateLimit-Policy", "somebody's")
		const address, own = `"address";q=100;w=1`, `"credential";q=4;w=2`
		if got, want := h.Values("RateLimit-Policy"), []string{address, own, address, own, "somebody's"}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestSayingTheLimitsAllocatesThreeTimes(t *testing.T) {
	l := New(Rate{1000, 2000}, Rate{1000, 2000}, time.Now)
	h, from, id := http.Header{}, netip.MustParseAddr("192.0.2.1"), uuid.UUID{1}
	if n := testing.AllocsPerRun(100, func() {
		clear(h)
		_, _, _ = l.Address(h, from)
		_, _, _ = l.Credential(h, id)
	}); n > 3 { // two values, and the slice that they are in
		t.Errorf("%v allocations", n)
	}
}
