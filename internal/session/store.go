package session

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const columns = `s.environment_id, s.id, s.user_id, s.application_id, s.created_at, s.seen_at, s.idle, s.expires_at, s.ended_at, s.address, s.agent, s.proved_at`

const (
	insertSession = `INSERT INTO session (environment_id, id, user_id, user_epoch, application_id, application_epoch, pepper, mac, created_at,
seen_at, idle, expires_at, ended_at, address, agent, proved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`
	// The gate's question is about rows of four rooms; it is asked in one statement so that they are of one moment.
	selectGate = `SELECT ` + columns + `, s.user_epoch, s.application_epoch, s.pepper, s.mac, e.enabled, u.status, u.epoch,
COALESCE(a.enabled, FALSE), COALESCE(a.epoch, -1)
FROM session s
JOIN environment e ON e.id = s.environment_id
JOIN directory_user u ON u.environment_id = s.environment_id AND u.id = s.user_id
LEFT JOIN application a ON a.environment_id = s.environment_id AND a.id = s.application_id
WHERE s.environment_id = $1 AND s.id = $2`
	selectOfUser = `SELECT ` + columns + `, s.user_epoch, s.application_epoch, s.pepper, s.mac, e.enabled, u.status, u.epoch,
COALESCE(a.enabled, FALSE), COALESCE(a.epoch, -1)
FROM session s
JOIN environment e ON e.id = s.environment_id
JOIN directory_user u ON u.environment_id = s.environment_id AND u.id = s.user_id
LEFT JOIN application a ON a.environment_id = s.environment_id AND a.id = s.application_id
WHERE s.environment_id = $1 AND s.user_id = $2 AND s.ended_at = 0 AND s.expires_at > $3 ORDER BY s.created_at DESC, s.id`
	selectApplication = `SELECT epoch FROM application WHERE environment_id = $1 AND id = $2 AND enabled`
	updateSeen        = `UPDATE session SET seen_at = $3, address = $4 WHERE environment_id = $1 AND id = $2 AND seen_at < $3`
	updateSecret      = `UPDATE session SET pepper = $3, mac = $4, proved_at = $5 WHERE environment_id = $1 AND id = $2`
	updateEnded       = `UPDATE session SET ended_at = $4 WHERE environment_id = $1 AND user_id = $2 AND id = $3 AND ended_at = 0`
	forgetSessions    = `DELETE FROM session WHERE (environment_id, id) IN
(SELECT environment_id, id FROM session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`
	selectPeppers = `SELECT DISTINCT pepper FROM session WHERE expires_at > $1 AND ended_at = 0`
)

// row is a session with what the gate asks about.
type row struct {
	Session
	userEpoch, appEpoch   int64
	pepper                int64
	mac                   []byte
	environmentOn, appOn  bool
	status                string
	userNow, appNow, seen int64
}

func scanRow(s db.Scan) (*row, error) {
	var r row
	var environment, id, user, app string
	var created, idle, expires, ended, proved int64
	err := s(&environment, &id, &user, &app, &created, &r.seen, &idle, &expires, &ended, &r.Address, &r.Agent, &proved,
		&r.userEpoch, &r.appEpoch, &r.pepper, &r.mac, &r.environmentOn, &r.status, &r.userNow, &r.appOn, &r.appNow)
	if err != nil {
		return nil, err
	}
	r.CreatedAt, r.SeenAt, r.ExpiresAt = db.Time(created), db.Time(r.seen), db.Time(expires)
	r.idle = time.Duration(idle) * time.Microsecond
	r.ended = ended != 0
	if proved != 0 {
		r.ProvedAt = db.Time(proved)
	}
	for text, into := range map[string]*uuid.UUID{environment: &r.Environment, id: &r.ID, user: &r.User} {
		if *into, err = uuid.Parse(text); err != nil {
			return nil, err
		}
	}
	if app != "" {
		r.Application, err = uuid.Parse(app)
	}
	return &r, err
}

// PeppersInUse adds every version of a pepper that a living session or a remembered device is hashed with to used: their root
// keys cannot go.
func PeppersInUse(tx *db.Tx, used map[int64]bool) error {
	now := db.Micros(tx.Now())
	return errors.Join(seal.PeppersIn(tx, used, selectPeppers, now), seal.PeppersIn(tx, used, selectDevicePeppers, now))
}

// forgetBatch is how many rows one transaction removes.
const forgetBatch = 1000

// Forget removes sessions that are past their absolute limit; it is a chore.
func Forget(ctx context.Context, d *db.DB) error { return forgetBatches(ctx, d, forgetSessions) }

func forgetBatches(ctx context.Context, d *db.DB, statement string) error {
	return d.WriteBatches(ctx, forgetBatch, func(tx *db.Tx) (int64, error) {
		return tx.Exec(statement, db.Micros(tx.Now()), forgetBatch)
	})
}
