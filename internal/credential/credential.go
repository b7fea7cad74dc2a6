package credential

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// KindSecret is a secret that Counterfoil generated.
const KindSecret = "secret"

// MaxSecrets is how many secrets one application may have, expired and disabled ones included.
const MaxSecrets = 20

// Credential is one way in which an application proves itself.
type Credential struct {
	Environment, Application, ID uuid.UUID
	Kind                         string
	Description                  string
	// Hint is the beginning of a secret, enough to recognise it and no more.
	Hint    string
	Enabled bool
	Epoch   uint32
	// NotBefore and ExpiresAt bound its life; the zero time is no bound.
	NotBefore, ExpiresAt time.Time
	// Narrowed says that Permissions, sorted numbers, bound the credential; else the application's do.
	Narrowed    bool
	Permissions []uint32
	Version     int64
	CreatedBy   string
	CreatedAt   time.Time
	UpdatedAt   time.Time

	mac    [32]byte
	layers Layers
}

// Spec is what can be said about a credential.
type Spec struct {
	Description          string
	NotBefore, ExpiresAt time.Time
	// Scopes narrow the credential to some of its application's; nil leaves it all of them, now and later.
	Scopes []string
}

// Authority adds and changes credentials.
type Authority struct{ Vault *seal.Vault }

// AddSecret generates a secret for an application of the actor's environment and returns it with its plain
// text, which exists nowhere else afterwards. More than [MaxSecrets] is [fault.Conflict]; an application that
// may do more with Counterfoil than the actor is [fault.Denied].
func (y *Authority) AddSecret(tx *db.Tx, actor *access.Actor, app uuid.UUID, spec Spec) (*Credential, seal.Secret, error) {
	if err := access.Allow(tx, actor, access.WriteCredentials); err != nil {
		return nil, seal.Secret{}, err
	}
	owner, err := application.Lock(tx, actor.Environment, app)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	count, err := db.Value[int](tx, countSecrets, actor.Environment.String(), app.String())
	if err != nil {
		return nil, seal.Secret{}, err
	}
	if count >= MaxSecrets {
		return nil, seal.Secret{}, fault.New(fault.Conflict, "the application has %d secrets, the most it may have; expired and disabled ones count, so delete one", count)
	}
	c := &Credential{
		Environment: actor.Environment, Application: app, ID: uuid.New(), Kind: KindSecret, Enabled: true, Version: 1,
		CreatedBy: actor.Who().ID, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if err := c.apply(tx, actor, owner, spec); err != nil {
		return nil, seal.Secret{}, err
	}
	plain, err := newSecret()
	if err != nil {
		return nil, seal.Secret{}, err
	}
	peppers := y.Vault.Peppers()
	c.Hint, c.layers = string(plain[:hintLength]), Layers{uint16(peppers.Newest())}
	if !wrap(peppers, &c.mac, c.layers, c.Environment, c.Application, plain) {
		return nil, seal.Secret{}, fault.New(fault.Unavailable, "the key for new secrets is not loaded")
	}
	if err := c.insert(tx); err != nil {
		return nil, seal.Secret{}, err
	}
	return c, seal.NewSecret(string(plain)), c.record(tx, actor, "credential.created", nil)
}

// Change applies change to a credential. version is the one the caller saw, or 0; another is [fault.Stale].
func Change(tx *db.Tx, actor *access.Actor, app, id uuid.UUID, version int64, change func(*Spec)) (*Credential, error) {
	c, owner, err := writable(tx, actor, app, id, version)
	if err != nil {
		return nil, err
	}
	before, err := c.facts(tx)
	if err != nil {
		return nil, err
	}
	spec := Spec{Description: c.Description, NotBefore: c.NotBefore, ExpiresAt: c.ExpiresAt}
	if c.Narrowed {
		spec.Scopes = before.Scopes
	}
	change(&spec)
	was := c.ExpiresAt
	if err := c.apply(tx, actor, owner, spec); err != nil {
		return nil, err
	}
	if expired := !was.IsZero() && !was.After(tx.Now()); expired && !c.ExpiresAt.Equal(was) {
		c.Epoch++ // it lives again, what died with it does not
	}
	if err := c.update(tx); err != nil {
		return nil, err
	}
	return c, c.record(tx, actor, "credential.changed", before)
}

// apply checks spec and takes it over.
func (c *Credential) apply(tx *db.Tx, actor *access.Actor, owner *application.Application, spec Spec) error {
	if utf8.RuneCountInString(spec.Description) > 255 || !utf8.ValidString(spec.Description) {
		return fault.On("description", "a description has at most 255 characters")
	}
	expires, notBefore := spec.ExpiresAt.UTC().Truncate(time.Microsecond), spec.NotBefore.UTC().Truncate(time.Microsecond)
	if !spec.ExpiresAt.IsZero() && !expires.Equal(c.ExpiresAt) && !expires.After(tx.Now()) {
		return fault.On("expires_at", "the expiry lies in the past")
	}
	if !expires.IsZero() && !notBefore.IsZero() && !notBefore.Before(expires) {
		return fault.On("not_before", "the credential would expire before it becomes valid")
	}
	catalogue, err := access.LoadCatalogue(tx, c.Environment)
	if err != nil {
		return err
	}
	c.Description, c.ExpiresAt, c.NotBefore = spec.Description, expires, notBefore
	c.Narrowed, c.Permissions = spec.Scopes != nil, nil
	if c.Narrowed {
		if c.Permissions, err = catalogue.Numbers("scopes", spec.Scopes); err != nil {
			return err
		}
		if extra := beyond(c.Permissions, owner.Permissions); len(extra) > 0 {
			return fault.On("scopes", "the application itself does not have %s", strings.Join(catalogue.Names(extra), ", "))
		}
	}
	return owner.AllowUse(actor, catalogue)
}

// beyond returns the numbers of a that b does not hold.
func beyond(a, b []uint32) (extra []uint32) {
	held := map[uint32]bool{}
	for _, n := range b {
		held[n] = true
	}
	for _, n := range a {
		if !held[n] {
			extra = append(extra, n)
		}
	}
	return extra
}

// SetEnabled disables or enables a credential. Disabling kills every token it was exchanged for, for good.
func SetEnabled(tx *db.Tx, actor *access.Actor, app, id uuid.UUID, enabled bool) (*Credential, error) {
	c, owner, err := writable(tx, actor, app, id, 0)
	if err != nil || c.Enabled == enabled {
		return c, err
	}
	before, err := c.facts(tx)
	if err != nil {
		return nil, err
	}
	if enabled {
		catalogue, err := access.LoadCatalogue(tx, c.Environment)
		if err != nil {
			return nil, err
		}
		if err := owner.AllowUse(actor, catalogue); err != nil {
			return nil, err
		}
	}
	c.Enabled = enabled
	kind := "credential.enabled"
	if !enabled {
		c.Epoch++
		kind = "credential.disabled"
	}
	if err := c.update(tx); err != nil {
		return nil, err
	}
	return c, c.record(tx, actor, kind, before)
}

// Delete removes a credential; every token it was exchanged for dies. The ledger keeps its history.
func Delete(tx *db.Tx, actor *access.Actor, app, id uuid.UUID, version int64) error {
	c, _, err := writable(tx, actor, app, id, version)
	if err != nil {
		return err
	}
	before, err := c.facts(tx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(deleteCredential, c.Environment.String(), app.String(), id.String()); err != nil {
		return err
	}
	e := c.event("credential.deleted")
	e.Before = before
	ledger.Append(tx, actor.Who(), e)
	return nil
}

// EndTokens kills every token that a credential was exchanged for, and leaves the credential usable. Token
// revocation falls back to it when there are too many single revocations to keep.
func EndTokens(tx *db.Tx, who ledger.Who, environment, app, id uuid.UUID) error {
	c, err := getForUpdate(tx, environment, app, id)
	if err != nil {
		return err
	}
	c.Epoch++
	if err := c.update(tx); err != nil {
		return err
	}
	ledger.Append(tx, who, c.event("credential.tokens_ended"))
	return nil
}

// Get returns one credential of an application, or [fault.NotFound].
func Get(tx *db.Tx, actor *access.Actor, app, id uuid.UUID) (*Credential, error) {
	if err := access.Allow(tx, actor, access.ReadCredentials); err != nil {
		return nil, err
	}
	return get(tx, actor.Environment, app, id)
}

// Load returns a credential to a caller who may see it for another reason than [Get] asks for: having made it, or
// having come with it.
func Load(tx *db.Tx, environment, app, id uuid.UUID) (*Credential, error) {
	return get(tx, environment, app, id)
}

// List returns an application's credentials, oldest first; there are never more than its limits allow. An
// application that does not exist is [fault.NotFound].
func List(tx *db.Tx, actor *access.Actor, app uuid.UUID) ([]*Credential, error) {
	if err := access.Allow(tx, actor, access.ReadCredentials); err != nil {
		return nil, err
	}
	if _, err := application.Load(tx, actor.Environment, app); err != nil {
		return nil, err
	}
	return db.All(tx, scan, selectAll, actor.Environment.String(), app.String())
}

func writable(tx *db.Tx, actor *access.Actor, app, id uuid.UUID, version int64) (*Credential, *application.Application, error) {
	if err := access.Allow(tx, actor, access.WriteCredentials); err != nil {
		return nil, nil, err
	}
	owner, err := application.Lock(tx, actor.Environment, app)
	if err != nil {
		return nil, nil, err
	}
	c, err := getForUpdate(tx, actor.Environment, app, id)
	if err != nil {
		return nil, nil, err
	}
	if version != 0 && version != c.Version {
		return nil, nil, fault.New(fault.Stale, "the credential was changed by somebody else; read it again")
	}
	return c, owner, nil
}

// facts is what the ledger keeps of a credential: never the secret, nor its hash.
type facts struct {
	Application string   `json:"application"`
	Kind        string   `json:"kind"`
	Description string   `json:"description,omitempty"`
	Hint        string   `json:"hint"`
	Enabled     bool     `json:"enabled"`
	Epoch       uint32   `json:"epoch"`
	NotBefore   string   `json:"not_before,omitempty"`
	ExpiresAt   string   `json:"expires_at,omitempty"`
	Scopes      []string `json:"scopes,omitempty"`
}

func (c *Credential) facts(tx *db.Tx) (*facts, error) {
	f := &facts{
		Application: c.Application.String(), Kind: c.Kind, Description: c.Description, Hint: c.Hint,
		Enabled: c.Enabled, Epoch: c.Epoch, NotBefore: stamp(c.NotBefore), ExpiresAt: stamp(c.ExpiresAt),
	}
	if c.Narrowed {
		catalogue, err := access.LoadCatalogue(tx, c.Environment)
		if err != nil {
			return nil, err
		}
		f.Scopes = catalogue.Names(c.Permissions)
	}
	return f, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func (c *Credential) event(kind string) ledger.Event {
	return ledger.Event{
		Environment: c.Environment, Kind: kind, Register: true,
		Subject: ledger.Subject{Kind: "credential", ID: c.Application.String() + "/" + c.ID.String()},
	}
}

func (c *Credential) record(tx *db.Tx, actor *access.Actor, kind string, before *facts) error {
	after, err := c.facts(tx)
	if err != nil {
		return err
	}
	e := c.event(kind)
	e.After = after
	if before != nil {
		e.Before = before
	}
	ledger.Append(tx, actor.Who(), e)
	return nil
}
