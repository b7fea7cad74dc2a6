package application

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// AllowTouch refuses ([fault.Denied]) to let a person change an API credential pair, or what it proves itself with, who may
// not handle pairs at all ([access.AllowAdministrator]): a pair is an application, too, and that is no way around.
func (a *Application) AllowTouch(actor *access.Actor) error {
	if a.Kind != Pair {
		return nil
	}
	return access.AllowAdministrator(actor)
}

// AllowUse refuses ([fault.Denied]) to let the actor get, or bring back, a way to act as an application that may do
// more with Counterfoil than the actor: its secret may have leaked, which is why somebody disabled it.
func (a *Application) AllowUse(actor *access.Actor, catalogue *access.Catalogue) error {
	if err := a.AllowTouch(actor); err != nil {
		return err
	}
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

// provesDifferently reports whether the application takes other ways to prove itself than it did as it was. Whoever adds
// one may bring back a secret that was stopped so; whoever takes one away may shut its holder out.
func (a *Application) provesDifferently(was *Application) bool {
	return a.LegacyAudience != was.LegacyAudience ||
		!slices.Equal(slices.Sorted(slices.Values(a.Methods)), slices.Sorted(slices.Values(was.Methods)))
}
