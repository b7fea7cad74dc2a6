package usage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

const (
	// grantSets bounds the sets of permissions that a shard remembers of one day: 32,000 in all, 1 MB. Beyond, it forgets
	// them all and notes them again, which costs no more than a few rows.
	grantSets = 2000
	// grantRows bounds what a shard keeps for writing: 160,000 in all, 10 MB. Beyond, a permission waits for its next token.
	grantRows = 10_000

	upsertGranted = `INSERT INTO permission_usage (environment_id, credential_id, number, day) VALUES ($1, $2, $3, $4)
ON CONFLICT (environment_id, credential_id, number) DO UPDATE SET day = excluded.day WHERE excluded.day > permission_usage.day`
	// A row of no environment says since when permissions are noted at all: of the time before, nothing can be said.
	insertNotedSince = `INSERT INTO permission_usage (environment_id, credential_id, number, day) VALUES ('', '', 0, $1) ON CONFLICT DO NOTHING`
	selectNotedSince = `SELECT coalesce(min(day), 0) FROM permission_usage WHERE environment_id = ''`
	selectGranted    = `SELECT credential_id, number FROM permission_usage WHERE environment_id = $1 AND day >= $2`
	deleteGranted    = `DELETE FROM permission_usage WHERE day < $1 AND environment_id <> ''`
)

// grants notes which permissions were in tokens, by the day.
type grants struct {
	mu      sync.Mutex
	day     int32
	seen    map[uint64]struct{}     // of day
	waiting map[grantedNumber]int32 // the day of each permission that is not written
}

// grantedNumber holds no pointers, so the collector never walks the map.
type grantedNumber struct {
	environment, credential uuid.UUID
	number                  uint32
}

// Granted notes that a token with these permissions was got with a credential. The same again on the same day costs one
// look into a map.
func (u *Counter) Granted(environment, credential uuid.UUID, permissions []uint32, now time.Time) {
	// As FNV-1a, begun with the random bits of the id: both are ours, so nobody can choose a collision.
	set := binary.LittleEndian.Uint64(credential[:8]) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(credential[8:]), 32)
	for _, n := range permissions {
		set = (set ^ uint64(n)) * 1099511628211
	}
	g, day := &u.grants[credential[15]%usageShards], int32(now.Unix()/86400)
	g.mu.Lock()
	defer g.mu.Unlock()
	if day == g.day {
		if _, seen := g.seen[set]; seen {
			return
		}
	}
	g.note(environment, credential, set, permissions, day)
}

func (g *grants) note(environment, credential uuid.UUID, set uint64, permissions []uint32, day int32) {
	if g.seen == nil || day != g.day || len(g.seen) >= grantSets {
		g.seen, g.day = map[uint64]struct{}{}, day
	}
	if g.waiting == nil {
		g.waiting = map[grantedNumber]int32{}
	}
	for _, n := range permissions {
		if len(g.waiting) >= grantRows {
			return // not seen, so that it is noted when there is room again
		}
		g.waiting[grantedNumber{environment, credential, n}] = day
	}
	g.seen[set] = struct{}{}
}

// flush writes what was noted. What cannot be written is kept for the next time.
func (g *grants) flush(ctx context.Context, d *db.DB) error {
	g.mu.Lock()
	taken := g.waiting
	g.waiting = nil
	g.mu.Unlock()
	err := writeGranted(ctx, d, taken)
	if err == nil || len(taken) == 0 {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, day := range g.waiting {
		taken[key] = max(taken[key], day)
	}
	g.waiting = taken
	return err
}

// writeGranted writes in batches and removes from waiting what is on disk.
func writeGranted(ctx context.Context, d *db.DB, waiting map[grantedNumber]int32) error {
	for len(waiting) > 0 {
		batch := make([]grantedNumber, 0, usageBatch)
		for key := range waiting {
			if batch = append(batch, key); len(batch) == usageBatch {
				break
			}
		}
		// All nodes lock rows in one order, or they would wait for each other in a circle.
		slices.SortFunc(batch, func(a, b grantedNumber) int {
			return cmp.Or(bytes.Compare(a.environment[:], b.environment[:]), bytes.Compare(a.credential[:], b.credential[:]), cmp.Compare(a.number, b.number))
		})
		err := d.Write(ctx, func(tx *db.Tx) error {
			if _, err := tx.Exec(insertNotedSince, tx.Now().Unix()/86400); err != nil {
				return err
			}
			for _, key := range batch {
				if _, err := tx.Exec(upsertGranted, key.environment.String(), key.credential.String(), key.number, waiting[key]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, key := range batch {
			delete(waiting, key)
		}
	}
	return nil
}

// PermissionsUsed returns, by the id of the credential, the numbers of the permissions of an environment that were in a
// token within [Days], and since when that is noted: the zero time if nothing ever was.
func PermissionsUsed(tx *db.Tx, environment uuid.UUID) (used map[string][]uint32, since time.Time, err error) {
	day, err := db.Value[int64](tx, selectNotedSince)
	if err != nil || day == 0 {
		return nil, time.Time{}, err
	}
	used = map[string][]uint32{}
	err = tx.Each(func(s db.Scan) error {
		var credential string
		var number uint32
		if err := s(&credential, &number); err != nil {
			return err
		}
		used[credential] = append(used[credential], number)
		return nil
	}, selectGranted, environment.String(), tx.Now().Unix()/86400-Days)
	return used, time.Unix(day*86400, 0).UTC(), err
}
