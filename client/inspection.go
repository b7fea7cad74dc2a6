package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// Inspection is all that the server says of a token to an administrator.
type Inspection struct {
	// Format is "jwt", "handle" or "unknown".
	Format string `json:"format"`
	// Header is the JOSE header of a JWT.
	Header json.RawMessage `json:"header,omitempty"`
	// Claims are those of a JWT, or those that a handle of this environment stands for.
	Claims json.RawMessage `json:"claims,omitempty"`
	// Active is the answer introspection would give.
	Active bool `json:"active"`
	// Reason is "active", or one word for why it is not.
	Reason string `json:"reason"`
	// Detail is the reason in a sentence.
	Detail string `json:"detail"`
	// ExpiresIn is in seconds, zero or less for an expired token; nil for one that this environment did not make.
	ExpiresIn *int64 `json:"expires_in,omitempty"`
}

// Revocation is the outcome of revoking one token.
type Revocation struct {
	Answer `json:"-"`

	// Revoked is false when there was nothing to revoke: the token was unknown, foreign or dead already.
	Revoked bool `json:"revoked"`
}

// InspectToken says what a token is and whether it would be accepted now. Needs tokens:introspect.
func (c *Client) InspectToken(ctx context.Context, token Secret) (*Inspection, error) {
	return call[Inspection](ctx, c, tokenRequest("inspect", token))
}

// RevokeToken makes one token inactive on every node. Verifiers that work offline see a JWT die at its expiry
// only. Needs tokens:revoke.
func (c *Client) RevokeToken(ctx context.Context, token Secret) (*Revocation, error) {
	return call[Revocation](ctx, c, tokenRequest("revoke", token))
}

// tokenRequest sends the token in the body, where no log of addresses sees it.
func tokenRequest(verb string, token Secret) request {
	return request{
		method: http.MethodPost, path: at("tokens", verb), repeatable: true,
		body: map[string]string{"token": token.Reveal()},
	}
}
