package connectionapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Connector is a [connect.Connector] on the wire.
type Connector struct {
	rest.Row
	ID          string            `json:"id" format:"uuid"`
	Name        string            `json:"name"`
	Provider    string            `json:"provider"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Enabled     bool              `json:"enabled"`
	Stopped     bool              `json:"stopped" doc:"The environment has stopped the provider as such."`
	ClientID    string            `json:"client_id,omitempty" doc:"The environment's own client at the provider, where people are sent there to agree."`
	Scopes      []string          `json:"scopes" nullable:"false" doc:"What is asked for in place of the provider's own scopes."`
	Presets     map[string]string `json:"presets" nullable:"false" doc:"Values of fields that whoever connects is not asked for."`
	Docs        string            `json:"docs,omitempty"`
	BaseURLs    []string          `json:"base_urls" nullable:"false" doc:"Places beside the provider's own that the proxy may be told to send a request to."`
	Limits      []ProxyLimit      `json:"limits" nullable:"false" doc:"What applications may send through the proxy; empty: everything."`
	Origins     []string          `json:"origins" nullable:"false" doc:"Sites that may show the Connect page in a frame."`
	CreatedBy   string            `json:"created_by"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
}

// ProxyLimit is a [connect.Limit] on the wire.
type ProxyLimit struct {
	Application string   `json:"application,omitempty" doc:"The client_id that it is for; absent: all that no other limit names."`
	Methods     []string `json:"methods,omitempty" doc:"The methods that are passed on; absent: all."`
	Paths       []string `json:"paths,omitempty" doc:"The beginnings of paths that are passed on, in whole segments; absent: all."`
}

// NewConnector is the body that makes one.
type NewConnector struct {
	Name         string            `json:"name,omitempty" doc:"The environment's own word for it: lowercase letters, digits and hyphens. The provider's name unless given."`
	Provider     string            `json:"provider"`
	Title        string            `json:"title,omitempty" doc:"What people read on the Connect page; the provider's own name unless given."`
	Description  string            `json:"description,omitempty"`
	ClientID     string            `json:"client_id,omitempty"`
	ClientSecret rest.Confidential `json:"client_secret,omitzero" doc:"It is sealed and never shown again."`
	Scopes       []string          `json:"scopes,omitempty"`
	Presets      map[string]string `json:"presets,omitempty"`
	Docs         string            `json:"docs,omitempty"`
	BaseURLs     []string          `json:"base_urls,omitempty"`
	Limits       []ProxyLimit      `json:"limits,omitempty"`
	Origins      []string          `json:"origins,omitempty"`
}

// ConnectorChange is a merge patch.
type ConnectorChange struct {
	Title        rest.Patch[string]            `json:"title,omitzero"`
	Description  rest.Patch[string]            `json:"description,omitzero"`
	ClientID     rest.Patch[string]            `json:"client_id,omitzero"`
	ClientSecret rest.Confidential             `json:"client_secret,omitzero" doc:"Absent leaves the secret as it is."`
	Scopes       rest.Patch[[]string]          `json:"scopes,omitzero"`
	Presets      rest.Patch[map[string]string] `json:"presets,omitzero" doc:"All of them: what is not named is not preset any more."`
	Docs         rest.Patch[string]            `json:"docs,omitzero"`
	BaseURLs     rest.Patch[[]string]          `json:"base_urls,omitzero"`
	Limits       rest.Patch[[]ProxyLimit]      `json:"limits,omitzero"`
	Origins      rest.Patch[[]string]          `json:"origins,omitzero"`
}

// ConnectorPath names a connector.
type ConnectorPath struct {
	Connector string `path:"connector" doc:"Its id or its name."`
}

func (r *Resources) connectorOperations(api huma.API) {
	const list, one = "/connect/connectors", "/connect/connectors/{connector}"
	huma.Register(api, rest.Operation("GET "+list, "list-connectors", "List connectors"), r.listConnectors)
	huma.Register(api, rest.Creation("POST "+list, "create-connector", "Create a connector: this environment's use of a provider"), r.createConnector)
	huma.Register(api, rest.Operation("GET "+one, "get-connector", "Show a connector"), r.getConnector)
	huma.Register(api, rest.Operation("PATCH "+one, "change-connector", "Change a connector"), r.changeConnector)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-connector", "Delete a connector that has no connections"), r.deleteConnector)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-connector", "Disable a connector: none of its connections is used"), r.setConnectorEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-connector", "Enable a connector"), r.setConnectorEnabled(true))
}

// connector finds the id of a connector that is named by its id or its name. What is not there is the zero id, so that the
// room says so in its own words, and only to those who may know.
func connector(tx *db.Tx, c *rest.Call, text string) uuid.UUID {
	if id := rest.ID(text); id != uuid.Nil {
		return id
	}
	if found, err := connect.NamedConnector(tx, c.Actor.Environment, text); err == nil {
		return found.ID
	}
	return uuid.Nil
}

func (r *Resources) listConnectors(ctx context.Context, in *struct{ web.PageQuery }) (*rest.Listed[Connector], error) {
	out := &rest.Listed[Connector]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := connect.Connectors(tx, &c.Actor)
		if err != nil {
			return err
		}
		out.Body, err = rest.PageOf(r.Desk, in.PageQuery, c, "connectors", all,
			func(x *connect.Connector) (int64, string) { return db.Micros(x.CreatedAt), x.ID.String() }, showConnector)
		return err
	})
	return out, err
}

func (r *Resources) createConnector(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewConnector
}) (*rest.Created[Connector], error) {
	b := &in.Body
	spec := connect.ConnectorSpec{
		Name: b.Name, Provider: b.Provider, Title: b.Title, Description: b.Description, Secret: b.ClientSecret.Secret(),
		Settings: connect.Settings{
			Presets: b.Presets, Scopes: b.Scopes, ClientID: b.ClientID, Docs: b.Docs, BaseURLs: b.BaseURLs, Limits: limits(b.Limits),
			Origins: b.Origins,
		},
	}
	asked, err := r.asked(b, map[string]rest.Confidential{connect.ClientSecret: b.ClientSecret})
	if err != nil {
		return nil, err
	}
	return rest.Create(ctx, r.Desk, in.Idempotent, asked, rest.Maker[Connector]{
		Make: func(tx *db.Tx, c *rest.Call) (Connector, string, error) {
			made, err := r.Connect.CreateConnector(tx, &c.Actor, spec)
			if err != nil {
				return Connector{}, "", err
			}
			return showConnector(made), made.ID.String(), nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Connector, error) {
			made, err := connect.LoadConnector(tx, c.Actor.Environment, rest.ID(name))
			if err != nil {
				return Connector{}, err
			}
			return showConnector(made), nil
		},
	})
}

func (r *Resources) getConnector(ctx context.Context, in *struct {
	ConnectorPath
	rest.Conditional
}) (*rest.Found[Connector], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Connector, error) {
		found, err := connect.GetConnector(tx, &c.Actor, connector(tx, c, in.Connector))
		if err != nil {
			return Connector{}, err
		}
		return showConnector(found), nil
	})
}

func (r *Resources) changeConnector(ctx context.Context, in *struct {
	ConnectorPath
	rest.Precondition
	Body ConnectorChange
}) (*rest.Changed[Connector], error) {
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Connector, error) {
		changed, err := r.Connect.ChangeConnector(tx, &c.Actor, connector(tx, c, in.Connector), version, func(s *connect.ConnectorSpec) {
			b := &in.Body
			b.Title.Apply(&s.Title, "")
			b.Description.Apply(&s.Description, "")
			b.ClientID.Apply(&s.Settings.ClientID, "")
			b.Scopes.Apply(&s.Settings.Scopes, nil)
			b.Presets.Apply(&s.Settings.Presets, nil)
			b.Docs.Apply(&s.Settings.Docs, "")
			b.BaseURLs.Apply(&s.Settings.BaseURLs, nil)
			rest.Mapped(b.Limits, limits).Apply(&s.Settings.Limits, nil)
			b.Origins.Apply(&s.Settings.Origins, nil)
			s.Secret = b.ClientSecret.Secret()
		})
		if err != nil {
			return Connector{}, err
		}
		return showConnector(changed), nil
	})
}

func (r *Resources) deleteConnector(ctx context.Context, in *struct {
	ConnectorPath
	rest.Precondition
}) (*rest.Done, error) {
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return r.Connect.DeleteConnector(tx, &c.Actor, connector(tx, c, in.Connector), version)
	})
}

func (r *Resources) setConnectorEnabled(enabled bool) func(context.Context, *ConnectorPath) (*rest.Done, error) {
	return func(ctx context.Context, in *ConnectorPath) (*rest.Done, error) {
		return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			_, err := r.Connect.SetConnectorEnabled(tx, &c.Actor, connector(tx, c, in.Connector), 0, enabled)
			return err
		})
	}
}

func showConnector(c *connect.Connector) Connector {
	s := &c.Settings
	shown := Connector{
		Row: rest.RowOf(c.ID, c.Version), ID: c.ID.String(), Name: c.Name, Provider: c.Provider, Title: c.Title, Description: c.Description,
		Enabled: c.Enabled, Stopped: c.Stopped, ClientID: s.ClientID, Scopes: append([]string{}, s.Scopes...), Presets: s.Presets, Docs: s.Docs,
		BaseURLs: append([]string{}, s.BaseURLs...), Limits: make([]ProxyLimit, len(s.Limits)), Origins: append([]string{}, s.Origins...),
		CreatedBy: c.CreatedBy, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
	if shown.Presets == nil {
		shown.Presets = map[string]string{}
	}
	for i, l := range s.Limits {
		shown.Limits[i] = ProxyLimit(l)
	}
	return shown
}

func limits(wire []ProxyLimit) []connect.Limit {
	all := make([]connect.Limit, len(wire))
	for i, l := range wire {
		all[i] = connect.Limit(l)
	}
	return all
}
