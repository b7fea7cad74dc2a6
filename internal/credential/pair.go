package credential

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Pair is an application with its one secret, which people handle as one thing: an API credential pair, or a credential
// of an integration.
type Pair struct {
	*application.Application
	// Secret is nil while there is none, and for an actor who may not see credentials.
	Secret *Credential
}

// AddPair makes an application and generates its secret, in one step; see [access.AllowAdministrator].
func (y *Authority) AddPair(tx *db.Tx, actor *access.Actor, spec application.Spec, secret SecretSpec) (*Pair, seal.Secret, error) {
	a, err := application.Create(tx, actor, spec)
	if err == nil {
		err = access.AllowAdministrator(actor)
	}
	if err != nil {
		return nil, seal.Secret{}, err
	}
	c, plain, err := y.AddSecret(tx, actor, a.ID, secret)
	return &Pair{a, c}, plain, err
}

// HasSecret reports whether an application has a secret, whatever state that is in.
func HasSecret(tx *db.Tx, app *application.Application) (bool, error) {
	count, err := db.Value[int](tx, countKind, app.Environment.String(), app.ID.String(), string(KindSecret))
	return count > 0, err
}

// GetPair returns the pair with a client_id, if its application is of one of those kinds; else it is [fault.NotFound].
func GetPair(tx *db.Tx, actor *access.Actor, id uuid.UUID, kinds ...application.Kind) (*Pair, error) {
	a, err := application.Get(tx, actor, id)
	if err == nil && !slices.Contains(kinds, a.Kind) {
		err = fault.New(fault.NotFound, "there is no such credential")
	}
	if err != nil {
		return nil, err
	}
	return PairOf(tx, actor, a)
}

// PairOf returns an application with its secret, as far as the actor may see it: of several, which a pair can have while
// it is rotated, the newest that is usable, or else the newest.
func PairOf(tx *db.Tx, actor *access.Actor, a *application.Application) (*Pair, error) {
	pair := &Pair{Application: a}
	if !actor.MayOn(access.ReadCredentials, access.OverApplication, a.ID) {
		return pair, nil
	}
	all, err := db.All(tx, scan, selectAll, a.Environment.String(), a.ID.String())
	for _, c := range all {
		if c.Kind == KindSecret && (pair.Secret == nil || c.Usable(tx.Now()) || !pair.Secret.Usable(tx.Now())) {
			pair.Secret = c
		}
	}
	return pair, err
}
