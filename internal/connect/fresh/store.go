package fresh

import (
	"time"

	"github.com/counterfoil/counterfoil/internal/connect"
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
	// settleFailure leaves in held_until when it was.
	settleFailure = `
UPDATE connection_token SET failures = failures + 1, retry_at = $4, refresh_at = $5, lost = $6, holder = '', held_until = $7
WHERE environment_id = $1 AND id = $2 AND generation = $3`
	// selectDue returns tokens whose successors are due, and which of them somebody has used or are a day old. What nobody
	// uses waits for that day: it is looked at so that refresh tokens stay alive and health is known. What is switched off
	// waits until it is on again. The page begins after ($4, $5), so that nothing that stays due holds up the rest.
	selectDue = `
SELECT t.refresh_at, t.environment_id, t.id FROM connection_token t
JOIN connection c ON c.environment_id = t.environment_id AND c.id = t.id
JOIN connector r ON r.environment_id = c.environment_id AND r.id = c.connector_id
WHERE t.refresh_at > 0 AND t.refresh_at <= $1 AND t.retry_at <= $1 AND t.held_until <= $1
	AND (t.used_at >= t.fetched_at OR t.fetched_at <= $2 OR t.failures > 0)
	AND (t.refresh_at > $4 OR t.refresh_at = $4 AND t.id > $5) AND c.enabled AND r.enabled
	AND NOT EXISTS (SELECT 1 FROM connector_stop s WHERE s.environment_id = r.environment_id AND s.provider = r.provider)
ORDER BY t.refresh_at, t.id LIMIT $3`
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

// lockToken is [readToken] for a change: others wait until the transaction ends. The connection is locked first, as
// everybody does who changes both.
func lockToken(tx *db.Tx, at key) (*tokenRow, error) {
	if err := connect.Hold(tx, at.environment, at.connection); err != nil {
		return nil, err
	}
	return readToken(tx, at, tx.ForUpdate())
}

// due is a token whose successor is due.
type due struct {
	key

	since int64
}

func scanDue(scan db.Scan) (d due, err error) {
	err = scan(&d.since, &d.environment, &d.connection)
	return d, err
}
