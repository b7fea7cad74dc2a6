package ticket

import (
	"context"
	"database/sql"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const (
	insertTicket = `INSERT INTO ticket (environment_id, id, purpose, user_id, user_epoch, application_id, pepper, mac, data, sealed, failures,
created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
	selectTicket = `SELECT user_id, user_epoch, application_id, pepper, mac, data, sealed, failures, created_at, expires_at
FROM ticket WHERE environment_id = $1 AND id = $2 AND purpose = $3`
	updateFailures = `UPDATE ticket SET failures = failures + 1 WHERE environment_id = $1 AND id = $2`
	deleteTicket   = `DELETE FROM ticket WHERE environment_id = $1 AND id = $2`
	deleteOfUser   = `DELETE FROM ticket WHERE environment_id = $1 AND user_id = $2`
	deletePurpose  = deleteOfUser + ` AND purpose = $3`
	// In batches: an import may have invited a million people in one hour.
	forgetTickets = `DELETE FROM ticket WHERE (environment_id, id) IN
(SELECT environment_id, id FROM ticket WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`

	selectSealed  = `SELECT id, sealed FROM ticket WHERE environment_id = $1 AND sealed IS NOT NULL`
	updateSealed  = `UPDATE ticket SET sealed = $3 WHERE environment_id = $1 AND id = $2`
	selectPeppers = `SELECT DISTINCT pepper FROM ticket WHERE expires_at > $1`
)

// row is a ticket with what only this package may see of it.
type row struct {
	Ticket
	pepper int64
	mac    []byte
	data   string
	sealed []byte
}

func (r *row) scan(s db.Scan) error {
	var user, app sql.NullString
	var created, expires int64
	err := s(&user, &r.Epoch, &app, &r.pepper, &r.mac, &r.data, &r.sealed, &r.Failures, &created, &expires)
	if err != nil {
		return err
	}
	r.Created, r.Expires = db.Time(created), db.Time(expires)
	if r.User, err = parse(user.String); err != nil {
		return err
	}
	r.Application, err = parse(app.String)
	return err
}

// parse reads an id that may be missing.
func parse(text string) (uuid.UUID, error) {
	if text == "" {
		return uuid.Nil, nil
	}
	return uuid.Parse(text)
}

// orNull is the reverse of parse.
func orNull(id uuid.UUID) any {
	if id == uuid.Nil {
		return nil
	}
	return id.String()
}

// Reseal seals what tickets keep under the environment's present sealing key; see [seal.Vault.Rekey].
func Reseal(tx *db.Tx, vault *seal.Vault, environment uuid.UUID) error {
	return vault.ResealRows(tx, environment, "ticket", selectSealed, updateSealed)
}

// PeppersInUse adds every version of a pepper that a living ticket is hashed with to used: their root keys cannot go.
func PeppersInUse(tx *db.Tx, used map[int64]bool) error {
	return seal.PeppersIn(tx, used, selectPeppers, db.Micros(tx.Now()))
}

// forgetBatch is how many expired tickets one transaction removes.
const forgetBatch = 1000

// Forget removes tickets that have expired, and with them what they held; it is a chore.
func Forget(ctx context.Context, d *db.DB) error {
	return d.WriteBatches(ctx, forgetBatch, func(tx *db.Tx) (int64, error) {
		return tx.Exec(forgetTickets, db.Micros(tx.Now()), forgetBatch)
	})
}
