package ledger

import (
	"database/sql"

	"github.com/counterfoil/counterfoil/internal/db"
)

const (
	insertHead     = `INSERT INTO ledger_head (environment_id, number, hash) VALUES ($1, $2, $3)`
	selectPosition = `SELECT number, hash FROM ledger_head WHERE environment_id = $1`
	updateHead     = `UPDATE ledger_head SET number = $2, hash = $3 WHERE environment_id = $1`
	selectHeads    = `SELECT environment_id, number, hash FROM ledger_head`
	selectHead     = `
SELECT h.number, h.hash, k.public
FROM ledger_head h JOIN ledger_key k ON k.environment_id = h.environment_id
WHERE h.environment_id = $1`

	insertEvent = `
INSERT INTO ledger_event (environment_id, number, at, kind, actor_kind, actor_id, subject_kind, subject_id,
	register, payload, salt, digest, hash)`
	selectEvents = `
SELECT number, at, kind, actor_kind, actor_id, subject_kind, subject_id, register, payload, salt, digest, hash
FROM ledger_event WHERE environment_id = $1`
	selectEventPosition = `SELECT number, hash FROM ledger_event WHERE environment_id = $1 AND number = $2`
	selectEventTime     = `SELECT at FROM ledger_event WHERE environment_id = $1 AND number >= $2 ORDER BY number LIMIT 1`
	selectNextKind      = `SELECT kind FROM ledger_event WHERE environment_id = $1 AND kind > $2 ORDER BY kind LIMIT 1`
	selectNextActorKind = `SELECT kind FROM ledger_event WHERE environment_id = $1 AND actor_id = $2 AND kind > $3 ORDER BY kind LIMIT 1`
	eraseEvent          = `
UPDATE ledger_event SET payload = NULL, salt = NULL
WHERE environment_id = $1 AND number = $2 AND payload IS NOT NULL`

	// selectSince reads, in one state of the database, the head (part 0), the event at a position (part 1) and
	// what came after it for the register (part 2, from a partial index).
	selectSince = `
SELECT 0 AS part, number, hash, '' AS kind, '' AS subject_kind, '' AS subject_id
FROM ledger_head WHERE environment_id = $1
UNION ALL
SELECT 1, number, hash, kind, subject_kind, subject_id
FROM ledger_event WHERE environment_id = $1 AND number = $2
UNION ALL
SELECT 2, number, hash, kind, subject_kind, subject_id
FROM ledger_event WHERE environment_id = $1 AND number > $2 AND register
ORDER BY 1, 2`

	insertKey    = `INSERT INTO ledger_key (environment_id, public, sealed) VALUES ($1, $2, $3)`
	selectKey    = `SELECT public, sealed FROM ledger_key WHERE environment_id = $1`
	selectSealed = `SELECT sealed FROM ledger_key WHERE environment_id = $1`
	updateSealed = `UPDATE ledger_key SET sealed = $2 WHERE environment_id = $1`

	insertCheckpoint = `
INSERT INTO ledger_checkpoint (environment_id, number, hash, at, signature) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (environment_id, number) DO NOTHING`
	selectCheckpoints = `
SELECT number, hash, at, signature FROM ledger_checkpoint
WHERE environment_id = $1 AND number > $2 ORDER BY number LIMIT $3`
	selectLastCheckpoint = `
SELECT number, hash, at, signature FROM ledger_checkpoint
WHERE environment_id = $1 ORDER BY number DESC LIMIT 1`
	// selectDue returns the environments whose head is $1 events past its last checkpoint, or past it at all when
	// that was signed at $2 or before.
	selectDue = `
SELECT environment_id FROM (
	SELECT h.environment_id, h.number,
		COALESCE((SELECT MAX(c.number) FROM ledger_checkpoint c WHERE c.environment_id = h.environment_id), 0) AS signed
	FROM ledger_head h) AS state
WHERE number >= signed + $1 OR number <> signed AND NOT EXISTS (
	SELECT 1 FROM ledger_checkpoint c
	WHERE c.environment_id = state.environment_id AND c.number = state.signed AND c.at > $2)`
)

func scanPosition(scan db.Scan) (Position, error) {
	var p Position
	return p, scan(&p.Number, &p.Hash)
}

func scanRecord(scan db.Scan) (Record, error) {
	var r Record
	var at int64
	var payload sql.NullString
	err := scan(&r.Number, &at, &r.Kind, &r.Actor.Kind, &r.Actor.ID, &r.Subject.Kind, &r.Subject.ID, &r.Register,
		&payload, &r.Salt, &r.Digest, &r.Hash)
	r.At, r.Payload = db.Time(at), payload.String
	return r, err
}
