package connectionapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// ConnectSession is a connect session on the wire.
type ConnectSession struct {
	rest.Row
	ID         string          `json:"id" format:"uuid"`
	State      string          `json:"state" enum:"open,used,expired"`
	Connectors []string        `json:"connectors" nullable:"false"`
	Connection string          `json:"connection,omitempty" format:"uuid" doc:"The connection that is connected again or, after its use, the one that was made."`
	Token      rest.Disclosure `json:"token,omitzero" doc:"For the page in a frame; in the answer to the creation only."`
	URL        rest.Disclosure `json:"url,omitzero" doc:"The page for this session, to send to the customer; in the answer to the creation only. Whoever has it may use the session."`
	Warnings   []string        `json:"warnings,omitempty" doc:"What is doubtful, such as colours that are hard to tell apart."`
	CreatedBy  string          `json:"created_by"`
	CreatedAt  time.Time       `json:"created_at"`
	ExpiresAt  time.Time       `json:"expires_at"`
	UsedAt     time.Time       `json:"used_at,omitzero"`
}

// NewConnectSession is the body that makes one.
type NewConnectSession struct {
	Connectors []string                     `json:"connectors,omitempty" doc:"The names of the connectors that may be chosen; needed unless connection is set."`
	Connection string                       `json:"connection,omitempty" format:"uuid" doc:"A connection to connect again: it keeps its id, tags and metadata."`
	Presets    map[string]map[string]string `json:"presets,omitempty" doc:"Values of fields, by connector and field, that the customer is not asked for."`
	Origins    []string                     `json:"origins,omitempty" doc:"Sites that may show the page in a frame, beside those of the connectors."`
	ReturnTo   string                       `json:"return_to,omitempty" doc:"Where the page leads in the end; its origin must be one of those allowed."`
	Language   string                       `json:"language,omitempty" enum:"en,de,fr,es,ja"`
	Theme      Theme                        `json:"theme,omitzero"`
	Docs       map[string]string            `json:"docs,omitempty" doc:"Documentation in place of the connectors', by connector."`
	ExpiresIn  int64                        `json:"expires_in,omitempty" minimum:"0" maximum:"604800" doc:"In seconds; half an hour unless given, seven days at most."`
	Name       string                       `json:"name,omitempty" doc:"What the connection will be called."`
	Tags       map[string]string            `json:"tags,omitempty"`
	Metadata   map[string]any               `json:"metadata,omitempty"`
	EndUser    EndUser                      `json:"end_user,omitzero"`
}

// Theme is a [session.Theme] on the wire.
type Theme struct {
	Mode  string `json:"mode,omitempty" enum:"light,dark" doc:"Absent: as the browser wants it."`
	Light Colors `json:"light,omitzero"`
	Dark  Colors `json:"dark,omitzero"`
}

// Colors are written #rrggbb.
type Colors struct {
	Background string `json:"background,omitempty"`
	Surface    string `json:"surface,omitempty"`
	Text       string `json:"text,omitempty"`
	Muted      string `json:"muted,omitempty"`
	Primary    string `json:"primary,omitempty"`
	OnPrimary  string `json:"on_primary,omitempty"`
}

// SessionPath names a connect session.
type SessionPath struct {
	Session string `path:"connect_session" doc:"Its id."`
}

func (r *Resources) sessionOperations(api huma.API) {
	const list, one = "/connect/sessions", "/connect/sessions/{connect_session}"
	huma.Register(api, rest.Operation("GET "+list, "list-connect-sessions", "List connect sessions, never their links"), r.listSessions)
	huma.Register(api, rest.Creation("POST "+list, "create-connect-session", "Let a customer enter one credential, once: the answer holds the link to the page"), r.createSession)
	huma.Register(api, rest.Operation("GET "+one, "get-connect-session", "Show what became of a connect session"), r.getSession)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-connect-session", "Withdraw a connect session that was not used"), r.deleteSession)
}

func (r *Resources) createSession(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewConnectSession
}) (*rest.Created[ConnectSession], error) {
	b := &in.Body
	metadata, err := object(b.Metadata)
	if err != nil {
		return nil, err
	}
	spec := session.Spec{
		Connectors: b.Connectors, Connection: rest.ID(b.Connection), Presets: b.Presets, Origins: b.Origins, ReturnTo: b.ReturnTo,
		Language: b.Language, Theme: session.Theme{Mode: b.Theme.Mode, Light: session.Colors(b.Theme.Light), Dark: session.Colors(b.Theme.Dark)},
		Docs: b.Docs, Life: time.Duration(b.ExpiresIn) * time.Second,
		Spec: connect.Spec{Name: b.Name, Tags: b.Tags, Metadata: metadata, EndUser: connect.EndUser(b.EndUser)},
	}
	if b.Connection != "" && spec.Connection == uuid.Nil {
		return nil, fault.On("connection", "an id is a lowercase UUID")
	}
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[ConnectSession]{
		Make: func(tx *db.Tx, c *rest.Call) (ConnectSession, string, error) {
			made, token, err := r.Sessions.Create(tx, &c.Actor, spec)
			if err != nil {
				return ConnectSession{}, "", err
			}
			shown := showSession(made, tx.Now())
			shown.Token = rest.Disclose(token)
			shown.URL = rest.Disclose(seal.NewSecret(made.Link(c.Environment.Issuer, token)))
			return shown, shown.ID, nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (ConnectSession, error) {
			made, err := session.Get(tx, &c.Actor, rest.ID(name))
			if err != nil {
				return ConnectSession{}, err
			}
			return showSession(made, tx.Now()), nil
		},
	})
}

func (r *Resources) listSessions(ctx context.Context, in *struct{ web.PageQuery }) (*rest.Listed[ConnectSession], error) {
	out := &rest.Listed[ConnectSession]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		list, after := "connect-sessions "+c.Actor.Environment.String(), uuid.Nil
		if in.Cursor != "" {
			var last string
			if err := r.Cursors.Read(in.Cursor, list, &last); err != nil {
				return err
			}
			after = rest.ID(last)
		}
		rows, err := session.List(tx, &c.Actor, after, in.Limit+1)
		out.Body = web.Cut(rows, in.Limit, func(s *session.Session) ConnectSession { return showSession(s, tx.Now()) },
			func(s *session.Session) string { return r.Cursors.Make(list, s.ID.String()) })
		return err
	})
	return out, err
}

func (r *Resources) getSession(ctx context.Context, in *struct {
	SessionPath
	rest.Conditional
}) (*rest.Found[ConnectSession], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (ConnectSession, error) {
		found, err := session.Get(tx, &c.Actor, rest.ID(in.Session))
		if err != nil {
			return ConnectSession{}, err
		}
		return showSession(found, tx.Now()), nil
	})
}

func (r *Resources) deleteSession(ctx context.Context, in *SessionPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error { return r.Sessions.Withdraw(tx, &c.Actor, rest.ID(in.Session)) })
}

func showSession(s *session.Session, now time.Time) ConnectSession {
	shown := ConnectSession{
		Row: rest.RowOf(s.ID, 1), ID: s.ID.String(), State: "open", Connectors: append([]string{}, s.Connectors...), Warnings: s.Warnings,
		CreatedBy: s.CreatedBy, CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt, UsedAt: s.UsedAt,
	}
	switch {
	case s.Used():
		shown.State = "used"
		shown.Row = rest.RowOf(s.ID, 2)
	case !now.Before(s.ExpiresAt):
		shown.State = "expired"
		shown.Row = rest.RowOf(s.ID, 3)
	}
	if s.Connection != uuid.Nil {
		shown.Connection = s.Connection.String()
	}
	return shown
}
