package application

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Application is a client (RFC 6749 §1.1).
type Application struct {
	Environment uuid.UUID
	ID          uuid.UUID
	Kind        Kind
	Name        string
	Description string
	Enabled     bool
	Epoch       uint32
	// Lock says how failed logons with secrets lock it.
	Lock lock.Mode
	// LegacyAudience lets its assertions name the token endpoint as their audience, as RFC 7523 once had it.
	LegacyAudience bool
	// Target is the application whose exchange it opens, for [Exchange]; else zero.
	Target uuid.UUID
	// Lifetime replaces the API's token lifetime when it is not 0; the shorter of the two counts.
	Lifetime time.Duration
	// Methods are the authentication methods it may use; empty means any.
	Methods []string
	// Permissions and Introspects are sorted numbers of permissions and of APIs ([access.API.Number]).
	Permissions []uint32
	Introspects []uint32
	// Links say where people who use it may be sent.
	Links     Links
	Version   int64
	CreatedBy string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Spec is what can be said about an application. Scopes and Introspects are names.
type Spec struct {
	// ID, Kind, Target and Enabled count only at creation; a zero ID is a new one, a nil Enabled what the kind starts as.
	ID                uuid.UUID
	Kind              Kind
	Target            uuid.UUID
	Enabled           *bool
	Name, Description string
	Scopes            []string
	Introspects       []string
	Lifetime          time.Duration
	Methods           []string
	LegacyAudience    bool
	Links             Links
}

// Create adds an application to the actor's environment. A name that is taken, whatever its case, is
// [fault.Conflict]; management scopes that the actor lacks are [fault.Denied].
func Create(tx *db.Tx, actor *access.Actor, spec Spec) (*Application, error) {
	if err := access.Allow(tx, actor, access.WriteApplications); err != nil {
		return nil, err
	}
	a := &Application{
		Environment: actor.Environment, ID: spec.ID, Kind: spec.Kind, Target: spec.Target, Version: 1,
		CreatedBy: actor.Who().ID, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if a.ID == uuid.Nil {
		a.ID = uuid.New()
	}
	if err := a.begin(tx, spec.Enabled); err != nil {
		return nil, err
	}
	if err := a.apply(tx, actor, spec); err != nil {
		return nil, err
	}
	if err := a.insert(tx); err != nil {
		return nil, err
	}
	after, err := a.facts(tx)
	record(tx, actor, "application.created", a, nil, after)
	return a, err
}

// Change applies change to an application. version is the one the caller saw, or 0; another is [fault.Stale].
// Permissions taken away are gone from live tokens at once.
func Change(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, change func(*Spec)) (*Application, error) {
	a, err := writable(tx, actor, id, version)
	if err != nil {
		return nil, err
	}
	catalogue, err := access.LoadCatalogue(tx, actor.Environment)
	if err != nil {
		return nil, err
	}
	before := a.factsFrom(catalogue)
	spec := Spec{
		Name: a.Name, Description: a.Description, Scopes: catalogue.Names(a.Permissions),
		Introspects: catalogue.APINames(a.Introspects), Lifetime: a.Lifetime, Methods: slices.Clone(a.Methods),
		LegacyAudience: a.LegacyAudience, Links: a.Links.clone(),
	}
	change(&spec)
	was := *a
	if err := a.apply(tx, actor, spec); err != nil {
		return nil, err
	}
	if a.provesDifferently(&was) {
		if err := was.AllowUse(actor, catalogue); err != nil {
			return nil, err
		}
	}
	if err := a.update(tx); err != nil {
		return nil, err
	}
	record(tx, actor, "application.changed", a, &before, a.factsFrom(catalogue))
	return a, nil
}

// apply checks spec and takes it over.
func (a *Application) apply(tx *db.Tx, actor *access.Actor, spec Spec) error {
	a.Name, a.Description = strings.TrimSpace(spec.Name), spec.Description
	if err := access.ValidName("name", a.Name); err != nil {
		return err
	}
	if utf8.RuneCountInString(a.Description) > 255 || !utf8.ValidString(a.Description) {
		return fault.On("description", "a description has at most 255 characters")
	}
	if spec.Lifetime != 0 && (spec.Lifetime < access.MinLifetime || spec.Lifetime > access.MaxLifetime) {
		return fault.On("token_lifetime", "a token lives from %d to %d seconds, or as long as the API says (0)",
			int(access.MinLifetime.Seconds()), int(access.MaxLifetime.Seconds()))
	}
	a.Lifetime, a.LegacyAudience, a.Links = spec.Lifetime, spec.LegacyAudience, spec.Links
	if err := a.Links.tidy(); err != nil {
		return err
	}
	a.Methods = []string{}
	for _, m := range spec.Methods {
		if !slices.Contains(AuthMethods(), m) {
			return fault.On("auth_methods", "an authentication method is one of %s", strings.Join(AuthMethods(), ", "))
		}
		if !slices.Contains(a.Methods, m) {
			a.Methods = append(a.Methods, m)
		}
	}
	catalogue, err := access.LoadCatalogue(tx, actor.Environment)
	if err != nil {
		return err
	}
	held, seen := a.Permissions, a.Introspects
	if a.Permissions, err = catalogue.Numbers("scopes", spec.Scopes); err != nil {
		return err
	}
	if err := a.fitKind(tx, catalogue, held); err != nil {
		return err
	}
	if err := access.AllowGrant(actor, catalogue, added(a.Permissions, held)); err != nil {
		return err
	}
	if a.Introspects, err = catalogue.APINumbers("introspects", spec.Introspects); err != nil {
		return err
	}
	if more := len(added(a.Permissions, held)) + len(added(a.Introspects, seen)); more > 0 && !actor.May(access.WriteApplications) {
		return fault.New(fault.Denied, "whoever looks after one application does not decide what it may do; ask an administrator for more scopes")
	}
	return access.AllowIntrospection(actor, catalogue, added(a.Introspects, seen))
}

// added returns the numbers of now that before does not hold: keeping what is there already is no grant.
func added(now, before []uint32) []uint32 {
	return slices.DeleteFunc(slices.Clone(now), func(n uint32) bool { return slices.Contains(before, n) })
}

// SetEnabled disables or enables an application. Disabling kills every token it ever got, for good. The actor's
// own application is [fault.Conflict]: nobody might be left to enable it.
func SetEnabled(tx *db.Tx, actor *access.Actor, id uuid.UUID, enabled bool) (*Application, error) {
	a, err := writable(tx, actor, id, 0)
	if err != nil || a.Enabled == enabled {
		return a, err
	}
	if a.ID == actor.Application {
		return nil, fault.New(fault.Conflict, "an application cannot disable itself")
	}
	catalogue, err := access.LoadCatalogue(tx, a.Environment)
	if err != nil {
		return nil, err
	}
	if enabled {
		if err := a.AllowUse(actor, catalogue); err != nil {
			return nil, err
		}
	}
	before := a.factsFrom(catalogue)
	after := before
	a.Enabled, after.Enabled = enabled, enabled
	kind := "application.enabled"
	if !enabled {
		a.Epoch++
		after.Epoch = a.Epoch
		kind = "application.disabled"
	}
	if err := a.update(tx); err != nil {
		return nil, err
	}
	record(tx, actor, kind, a, &before, after)
	return a, nil
}

// SetLock changes how failed logons lock an application. clear is called when locking is switched off: it forgets the
// failures so far and leaves a lock that is there. To make it laxer is a way to guess at the application's secret.
func SetLock(tx *db.Tx, actor *access.Actor, id uuid.UUID, mode lock.Mode, clear func(*db.Tx) error) (*Application, error) {
	a, err := writable(tx, actor, id, 0)
	if err != nil || a.Lock == mode {
		return a, err
	}
	if mode != lock.On {
		if err := MayUse(tx, actor, id); err != nil {
			return nil, err
		}
	}
	before, err := a.facts(tx)
	if err != nil {
		return nil, err
	}
	after := before
	a.Lock, after.Lock = mode, mode.String()
	if err := a.update(tx); err != nil {
		return nil, err
	}
	if mode == lock.Off {
		if err := clear(tx); err != nil {
			return nil, err
		}
	}
	record(tx, actor, "application.lock_policy_changed", a, &before, after)
	return a, nil
}

// Delete removes an application with its credentials, and the credentials made for its exchange; every token it got dies.
// The ledger keeps its history. One that may do more than the actor is [fault.Denied]: disabling it is for everybody who
// may change applications, because it can be undone.
func Delete(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) error {
	a, err := writable(tx, actor, id, version)
	if err != nil {
		return err
	}
	if a.ID == actor.Application {
		return fault.New(fault.Conflict, "an application cannot delete itself")
	}
	if a.Kind == Global {
		return fault.New(fault.Conflict, "the global credential cannot be deleted; disable it")
	}
	catalogue, err := access.LoadCatalogue(tx, a.Environment)
	if err != nil {
		return err
	}
	if err := a.AllowUse(actor, catalogue); err != nil {
		return fault.New(fault.Denied, "this application may do more than you, so you cannot delete it; you can disable it")
	}
	// The credentials that open nothing but its exchange have nothing left to open.
	opening, err := db.All(tx, scan, selectOpening+tx.ForUpdate(), a.Environment.String(), a.ID.String())
	if err != nil {
		return err
	}
	for _, gone := range append(opening, a) {
		if err := gone.remove(tx, actor); err != nil {
			return err
		}
	}
	return nil
}

func (a *Application) remove(tx *db.Tx, actor *access.Actor) error {
	before, err := a.facts(tx)
	if err != nil {
		return err
	}
	if err := a.delete(tx); err != nil {
		return err
	}
	e := event("application.deleted", a)
	e.Before = before
	ledger.Append(tx, actor.Who(), e)
	return nil
}

// Get returns one application of the actor's environment, or [fault.NotFound].
func Get(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Application, error) {
	if err := access.AllowOn(tx, actor, access.ReadApplications, access.OverApplication, id); err != nil {
		return nil, err
	}
	return get(tx, actor.Environment, id)
}

// Fold is the form of a name under which it is unique.
func Fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

func writable(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) (*Application, error) {
	if err := access.AllowOn(tx, actor, access.WriteApplications, access.OverApplication, id); err != nil {
		return nil, err
	}
	a, err := LockFor(tx, actor, id)
	if err != nil {
		return nil, err
	}
	if version != 0 && version != a.Version {
		return nil, fault.New(fault.Stale, "the application was changed by somebody else; read it again")
	}
	return a, nil
}
