package services

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/session"
)

// token is something that lets a user in: a session, or a session login token that nobody has exchanged yet.
type token struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	Application string    `json:"application,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	LastSeenAt  time.Time `json:"last_seen_at,omitzero"`
	Address     string    `json:"address,omitempty"`
	UserAgent   string    `json:"user_agent,omitempty"`
}

func idText(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

type tokens struct {
	Items []token `json:"items"`
}

func (d *Door) listTokens(c *call) (int, any, error) {
	out := tokens{Items: []token{}}
	err := d.read(c, func(tx *db.Tx) error {
		id, err := c.mine(tx)
		if err != nil {
			return err
		}
		sessions, err := session.List(tx, &c.Actor, id)
		if err != nil {
			return err
		}
		out.Items = out.Items[:0]
		for _, s := range sessions {
			out.Items = append(out.Items, token{
				ID: s.ID.String(), Kind: "session", Application: idText(s.Application), CreatedAt: s.CreatedAt, ExpiresAt: s.IdleAt(),
				LastSeenAt: s.SeenAt, Address: s.Address, UserAgent: s.Agent,
			})
		}
		waiting, err := ticket.Living(tx, c.Actor.Environment, id, ticket.SessionLogin)
		for _, t := range waiting {
			out.Items = append(out.Items, token{
				ID: t.ID.String(), Kind: "session-login", Application: idText(t.Application), CreatedAt: t.Created, ExpiresAt: t.Expires,
			})
		}
		return err
	})
	return http.StatusOK, out, err
}

func (d *Door) revokeTokens(c *call) (int, any, error) {
	return http.StatusNoContent, nil, d.write(c, func(tx *db.Tx) error {
		id, err := c.mine(tx)
		if err != nil {
			return err
		}
		return session.EndAll(tx, &c.Actor, id)
	})
}

func (d *Door) revokeToken(c *call) (int, any, error) {
	return http.StatusNoContent, nil, d.write(c, func(tx *db.Tx) error {
		id, err := c.mine(tx)
		if err != nil {
			return err
		}
		which, err := uuid.Parse(c.r.PathValue("token"))
		if err != nil {
			return errNoToken
		}
		err = session.End(tx, &c.Actor, id, which)
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		waiting, err := ticket.Living(tx, c.Actor.Environment, id, ticket.SessionLogin)
		if err != nil {
			return err
		}
		for _, t := range waiting {
			if t.ID == which {
				return d.Tickets.WithdrawOne(tx, c.Actor.Environment, which)
			}
		}
		return errNoToken
	})
}

var errNoToken = fault.New(fault.NotFound, "there is no such session or token")
