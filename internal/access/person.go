package access

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Person is a user who acts in a browser session.
type Person struct {
	User uuid.UUID
	// Still asks in a transaction whether the session is still good, and faults [fault.Unauthenticated] if not: sessions have a
	// gate of their own, which also knows the user.
	Still func(*db.Tx) error
	// Roles are those that the person has, as of the last [Admit].
	Roles []Held
}

var errProveAgain = fault.New(fault.Denied, "prove again who you are: that was more than five minutes ago")

// admitPerson is [Admit] for a person: what the roles give now is what the person may, so a role that was withdrawn gives
// nothing from the very next transaction on.
func (a *Actor) admitPerson(tx *db.Tx) error {
	if err := a.Person.Still(tx); err != nil {
		return err
	}
	all, err := UserRoles(tx, a.Environment, a.Person.User)
	if err != nil {
		return err
	}
	carried := []string{}
	for _, r := range all {
		carried = append(carried, r.Gives...)
	}
	slices.Sort(carried)
	a.Person.Roles, a.carried = all, slices.Compact(carried)
	a.spread(all)
	return nil
}

// AllowAdministrator refuses ([fault.Denied]) a person, once admitted, who neither owns the organization nor administers the
// environment: what such a person's other roles give is enough for their own work, and not for credentials that outlive it.
// Applications and the installation itself pass, because what they may do was decided by an administrator.
func AllowAdministrator(a *Actor) error {
	if a.Person == nil || a.operator {
		return nil
	}
	if slices.ContainsFunc(a.Person.Roles, func(r Held) bool { return r.Administers() }) {
		return nil
	}
	return fault.New(fault.Denied, "API credentials are for those who have the role %s or %s", OrganizationAdmin, EnvironmentAdmin)
}
