package client

import (
	"context"
	"iter"
	"net/http"
)

// Trust is trust in another issuer, by whose tokens an application proves itself.
type Trust struct {
	CredentialRecord
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
	// Subject and the values of Claims may be patterns: * stands for any text without a colon, ** for any text.
	Subject string            `json:"subject"`
	Claims  map[string]string `json:"claims,omitempty"`
	// Keys are those that were given. Otherwise they are at JWKSURI or, if that is empty, found by discovery.
	Keys    []PublicKey `json:"keys,omitempty"`
	JWKSURI string      `json:"jwks_uri,omitempty"`
	// SingleUse is true if each token counts once.
	SingleUse bool `json:"single_use"`
}

// NewTrust describes a trust to be added. Issuer and Subject are required.
type NewTrust struct {
	CredentialSettings
	Issuer string `json:"issuer"`
	// Audience is what tokens must be for; empty means the environment's issuer.
	Audience string            `json:"audience,omitempty"`
	Subject  string            `json:"subject"`
	Claims   map[string]string `json:"claims,omitempty"`
	// JWKS or JWKSURI replace discovery.
	JWKS      KeySet `json:"jwks,omitzero"`
	JWKSURI   string `json:"jwks_uri,omitempty"`
	SingleUse bool   `json:"single_use,omitempty"`
}

// TrustVerdict is what a trust finds in a token. Form, Signature and Time say what is wrong; they are empty if nothing is.
type TrustVerdict struct {
	Answer `json:"-"`

	// Accepted is true if the token would prove the client at the moment.
	Accepted  bool           `json:"accepted"`
	Form      string         `json:"form,omitempty"`
	Signature string         `json:"signature,omitempty"`
	Time      string         `json:"time,omitempty"`
	Claims    []ClaimFinding `json:"claims"`
}

// ClaimFinding is what a trust wants of a claim, and what the token has.
type ClaimFinding struct {
	Claim   string `json:"claim"`
	Wanted  string `json:"wanted"`
	Got     string `json:"got"`
	Matches bool   `json:"matches"`
}

// Trusts lists an application's federated trusts. Needs credentials:read.
func (c *Client) Trusts(ctx context.Context, clientID string) iter.Seq2[*Trust, error] {
	return pages[Trust](ctx, c, at("applications", clientID, "trusts"), nil)
}

// AddTrust lets an application prove itself by tokens of another issuer. Needs credentials:write.
func (c *Client) AddTrust(ctx context.Context, clientID string, n NewTrust, options ...CallOption) (*Trust, error) {
	return create[Trust](ctx, c, at("applications", clientID, "trusts"), n, options)
}

// Trust returns one trust. Needs credentials:read.
func (c *Client) Trust(ctx context.Context, clientID, id string) (*Trust, error) {
	return get[Trust](ctx, c, at("applications", clientID, "trusts", id))
}

// TestTrust says what a trust finds in a token; nothing comes of it. Needs credentials:read.
func (c *Client) TestTrust(ctx context.Context, clientID, id string, token Secret) (*TrustVerdict, error) {
	body := struct {
		Token string `json:"token"`
	}{token.Reveal()}
	return call[TrustVerdict](ctx, c, request{
		method: http.MethodPost, path: at("applications", clientID, "trusts", id, "test"), body: body, repeatable: true,
	})
}

// UpdateTrust changes a trust's surroundings. Needs credentials:write.
func (c *Client) UpdateTrust(ctx context.Context, clientID, id string, n CredentialChange, options ...CallOption) (*Trust, error) {
	return change[Trust](ctx, c, at("applications", clientID, "trusts", id), n, options)
}

// TrustUsage counts the uses of a federated trust in the last hours, at most 2160; 0 means a week. Needs credentials:read.
func (c *Client) TrustUsage(ctx context.Context, clientID, id string, hours int) (*SecretUsage, error) {
	return c.usage(ctx, clientID, "trusts", id, hours)
}

// DisableTrust refuses what a trust let in and makes the tokens obtained with it inactive. Needs credentials:write.
func (c *Client) DisableTrust(ctx context.Context, clientID, id string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "trusts", id, "disable"))
}

// EnableTrust lets a trust work again. Tokens obtained with it earlier stay dead. Needs credentials:write.
func (c *Client) EnableTrust(ctx context.Context, clientID, id string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "trusts", id, "enable"))
}

// DeleteTrust deletes a trust with its tokens; the last usable credential of an application only with [Force]. Needs
// credentials:write.
func (c *Client) DeleteTrust(ctx context.Context, clientID, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("applications", clientID, "trusts", id), options)
}
