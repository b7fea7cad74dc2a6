package letter

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const table = "letter"

const (
	insertLetter = `
INSERT INTO letter (environment_id, id, kind, address, language, state, lane, attempts, queued_at, next_at, expires_at, problem, sealed)
VALUES ($1, $2, $3, $4, $5, 'pending', $6, 0, $7, $7, $8, '', $9)`
	selectDue = `
SELECT environment_id, id, kind, language, lane, attempts, queued_at, next_at, expires_at FROM letter
WHERE state = 'pending' AND lane = $1 AND next_at <= $2 ORDER BY next_at LIMIT $3`
	// claimLetter changes nothing when another node was faster.
	claimLetter  = `UPDATE letter SET next_at = $4 WHERE environment_id = $1 AND id = $2 AND state = 'pending' AND next_at = $3`
	selectSealed = `SELECT sealed FROM letter WHERE environment_id = $1 AND id = $2 AND state = 'pending'`
	noteAgain    = `UPDATE letter SET lane = $3, attempts = $4, next_at = $5, problem = $6 WHERE environment_id = $1 AND id = $2 AND state = 'pending'`
	noteEnd      = `
UPDATE letter SET state = $3, attempts = $4, problem = $5, sealed = NULL WHERE environment_id = $1 AND id = $2 AND state = 'pending'`
	countSince     = `SELECT COUNT(*) FROM letter WHERE environment_id = $1 AND address = $2 AND kind = $3 AND queued_at >= $4`
	deletePast     = `DELETE FROM letter WHERE state <> 'pending' AND queued_at < $1`
	deleteTo       = `DELETE FROM letter WHERE environment_id = $1 AND address = $2`
	selectBacklog  = `SELECT COUNT(*), COALESCE(MIN(queued_at), 0) FROM letter WHERE state = $1`
	selectResealed = `SELECT id, sealed FROM letter WHERE environment_id = $1 AND sealed IS NOT NULL ORDER BY id`
	updateSealed   = `UPDATE letter SET sealed = $3 WHERE environment_id = $1 AND id = $2`
)

// waiting is a letter in the queue.
type waiting struct {
	environment, id         uuid.UUID
	kind                    Kind
	language                string
	lane                    lane
	attempts                int
	queued, next, expiresAt time.Time
}

func scanWaiting(scan db.Scan) (*waiting, error) {
	w := &waiting{}
	var queued, next, expires int64
	err := scan(&w.environment, &w.id, &w.kind, &w.language, &w.lane, &w.attempts, &queued, &next, &expires)
	w.queued, w.next, w.expiresAt = db.Time(queued), db.Time(next), db.Time(expires)
	return w, err
}

// Reseal seals the letters of an environment that wait under its present sealing key; see [seal.Vault.Rekey].
func Reseal(tx *db.Tx, vault *seal.Vault, environment uuid.UUID) error {
	if err := vault.Lock(tx, environment); err != nil {
		return err
	}
	return vault.ResealRows(tx, environment, table, selectResealed, updateSealed)
}
