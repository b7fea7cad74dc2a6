package lock

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

const (
	// PollEvery is how often a node with a PostgreSQL database polls.
	PollEvery = 500 * time.Millisecond
	// A row is stamped before its transaction commits, by another node's clock. Every poll looks back over the longest
	// that a transaction lasts, and once a minute over what clocks may differ by.
	overlap     = 5 * time.Second
	wideOverlap = 10 * time.Minute
)

// Load reads the locks and counts that are live, at start: a restart lifts no lock.
func (b *Book) Load(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	err := b.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Unhurried(); err != nil {
			return err
		}
		return b.read(tx, now, selectLive, now.UnixMicro(), now.UnixMicro()-lockMicros)
	})
	if err == nil {
		b.polled, b.wide = now, now
	}
	return err
}

// Poll reads what other nodes counted. A row of failures to do so returns one error, the first. On SQLite there are
// no other nodes and it does nothing.
func (b *Book) Poll(ctx context.Context) error {
	if b.db.Engine() == db.SQLite {
		return nil
	}
	return b.poll(ctx)
}

func (b *Book) poll(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	since := b.polled.Add(-overlap)
	wide := now.Sub(b.wide) >= time.Minute
	if wide {
		since = b.polled.Add(-wideOverlap)
	}
	err := b.db.Read(ctx, func(tx *db.Tx) error { return b.read(tx, now, selectUpdated, db.Micros(since)) })
	if err != nil {
		if b.deaf {
			return nil
		}
		b.deaf = true
		return err
	}
	b.deaf, b.polled = false, now
	if wide {
		b.wide = now
	}
	return nil
}

// Refresh reads one application's rows. The register calls it when it follows an event of the application, in the
// transaction that it reads in.
func (b *Book) Refresh(tx *db.Tx, environment, application uuid.UUID) error {
	return b.read(tx, b.now(), selectOf, environment.String(), application.String())
}

func (b *Book) read(tx *db.Tx, now time.Time, query string, args ...any) error {
	return tx.Each(func(s db.Scan) error {
		r, err := scan(s)
		if err == nil {
			b.learn(r, now)
		}
		return err
	}, query, args...)
}

// Forget removes rows that are long over. One node does it for all.
func (b *Book) Forget(ctx context.Context) error {
	return b.db.Write(ctx, func(tx *db.Tx) error {
		now := db.Micros(tx.Now())
		_, err := tx.Exec(deleteOver, now, now-lockMicros)
		return err
	})
}
