package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// GlobalCredential is the credential that an environment is born with. It opens every application's exchange and the
// connections API, once it has a secret.
type GlobalCredential struct {
	Answer `json:"-"`

	// ClientID was assigned and never changes.
	ClientID string `json:"client_id"`
	// Enabled is false while it is refused.
	Enabled   bool `json:"enabled"`
	HasSecret bool `json:"has_secret"`
	// Advice says what should be done with it.
	Advice      string     `json:"advice"`
	Hint        string     `json:"hint,omitempty"`
	SecretID    string     `json:"secret_id,omitempty"`
	Viewable    bool       `json:"viewable"`
	WhyHidden   string     `json:"why_hidden,omitempty"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
	LastUsedAt  *time.Time `json:"last_used_at,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	Secret      Secret     `json:"secret,omitzero"`
	SecretShown bool       `json:"secret_shown,omitempty"`
}

// GlobalCredential returns the global credential. Needs applications:read.
func (c *Client) GlobalCredential(ctx context.Context) (*GlobalCredential, error) {
	return get[GlobalCredential](ctx, c, at("global-credential"))
}

// SetGlobalSecret sets the secret of the global credential; the old one and its tokens die. viewable keeps it sealed, so
// that it can be shown again; nil leaves that to the environment's policy. It is never repeated by itself. Needs
// credentials:write.
func (c *Client) SetGlobalSecret(ctx context.Context, secret Secret, viewable *bool) (*GlobalCredential, error) {
	body := map[string]any{"secret": secret.Reveal()}
	if viewable != nil {
		body["viewable"] = *viewable
	}
	return call[GlobalCredential](ctx, c, request{method: http.MethodPut, path: at("global-credential", "secret"), body: body})
}

// DisableGlobalCredential refuses the global credential and makes its tokens inactive, for good. Needs
// applications:write.
func (c *Client) DisableGlobalCredential(ctx context.Context) (Answer, error) {
	return act(ctx, c, at("global-credential", "disable"))
}

// EnableGlobalCredential lets the global credential work again. Needs applications:write.
func (c *Client) EnableGlobalCredential(ctx context.Context) (Answer, error) {
	return act(ctx, c, at("global-credential", "enable"))
}

// IntegrationCredential opens the exchange of one application, or the connections API.
type IntegrationCredential struct {
	Answer `json:"-"`

	// ClientID is a lowercase UUID and never changes.
	ClientID string `json:"client_id"`
	// Kind is "application" or "connection".
	Kind string `json:"kind"`
	// Application is the client id of the application whose exchange it opens, for the kind "application".
	Application string `json:"application,omitempty"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// Enabled is false while it is refused.
	Enabled    bool       `json:"enabled"`
	Hint       string     `json:"hint,omitempty"`
	SecretID   string     `json:"secret_id,omitempty"`
	Viewable   bool       `json:"viewable"`
	WhyHidden  string     `json:"why_hidden,omitempty"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	// Secret is present in the answer to a creation for which none was chosen, and never again.
	Secret      Secret `json:"secret,omitzero"`
	SecretShown bool   `json:"secret_shown,omitempty"`
}

// NewIntegrationCredential describes a credential to be made. Kind is required.
type NewIntegrationCredential struct {
	// Kind is "application" or "connection".
	Kind string `json:"kind"`
	// Application is the client id of the application whose exchange it opens, for the kind "application".
	Application string `json:"application,omitempty"`
	// Name is unique; empty lets the server make one up.
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	// Secret is of the caller's choice, for the kind "connection" only; the zero Secret has one generated.
	Secret Secret `json:"secret,omitzero"`
}

// IntegrationCredentialChange changes a credential of an integration.
type IntegrationCredentialChange struct {
	Description Field[string] `json:"description,omitzero"`
	// Secret, unless it is zero, replaces that of the kind "connection"; the old one and its tokens die.
	Secret Secret `json:"secret,omitzero"`
}

// IntegrationCredentialFilter narrows a list of credentials of integrations.
type IntegrationCredentialFilter struct {
	// Kind is "application" or "connection", Name the name wanted, whatever its case.
	Kind, Name string
	// Enabled, when not nil, asks for those that are enabled, or are not.
	Enabled *bool
}

// IntegrationCredentials lists the credentials of integrations by name. Needs applications:read.
func (c *Client) IntegrationCredentials(ctx context.Context, f IntegrationCredentialFilter) iter.Seq2[*IntegrationCredential, error] {
	query := url.Values{}
	setText(query, "kind", f.Kind)
	setText(query, "name", f.Name)
	setBool(query, "enabled", f.Enabled)
	return pages[IntegrationCredential](ctx, c, at("integration-credentials"), query)
}

// CreateIntegrationCredential makes a credential for an integration. Needs applications:write and credentials:write.
func (c *Client) CreateIntegrationCredential(ctx context.Context, n NewIntegrationCredential, options ...CallOption) (*IntegrationCredential, error) {
	return create[IntegrationCredential](ctx, c, at("integration-credentials"), struct {
		NewIntegrationCredential
		Secret string `json:"secret,omitempty"` // in place of the one that does not show itself
	}{n, n.Secret.Reveal()}, options)
}

// IntegrationCredential returns the credential with this client id. Needs applications:read.
func (c *Client) IntegrationCredential(ctx context.Context, clientID string) (*IntegrationCredential, error) {
	return get[IntegrationCredential](ctx, c, at("integration-credentials", clientID))
}

// UpdateIntegrationCredential changes a credential of an integration. Needs applications:write, and credentials:write
// for the secret.
func (c *Client) UpdateIntegrationCredential(ctx context.Context, clientID string, n IntegrationCredentialChange, options ...CallOption) (*IntegrationCredential, error) {
	return change[IntegrationCredential](ctx, c, at("integration-credentials", clientID), struct {
		IntegrationCredentialChange
		Secret string `json:"secret,omitempty"` // in place of the one that does not show itself
	}{n, n.Secret.Reveal()}, options)
}

// DisableIntegrationCredential refuses a credential and makes its tokens inactive, for good. Needs applications:write.
func (c *Client) DisableIntegrationCredential(ctx context.Context, clientID string) (Answer, error) {
	return act(ctx, c, at("integration-credentials", clientID, "disable"))
}

// EnableIntegrationCredential lets a credential work again. Needs applications:write.
func (c *Client) EnableIntegrationCredential(ctx context.Context, clientID string) (Answer, error) {
	return act(ctx, c, at("integration-credentials", clientID, "enable"))
}

// DeleteIntegrationCredential deletes a credential for good; its tokens become inactive. Needs applications:write.
func (c *Client) DeleteIntegrationCredential(ctx context.Context, clientID string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("integration-credentials", clientID), options)
}
