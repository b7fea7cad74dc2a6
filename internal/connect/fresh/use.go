package fresh

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/db"
)

const (
	// DueEvery is how often successors that are due are looked for, batch how many are read at a time, and abreast how
	// many are fetched at once.
	DueEvery = 5 * time.Second
	batch    = 100
	abreast  = 16
	// UsedEvery is how often it is written down what was used.
	UsedEvery = time.Minute
	daily     = 24 * time.Hour
)

// note remembers that an application has used a connection. Its first time is written down, and a burst is.
func (k *Keeper) note(ctx context.Context, actor *access.Actor, e *entry, w *Way, now time.Time) error {
	if micros := db.Micros(now); micros-e.usedAt.Load() > time.Second.Microseconds() {
		e.usedAt.Store(micros)
	}
	if !e.knows(actor.Application) {
		err := k.db.Write(ctx, func(tx *db.Tx) error { return connect.Called(tx, actor, w.Connection) })
		if err != nil {
			return err
		}
		e.learn(actor.Application)
	}
	if count, usual, burst := e.traffic.count(now); burst {
		return k.db.Write(ctx, func(tx *db.Tx) error {
			connect.Burst(tx, actor, w.Connection, count, usual)
			return nil
		})
	}
	return nil
}

// knows reports whether an application is known to have used the connection. There are few of them, as a rule one.
func (e *entry) knows(application uuid.UUID) bool {
	known := e.callers.Load()
	return known != nil && slices.Contains(*known, application)
}

func (e *entry) learn(application uuid.UUID) {
	for {
		known := e.callers.Load()
		var more []uuid.UUID
		if known != nil {
			more = slices.Clone(*known)
		}
		more = append(more, application)
		if e.callers.CompareAndSwap(known, &more) {
			return
		}
	}
}

// traffic counts the uses of a connection by the minute.
type traffic struct {
	// now is the minute, and in its lower half how many uses it has had; bar is how many of them are a burst, 0 for never.
	now, bar atomic.Uint64

	turning sync.Mutex
	usual   float64 // per minute, over about the last half hour
	minutes uint64  // that usual is made of
	told    uint64  // the minute of the last burst that was told
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
	minute := uint64(now.Unix() / 60)
	if t.now.Load()>>32 < minute {
		t.turn(minute)
	}
	uses := t.now.Add(1) & (1<<32 - 1)
	if uses != t.bar.Load() {
		return 0, 0, false
	}
	t.turning.Lock()
	defer t.turning.Unlock()
	t.told = minute
	return int64(uses), t.usual, true
}

// turn begins another minute.
func (t *traffic) turn(minute uint64) {
	t.turning.Lock()
	defer t.turning.Unlock()
	former := t.now.Load() >> 32
	if former >= minute {
		return // somebody else did
	}
	bar := uint64(0)
	if former > 0 {
		gone := minute - former
		t.usual += weight * (float64(t.now.Load()&(1<<32-1)) - t.usual)
		for range min(gone-1, 120) {
			t.usual -= weight * t.usual
		}
		t.minutes += gone
		if t.minutes >= learned && minute-t.told >= 60 {
			bar = max(leastBurst, uint64(math.Ceil(times*t.usual)))
		}
	}
	t.bar.Store(bar)
	t.now.Store(minute << 32)
}

// Ahead fetches the successors that are due; it is a chore that one node does.
func (k *Keeper) Ahead(ctx context.Context) error {
	places := make(chan struct{}, abreast)
	var all sync.WaitGroup
	defer all.Wait()
	for last := (due{}); ctx.Err() == nil; {
		var page []due
		err := k.db.Read(ctx, func(tx *db.Tx) (err error) {
			now := tx.Now()
			page, err = db.All(tx, scanDue, selectDue, db.Micros(now), db.Micros(now.Add(-daily)), batch, last.since, last.connection.String())
			return err
		})
		if err != nil {
			return err
		}
		for _, d := range page {
			places <- struct{}{}
			all.Go(func() {
				defer func() { <-places }()
				e := k.entry(d.key)
				_, _ = k.renew(ctx, d.key, e, e.way.Load(), wantDue) // how it ended stands in the connection's health
			})
		}
		if len(page) < batch {
			return nil
		}
		last = page[batch-1]
	}
	return ctx.Err()
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
