package web

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// IdempotencyLife is how long a key is remembered.
const IdempotencyLife = 24 * time.Hour

// Attempt is one request to create something under an Idempotency-Key. Without a key every function about it
// does nothing, so that doors need no branch.
type Attempt struct {
	// Environment and Principal say who asks: a key means something only for one caller.
	Environment, Principal string
	// Key is the header as the caller sent it.
	Key string
	// Route is the pattern of the request with the ids in it, and Body what was asked for.
	Route string
	Body  []byte
}

// Idempotency knows the attempts that run on this node. The zero value is ready.
type Idempotency struct{ running sync.Map }

type attemptKey struct{ environment, principal, key string }

// Begin claims the key for one attempt until done is called. While another one holds it on this node the answer
// is [fault.Conflict]; one on another node meets it in [Attempt.Remember]. A key that is not 1 to 255 visible
// ASCII characters is [fault.Invalid].
func (i *Idempotency) Begin(a Attempt) (done func(), err error) {
	if a.Key == "" {
		return func() {}, nil
	}
	if len(a.Key) > 255 {
		return nil, errKey
	}
	for _, c := range []byte(a.Key) {
		if c <= ' ' || c > '~' {
			return nil, errKey
		}
	}
	claim := attemptKey{a.Environment, a.Principal, a.Key}
	if _, taken := i.running.LoadOrStore(claim, true); taken {
		return nil, errRunning
	}
	return func() { i.running.Delete(claim) }, nil
}

// Recall returns the resource that an earlier attempt with the same key made, or nothing. The same key with
// another route or body is [fault.Invalid], for which the draft says 422 (draft-ietf-httpapi-idempotency-key-header).
func (a Attempt) Recall(tx *db.Tx) (resource string, err error) {
	if a.Key == "" {
		return "", nil
	}
	found, err := findAttempt(tx, a)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if found.route != a.Route || found.hash != a.hash() {
		return "", fault.On("header.Idempotency-Key", "used before for another request: choose a new key")
	}
	return found.resource, nil
}

// Remember notes, in the transaction that makes the resource, where it stands. It is [fault.Conflict] when
// another node was faster, which undoes the transaction.
func (a Attempt) Remember(tx *db.Tx, resource string) error {
	if a.Key == "" {
		return nil
	}
	added, err := addAttempt(tx, a, resource)
	if fault.Is(err, fault.Conflict) || err == nil && !added {
		return errRunning
	}
	return err
}

// hash tells bodies apart without keeping them: they may hold secrets.
func (a Attempt) hash() string {
	sum := sha256.Sum256(a.Body)
	return hex.EncodeToString(sum[:])
}

var (
	errKey     = fault.On("header.Idempotency-Key", "must be 1 to 255 visible ASCII characters")
	errRunning = fault.New(fault.Conflict, "a request with this Idempotency-Key is still running: repeat yours when it has ended")
)
