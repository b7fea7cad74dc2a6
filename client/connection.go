package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Connection is what one customer entered for a connector, never its secrets.
type Connection struct {
	Answer `json:"-"`

	ID string `json:"id"`
	// Connector is the name of its connector.
	Connector string `json:"connector"`
	Provider  string `json:"provider"`
	Name      string `json:"name"`
	Enabled   bool   `json:"enabled"`
	// State is "healthy", "failing" or "exhausted". A failing one is tried again by itself, an exhausted one is not.
	State string `json:"state"`
	// Stage is the step at which it fails, Reason why and what to do; Warning is what is amiss with one that works.
	Stage        string    `json:"stage,omitempty"`
	Reason       string    `json:"reason,omitempty"`
	Warning      string    `json:"warning,omitempty"`
	FailingSince time.Time `json:"failing_since,omitzero"`
	// Values are what was entered and is no secret.
	Values         map[string]string `json:"values"`
	Tags           map[string]string `json:"tags"`
	Metadata       map[string]any    `json:"metadata"`
	EndUser        EndUser           `json:"end_user"`
	TokenFetchedAt time.Time         `json:"token_fetched_at,omitzero"`
	TokenExpiresAt time.Time         `json:"token_expires_at,omitzero"`
	LastUsedAt     time.Time         `json:"last_used_at,omitzero"`
	CreatedBy      string            `json:"created_by"`
	CreatedAt      time.Time         `json:"created_at"`
	UpdatedAt      time.Time         `json:"updated_at"`
}

// EndUser is the customer who connected something, as whoever sent them calls them.
type EndUser struct {
	ID           string `json:"id,omitempty"`
	Email        string `json:"email,omitempty"`
	DisplayName  string `json:"display_name,omitempty"`
	Organization string `json:"organization_id,omitempty"`
	// OrganizationName is what Organization is called.
	OrganizationName string `json:"organization_display_name,omitempty"`
}

// NewConnection says what to make of values that are at hand.
type NewConnection struct {
	Connector string `json:"connector"`
	Name      string `json:"name,omitempty"`
	// Values are the provider's fields, by name, secrets too.
	Values   map[string]Secret `json:"values"`
	Tags     map[string]string `json:"tags,omitempty"`
	Metadata map[string]any    `json:"metadata,omitempty"`
	EndUser  EndUser           `json:"end_user,omitzero"`
	// Check, if it is false, keeps the values without trying them out.
	Check *bool `json:"check,omitempty"`
}

// MarshalJSON writes the values in clear.
func (n NewConnection) MarshalJSON() ([]byte, error) {
	type plain NewConnection
	return json.Marshal(struct {
		plain
		Values map[string]string `json:"values"`
	}{plain(n), inClear(n.Values)})
}

// ConnectionChange says what to change. Tags and Metadata are replaced as a whole.
type ConnectionChange struct {
	Name     Field[string]            `json:"name,omitzero"`
	Tags     Field[map[string]string] `json:"tags,omitzero"`
	Metadata Field[map[string]any]    `json:"metadata,omitzero"`
	EndUser  *EndUser                 `json:"end_user,omitempty"`
}

// ConnectionFilter says which connections to list; what is empty does not matter.
type ConnectionFilter struct {
	Connector    string
	State        string
	EndUser      string
	Organization string
	Tags         map[string]string
}

// ConnectionToken is what opens the system behind a connection.
type ConnectionToken struct {
	Answer `json:"-"`

	AccessToken Secret `json:"access_token"`
	TokenType   string `json:"token_type"`
	// ExpiresAt is zero for a token that does not expire.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	BaseURL   string    `json:"base_url,omitempty"`
}

// ConnectionCaller is an application that has used a connection.
type ConnectionCaller struct {
	Application string    `json:"application"`
	FirstAt     time.Time `json:"first_at"`
}

// DeletedConnection says how deleting went at the provider.
type DeletedConnection struct {
	Answer `json:"-"`

	// Revocation is "none", "revoked" or "failed"; Reason says why it failed.
	Revocation string `json:"revocation"`
	Reason     string `json:"reason,omitempty"`
}

// Connections lists connections in the order of their creation. Needs connections:read.
func (c *Client) Connections(ctx context.Context, f ConnectionFilter) iter.Seq2[*Connection, error] {
	query := url.Values{}
	for name, value := range map[string]string{"connector": f.Connector, "state": f.State, "end_user": f.EndUser, "organization": f.Organization} {
		if value != "" {
			query.Set(name, value)
		}
	}
	tags := make([]string, 0, len(f.Tags))
	for name, value := range f.Tags {
		tags = append(tags, name+"="+value)
	}
	if slices.Sort(tags); len(tags) > 0 {
		query.Set("tag", strings.Join(tags, ","))
	}
	return pages[Connection](ctx, c, at("connect", "connections"), query)
}

// Connection returns one connection. Needs connections:read.
func (c *Client) Connection(ctx context.Context, id string) (*Connection, error) {
	return get[Connection](ctx, c, at("connect", "connections", id))
}

// CreateConnection makes a connection of values that are at hand; they are tried out first. One that does not work is a
// [Problem] whose Code is the step that failed. Needs connections:write.
func (c *Client) CreateConnection(ctx context.Context, n NewConnection, options ...CallOption) (*Connection, error) {
	return create[Connection](ctx, c, at("connect", "connections"), n, options)
}

// ChangeConnection changes what is said about a connection. Needs connections:write.
func (c *Client) ChangeConnection(ctx context.Context, id string, n ConnectionChange, options ...CallOption) (*Connection, error) {
	return change[Connection](ctx, c, at("connect", "connections", id), n, options)
}

// DisableConnection disables a connection. Needs connections:write.
func (c *Client) DisableConnection(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("connect", "connections", id, "disable"))
}

// EnableConnection enables it again. Needs connections:write.
func (c *Client) EnableConnection(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("connect", "connections", id, "enable"))
}

// TestConnection tries out what is kept. Needs connections:write.
func (c *Client) TestConnection(ctx context.Context, id string) (*Trial, error) {
	return call[Trial](ctx, c, request{method: http.MethodPost, path: at("connect", "connections", id, "test")})
}

// RefreshConnection fetches a token now, also for a connection that was given up. Needs connections:write.
func (c *Client) RefreshConnection(ctx context.Context, id string) (*Connection, error) {
	return call[Connection](ctx, c, request{method: http.MethodPost, path: at("connect", "connections", id, "refresh")})
}

// ConnectionToken returns a token that is valid now. Needs connections:use.
func (c *Client) ConnectionToken(ctx context.Context, id string) (*ConnectionToken, error) {
	return get[ConnectionToken](ctx, c, at("connect", "connections", id, "token"))
}

// ConnectionCallers returns the applications that have used a connection. Needs connections:read.
func (c *Client) ConnectionCallers(ctx context.Context, id string) ([]*ConnectionCaller, error) {
	got, err := get[page[ConnectionCaller]](ctx, c, at("connect", "connections", id, "callers"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}

// RevealConnection returns a secret of a connection; the ledger says so. Needs connections:reveal, which no role has, and a
// token that is at most five minutes old.
func (c *Client) RevealConnection(ctx context.Context, id, field string) (Secret, error) {
	got, err := call[struct {
		Value Secret `json:"value"`
	}](ctx, c, request{method: http.MethodPost, path: at("connect", "connections", id, "reveal"), body: map[string]string{"field": field}})
	if err != nil {
		return Secret{}, err
	}
	return got.Value, nil
}

// DeleteConnection deletes a connection. Its provider is told to revoke the token first. Needs connections:write.
func (c *Client) DeleteConnection(ctx context.Context, id string, options ...CallOption) (*DeletedConnection, error) {
	return call[DeletedConnection](ctx, c, request{method: http.MethodDelete, path: at("connect", "connections", id)}, options...)
}
