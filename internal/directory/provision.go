package directory

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// GroupForUpdate returns a group that the actor may change, locked until the transaction ends.
func GroupForUpdate(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Group, error) {
	return writableGroup(tx, actor, id, 0)
}
