package client

import (
	"context"
	"time"
)

// Refusal is a request of an application that was refused.
type Refusal struct {
	At time.Time `json:"at"`
	// Reason is one stable word, such as "client_authentication_failed", "credential_expired" or "scope_not_granted".
	Reason string `json:"reason"`
	// Method is how it authenticated, such as "client_secret_basic" or "private_key_jwt".
	Method string `json:"method"`
	// Address is the caller's IP address, or empty when there was none.
	Address string `json:"address"`
	// CredentialID names the credential that was presented; it is empty when that was no right one.
	CredentialID string `json:"credential_id,omitempty"`
	// Detail says what differed in a certificate, an assertion or another issuer's token.
	Detail string `json:"detail,omitempty"`
}

// Refusals returns the latest refused requests of the application with this client id, newest first: at most 20,
// none older than 90 days, and at most 30 seconds late. Needs applications:read.
func (c *Client) Refusals(ctx context.Context, clientID string) ([]*Refusal, error) {
	got, err := get[page[Refusal]](ctx, c, at("applications", clientID, "refusals"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}
