package environment

import (
	"crypto/rand"
	"encoding/binary"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Environment is one unit of isolation.
type Environment struct {
	ID           uuid.UUID
	Organization uuid.UUID
	// Slug is a readable second name in paths, or empty. It never changes, because the issuer is made of it.
	Slug    string
	Name    string
	Default bool
	Enabled bool
	Epoch   uint32
	// Region is the code of the region that it lives in, or empty: wherever this is. It never changes.
	Region string
	// Incarnation is random and renewed by a restore; see [access.Epochs].
	Incarnation uint64
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Issuer returns the one canonical issuer of the environment (RFC 8414 §2) under base, the configured base URL
// without a trailing slash.
func (e *Environment) Issuer(base string) string {
	switch {
	case e.Default:
		return base
	case e.Slug != "":
		return base + "/" + e.Slug
	default:
		return base + "/" + e.ID.String()
	}
}

// Spec is what can be said about an environment. Slug and region count only at creation.
type Spec struct{ Name, Slug, Region string }

// Authority makes and changes environments.
type Authority struct {
	Vault *seal.Vault
	Ring  *keyring.Ring
	APIs  *access.Authority
	// Regions are those that an environment can live in.
	Regions Regions
	// Sealed puts what other rooms keep sealed under a new sealing key; see [Authority.Rekey].
	Sealed []Reseal
	// Born gives a new environment what it is born with beside keys and management API.
	Born []func(tx *db.Tx, environment uuid.UUID) error
}

// Reseal seals what one room keeps of an environment under its present sealing key; see [seal.Vault.Rekey].
type Reseal func(tx *db.Tx, vault *seal.Vault, environment uuid.UUID) error

// reserved are the first path segments that the program itself serves, now or in time.
var reserved = []string{
	"account", "api", "authorize", "connect", "console", "docs", "health", "healthz", "help", "leaks", "login", "logout", "metrics",
	"oauth", "oauth2", "oidc", "openapi", "readyz", "robots.txt", "saml", "scim", "session", "setup", "signin", "signout",
	"handover", "activate", "reset", "forgot", "mailbox", "static", "status", "well-known", ".well-known", "favicon.ico", "default", "admin", "invite", "services",
}

var slugShape = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func validSlug(slug string) error {
	_, isID := uuid.Parse(slug)
	if slug == "" || isID != nil && len(slug) <= 50 && slugShape.MatchString(slug) && !slices.Contains(reserved, slug) {
		return nil
	}
	return fault.On("slug", "a slug has 1 to 50 lowercase letters, digits and single hyphens, begins with a letter, "+
		"and is no word that Counterfoil serves itself (such as api or oauth2)")
}

// Found makes the organization and its default environment, unless they exist; it returns the default
// environment and whether it was made now.
func (y *Authority) Found(tx *db.Tx) (*Environment, bool, error) {
	// The lock makes nodes that start together take turns: the first founds, the others find.
	if _, err := db.Value[string](tx, lockInstallation+tx.ForUpdate()); err != nil {
		return nil, false, err
	}
	existing, err := list(tx)
	if err != nil || len(existing) > 0 {
		return defaultOf(existing), false, err
	}
	organization := uuid.New()
	if _, err := tx.Exec(insertOrganization, organization.String(), "Organization", db.Micros(tx.Now())); err != nil {
		return nil, false, err
	}
	e := &Environment{Organization: organization, Name: "Default", Default: true}
	return e, true, y.bear(tx, e, nil)
}

func defaultOf(all []*Environment) *Environment {
	for _, e := range all {
		if e.Default {
			return e
		}
	}
	return nil
}

// Create makes a second, third … environment. Only an actor of the default one may.
func (y *Authority) Create(tx *db.Tx, actor *access.Actor, spec Spec) (*Environment, error) {
	if err := allowHome(tx, actor, access.WriteEnvironments); err != nil {
		return nil, err
	}
	home, err := get(tx, actor.Environment)
	if err != nil {
		return nil, err
	}
	e := &Environment{Organization: home.Organization, Name: strings.TrimSpace(spec.Name), Slug: spec.Slug, Region: spec.Region}
	if err := access.ValidName("name", e.Name); err != nil {
		return nil, err
	}
	if err := validSlug(e.Slug); err != nil {
		return nil, err
	}
	if err := y.Regions.known(e.Region); err != nil {
		return nil, err
	}
	return e, y.bear(tx, e, actor)
}

// bear writes the environment and everything it is born with: keys, ledger, management API. A creator from
// another environment is recorded in theirs as well.
func (y *Authority) bear(tx *db.Tx, e *Environment, creator *access.Actor) error {
	e.ID, e.Enabled, e.Version = uuid.New(), true, 1
	e.Incarnation = randomIncarnation()
	e.CreatedAt, e.UpdatedAt = tx.Now(), tx.Now()
	if err := e.insert(tx); err != nil {
		return err
	}
	if err := y.Vault.Enclose(tx, e.ID); err != nil {
		return err
	}
	if err := ledger.Begin(tx, y.Vault, e.ID); err != nil {
		return err
	}
	operator := access.Operator(e.ID)
	record(tx, &operator, e.ID, "environment.created", e, nil, e.facts())
	if creator != nil {
		record(tx, creator, creator.Environment, "environment.created", e, nil, e.facts())
	}
	if _, err := y.Ring.EnsureHandles(tx, e.ID); err != nil {
		return err
	}
	if err := y.APIs.Install(tx, &operator, e.ID); err != nil {
		return err
	}
	for _, give := range y.Born {
		if err := give(tx, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// List returns the environments the actor may see: all of them from the default one, else only its own.
func List(tx *db.Tx, actor *access.Actor) ([]*Environment, error) {
	if err := access.Allow(tx, actor, access.ReadEnvironments); err != nil {
		return nil, err
	}
	all, err := list(tx)
	return slices.DeleteFunc(all, func(e *Environment) bool { return !visible(actor, e.ID) }), err
}

// Get returns one environment that the actor may see, or [fault.NotFound].
func Get(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Environment, error) {
	if err := access.Allow(tx, actor, access.ReadEnvironments); err != nil {
		return nil, err
	}
	if !visible(actor, id) {
		return nil, errMissing
	}
	return get(tx, id)
}

func visible(actor *access.Actor, id uuid.UUID) bool { return actor.Home || actor.Environment == id }

// Rename changes the name. version is the one the caller saw, or 0; another is [fault.Stale].
func Rename(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, name string) (*Environment, error) {
	e, err := writable(tx, actor, id)
	if err != nil {
		return nil, err
	}
	if version != 0 && version != e.Version {
		return nil, fault.New(fault.Stale, "the environment was changed by somebody else; read it again")
	}
	before := e.facts()
	e.Name = strings.TrimSpace(name)
	if err := access.ValidName("name", e.Name); err != nil {
		return nil, err
	}
	return e, e.change(tx, actor, "environment.changed", before)
}

// SetEnabled disables or enables an environment. Disabling kills every token in it for good. The default
// environment cannot be disabled: nobody could enable it again.
func SetEnabled(tx *db.Tx, actor *access.Actor, id uuid.UUID, enabled bool) (*Environment, error) {
	e, err := writable(tx, actor, id)
	if err != nil || e.Enabled == enabled {
		return e, err
	}
	if e.Default {
		return nil, fault.New(fault.Conflict, "the default environment cannot be disabled: it is the one from which environments are enabled")
	}
	before := e.facts()
	e.Enabled = enabled
	kind := "environment.enabled"
	if !enabled {
		e.Epoch++
		kind = "environment.disabled"
	}
	return e, e.change(tx, actor, kind, before)
}

func (e *Environment) change(tx *db.Tx, actor *access.Actor, kind string, before facts) error {
	if err := e.update(tx); err != nil {
		return err
	}
	record(tx, actor, e.ID, kind, e, &before, e.facts())
	if actor.Environment != e.ID {
		record(tx, actor, actor.Environment, kind, e, &before, e.facts())
	}
	return nil
}

// Keep returns an environment that stays as it is until the transaction, which writes, ends: whoever keeps it waits for the others.
func Keep(tx *db.Tx, id uuid.UUID) (*Environment, error) { return getForUpdate(tx, id) }

func writable(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Environment, error) {
	if !visible(actor, id) {
		return nil, errMissing
	}
	if err := allowHome(tx, actor, access.WriteEnvironments); err != nil {
		return nil, err
	}
	return getForUpdate(tx, id)
}

// allowHome lets only actors of the default environment on: an environment neither makes others nor changes
// its own standing.
func allowHome(tx *db.Tx, actor *access.Actor, permission string) error {
	if !actor.Home {
		return fault.New(fault.Denied, "environments are administered from the default environment")
	}
	return access.Allow(tx, actor, permission)
}

func randomIncarnation() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	// The column is signed; the top bit stays off so that text and binary forms read alike.
	return binary.BigEndian.Uint64(b[:]) >> 1
}

// facts is what the ledger keeps of an environment.
type facts struct {
	Name    string `json:"name"`
	Slug    string `json:"slug,omitempty"`
	Region  string `json:"region,omitempty"`
	Enabled bool   `json:"enabled"`
	Epoch   uint32 `json:"epoch"`
}

func (e *Environment) facts() facts { return facts{e.Name, e.Slug, e.Region, e.Enabled, e.Epoch} }

// record appends an event about e to the ledger of environment where, which is e's own or its administrator's.
func record(tx *db.Tx, actor *access.Actor, where uuid.UUID, kind string, e *Environment, before *facts, after facts) {
	event := ledger.Event{
		Environment: where, Kind: kind, Register: where == e.ID,
		Subject: ledger.Subject{Kind: "environment", ID: e.ID.String()}, After: after,
	}
	if before != nil {
		event.Before = before
	}
	ledger.Append(tx, actor.Who(), event)
}

// Restored gives every environment a new incarnation after its database came back from a backup: tokens of the
// time that the backup does not know, and of the one before, are dead, so that nothing revoked since lives again.
func (y *Authority) Restored(tx *db.Tx, actor *access.Actor) error {
	all, err := list(tx)
	if err != nil {
		return err
	}
	for _, e := range all {
		before := e.facts()
		e.Incarnation = randomIncarnation()
		if err := e.update(tx); err != nil {
			return err
		}
		record(tx, actor, e.ID, "environment.restored", e, &before, e.facts())
	}
	return nil
}
