// Package handover keeps a secret that was just made for whoever opens a link first.
//
// It owns the links: their life, their one use, and their rows, from which nobody can make the link again. It does not own
// the secrets, nor the page behind the link, which is a door. Enter at [Give] and [Open].
package handover

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// MaxLife is how long a hand-over link works at most.
const MaxLife = 72 * time.Hour

const (
	insertHandover = `INSERT INTO handover (environment_id, id, application_id, credential_id, sealed, created_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	selectHandover  = `SELECT application_id, credential_id, sealed, expires_at FROM handover WHERE environment_id = $1 AND id = $2`
	deleteHandover  = `DELETE FROM handover WHERE environment_id = $1 AND id = $2`
	forgetHandovers = `DELETE FROM handover WHERE expires_at <= $1`
)

// Give keeps the plain text of a secret that was just made for whoever opens a link first, for at most life
// ([MaxLife]; zero means that). It returns what stands in the link, which is as good as the secret.
func Give(tx *db.Tx, vault *seal.Vault, actor *access.Actor, c *credential.Credential, plain seal.Secret, life time.Duration) (seal.Secret, time.Time, error) {
	if life == 0 {
		life = MaxLife
	}
	if life < time.Minute || life > MaxLife {
		return seal.Secret{}, time.Time{}, fault.On("handover", "a link works for one minute to %d hours", int(MaxLife.Hours()))
	}
	var random [32]byte
	if _, err := rand.Read(random[:]); err != nil {
		return seal.Secret{}, time.Time{}, err
	}
	link := base64.RawURLEncoding.EncodeToString(random[:])
	id := handoverID(link)
	sealed, err := vault.Seal(tx, c.Environment, "handover", id, "sealed", []byte(plain.Reveal()))
	if err != nil {
		return seal.Secret{}, time.Time{}, err
	}
	expires := tx.Now().Add(life)
	_, err = tx.Exec(insertHandover, c.Environment.String(), id, c.Application.String(), c.ID.String(), sealed,
		actor.Who().ID, db.Micros(tx.Now()), db.Micros(expires))
	if err != nil {
		return seal.Secret{}, time.Time{}, err
	}
	e := c.Event("credential.handed_over")
	e.Register = false
	e.After = map[string]string{"until": expires.Format(time.RFC3339)}
	ledger.Append(tx, actor.Who(), e)
	return seal.NewSecret(link), expires, nil
}

// handoverID is what is stored of a link: whoever reads the database cannot open it.
func handoverID(link string) string {
	sum := sha256.Sum256([]byte(link))
	return hex.EncodeToString(sum[:])
}

var errNoHandover = fault.New(fault.NotFound, "the link does not exist, has expired or was opened already")

// Handed is what a hand-over link gives: once.
type Handed struct {
	Application, Credential uuid.UUID
	Secret                  seal.Secret
}

// Open gives the secret behind a link and burns the link; what it gives is handed out only when the
// transaction is committed. A link that is unknown, expired or burnt, or whose secret is gone or disabled, is
// [fault.NotFound].
func Open(tx *db.Tx, vault *seal.Vault, environment uuid.UUID, who ledger.Who, link string) (*Handed, error) {
	type row struct {
		app, credential string
		sealed          []byte
		expires         int64
	}
	id := handoverID(link)
	r, err := db.One(tx, func(s db.Scan) (r row, err error) { return r, s(&r.app, &r.credential, &r.sealed, &r.expires) },
		selectHandover+tx.ForUpdate(), environment.String(), id)
	if fault.Is(err, fault.NotFound) || err == nil && r.expires <= db.Micros(tx.Now()) {
		return nil, errNoHandover
	}
	if err != nil {
		return nil, err
	}
	h := &Handed{}
	if h.Application, err = uuid.Parse(r.app); err != nil {
		return nil, err
	}
	if h.Credential, err = uuid.Parse(r.credential); err != nil {
		return nil, err
	}
	c, err := credential.Load(tx, environment, h.Application, h.Credential)
	if fault.Is(err, fault.NotFound) || err == nil && (!c.Enabled || c.Expired(tx.Now())) {
		return nil, errNoHandover
	}
	if err != nil {
		return nil, err
	}
	plain, err := vault.Unseal(tx, environment, "handover", id, "sealed", r.sealed)
	if err != nil {
		return nil, err
	}
	h.Secret = seal.NewSecret(string(plain))
	if _, err := tx.Exec(deleteHandover, environment.String(), id); err != nil {
		return nil, err
	}
	e := c.Event("credential.handover_opened")
	e.Register = false
	ledger.Append(tx, who, e)
	return h, nil
}

// Forget removes links that have expired; with them goes what they would have given.
func Forget(ctx context.Context, d *db.DB) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(forgetHandovers, db.Micros(tx.Now()))
		return err
	})
}
