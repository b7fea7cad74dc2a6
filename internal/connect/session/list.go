package session

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

const selectSessions = `SELECT id, pepper, hash, connection_id, settings, sealed, created_by, created_at, expires_at, used_at, tries
FROM connect_session WHERE environment_id = $1 AND id > $2 ORDER BY id LIMIT $3`

// List returns sessions of the actor's environment in the order of their creation: those after one, at most limit. Who
// made them sees with it which customers are still to come; the tokens are in no list.
func List(tx *db.Tx, actor *access.Actor, after uuid.UUID, limit int) ([]*Session, error) {
	if err := access.Allow(tx, actor, access.ReadConnections); err != nil {
		return nil, err
	}
	start := ""
	if after != uuid.Nil {
		start = after.String()
	}
	return db.All(tx, func(scan db.Scan) (*Session, error) {
		s := &Session{Environment: actor.Environment}
		return s, s.scan(func(places ...any) error { return scan(append([]any{&s.ID}, places...)...) })
	}, selectSessions, actor.Environment.String(), start, limit)
}
