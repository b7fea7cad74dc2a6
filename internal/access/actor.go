package access

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Actor is who asks for a change: an application that came with a token of the management API, a person who is signed in, or
// the installation itself.
type Actor struct {
	Environment uuid.UUID
	// Home is true for an actor of the default environment, from where the others are administered.
	Home        bool
	Application uuid.UUID
	Credential  uuid.UUID
	// Permissions names the permissions of the management API that the actor holds now, over all of its environment.
	Permissions []string
	// Families are the API families that the actor's token or credential opens.
	Families Families
	Epochs   Epochs
	// Token is the jti of the actor's token, Issued when it was made and Expires when it ends.
	Token           string
	Issued, Expires time.Time
	// Person is there for a person. Application, Credential and Epochs are zero then, and Issued is when the person last proved
	// who they are.
	Person *Person
	// Address and Request say where the request came from and what the log calls it.
	Address, Request string

	// narrow are a worker's or a person's roles over less than the environment; carried is what they may do anywhere at all, and
	// wide what they may do in all of the organization.
	narrow   []Held
	carried  []string
	wide     []string
	lent     loan
	worker   bool
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
	if a.Person != nil {
		return ledger.Who{Kind: "user", ID: a.Person.User.String(), Address: a.Address, Request: a.Request}
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

// AllowOn is [Allow] for what concerns one thing only: a role over just that thing will do.
func AllowOn(tx *db.Tx, a *Actor, permission string, kind ScopeKind, id uuid.UUID) error {
	err := Allow(tx, a, permission)
	if fault.Is(err, fault.Denied) && a.mayOn(permission, kind, id) {
		return nil
	}
	return err
}

// AllowSomewhere is [Allow] for what concerns many things: it lets an actor on whose role covers some of them. Which
// of them, [Actor.MayOn] says.
func AllowSomewhere(tx *db.Tx, a *Actor, permission string) error {
	err := Allow(tx, a, permission)
	if fault.Is(err, fault.Denied) && slices.ContainsFunc(a.narrow, func(r Held) bool { return a.mayOn(permission, r.Scope.Kind, r.Scope.ID) }) {
		return nil
	}
	return err
}

// AllowOneOf is [AllowSomewhere] for what any one of several permissions opens, because what each of them is for asks again.
func AllowOneOf(tx *db.Tx, a *Actor, permissions []string) error {
	if err := Admit(tx, a); err != nil {
		return err
	}
	if held := a.Held(); a.operator || slices.ContainsFunc(permissions, func(name string) bool { return slices.Contains(held, name) }) {
		return nil
	}
	return fault.New(fault.Denied, "this needs one of the scopes %s", strings.Join(permissions, ", "))
}

// MayOn reports whether the actor, once admitted, holds a permission over one thing or over everything. Over an
// organization it is held by those in its default environment, and by a worker whose role is over that much.
func (a *Actor) MayOn(permission string, kind ScopeKind, id uuid.UUID) bool {
	if kind == OverOrganization && !a.operator {
		return a.Home && a.May(permission) && (!a.worker || slices.Contains(a.wide, permission))
	}
	return a.May(permission) || a.mayOn(permission, kind, id)
}

// Held names what the actor, once admitted, may do over everything or over something.
func (a *Actor) Held() []string {
	if a.carried == nil {
		return a.Permissions
	}
	return slices.DeleteFunc(slices.Clone(a.carried), func(name string) bool {
		return !a.May(name) && !slices.ContainsFunc(a.narrow, func(r Held) bool { return r.has(name) })
	})
}

// Over returns over which things of a kind the actor, once admitted, holds a permission: over all of them, or over some.
func (a *Actor) Over(permission string, kind ScopeKind) (everything bool, some []uuid.UUID) {
	if a.May(permission) {
		return true, nil
	}
	for _, r := range a.narrow {
		if r.Scope.Kind == kind && a.mayOn(permission, kind, r.Scope.ID) && !slices.Contains(some, r.Scope.ID) {
			some = append(some, r.Scope.ID)
		}
	}
	return false, some
}

func (a *Actor) mayOn(permission string, kind ScopeKind, id uuid.UUID) bool {
	return slices.Contains(a.carried, permission) && slices.ContainsFunc(a.narrow, func(r Held) bool {
		return r.Scope == RoleScope{kind, id} && r.has(permission)
	})
}

// Fresh is how old a token may be that opens what only a person at the keyboard should.
const Fresh = 5 * time.Minute

// AllowFresh refuses ([fault.Denied]) a token that is older than [Fresh]: one that was stolen from a log or a script
// opens nothing then. The installation itself is always fresh.
func AllowFresh(tx *db.Tx, a *Actor) error {
	if age := tx.Now().Sub(a.Issued); !a.operator && age > Fresh {
		if a.Person != nil {
			return errProveAgain
		}
		return fault.New(fault.Denied, "this needs a token that is at most %d minutes old; get a new one and try again", int(Fresh.Minutes()))
	}
	return nil
}

var errNotAdmitted = fault.New(fault.Unauthenticated, "the token is no longer valid")

// Admit asks the gate again, inside the transaction, and returns [fault.Unauthenticated] if it no longer lets the
// actor in; permissions and families that were taken away since the request was let in are taken from the actor. Between the
// two lies the time in which a body trickles in: a change does not happen on authority that has gone meanwhile.
func Admit(tx *db.Tx, a *Actor) error {
	if a.operator {
		return nil
	}
	if a.Person != nil {
		return a.admitPerson(tx)
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
	if err != nil {
		return err
	}
	a.Families &= now.Families
	a.Permissions = slices.DeleteFunc(slices.Clone(a.Permissions), func(name string) bool { return !held[name] })
	if now.worker {
		return a.takeRoles(tx, held)
	}
	a.takeLoan()
	return nil
}

// takeRoles tells what a worker may do everywhere from what it may do only here or there. held is what its token,
// application and credential agree on.
func (a *Actor) takeRoles(tx *db.Tx, held map[string]bool) error {
	if a.carried == nil {
		a.carried = a.Permissions
	}
	a.carried = slices.DeleteFunc(slices.Clone(a.carried), func(name string) bool { return !held[name] })
	all, err := Assignments(tx, a.Environment, a.Application)
	if err != nil {
		return err
	}
	a.spread(all)
	return nil
}

// spread sorts roles by what they are over.
func (a *Actor) spread(all []Held) {
	everywhere := []string{}
	a.worker, a.narrow, a.wide = true, nil, nil
	for _, r := range all {
		if r.Scope.Everywhere() {
			everywhere = append(everywhere, r.Gives...)
		} else {
			a.narrow = append(a.narrow, r)
		}
		if r.Scope.Kind == OverOrganization {
			a.wide = append(a.wide, r.Gives...)
		}
	}
	a.Permissions = slices.DeleteFunc(slices.Clone(a.carried), func(name string) bool { return !slices.Contains(everywhere, name) })
}

// AllowGrant refuses ([fault.Denied]) to let the actor hand out authority over Counterfoil that it does not have
// itself: else whoever may edit applications could make one that may do everything.
func AllowGrant(a *Actor, catalogue *Catalogue, numbers []uint32) error {
	for _, n := range numbers {
		e, ok := catalogue.byNumber[n]
		if ok && e.api.Builtin && !a.mayGrant(e.permission.Name) {
			return fault.New(fault.Denied, "you cannot grant %s, which you do not hold", e.permission.Name)
		}
	}
	return nil
}

func (a *Actor) mayGrant(permission string) bool {
	if a.May(permission) {
		return !a.Lent(permission)
	}
	lacks := func(name string) bool { return !a.May(name) || a.Lent(name) }
	return OffByDefault(permission) && !slices.ContainsFunc(UsualPermissions(), lacks)
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
