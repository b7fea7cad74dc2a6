package directory

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Page says which part of a list is wanted: the Limit entries after the one with the id After.
type Page struct {
	After uuid.UUID // zero: from the start
	Limit int
}

// List returns users in the order of their creation: of one population, or, if that is zero, of all that the actor may
// see.
func List(tx *db.Tx, actor *access.Actor, population uuid.UUID, page Page) ([]*User, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadUsers); err != nil {
		return nil, err
	}
	everywhere, some := actor.Over(access.ReadUsers, access.OverPopulation)
	switch {
	case population != uuid.Nil && (everywhere || slices.Contains(some, population)):
		some = []uuid.UUID{population}
	case population != uuid.Nil:
		return nil, nil
	case everywhere:
		return db.All(tx, scanUser, selectUsers, actor.Environment.String(), page.After.String(), page.Limit)
	}
	var all []*User
	for _, p := range some {
		in, err := db.All(tx, scanUser, selectUsersIn, actor.Environment.String(), page.After.String(), page.Limit, p.String())
		if err != nil {
			return nil, err
		}
		all = append(all, in...)
	}
	slices.SortFunc(all, func(a, b *User) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return all[:min(len(all), page.Limit)], nil
}

// ByNumber is [Get] by the user's number.
func ByNumber(tx *db.Tx, actor *access.Actor, number int64) (*User, error) {
	return shown(tx, actor, access.ReadUsers, selectNumber, number)
}
