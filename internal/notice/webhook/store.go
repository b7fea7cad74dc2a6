package webhook

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

const (
	columns = `environment_id, id, url, description, kinds, enabled, reason, position, failures, paused_until, secret_number,
	version, created_by, created_at, updated_at`
	insertEndpoint = `INSERT INTO webhook_endpoint (` + columns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	// Neither updateEndpoint nor moveEndpoint touches what the other writes.
	updateEndpoint = `UPDATE webhook_endpoint SET url = $3, description = $4, kinds = $5, enabled = $6, reason = $7,
	failures = $8, paused_until = $9, secret_number = $10, version = $11, updated_at = $12
WHERE environment_id = $1 AND id = $2`
	moveEndpoint    = `UPDATE webhook_endpoint SET position = $3 WHERE environment_id = $1 AND id = $2`
	pauseEndpoint   = `UPDATE webhook_endpoint SET failures = $3, paused_until = $4 WHERE environment_id = $1 AND id = $2`
	deleteEndpoint  = `DELETE FROM webhook_endpoint WHERE environment_id = $1 AND id = $2`
	selectEndpoint  = `SELECT ` + columns + ` FROM webhook_endpoint WHERE environment_id = $1 AND id = $2`
	selectEndpoints = `SELECT ` + columns + ` FROM webhook_endpoint WHERE environment_id = $1 ORDER BY created_at, id`
	countEndpoints  = `SELECT COUNT(*) FROM webhook_endpoint WHERE environment_id = $1`
	// selectOpen returns where every endpoint stands that may be sent to, and when its next message is due.
	selectOpen = `
SELECT e.environment_id, e.id, e.position, e.paused_until, COALESCE((
	SELECT MIN(d.next_at) FROM webhook_delivery d
	WHERE d.environment_id = e.environment_id AND d.endpoint_id = e.id AND d.state = 'pending'), 0)
FROM webhook_endpoint e WHERE e.enabled`
	selectIDs = `SELECT environment_id, id FROM webhook_endpoint`

	insertSecret = `INSERT INTO webhook_secret (environment_id, endpoint_id, number, sealed, until) VALUES ($1, $2, $3, $4, 0)`
	retireSecret = `UPDATE webhook_secret SET until = $3 WHERE environment_id = $1 AND endpoint_id = $2 AND until = 0`
	resealSecret = `UPDATE webhook_secret SET sealed = $4 WHERE environment_id = $1 AND endpoint_id = $2 AND number = $3`
	countSecrets = `SELECT COUNT(*) FROM webhook_secret WHERE environment_id = $1 AND endpoint_id = $2`

	deletePastSecrets = `DELETE FROM webhook_secret WHERE environment_id = $1 AND endpoint_id = $2 AND until <> 0 AND until <= $3`
	deleteSecrets     = `DELETE FROM webhook_secret WHERE environment_id = $1 AND endpoint_id = $2`
	selectSecrets     = `
SELECT endpoint_id, number, sealed FROM webhook_secret
WHERE environment_id = $1 AND endpoint_id = $2 AND (until = 0 OR until > $3) ORDER BY number DESC`
	selectAllSecrets = `SELECT endpoint_id, number, sealed FROM webhook_secret WHERE environment_id = $1 ORDER BY endpoint_id, number`

	deliveryColumns = `event, last_event, events, kind, subject_kind, subject_id, state, attempts, queued_at, next_at, tried_at, status, answer`
	// queueDelivery leaves a message that waits already where it is.
	queueDelivery = `
INSERT INTO webhook_delivery (environment_id, endpoint_id, ` + deliveryColumns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', 0, $9, $9, 0, 0, '')
ON CONFLICT (environment_id, endpoint_id, event) DO UPDATE SET last_event = excluded.last_event, events = excluded.events,
	state = 'pending', attempts = 0, queued_at = excluded.queued_at, next_at = excluded.next_at
WHERE webhook_delivery.state <> 'pending'`
	requeueDelivery = `UPDATE webhook_delivery SET state = 'pending', attempts = 0, queued_at = $4, next_at = $4
WHERE environment_id = $1 AND endpoint_id = $2 AND event = $3`
	requeueDead = `UPDATE webhook_delivery SET state = 'pending', attempts = 0, queued_at = $3, next_at = $3
WHERE environment_id = $1 AND endpoint_id = $2 AND state = 'dead'`
	// noteDelivery changes nothing when somebody else has noted an attempt, or replayed it, meanwhile.
	noteDelivery = `
UPDATE webhook_delivery SET state = $4, attempts = $5 + 1, next_at = $6, tried_at = $7, status = $8, answer = $9
WHERE environment_id = $1 AND endpoint_id = $2 AND event = $3 AND state = 'pending' AND attempts = $5`
	countPending = `SELECT COUNT(*) FROM webhook_delivery WHERE environment_id = $1 AND endpoint_id = $2 AND state = 'pending'`
	// selectDue returns messages that need not wait for an earlier one: about the same subject or, where one of the two
	// stands for a batch, about anything. Those that were tried least come first.
	selectDue = `
SELECT ` + deliveryColumns + ` FROM webhook_delivery d
WHERE d.environment_id = $1 AND d.endpoint_id = $2 AND d.state = 'pending' AND d.next_at <= $3
AND NOT EXISTS (
	SELECT 1 FROM webhook_delivery e
	WHERE e.environment_id = $1 AND e.endpoint_id = $2 AND e.state = 'pending'
	AND e.subject_kind = d.subject_kind AND e.subject_id = d.subject_id AND e.event < d.event)
AND NOT EXISTS (
	SELECT 1 FROM webhook_delivery e
	WHERE e.environment_id = $1 AND e.endpoint_id = $2 AND e.state = 'pending' AND e.events > 1 AND e.event < d.event)
AND (d.events = 1 OR NOT EXISTS (
	SELECT 1 FROM webhook_delivery e
	WHERE e.environment_id = $1 AND e.endpoint_id = $2 AND e.state = 'pending' AND e.event < d.event))
ORDER BY d.attempts, d.event LIMIT $4`
	selectDeliveries = `
SELECT ` + deliveryColumns + ` FROM webhook_delivery
WHERE environment_id = $1 AND endpoint_id = $2 AND event < $3 AND ($4 = '' OR state = $4) ORDER BY event DESC LIMIT $5`
	deleteDeliveries = `DELETE FROM webhook_delivery WHERE environment_id = $1 AND endpoint_id = $2`
	// forgetDeliveries keeps the newest $5 of a state, unless they were last tried before $4.
	forgetDeliveries = `
DELETE FROM webhook_delivery
WHERE environment_id = $1 AND endpoint_id = $2 AND state = $3 AND (tried_at < $4 OR event < (
	SELECT MIN(event) FROM (
		SELECT event FROM webhook_delivery WHERE environment_id = $1 AND endpoint_id = $2 AND state = $3
		ORDER BY event DESC LIMIT $5) AS newest))`
	selectPending = `SELECT COUNT(*), COALESCE(MIN(queued_at), 0) FROM webhook_delivery WHERE state = 'pending'`
	selectDead    = `SELECT COUNT(*), COALESCE(MIN(queued_at), 0) FROM webhook_delivery WHERE state = 'dead'`
)

func scanEndpoint(scan db.Scan) (*Endpoint, error) {
	var e Endpoint
	var kinds string
	var paused, created, updated int64
	err := scan(&e.Environment, &e.ID, &e.URL, &e.Description, &kinds, &e.Enabled, &e.Reason, &e.Position, &e.Failures, &paused,
		&e.secretNumber, &e.Version, &e.CreatedBy, &created, &updated)
	if err != nil {
		return nil, err
	}
	e.PausedUntil, e.CreatedAt, e.UpdatedAt = db.Time(paused), db.Time(created), db.Time(updated)
	return &e, json.Unmarshal([]byte(kinds), &e.Kinds)
}

func get(tx *db.Tx, environment, id uuid.UUID, lock string) (*Endpoint, error) {
	e, err := db.One(tx, scanEndpoint, selectEndpoint+lock, environment.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "there is no webhook %s", id)
	}
	return e, err
}

func (e *Endpoint) kinds() (string, error) {
	text, err := json.Marshal(e.Kinds)
	return string(text), err
}

func (e *Endpoint) insert(tx *db.Tx) error {
	kinds, err := e.kinds()
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertEndpoint, e.Environment.String(), e.ID.String(), e.URL, e.Description, kinds, e.Enabled, e.Reason,
		e.Position, e.Failures, db.Micros(e.PausedUntil), e.secretNumber, e.Version, e.CreatedBy, db.Micros(e.CreatedAt),
		db.Micros(e.UpdatedAt))
	return err
}

// update writes the row as its next version.
func (e *Endpoint) update(tx *db.Tx) error {
	kinds, err := e.kinds()
	if err != nil {
		return err
	}
	e.Version++
	e.UpdatedAt = tx.Now()
	_, err = tx.Exec(updateEndpoint, e.Environment.String(), e.ID.String(), e.URL, e.Description, kinds, e.Enabled, e.Reason,
		e.Failures, db.Micros(e.PausedUntil), e.secretNumber, e.Version, db.Micros(e.UpdatedAt))
	return err
}

func scanSecret(scan db.Scan) (sealedSecret, error) {
	var s sealedSecret
	return s, scan(&s.endpoint, &s.number, &s.sealed)
}

func scanDelivery(scan db.Scan) (Delivery, error) {
	var d Delivery
	var queued, next, tried int64
	err := scan(&d.Event, &d.LastEvent, &d.Events, &d.Kind, &d.Subject.Kind, &d.Subject.ID, &d.State, &d.Attempts, &queued, &next,
		&tried, &d.Status, &d.Answer)
	d.QueuedAt, d.NextAt, d.TriedAt = db.Time(queued), db.Time(next), db.Time(tried)
	return d, err
}

// queue makes a message wait that stands for events, all of one kind and the first of them about subject.
func (e *Endpoint) queue(tx *db.Tx, kind string, subject ledger.Subject, first, last, events int64) error {
	_, err := tx.Exec(queueDelivery, e.Environment.String(), e.ID.String(), first, last, events, kind, subject.Kind, subject.ID,
		db.Micros(tx.Now()))
	return err
}
