package access

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Actor is who asks for a change: an application that came with a token of the management API, or the
// installation itself.
type Actor struct {
	Environment uuid.UUID
	// Home is true for an actor of the default environment, from where the others are administered.
	Home        bool
	Application uuid.UUID
	Credential  uuid.UUID
	// Permissions names the permissions of the management API that the actor holds now.
	Permissions []string
	Epochs      Epochs
	// Token is the jti of the actor's token, and Expires when that ends.
	Token   string
	Expires time.Time
	// Address and Request say where the request came from and what the log calls it.
	Address, Request string

	operator bool
}

// Operator is the installation acting on its own behalf in an environment: at its birth, and in chores.
func Operator(environment uuid.UUID) Actor {
	return Actor{Environment: environment, Home: true, operator: true}
}

// Who is the actor as the ledger records it.
func (a *Actor) Who() ledger.Who {
	if a.operator {
		return ledger.System
	}
	return ledger.Who{
		Kind: "application", ID: a.Application.String(), Credential: a.Credential.String(),
		Address: a.Address, Request: a.Request,
	}
}

// May reports whether the actor holds a permission of the management API.
func (a *Actor) May(permission string) bool {
	return a.operator || slices.Contains(a.Permissions, permission)
}

// Allow lets the actor go on if it holds permission ([fault.Denied] if not) and [Admit] does.
func Allow(tx *db.Tx, a *Actor, permission string) error {
	if err := Admit(tx, a); err != nil {
		return err
	}
	if !a.May(permission) {
		return fault.New(fault.Denied, "this needs the scope %s", permission)
	}
	return nil
}

var errNotAdmitted = fault.New(fault.Unauthenticated, "the token is no longer valid")

// Admit asks the gate again, inside the transaction, and returns [fault.Unauthenticated] if it no longer lets the
// actor in; permissions that were taken away since the request was let in are taken from the actor. Between the
// two lies the time in which a body trickles in: a change does not happen on authority that has gone meanwhile.
func Admit(tx *db.Tx, a *Actor) error {
	if a.operator {
		return nil
	}
	now, err := standing(tx, a)
	if err != nil {
		return err
	}
	expired := !a.Expires.IsZero() && !tx.Now().Before(a.Expires)
	if r := now.Admit(tx.Now(), &a.Epochs); r != Admitted || expired || now.revoked > 0 {
		return errNotAdmitted
	}
	held, err := now.holds(tx, a.Environment)
	a.Permissions = slices.DeleteFunc(slices.Clone(a.Permissions), func(name string) bool { return !held[name] })
	return err
}

// AllowGrant refuses ([fault.Denied]) to let the actor hand out authority over Counterfoil that it does not have
// itself: else whoever may edit applications could make one that may do everything.
func AllowGrant(a *Actor, catalogue *Catalogue, numbers []uint32) error {
	for _, n := range numbers {
		e, ok := catalogue.byNumber[n]
		if ok && e.api.Builtin && !a.May(e.permission.Name) {
			return fault.New(fault.Denied, "you cannot grant %s, which you do not hold", e.permission.Name)
		}
	}
	return nil
}

// AllowIntrospection refuses ([fault.Denied]) to let an application look into the tokens of the management API
// unless the actor may look into any token.
func AllowIntrospection(a *Actor, catalogue *Catalogue, apis []uint32) error {
	for _, n := range apis {
		if api := catalogue.apis[n]; api != nil && api.Builtin && !a.May(IntrospectTokens) {
			return fault.New(fault.Denied, "looking into tokens of the management API needs %s, which you do not hold", IntrospectTokens)
		}
	}
	return nil
}
