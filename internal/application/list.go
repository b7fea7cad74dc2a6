package application

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Page says which part of a list is wanted: the Limit entries after the one called After.
type Page struct {
	After string // folded name; empty: from the start
	Limit int
}

// Wanted narrows a list.
type Wanted struct {
	// Name finds the one application called so, whatever its case; Prefix those whose names begin so.
	Name, Prefix string
	// Kinds are the kinds that are listed; empty means those that people make for programs, see [Ordinary].
	Kinds []Kind
	// Enabled, when not nil, lists only those that are, or are not.
	Enabled *bool
}

// List returns applications of the actor's environment by name. An actor whose roles cover only some of them sees
// only those.
func List(tx *db.Tx, actor *access.Actor, wanted Wanted, page Page) ([]*Application, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadApplications); err != nil {
		return nil, err
	}
	return list(tx, actor.Environment, wanted, page, func(id uuid.UUID) bool {
		return actor.MayOn(access.ReadApplications, access.OverApplication, id)
	})
}
