package assertion

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	// seenBatch bounds the rows of one transaction, and seenQueue the calls that wait for one.
	seenBatch = 250
	seenQueue = 10_000
	// seenTimeout bounds a transaction, so that a database that hangs refuses instead of gathering callers.
	seenTimeout = 5 * time.Second
	// forgetBatch is how many rows one transaction removes: few enough not to hold up other writers.
	forgetBatch = 1000
	// seenMargin is how much longer than an assertion its row lives, for nodes whose clocks disagree.
	seenMargin = 10 * time.Minute
)

// Seen lets each assertion count once, on all nodes that share its database. It is safe for concurrent use; the zero
// value with DB and Now set is ready.
type Seen struct {
	DB  *db.DB
	Now func() time.Time

	mu      sync.Mutex
	waiting []*call
	running bool
}

// call is one question, and then its answer.
type call struct {
	environment string
	hash        [sha256.Size]byte
	expires     int64
	err         error
	done        chan struct{}
}

// Once returns nil the first time that it is asked about an assertion of issuer, and a [Refused] by [Replayed] every
// time after, on whatever node, until expires at least. It is [fault.Unavailable] when the database is away, which must
// refuse the assertion, too.
//
// Calls that come together share a transaction. A caller that stops waiting may have used its assertion up.
func (s *Seen) Once(ctx context.Context, environment uuid.UUID, issuer, jti string, expires time.Time) error {
	if jti == "" {
		return refuse(NoID, "jti is missing")
	}
	c := &call{
		environment: environment.String(), hash: fingerprint(issuer, jti), expires: db.Micros(expires), done: make(chan struct{}),
	}
	s.mu.Lock()
	if len(s.waiting) >= seenQueue {
		s.mu.Unlock()
		return fault.New(fault.Unavailable, "too many assertions are waiting to be recorded")
	}
	s.waiting = append(s.waiting, c)
	if !s.running {
		s.running = true
		go s.record()
	}
	s.mu.Unlock()
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, ctx.Err(), "the assertion was not recorded in time")
	}
}

// fingerprint hashes both texts with the first one's length, so that no two pairs share a text.
func fingerprint(issuer, jti string) (sum [sha256.Size]byte) {
	text := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(issuer)+len(jti)), uint32(len(issuer)))
	return sha256.Sum256(append(append(text, issuer...), jti...))
}

// record answers batch after batch until nobody waits. Those who come while one is being written are the next.
func (s *Seen) record() {
	for {
		s.mu.Lock()
		batch := s.waiting
		if len(batch) == 0 {
			s.running = false
			s.waiting = nil
			s.mu.Unlock()
			return
		}
		batch = batch[:min(len(batch), seenBatch)]
		s.waiting = s.waiting[len(batch):]
		s.mu.Unlock()
		s.settle(batch)
		for _, c := range batch {
			close(c.done)
		}
	}
}

func order(a, b *call) int {
	return cmp.Or(cmp.Compare(a.environment, b.environment), bytes.Compare(a.hash[:], b.hash[:]))
}

// settle decides about a batch. Rows are written in their order, so that two nodes never wait for each other's.
func (s *Seen) settle(batch []*call) {
	sorted := slices.Clone(batch)
	slices.SortStableFunc(sorted, order)
	distinct := slices.CompactFunc(slices.Clone(sorted), func(a, b *call) bool { return order(a, b) == 0 })

	ctx, cancel := context.WithTimeout(context.Background(), seenTimeout)
	defer cancel()
	var fresh map[string]bool
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		fresh, err = insertSeen(tx, distinct)
		return err
	})
	if err != nil && fault.Of(err) != fault.Unavailable {
		err = fault.Wrap(fault.Unavailable, err, "the assertion could not be recorded")
	}
	for _, c := range sorted {
		key := c.environment + string(c.hash[:])
		switch {
		case err != nil:
			c.err = err
		case !fresh[key]:
			c.err = refuse(Replayed, "the assertion was used before")
		}
		delete(fresh, key) // the next one with this hash in the batch is a replay
	}
}

// Forget removes what can no longer be replayed because it has expired, for a chore.
func (s *Seen) Forget(ctx context.Context) error {
	before := db.Micros(s.Now().Add(-seenMargin))
	for more := true; more; {
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			rows, err := tx.Exec(deleteSeen, before, forgetBatch)
			more = rows == forgetBatch
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
