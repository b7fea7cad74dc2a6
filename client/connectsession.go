package client

import (
	"context"
	"iter"
	"time"
)

// ConnectSession lets a customer enter one credential, once.
type ConnectSession struct {
	Answer `json:"-"`

	ID string `json:"id"`
	// State is "open", "used" or "expired".
	State      string   `json:"state"`
	Connectors []string `json:"connectors"`
	// Connection is the one that is connected again or, after its use, the one that was made.
	Connection string `json:"connection,omitempty"`
	// Token and URL are in the answer to the creation only. Whoever has either may use the session.
	Token     Secret    `json:"token,omitzero"`
	URL       Secret    `json:"url,omitzero"`
	Warnings  []string  `json:"warnings,omitempty"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`
}

// NewConnectSession says what the customer may enter, and what the connection will carry.
type NewConnectSession struct {
	// Connectors are the names of those that may be chosen; Connection is one to connect again instead.
	Connectors []string `json:"connectors,omitempty"`
	Connection string   `json:"connection,omitempty"`
	// Presets are values that the customer is not asked for, by connector and field.
	Presets map[string]map[string]string `json:"presets,omitempty"`
	// Origins are sites that may show the page in a frame; ReturnTo is where it leads in the end.
	Origins  []string          `json:"origins,omitempty"`
	ReturnTo string            `json:"return_to,omitempty"`
	Language string            `json:"language,omitempty"`
	Theme    ConnectTheme      `json:"theme,omitzero"`
	Docs     map[string]string `json:"docs,omitempty"`
	// ExpiresIn is in seconds; zero is half an hour.
	ExpiresIn int64             `json:"expires_in,omitempty"`
	Name      string            `json:"name,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
	Metadata  map[string]any    `json:"metadata,omitempty"`
	EndUser   EndUser           `json:"end_user,omitzero"`
}

// ConnectTheme is how the page looks. Mode is "light", "dark" or, if it is empty, as the browser wants it.
type ConnectTheme struct {
	Mode  string        `json:"mode,omitempty"`
	Light ConnectColors `json:"light,omitzero"`
	Dark  ConnectColors `json:"dark,omitzero"`
}

// ConnectColors are written #rrggbb; what is empty is the page's own.
type ConnectColors struct {
	Background string `json:"background,omitempty"`
	Surface    string `json:"surface,omitempty"`
	Text       string `json:"text,omitempty"`
	Muted      string `json:"muted,omitempty"`
	Primary    string `json:"primary,omitempty"`
	OnPrimary  string `json:"on_primary,omitempty"`
}

// ConnectSessions lists connect sessions in the order of their creation. Needs connections:read.
func (c *Client) ConnectSessions(ctx context.Context) iter.Seq2[*ConnectSession, error] {
	return pages[ConnectSession](ctx, c, at("connect", "sessions"), nil)
}

// ConnectSession returns one connect session. Needs connections:read.
func (c *Client) ConnectSession(ctx context.Context, id string) (*ConnectSession, error) {
	return get[ConnectSession](ctx, c, at("connect", "sessions", id))
}

// CreateConnectSession makes one. Needs connections:write.
func (c *Client) CreateConnectSession(ctx context.Context, n NewConnectSession, options ...CallOption) (*ConnectSession, error) {
	return create[ConnectSession](ctx, c, at("connect", "sessions"), n, options)
}

// DeleteConnectSession withdraws one that was not used. Needs connections:write.
func (c *Client) DeleteConnectSession(ctx context.Context, id string) (Answer, error) {
	return remove(ctx, c, at("connect", "sessions", id), nil)
}
