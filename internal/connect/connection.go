package connect

import (
	"encoding/json"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Limits of what a connection carries.
const (
	MaxTags     = 10
	MaxMetadata = 16 << 10 // bytes of JSON
	maxName     = 200
)

// EndUser is the customer who connected something, as whoever sent them calls them.
type EndUser struct {
	ID           string `json:"id,omitempty"`
	Email        string `json:"email,omitempty"`
	DisplayName  string `json:"display_name,omitempty"`
	Organization string `json:"organization_id,omitempty"`
	// OrganizationName is what Organization is called.
	OrganizationName string `json:"organization_display_name,omitempty"`
}

// Filled is what was entered for a connection, checked by its provider's fields.
type Filled struct {
	Values  map[string]string
	Secrets map[string]seal.Secret
}

// Token is what a provider gave. Access tokens are handed out, refresh tokens never.
type Token struct {
	Access  seal.Secret
	Type    string // as the provider says, usually Bearer
	Refresh seal.Secret
	// FetchedAt and ExpiresAt are by our clock; a zero ExpiresAt is a token that does not expire.
	FetchedAt, ExpiresAt time.Time
	Scope                string
	// Told are further members of the answer that templates of the provider name, such as where its API is.
	Told map[string]string
}

// Connection is what one customer entered for a connector. Its secrets are opened by [Authority.Secrets] alone.
type Connection struct {
	Environment, ID uuid.UUID
	Connector       *Connector
	Name            string
	// Enabled is false while the connection is switched off; see [Connection.Usable].
	Enabled bool
	Health
	// Values are what was entered and is no secret.
	Values   map[string]string
	Metadata json.RawMessage
	Tags     map[string]string
	EndUser  EndUser
	Version  int64

	CreatedBy            string
	CreatedAt, UpdatedAt time.Time
	// FetchedAt and ExpiresAt are those of its token, UsedAt when it was last asked for (late by up to a minute).
	FetchedAt, ExpiresAt, UsedAt time.Time
}

// Usable returns nil, or [fault.Conflict] that says which switch is off.
func (c *Connection) Usable() error {
	switch {
	case c.Connector.Stopped:
		return fault.New(fault.Conflict, "the provider %s is stopped in this environment: an administrator can let it go on", c.Connector.Provider)
	case !c.Connector.Enabled:
		return fault.New(fault.Conflict, "the connector %s is disabled", c.Connector.Name)
	case !c.Enabled:
		return fault.New(fault.Conflict, "the connection is disabled")
	}
	return nil
}

// Filled returns what templates of the provider know of the connection without its secrets: what was entered, and what its
// connector presets.
func (c *Connection) Filled() map[string]string {
	values := maps.Clone(c.Values)
	if values == nil {
		values = map[string]string{}
	}
	maps.Copy(values, c.Connector.Settings.Presets)
	return values
}

// Spec is what can be said about a connection beside its credential.
type Spec struct {
	Name     string
	Metadata json.RawMessage // an object, or empty
	Tags     map[string]string
	EndUser  EndUser
}

var tagName = regexp.MustCompile(`^[a-z][a-z0-9_./-]{0,63}$`)

// Check refuses with [fault.Invalid] what does not fit, and lower-cases the names of tags.
func (s *Spec) Check() error {
	if len(s.Name) > maxName {
		return fault.On("name", "the name is longer than %d characters", maxName)
	}
	var object map[string]json.RawMessage
	switch {
	case len(s.Metadata) == 0:
		s.Metadata = json.RawMessage("{}")
	case len(s.Metadata) > MaxMetadata:
		return fault.On("metadata", "the metadata is longer than %d bytes", MaxMetadata)
	case json.Unmarshal(s.Metadata, &object) != nil || object == nil:
		return fault.On("metadata", "the metadata must be a JSON object")
	}
	if len(s.Tags) > MaxTags {
		return fault.On("tags", "a connection has at most %d tags", MaxTags)
	}
	lower := make(map[string]string, len(s.Tags))
	for name, value := range s.Tags {
		name := strings.ToLower(name)
		if _, twice := lower[name]; twice || !tagName.MatchString(name) || value == "" || len(value) > 255 {
			return fault.On("tags", "the tag %q does not fit: names are up to 64 letters, digits and ._/- once each, values 1 to 255 characters", name)
		}
		lower[name] = value
	}
	s.Tags = lower
	for field, text := range map[string]string{
		"end_user.id": s.EndUser.ID, "end_user.display_name": s.EndUser.DisplayName,
		"end_user.organization_id": s.EndUser.Organization, "end_user.organization_display_name": s.EndUser.OrganizationName,
	} {
		if len(text) > 255 {
			return fault.On(field, "at most 255 characters")
		}
	}
	if s.EndUser.Email != "" {
		if a, err := mail.ParseAddress(s.EndUser.Email); err != nil || a.Address != s.EndUser.Email {
			return fault.On("end_user.email", "this is no e-mail address")
		}
	}
	return nil
}

// Create stores a connection that was just found to work: filled is what was entered, token what the provider gave for it
// (nil in modes without one), warning what is still amiss. Nobody's permission is asked: the caller holds a connect
// session, or has asked for [access.WriteConnections].
func (y *Authority) Create(tx *db.Tx, who ledger.Who, connector *Connector, spec Spec, filled Filled, token *Token, warning string) (*Connection, error) {
	if err := spec.Check(); err != nil {
		return nil, err
	}
	c := &Connection{
		Environment: connector.Environment, ID: uuid.Must(uuid.NewV7()), Connector: connector, Name: spec.Name, Enabled: true,
		Health: Health{State: Healthy, Warning: warning}, Values: filled.Values, Metadata: spec.Metadata, Tags: spec.Tags, EndUser: spec.EndUser,
		Version: 1, CreatedBy: who.ID, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if err := c.insert(tx); err != nil {
		return nil, err
	}
	if err := y.keep(tx, c, filled, token); err != nil {
		return nil, err
	}
	record(tx, who, "connection.created", c, nil, c.facts())
	return c, nil
}

// Reconnect puts new credentials in the place of a connection's, which keeps its id, tags and metadata. It is healthy
// again, whatever it was.
func (y *Authority) Reconnect(tx *db.Tx, who ledger.Who, id, environment uuid.UUID, filled Filled, token *Token, warning string) (*Connection, error) {
	c, err := lockConnection(tx, environment, id)
	if err != nil {
		return nil, err
	}
	before := c.facts()
	c.Values, c.Health = filled.Values, Health{State: Healthy, Warning: warning}
	if err := c.update(tx); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(deleteSecrets, environment.String(), id.String()); err != nil {
		return nil, err
	}
	if err := y.keep(tx, c, filled, token); err != nil {
		return nil, err
	}
	record(tx, who, "connection.reconnected", c, before, c.facts())
	return c, nil
}

// keep seals what was entered, each field for itself, and the token. The fence moves on, so that an answer that is still
// under way for the credential of before is thrown away.
func (y *Authority) keep(tx *db.Tx, c *Connection, filled Filled, token *Token) error {
	for field, secret := range filled.Secrets {
		id := secretID(c.ID, field)
		sealed, err := y.Vault.Seal(tx, c.Environment, "connection_secret", id, "sealed", []byte(secret.Reveal()))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(insertSecret, c.Environment.String(), id, c.ID.String(), sealed); err != nil {
			return err
		}
	}
	sealed, expires, fetched := []byte{}, int64(0), int64(0)
	if token != nil {
		var err error
		if sealed, err = y.SealToken(tx, c.Environment, c.ID, token); err != nil {
			return err
		}
		expires, fetched = db.Micros(token.ExpiresAt), db.Micros(token.FetchedAt)
		c.ExpiresAt, c.FetchedAt = token.ExpiresAt, token.FetchedAt
	}
	_, err := tx.Exec(upsertToken, c.Environment.String(), c.ID.String(), sealed, expires, fetched, RefreshAt(token, c.ID))
	return err
}

// Change applies change to what is said about a connection. version is the one the caller saw, or 0; another is
// [fault.Stale].
func (y *Authority) Change(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, change func(*Spec)) (*Connection, error) {
	c, err := connectionToChange(tx, actor, id, version)
	if err != nil {
		return nil, err
	}
	before := c.facts()
	spec := Spec{Name: c.Name, Metadata: c.Metadata, Tags: c.Tags, EndUser: c.EndUser}
	change(&spec)
	if err := spec.Check(); err != nil {
		return nil, err
	}
	c.Name, c.Metadata, c.Tags, c.EndUser = spec.Name, spec.Metadata, spec.Tags, spec.EndUser
	if err := c.update(tx); err != nil {
		return nil, err
	}
	if err := c.keepTags(tx); err != nil {
		return nil, err
	}
	record(tx, actor.Who(), "connection.changed", c, before, c.facts())
	return c, nil
}

// SetEnabled is the switch of a connection: while it is off nothing of it is handed out or passed on.
func (y *Authority) SetEnabled(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, enabled bool) (*Connection, error) {
	c, err := connectionToChange(tx, actor, id, version)
	if err != nil || c.Enabled == enabled {
		return c, err
	}
	c.Enabled = enabled
	if err := c.update(tx); err != nil {
		return nil, err
	}
	kind := "connection.disabled"
	if enabled {
		kind = "connection.enabled"
	}
	record(tx, actor.Who(), kind, c, nil, nil)
	return c, nil
}

// Revocation says what became of a token at its provider when its connection was deleted.
type Revocation string

// What may become of it.
const (
	// NotRevoked: there was nothing to revoke, or the provider has no way to.
	NotRevoked Revocation = "none"
	Revoked    Revocation = "revoked"
	// RevocationFailed: the token works at the provider until it ends by itself.
	RevocationFailed Revocation = "failed"
)

// Delete deletes a connection and everything sealed for it. What the provider is to be told, the caller tells it before,
// because afterwards nobody can; what came of that is kept with the event.
func (y *Authority) Delete(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, told Revocation) error {
	c, err := connectionToChange(tx, actor, id, version)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(deleteConnection, c.Environment.String(), c.ID.String()); err != nil {
		return err
	}
	record(tx, actor.Who(), "connection.deleted", c, c.facts(), map[string]any{"revocation": told})
	return nil
}

// Secrets opens what is sealed for a connection, for calling its provider. It must not reach a caller; see [Authority.Reveal].
func (y *Authority) Secrets(tx *db.Tx, c *Connection) (map[string]seal.Secret, error) {
	rows, err := db.All(tx, scanSecret, selectSecrets, c.Environment.String(), c.ID.String())
	if err != nil {
		return nil, err
	}
	secrets := make(map[string]seal.Secret, len(rows))
	for _, row := range rows {
		plain, err := y.Vault.Unseal(tx, c.Environment, "connection_secret", row.id, "sealed", row.sealed)
		if err != nil {
			return nil, err
		}
		secrets[strings.TrimPrefix(row.id, c.ID.String()+"/")] = seal.NewSecret(string(plain))
	}
	return secrets, nil
}

// Reveal opens one secret of a connection for somebody who holds [access.RevealConnections], with a token that is fresh
// ([access.AllowFresh]); the ledger says so each time.
func (y *Authority) Reveal(tx *db.Tx, actor *access.Actor, id uuid.UUID, field string) (seal.Secret, error) {
	if err := access.Allow(tx, actor, access.RevealConnections); err != nil {
		return seal.Secret{}, err
	}
	if err := access.AllowFresh(tx, actor); err != nil {
		return seal.Secret{}, err
	}
	c, err := Load(tx, actor.Environment, id)
	if err != nil {
		return seal.Secret{}, err
	}
	secrets, err := y.Secrets(tx, c)
	if err != nil {
		return seal.Secret{}, err
	}
	secret, ok := secrets[field]
	if !ok {
		return seal.Secret{}, fault.New(fault.NotFound, "the connection has no secret called %q", field)
	}
	record(tx, actor.Who(), "connection.revealed", c, nil, map[string]any{"field": field})
	return secret, nil
}

// MayChange returns a connection that the actor may change, for what comes before a change and takes long, such as a call
// to its provider. version is as in [Authority.Change]; what is returned binds nobody.
func MayChange(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) (*Connection, error) {
	if err := access.Allow(tx, actor, access.WriteConnections); err != nil {
		return nil, err
	}
	c, err := Load(tx, actor.Environment, id)
	if err == nil && version != 0 && version != c.Version {
		return nil, errStale
	}
	return c, err
}

// Get returns one connection of the actor's environment, or [fault.NotFound].
func Get(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Connection, error) {
	if err := access.Allow(tx, actor, access.ReadConnections); err != nil {
		return nil, err
	}
	return Load(tx, actor.Environment, id)
}

func connectionToChange(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) (*Connection, error) {
	if err := access.Allow(tx, actor, access.WriteConnections); err != nil {
		return nil, err
	}
	c, err := lockConnection(tx, actor.Environment, id)
	if err == nil && version != 0 && version != c.Version {
		return nil, errStale
	}
	return c, err
}

var errStale = fault.New(fault.Stale, "the connection was changed meanwhile; read it again")

// facts are what the ledger says of a connection. Values may name a person's account, so only their names are kept.
func (c *Connection) facts() map[string]any {
	fields := make([]string, 0, len(c.Values))
	for name := range c.Values {
		fields = append(fields, name)
	}
	slices.Sort(fields)
	return map[string]any{
		"connector": c.Connector.Name, "provider": c.Connector.Provider, "name": c.Name, "enabled": c.Enabled, "state": c.State,
		"fields": fields, "tags": c.Tags, "end_user": c.EndUser, "warning": c.Warning,
	}
}
