package roll

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Which says which users a list is of: those for whom all of it is true. What is empty leaves nobody out.
type Which struct {
	Population uuid.UUID
	// UserName and Email are compared as [directory.Fold] has them.
	UserName, Email string
	Number          int64
	Status          directory.Status
	ExternalID      string
	// Group has the user as a member of its own, added by hand.
	Group uuid.UUID
}

// Users returns the users that which describes and the actor may see, in the order of their creation. A population or a
// group that the actor may not see is as good as empty.
func Users(tx *db.Tx, actor *access.Actor, which Which, page directory.Page) ([]*directory.User, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadUsers); err != nil {
		return nil, err
	}
	everywhere, some := actor.Over(access.ReadUsers, access.OverPopulation)
	switch p := which.Population; {
	case p != uuid.Nil && (everywhere || slices.Contains(some, p)):
		everywhere, some = false, []uuid.UUID{p}
	case p != uuid.Nil:
		return nil, nil
	}
	if which.Group != uuid.Nil {
		_, err := directory.GetGroup(tx, actor, which.Group)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	if which.single() {
		return which.one(tx, actor, everywhere, some, page)
	}
	if everywhere {
		return which.page(tx, actor.Environment, uuid.Nil, page)
	}
	var all []*directory.User
	for _, p := range some {
		in, err := which.page(tx, actor.Environment, p, page)
		if err != nil {
			return nil, err
		}
		all = append(all, in...)
	}
	slices.SortFunc(all, func(a, b *directory.User) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return all[:min(len(all), page.Limit)], nil
}

// page runs the one query that which comes to, in one population or in all.
func (w *Which) page(tx *db.Tx, environment, population uuid.UUID, page directory.Page) ([]*directory.User, error) {
	first, order := selectUsers, inOrder
	args := []any{environment.String(), page.After.String(), page.Limit}
	if w.Group != uuid.Nil {
		first, order = selectUsersOfGroup, inGroupsOrder
		args = append(args, w.Group.String())
	}
	var query strings.Builder
	query.WriteString(first)
	and := func(clause string, value any) {
		args = append(args, value)
		query.WriteString(clause + strconv.Itoa(len(args)))
	}
	if population != uuid.Nil {
		and(andPopulation, population.String())
	}
	if w.ExternalID != "" {
		and(andExternalID, w.ExternalID)
	}
	if w.Status == directory.Active {
		and(andStatus, string(w.Status))
	} else if w.Status != "" {
		and(andOtherStatus, string(w.Status))
	}
	query.WriteString(order)
	return db.All(tx, scanUser, query.String(), args...)
}

// single reports whether at most one user can fit.
func (w *Which) single() bool { return w.UserName != "" || w.Email != "" || w.Number != 0 }

// one returns the user who fits, if there is one.
func (w *Which) one(tx *db.Tx, actor *access.Actor, everywhere bool, some []uuid.UUID, page directory.Page) ([]*directory.User, error) {
	var u *directory.User
	var err error
	switch {
	case w.Number != 0:
		u, err = directory.LoadNumbered(tx, actor.Environment, w.Number)
	case w.UserName != "":
		u, err = directory.Find(tx, actor.Environment, w.UserName)
	default:
		u, err = directory.Find(tx, actor.Environment, w.Email)
	}
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	seen := everywhere || slices.Contains(some, u.Population)
	if !seen || !w.fits(u) || slices.Compare(u.ID[:], page.After[:]) <= 0 {
		return nil, nil
	}
	if w.Group != uuid.Nil {
		if in, err := directory.IsMember(tx, actor.Environment, w.Group, u.ID); err != nil || !in {
			return nil, err
		}
	}
	return []*directory.User{u}, nil
}

// fits reports whether a user is what w describes, whatever its population and groups.
func (w *Which) fits(u *directory.User) bool {
	hasAddress := func(e directory.Email) bool { return directory.Fold(e.Value) == directory.Fold(w.Email) }
	return (w.Number == 0 || u.Number == w.Number) &&
		(w.UserName == "" || directory.Fold(u.Profile.UserName) == directory.Fold(w.UserName)) &&
		(w.Email == "" || slices.ContainsFunc(u.Profile.Emails, hasAddress)) &&
		(w.Status == "" || u.Status == w.Status) &&
		(w.ExternalID == "" || u.Profile.ExternalID == w.ExternalID)
}
