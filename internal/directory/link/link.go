// Package link remembers which users an application registered or invited. An application that calls by its API family
// alone, and not by a permission, sees and changes only these.
//
// It owns: the table directory_link. It does not own: who may call what (access/rule), and users. It asks nobody's
// permission: its callers have.
//
// Enter at [Add], [Has] and [Users].
package link

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	insertLink = `INSERT INTO directory_link (environment_id, application_id, user_id, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (environment_id, application_id, user_id) DO NOTHING`
	selectLink  = `SELECT created_at FROM directory_link WHERE environment_id = $1 AND application_id = $2 AND user_id = $3`
	selectUsers = `SELECT user_id FROM directory_link WHERE environment_id = $1 AND application_id = $2 AND user_id > $3 ORDER BY user_id LIMIT $4`
)

// Add notes that an application has made a user. To note it again changes nothing.
func Add(tx *db.Tx, environment, application, user uuid.UUID) error {
	_, err := tx.Exec(insertLink, environment.String(), application.String(), user.String(), db.Micros(tx.Now()))
	return err
}

// Has reports whether an application has made a user, and when.
func Has(tx *db.Tx, environment, application, user uuid.UUID) (since time.Time, ok bool, err error) {
	at, err := db.Value[int64](tx, selectLink, environment.String(), application.String(), user.String())
	if fault.Is(err, fault.NotFound) {
		return time.Time{}, false, nil
	}
	return db.Time(at), err == nil, err
}

// Users returns the ids of at most limit users that an application has made, in the order of their creation, after one.
func Users(tx *db.Tx, environment, application, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	return db.All(tx, func(s db.Scan) (id uuid.UUID, err error) {
		var text string
		if err = s(&text); err == nil {
			id, err = uuid.Parse(text)
		}
		return id, err
	}, selectUsers, environment.String(), application.String(), after.String(), limit)
}
