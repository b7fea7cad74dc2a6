package client

import (
	"context"
	"net/http"
)

// Policy is what an environment demands of its credentials. It binds what is made and changed; what is there stays.
type Policy struct {
	Answer `json:"-"`

	// DefaultSecretScopes is "all" or "none": what a secret may do when nobody says.
	DefaultSecretScopes string `json:"default_secret_scopes"`
	// ChosenSecrets lets administrators choose secrets themselves, of at least ChosenMinLength characters and
	// ChosenMinScore of 4 points of strength.
	ChosenSecrets   bool `json:"chosen_secrets"`
	ChosenMinLength int  `json:"chosen_min_length"`
	ChosenMinScore  int  `json:"chosen_min_score"`
	// ViewableSecrets keeps the secrets of workers, pairs and the global credential sealed unless somebody says otherwise.
	ViewableSecrets bool `json:"viewable_secrets"`
	// MinExpiryDays and MaxExpiryDays bound how long a credential is valid; 0 is no bound.
	MinExpiryDays int `json:"min_expiry_days"`
	MaxExpiryDays int `json:"max_expiry_days"`
	// OnLeak is "notify", "lock" or "rotate".
	OnLeak string       `json:"on_leak"`
	Limits PolicyLimits `json:"limits"`
}

// PolicyLimits are how many credentials of each kind one application may have.
type PolicyLimits struct {
	Secrets      int `json:"secrets"`
	Certificates int `json:"certificates"`
	JWTKeys      int `json:"jwt_keys"`
	Trusts       int `json:"trusts"`
}

// PolicyChange changes the policy. What is cleared goes back to what it is at birth.
type PolicyChange struct {
	DefaultSecretScopes Field[string]      `json:"default_secret_scopes,omitzero"`
	ChosenSecrets       Field[bool]        `json:"chosen_secrets,omitzero"`
	ChosenMinLength     Field[int]         `json:"chosen_min_length,omitzero"`
	ChosenMinScore      Field[int]         `json:"chosen_min_score,omitzero"`
	ViewableSecrets     Field[bool]        `json:"viewable_secrets,omitzero"`
	MinExpiryDays       Field[int]         `json:"min_expiry_days,omitzero"`
	MaxExpiryDays       Field[int]         `json:"max_expiry_days,omitzero"`
	OnLeak              Field[string]      `json:"on_leak,omitzero"`
	Limits              PolicyLimitsChange `json:"limits,omitzero"`
}

// PolicyLimitsChange is the part of a change about limits.
type PolicyLimitsChange struct {
	Secrets      Field[int] `json:"secrets,omitzero"`
	Certificates Field[int] `json:"certificates,omitzero"`
	JWTKeys      Field[int] `json:"jwt_keys,omitzero"`
	Trusts       Field[int] `json:"trusts,omitzero"`
}

// PolicyCheck says which credentials a policy would not allow to be made today.
type PolicyCheck struct {
	// Total is how many there are; Breaches are the first 200.
	Total    int            `json:"total"`
	Breaches []PolicyBreach `json:"breaches"`
}

// PolicyBreach is a credential that a policy would not allow.
type PolicyBreach struct {
	ClientID string `json:"client_id"`
	// Application is the application's name.
	Application  string `json:"application"`
	CredentialID string `json:"credential_id"`
	// Kind is "secret", "certificate", "jwt_key" or "trust".
	Kind        string `json:"kind"`
	Hint        string `json:"hint,omitempty"`
	Description string `json:"description,omitempty"`
	// Rule is the member of the policy that it breaks.
	Rule string `json:"rule"`
}

// Policy returns the environment's policy. Needs policy:read.
func (c *Client) Policy(ctx context.Context) (*Policy, error) {
	return get[Policy](ctx, c, at("policy"))
}

// UpdatePolicy changes the policy. Needs policy:write.
func (c *Client) UpdatePolicy(ctx context.Context, p PolicyChange, options ...CallOption) (*Policy, error) {
	return change[Policy](ctx, c, at("policy"), p, options)
}

// CheckPolicy lists the credentials that a change of the policy would not allow, and changes nothing. Needs
// credentials:read.
func (c *Client) CheckPolicy(ctx context.Context, p PolicyChange) (*PolicyCheck, error) {
	return call[PolicyCheck](ctx, c, request{method: http.MethodPost, path: at("policy", "check"), body: p, repeatable: true})
}
