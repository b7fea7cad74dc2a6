package client

import (
	"context"
	"iter"
	"time"
)

// Environment is a unit of isolation: its applications, APIs, keys and ledger know nothing of another's.
type Environment struct {
	Answer `json:"-"`

	// ID is a lowercase UUID and never changes.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Slug stands in for the id in addresses; empty when it has none.
	Slug string `json:"slug,omitempty"`
	// Issuer is the one canonical address of the environment: the iss of its tokens and the base of its endpoints.
	Issuer string `json:"issuer"`
	// Enabled is false while every token and credential of the environment is refused.
	Enabled bool `json:"enabled"`
	// Region is the code of the region that it lives in; empty means wherever the server is.
	Region string `json:"region,omitempty"`
	// TopLevelDomain is what addresses in its region end in, such as "com.au", or in the server's if it has none; empty
	// when neither has one.
	TopLevelDomain string `json:"top_level_domain,omitempty"`
	// IsDefault marks the environment served at the installation's root.
	IsDefault bool      `json:"is_default"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// Admin holds the first credential of a new environment, in the answer to its creation and never again.
	Admin *EnvironmentAdmin `json:"admin,omitempty"`
	// SecretShown is true when the answer repeats that of an earlier request with the same Idempotency-Key, whose
	// answer held the administrator.
	SecretShown bool `json:"secret_shown,omitempty"`
}

// EnvironmentAdmin is the credential with which a new environment is administered first.
type EnvironmentAdmin struct {
	ClientID     string `json:"client_id"`
	ClientSecret Secret `json:"client_secret,omitzero"`
}

// NewEnvironment describes an environment to be made.
type NewEnvironment struct {
	Name string `json:"name"`
	// Slug may stay empty. It is 1 to 50 lowercase letters, digits and single hyphens, begins with a letter, is not a
	// word the server uses itself, and never changes.
	Slug string `json:"slug,omitempty"`
	// Region is the code of a region, such as "EU"; empty means wherever the server is. It never changes.
	Region string `json:"region,omitempty"`
}

// EnvironmentChange changes an environment.
type EnvironmentChange struct {
	Name Field[string] `json:"name,omitzero"`
}

// Region is one that an environment can live in.
type Region struct {
	Code           string `json:"code"`
	TopLevelDomain string `json:"top_level_domain"`
	// Here is false for a region that this server does not serve: an environment of it is answered for elsewhere.
	Here bool `json:"here"`
}

// Regions returns the regions that an environment can live in, by code. The client must be one of the default
// environment. Needs environments:read.
func (c *Client) Regions(ctx context.Context) ([]*Region, error) {
	got, err := get[page[Region]](ctx, c, at("regions"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}

// Environments lists the environments of the organization. Needs environments:read.
func (c *Client) Environments(ctx context.Context) iter.Seq2[*Environment, error] {
	return pages[Environment](ctx, c, at("environments"), nil)
}

// CreateEnvironment makes an environment and its first administrator. Needs environments:write.
func (c *Client) CreateEnvironment(ctx context.Context, e NewEnvironment, options ...CallOption) (*Environment, error) {
	return create[Environment](ctx, c, at("environments"), e, options)
}

// Environment returns the environment with this id or slug. Needs environments:read.
func (c *Client) Environment(ctx context.Context, idOrSlug string) (*Environment, error) {
	return get[Environment](ctx, c, at("environments", idOrSlug))
}

// UpdateEnvironment changes an environment. Needs environments:write.
func (c *Client) UpdateEnvironment(ctx context.Context, idOrSlug string, e EnvironmentChange, options ...CallOption) (*Environment, error) {
	return change[Environment](ctx, c, at("environments", idOrSlug), e, options)
}

// DisableEnvironment stops every token and credential of an environment at once. Needs environments:write.
func (c *Client) DisableEnvironment(ctx context.Context, idOrSlug string) (Answer, error) {
	return act(ctx, c, at("environments", idOrSlug, "disable"))
}

// EnableEnvironment lets an environment work again. Needs environments:write.
func (c *Client) EnableEnvironment(ctx context.Context, idOrSlug string) (Answer, error) {
	return act(ctx, c, at("environments", idOrSlug, "enable"))
}
