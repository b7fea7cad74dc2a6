package keyring

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const (
	// MaxAge is how long a verifier may cache the key set.
	MaxAge = 10 * time.Minute
	// PublishLead is how long a key is published before it signs: [MaxAge], and a minute for the nodes that serve
	// the set to learn of it and for clocks that differ.
	PublishLead = MaxAge + time.Minute
	// SigningPeriod is how long a key signs before [Ring.Tend] replaces it.
	SigningPeriod = 90 * 24 * time.Hour
	// HandlePeriod is how long a handle key seals, and how long before that it is made.
	HandlePeriod = 24 * time.Hour
	// Retention is how long a key can still check or open tokens after it was replaced: a node that lost its
	// database may go on with the old key for 72 h, a token lives for up to 24 h, and clocks differ.
	Retention = (72 + 24 + 1) * time.Hour
)

// Change says what became of a key.
type Change struct {
	// Key is the kid of a signing key or the number of a handle key.
	Key string
	// Alg is the algorithm of a signing key, and empty for a handle key.
	Alg Alg
	// State is the one that the key is in now. A handle key is [Next] when it is made and [Deleted] at the end.
	State State
}

// Ring makes, loads and changes the keys of all environments. It is safe for concurrent use.
type Ring struct {
	vault *seal.Vault

	mu    sync.Mutex
	spare map[Alg][]crypto.Signer
}

// New returns a ring whose private keys are sealed in vault.
func New(vault *seal.Vault) *Ring { return &Ring{vault: vault, spare: map[Alg][]crypto.Signer{}} }

// Prepare makes ready the keys that the next [Ring.Ensure], [Ring.Rotate], [Ring.Withdraw] or [Ring.Tend] takes for alg.
// It is called outside a transaction: one that makes an RSA key itself holds everybody up for a good part of a second.
func (r *Ring) Prepare(alg Alg) error {
	for r.spares(alg) < 2 { // Ensure makes an active and a next key
		key, err := alg.generate()
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.spare[alg] = append(r.spare[alg], key)
		r.mu.Unlock()
	}
	return nil
}

func (r *Ring) spares(alg Alg) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.spare[alg])
}

// take returns a key that nobody has used, a prepared one when there is one.
func (r *Ring) take(alg Alg) (crypto.Signer, error) {
	r.mu.Lock()
	if n := len(r.spare[alg]); n > 0 {
		key := r.spare[alg][n-1]
		r.spare[alg] = r.spare[alg][:n-1]
		r.mu.Unlock()
		return key, nil
	}
	r.mu.Unlock()
	return alg.generate()
}

// Load returns the environment's keys as the transaction sees them. Only active keys have their private half opened.
func (r *Ring) Load(tx *db.Tx, environment uuid.UUID) (*Set, error) {
	rows, err := keyRows(tx, environment)
	if err != nil {
		return nil, err
	}
	keys := make([]*Key, 0, len(rows))
	for _, row := range rows {
		key, err := row.key()
		if err != nil {
			return nil, err
		}
		if key.State == Active {
			if key.signer, err = r.openPrivate(tx, environment, row, key.public); err != nil {
				return nil, err
			}
		}
		keys = append(keys, key)
	}
	handles, err := r.loadHandles(tx, environment)
	if err != nil {
		return nil, err
	}
	return newSet(keys, handles)
}

func (r *Ring) openPrivate(tx *db.Tx, environment uuid.UUID, row keyRow, public crypto.PublicKey) (crypto.Signer, error) {
	der, err := r.vault.Unseal(tx, environment, "signing_key", row.id, "sealed", row.sealed)
	if err != nil {
		return nil, err
	}
	signer, err := parsePrivate(der, public)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", row.id, err)
	}
	return signer, nil
}

func (r *Ring) loadHandles(tx *db.Tx, environment uuid.UUID) ([]*HandleKey, error) {
	rows, err := handleRows(tx, environment)
	if err != nil {
		return nil, err
	}
	handles := make([]*HandleKey, 0, len(rows))
	for _, row := range rows {
		secret, err := r.vault.Unseal(tx, environment, "handle_key", decimal(row.number), "sealed", row.sealed)
		if err != nil {
			return nil, err
		}
		key, err := newHandleKey(row.number, row.created, secret)
		if err != nil {
			return nil, fmt.Errorf("handle key %d: %w", row.number, err)
		}
		handles = append(handles, key)
	}
	return handles, nil
}

// Ensure sees to it that the environment has an active and a next key for alg, and reports whether it made any. The
// first active key of an algorithm signs at once: nobody can have waited for it. An unknown algorithm is
// [fault.Invalid].
func (r *Ring) Ensure(tx *db.Tx, environment uuid.UUID, alg Alg) (made bool, err error) {
	if !alg.Valid() {
		return false, fault.On("signing_alg", "the signature algorithm is one of ES256, EdDSA, RS256 and PS256")
	}
	if err := r.vault.Lock(tx, environment); err != nil {
		return false, err
	}
	rows, err := keyRows(tx, environment)
	if err != nil {
		return false, err
	}
	changes, err := r.fill(tx, environment, alg, rows)
	return len(changes) > 0, err
}

// fill makes whichever of the active and the next key of alg is not among rows.
func (r *Ring) fill(tx *db.Tx, environment uuid.UUID, alg Alg, rows []keyRow) (made []Change, err error) {
	for _, state := range []State{Active, Next} {
		if find(rows, alg, state) != nil {
			continue
		}
		id, err := r.add(tx, environment, alg, state)
		if err != nil {
			return nil, err
		}
		made = append(made, Change{id, alg, state})
	}
	return made, nil
}

func find(rows []keyRow, alg Alg, state State) *keyRow {
	for i := range rows {
		if rows[i].alg == alg && rows[i].state == state {
			return &rows[i]
		}
	}
	return nil
}

// add makes a signing key and returns its kid.
func (r *Ring) add(tx *db.Tx, environment uuid.UUID, alg Alg, state State) (string, error) {
	signer, err := r.take(alg)
	if err != nil {
		return "", err
	}
	id, err := thumbprint(signer.Public())
	if err != nil {
		return "", err
	}
	public, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return "", err
	}
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return "", err
	}
	sealed, err := r.vault.Seal(tx, environment, "signing_key", id, "sealed", private)
	if err != nil {
		return "", err
	}
	created, activated := db.Micros(tx.Now()), int64(0)
	if state == Active {
		activated = created
	}
	_, err = tx.Exec(insertKey, environment.String(), id, string(alg), string(state), public, sealed, created, activated)
	return id, err
}

// EnsureHandles gives a new environment its first handle key and the one for the day after, and reports whether it
// made any.
func (r *Ring) EnsureHandles(tx *db.Tx, environment uuid.UUID) (made bool, err error) {
	if err := r.vault.Lock(tx, environment); err != nil {
		return false, err
	}
	rows, err := handleRows(tx, environment)
	if err != nil || len(rows) > 0 {
		return false, err
	}
	for number := range int64(2) {
		if err := r.addHandle(tx, environment, 1+number); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (r *Ring) addHandle(tx *db.Tx, environment uuid.UUID, number int64) error {
	secret := make([]byte, chacha20poly1305.KeySize)
	_, _ = rand.Read(secret) // never fails; the program ends instead
	sealed, err := r.vault.Seal(tx, environment, "handle_key", decimal(number), "sealed", secret)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertHandle, environment.String(), number, sealed, db.Micros(tx.Now()))
	return err
}
