package factor

import (
	"database/sql"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const columns = `id, user_id, kind, name, confirmed, sealed, data, handle, last_step, codes, failures, locked_until, sent, sent_since, version, created_by, created_at, used_at`

const (
	insertFactor = `INSERT INTO factor (environment_id, ` + columns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`
	selectFactors = `SELECT ` + columns + ` FROM factor WHERE environment_id = $1 AND user_id = $2 ORDER BY created_at, id`
	selectFactor  = `SELECT ` + columns + ` FROM factor WHERE environment_id = $1 AND user_id = $2 AND id = $3`
	deleteFactor  = `DELETE FROM factor WHERE environment_id = $1 AND id = $2`
	deletePending = `DELETE FROM factor WHERE environment_id = $1 AND user_id = $2 AND NOT confirmed AND created_at <= $3`

	updateFailures = `UPDATE factor SET failures = $3, locked_until = $4, version = version + 1 WHERE environment_id = $1 AND id = $2`
	// The condition is the proof against a replay, whoever else is at the same row.
	updateStep     = `UPDATE factor SET last_step = $3, version = version + 1 WHERE environment_id = $1 AND id = $2 AND last_step < $3`
	updateUsed     = `UPDATE factor SET confirmed = $3, used_at = $4, failures = 0, locked_until = 0, version = version + 1 WHERE environment_id = $1 AND id = $2`
	updateRecovery = `UPDATE factor SET sealed = $3, codes = $4, version = version + 1 WHERE environment_id = $1 AND id = $2`
	updateData     = `UPDATE factor SET data = $3, version = version + 1 WHERE environment_id = $1 AND id = $2`
	countHandle    = `SELECT count(*) FROM factor WHERE environment_id = $1 AND handle = $2`
	updateSent     = `UPDATE factor SET sent = $3, sent_since = $4, version = version + 1 WHERE environment_id = $1 AND id = $2`
	forgive        = `UPDATE factor SET failures = 0, locked_until = 0, version = version + 1 WHERE environment_id = $1 AND user_id = $2`

	selectSealed = `SELECT id, sealed FROM factor WHERE environment_id = $1 AND sealed IS NOT NULL`
	updateSealed = `UPDATE factor SET sealed = $3 WHERE environment_id = $1 AND id = $2`
)

// row scans a factor of an environment.
func row(environment uuid.UUID) func(db.Scan) (*Factor, error) {
	return func(s db.Scan) (*Factor, error) {
		f := &Factor{Environment: environment}
		var id, user string
		var handle sql.NullString
		var locked, since, created, used int64
		err := s(&id, &user, (*string)(&f.Kind), &f.Name, &f.Confirmed, &f.sealed, &f.data, &handle, &f.lastStep, &f.Codes,
			&f.failures, &locked, &f.sent, &since, &f.Version, &f.CreatedBy, &created, &used)
		if err != nil {
			return nil, err
		}
		f.LockedUntil, f.sentSince, f.CreatedAt, f.UsedAt = db.Time(locked), db.Time(since), db.Time(created), db.Time(used)
		f.handle = handle.String
		if f.Kind == Email {
			f.Address = f.data
		}
		if f.ID, err = uuid.Parse(id); err != nil {
			return nil, err
		}
		f.User, err = uuid.Parse(user)
		return f, err
	}
}

func (f *Factor) insert(tx *db.Tx) error {
	var handle any
	if f.handle != "" {
		handle = f.handle
	}
	_, err := tx.Exec(insertFactor, f.Environment.String(), f.ID.String(), f.User.String(), string(f.Kind), f.Name, f.Confirmed, f.sealed,
		f.data, handle, f.lastStep, f.Codes, f.failures, db.Micros(f.LockedUntil), f.sent, db.Micros(f.sentSince), f.Version, f.CreatedBy,
		db.Micros(f.CreatedAt), db.Micros(f.UsedAt))
	return err
}

func list(tx *db.Tx, environment, user uuid.UUID) ([]*Factor, error) {
	return db.All(tx, row(environment), selectFactors, environment.String(), user.String())
}

// load returns one factor of a user, locked until the transaction ends: whoever counts must hold what is counted.
func load(tx *db.Tx, environment, user, id uuid.UUID) (*Factor, error) {
	f, err := db.One(tx, row(environment), selectFactor+tx.ForUpdate(), environment.String(), user.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		return nil, errNoFactor
	}
	return f, err
}

var errNoFactor = fault.New(fault.NotFound, "the user has no such factor")

// Reseal seals what factors keep under the environment's present sealing key; see [seal.Vault.Rekey].
func Reseal(tx *db.Tx, vault *seal.Vault, environment uuid.UUID) error {
	return vault.ResealRows(tx, environment, "factor", selectSealed, updateSealed)
}

func (y *Authority) seal(tx *db.Tx, f *Factor, plain []byte) (err error) {
	f.sealed, err = y.Vault.Seal(tx, f.Environment, "factor", f.ID.String(), "sealed", plain)
	return err
}

func (y *Authority) unseal(tx *db.Tx, f *Factor) ([]byte, error) {
	return y.Vault.Unseal(tx, f.Environment, "factor", f.ID.String(), "sealed", f.sealed)
}
