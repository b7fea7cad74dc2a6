package db_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// member is one transaction of a group under test.
type member struct {
	ctx context.Context // nil: the test's
	fn  func(*db.Tx) error

	runs, after int
	err         error
}

// inserts returns a transaction that writes the note with the given id.
func inserts(id int64) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO note (id, body) VALUES ($1, 'x')`, id)
		return err
	}
}

// together runs members as one group: the writer is held up until all of them are queued, in their order.
func together(t *testing.T, d *db.DB, members ...*member) {
	t.Helper()
	var all sync.WaitGroup
	release, held := make(chan struct{}), make(chan struct{})
	all.Go(func() {
		_ = d.Write(t.Context(), func(*db.Tx) error { close(held); <-release; return nil })
	})
	<-held
	for i, m := range members {
		if m.ctx == nil {
			m.ctx = t.Context()
		}
		all.Go(func() {
			m.err = d.Write(m.ctx, func(tx *db.Tx) error {
				m.runs++
				tx.AfterCommit(func() { m.after++ })
				return m.fn(tx)
			})
		})
		for d.Waiting() != i+1 {
			runtime.Gosched()
		}
	}
	close(release)
	all.Wait()
}

func TestAFaultUndoesItsMemberAlone(t *testing.T) {
	d := dbtest.SQLite(t)
	notes(t, d)
	first, last := &member{fn: inserts(1)}, &member{fn: inserts(3)}
	refused := &member{fn: func(tx *db.Tx) error {
		if err := inserts(2)(tx); err != nil {
			return err
		}
		return fault.New(fault.Denied, "no")
	}}
	together(t, d, first, refused, last)
	if first.err != nil || last.err != nil || !fault.Is(refused.err, fault.Denied) {
		t.Errorf("outcomes: %v, %v, %v", first.err, refused.err, last.err)
	}
	if got := ids(t, d); got != "1 3" {
		t.Errorf("notes %s, want 1 3", got)
	}
	for i, m := range []*member{first, refused, last} {
		if m.runs != 1 {
			t.Errorf("member %d ran %d times: a fault must not disturb its neighbours", i, m.runs)
		}
	}
	if first.after != 1 || refused.after != 0 || last.after != 1 {
		t.Errorf("AfterCommit ran %d, %d, %d times, want 1, 0, 1", first.after, refused.after, last.after)
	}
}

func TestAnEngineErrorRunsTheMembersAgainOneByOne(t *testing.T) {
	d := dbtest.SQLite(t)
	notes(t, d)
	run(t, d, `INSERT INTO note (id) VALUES (2)`)
	first, clash, last := &member{fn: inserts(1)}, &member{fn: inserts(2)}, &member{fn: inserts(3)}
	swallowed := &member{fn: func(tx *db.Tx) error {
		_ = inserts(4)(tx)
		_ = inserts(4)(tx)
		return nil
	}}
	own := &member{fn: func(tx *db.Tx) error {
		if err := inserts(2)(tx); err != nil {
			return fault.New(fault.Stale, "in words of its own")
		}
		return nil
	}}
	together(t, d, first, clash, swallowed, own, last)
	if first.err != nil || last.err != nil {
		t.Errorf("members without a clash: %v, %v", first.err, last.err)
	}
	if !fault.Is(clash.err, fault.Conflict) || !fault.Is(swallowed.err, fault.Conflict) || !fault.Is(own.err, fault.Stale) {
		t.Errorf("members with one: %v, %v, %v", clash.err, swallowed.err, own.err)
	}
	if got := ids(t, d); got != "1 2 3" {
		t.Errorf("notes %s, want 1 2 3", got)
	}
	if first.runs != 2 || first.after != 1 || last.after != 1 || clash.after != 0 {
		t.Errorf("the first ran %d times; AfterCommit ran %d, %d, %d times", first.runs, first.after, last.after, clash.after)
	}
}

// hook is called by the SQL function pull_the_plug.
var hook atomic.Pointer[func()]

func init() {
	sqlite.MustRegisterScalarFunction("pull_the_plug", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		(*hook.Load())()
		return int64(0), nil
	})
}

// TestACancelledMemberTakesNobodyWithIt cancels a member in the middle of its INSERT. SQLite would interrupt the
// statement, roll the whole transaction back and let the next SAVEPOINT begin one of its own: acknowledged
// writes of the neighbours were lost that way.
func TestACancelledMemberTakesNobodyWithIt(t *testing.T) {
	d := dbtest.SQLite(t)
	notes(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	pull := func() { cancel() }
	hook.Store(&pull)
	first, last := &member{fn: inserts(1)}, &member{fn: inserts(1_000_000)}
	cancelled := &member{ctx: ctx, fn: func(tx *db.Tx) error {
		// The plug is pulled at the second row; there are enough after it for an interrupt to strike.
		_, err := tx.Exec(`
WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO note (id, flag) SELECT i, CASE i WHEN 3 THEN pull_the_plug() ELSE 0 END FROM n`)
		return err
	}}
	together(t, d, first, cancelled, last)
	if ctx.Err() == nil {
		t.Fatal("the member was not cancelled in the middle of its statement")
	}
	count := value[int64](t, d, `SELECT count(*) FROM note`)
	if first.err != nil || cancelled.err != nil || last.err != nil || count != 200_001 {
		t.Errorf("outcomes %v, %v, %v with %d notes, want all 200001", first.err, cancelled.err, last.err, count)
	}
	if first.runs != 1 || last.runs != 1 {
		t.Errorf("the neighbours ran %d and %d times: the group was undone", first.runs, last.runs)
	}
}

func TestAWriteCancelledBeforeItsTurnIsNotRun(t *testing.T) {
	d := dbtest.SQLite(t)
	notes(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	gone := &member{ctx: ctx, fn: inserts(2)}
	first := &member{fn: func(tx *db.Tx) error { cancel(); return inserts(1)(tx) }}
	together(t, d, first, gone)
	if first.err != nil || gone.runs != 0 || !fault.Is(gone.err, fault.Unavailable) || !errors.Is(gone.err, context.Canceled) {
		t.Errorf("%v; the cancelled write ran %d times: %v", first.err, gone.runs, gone.err)
	}
}

// TestAcknowledgedWritesAreAllThere lets eight writers succeed, give up and clash in one another's way.
func TestAcknowledgedWritesAreAllThere(t *testing.T) {
	const writers, each = 8, 120
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d, err := db.Open(t.Context(), db.Options{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		notes(t, d)
		acknowledged := make([][]int64, writers)
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range each {
					id := int64(w*each + i)
					ctx, cancel := context.WithCancel(t.Context())
					if i%5 == 0 {
						ctx, cancel = context.WithTimeout(t.Context(), time.Duration(i)*200*time.Microsecond)
					}
					err := d.Write(ctx, func(tx *db.Tx) error {
						if err := inserts(id)(tx); err != nil {
							return err
						}
						switch i % 10 {
						case 3:
							return fault.New(fault.Denied, "given up")
						case 7:
							return inserts(id)(tx)
						}
						return nil
					})
					cancel()
					if err == nil {
						acknowledged[w] = append(acknowledged[w], id)
					}
				}
			})
		}
		all.Wait()
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		checkAcknowledged(t, dbtest.Open(t, dsn, nil), acknowledged)
	})
}

// checkAcknowledged fails unless every acknowledged note is there, and none that was given up or clashed.
func checkAcknowledged(t *testing.T, d *db.DB, acknowledged [][]int64) {
	t.Helper()
	count := 0
	for _, list := range acknowledged {
		for _, id := range list {
			count++
			if value[int64](t, d, `SELECT count(*) FROM note WHERE id = $1`, id) != 1 {
				t.Errorf("note %d was acknowledged and is not there", id)
			}
		}
	}
	if count < 100 {
		t.Errorf("only %d writes were acknowledged: the test proves little", count)
	}
	if n := value[int64](t, d, `SELECT count(*) FROM note WHERE id % 10 IN (3, 7)`); n != 0 {
		t.Errorf("%d notes are there that were undone", n)
	}
}

func TestAClosedDatabaseFinishesItsWritesAndRefusesNewOnes(t *testing.T) {
	d := dbtest.SQLite(t)
	notes(t, d)
	started, release, closed := make(chan struct{}), make(chan struct{}), make(chan error)
	outcome := make(chan error)
	go func() {
		outcome <- d.Write(t.Context(), func(tx *db.Tx) error { close(started); <-release; return inserts(1)(tx) })
	}()
	<-started
	go func() { closed <- d.Close() }()
	close(release)
	if err := errors.Join(<-outcome, <-closed); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(t.Context(), inserts(2)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a write after the end gives %v", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

// BenchmarkWriters shows what sharing a commit is worth: time per acknowledged write by number of writers.
func BenchmarkWriters(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			d := dbtest.SQLite(b)
			err := d.Write(b.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`CREATE TABLE note (id BIGINT PRIMARY KEY, body TEXT)`)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			var next atomic.Int64
			var all sync.WaitGroup
			b.ResetTimer()
			for range writers {
				all.Go(func() {
					for id := next.Add(1); id <= int64(b.N); id = next.Add(1) {
						if err := d.Write(b.Context(), inserts(id)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
		})
	}
}
