package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// tailer reads on from where it was, as every node does.
type tailer struct {
	seen     []string // every event's subject
	register []string // the subjects that the register was told of
	at       ledger.Position
}

// poll reads what is new, in one state of the database, and complains about anything but the next numbers.
func (l *tailer) poll(ctx context.Context, d *db.DB, environment uuid.UUID) error {
	return d.Read(ctx, func(tx *db.Tx) error {
		heads, err := ledger.Heads(tx)
		if err != nil {
			return err
		}
		page, err := ledger.Events(tx, environment, ledger.Filter{After: l.at.Number})
		if err != nil {
			return err
		}
		head, changes, err := ledger.Since(tx, environment, l.at)
		if err != nil {
			return err
		}
		for i, r := range page {
			if r.Number != l.at.Number+int64(i)+1 {
				return fmt.Errorf("event %d follows event %d", r.Number, l.at.Number+int64(i))
			}
			l.seen = append(l.seen, r.Subject.ID)
		}
		for _, c := range changes {
			l.register = append(l.register, c.Subject.ID)
		}
		if head != heads[environment] || head.Number != l.at.Number+int64(len(page)) {
			return fmt.Errorf("head %v, heads %v, after %d and %d more", head, heads[environment], l.at.Number, len(page))
		}
		l.at = head
		return nil
	})
}

func TestNumberOrderIsCommitOrderSoThatTailingMissesNothing(t *testing.T) {
	const writers, each = 8, 50
	changedMyMind := errors.New("changed my mind")
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		l := tailer{at: ledger.Genesis(environment)}
		var acknowledged, forRegister []string
		var mu sync.Mutex
		var running sync.WaitGroup
		for w := range writers {
			running.Go(func() {
				for i := range each {
					e := disabled(environment, fmt.Sprintf("%d-%d", w, i))
					e.Register = i%2 == 0
					err := d.Write(t.Context(), func(tx *db.Tx) error {
						ledger.Append(tx, root, e)
						if i%7 == 3 {
							return changedMyMind
						}
						return nil
					})
					if err == nil {
						mu.Lock()
						acknowledged = append(acknowledged, e.Subject.ID)
						if e.Register {
							forRegister = append(forRegister, e.Subject.ID)
						}
						mu.Unlock()
					} else if !errors.Is(err, changedMyMind) {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { running.Wait(); close(done) }()
		polls := 0
		for over := false; !over; polls++ {
			select {
			case <-done:
				over = true
			default:
			}
			if err := l.poll(t.Context(), d, environment); err != nil {
				t.Error(err)
				over = true
			}
		}
		<-done
		t.Logf("%d polls saw %d events", polls, len(l.seen))
		for _, list := range [][]string{acknowledged, forRegister, l.seen, l.register} {
			slices.Sort(list)
		}
		if diff := cmp.Diff(acknowledged, l.seen); diff != "" {
			t.Errorf("acknowledged (-) and seen (+): %s", diff)
		}
		if diff := cmp.Diff(forRegister, l.register); diff != "" {
			t.Errorf("acknowledged for the register (-) and seen (+): %s", diff)
		}
		if proof := verify(t, d, environment); proof.Events != int64(len(acknowledged)) {
			t.Errorf("%d events, %d were acknowledged", proof.Events, len(acknowledged))
		}
	})
}

func TestTransactionsOverSeveralEnvironmentsDoNotWaitForEachOther(t *testing.T) {
	const rounds = 100
	d := dbtest.PostgreSQL(t) // SQLite has one writer
	one, other := newEnvironment(t, d), newEnvironment(t, d)
	var runs atomic.Int64
	var wait sync.WaitGroup
	for _, order := range [][]uuid.UUID{{one, other}, {other, one}} {
		wait.Go(func() {
			for range rounds {
				err := d.Write(t.Context(), func(tx *db.Tx) error {
					runs.Add(1)
					for _, environment := range order {
						ledger.Append(tx, root, disabled(environment, "a"))
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if n := runs.Load(); n != 2*rounds {
		t.Errorf("%d runs for %d transactions: some met in a deadlock", n, 2*rounds)
	}
}

func TestOpenTransactionHoldsUpNobody(t *testing.T) {
	d := dbtest.PostgreSQL(t) // SQLite has one writer
	environment := newEnvironment(t, d)
	appended, goOn := make(chan struct{}), make(chan struct{})
	var slow error
	var wait sync.WaitGroup
	wait.Go(func() {
		slow = d.Write(t.Context(), func(tx *db.Tx) error {
			ledger.Append(tx, root, disabled(environment, "slow"))
			close(appended)
			<-goOn
			return nil
		})
	})
	<-appended
	grow(t, d, environment, "fast", 3) // would run into the lock timeout
	close(goOn)
	wait.Wait()
	if slow != nil {
		t.Fatal(slow)
	}
	want := []string{"fast-1", "fast-2", "fast-3", "slow"}
	if diff := cmp.Diff(want, subjects(events(t, d, environment, ledger.Filter{}))); diff != "" {
		t.Error(diff)
	}
	verify(t, d, environment)
}
