package fresh

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/db"
)

const (
	// DueEvery is how often successors that are due are looked for, batch how many are fetched in one go.
	DueEvery = 5 * time.Second
	batch    = 100
	abreast  = 8
	// UsedEvery is how often it is written down what was used.
	UsedEvery = time.Minute
	daily     = 24 * time.Hour
)

// note remembers that an application has used a connection. Its first time is written down, and a burst is.
func (k *Keeper) note(ctx context.Context, actor *access.Actor, e *entry, w *Way, now time.Time) error {
	e.usedAt.Store(db.Micros(now))
	if _, known := e.callers.Load(actor.Application); !known {
		err := k.db.Write(ctx, func(tx *db.Tx) error { return connect.Called(tx, actor, w.Connection) })
		if err != nil {
			return err
		}
		e.callers.Store(actor.Application, struct{}{})
	}
	if count, usual, burst := e.traffic.count(now); burst {
		return k.db.Write(ctx, func(tx *db.Tx) error {
			connect.Burst(tx, actor, w.Connection, count, usual)
			return nil
		})
	}
	return nil
}

// traffic counts the uses of a connection by the minute.
type traffic struct {
	sync.Mutex

	minute  int64
	counted int64
	usual   float64 // per minute, over about the last half hour
	minutes int64   // that usual is made of
	told    int64   // the minute of the last burst that was told
}

// A burst is at least leastBurst uses in a minute and many times what is usual, once that is known.
const (
	leastBurst = 300
	times      = 10
	learned    = 10 // minutes
	weight     = 1.0 / 30
)

// count counts a use; burst is true for the one with which a burst begins, once an hour.
func (t *traffic) count(now time.Time) (count int64, usual float64, burst bool) {
	minute := now.Unix() / 60
	t.Lock()
	defer t.Unlock()
	if gone := minute - t.minute; gone > 0 && t.minute > 0 {
		t.usual += weight * (float64(t.counted) - t.usual)
		for range min(gone-1, 120) {
			t.usual -= weight * t.usual
		}
		t.minutes += gone
		t.counted = 0
	}
	t.minute = minute
	t.counted++
	if t.minutes < learned || t.counted < leastBurst || float64(t.counted) < times*t.usual || minute-t.told < 60 {
		return t.counted, t.usual, false
	}
	t.told = minute
	return t.counted, t.usual, true
}

// Ahead fetches the successors that are due; it is a chore that one node does.
func (k *Keeper) Ahead(ctx context.Context) error {
	var due []key
	err := k.db.Read(ctx, func(tx *db.Tx) (err error) {
		now := tx.Now()
		due, err = db.All(tx, scanKey, selectDue, db.Micros(now), db.Micros(now.Add(-daily)), batch)
		return err
	})
	if err != nil {
		return err
	}
	places := make(chan struct{}, abreast)
	var all sync.WaitGroup
	for _, at := range due {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			e := k.entry(at)
			_, _ = k.renew(ctx, at, e, e.way.Load(), false) // how it ended stands in the connection's health
		})
	}
	all.Wait()
	return nil
}

// Flush writes down what was used since the last time; it is a chore of every node.
func (k *Keeper) Flush(ctx context.Context) error {
	type use struct {
		at   key
		when int64
	}
	var uses []use
	k.entries.Range(func(at, value any) bool {
		if when := value.(*entry).usedAt.Swap(0); when != 0 {
			uses = append(uses, use{at.(key), when})
		}
		return true
	})
	var failed error
	for len(uses) > 0 {
		some := uses[:min(len(uses), batch)]
		uses = uses[len(some):]
		failed = errors.Join(failed, k.db.Write(ctx, func(tx *db.Tx) error {
			for _, u := range some {
				if _, err := tx.Exec(updateUsed, u.at.environment.String(), u.at.connection.String(), u.when); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return failed
}
