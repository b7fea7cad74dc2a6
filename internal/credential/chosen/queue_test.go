package chosen

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func network(third byte) origin {
	return origin{network: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, third, 0}), 24)}
}

func newQueue(workers, limit, perSource int) *queue {
	return &queue{free: workers, limit: limit, perSource: perSource, sources: map[origin]*source{}}
}

// assertUnused checks that a queue that nobody uses any more is as it was.
func (q *queue) assertUnused(t *testing.T, workers int) {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.free != workers || q.waiting != 0 || len(q.sources) != 0 || len(q.turns) != 0 {
		t.Errorf("%d free, %d waiting, %d sources, %d turns are left", q.free, q.waiting, len(q.sources), len(q.turns))
	}
}

func TestSourcesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 100, 10)
		holder, err := q.enter(t.Context(), network(9))
		if err != nil {
			t.Fatal(err)
		}
		var order []byte
		for _, third := range []byte{1, 1, 1, 1, 1, 2, 3, 3} {
			go func() {
				s, err := q.enter(t.Context(), network(third))
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, third) // one worker: never two at once
				q.leave(s)
			}()
			synctest.Wait()
		}
		q.leave(holder)
		synctest.Wait()
		if want := []byte{1, 2, 3, 1, 3, 1, 1, 1}; !slices.Equal(order, want) {
			t.Errorf("served %v, want %v", order, want)
		}
		q.assertUnused(t, 1)
	})
}

func TestASourceOverItsQuotaIsRefusedAndOthersAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 100, 2)
		running, err := q.enter(t.Context(), network(1))
		if err != nil {
			t.Fatal(err)
		}
		wait := func(third byte) {
			s, err := q.enter(t.Context(), network(third))
			if err != nil {
				t.Error(err)
				return
			}
			q.leave(s)
		}
		go wait(1)
		synctest.Wait()
		if _, err := q.enter(t.Context(), network(1)); !errors.Is(err, ErrBusy) || !fault.Is(err, fault.Exhausted) {
			t.Errorf("the third of a source with two places: %v", err)
		}
		go wait(2)
		synctest.Wait()
		q.leave(running)
		synctest.Wait()
		q.assertUnused(t, 1)
	})
}

func TestAFullQueueMakesRoomForWhoAsksForLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 3, 10)
		running, err := q.enter(t.Context(), network(9))
		if err != nil {
			t.Fatal(err)
		}
		served, refused := map[byte]int{}, map[byte]int{}
		join := func(third byte) {
			go func() {
				s, err := q.enter(t.Context(), network(third))
				if errors.Is(err, ErrBusy) {
					refused[third]++
					return
				}
				served[third]++
				q.leave(s)
			}()
			synctest.Wait()
		}
		join(1)
		join(1)
		join(1)
		join(1) // full, and nobody has more: refused
		join(2) // pushes out one of 1
		join(3) // and another
		join(4) // all have one
		if refused[1] != 3 || refused[4] != 1 || len(refused) != 2 {
			t.Errorf("refused: %v", refused)
		}
		q.leave(running)
		synctest.Wait()
		if served[1] != 1 || served[2] != 1 || served[3] != 1 || served[4] != 0 {
			t.Errorf("served: %v", served)
		}
		q.assertUnused(t, 1)
	})
}

func TestWhoStopsWaitingFreesTheirPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 1, 2)
		running, err := q.enter(t.Context(), network(1))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			result := make(chan error, 1)
			go func() {
				_, err := q.enter(ctx, network(1))
				result <- err
			}()
			synctest.Wait()
			cancel()
			if err := <-result; !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		q.leave(running)
		q.assertUnused(t, 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := q.enter(ctx, network(1)); !fault.Is(err, fault.Unavailable) {
			t.Errorf("a request that is over gets a worker: %v", err)
		}
		q.assertUnused(t, 1)
	})
}

// Arrivals, deadlines and computations fall on the same instants, so that being called and giving up meet.
func TestNoWorkerIsLostOrLentTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 3
		q := newQueue(workers, 12, 5)
		var running, served, refused, gone atomic.Int64
		for range 3000 {
			go func() {
				time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(20))*time.Millisecond)
				defer cancel()
				s, err := q.enter(ctx, network(byte(rand.IntN(9))))
				switch {
				case errors.Is(err, ErrBusy):
					refused.Add(1)
				case err != nil:
					gone.Add(1)
				default:
					if n := running.Add(1); n > workers {
						t.Errorf("%d run at once", n)
					}
					time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
					running.Add(-1)
					served.Add(1)
					q.leave(s)
				}
			}()
		}
		time.Sleep(time.Hour)
		q.assertUnused(t, workers)
		if served.Load() == 0 || refused.Load() == 0 || gone.Load() == 0 {
			t.Errorf("%d served, %d refused, %d gone: the test shows nothing", served.Load(), refused.Load(), gone.Load())
		}
	})
}

// A checker under floods, in virtual time. The real client waits for the check that runs, for one of each other
// network, and for its own.
func TestAFloodDoesNotKeepOthersOut(t *testing.T) {
	const check = 29 * time.Millisecond
	for _, c := range []struct {
		name              string
		networks, attacks int
		most              time.Duration
	}{
		{"from one network", 1, 10000, 3 * check},
		{"from 200 networks", 200, 10000, 202 * check},
	} {
		synctest.Test(t, func(t *testing.T) {
			checker := New(Options{Workers: 1})
			ctx, stop := context.WithCancel(t.Context())
			var all sync.WaitGroup
			var refused atomic.Int64
			slow := func() outcome { time.Sleep(check); return outcome{right: true} }
			for i := range c.attacks {
				all.Go(func() {
					from := netip.AddrFrom4([4]byte{10, 0, byte(i % c.networks), byte(i)})
					if _, err := checker.run(ctx, from, [32]byte{byte(i), byte(i >> 8), 1}, slow); errors.Is(err, ErrBusy) {
						refused.Add(1)
					}
				})
			}
			synctest.Wait()
			if checker.Waiting() == 0 {
				t.Errorf("%s: nobody waits", c.name)
			}
			began := time.Now()
			o, err := checker.run(t.Context(), netip.MustParseAddr("192.0.2.1"), [32]byte{2}, slow)
			if took := time.Since(began); err != nil || !o.right || took > c.most {
				t.Errorf("%s: the real client got %v after %v, at most %v wanted", c.name, err, took, c.most)
			}
			stop()
			all.Wait()
			if int(refused.Load()) < c.attacks-300 {
				t.Errorf("%s: only %d of %d were refused", c.name, refused.Load(), c.attacks)
			}
			checker.queue.assertUnused(t, 1)
		})
	}
}

func TestSourcesAreNetworks(t *testing.T) {
	for a, b := range map[string]string{
		"203.0.113.7": "203.0.113.200", "::ffff:203.0.113.7": "203.0.113.8", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::1", "fe80::1%eth0": "fe80::2",
	} {
		if networkOf(netip.MustParseAddr(a)) != networkOf(netip.MustParseAddr(b)) {
			t.Errorf("%s and %s are two sources", a, b)
		}
	}
	for a, b := range map[string]string{"203.0.113.7": "203.0.114.7", "2001:db8:1:2::1": "2001:db8:1:3::1"} {
		if networkOf(netip.MustParseAddr(a)) == networkOf(netip.MustParseAddr(b)) {
			t.Errorf("%s and %s are one source", a, b)
		}
	}
	if networkOf(netip.Addr{}) != (netip.Prefix{}) {
		t.Error("an unknown address has a network")
	}
}
