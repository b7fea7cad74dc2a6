package role

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/administrator"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// maxHeld is how many roles a user has at most.
const maxHeld = 50

// Of returns the roles of a user whom the actor may see.
func Of(tx *db.Tx, actor *access.Actor, user uuid.UUID) ([]access.Held, error) {
	if _, err := directory.Reach(tx, actor, access.ReadRoles, user); err != nil {
		return nil, err
	}
	return access.UserRoles(tx, actor.Environment, user)
}

// ToRevoke is [Of] for those who may take roles from the user, in a transaction that writes.
func ToRevoke(tx *db.Tx, actor *access.Actor, user uuid.UUID) ([]access.Held, error) {
	if _, err := directory.Keep(tx, actor, access.AssignRoles, user); err != nil {
		return nil, err
	}
	return access.UserRoles(tx, actor.Environment, user)
}

// Grant gives a user a role over an organization, an environment or a population. The actor must be allowed to assign
// roles over the user and over the scope, and hold there all that the role gives; else it is [fault.Denied], or the user
// looks missing. A role that the user has is [fault.Conflict].
func Grant(tx *db.Tx, actor *access.Actor, user uuid.UUID, grant access.Assignment) error {
	u, err := assignable(tx, actor, user, grant)
	if err != nil {
		return err
	}
	held, err := access.UserRoles(tx, u.Environment, u.ID)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(held, func(h access.Held) bool { return h.Assignment == grant }):
		return fault.New(fault.Conflict, "the user has this role over this %s already", grant.Scope.Kind)
	case len(held) >= maxHeld:
		return fault.New(fault.Conflict, "the user has %d roles, the most it may have", len(held))
	}
	_, err = tx.Exec(insertHolder, u.Environment.String(), u.ID.String(), string(grant.Role), string(grant.Scope.Kind), grant.Scope.ID.String(),
		actor.Who().ID, db.Micros(tx.Now()))
	if err != nil {
		return err
	}
	tell(tx, actor, "user.role_granted", u, nil, grantFacts(grant))
	return nil
}

// Revoke takes a role from a user, but not the last one from the last administrator ([administrator.Leave]). Like [Grant] it is for those only who hold all that the role gives: else whoever looks
// after some people could shut out those above them.
func Revoke(tx *db.Tx, actor *access.Actor, user uuid.UUID, grant access.Assignment) error {
	u, err := assignable(tx, actor, user, grant)
	if err != nil {
		return err
	}
	held, err := access.UserRoles(tx, u.Environment, u.ID)
	if err != nil {
		return err
	}
	held = slices.DeleteFunc(held, func(h access.Held) bool { return h.Assignment == grant })
	if grant.Administers() && !slices.ContainsFunc(held, func(h access.Held) bool { return h.Administers() }) {
		if err := administrator.Leave(tx, actor, u.ID); err != nil {
			return err
		}
	}
	rows, err := tx.Exec(deleteHolder, u.Environment.String(), u.ID.String(), string(grant.Role), string(grant.Scope.Kind), grant.Scope.ID.String())
	if err != nil {
		return err
	}
	if rows == 0 {
		return fault.New(fault.NotFound, "the user does not have this role over this scope")
	}
	tell(tx, actor, "user.role_revoked", u, grantFacts(grant), nil)
	return nil
}

// assignable returns the user if the actor may give it that role, or take it away. The user's row is locked before what
// it holds is read, so that two of them do not pass by each other.
func assignable(tx *db.Tx, actor *access.Actor, user uuid.UUID, grant access.Assignment) (*directory.User, error) {
	u, err := directory.Keep(tx, actor, access.AssignRoles, user)
	if err != nil {
		return nil, err
	}
	if grant.Scope.Kind == access.OverApplication {
		return nil, fault.On("scope", "a user's role is over an organization, an environment or a population")
	}
	if !actor.MayOn(access.AssignRoles, grant.Scope.Kind, grant.Scope.ID) {
		return nil, fault.New(fault.Denied, "you may not assign roles over this %s", grant.Scope.Kind)
	}
	return u, application.AllowRole(tx, actor, grant)
}

func tell(tx *db.Tx, actor *access.Actor, kind string, u *directory.User, before, after any) {
	ledger.Append(tx, actor.Who(), ledger.Event{
		Environment: u.Environment, Kind: kind, Subject: ledger.Subject{Kind: "user", ID: u.ID.String()},
		Before: before, After: after,
	})
}

func grantFacts(grant access.Assignment) map[string]any {
	return map[string]any{"role": grant.Role, "scope_kind": grant.Scope.Kind, "scope_id": grant.Scope.ID.String()}
}

// Holder is a user with a role, and what the role is over.
type Holder struct {
	User, Population uuid.UUID
	Scope            access.RoleScope
}

// Holders returns users who hold a role and are visible to the actor, in the order of their ids after one, from up to
// limit rows; next is where to go on, or zero at the end.
func Holders(tx *db.Tx, actor *access.Actor, id access.Role, after uuid.UUID, limit int) (found []Holder, next uuid.UUID, err error) {
	if _, err := Get(tx, actor, id); err != nil {
		return nil, next, err
	}
	text := ""
	if after != uuid.Nil {
		text = after.String()
	}
	// A user has at most a few of the same role, over different things; those of one user are not torn apart.
	all, err := db.All(tx, scanHolder, selectHolders, actor.Environment.String(), string(id), text, limit+maxHeld)
	if err != nil {
		return nil, next, err
	}
	if len(all) > limit {
		cut := limit
		for cut < len(all) && all[cut].User == all[cut-1].User {
			cut++
		}
		if cut < len(all) {
			next = all[cut-1].User
			all = all[:cut]
		}
	}
	return slices.DeleteFunc(all, func(h Holder) bool {
		return !actor.MayOn(access.ReadUsers, access.OverPopulation, h.Population) || !actor.MayOn(access.ReadRoles, access.OverPopulation, h.Population)
	}), next, nil
}

func scanHolder(scan db.Scan) (h Holder, err error) {
	var user, kind, scope, population string
	if err = scan(&user, &kind, &scope, &population); err != nil {
		return h, err
	}
	if h.User, err = uuid.Parse(user); err != nil {
		return h, err
	}
	if h.Population, err = uuid.Parse(population); err != nil {
		return h, err
	}
	h.Scope, err = scopeOf(kind, scope)
	return h, err
}
