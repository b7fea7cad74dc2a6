package usage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// FlushEvery is how often uses are written; what the admin API says of them is at most this much late, and a
// crash loses at most this much.
const FlushEvery = 30 * time.Second

const (
	usageShards = 16
	// usageBatch bounds the rows of one transaction, so that a flush never holds up other writers for long.
	usageBatch = 250

	selectUsage = `SELECT hours, refused, last_used_at, last_address, last_agent FROM credential_usage WHERE environment_id = $1 AND credential_id = $2 AND day = $3`
	insertUsage = `INSERT INTO credential_usage (environment_id, credential_id, day, hours, last_used_at) VALUES ($1, $2, $3, '[]', 0)
ON CONFLICT (environment_id, credential_id, day) DO NOTHING`
	updateUsage = `UPDATE credential_usage SET hours = $4, refused = $5, last_used_at = $6, last_address = $7, last_agent = $8
WHERE environment_id = $1 AND credential_id = $2 AND day = $3`
	selectLastUsed = `SELECT last_used_at, last_address, last_agent FROM credential_usage
WHERE environment_id = $1 AND credential_id = $2 AND last_used_at > 0 ORDER BY day DESC LIMIT 1`
	selectLastUses = `SELECT credential_id, max(last_used_at) FROM credential_usage
WHERE environment_id = $1 AND last_used_at > 0 GROUP BY credential_id`
	selectUses  = `SELECT day, hours, refused FROM credential_usage WHERE environment_id = $1 AND credential_id = $2 AND day >= $3 ORDER BY day`
	deleteUsage = `DELETE FROM credential_usage WHERE day < $1`
)

// Days is for how many days uses are kept.
const Days = 90

// Counter counts the uses of credentials in memory. Counting costs a lock on one shard and touches no database.
type Counter struct {
	shards [usageShards]usageShard
	grants [usageShards]grants
}

type usageShard struct {
	mu     sync.Mutex
	counts map[usageKey]usageCount
}

// usageKey and usageCount hold no pointers, so the collector never walks the map.
type usageKey struct {
	environment uuid.UUID
	credential  uuid.UUID // or the application, of what failed
	hour        int64     // hours since 1970
}

type usageCount struct {
	uses, refused, failed uint32
	last                  int64 // microseconds since 1970
	from                  [16]byte
	known                 bool // from is an address
	agent                 [agentLength]byte
}

// agentLength is how much is kept of what a program calls itself.
const agentLength = 48

// Use is one use of a credential.
type Use struct {
	At time.Time
	// Refused says that the credential was right and not let in.
	Refused bool
	// Address is where the caller is, and Agent what it calls itself (RFC 9110 §10.1.5).
	Address netip.Addr
	Agent   string
}

// Count notes one use.
func (u *Counter) Count(environment, credential uuid.UUID, use Use) {
	shard := &u.shards[credential[15]%usageShards]
	key := usageKey{environment, credential, use.At.Unix() / 3600}
	shard.mu.Lock()
	if shard.counts == nil {
		shard.counts = map[usageKey]usageCount{}
	}
	c := shard.counts[key]
	if use.Refused {
		c.refused++
	} else {
		c.uses++
		c.last = use.At.UnixMicro()
		if c.known = use.Address.IsValid(); c.known {
			c.from = use.Address.As16()
		}
		clear(c.agent[copy(c.agent[:], use.Agent):])
	}
	shard.counts[key] = c
	shard.mu.Unlock()
}

// Failed notes that somebody named an application, which must be one that exists, and proved nothing.
func (u *Counter) Failed(environment, app uuid.UUID, at time.Time) {
	shard := &u.shards[app[15]%usageShards]
	key := usageKey{environment, app, at.Unix() / 3600}
	shard.mu.Lock()
	if shard.counts == nil {
		shard.counts = map[usageKey]usageCount{}
	}
	c := shard.counts[key]
	c.failed++
	shard.counts[key] = c
	shard.mu.Unlock()
}

// Flush writes what was counted. What cannot be written is kept for the next time.
func (u *Counter) Flush(ctx context.Context, d *db.DB) error {
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
		if err := u.grants[i].flush(ctx, d); err != nil {
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
		uses, refused, failed := now.uses+c.uses, now.refused+c.refused, now.failed+c.failed
		if c.last > now.last {
			now = c
		}
		now.uses, now.refused, now.failed = uses, refused, failed
		s.counts[key] = now
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
			return addTotals(tx, batch, counts)
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
	if c.failed > 0 {
		_, err := tx.Exec(upsertFailed, key.environment.String(), key.credential.String(), key.hour, c.failed)
		return err
	}
	environment, credential, day := key.environment.String(), key.credential.String(), key.hour/24
	// The row is there before it is locked: of two nodes that both found none, one would overwrite the other.
	if _, err := tx.Exec(insertUsage, environment, credential, day); err != nil {
		return err
	}
	type row struct {
		hours, refused, address, agent string
		last                           int64
	}
	r, err := db.One(tx, func(s db.Scan) (r row, err error) { return r, s(&r.hours, &r.refused, &r.last, &r.address, &r.agent) },
		selectUsage+tx.ForUpdate(), environment, credential, day)
	if err != nil {
		return err
	}
	if r.hours, err = added(r.hours, key.hour%24, c.uses); err != nil {
		return err
	}
	if r.refused, err = added(r.refused, key.hour%24, c.refused); err != nil {
		return err
	}
	if c.last > r.last {
		r.last, r.address, r.agent = c.last, c.address(), printable(c.agent[:])
	}
	_, err = tx.Exec(updateUsage, environment, credential, day, r.hours, r.refused, r.last, r.address, r.agent)
	return err
}

// added adds to one of the 24 counts of a day.
func added(text string, hour int64, count uint32) (string, error) {
	if count == 0 {
		return text, nil
	}
	var hours [24]uint32
	if err := json.Unmarshal([]byte(text), &hours); err != nil {
		return "", err
	}
	hours[hour] += count
	sum, err := json.Marshal(hours)
	return string(sum), err
}

func (c *usageCount) address() string {
	if !c.known {
		return ""
	}
	return netip.AddrFrom16(c.from).Unmap().String()
}

// printable returns what a program called itself without anything that a terminal or a table would obey.
func printable(agent []byte) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, string(agent)))
}

// LastUse is when, from where and by what a credential was last used, as far as that is written.
type LastUse struct {
	At             time.Time
	Address, Agent string
}

// LastUsed returns the last use of a credential within 90 days, as far as that is written, or a zero one.
func LastUsed(tx *db.Tx, environment, credential uuid.UUID) (LastUse, error) {
	last, err := db.One(tx, func(s db.Scan) (l LastUse, err error) {
		var at int64
		err = s(&at, &l.Address, &l.Agent)
		l.At = db.Time(at)
		return l, err
	}, selectLastUsed, environment.String(), credential.String())
	if fault.Is(err, fault.NotFound) {
		return LastUse{}, nil
	}
	return last, err
}

// Hour is the uses of a credential in one hour that had any.
type Hour struct {
	At            time.Time // when it began
	Uses, Refused uint32
}

// Uses lists the uses of a credential since some time, hour by hour, at most 90 days back.
func Uses(tx *db.Tx, environment, credential uuid.UUID, since time.Time) (hours []Hour, err error) {
	err = tx.Each(func(s db.Scan) error {
		var day int64
		var usesText, refusedText string
		if err := s(&day, &usesText, &refusedText); err != nil {
			return err
		}
		var uses, refused [24]uint32
		if err := errors.Join(json.Unmarshal([]byte(usesText), &uses), json.Unmarshal([]byte(refusedText), &refused)); err != nil {
			return err
		}
		for i := range uses {
			at := time.Unix((day*24+int64(i))*3600, 0).UTC()
			if uses[i]+refused[i] > 0 && !at.Before(since.Truncate(time.Hour)) {
				hours = append(hours, Hour{at, uses[i], refused[i]})
			}
		}
		return nil
	}, selectUses, environment.String(), credential.String(), since.Unix()/86400)
	return hours, err
}

// LastUses returns when each credential of an environment was last used within [Days], by its id, as far as it was used
// and that is written.
func LastUses(tx *db.Tx, environment uuid.UUID) (last map[string]time.Time, err error) {
	last = map[string]time.Time{}
	err = tx.Each(func(s db.Scan) error {
		var id string
		var at int64
		err := s(&id, &at)
		last[id] = db.Time(at)
		return err
	}, selectLastUses, environment.String())
	return last, err
}

// Forget removes uses older than 90 days.
func Forget(ctx context.Context, d *db.DB) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		for _, statement := range []string{deleteUsage, deleteGranted} {
			if _, err := tx.Exec(statement, tx.Now().Unix()/86400-Days); err != nil {
				return err
			}
		}
		oldest := (tx.Now().Unix()/86400 - Days) * 24
		if _, err := tx.Exec(deleteFailed, oldest); err != nil {
			return err
		}
		_, err := tx.Exec(deleteTotal, oldest)
		return err
	})
}
