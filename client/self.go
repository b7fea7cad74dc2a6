package client

import (
	"context"
	"time"
)

// Self is what a credential may know of itself.
type Self struct {
	ClientID string `json:"client_id"`
	// Application is the application's name.
	Application string         `json:"application"`
	Credential  SelfCredential `json:"credential"`
	// Scopes are those of the token the question was asked with.
	Scopes      []string        `json:"scopes"`
	Environment SelfEnvironment `json:"environment"`
	Token       SelfToken       `json:"token"`
}

// SelfCredential is the credential the token was obtained with.
type SelfCredential struct {
	ID string `json:"id"`
	// Kind is "secret".
	Kind string `json:"kind"`
	// Description and Hint are empty when the token is not for the management API.
	Description string     `json:"description,omitempty"`
	Hint        string     `json:"hint,omitempty"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
}

// SelfEnvironment is the environment the token belongs to.
type SelfEnvironment struct {
	ID     string `json:"id"`
	Issuer string `json:"issuer"`
}

// SelfToken is the token the question was asked with.
type SelfToken struct {
	ExpiresAt time.Time `json:"expires_at"`
}

// Self says who this client is to the server. It needs no scope and a good token of any API of the environment; with
// one that is not for the management API, the credential's description and hint stay empty.
func (c *Client) Self(ctx context.Context) (*Self, error) {
	return get[Self](ctx, c, at("credentials", "self"))
}

// RateLimit is what is left of one bucket of requests.
type RateLimit struct {
	// Policy is "credential" or "address".
	Policy string `json:"policy"`
	// Limit is how many requests a full bucket holds, PerSecond how many grow back, Remaining how many are left.
	Limit     int64 `json:"limit"`
	PerSecond int64 `json:"per_second"`
	Remaining int64 `json:"remaining"`
	// FullAfterSeconds is when it is full again, if nobody calls.
	FullAfterSeconds int64 `json:"full_after_seconds"`
}

// RateLimits returns the buckets of this client at the node that answers; none where nothing is bounded. It is for
// whoever may see anything.
func (c *Client) RateLimits(ctx context.Context) ([]*RateLimit, error) {
	got, err := get[page[RateLimit]](ctx, c, at("rate-limit"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}

// OwnApplicationChange changes the caller's own application.
type OwnApplicationChange struct {
	Description Field[string] `json:"description,omitzero"`
}

// OwnApplication returns the application that this client is. It needs no scope, but a credential with the API family
// application.
func (c *Client) OwnApplication(ctx context.Context) (*Application, error) {
	return get[Application](ctx, c, at("applications", "self"))
}

// UpdateOwnApplication changes the description of the application that this client is, as [Client.OwnApplication] is
// let in.
func (c *Client) UpdateOwnApplication(ctx context.Context, a OwnApplicationChange, options ...CallOption) (*Application, error) {
	return change[Application](ctx, c, at("applications", "self"), a, options)
}
