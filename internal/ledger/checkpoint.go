package ledger

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// A checkpoint is due after so many events, or so long after the last one when there was any event.
const (
	dueEvents = 1000
	dueTime   = 60 * time.Second
)

// Checkpoint says, with a signature, what the hash of an event was. Its JSON form is what the API shows and what an
// auditor keeps: {"environment","number","hash" (hexadecimal),"at" (RFC 3339),"signature" (base64)}.
type Checkpoint struct {
	Environment uuid.UUID `json:"environment"`
	Number      int64     `json:"number"`
	Hash        Hash      `json:"hash"`
	At          time.Time `json:"at"` // when it was signed; whole microseconds, UTC
	Signature   []byte    `json:"signature"`
}

// ParseCheckpoint reads the JSON form of a checkpoint. Anything else is [fault.Invalid].
func ParseCheckpoint(text []byte) (Checkpoint, error) {
	var c Checkpoint
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&c)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows it")
		}
	}
	if err != nil || c.Number < 0 || len(c.Signature) != ed25519.SignatureSize {
		return Checkpoint{}, fault.Wrap(fault.Invalid, err, "this is not a ledger checkpoint: "+
			`one looks like {"environment":"…","number":1,"hash":"…","at":"…","signature":"…"}`)
	}
	return c, nil
}

// SignedBy reports whether the checkpoint is signed by the key whose public half is given.
func (c Checkpoint) SignedBy(public ed25519.PublicKey) bool {
	return len(public) == ed25519.PublicKeySize && ed25519.Verify(public, c.message(), c.Signature)
}

// message is what the signature covers; see the package's documentation.
func (c Checkpoint) message() []byte {
	return frame(checkpointPurpose, c.Environment.String(), decimal(c.Number), string(c.Hash[:]), decimal(db.Micros(c.At)))
}

// Sign signs the head of an environment's ledger and returns the checkpoint; when the head is signed already, that
// one. It refuses, with [fault.Conflict], to sign a head that lies before the last checkpoint or contradicts it,
// which would make a cut or rewritten ledger look whole.
func Sign(ctx context.Context, d *db.DB, v *seal.Vault, environment uuid.UUID) (Checkpoint, error) {
	var signed Checkpoint
	err := d.Write(ctx, func(tx *db.Tx) error {
		var err error
		signed, err = sign(tx, v, environment)
		return err
	})
	return signed, err
}

func sign(tx *db.Tx, v *seal.Vault, environment uuid.UUID) (Checkpoint, error) {
	head, err := Last(tx, environment)
	if err != nil {
		return Checkpoint{}, err
	}
	last, err := db.One(tx, scanCheckpoint(environment), selectLastCheckpoint, environment.String())
	switch {
	case fault.Is(err, fault.NotFound): // the first one
	case err != nil:
		return Checkpoint{}, err
	case last.Number == head.Number && last.Hash == head.Hash:
		return last, nil
	case last.Number >= head.Number:
		return Checkpoint{}, fault.New(fault.Conflict, "the ledger of environment %s does not contain what was signed up "+
			"to event %d: it was cut or rewritten; run counterfoil audit verify", environment, last.Number)
	}
	key, err := openKey(tx, v, environment)
	if err != nil {
		return Checkpoint{}, err
	}
	c := Checkpoint{Environment: environment, Number: head.Number, Hash: head.Hash, At: tx.Now()}
	c.Signature = ed25519.Sign(key, c.message())
	made, err := tx.Exec(insertCheckpoint, environment.String(), c.Number, c.Hash, db.Micros(c.At), c.Signature)
	if err == nil && made == 0 { // another node was faster
		return db.One(tx, scanCheckpoint(environment), selectLastCheckpoint, environment.String())
	}
	return c, err
}

// SignDue is the chore that signs every head which moved 1,000 events past its last checkpoint, or at all when that
// is 60 s old. It logs each checkpoint, so that the log keeps them where an intruder in the database does not
// reach. It is meant to run every few seconds on one node; one environment's failure does not stop the others.
func SignDue(ctx context.Context, d *db.DB, v *seal.Vault, log *slog.Logger) error {
	var due []uuid.UUID
	err := d.Read(ctx, func(tx *db.Tx) error {
		var err error
		due, err = db.All(tx, func(scan db.Scan) (uuid.UUID, error) {
			var id uuid.UUID
			return id, scan(&id)
		}, selectDue, dueEvents, db.Micros(tx.Now().Add(-dueTime)))
		return err
	})
	for _, environment := range due {
		c, failed := Sign(ctx, d, v, environment)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("sign the ledger of environment %s: %w", environment, failed))
			continue
		}
		log.Info("ledger checkpoint", "environment", c.Environment, "number", c.Number, "hash", c.Hash, "at", c.At,
			"signature", c.Signature)
	}
	return err
}

func scanCheckpoint(environment uuid.UUID) func(db.Scan) (Checkpoint, error) {
	return func(scan db.Scan) (Checkpoint, error) {
		c := Checkpoint{Environment: environment}
		var at int64
		err := scan(&c.Number, &c.Hash, &at, &c.Signature)
		c.At = db.Time(at)
		return c, err
	}
}

// makeKey makes the key that signs an environment's checkpoints.
func makeKey(tx *db.Tx, v *seal.Vault, environment uuid.UUID) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	id := environment.String()
	sealed, err := v.Seal(tx, environment, "ledger_key", id, "sealed", private.Seed())
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertKey, id, []byte(public), sealed)
	return err
}

// Reseal seals the key that signs an environment's checkpoints under the environment's present sealing key; see
// [seal.Vault.Rekey].
func Reseal(tx *db.Tx, v *seal.Vault, environment uuid.UUID) error {
	id := environment.String()
	sealed, err := db.Value[[]byte](tx, selectSealed, id)
	if err != nil {
		return err
	}
	if sealed, err = v.Reseal(tx, environment, "ledger_key", id, "sealed", sealed); err != nil {
		return err
	}
	_, err = tx.Exec(updateSealed, id, sealed)
	return err
}

func openKey(tx *db.Tx, v *seal.Vault, environment uuid.UUID) (ed25519.PrivateKey, error) {
	id := environment.String()
	var public, sealed []byte
	_, err := db.One(tx, func(scan db.Scan) (struct{}, error) { return struct{}{}, scan(&public, &sealed) }, selectKey, id)
	if err != nil {
		return nil, err
	}
	seed, err := v.Unseal(tx, environment, "ledger_key", id, "sealed", sealed)
	if err != nil {
		return nil, err
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("the checkpoint key of environment %s has %d bytes", id, len(seed))
	}
	key := ed25519.NewKeyFromSeed(seed)
	if !bytes.Equal(key.Public().(ed25519.PublicKey), public) {
		return nil, fmt.Errorf("the checkpoint key of environment %s does not belong to its published half", id)
	}
	return key, nil
}
