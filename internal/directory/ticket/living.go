package ticket

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

const selectLiving = `SELECT t.id, t.application_id, t.created_at, t.expires_at FROM ticket t
JOIN directory_user u ON u.environment_id = t.environment_id AND u.id = t.user_id AND u.epoch = t.user_epoch
WHERE t.environment_id = $1 AND t.user_id = $2 AND t.purpose = $3 AND t.expires_at > $4 ORDER BY t.created_at DESC, t.id`

// Living returns the tickets of a purpose that a user has now, without their data, the latest first.
func Living(tx *db.Tx, environment, user uuid.UUID, purpose Purpose) ([]*Ticket, error) {
	return db.All(tx, func(s db.Scan) (*Ticket, error) {
		t := &Ticket{Environment: environment, User: user, Purpose: purpose}
		var id, app string
		var created, expires int64
		err := s(&id, &app, &created, &expires)
		if err != nil {
			return nil, err
		}
		t.Created, t.Expires = db.Time(created), db.Time(expires)
		if t.ID, err = uuid.Parse(id); err != nil {
			return nil, err
		}
		t.Application, err = parse(app)
		return t, err
	}, selectLiving, environment.String(), user.String(), string(purpose), db.Micros(tx.Now()))
}
