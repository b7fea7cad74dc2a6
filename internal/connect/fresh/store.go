package fresh

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

const (
	selectToken = `
SELECT sealed, expires_at, fetched_at, failures, retry_at, generation, holder, held_until, lost
FROM connection_token WHERE environment_id = $1 AND id = $2`
	// takeIntent moves the fence on: whoever held it before has lost it.
	takeIntent = `
UPDATE connection_token SET generation = generation + 1, holder = $3, held_until = $4, lost = $5 WHERE environment_id = $1 AND id = $2`
	settleToken = `
UPDATE connection_token SET sealed = $4, expires_at = $5, fetched_at = $6, refresh_at = $7, failures = 0, retry_at = 0, holder = '',
	held_until = 0, lost = 0
WHERE environment_id = $1 AND id = $2 AND generation = $3`
	settleFailure = `
UPDATE connection_token SET failures = failures + 1, retry_at = $4, refresh_at = $5, holder = '', held_until = 0, lost = $6
WHERE environment_id = $1 AND id = $2 AND generation = $3`
	// selectDue returns tokens whose successors are due, and which of them somebody has used or are a day old. What nobody
	// uses waits for that day: it is looked at so that refresh tokens stay alive and health is known.
	selectDue = `
SELECT environment_id, id FROM connection_token
WHERE refresh_at > 0 AND refresh_at <= $1 AND retry_at <= $1 AND held_until <= $1
	AND (used_at >= fetched_at OR fetched_at <= $2 OR failures > 0)
ORDER BY refresh_at LIMIT $3`
	updateUsed = `UPDATE connection_token SET used_at = $3 WHERE environment_id = $1 AND id = $2 AND used_at < $3`
)

// tokenRow is a row of connection_token.
type tokenRow struct {
	sealed             []byte
	expiresAt, fetched time.Time
	failures           int64
	retryAt            time.Time
	generation         int64
	holder             string
	heldUntil          time.Time
	lost               int64
}

// readToken returns a connection's row; lock is the clause that makes others wait, or empty.
func readToken(tx *db.Tx, at key, lock string) (*tokenRow, error) {
	return db.One(tx, func(scan db.Scan) (*tokenRow, error) {
		var r tokenRow
		var expires, fetched, retry, held int64
		err := scan(&r.sealed, &expires, &fetched, &r.failures, &retry, &r.generation, &r.holder, &held, &r.lost)
		r.expiresAt, r.fetched, r.retryAt, r.heldUntil = db.Time(expires), db.Time(fetched), db.Time(retry), db.Time(held)
		return &r, err
	}, selectToken+lock, at.environment.String(), at.connection.String())
}

func scanKey(scan db.Scan) (at key, err error) {
	var environment, connection string
	if err = scan(&environment, &connection); err != nil {
		return at, err
	}
	if at.environment, err = uuid.Parse(environment); err == nil {
		at.connection, err = uuid.Parse(connection)
	}
	return at, err
}
