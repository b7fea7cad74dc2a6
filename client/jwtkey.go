package client

import (
	"context"
	"iter"
)

// JWTKey is public keys by which an application proves itself with JWTs that it signs (private_key_jwt).
type JWTKey struct {
	CredentialRecord
	// Keys are those that were given; none if they are at JWKSURI.
	Keys    []PublicKey `json:"keys,omitempty"`
	JWKSURI string      `json:"jwks_uri,omitempty"`
}

// NewJWTKey describes a JWT key to be added: either JWKS or JWKSURI is set.
type NewJWTKey struct {
	CredentialSettings
	JWKS KeySet `json:"jwks,omitzero"`
	// JWKSURI is where the application publishes its keys; the server tries it at once.
	JWKSURI string `json:"jwks_uri,omitempty"`
}

// JWTKeys lists an application's JWT keys. Needs credentials:read.
func (c *Client) JWTKeys(ctx context.Context, clientID string) iter.Seq2[*JWTKey, error] {
	return pages[JWTKey](ctx, c, at("applications", clientID, "jwt-keys"), nil)
}

// AddJWTKey lets an application prove itself by JWTs. Needs credentials:write.
func (c *Client) AddJWTKey(ctx context.Context, clientID string, n NewJWTKey, options ...CallOption) (*JWTKey, error) {
	return create[JWTKey](ctx, c, at("applications", clientID, "jwt-keys"), n, options)
}

// JWTKey returns one JWT key's record. Needs credentials:read.
func (c *Client) JWTKey(ctx context.Context, clientID, id string) (*JWTKey, error) {
	return get[JWTKey](ctx, c, at("applications", clientID, "jwt-keys", id))
}

// UpdateJWTKey changes a JWT key's surroundings. Needs credentials:write.
func (c *Client) UpdateJWTKey(ctx context.Context, clientID, id string, n CredentialChange, options ...CallOption) (*JWTKey, error) {
	return change[JWTKey](ctx, c, at("applications", clientID, "jwt-keys", id), n, options)
}

// JWTKeyUsage counts the uses of a JWT key in the last hours, at most 2160; 0 means a week. Needs credentials:read.
func (c *Client) JWTKeyUsage(ctx context.Context, clientID, id string, hours int) (*SecretUsage, error) {
	return c.usage(ctx, clientID, "jwt-keys", id, hours)
}

// DisableJWTKey refuses a JWT key and makes the tokens obtained with it inactive. Needs credentials:write.
func (c *Client) DisableJWTKey(ctx context.Context, clientID, id string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "jwt-keys", id, "disable"))
}

// EnableJWTKey lets a JWT key work again. Tokens obtained with it earlier stay dead. Needs credentials:write.
func (c *Client) EnableJWTKey(ctx context.Context, clientID, id string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "jwt-keys", id, "enable"))
}

// DeleteJWTKey deletes a JWT key with its tokens; the last usable credential of an application only with [Force].
// Needs credentials:write.
func (c *Client) DeleteJWTKey(ctx context.Context, clientID, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("applications", clientID, "jwt-keys", id), options)
}
