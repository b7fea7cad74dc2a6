package application

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Client authentication methods at the token endpoint (RFC 7591 §2).
const (
	Basic = "client_secret_basic"
	Post  = "client_secret_post"
)

// AuthMethods lists every method that an application can be restricted to.
func AuthMethods() []string { return []string{Basic, Post} }

// Application is a client (RFC 6749 §1.1).
type Application struct {
	Environment uuid.UUID
	ID          uuid.UUID
	Name        string
	Description string
	Enabled     bool
	Epoch       uint32
	// Lifetime replaces the API's token lifetime when it is not 0; the shorter of the two counts.
	Lifetime time.Duration
	// Methods are the authentication methods it may use; empty means any.
	Methods []string
	// Permissions and Introspects are sorted numbers of permissions and of APIs ([access.API.Number]).
	Permissions []uint32
	Introspects []uint32
	Version     int64
	CreatedBy   string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Spec is what can be said about an application. Scopes and Introspects are names.
type Spec struct {
	Name, Description string
	Scopes            []string
	Introspects       []string
	Lifetime          time.Duration
	Methods           []string
	Disabled          bool // counts only at creation
}

// Create adds an application to the actor's environment. A name that is taken, whatever its case, is
// [fault.Conflict]; management scopes that the actor lacks are [fault.Denied].
func Create(tx *db.Tx, actor *access.Actor, spec Spec) (*Application, error) {
	if err := access.Allow(tx, actor, access.WriteApplications); err != nil {
		return nil, err
	}
	a := &Application{
		Environment: actor.Environment, ID: uuid.New(), Enabled: !spec.Disabled, Version: 1,
		CreatedBy: actor.Who().ID, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
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
	}
	change(&spec)
	if err := a.apply(tx, actor, spec); err != nil {
		return nil, err
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
	a.Lifetime = spec.Lifetime
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
	if err := access.AllowGrant(actor, catalogue, added(a.Permissions, held)); err != nil {
		return err
	}
	if a.Introspects, err = catalogue.APINumbers("introspects", spec.Introspects); err != nil {
		return err
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

// AllowUse refuses ([fault.Denied]) to let the actor get, or bring back, a way to act as an application that may do
// more with Counterfoil than the actor: its secret may have leaked, which is why somebody disabled it.
func (a *Application) AllowUse(actor *access.Actor, catalogue *access.Catalogue) error {
	if err := access.AllowGrant(actor, catalogue, a.Permissions); err != nil {
		return err
	}
	return access.AllowIntrospection(actor, catalogue, a.Introspects)
}

// Delete removes an application with its credentials; every token it got dies. The ledger keeps its history.
func Delete(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) error {
	a, err := writable(tx, actor, id, version)
	if err != nil {
		return err
	}
	if a.ID == actor.Application {
		return fault.New(fault.Conflict, "an application cannot delete itself")
	}
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
	if err := access.Allow(tx, actor, access.ReadApplications); err != nil {
		return nil, err
	}
	return get(tx, actor.Environment, id)
}

// Page says which part of a list is wanted: the Limit entries after the one called After.
type Page struct {
	After string // folded name; empty: from the start
	Limit int
}

// List returns applications of the actor's environment by name. A name that is not empty finds the one
// application called so, whatever its case.
func List(tx *db.Tx, actor *access.Actor, name string, page Page) ([]*Application, error) {
	if err := access.Allow(tx, actor, access.ReadApplications); err != nil {
		return nil, err
	}
	if name != "" {
		return named(tx, actor.Environment, name)
	}
	return list(tx, actor.Environment, page)
}

// Fold is the form of a name under which it is unique.
func Fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

func writable(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) (*Application, error) {
	if err := access.Allow(tx, actor, access.WriteApplications); err != nil {
		return nil, err
	}
	a, err := getForUpdate(tx, actor.Environment, id)
	if err != nil {
		return nil, err
	}
	if version != 0 && version != a.Version {
		return nil, fault.New(fault.Stale, "the application was changed by somebody else; read it again")
	}
	return a, nil
}

// facts is what the ledger keeps of an application.
type facts struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Enabled     bool     `json:"enabled"`
	Epoch       uint32   `json:"epoch"`
	Lifetime    int64    `json:"token_lifetime,omitempty"`
	Methods     []string `json:"auth_methods,omitempty"`
	Scopes      []string `json:"scopes"`
	Introspects []string `json:"introspects,omitempty"`
}

func (a *Application) facts(tx *db.Tx) (facts, error) {
	catalogue, err := access.LoadCatalogue(tx, a.Environment)
	if err != nil {
		return facts{}, err
	}
	return a.factsFrom(catalogue), nil
}

func (a *Application) factsFrom(c *access.Catalogue) facts {
	return facts{
		Name: a.Name, Description: a.Description, Enabled: a.Enabled, Epoch: a.Epoch,
		Lifetime: int64(a.Lifetime / time.Second), Methods: a.Methods,
		Scopes: c.Names(a.Permissions), Introspects: c.APINames(a.Introspects),
	}
}

func event(kind string, a *Application) ledger.Event {
	return ledger.Event{
		Environment: a.Environment, Kind: kind, Register: true,
		Subject: ledger.Subject{Kind: "application", ID: a.ID.String()},
	}
}

func record(tx *db.Tx, actor *access.Actor, kind string, a *Application, before *facts, after facts) {
	e := event(kind, a)
	if before != nil {
		e.Before = before
	}
	e.After = after
	ledger.Append(tx, actor.Who(), e)
}
