package keyring

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Withdraw deletes a signing key with both its halves, in whichever state it is: nothing checks any more what it
// signed, so its living tokens die. When it was active, the next key is at once, as after a forced [Ring.Rotate];
// when a next key is missing then, one is made. Verifiers that cached the key set go on trusting the key for up to
// [MaxAge]. An unknown kid is [fault.NotFound].
func (r *Ring) Withdraw(tx *db.Tx, environment uuid.UUID, kid string) ([]Change, error) {
	if err := r.vault.Lock(tx, environment); err != nil {
		return nil, err
	}
	rows, err := keyRows(tx, environment)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(rows, func(row keyRow) bool { return row.id == kid })
	if at < 0 {
		return nil, fault.New(fault.NotFound, "there is no such signing key")
	}
	gone := rows[at]
	if _, err := tx.Exec(deleteKey, environment.String(), gone.id); err != nil {
		return nil, err
	}
	rows = slices.Delete(rows, at, at+1)
	changes := []Change{{gone.id, gone.alg, Withdrawn}}
	if next := find(rows, gone.alg, Next); gone.state == Active && next != nil {
		if _, err := tx.Exec(activateKey, environment.String(), next.id, db.Micros(tx.Now())); err != nil {
			return nil, err
		}
		next.state = Active
		changes = append(changes, Change{next.id, next.alg, Active})
	}
	made, err := r.fill(tx, environment, gone.alg, rows)
	return append(changes, made...), err
}
