package application

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// AllowUse refuses ([fault.Denied]) to let the actor get, or bring back, a way to act as an application that may do
// more with Counterfoil than the actor: its secret may have leaked, which is why somebody disabled it.
func (a *Application) AllowUse(actor *access.Actor, catalogue *access.Catalogue) error {
	if err := access.AllowGrant(actor, catalogue, a.Permissions); err != nil {
		return err
	}
	return access.AllowIntrospection(actor, catalogue, a.Introspects)
}

// MayUse is [Application.AllowUse] for the application with an id, for what lifts a bar that stands before it elsewhere,
// such as a lock. One that does not exist is [fault.NotFound].
func MayUse(tx *db.Tx, actor *access.Actor, id uuid.UUID) error {
	a, err := Load(tx, actor.Environment, id)
	if err != nil {
		return err
	}
	catalogue, err := access.LoadCatalogue(tx, actor.Environment)
	if err != nil {
		return err
	}
	return a.AllowUse(actor, catalogue)
}

// opensMoreThan reports whether the application takes what it did not take as it was: a secret that leaked may have been
// stopped by allowing other methods only.
func (a *Application) opensMoreThan(was *Application) bool {
	if a.LegacyAudience && !was.LegacyAudience {
		return true
	}
	if len(was.Methods) == 0 {
		return false // any
	}
	return len(a.Methods) == 0 || slices.ContainsFunc(a.Methods, func(m string) bool { return !slices.Contains(was.Methods, m) })
}
