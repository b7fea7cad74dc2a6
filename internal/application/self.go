package application

import (
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Describe changes the description of the actor's own application and nothing else: what an application says of
// itself cannot widen what it may do. It asks for no permission; the door has asked for [access.FamilyApplication].
// version is the one the caller saw, or 0; another is [fault.Stale]. An application that was disabled since the actor's
// token was let in is [fault.Unauthenticated].
func Describe(tx *db.Tx, actor *access.Actor, version int64, change func(description *string)) (*Application, error) {
	a, err := getForUpdate(tx, actor.Environment, actor.Application)
	if err != nil {
		return nil, err
	}
	if !a.Enabled || a.Epoch != actor.Epochs.Application {
		return nil, fault.New(fault.Unauthenticated, "the token is no longer valid")
	}
	if version != 0 && version != a.Version {
		return nil, fault.New(fault.Stale, "the application was changed by somebody else; read it again")
	}
	catalogue, err := access.LoadCatalogue(tx, actor.Environment)
	if err != nil {
		return nil, err
	}
	before := a.factsFrom(catalogue)
	was := a.Description
	if change(&a.Description); a.Description == was {
		return a, nil
	}
	if utf8.RuneCountInString(a.Description) > 255 || !utf8.ValidString(a.Description) {
		return nil, fault.On("description", "a description has at most 255 characters")
	}
	if err := a.update(tx); err != nil {
		return nil, err
	}
	record(tx, actor, "application.changed", a, &before, a.factsFrom(catalogue))
	return a, nil
}
