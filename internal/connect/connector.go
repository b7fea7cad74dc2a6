package connect

import (
	"encoding/json"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// MaxConnectors is how many connectors an environment may have.
const MaxConnectors = 500

// Authority makes and changes connectors and connections.
type Authority struct {
	Vault     *seal.Vault
	Catalogue *provider.Catalogue
}

// Connector is an environment's use of a provider.
type Connector struct {
	Environment, ID uuid.UUID
	// Name is the environment's own word for it, such as "pay-roll"; it never changes, nor does Provider.
	Name, Provider     string
	Title, Description string
	// Enabled is false while nothing of the connector is used: its tokens are not handed out, nor are requests passed on.
	Enabled bool
	// Stopped says that the environment has stopped the provider as such.
	Stopped  bool
	Settings Settings
	Version  int64

	CreatedBy            string
	CreatedAt, UpdatedAt time.Time
}

// ClientSecret is the name of the secret that a connector keeps beside its settings.
const ClientSecret = "client_secret"

// ConnectorSpec is what can be said about a connector. Name and Provider count only at creation.
type ConnectorSpec struct {
	Name, Provider     string
	Title, Description string
	Settings           Settings
	// Secret is that of Settings.ClientID; empty leaves it as it is.
	Secret seal.Secret
}

var connectorName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

func (c *Connector) apply(spec *ConnectorSpec, p *provider.Provider) error {
	switch {
	case len(spec.Title) > 200:
		return fault.On("title", "the title is longer than 200 characters")
	case len(spec.Description) > 2000:
		return fault.On("description", "the description is longer than 2,000 characters")
	case spec.Settings.ClientID == "" && !spec.Secret.Empty():
		return fault.On("client_secret", "a client secret needs the client_id that it belongs to")
	}
	for name := range spec.Settings.Presets {
		f := p.Field(name)
		if f == nil {
			return fault.On("presets", "%s has no field %q", p.DisplayName, name)
		}
		if f.Secret {
			return fault.On("presets", "%s is a secret: each connection brings its own", name)
		}
	}
	if err := spec.Settings.check(); err != nil {
		return err
	}
	c.Title, c.Description, c.Settings = spec.Title, spec.Description, spec.Settings
	if c.Title == "" {
		c.Title = p.DisplayName
	}
	return nil
}

// CreateConnector adds a connector to the actor's environment. A name that is taken, or the 501st, is [fault.Conflict].
func (y *Authority) CreateConnector(tx *db.Tx, actor *access.Actor, spec ConnectorSpec) (*Connector, error) {
	if err := access.Allow(tx, actor, access.WriteConnections); err != nil {
		return nil, err
	}
	p := y.Catalogue.Get(spec.Provider)
	if p == nil {
		return nil, fault.On("provider", "there is no provider %q; see the list of providers", spec.Provider)
	}
	if spec.Name == "" {
		spec.Name = spec.Provider
	}
	if _, err := uuid.Parse(spec.Name); err == nil || !connectorName.MatchString(spec.Name) { // an id must not be somebody's name
		return nil, fault.On("name", "the name must be 1 to 63 lowercase letters, digits and hyphens, and begin with a letter")
	}
	c := &Connector{
		Environment: actor.Environment, ID: uuid.Must(uuid.NewV7()), Name: spec.Name, Provider: spec.Provider, Enabled: true, Version: 1,
		CreatedBy: actor.Who().ID, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if err := c.apply(&spec, p); err != nil {
		return nil, err
	}
	if err := y.Vault.Lock(tx, c.Environment); err != nil {
		return nil, err
	}
	count, err := db.Value[int64](tx, countConnectors, c.Environment.String())
	if err != nil {
		return nil, err
	}
	if count >= MaxConnectors {
		return nil, fault.New(fault.Conflict, "an environment has at most %d connectors; delete one first", MaxConnectors)
	}
	if err := c.insert(tx); err != nil {
		if fault.Is(err, fault.Conflict) {
			return nil, fault.Wrap(fault.Conflict, err, "there is a connector called %s already", c.Name)
		}
		return nil, err
	}
	if err := y.keepSecret(tx, c, spec.Secret); err != nil {
		return nil, err
	}
	recordConnector(tx, actor, "connector.created", c, nil, c.facts())
	return c, nil
}

// ChangeConnector applies change to a connector. version is the one the caller saw, or 0; another is [fault.Stale].
func (y *Authority) ChangeConnector(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, change func(*ConnectorSpec)) (*Connector, error) {
	c, err := y.toChange(tx, actor, id, version)
	if err != nil {
		return nil, err
	}
	p := y.Catalogue.Get(c.Provider)
	if p == nil {
		return nil, unknownProvider(c.Provider)
	}
	before := c.facts()
	spec := ConnectorSpec{Name: c.Name, Provider: c.Provider, Title: c.Title, Description: c.Description, Settings: c.Settings}
	change(&spec)
	if err := c.apply(&spec, p); err != nil {
		return nil, err
	}
	if err := y.keepSecret(tx, c, spec.Secret); err != nil {
		return nil, err
	}
	if err := c.update(tx); err != nil {
		return nil, err
	}
	recordConnector(tx, actor, "connector.changed", c, before, c.facts())
	return c, nil
}

// SetConnectorEnabled is the switch of a connector: while it is off no token of its connections is handed out.
func (y *Authority) SetConnectorEnabled(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, enabled bool) (*Connector, error) {
	c, err := y.toChange(tx, actor, id, version)
	if err != nil || c.Enabled == enabled {
		return c, err
	}
	c.Enabled = enabled
	if err := c.update(tx); err != nil {
		return nil, err
	}
	kind := "connector.disabled"
	if enabled {
		kind = "connector.enabled"
	}
	recordConnector(tx, actor, kind, c, nil, nil)
	return c, nil
}

// DeleteConnector deletes a connector that has no connections; with some it is [fault.Conflict].
func (y *Authority) DeleteConnector(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) error {
	c, err := y.toChange(tx, actor, id, version)
	if err != nil {
		return err
	}
	count, err := db.Value[int64](tx, countConnectionsOf, c.Environment.String(), c.ID.String())
	if err != nil {
		return err
	}
	if count > 0 {
		return fault.New(fault.Conflict, "%d connections use this connector; delete them first, or disable it", count)
	}
	if _, err := tx.Exec(deleteConnector, c.Environment.String(), c.ID.String()); err != nil {
		return err
	}
	recordConnector(tx, actor, "connector.deleted", c, c.facts(), nil)
	return nil
}

// StopProvider stops every connection of a provider in the actor's environment, or lets them go on.
func (y *Authority) StopProvider(tx *db.Tx, actor *access.Actor, name string, stop bool) error {
	if err := access.Allow(tx, actor, access.WriteConnections); err != nil {
		return err
	}
	if y.Catalogue.Get(name) == nil {
		return unknownProvider(name)
	}
	kind, query, args := "provider.resumed", deleteStop, []any{actor.Environment.String(), name}
	if stop {
		kind, query, args = "provider.stopped", insertStop, append(args, db.Micros(tx.Now()))
	}
	changed, err := tx.Exec(query, args...)
	if err == nil && changed > 0 {
		ledger.Append(tx, actor.Who(), ledger.Event{
			Environment: actor.Environment, Kind: kind, Subject: ledger.Subject{Kind: "provider", ID: name}, Register: true,
		})
	}
	return err
}

// Stopped returns the names of the providers that the actor's environment has stopped.
func Stopped(tx *db.Tx, actor *access.Actor) (map[string]bool, error) {
	if err := access.Allow(tx, actor, access.ReadConnections); err != nil {
		return nil, err
	}
	stopped := map[string]bool{}
	return stopped, tx.Each(func(scan db.Scan) error {
		var name string
		err := scan(&name)
		stopped[name] = true
		return err
	}, selectStops, actor.Environment.String())
}

// Connectors returns the connectors of the actor's environment by name.
func Connectors(tx *db.Tx, actor *access.Actor) ([]*Connector, error) {
	if err := access.Allow(tx, actor, access.ReadConnections); err != nil {
		return nil, err
	}
	return db.All(tx, scanConnector, selectConnectors, actor.Environment.String())
}

// GetConnector returns one connector of the actor's environment, or [fault.NotFound].
func GetConnector(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Connector, error) {
	if err := access.Allow(tx, actor, access.ReadConnections); err != nil {
		return nil, err
	}
	return LoadConnector(tx, actor.Environment, id)
}

// LoadConnector returns a connector for those who have been let in otherwise: the Connect page and chores.
func LoadConnector(tx *db.Tx, environment, id uuid.UUID) (*Connector, error) {
	return oneConnector(tx, selectConnector, environment.String(), id.String())
}

// NamedConnector is [LoadConnector] by name.
func NamedConnector(tx *db.Tx, environment uuid.UUID, name string) (*Connector, error) {
	return oneConnector(tx, selectConnectorNamed, environment.String(), name)
}

// ConnectorSecret opens the secret of a connector's client; there may be none.
func (y *Authority) ConnectorSecret(tx *db.Tx, c *Connector) (seal.Secret, error) {
	sealed, err := db.Value[[]byte](tx, selectConnectorSecret, c.Environment.String(), secretID(c.ID, ClientSecret))
	if fault.Is(err, fault.NotFound) {
		return seal.Secret{}, nil
	}
	if err != nil {
		return seal.Secret{}, err
	}
	plain, err := y.Vault.Unseal(tx, c.Environment, "connector_secret", secretID(c.ID, ClientSecret), "sealed", sealed)
	return seal.NewSecret(string(plain)), err
}

func (y *Authority) keepSecret(tx *db.Tx, c *Connector, secret seal.Secret) error {
	id := secretID(c.ID, ClientSecret)
	if c.Settings.ClientID == "" {
		_, err := tx.Exec(deleteConnectorSecret, c.Environment.String(), id)
		return err
	}
	if secret.Empty() {
		return nil
	}
	sealed, err := y.Vault.Seal(tx, c.Environment, "connector_secret", id, "sealed", []byte(secret.Reveal()))
	if err != nil {
		return err
	}
	_, err = tx.Exec(upsertConnectorSecret, c.Environment.String(), id, c.ID.String(), sealed)
	return err
}

func (y *Authority) toChange(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) (*Connector, error) {
	if err := access.Allow(tx, actor, access.WriteConnections); err != nil {
		return nil, err
	}
	c, err := oneConnector(tx, selectConnector+tx.ForUpdate(), actor.Environment.String(), id.String())
	if err == nil && version != 0 && version != c.Version {
		return nil, fault.New(fault.Stale, "the connector was changed meanwhile; read it again")
	}
	return c, err
}

func unknownProvider(name string) error {
	return fault.New(fault.NotFound, "there is no provider %q in the catalogue", name)
}

// secretID is the row of a sealed field, which its associated data names: what is sealed for one field of one
// connection opens in no other.
func secretID(owner uuid.UUID, field string) string { return owner.String() + "/" + field }

// facts are what the ledger says of a connector.
func (c *Connector) facts() map[string]any {
	settings, _ := json.Marshal(c.Settings)
	return map[string]any{
		"name": c.Name, "provider": c.Provider, "title": c.Title, "description": c.Description, "enabled": c.Enabled,
		"settings": json.RawMessage(settings),
	}
}
