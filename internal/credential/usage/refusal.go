package usage

import (
	"bytes"
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	// MaxRefusals is how many refusals are kept of one application, the latest.
	MaxRefusals = 20

	refusalShards = 16
	// refusalOwners bounds the applications in one shard, and with it the memory that guessing can take: 10,000
	// applications in all, 130 MB at the very most.
	refusalOwners = 10_000 / refusalShards
	// maxDetail bounds what is kept of a detail, in bytes: a trust may want 23 claims of half a kilobyte, and their
	// differences times 20 times 10,000 would be gigabytes.
	maxDetail = 500
	// refusalBatch bounds the rows of one transaction.
	refusalBatch = 250
	// refusalLife is how long refusals are kept.
	refusalLife = 90 * 24 * time.Hour

	// A refusal's number modulo [MaxRefusals] is its slot, so that no application ever has more rows.
	upsertRefusal = `INSERT INTO application_refusal (environment_id, application_id, slot, number, at, reason, method, address, credential_id, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (environment_id, application_id, slot) DO UPDATE SET number = excluded.number, at = excluded.at,
reason = excluded.reason, method = excluded.method, address = excluded.address, credential_id = excluded.credential_id,
detail = excluded.detail`
	selectNextRefusal = `SELECT coalesce(max(number) + 1, 0) FROM application_refusal WHERE environment_id = $1 AND application_id = $2`
	selectRefusals    = `SELECT at, reason, method, address, credential_id, detail FROM application_refusal
WHERE environment_id = $1 AND application_id = $2 ORDER BY at DESC, number DESC`
	deleteRefusals = `DELETE FROM application_refusal WHERE at < $1`
)

// Refusal is a request of an application that was refused. Nothing in it but the address is the caller's, and what of
// a foreign token is in Detail, short and clean.
type Refusal struct {
	At time.Time
	// Reason is one stable word of ours.
	Reason string
	// Method is how the client authenticated itself, one of [application.AuthMethods].
	Method string
	// Address is the caller's; the zero address when there is none.
	Address netip.Addr
	// Credential is the one whose secret was presented; zero when that was no right secret.
	Credential uuid.UUID
	// Detail says what differed, where a word does not say it: in a certificate, or in another issuer's token.
	Detail string
}

// Refusals keeps refusals in memory until they are written. Noting one costs a lock on one shard and touches no
// database. They are no events of the ledger: strangers cause them.
type Refusals struct {
	writing sync.Mutex // held by Flush
	shards  [refusalShards]refusalShard
	dropped atomic.Uint64
}

type refusalShard struct {
	mu   sync.Mutex
	kept map[refusalOwner][]Refusal // oldest first
}

type refusalOwner struct{ environment, application uuid.UUID }

// Note keeps a refusal of an application, which must be one that exists: nothing may be kept for ids that
// strangers make up.
func (n *Refusals) Note(environment, app uuid.UUID, r Refusal) {
	if len(r.Detail) > maxDetail {
		r.Detail = strings.ToValidUTF8(r.Detail[:maxDetail], "") + "…"
	}
	shard := &n.shards[app[15]%refusalShards]
	shard.mu.Lock()
	kept := shard.keep(refusalOwner{environment, app}, r)
	shard.mu.Unlock()
	if !kept {
		n.dropped.Add(1)
	}
}

// Dropped returns how many refusals were lost because too many applications had unwritten ones.
func (n *Refusals) Dropped() uint64 { return n.dropped.Load() }

// Waiting returns how many applications have refusals that are not written yet.
func (n *Refusals) Waiting() (applications int) {
	for i := range n.shards {
		shard := &n.shards[i]
		shard.mu.Lock()
		applications += len(shard.kept)
		shard.mu.Unlock()
	}
	return applications
}

// keep adds the latest refusal of an application and reports whether there was room for it.
func (s *refusalShard) keep(owner refusalOwner, r Refusal) bool {
	ring, known := s.kept[owner]
	switch {
	case !known && len(s.kept) >= refusalOwners:
		return false
	case s.kept == nil:
		s.kept = map[refusalOwner][]Refusal{}
	case len(ring) == MaxRefusals:
		copy(ring, ring[1:])
		ring = ring[:MaxRefusals-1]
	}
	s.kept[owner] = append(ring, r)
	return true
}

// Flush writes what was noted, and returns when what another call took away before is written, too. What cannot be written is
// kept for the next time.
func (n *Refusals) Flush(ctx context.Context, d *db.DB) error {
	n.writing.Lock()
	defer n.writing.Unlock()
	for i := range n.shards {
		shard := &n.shards[i]
		shard.mu.Lock()
		taken := shard.kept
		shard.kept = nil
		shard.mu.Unlock()
		if err := writeRefusals(ctx, d, taken); err != nil {
			n.dropped.Add(shard.giveBack(taken))
			return err
		}
	}
	return nil
}

// giveBack puts refusals before those that came since, and returns how many there was no room for.
func (s *refusalShard) giveBack(taken map[refusalOwner][]Refusal) (dropped uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since := s.kept
	s.kept = taken
	for owner, ring := range since {
		for _, r := range ring {
			if !s.keep(owner, r) {
				dropped++
			}
		}
	}
	return dropped
}

// writeRefusals writes refusals in batches and removes from kept what is on disk.
func writeRefusals(ctx context.Context, d *db.DB, kept map[refusalOwner][]Refusal) error {
	for len(kept) > 0 {
		var batch []refusalOwner
		rows := 0
		for owner, ring := range kept {
			if rows += len(ring); rows > refusalBatch {
				break
			}
			batch = append(batch, owner)
		}
		// All nodes lock rows in one order, or they would wait for each other in a circle.
		slices.SortFunc(batch, func(a, b refusalOwner) int {
			return cmp.Or(bytes.Compare(a.environment[:], b.environment[:]), bytes.Compare(a.application[:], b.application[:]))
		})
		err := d.Write(ctx, func(tx *db.Tx) error {
			for _, owner := range batch {
				if err := addRefusals(tx, owner, kept[owner]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, owner := range batch {
			delete(kept, owner)
		}
	}
	return nil
}

// addRefusals writes refusals over the oldest ones. Those of an application that was deleted meanwhile are let go.
func addRefusals(tx *db.Tx, owner refusalOwner, ring []Refusal) error {
	// The lock keeps another node from giving out the same numbers.
	_, err := application.Lock(tx, owner.environment, owner.application)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	environment, app := owner.environment.String(), owner.application.String()
	number, err := db.Value[int64](tx, selectNextRefusal, environment, app)
	if err != nil {
		return err
	}
	for _, r := range ring {
		address, credential := "", ""
		if r.Address.IsValid() {
			address = r.Address.String()
		}
		if r.Credential != uuid.Nil {
			credential = r.Credential.String()
		}
		if _, err := tx.Exec(upsertRefusal, environment, app, number%MaxRefusals, number, db.Micros(r.At), r.Reason, r.Method, address, credential, r.Detail); err != nil {
			return err
		}
		number++
	}
	return nil
}

// ListRefusals returns the latest refusals of an application as far as they are written, newest first and at most
// [MaxRefusals]. It is for those who may read applications.
func ListRefusals(tx *db.Tx, actor *access.Actor, app uuid.UUID) ([]Refusal, error) {
	a, err := application.Get(tx, actor, app)
	if err != nil {
		return nil, err
	}
	return db.All(tx, scanRefusal, selectRefusals, a.Environment.String(), a.ID.String())
}

func scanRefusal(s db.Scan) (r Refusal, err error) {
	var at int64
	var address, credential string
	if err = s(&at, &r.Reason, &r.Method, &address, &credential, &r.Detail); err != nil {
		return r, err
	}
	r.At = db.Time(at)
	if address != "" {
		if r.Address, err = netip.ParseAddr(address); err != nil {
			return r, err
		}
	}
	if credential != "" {
		r.Credential, err = uuid.Parse(credential)
	}
	return r, err
}

// ForgetRefusals removes refusals older than 90 days.
func ForgetRefusals(ctx context.Context, d *db.DB) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(deleteRefusals, db.Micros(tx.Now().Add(-refusalLife)))
		return err
	})
}
