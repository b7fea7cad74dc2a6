package client

import (
	"context"
	"iter"
	"time"
)

// Session is a browser in which a user is signed in.
type Session struct {
	Answer `json:"-"`

	ID string `json:"id"`
	// ClientID is the application that let the user in; empty: it signed in at the pages of the server.
	ClientID   string    `json:"client_id,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	LastSeenAt time.Time `json:"last_seen_at"`
	// ProvedAt is when the user last proved in it all that is asked of them.
	ProvedAt *time.Time `json:"proved_at,omitempty"`
	// ExpiresAt is when it ends if nothing is done in it.
	ExpiresAt time.Time `json:"expires_at"`
	// Address is where it was last seen, and UserAgent what the browser calls itself.
	Address   string `json:"address,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
	// Current says that the request was made in it, which those of this client never are.
	Current bool `json:"current"`
}

// Sessions lists the browsers in which a user is signed in, oldest first. Needs sessions:read.
func (c *Client) Sessions(ctx context.Context, user string) iter.Seq2[*Session, error] {
	return pages[Session](ctx, c, at("users", user, "sessions"), nil)
}

// EndSession ends one session of a user. Needs sessions:write.
func (c *Client) EndSession(ctx context.Context, user, id string) (Answer, error) {
	return remove(ctx, c, at("users", user, "sessions", id), nil)
}

// EndSessions ends every session of a user, and the links that were mailed to it; it may sign in again. Needs sessions:write.
func (c *Client) EndSessions(ctx context.Context, user string) (Answer, error) {
	return remove(ctx, c, at("users", user, "sessions"), nil)
}
