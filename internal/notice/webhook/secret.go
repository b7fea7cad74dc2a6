package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const (
	// secretPrefix stands before the base64 of a signing secret (Standard Webhooks, "Signature scheme").
	secretPrefix = "whsec_"
	// secretSize is that of the key inside, in bytes; the specification asks for 24 to 64.
	secretSize = 32
	// Overlap is how long a secret goes on signing beside the one that replaced it.
	Overlap = 24 * time.Hour
	// maxSecrets bounds how many sign at once, and with it the length of the header.
	maxSecrets = 4
)

// Create adds an endpoint to the actor's environment and returns the secret that signs its messages; nobody sees it
// again. It hears of everything from now on, its own creation included if its kinds cover that. The 21st endpoint is
// [fault.Conflict].
func (y *Authority) Create(tx *db.Tx, actor *access.Actor, spec Spec) (*Endpoint, seal.Secret, error) {
	if err := allowSending(tx, actor); err != nil {
		return nil, seal.Secret{}, err
	}
	// The lock makes creations take turns, so that the limit holds.
	if err := y.Vault.Lock(tx, actor.Environment); err != nil {
		return nil, seal.Secret{}, err
	}
	count, err := db.Value[int64](tx, countEndpoints, actor.Environment.String())
	if err != nil {
		return nil, seal.Secret{}, err
	}
	if count >= MaxEndpoints {
		return nil, seal.Secret{}, fault.New(fault.Conflict, "an environment has at most %d webhooks; delete one first", MaxEndpoints)
	}
	head, err := ledger.Last(tx, actor.Environment)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	e := &Endpoint{
		Environment: actor.Environment, ID: uuid.New(), Enabled: !spec.Disabled, Position: head.Number, Version: 1,
		CreatedBy: actor.Who().ID, CreatedAt: tx.Now(), UpdatedAt: tx.Now(), secretNumber: 1,
	}
	if err := e.apply(spec); err != nil {
		return nil, seal.Secret{}, err
	}
	if err := e.insert(tx); err != nil {
		return nil, seal.Secret{}, err
	}
	secret, err := y.addSecret(tx, e)
	record(tx, actor.Who(), "webhook.created", e, nil, e.facts())
	return e, secret, err
}

// Rotate gives an endpoint a new secret and returns it. For [Overlap] messages carry a signature of the former one as
// well, so that the receiver can change over in between. A fourth rotation within that time is [fault.Conflict].
func (y *Authority) Rotate(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) (*Endpoint, seal.Secret, error) {
	if err := allowSending(tx, actor); err != nil {
		return nil, seal.Secret{}, err
	}
	e, err := current(tx, actor, id, version)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	where := []any{e.Environment.String(), e.ID.String()}
	if _, err := tx.Exec(deletePastSecrets, append(where, db.Micros(tx.Now()))...); err != nil {
		return nil, seal.Secret{}, err
	}
	count, err := db.Value[int64](tx, countSecrets, where...)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	if count >= maxSecrets {
		return nil, seal.Secret{}, fault.New(fault.Conflict, "this webhook signs with %d secrets already; a day after its rotation one stops", count)
	}
	if _, err := tx.Exec(retireSecret, append(where, db.Micros(tx.Now().Add(Overlap)))...); err != nil {
		return nil, seal.Secret{}, err
	}
	e.secretNumber++
	secret, err := y.addSecret(tx, e)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	if err := e.update(tx); err != nil {
		return nil, seal.Secret{}, err
	}
	record(tx, actor.Who(), "webhook.secret_rotated", e, nil, nil)
	return e, secret, nil
}

func (y *Authority) addSecret(tx *db.Tx, e *Endpoint) (seal.Secret, error) {
	key := make([]byte, secretSize)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	sealed, err := y.Vault.Seal(tx, e.Environment, "webhook_secret", secretRow(e.ID, e.secretNumber), "sealed", key)
	if err != nil {
		return seal.Secret{}, err
	}
	_, err = tx.Exec(insertSecret, e.Environment.String(), e.ID.String(), e.secretNumber, sealed)
	return seal.NewSecret(secretPrefix + base64.StdEncoding.EncodeToString(key)), err
}

func secretRow(endpoint uuid.UUID, number int64) string {
	return endpoint.String() + "/" + strconv.FormatInt(number, 10)
}

// sealedSecret is a row of webhook_secret.
type sealedSecret struct {
	endpoint uuid.UUID
	number   int64
	sealed   []byte
}

// keys opens the secrets that sign now, newest first.
func (y *Authority) keys(tx *db.Tx, e *Endpoint) ([][]byte, error) {
	rows, err := db.All(tx, scanSecret, selectSecrets, e.Environment.String(), e.ID.String(), db.Micros(tx.Now()))
	if err != nil {
		return nil, err
	}
	keys := make([][]byte, len(rows))
	for i, row := range rows {
		keys[i], err = y.Vault.Unseal(tx, e.Environment, "webhook_secret", secretRow(row.endpoint, row.number), "sealed", row.sealed)
		if err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// Reseal seals the secrets of an environment's endpoints under its present sealing key; see [seal.Vault.Rekey].
func Reseal(tx *db.Tx, v *seal.Vault, environment uuid.UUID) error {
	if err := v.Lock(tx, environment); err != nil {
		return err
	}
	rows, err := db.All(tx, scanSecret, selectAllSecrets, environment.String())
	if err != nil {
		return err
	}
	for _, row := range rows {
		sealed, err := v.Reseal(tx, environment, "webhook_secret", secretRow(row.endpoint, row.number), "sealed", row.sealed)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(resealSecret, environment.String(), row.endpoint.String(), row.number, sealed); err != nil {
			return err
		}
	}
	return nil
}

// sign returns the header webhook-signature: one signature per key, HMAC-SHA-256 over id, time and body joined by
// dots (Standard Webhooks, "Signature scheme").
func sign(keys [][]byte, id string, at time.Time, body []byte) string {
	signatures := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}
