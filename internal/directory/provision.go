package directory

import (
	"bytes"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// GroupForUpdate returns a group that the actor may change, locked until the transaction ends.
func GroupForUpdate(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Group, error) {
	return writableGroup(tx, actor, id, 0)
}

// Same reports whether a user with the profile would be none the different with the other one: what [Change] does by
// itself counts for nothing. Programs that provision repeat themselves, and a change that changes nothing is no event.
func (p *Profile) Same(other *Profile) (bool, error) {
	mine, err := p.compared()
	if err != nil {
		return false, err
	}
	theirs, err := other.compared()
	return bytes.Equal(mine, theirs), err
}

func (p *Profile) compared() ([]byte, error) {
	c := p.clone()
	if err := c.tidy(); err != nil {
		return nil, err
	}
	for i := range c.Emails {
		c.Emails[i].Verified = false
	}
	return c.MarshalJSON()
}
