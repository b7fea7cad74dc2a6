package connectionapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Connection is a [connect.Connection] on the wire. It never holds a secret or a token.
type Connection struct {
	rest.Row
	ID        string            `json:"id" format:"uuid"`
	Connector string            `json:"connector" doc:"The name of its connector."`
	Provider  string            `json:"provider"`
	Name      string            `json:"name"`
	Enabled   bool              `json:"enabled"`
	State     string            `json:"state" enum:"healthy,failing,exhausted" doc:"failing is tried again by itself; exhausted is not, until somebody reconnects or refreshes it."`
	Stage     string            `json:"stage,omitempty" doc:"The step of checking at which it fails."`
	Reason    string            `json:"reason,omitempty" doc:"Why it fails and what to do, for a person."`
	Warning   string            `json:"warning,omitempty" doc:"What is amiss with a connection that works."`
	FailingAt time.Time         `json:"failing_since,omitzero"`
	Values    map[string]string `json:"values" nullable:"false" doc:"What was entered and is no secret."`
	Tags      map[string]string `json:"tags" nullable:"false"`
	Metadata  map[string]any    `json:"metadata" nullable:"false"`
	EndUser   EndUser           `json:"end_user"`
	FetchedAt time.Time         `json:"token_fetched_at,omitzero"`
	ExpiresAt time.Time         `json:"token_expires_at,omitzero"`
	UsedAt    time.Time         `json:"last_used_at,omitzero" doc:"When it was last used; late by up to a minute."`
	CreatedBy string            `json:"created_by"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
}

// EndUser is a [connect.EndUser] on the wire.
type EndUser struct {
	ID               string `json:"id,omitempty"`
	Email            string `json:"email,omitempty"`
	DisplayName      string `json:"display_name,omitempty"`
	Organization     string `json:"organization_id,omitempty"`
	OrganizationName string `json:"organization_display_name,omitempty"`
}

// ConnectionChange is a merge patch.
type ConnectionChange struct {
	Name     rest.Patch[string]            `json:"name,omitzero"`
	Tags     rest.Patch[map[string]string] `json:"tags,omitzero" doc:"All of them: what is not named goes."`
	Metadata rest.Patch[map[string]any]    `json:"metadata,omitzero" doc:"All of it."`
	EndUser  *EndUser                      `json:"end_user,omitempty"`
}

// ConnectionPath names a connection.
type ConnectionPath struct {
	Connection string `path:"connection" doc:"Its id."`
}

// ConnectionQuery says which connections to list.
type ConnectionQuery struct {
	web.PageQuery
	Connector    string   `query:"connector" doc:"The name of a connector."`
	State        string   `query:"state" enum:"healthy,failing,exhausted"`
	EndUser      string   `query:"end_user" doc:"The end user's id."`
	Organization string   `query:"organization" doc:"The id of the end user's organization."`
	Tags         []string `query:"tag" maxItems:"10" doc:"name=value, with commas between several; all of them must fit."`
}

func (r *Resources) connectionOperations(api huma.API) {
	const list, one = "/connect/connections", "/connect/connections/{connection}"
	huma.Register(api, rest.Operation("GET "+list, "list-connections", "List connections, never their secrets"), r.listConnections)
	huma.Register(api, rest.Creation("POST "+list, "create-connection", "Create a connection of values that are at hand; they are tried out first, and what does not work is not stored"), r.createConnection)
	huma.Register(api, rest.Operation("GET "+one, "get-connection", "Show a connection"), r.getConnection)
	huma.Register(api, rest.Operation("PATCH "+one, "change-connection", "Change what is said about a connection"), r.changeConnection)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-connection", "Disable a connection: nothing of it is handed out or passed on"), r.setConnectionEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-connection", "Enable a connection"), r.setConnectionEnabled(true))
}

func (r *Resources) listConnections(ctx context.Context, in *ConnectionQuery) (*rest.Listed[Connection], error) {
	f := connect.Filter{
		Connector: in.Connector, State: connect.State(in.State), EndUser: in.EndUser, Organization: in.Organization, Limit: in.Limit + 1,
		Tags: map[string]string{},
	}
	for _, tag := range in.Tags {
		name, value, ok := strings.Cut(tag, "=")
		if !ok {
			return nil, fault.On("tag", "a tag is written name=value")
		}
		f.Tags[name] = value
	}
	out := &rest.Listed[Connection]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		list := "connections " + c.Actor.Environment.String()
		if in.Cursor != "" {
			var last string
			if err := r.Cursors.Read(in.Cursor, list, &last); err != nil {
				return err
			}
			f.After = rest.ID(last)
		}
		rows, err := connect.List(tx, &c.Actor, f)
		out.Body = web.Cut(rows, in.Limit, showConnection, func(c *connect.Connection) string { return r.Cursors.Make(list, c.ID.String()) })
		return err
	})
	return out, err
}

func (r *Resources) getConnection(ctx context.Context, in *struct {
	ConnectionPath
	rest.Conditional
}) (*rest.Found[Connection], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Connection, error) {
		found, err := connect.Get(tx, &c.Actor, rest.ID(in.Connection))
		if err != nil {
			return Connection{}, err
		}
		return showConnection(found), nil
	})
}

func (r *Resources) changeConnection(ctx context.Context, in *struct {
	ConnectionPath
	rest.Precondition
	Body ConnectionChange
}) (*rest.Changed[Connection], error) {
	metadata, err := object(in.Body.Metadata.Value())
	if err != nil {
		return nil, err
	}
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Connection, error) {
		changed, err := r.Connect.Change(tx, &c.Actor, rest.ID(in.Connection), version, func(s *connect.Spec) {
			in.Body.Name.Apply(&s.Name, "")
			in.Body.Tags.Apply(&s.Tags, nil)
			rest.Mapped(in.Body.Metadata, func(map[string]any) json.RawMessage { return metadata }).Apply(&s.Metadata, nil)
			if in.Body.EndUser != nil {
				s.EndUser = connect.EndUser(*in.Body.EndUser)
			}
		})
		if err != nil {
			return Connection{}, err
		}
		return showConnection(changed), nil
	})
}

func (r *Resources) setConnectionEnabled(enabled bool) func(context.Context, *ConnectionPath) (*rest.Done, error) {
	return func(ctx context.Context, in *ConnectionPath) (*rest.Done, error) {
		return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			_, err := r.Connect.SetEnabled(tx, &c.Actor, rest.ID(in.Connection), 0, enabled)
			return err
		})
	}
}

func showConnection(c *connect.Connection) Connection {
	shown := Connection{
		Row: rest.RowOf(c.ID, c.Version), ID: c.ID.String(), Connector: c.Connector.Name, Provider: c.Connector.Provider, Name: c.Name,
		Enabled: c.Enabled, State: string(c.State), Stage: string(c.Stage), Reason: c.Reason, Warning: c.Warning, FailingAt: c.Since,
		Values: c.Values, Tags: c.Tags, Metadata: map[string]any{}, EndUser: EndUser(c.EndUser), FetchedAt: c.FetchedAt, ExpiresAt: c.ExpiresAt,
		UsedAt: c.UsedAt, CreatedBy: c.CreatedBy, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
	_ = json.Unmarshal(c.Metadata, &shown.Metadata) // what was stored was checked to be an object
	return shown
}

// object writes metadata as rooms have it: none is empty.
func object(m map[string]any) (json.RawMessage, error) {
	if m == nil {
		return nil, nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	return text, nil
}
