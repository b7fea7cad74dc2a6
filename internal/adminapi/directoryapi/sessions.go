package directoryapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Session is a [session.Session] on the wire. Nothing in it stands for the cookie.
type Session struct {
	ID         string    `json:"id" format:"uuid"`
	ClientID   string    `json:"client_id,omitempty" format:"uuid" doc:"The application that let the user in. Absent: the user signed in at the pages of this server."`
	CreatedAt  time.Time `json:"created_at"`
	LastSeenAt time.Time `json:"last_seen_at" doc:"Late by up to a minute."`
	ProvedAt   time.Time `json:"proved_at,omitzero" doc:"When the user last proved in it all that is asked of them. Absent: they did not."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When it ends if nothing is done in it; it goes on with every request, up to a limit."`
	Address    string    `json:"address,omitempty" doc:"Where it was last seen."`
	UserAgent  string    `json:"user_agent,omitempty" doc:"What the browser calls itself, which nobody vouches for."`
	Current    bool      `json:"current" doc:"Whether this very request was made in it."`
}

// SessionPath names a session.
type SessionPath struct {
	UserPath
	Session string `path:"session" doc:"Its id."`
}

func (r *Resources) sessionOperations(api huma.API) {
	const list, one = "/users/{user}/sessions", "/users/{user}/sessions/{session}"
	huma.Register(api, rest.Operation("GET "+list, "list-sessions", "List the browsers in which a user is signed in"), r.listSessions)
	huma.Register(api, rest.Operation("DELETE "+list, "end-sessions", "End every session of a user; links that were mailed to it die, too"), r.endSessions)
	huma.Register(api, rest.Operation("DELETE "+one, "end-session", "End one session of a user"), r.endSession)
}

func (r *Resources) listSessions(ctx context.Context, in *struct {
	UserPath
	web.PageQuery
}) (*rest.Listed[Session], error) {
	out := &rest.Listed[Session]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := session.List(tx, &c.Actor, rest.ID(in.User))
		if err != nil {
			return err
		}
		show := func(s *session.Session) Session {
			shown := Session{
				ID: s.ID.String(), CreatedAt: s.CreatedAt, LastSeenAt: s.SeenAt, ProvedAt: s.ProvedAt, ExpiresAt: s.IdleAt(),
				Address: s.Address, UserAgent: s.Agent, Current: c.Session != nil && c.Session.ID == s.ID,
			}
			if s.Application != uuid.Nil {
				shown.ClientID = s.Application.String()
			}
			return shown
		}
		out.Body, err = rest.PageOf(r.Desk, in.PageQuery, c, "sessions "+in.User, all,
			func(s *session.Session) (int64, string) { return db.Micros(s.CreatedAt), s.ID.String() }, show)
		return err
	})
	return out, err
}

func (r *Resources) endSessions(ctx context.Context, in *UserPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error { return session.EndAll(tx, &c.Actor, rest.ID(in.User)) })
}

func (r *Resources) endSession(ctx context.Context, in *SessionPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		return session.End(tx, &c.Actor, rest.ID(in.User), rest.ID(in.Session))
	})
}
