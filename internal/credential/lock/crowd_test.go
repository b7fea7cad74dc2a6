package lock_test

import (
	"context"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
)

// crowd makes wrong guesses on all nodes at once, each of them compared before any is counted.
func crowd(l lock.Logon, guesses int, nodes ...*node) {
	var all sync.WaitGroup
	gun := make(chan struct{})
	for i := range guesses {
		n := nodes[i%len(nodes)]
		all.Go(func() {
			<-gun
			n.Failed(context.Background(), l, n.now())
		})
	}
	close(gun)
	all.Wait()
}

func TestFailuresAtOnceOnThreeNodesAreCountedExactly(t *testing.T) {
	each(t, func(h *house) {
		for range 5 {
			four, five, many := h.client(lock.On), h.client(lock.On), h.client(lock.ClientNetwork)
			nodes := []*node{h.node(), h.node(), h.node()}
			crowd(four, 4, nodes...)
			crowd(five, 5, nodes...)
			crowd(many, 300, nodes...)
			for _, n := range nodes {
				n.chores()
			}
			for _, n := range nodes {
				n.is(four, lock.Open, "after four failures at once")
				n.is(five, lock.Locked, "after five failures at once")
				n.is(many, lock.Locked, "after 300 failures at once")
			}
			if s := h.state(four); s.Failures != 4 {
				t.Errorf("%d failures are counted, want 4", s.Failures)
			}
			if told := h.events(five, "application.locked") + h.events(many, "application.locked"); told != 2 {
				t.Errorf("the ledger tells of %d locks, want 2", told)
			}
			nodes[1].fail(four, 1)
			nodes[1].is(four, lock.Locked, "after the fifth")
		}
	})
}

// A thousand guesses are on their way before the first is counted, the right secret among them.
func TestRightSecretAmongAThousandGuessesTellsNothing(t *testing.T) {
	each(t, func(h *house) {
		n, l := h.node(), h.client(lock.On)
		if n.Verdict(l, h.now()) != lock.Open {
			t.Fatal("the client is locked before it failed")
		}
		crowd(l, 999, n)
		n.is(l, lock.Locked, "the verdict after the right secret")
	})
}

func TestTenThousandFailuresWriteFiveTimesAndOneEvent(t *testing.T) {
	for _, mode := range []lock.Mode{lock.On, lock.ClientNetwork} {
		t.Run(mode.String(), func(t *testing.T) {
			each(t, func(h *house) {
				n, l := h.node(), h.client(mode)
				if compared := n.fail(l, 5); compared != 5 {
					t.Fatalf("%d secrets were compared", compared)
				}
				before, _ := h.DB.Statements()
				for range 9_995 {
					h.wait(time.Millisecond)
					n.Failed(t.Context(), l, h.now())
				}
				if after, _ := h.DB.Statements(); after != before {
					t.Errorf("failures of a locked client ran %d statements", after-before)
				}
				if s := h.state(l); s.Failures+len(s.Networks)*5 != 5 || h.rows() > 2 {
					t.Errorf("administrators see %+v in %d rows", s, h.rows())
				}
				if told := h.events(l, "application.locked"); told != 1 {
					t.Errorf("the ledger tells of %d locks, want 1", told)
				}
			})
		})
	}
}

// Whoever sees a client's successes could place four failures between any two.
func TestFailuresBetweenSuccessesAreWrittenTogether(t *testing.T) {
	each(t, func(h *house) {
		n, l := h.node(), h.client(lock.On)
		before, _ := h.DB.Statements()
		for range 500 {
			if n.fail(l, 4) != 4 || !n.succeed(l) {
				t.Fatal("four failures between two successes locked the client")
			}
		}
		n.chores()
		if after, _ := h.DB.Statements(); after-before > 12 {
			t.Errorf("2,000 failures and 500 successes ran %d statements", after-before)
		}
		n.fail(l, 5)
		if s := h.state(l); s.LockedUntil.IsZero() {
			t.Error("the fifth failure in a row was not written at once")
		}
	})
}

func TestSuccessRunsNoStatement(t *testing.T) {
	each(t, func(h *house) {
		n, l := h.node(), h.client(lock.On)
		n.fail(l, 4)
		before, _ := h.DB.Statements()
		for range 100 {
			n.succeed(l)
		}
		if after, _ := h.DB.Statements(); after != before {
			t.Errorf("successes ran %d statements", after-before)
		}
	})
}

func TestFullBookSlowsDownAndLocksNobody(t *testing.T) {
	each(t, func(h *house) {
		n, l := h.node(), h.client(lock.ClientNetwork)
		n.SetLimit(20)
		for i := range byte(60) {
			n.fail(from(l, netip.AddrFrom4([4]byte{198, 51, i, 1}).String()), 9)
		}
		if _, networks := n.Entries(); networks != 20 {
			t.Errorf("the node counts %d networks, want 20", networks)
		}
		n.is(from(l, "198.51.0.1"), lock.Locked, "a network that was counted")
		n.is(from(l, "198.51.59.1"), lock.Slow, "a network that was not")
		n.is(l, lock.Slow, "the client's own network, whose right secret is let in")
		n.is(h.client(lock.On), lock.Open, "a client that is locked by itself")
		if s := h.state(l); len(s.Networks) != 20 {
			t.Errorf("%d networks have rows, want 20", len(s.Networks))
		}
		if n := h.node(); n.fail(from(l, "198.51.0.1"), 1) != 0 {
			t.Error("a restart lifted a lock")
		}
		h.wait(lock.For)
		n.chores()
		n.is(l, lock.Open, "an hour later")
		if _, networks := n.Entries(); networks != 0 {
			t.Errorf("an hour later the node counts %d networks", networks)
		}
	})
}

func TestHundredThousandNetworksTakeLittleMemory(t *testing.T) {
	h := &house{start: time.Now()}
	h.found(t, dbtest.SQLiteAt(t, h.now))
	n, l := h.node(), lock.Logon{Environment: h.Home.ID, Application: uuid.New(), Mode: lock.ClientNetwork}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC() // what earlier tests left needs two
	runtime.ReadMemStats(&before)
	// As a database that is away leaves it: what counts is memory.
	n.Away(h.now().Add(time.Hour))
	for i := range lock.MaxNetworks + 1000 {
		l.Address = netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1})
		n.Failed(t.Context(), l, h.now())
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if _, networks := n.Entries(); networks != lock.MaxNetworks {
		t.Errorf("the node counts %d networks, want %d", networks, lock.MaxNetworks)
	}
	grown := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20
	t.Logf("%d MB", grown)
	if grown > 30 {
		t.Errorf("%d networks take %d MB", lock.MaxNetworks, grown)
	}
}

func TestNodeWithoutItsDatabaseCountsAlone(t *testing.T) {
	h := &house{start: time.Now().Truncate(time.Second)}
	dsn := dbtest.PostgreSQLDSN(t)
	h.found(t, dbtest.Open(t, dsn, h.now))
	cable := dbtest.Through(t, dsn)
	cut := dbtest.Open(t, cable.DSN, h.now)
	a, b := h.node(), &node{h, lock.New(lock.Options{DB: cut, Now: h.now})}
	if err := b.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	shared, alone, forgiven := h.client(lock.On), h.client(lock.On), h.client(lock.On)
	cable.Cut()
	b.fail(shared, 3)
	b.fail(forgiven, 4)
	b.succeed(forgiven)
	b.fail(alone, 5)
	b.is(alone, lock.Locked, "after five failures without a database")
	b.is(shared, lock.Open, "after three")
	if b.Flush(t.Context()) == nil || b.Poll(t.Context()) == nil {
		t.Error("the database is away, and no chore says so")
	}
	if err := b.Poll(t.Context()); err != nil {
		t.Errorf("a row of failures returns more than one error: %v", err)
	}
	a.fail(shared, 2)
	if s := h.state(shared); s.Failures != 2 {
		t.Errorf("%d failures are counted in the database, want 2", s.Failures)
	}
	cable.Mend()
	h.wait(time.Minute)
	b.chores()
	a.chores()
	for _, n := range []*node{a, b} {
		n.is(alone, lock.Locked, "once the database is back")
		n.is(shared, lock.Locked, "when two and three are added up")
		n.is(forgiven, lock.Open, "four failures before a success")
	}
	if told := h.events(alone, "application.locked") + h.events(shared, "application.locked"); told != 2 {
		t.Errorf("the ledger tells of %d locks, want 2", told)
	}
	if until, last := h.state(alone).LockedUntil, h.now().Add(lock.For-time.Minute); until.After(last) {
		t.Errorf("the lock counts from when it was written, until %v, not %v", until, last)
	}
}

func TestFailureIsCountedWhoeverStopsWaiting(t *testing.T) {
	each(t, func(h *house) {
		n, l := h.node(), h.client(lock.On)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for range 5 {
			n.Failed(gone, l, h.now())
		}
		if s := h.state(l); s.LockedUntil.IsZero() {
			t.Error("callers that hung up were not counted")
		}
	})
}

func TestAnswerDoesNotWaitForABusyDatabase(t *testing.T) {
	each(t, func(h *house) {
		n, l := &node{h, lock.New(lock.Options{DB: h.DB, Now: h.now})}, h.client(lock.On)
		n.fail(l, 1)
		held, release, done := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			once := sync.OnceFunc(func() { close(held) })
			done <- h.DB.Write(context.Background(), func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE logon_failure SET told_at = told_at WHERE application_id = $1`, l.Application.String())
				once()
				<-release
				return err
			})
		}()
		<-held
		began := time.Now()
		n.fail(l, 1)
		if took := time.Since(began); took > time.Second {
			t.Errorf("an answer waited %v for somebody's lock on the row", took)
		}
		close(release)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		n.Patient()
		n.fail(l, 2)
		n.is(l, lock.Open, "after four failures")
		n.fail(l, 1)
		n.is(l, lock.Locked, "after five")
	})
}

func TestSuccessIsRememberedForTheRightClient(t *testing.T) {
	start := time.Now()
	one := lock.Logon{Environment: uuid.New(), Application: uuid.New(), Mode: lock.ClientNetwork, Address: netip.MustParseAddr("192.0.2.1")}
	for range 1000 {
		other := one
		other.Application = uuid.New()
		at := start.Add(123456 * time.Microsecond)
		its, others := lock.LastSuccess(one, other, at, at.Add(time.Second))
		if its > at.UnixMicro() || its < at.UnixMicro()-2000 {
			t.Fatalf("a success at %d is remembered as %d", at.UnixMicro(), its)
		}
		if others != 0 {
			t.Fatal("a success of one client is taken for another's")
		}
	}
	other := one
	other.Address = netip.MustParseAddr("192.0.3.1")
	if _, others := lock.LastSuccess(one, other, start, start); others != 0 {
		t.Error("a success from one network is taken for another's")
	}
	if its, _ := lock.LastSuccess(one, one, start, start.Add(2*time.Minute)); its != 0 {
		t.Error("a success is remembered for more than a minute")
	}
}
