package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Application is a program that may call APIs. Its credentials are separate: see [ApplicationSecret].
type Application struct {
	Answer `json:"-"`

	// ClientID is a lowercase UUID and never changes.
	ClientID string `json:"client_id"`
	// Kind is "service", "worker", "pair", "global", "exchange" or "connection".
	Kind        string `json:"kind"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// Scopes are the permissions it may ask for.
	Scopes []string `json:"scopes"`
	// Introspects names the APIs whose tokens it may check (RFC 7662), being their resource server.
	Introspects []string `json:"introspects"`
	// TokenLifetime is in seconds; zero means that of the API. The shorter of the two counts.
	TokenLifetime int `json:"token_lifetime"`
	// AuthMethods are the only ways in which it may authenticate: "client_secret_basic", "client_secret_post",
	// "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "federated_jwt". Empty
	// means any.
	AuthMethods []string `json:"auth_methods"`
	// LockPolicy is how failed logons with secrets lock it: "on", "client+network" or "off".
	LockPolicy string `json:"lock_policy"`
	// LegacyAudience lets its assertions name the token endpoint as their audience.
	LegacyAudience bool `json:"legacy_audience"`
	// Target is the client id of the application whose exchange it opens, for the kind "exchange".
	Target string `json:"target,omitempty"`
	// HomeURL is where people who use it begin, TargetURLs where they may be sent, each with everything below its path, and
	// AllowedOrigins the pages that may exchange a session login token for a session.
	HomeURL        string   `json:"home_url"`
	TargetURLs     []string `json:"target_urls"`
	AllowedOrigins []string `json:"allowed_origins"`
	// Enabled is false while its tokens and credentials are refused.
	Enabled bool `json:"enabled"`
	// CreatedBy is the client id of its maker, or a word for the system itself.
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// LockedUntil, in lists, is until when its secrets are not taken; nil unless they are locked.
	LockedUntil *time.Time `json:"locked_until,omitempty"`
	// Credentials and NextExpiry, in lists for whoever may read credentials, are how many it has of all kinds, and when the
	// first of those that are enabled expires.
	Credentials *int       `json:"credentials,omitempty"`
	NextExpiry  *time.Time `json:"next_expiry,omitempty"`
	// Secret is the first secret, in the answer to a creation that asked for one.
	Secret *ApplicationSecret `json:"secret,omitempty"`
}

// NewApplication describes an application to be made. Only Name is required.
type NewApplication struct {
	Name string `json:"name"`
	// Kind is "service", which empty means, or "worker".
	Kind          string   `json:"kind,omitempty"`
	Description   string   `json:"description,omitempty"`
	Scopes        []string `json:"scopes,omitempty"`
	Introspects   []string `json:"introspects,omitempty"`
	TokenLifetime int      `json:"token_lifetime,omitempty"`
	AuthMethods   []string `json:"auth_methods,omitempty"`
	// LegacyAudience lets its assertions name the token endpoint as their audience.
	LegacyAudience bool     `json:"legacy_audience,omitempty"`
	HomeURL        string   `json:"home_url,omitempty"`
	TargetURLs     []string `json:"target_urls,omitempty"`
	AllowedOrigins []string `json:"allowed_origins,omitempty"`
	// Enabled says whether it may act yet; nil means true for a service and false for a worker.
	Enabled *bool `json:"enabled,omitempty"`
	// Secret asks for a first secret in the same transaction; nil asks for none.
	Secret *NewApplicationSecret `json:"secret,omitempty"`
}

// ApplicationChange changes an application. Lists replace the whole list.
type ApplicationChange struct {
	Name           Field[string]   `json:"name,omitzero"`
	Description    Field[string]   `json:"description,omitzero"`
	Scopes         Field[[]string] `json:"scopes,omitzero"`
	Introspects    Field[[]string] `json:"introspects,omitzero"`
	TokenLifetime  Field[int]      `json:"token_lifetime,omitzero"`
	AuthMethods    Field[[]string] `json:"auth_methods,omitzero"`
	LegacyAudience Field[bool]     `json:"legacy_audience,omitzero"`
	HomeURL        Field[string]   `json:"home_url,omitzero"`
	TargetURLs     Field[[]string] `json:"target_urls,omitzero"`
	AllowedOrigins Field[[]string] `json:"allowed_origins,omitzero"`
}

// ApplicationFilter narrows a list of applications.
type ApplicationFilter struct {
	// Name, when not empty, is the name wanted and Prefix how the names wanted begin, whatever their case.
	Name, Prefix string
	// Kinds are the kinds wanted; empty means services, workers and pairs.
	Kinds []string
	// Enabled, when not nil, asks for those that are enabled, or are not.
	Enabled *bool
	// Search asks for those whose names hold each of its words, and for the one with that client id.
	Search string
	// Locked asks for those whose secrets are locked now.
	Locked bool
	// ExpiringDays, when not 0, asks for those with an enabled credential that expires within so many days, at most 400.
	// Needs credentials:read.
	ExpiringDays int
}

// Applications lists the applications of the environment. Needs applications:read.
func (c *Client) Applications(ctx context.Context, f ApplicationFilter) iter.Seq2[*Application, error] {
	query := url.Values{}
	setText(query, "name", f.Name)
	setText(query, "prefix", f.Prefix)
	setText(query, "kind", strings.Join(f.Kinds, ","))
	setBool(query, "enabled", f.Enabled)
	setText(query, "search", f.Search)
	if f.Locked {
		query.Set("locked", "true")
	}
	if f.ExpiringDays != 0 {
		query.Set("expiring_days", strconv.Itoa(f.ExpiringDays))
	}
	return pages[Application](ctx, c, at("applications"), query)
}

// CreateApplication makes an application, with its first secret when one is asked for. Needs
// applications:write, and credentials:write for the secret. The maker can give away only scopes it has the
// authority to grant.
func (c *Client) CreateApplication(ctx context.Context, a NewApplication, options ...CallOption) (*Application, error) {
	return create[Application](ctx, c, at("applications"), a, options)
}

// Application returns the application with this client id. Needs applications:read.
func (c *Client) Application(ctx context.Context, clientID string) (*Application, error) {
	return get[Application](ctx, c, at("applications", clientID))
}

// UpdateApplication changes an application. Needs applications:write.
func (c *Client) UpdateApplication(ctx context.Context, clientID string, a ApplicationChange, options ...CallOption) (*Application, error) {
	return change[Application](ctx, c, at("applications", clientID), a, options)
}

// DisableApplication refuses the application's credentials and makes all its tokens inactive, for good: enabling
// it later revives none. Verifiers that work offline see a JWT die at its expiry only. Needs applications:write.
func (c *Client) DisableApplication(ctx context.Context, clientID string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "disable"))
}

// EnableApplication lets the application's credentials work again. Needs applications:write.
func (c *Client) EnableApplication(ctx context.Context, clientID string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "enable"))
}

// DeleteApplication deletes an application with its credentials; its tokens become inactive. Needs
// applications:write.
func (c *Client) DeleteApplication(ctx context.Context, clientID string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("applications", clientID), options)
}
