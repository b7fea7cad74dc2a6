package credential

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

// FlushEvery is how often uses are written; what the admin API says of them is at most this much late, and a
// crash loses at most this much.
const FlushEvery = 30 * time.Second

const (
	usageShards = 16
	// usageBatch bounds the rows of one transaction, so that a flush never holds up other writers for long.
	usageBatch = 250

	selectUsage = `SELECT hours, last_used_at FROM credential_usage WHERE environment_id = $1 AND credential_id = $2 AND day = $3`
	insertUsage = `INSERT INTO credential_usage (environment_id, credential_id, day, hours, last_used_at) VALUES ($1, $2, $3, '[]', 0)
ON CONFLICT (environment_id, credential_id, day) DO NOTHING`
	updateUsage    = `UPDATE credential_usage SET hours = $4, last_used_at = $5 WHERE environment_id = $1 AND credential_id = $2 AND day = $3`
	selectLastUsed = `SELECT coalesce(max(last_used_at), 0) FROM credential_usage WHERE environment_id = $1 AND credential_id = $2`
	deleteUsage    = `DELETE FROM credential_usage WHERE day < $1`

	// usageDays is how long uses are kept.
	usageDays = 90
)

// Usage counts the uses of credentials in memory. Counting costs a lock on one shard and touches no database.
type Usage struct {
	shards [usageShards]usageShard
}

type usageShard struct {
	mu     sync.Mutex
	counts map[usageKey]usageCount
}

// usageKey and usageCount hold no pointers, so the collector never walks the map.
type usageKey struct {
	environment, credential uuid.UUID
	hour                    int64 // hours since 1970
}

type usageCount struct {
	uses uint32
	last int64 // microseconds since 1970
}

// Count notes one use at now.
func (u *Usage) Count(environment, credential uuid.UUID, now time.Time) {
	shard := &u.shards[credential[15]%usageShards]
	key := usageKey{environment, credential, now.Unix() / 3600}
	shard.mu.Lock()
	if shard.counts == nil {
		shard.counts = map[usageKey]usageCount{}
	}
	c := shard.counts[key]
	c.uses++
	c.last = now.UnixMicro()
	shard.counts[key] = c
	shard.mu.Unlock()
}

// Flush writes what was counted. What cannot be written is kept for the next time.
func (u *Usage) Flush(ctx context.Context, d *db.DB) error {
	for i := range u.shards {
		shard := &u.shards[i]
		shard.mu.Lock()
		taken := shard.counts
		shard.counts = nil
		shard.mu.Unlock()
		if err := writeUsage(ctx, d, taken); err != nil {
			shard.giveBack(taken)
			return err
		}
	}
	return nil
}

func (s *usageShard) giveBack(taken map[usageKey]usageCount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[usageKey]usageCount{}
	}
	for key, c := range taken {
		now := s.counts[key]
		s.counts[key] = usageCount{now.uses + c.uses, max(now.last, c.last)}
	}
}

// writeUsage writes counts in batches and removes from counts what is on disk.
func writeUsage(ctx context.Context, d *db.DB, counts map[usageKey]usageCount) error {
	for len(counts) > 0 {
		batch := make([]usageKey, 0, usageBatch)
		for key := range counts {
			if batch = append(batch, key); len(batch) == usageBatch {
				break
			}
		}
		// All nodes lock rows in one order, or they would wait for each other in a circle.
		slices.SortFunc(batch, func(a, b usageKey) int {
			return cmp.Or(bytes.Compare(a.credential[:], b.credential[:]), cmp.Compare(a.hour, b.hour))
		})
		err := d.Write(ctx, func(tx *db.Tx) error {
			for _, key := range batch {
				if err := addUsage(tx, key, counts[key]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, key := range batch {
			delete(counts, key)
		}
	}
	return nil
}

func addUsage(tx *db.Tx, key usageKey, c usageCount) error {
	type row struct {
		hours string
		last  int64
	}
	environment, credential, day := key.environment.String(), key.credential.String(), key.hour/24
	// The row is there before it is locked: of two nodes that both found none, one would overwrite the other.
	if _, err := tx.Exec(insertUsage, environment, credential, day); err != nil {
		return err
	}
	old, err := db.One(tx, func(s db.Scan) (r row, err error) { return r, s(&r.hours, &r.last) }, selectUsage+tx.ForUpdate(), environment, credential, day)
	if err != nil {
		return err
	}
	var hours [24]uint32
	if err := json.Unmarshal([]byte(old.hours), &hours); err != nil {
		return err
	}
	hours[key.hour%24] += c.uses
	text, err := json.Marshal(hours)
	if err != nil {
		return err
	}
	_, err = tx.Exec(updateUsage, environment, credential, day, string(text), max(old.last, c.last))
	return err
}

// LastUsed returns when a credential was last used as far as that is written, or the zero time.
func LastUsed(tx *db.Tx, environment, credential uuid.UUID) (time.Time, error) {
	micros, err := db.Value[int64](tx, selectLastUsed, environment.String(), credential.String())
	return db.Time(micros), err
}

// ForgetUsage removes uses older than 90 days.
func ForgetUsage(ctx context.Context, d *db.DB) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(deleteUsage, tx.Now().Unix()/86400-usageDays)
		return err
	})
}
