package client

import (
	"context"
	"iter"
	"time"
)

// ApplicationSecret is a client secret of an application: what the server remembers of it and, in the answer to
// its creation, the secret itself.
type ApplicationSecret struct {
	Answer `json:"-"`

	// ID is a lowercase UUID.
	ID string `json:"id"`
	// ClientID is the application's.
	ClientID    string `json:"client_id"`
	Description string `json:"description"`
	// Hint is the beginning of the secret, enough to recognise it and useless for guessing it.
	Hint string `json:"hint"`
	// Scopes narrows what this secret may ask for; nil means all that the application may, now and later.
	Scopes []string `json:"scopes,omitzero"`
	// Enabled is false while the secret, and every token obtained with it, is refused.
	Enabled bool `json:"enabled"`
	// ExpiresAt is nil for a secret that does not expire. Tokens never outlive the secret they came from.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// NotBefore is nil for a secret that works from its creation.
	NotBefore *time.Time `json:"not_before,omitempty"`
	// LastUsedAt is nil for a secret not used in the last 90 days; it lags by up to 30 seconds.
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	// Secret is present in the answer to the creation and never again.
	Secret Secret `json:"secret,omitzero"`
	// SecretShown is true when the answer repeats that of an earlier request with the same Idempotency-Key,
	// whose answer held the secret. If it was lost on the way, delete this secret and make another.
	SecretShown bool `json:"secret_shown,omitempty"`
}

// NewApplicationSecret describes a secret to be made. Everything is optional.
type NewApplicationSecret struct {
	Description string `json:"description,omitempty"`
	// ExpiresAt must lie in the future; nil means never.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// NotBefore lets a secret be handed over before it works.
	NotBefore *time.Time `json:"not_before,omitempty"`
	// Scopes narrows what the secret may ask for; nil means all that the application may, now and later.
	Scopes []string `json:"scopes,omitzero"`
}

// ApplicationSecretChange changes a secret's surroundings; the secret itself never changes.
type ApplicationSecretChange struct {
	Description Field[string]    `json:"description,omitzero"`
	ExpiresAt   Field[time.Time] `json:"expires_at,omitzero"`
	NotBefore   Field[time.Time] `json:"not_before,omitzero"`
	Scopes      Field[[]string]  `json:"scopes,omitzero"`
}

// Secrets lists an application's secrets. Needs credentials:read.
func (c *Client) Secrets(ctx context.Context, clientID string) iter.Seq2[*ApplicationSecret, error] {
	return pages[ApplicationSecret](ctx, c, at("applications", clientID, "secrets"), nil)
}

// AddSecret makes another secret for an application; the ones it has go on working. Needs credentials:write.
func (c *Client) AddSecret(ctx context.Context, clientID string, s NewApplicationSecret, options ...CallOption) (*ApplicationSecret, error) {
	return create[ApplicationSecret](ctx, c, at("applications", clientID, "secrets"), s, options)
}

// Secret returns one secret's record, without the secret. Needs credentials:read.
func (c *Client) Secret(ctx context.Context, clientID, id string) (*ApplicationSecret, error) {
	return get[ApplicationSecret](ctx, c, at("applications", clientID, "secrets", id))
}

// UpdateSecret changes a secret's description, dates or scopes. Needs credentials:write.
func (c *Client) UpdateSecret(ctx context.Context, clientID, id string, s ApplicationSecretChange, options ...CallOption) (*ApplicationSecret, error) {
	return change[ApplicationSecret](ctx, c, at("applications", clientID, "secrets", id), s, options)
}

// DisableSecret refuses a secret and makes the tokens obtained with it inactive. Needs credentials:write.
func (c *Client) DisableSecret(ctx context.Context, clientID, id string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "secrets", id, "disable"))
}

// EnableSecret lets a secret work again. Tokens obtained with it earlier stay dead. Needs credentials:write.
func (c *Client) EnableSecret(ctx context.Context, clientID, id string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "secrets", id, "enable"))
}

// DeleteSecret deletes a secret; the tokens obtained with it become inactive. Needs credentials:write.
func (c *Client) DeleteSecret(ctx context.Context, clientID, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("applications", clientID, "secrets", id), options)
}

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
