package client

import (
	"context"
	"iter"
	"time"
)

// API is something that credentials guard: a resource server with an audience and scopes.
type API struct {
	Answer `json:"-"`

	// ID is a lowercase UUID and never changes.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Audience is the absolute URI that tokens for this API carry as aud, and that clients send as resource.
	Audience string `json:"audience"`
	// Builtin marks Counterfoil's own management API, which cannot be changed.
	Builtin bool    `json:"builtin"`
	Scopes  []Scope `json:"scopes"`
	// TokenFormat is "jwt" (RFC 9068) or "handle" (opaque, checked by introspection).
	TokenFormat string `json:"token_format"`
	// SigningAlg is "ES256", "EdDSA", "RS256" or "PS256"; it matters for JWTs.
	SigningAlg string `json:"signing_alg"`
	// TokenLifetime is in seconds, 60 to 86,400.
	TokenLifetime int `json:"token_lifetime"`
	// OnStale says what a node does that cannot read its database: "serve" goes on for up to 72 hours, "refuse"
	// answers 503 after 5 seconds.
	OnStale   string    `json:"on_stale"`
	Enabled   bool      `json:"enabled"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Scope is one permission of an API, named as it travels in tokens. Names are unique in an environment.
type Scope struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// NewAPI describes an API to be made. Name and Audience are required; what stays empty gets the server's default.
type NewAPI struct {
	Name          string  `json:"name"`
	Audience      string  `json:"audience"`
	Scopes        []Scope `json:"scopes,omitempty"`
	TokenFormat   string  `json:"token_format,omitempty"`
	SigningAlg    string  `json:"signing_alg,omitempty"`
	TokenLifetime int     `json:"token_lifetime,omitempty"`
	OnStale       string  `json:"on_stale,omitempty"`
}

// APIChange changes an API. Scopes replaces the whole list: a scope that is missing from it is taken away from
// every application at once.
type APIChange struct {
	Name          Field[string]  `json:"name,omitzero"`
	Audience      Field[string]  `json:"audience,omitzero"`
	Scopes        Field[[]Scope] `json:"scopes,omitzero"`
	TokenFormat   Field[string]  `json:"token_format,omitzero"`
	SigningAlg    Field[string]  `json:"signing_alg,omitzero"`
	TokenLifetime Field[int]     `json:"token_lifetime,omitzero"`
	OnStale       Field[string]  `json:"on_stale,omitzero"`
}

// APIs lists the APIs of the environment. Needs apis:read.
func (c *Client) APIs(ctx context.Context) iter.Seq2[*API, error] {
	return pages[API](ctx, c, at("apis"), nil)
}

// CreateAPI makes an API. Needs apis:write.
func (c *Client) CreateAPI(ctx context.Context, a NewAPI, options ...CallOption) (*API, error) {
	return create[API](ctx, c, at("apis"), a, options)
}

// API returns the API with this id. Needs apis:read.
func (c *Client) API(ctx context.Context, id string) (*API, error) {
	return get[API](ctx, c, at("apis", id))
}

// UpdateAPI changes an API. Needs apis:write.
func (c *Client) UpdateAPI(ctx context.Context, id string, a APIChange, options ...CallOption) (*API, error) {
	return change[API](ctx, c, at("apis", id), a, options)
}

// DisableAPI makes every token for the API inactive and issues none until it is enabled. Needs apis:write.
func (c *Client) DisableAPI(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("apis", id, "disable"))
}

// EnableAPI lets an API's tokens be issued again. Needs apis:write.
func (c *Client) EnableAPI(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("apis", id, "enable"))
}

// DeleteAPI deletes an API with its scopes, which its applications lose. Needs apis:write.
func (c *Client) DeleteAPI(ctx context.Context, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("apis", id), options)
}
