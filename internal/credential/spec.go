package credential

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Spec is what can be said about any credential.
type Spec struct {
	Description          string
	NotBefore, ExpiresAt time.Time
	// Scopes are names of API families and of permissions. Nil leaves what the environment's policy says: everything,
	// now and later, or nothing. Families alone leave all of the application's permissions; permissions alone are
	// for the tokens of the family openid.
	Scopes []string
	// Networks are in CIDR form; none is anywhere.
	Networks []string
}

// place is where a change to a credential happens: all that the rules ask about.
type place struct {
	tx        *db.Tx
	actor     *access.Actor
	owner     *application.Application
	catalogue *access.Catalogue
	policy    environment.Policy
	// heirOf is the credential whose reach a new one takes over as it is, or nil.
	heirOf *Credential
}

// enter locks the application that a change is about and lets the actor in.
func enter(tx *db.Tx, actor *access.Actor, app uuid.UUID) (*place, error) {
	if err := access.AllowOn(tx, actor, access.WriteCredentials, access.OverApplication, app); err != nil {
		return nil, err
	}
	owner, err := application.LockFor(tx, actor, app)
	if err != nil {
		return nil, err
	}
	p := &place{tx: tx, actor: actor, owner: owner}
	if p.catalogue, err = access.LoadCatalogue(tx, actor.Environment); err != nil {
		return nil, err
	}
	p.policy, err = environment.PolicyOf(tx, actor.Environment)
	return p, err
}

// begin returns a new credential of the application, unless that has as many of the kind as it may.
func (p *place) begin(kind Kind, spec Spec) (*Credential, error) {
	return p.beginWith(kind, proof.Proof{}, spec)
}

// beginWith is [place.begin] for a credential whose proof has a say in its life.
func (p *place) beginWith(kind Kind, proven proof.Proof, spec Spec) (*Credential, error) {
	count, err := db.Value[int](p.tx, countKind, p.owner.Environment.String(), p.owner.ID.String(), string(kind))
	if err != nil {
		return nil, err
	}
	if !slices.Contains(application.Ordinary(), p.owner.Kind) && (kind != KindSecret || count > 0) {
		return nil, fault.New(fault.Conflict, "this credential has one secret and nothing else to prove itself with; make another credential instead")
	}
	if p.owner.Kind == application.Worker && p.owner.ID == p.actor.Application {
		// Else a token that was stolen for minutes is a credential for good.
		return nil, fault.New(fault.Denied, "a worker cannot make credentials for itself; somebody else must")
	}
	if most := kind.limit(&p.policy); count >= most {
		return nil, fault.New(fault.Conflict, "the application has %d %s, the most it may have; expired and disabled ones count, so delete one", count, kind.plural())
	}
	c := &Credential{
		Environment: p.owner.Environment, Application: p.owner.ID, ID: uuid.New(), Kind: kind, Enabled: true, Version: 1,
		Grace: -1, Score: strongest, Proof: proven, CreatedBy: p.actor.Who().ID, CreatedAt: p.tx.Now(), UpdatedAt: p.tx.Now(),
	}
	if spec.ExpiresAt.IsZero() {
		spec.ExpiresAt = proven.NotAfter()
	}
	return c, p.apply(c, nil, spec)
}

// strongest is the score of what cannot be guessed.
const strongest = 4

// apply checks spec and takes it over. was is what the credential said of itself before, nil for a new one: what
// stays as it was is not asked about again, so that a stricter policy leaves old credentials alone.
func (p *place) apply(c *Credential, was *Spec, spec Spec) error {
	if utf8.RuneCountInString(spec.Description) > 255 || !utf8.ValidString(spec.Description) {
		return fault.On("description", "a description has at most 255 characters")
	}
	c.Description = spec.Description
	if err := p.applyLife(c, was, spec); err != nil {
		return err
	}
	switch {
	case p.heirOf != nil:
		// Not by way of names: what it was narrowed to may be gone, and no name left would mean everything.
		c.Families, c.Narrowed, c.Permissions = p.heirOf.Families, p.heirOf.Narrowed, slices.Clone(p.heirOf.Permissions)
	case was == nil || !slices.Equal(was.Scopes, spec.Scopes) || (was.Scopes == nil) != (spec.Scopes == nil):
		if err := p.applyScopes(c, spec.Scopes); err != nil {
			return err
		}
	}
	var err error
	if c.Networks, err = access.ParseNetworks(spec.Networks); err != nil {
		return err
	}
	return p.owner.AllowUse(p.actor, p.catalogue)
}

func (p *place) applyLife(c *Credential, was *Spec, spec Spec) error {
	now := p.tx.Now()
	expires, notBefore := spec.ExpiresAt.UTC().Truncate(time.Microsecond), spec.NotBefore.UTC().Truncate(time.Microsecond)
	if was == nil || !expires.Equal(c.ExpiresAt) {
		if !expires.IsZero() && !expires.After(now) {
			return fault.On("expires_at", "the expiry lies in the past")
		}
		if err := p.policy.AllowExpiry(now, expires); err != nil && p.owner.Kind != application.Global { // policy binds only its strength
			return err
		}
	}
	if !expires.IsZero() && !notBefore.IsZero() && !notBefore.Before(expires) {
		return fault.On("not_before", "the credential would expire before it becomes valid")
	}
	if most := c.Proof.NotAfter(); !most.IsZero() && (expires.IsZero() || expires.After(most)) {
		return fault.On("expires_at", "the certificate itself expires on %s", most.Format(time.DateOnly))
	}
	c.ExpiresAt, c.NotBefore = expires, notBefore
	return nil
}

func (p *place) applyScopes(c *Credential, scopes []string) error {
	c.Families, c.Narrowed, c.Permissions = access.AllFamilies, false, nil
	if scopes == nil {
		if p.policy.DefaultSecretScopes == environment.NoScopes && slices.Contains(application.Ordinary(), p.owner.Kind) {
			c.Families, c.Narrowed = access.NoFamilies, true
		}
		return nil
	}
	c.Families = access.NoFamilies
	var names []string
	for _, scope := range scopes {
		if family, ok := access.FamilyNamed(scope); ok {
			c.Families |= family
		} else {
			names = append(names, scope)
		}
	}
	if len(names) == 0 && c.Families != access.NoFamilies {
		return nil
	}
	if len(names) > 0 && c.Families == access.NoFamilies {
		c.Families = access.FamilyOpenID
	}
	var err error
	c.Narrowed = true
	if c.Permissions, err = p.catalogue.Numbers("scopes", names); err != nil {
		return err
	}
	if extra := beyond(c.Permissions, p.owner.Permissions); len(extra) > 0 {
		return fault.On("scopes", "the application itself does not have %s", strings.Join(p.catalogue.Names(extra), ", "))
	}
	return nil
}

// Scopes lists what the credential is narrowed to, families first: nil when nothing narrows it, and empty when nothing
// is left of what it was narrowed to. It never lists families alone for one that is narrowed further, because whoever
// says so asks for all permissions.
func (c *Credential) Scopes(catalogue *access.Catalogue) []string {
	if c.Families == access.AllFamilies && !c.Narrowed {
		return nil
	}
	names := catalogue.Names(c.Permissions)
	if c.Narrowed && len(names) == 0 {
		return names
	}
	return append(c.Families.Names(), names...)
}

// spec returns what the credential says of itself, in the form in which it can be changed.
func (c *Credential) spec(catalogue *access.Catalogue) Spec {
	return Spec{
		Description: c.Description, NotBefore: c.NotBefore, ExpiresAt: c.ExpiresAt, Scopes: c.Scopes(catalogue), Networks: c.Networks.Strings(),
	}
}

// beyond returns the numbers of a that b does not hold.
func beyond(a, b []uint32) (extra []uint32) {
	for _, n := range a {
		if _, held := slices.BinarySearch(b, n); !held {
			extra = append(extra, n)
		}
	}
	return extra
}
