package invitation

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

const columns = `i.id, i.ticket_id, i.user_id, i.address, i.population_id, i.application_id, i.invited_by, i.inviter, i.language, i.target_url, i.state,
i.created_at, i.expires_at, i.ended_at, COALESCE(t.user_epoch, -1), COALESCE(u.epoch, -1), COALESCE(u.status, '')`

const (
	insertInvitation = `INSERT INTO invitation (environment_id, id, ticket_id, user_id, address, population_id, application_id, invited_by, inviter,
language, target_url, state, created_at, expires_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	fromInvitation = ` FROM invitation i
LEFT JOIN ticket t ON t.environment_id = i.environment_id AND t.id = i.ticket_id
LEFT JOIN directory_user u ON u.environment_id = i.environment_id AND u.id = i.user_id
WHERE i.environment_id = $1 AND `
	selectInvitation  = `SELECT ` + columns + fromInvitation + `i.id = $2`
	selectInvitations = `SELECT ` + columns + fromInvitation + `i.id > $2 ORDER BY i.id LIMIT $3`
	selectIn          = `SELECT ` + columns + fromInvitation + `i.id > $2 AND i.population_id = $4 ORDER BY i.id LIMIT $3`
	updateWithdrawn   = `UPDATE invitation SET state = 'withdrawn', ended_at = $3 WHERE environment_id = $1 AND id = $2`
	countSince        = `SELECT count(*) FROM invitation WHERE environment_id = $1 AND address = $2 AND created_at > $3`
	forgetInvitations = `DELETE FROM invitation WHERE (environment_id, id) IN
(SELECT environment_id, id FROM invitation WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`
)

func scan(environment uuid.UUID) func(db.Scan) (*Invitation, error) {
	return func(s db.Scan) (*Invitation, error) {
		i := &Invitation{Environment: environment}
		var id, ticket, user, population, app, by, status string
		var created, expires, ended, made, epoch int64
		err := s(&id, &ticket, &user, &i.Address, &population, &app, &by, &i.Inviter, &i.Language, &i.Target, (*string)(&i.State),
			&created, &expires, &ended, &made, &epoch, &status)
		if err != nil {
			return nil, err
		}
		i.CreatedAt, i.ExpiresAt = db.Time(created), db.Time(expires)
		for _, pair := range []struct {
			text string
			into *uuid.UUID
		}{{id, &i.ID}, {ticket, &i.ticket}, {user, &i.User}, {population, &i.Population}, {app, &i.Application}, {by, &i.InvitedBy}} {
			if pair.text == "" {
				continue
			}
			if *pair.into, err = uuid.Parse(pair.text); err != nil {
				return nil, err
			}
		}
		i.alive, i.active = made >= 0 && made == epoch, status == "active"
		return i, nil
	}
}

// kept is how long invitations are remembered after they have ended, and forgetBatch how many one transaction forgets.
const (
	kept        = 90 * 24 * time.Hour
	forgetBatch = 1000
)

// Forget removes invitations that ended long ago; it is a chore.
func Forget(ctx context.Context, d *db.DB) error {
	return d.WriteBatches(ctx, forgetBatch, func(tx *db.Tx) (int64, error) {
		return tx.Exec(forgetInvitations, db.Micros(tx.Now().Add(-kept)), forgetBatch)
	})
}
