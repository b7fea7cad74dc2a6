package assertion_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
)

var environment = uuid.MustParse("0f0d5b6e-8a63-4a5c-8a3c-0a7c3a1f5d11")

func seen(d *db.DB) *assertion.Seen { return &assertion.Seen{DB: d, Now: d.Now} }

// together calls fn n times at once and returns how often there was no error; every error must be a replay.
func together(t *testing.T, n int, fn func(i int) error) int {
	t.Helper()
	var ready, done sync.WaitGroup
	var accepted atomic.Int64
	gate := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-gate
			err := fn(i)
			if err == nil {
				accepted.Add(1)
			} else if assertion.ReasonOf(err) != assertion.Replayed {
				t.Errorf("got %v", err)
			}
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
	return int(accepted.Load())
}

// A11, A13: one assertion, many nodes and endpoints, a restart.
func TestAnAssertionCountsOnce(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		nodes := []*assertion.Seen{}
		handles := 2
		if !db.IsPostgreSQL(dsn) {
			handles = 1 // SQLite has one process; two endpoints share what it has
		}
		first, err := db.Open(t.Context(), db.Options{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, seen(first))
		for range handles - 1 {
			nodes = append(nodes, seen(dbtest.Open(t, dsn, nil)))
		}
		expires := time.Now().Add(time.Minute)
		for round := range 50 {
			n := together(t, 50, func(i int) error {
				return nodes[i%len(nodes)].Once(t.Context(), environment, client, id(round), expires)
			})
			if n != 1 {
				t.Fatalf("round %d: accepted %d times", round, n)
			}
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		again := seen(dbtest.Open(t, dsn, nil))
		wantReason(t, "after a restart", again.Once(t.Context(), environment, client, id(0), expires), assertion.Replayed)
	})
}

func TestOnlyTheSameAssertionIsAReplay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := seen(d)
		expires := time.Now().Add(time.Minute)
		for name, once := range map[string]func() error{
			"one":                 func() error { return s.Once(t.Context(), environment, "a", "bc", expires) },
			"another issuer":      func() error { return s.Once(t.Context(), environment, "ab", "c", expires) },
			"another id":          func() error { return s.Once(t.Context(), environment, "a", "bd", expires) },
			"another environment": func() error { return s.Once(t.Context(), uuid.New(), "a", "bc", expires) },
			"case":                func() error { return s.Once(t.Context(), environment, "a", "BC", expires) },
		} {
			if err := once(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantReason(t, "again", s.Once(t.Context(), environment, "a", "bc", expires), assertion.Replayed)
		wantReason(t, "with another date", s.Once(t.Context(), environment, "a", "bc", expires.Add(time.Hour)), assertion.Replayed)
		wantReason(t, "without id", s.Once(t.Context(), environment, "a", "", expires), assertion.NoID)
	})
}

func TestTwinsInOneBatchCountOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for round, want := range []int{1, 0} {
			accepted := 0
			for _, err := range seen(d).Twins(9, environment, client, "a", time.Now().Add(time.Minute)) {
				if err == nil {
					accepted++
				} else {
					wantReason(t, "twin", err, assertion.Replayed)
				}
			}
			if accepted != want {
				t.Errorf("round %d: accepted %d", round, accepted)
			}
		}
	})
}

// Batches of every size, with twins inside.
func TestACrowdOfAssertionsCountsEachOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := seen(d)
		statements, _ := d.Statements()
		n := together(t, 2000, func(i int) error {
			return s.Once(t.Context(), environment, client, id(i%1000), time.Now().Add(time.Minute))
		})
		after, _ := d.Statements()
		if n != 1000 || after-statements > 1500 {
			t.Errorf("accepted %d with %d statements", n, after-statements)
		}
		if n := together(t, 1000, func(i int) error {
			return s.Once(t.Context(), environment, client, id(i), time.Now().Add(time.Minute))
		}); n != 0 {
			t.Errorf("accepted %d again", n)
		}
	})
}

// Two nodes write overlapping crowds in orders of their own.
func TestNodesDoNotWaitForEachOther(t *testing.T) {
	dsn := dbtest.PostgreSQLDSN(t)
	a, b := seen(dbtest.Open(t, dsn, nil)), seen(dbtest.Open(t, dsn, nil))
	n := together(t, 2000, func(i int) error {
		if i%2 == 0 {
			return a.Once(t.Context(), environment, client, id(i/2), time.Now().Add(time.Minute))
		}
		return b.Once(t.Context(), environment, client, id(999-i/2), time.Now().Add(time.Minute))
	})
	if n != 1000 {
		t.Errorf("accepted %d", n)
	}
}

func TestWithoutItsDatabaseNothingIsAccepted(t *testing.T) {
	cable := dbtest.Through(t, dbtest.PostgreSQLDSN(t))
	s := seen(dbtest.Open(t, cable.DSN, nil))
	if err := s.Once(t.Context(), environment, client, "a", time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	cable.Cut()
	if err := s.Once(t.Context(), environment, client, "b", time.Now().Add(time.Minute)); !fault.Is(err, fault.Unavailable) || assertion.ReasonOf(err) != "" {
		t.Errorf("got %v", err)
	}
	cable.Mend()
	if err := s.Once(t.Context(), environment, client, "c", time.Now().Add(time.Minute)); err != nil {
		t.Errorf("mended: %v", err)
	}
	wantReason(t, "still known", s.Once(t.Context(), environment, client, "a", time.Now().Add(time.Minute)), assertion.Replayed)

	closed := dbtest.SQLite(t)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := seen(closed).Once(t.Context(), environment, client, "a", now); !fault.Is(err, fault.Unavailable) {
		t.Errorf("closed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := seen(closed).Once(ctx, environment, client, "a", now); !fault.Is(err, fault.Unavailable) {
		t.Errorf("not waited for: %v", err)
	}
}

func TestExpiredAssertionsAreForgottenLater(t *testing.T) {
	var clock atomic.Int64
	clock.Store(now.UnixMicro())
	at := func() time.Time { return time.UnixMicro(clock.Load()).UTC() }
	dbtest.EachAt(t, at, func(t *testing.T, d *db.DB) {
		clock.Store(now.UnixMicro())
		s := seen(d)
		rows := func() (n int64) {
			err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
				n, err = db.Value[int64](tx, `SELECT count(*) FROM assertion_seen`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		together(t, 2100, func(i int) error {
			return s.Once(t.Context(), environment, client, id(i), now.Add(time.Minute))
		})
		if err := s.Once(t.Context(), environment, client, "late", now.Add(5*time.Minute)); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			at   time.Duration
			rows int64
		}{{time.Minute, 2101}, {11 * time.Minute, 2101}, {11*time.Minute + time.Microsecond, 1}, {time.Hour, 0}} {
			clock.Store(now.Add(step.at).UnixMicro())
			if err := s.Forget(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := rows(); n != step.rows {
				t.Errorf("after %v: %d rows, want %d", step.at, n, step.rows)
			}
		}
	})
}

func BenchmarkOnce(b *testing.B) {
	run := func(d *db.DB) func(b *testing.B) {
		return func(b *testing.B) {
			s := seen(d)
			var n atomic.Int64
			b.SetParallelism(64)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.Once(b.Context(), environment, client, uuid.NewString()+id(int(n.Add(1))), time.Now().Add(time.Minute)); err != nil {
						b.Error(err)
					}
				}
			})
		}
	}
	b.Run("sqlite", run(dbtest.SQLite(b)))
	b.Run("postgres", run(dbtest.PostgreSQL(b)))
}
