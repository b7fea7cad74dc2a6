package lock

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
)

const (
	// failedWait is how long an answer waits for its failure to be written. Refusals leave on a grid of 50 ms: waiting
	// past its first step would tell a wrong secret of a client that exists from all other refusals, whenever the
	// database is slow. Nothing hangs on the waiting; the failure counts on this node before it.
	failedWait = 30 * time.Millisecond
	// writeTime bounds the writing itself, which goes on when nobody waits any more.
	writeTime = 5 * time.Second
	// maxFlights bounds the keys being written at once, and maxWrites the connections they take; the rest is flushed.
	maxFlights = 64
	maxWrites  = 4
	// awayFor is how long failures are only counted after the database did not answer.
	awayFor = time.Second
	// flushBatch bounds the rows of one transaction.
	flushBatch = 100
)

// flights are the keys whose failures are being written, each by one goroutine, so that what a node adds to a row is
// never counted twice. A flight takes along what is counted while it flies.
type flights struct {
	mu    sync.Mutex
	open  map[key]*flight
	slots chan struct{}
}

type flight struct{ done chan struct{} }

// Failed counts a logon with a wrong secret and returns the verdict after it. The client must exist and its verdict
// have been [Open] or [Slow]; a failure of a locked client counts and writes nothing. It waits up to 30 ms for the
// row to be written, which goes on after that; what cannot be written is kept and counts on this node. That ctx ends takes nothing back.
func (b *Book) Failed(ctx context.Context, l Logon, now time.Time) Verdict {
	if l.Mode == Off {
		return Open
	}
	k, micros := l.counted(), now.UnixMicro()
	s := b.shard(&k)
	s.mu.Lock()
	e, found := s.entries[k]
	if !found && !b.admit(&k) {
		s.mu.Unlock()
		return Slow
	}
	e.age(micros)
	if e.locked(micros) {
		s.mu.Unlock()
		return Locked
	}
	e.count(micros)
	prompt := e.prompt(micros)
	s.entries[k], s.dirty = e, true
	s.mu.Unlock()
	if prompt {
		b.launch(ctx, k, l.Address)
	}
	return b.Verdict(l, now)
}

// launch sees to it that the key is written and waits for that a while.
func (b *Book) launch(ctx context.Context, k key, from netip.Addr) {
	if b.now().UnixMicro() < b.away.Load() {
		return
	}
	b.flights.mu.Lock()
	f := b.flights.open[k]
	if f == nil {
		if len(b.flights.open) >= maxFlights {
			b.flights.mu.Unlock()
			return
		}
		f = &flight{make(chan struct{})}
		b.flights.open[k] = f
		go b.fly(context.WithoutCancel(ctx), k, from, f)
	}
	b.flights.mu.Unlock()
	wait := time.NewTimer(b.patience)
	defer wait.Stop()
	select {
	case <-f.done:
	case <-wait.C:
	}
}

// fly writes a key until nothing of it is left to write, or the database does not answer.
func (b *Book) fly(ctx context.Context, k key, from netip.Addr, f *flight) {
	b.flights.slots <- struct{}{}
	defer func() { <-b.flights.slots; close(f.done) }()
	for {
		d, ok := b.take(k)
		if !ok {
			b.flights.mu.Lock()
			// Who counted since then either is seen here or finds no flight and starts its own.
			if d, ok = b.take(k); !ok {
				delete(b.flights.open, k)
			}
			b.flights.mu.Unlock()
		}
		if !ok {
			return
		}
		d.address = from
		if err := b.write(ctx, []delta{d}); err != nil {
			b.lost(err)
			b.flights.mu.Lock()
			delete(b.flights.open, k)
			b.flights.mu.Unlock()
			return
		}
	}
}

// lost notes that the database does not answer.
func (b *Book) lost(err error) {
	if b.away.Swap(b.now().Add(awayFor).UnixMicro()) == 0 {
		b.log.Warn("failed logons cannot be written; this node counts them alone until they can", "error", err)
	}
}

func (b *Book) take(k key) (delta, bool) {
	success := b.recent.last(&k, b.now())
	s := b.shard(&k)
	s.mu.Lock()
	defer s.mu.Unlock()
	e, found := s.entries[k]
	if !found {
		return delta{}, false
	}
	d, ok := e.take(k, success)
	s.entries[k] = e
	return d, ok
}

// write writes what was taken and lands it, or gives it back.
func (b *Book) write(ctx context.Context, deltas []delta) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	var rows []row
	var told bool
	err := b.db.Write(ctx, func(tx *db.Tx) (err error) {
		rows, told, err = write(tx, deltas)
		return err
	})
	now := b.now().UnixMicro()
	for i := range deltas {
		s := b.shard(&deltas[i].key)
		s.mu.Lock()
		if e, found := s.entries[deltas[i].key]; found {
			if err == nil {
				e.land(deltas[i], rows[i], now)
			} else {
				e.crash()
			}
			s.dirty = s.dirty || e.pending > 0 || e.reset > 0
			s.entries[deltas[i].key] = e
		}
		s.mu.Unlock()
	}
	if err != nil {
		return err
	}
	b.away.Store(0)
	if told {
		b.db.Notify(ctx)
	}
	return nil
}

// Flush writes what was not written at once: counts from while the database was away, and successes that take
// failures back. What cannot be written is kept. It also forgets, once a minute, what is over. Every node does it,
// every half second.
func (b *Book) Flush(ctx context.Context) error {
	if now := b.now(); b.due(now) {
		b.sweep(now)
	}
	for i := range b.shards {
		deltas := b.takeDirty(&b.shards[i])
		for len(deltas) > 0 {
			n := min(len(deltas), flushBatch)
			if err := b.write(ctx, deltas[:n]); err != nil {
				b.giveBack(deltas[n:])
				b.away.Store(b.now().Add(awayFor).UnixMicro())
				return err
			}
			deltas = deltas[n:]
		}
	}
	return nil
}

// due reports, once a minute, that it is time to sweep.
func (b *Book) due(now time.Time) bool {
	last := b.swept.Load()
	return now.UnixMicro()-last >= time.Minute.Microseconds() && b.swept.CompareAndSwap(last, now.UnixMicro())
}

func (b *Book) takeDirty(s *shard) (deltas []delta) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dirty {
		return nil
	}
	s.dirty = false
	now := b.now()
	for k, e := range s.entries {
		e.age(now.UnixMicro())
		if d, ok := e.take(k, b.recent.last(&k, now)); ok {
			deltas = append(deltas, d)
		}
		s.entries[k] = e
	}
	return deltas
}

func (b *Book) giveBack(deltas []delta) {
	for _, d := range deltas {
		s := b.shard(&d.key)
		s.mu.Lock()
		if e, found := s.entries[d.key]; found {
			e.crash()
			s.entries[d.key], s.dirty = e, true
		}
		s.mu.Unlock()
	}
}
