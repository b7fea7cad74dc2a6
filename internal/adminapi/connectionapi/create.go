package connectionapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// NewConnection is the body that makes one without the page.
type NewConnection struct {
	Connector string                       `json:"connector" doc:"The name or the id of a connector."`
	Name      string                       `json:"name,omitempty"`
	Values    map[string]rest.Confidential `json:"values" doc:"Every field of the provider, by name, secrets too. Those are sealed and never shown again."`
	Tags      map[string]string            `json:"tags,omitempty"`
	Metadata  map[string]any               `json:"metadata,omitempty"`
	EndUser   EndUser                      `json:"end_user,omitzero"`
	Check     *bool                        `json:"check,omitempty" doc:"false keeps the values without trying them out."`
}

// Trial asks to try values out.
type Trial struct {
	Connector string                       `json:"connector,omitempty" doc:"The name or the id of a connector of the provider whose presets and scopes count."`
	Values    map[string]rest.Confidential `json:"values" doc:"Every field of the provider, by name, secrets too."`
}

// TrialStep is one step of trying something out.
type TrialStep struct {
	Stage string   `json:"stage" enum:"reach_host,tls,token_endpoint,client_known,auth_method,application_enabled,scope,probe"`
	State string   `json:"state" enum:"ok,failed,skipped,unknown,warning" doc:"unknown: the provider does not tell; skipped: not come to, or not needed."`
	Among []string `json:"among,omitempty" doc:"Further steps that may be the one that failed: the provider does not tell which."`
	Hint  string   `json:"hint,omitempty" doc:"What is wrong and what to do, for a person."`
	Docs  string   `json:"docs,omitempty" doc:"Where the provider's documentation says more."`
}

// Trying is how something fared that was tried out.
type Trying struct {
	Works   bool        `json:"works"`
	Warning string      `json:"warning,omitempty" doc:"What is amiss with something that works."`
	Steps   []TrialStep `json:"steps" nullable:"false" doc:"Every step, in order."`
}

// Tried answers with how it went.
type Tried struct{ Body Trying }

func (r *Resources) testProvider(ctx context.Context, in *struct {
	ProviderPath
	Body Trial
}) (*Tried, error) {
	p, settings, client := r.Connect.Catalogue.Get(in.Provider), connect.Settings{}, exchange.Credential{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) (err error) {
		if err = access.Allow(tx, &c.Actor, access.WriteConnections); err != nil || in.Body.Connector == "" {
			return err
		}
		found, err := connect.LoadConnector(tx, c.Actor.Environment, connector(tx, c, in.Body.Connector))
		if err != nil {
			return err
		}
		if found.Provider != in.Provider {
			return fault.On("connector", "this connector is of the provider %s", found.Provider)
		}
		settings = found.Settings
		client.Client, err = r.Connect.ConnectorSecret(tx, found)
		return err
	})
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, noProvider(in.Provider)
	}
	filled, err := fill(p, in.Body.Values, settings.Presets)
	if err != nil {
		return nil, err
	}
	report := r.Exchange.Check(ctx, exchange.Credential{Provider: p, Settings: settings, Client: client.Client, Filled: filled})
	return &Tried{show(p, &report)}, nil
}

func (r *Resources) createConnection(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewConnection
}) (*rest.Created[Connection], error) {
	b := &in.Body
	metadata, err := object(b.Metadata)
	if err != nil {
		return nil, err
	}
	asked, err := r.asked(b, b.Values)
	if err != nil {
		return nil, err
	}
	spec := connect.Spec{Name: b.Name, Tags: b.Tags, Metadata: metadata, EndUser: connect.EndUser(b.EndUser)}
	if err := spec.Check(); err != nil {
		return nil, err // before a provider is called
	}
	var with exchange.Credential
	var of uuid.UUID
	var report exchange.Report
	return rest.Create(ctx, r.Desk, in.Idempotent, asked, rest.Maker[Connection]{
		Before: func(ctx context.Context) (err error) {
			if with, of, err = r.enter(ctx, b); err != nil || b.Check != nil && !*b.Check {
				return err
			}
			report = r.Exchange.Check(ctx, with)
			return refused(&report)
		},
		Make: func(tx *db.Tx, c *rest.Call) (Connection, string, error) {
			now, err := connect.LoadConnector(tx, c.Actor.Environment, of)
			if err != nil {
				return Connection{}, "", err
			}
			made, err := r.Connect.Create(tx, c.Actor.Who(), now, spec, with.Filled, report.Token, report.Warning)
			if err != nil {
				return Connection{}, "", err
			}
			return showConnection(made), made.ID.String(), nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Connection, error) {
			made, err := connect.Load(tx, c.Actor.Environment, rest.ID(name))
			if err != nil {
				return Connection{}, err
			}
			return showConnection(made), nil
		},
	})
}

// enter reads what a connection is to be made of. It asks for the permission itself: what follows calls a stranger.
func (r *Resources) enter(ctx context.Context, b *NewConnection) (with exchange.Credential, of uuid.UUID, err error) {
	err = r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		if err := access.Allow(tx, &c.Actor, access.WriteConnections); err != nil {
			return err
		}
		found, err := connect.LoadConnector(tx, c.Actor.Environment, connector(tx, c, b.Connector))
		if fault.Is(err, fault.NotFound) {
			return fault.On("connector", "there is no such connector")
		}
		if err != nil {
			return err
		}
		switch {
		case !found.Enabled:
			return fault.New(fault.Conflict, "the connector %s is disabled", found.Name)
		case found.Stopped:
			return fault.New(fault.Conflict, "the provider %s is stopped in this environment", found.Provider)
		}
		of, with.Settings, with.Provider = found.ID, found.Settings, r.Connect.Catalogue.Get(found.Provider)
		with.Client, err = r.Connect.ConnectorSecret(tx, found)
		return err
	})
	if err != nil {
		return with, of, err
	}
	switch {
	case with.Provider == nil:
		return with, of, fault.New(fault.Conflict, "the provider of this connector is not in the catalogue any more")
	case with.Provider.Mode == provider.AuthorizationCode:
		return with, of, fault.New(fault.Conflict, "somebody must agree at %s: make a connect session for them", with.Provider.DisplayName)
	}
	with.Filled, err = fill(with.Provider, b.Values, with.Settings.Presets)
	return with, of, err
}

// fill checks values by the fields of their provider.
func fill(p *provider.Provider, given map[string]rest.Confidential, presets map[string]string) (connect.Filled, error) {
	typed := make(map[string]string, len(given))
	for name, value := range given {
		typed[name] = value.Secret().Reveal()
	}
	values, secrets, _, err := p.Fill(typed, presets)
	if err != nil {
		return connect.Filled{}, wrongValues{err}
	}
	return connect.Filled{Values: values, Secrets: secrets}, nil
}

// wrongValues says what is wrong with each value.
type wrongValues struct{ error }

func (w wrongValues) Unwrap() error { return w.error }

// Members names the values as they stand in the body.
func (w wrongValues) Members() map[string]string {
	fields, ok := w.error.(provider.FieldErrors) //nolint:errorlint // it is what Fill returns
	if !ok {
		return nil
	}
	members := make(map[string]string, len(fields))
	for name, why := range fields {
		members["values."+name] = why
	}
	return members
}

// refused is the error of a credential that does not work, with the step that failed as its word; nil for one that does.
func refused(report *exchange.Report) error {
	s := report.Failed()
	if s == nil {
		return nil
	}
	return web.Coded(fault.New(fault.Conflict, "nothing is kept, because it does not work: %s", s.Hint), string(s.Stage))
}

func show(p *provider.Provider, report *exchange.Report) Trying {
	shown := Trying{Works: report.Failed() == nil, Warning: report.Warning, Steps: make([]TrialStep, len(report.Steps))}
	for i, s := range report.Steps {
		shown.Steps[i] = TrialStep{Stage: string(s.Stage), State: string(s.State), Hint: s.Hint}
		for _, other := range s.Among {
			shown.Steps[i].Among = append(shown.Steps[i].Among, string(other))
		}
		if s.Section != "" {
			shown.Steps[i].Docs = p.Docs + s.Section
		}
	}
	return shown
}

// asked is a body by which repetitions are told from other requests. Secrets in it count by a keyed hash: what is stored
// of a body must not help anybody to guess them.
func (r *Resources) asked(body any, secrets map[string]rest.Confidential) (any, error) {
	plain := make(map[string]string, len(secrets))
	for name, secret := range secrets {
		plain[name] = secret.Secret().Reveal()
	}
	text, err := json.Marshal(plain) // in the order of the names
	if err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	peppers := r.Connect.Vault.Peppers()
	mac, ok := peppers.MAC(peppers.Newest(), nil, []byte("counterfoil idempotent connection"), text)
	if !ok {
		return nil, fault.New(fault.Unavailable, "the root key is not loaded")
	}
	return struct {
		Body any
		MAC  []byte
	}{body, mac}, nil
}

func noProvider(name string) error {
	return fault.New(fault.NotFound, "there is no provider %q in the catalogue", name)
}

var errNoProvider = fault.New(fault.Conflict, "the provider of this connection is not in the catalogue any more")

// why is what a provider's failure says to a person.
func why(err error) string {
	if f, ok := errors.AsType[*exchange.Failure](err); ok {
		return f.Hint
	}
	if _, message := fault.Public(err); message != "" {
		return message
	}
	return "The provider could not be told."
}
