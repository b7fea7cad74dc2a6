package web

import (
	"context"

	"github.com/counterfoil/counterfoil/internal/db"
)

const (
	attemptSelect = `
SELECT route, body_hash, resource FROM idempotency
WHERE environment_id = $1 AND principal = $2 AND key = $3 AND expires_at > $4`

	// A row past its time is as good as none, whether or not the chore has been by.
	attemptInsert = `
INSERT INTO idempotency (environment_id, principal, key, route, body_hash, resource, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (environment_id, principal, key) DO UPDATE
SET route = excluded.route, body_hash = excluded.body_hash, resource = excluded.resource, expires_at = excluded.expires_at
WHERE idempotency.expires_at <= $8`

	attemptExpire = `DELETE FROM idempotency WHERE expires_at <= $1`
)

type attempt struct{ route, hash, resource string }

func findAttempt(tx *db.Tx, a Attempt) (attempt, error) {
	return db.One(tx, func(scan db.Scan) (attempt, error) {
		var found attempt
		return found, scan(&found.route, &found.hash, &found.resource)
	}, attemptSelect, a.Environment, a.Principal, a.Key, db.Micros(tx.Now()))
}

func addAttempt(tx *db.Tx, a Attempt, resource string) (added bool, err error) {
	expires := db.Micros(tx.Now().Add(IdempotencyLife))
	rows, err := tx.Exec(attemptInsert, a.Environment, a.Principal, a.Key, a.Route, a.hash(), resource, expires, db.Micros(tx.Now()))
	return rows == 1, err
}

// Forget is the chore that deletes attempts past their time.
func (i *Idempotency) Forget(ctx context.Context, d *db.DB) error {
	return d.Write(db.Chore(ctx), func(tx *db.Tx) error {
		_, err := tx.Exec(attemptExpire, db.Micros(tx.Now()))
		return err
	})
}
