package directory

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Guarded returns a user, locked until the transaction ends, for a change by permission of what would let the actor become
// the user: see [AllowOver]. version is the one the caller saw, or 0; another is [fault.Stale].
func Guarded(tx *db.Tx, actor *access.Actor, permission string, id uuid.UUID, version int64) (*User, error) {
	u, err := writable(tx, actor, permission, id, version)
	if err != nil {
		return nil, err
	}
	return u, AllowOver(tx, actor, u)
}

// Guardable is [Guarded] without the lock, for what has to be done before the transaction that makes the change.
func Guardable(tx *db.Tx, actor *access.Actor, permission string, id uuid.UUID) (*User, error) {
	u, err := seen(tx, actor, permission, id, selectUser)
	if err != nil {
		return nil, err
	}
	return u, AllowOver(tx, actor, u)
}

// LockAgain is [Lock] without an event, for a lock that follows one which the ledger heard of within the hour: strangers
// decide how often this happens.
func LockAgain(tx *db.Tx, u *User, until time.Time) error {
	if !until.After(u.LockedUntil) {
		return nil
	}
	u.LockedUntil = until
	u.Epoch++
	return u.update(tx)
}

// PasswordComes notes the state of a password that comes with a user who is being made: it is part of that event, and
// there are no sessions to end.
func PasswordComes(tx *db.Tx, u *User, to PasswordState) error {
	if u.Password == to {
		return nil
	}
	u.Password = to
	_, err := tx.Exec(updatePasswordState, u.Environment.String(), u.ID.String(), string(to))
	return err
}

const updatePasswordState = `UPDATE directory_user SET password_state = $3 WHERE environment_id = $1 AND id = $2`
