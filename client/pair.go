package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// CredentialPair is an API credential pair: a client id and a secret with a preset of permissions.
type CredentialPair struct {
	Answer `json:"-"`

	// ClientID is a lowercase UUID and never changes.
	ClientID    string `json:"client_id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// Access is what it may do: "authentication-only", "read-users", "manage-users", "read-all", "manage-all", or
	// "custom" once its scopes were changed.
	Access string `json:"access"`
	// Enabled is false while the pair, and every token obtained with it, is refused.
	Enabled bool `json:"enabled"`
	// Hint is the beginning of the secret; it and SecretID are empty without credentials:read.
	Hint     string `json:"hint,omitempty"`
	SecretID string `json:"secret_id,omitempty"`
	// Viewable says that the secret is kept sealed and can be seen again; WhyHidden why it is not shown here.
	Viewable   bool       `json:"viewable"`
	WhyHidden  string     `json:"why_hidden,omitempty"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	// Secret is present in the answer to the creation and never again.
	Secret Secret `json:"secret,omitzero"`
	// SecretShown is true when the answer repeats that of an earlier request with the same Idempotency-Key.
	SecretShown bool `json:"secret_shown,omitempty"`
}

// NewCredentialPair describes a pair to be made. Name and Access are required.
type NewCredentialPair struct {
	// Name is unique in the environment. Developer and application tell pairs apart best.
	Name        string `json:"name"`
	Access      string `json:"access"`
	Description string `json:"description,omitempty"`
	// Viewable keeps the secret sealed so that it can be seen again; nil does what the policy says.
	Viewable *bool `json:"viewable,omitempty"`
	// ExpiresAt must lie in the future; nil means never.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// CredentialPairFilter narrows a list of pairs.
type CredentialPairFilter struct {
	// Name is the name wanted, Search how the names wanted begin, whatever their case.
	Name, Search string
	// Enabled, when not nil, asks for the active ones or for the disabled ones.
	Enabled *bool
}

// CredentialPairs lists the pairs by name. Needs applications:read.
func (c *Client) CredentialPairs(ctx context.Context, f CredentialPairFilter) iter.Seq2[*CredentialPair, error] {
	query := url.Values{}
	setText(query, "name", f.Name)
	setText(query, "search", f.Search)
	setBool(query, "enabled", f.Enabled)
	return pages[CredentialPair](ctx, c, at("credentials"), query)
}

func setText(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

func setBool(query url.Values, name string, value *bool) {
	if value != nil {
		query.Set(name, strconv.FormatBool(*value))
	}
}

// CreateCredentialPair makes a pair. Needs applications:write, credentials:write and what the pair may do.
func (c *Client) CreateCredentialPair(ctx context.Context, p NewCredentialPair, options ...CallOption) (*CredentialPair, error) {
	return create[CredentialPair](ctx, c, at("credentials"), p, options)
}

// CredentialPair returns the pair with this client id. Needs applications:read.
func (c *Client) CredentialPair(ctx context.Context, clientID string) (*CredentialPair, error) {
	return get[CredentialPair](ctx, c, at("credentials", clientID))
}

// DisableCredentialPair refuses a pair and makes its tokens inactive, for good. Needs applications:write.
func (c *Client) DisableCredentialPair(ctx context.Context, clientID string) (Answer, error) {
	return act(ctx, c, at("credentials", clientID, "disable"))
}

// EnableCredentialPair lets a pair work again. Needs applications:write.
func (c *Client) EnableCredentialPair(ctx context.Context, clientID string) (Answer, error) {
	return act(ctx, c, at("credentials", clientID, "enable"))
}

// DeleteCredentialPair deletes a pair for good, with its application; its tokens become inactive. Needs
// applications:write.
func (c *Client) DeleteCredentialPair(ctx context.Context, clientID string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("credentials", clientID), options)
}
