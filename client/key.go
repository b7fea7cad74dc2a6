package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Key is the public record of a signing key.
type Key struct {
	// ID is the kid that tokens and the JWKS show.
	ID string `json:"id"`
	// Alg is "ES256", "EdDSA", "RS256" or "PS256".
	Alg string `json:"alg"`
	// State is "next" (published, not yet used), "active" (signs) or "retired" (published until its last token died).
	State       string     `json:"state"`
	CreatedAt   time.Time  `json:"created_at"`
	ActivatedAt *time.Time `json:"activated_at,omitempty"`
	RetiredAt   *time.Time `json:"retired_at,omitempty"`
}

// Keys lists the environment's signing keys. Needs keys:read.
func (c *Client) Keys(ctx context.Context) iter.Seq2[*Key, error] {
	return pages[Key](ctx, c, at("keys"), nil)
}

// KeyChanges is what became of keys that were rotated or withdrawn.
type KeyChanges struct {
	Answer `json:"-"`

	Changes []KeyChange `json:"changes"`
}

// KeyChange is the new state of one key.
type KeyChange struct {
	// ID is the kid.
	ID  string `json:"id"`
	Alg string `json:"alg"`
	// State is one of [Key], or "withdrawn": there is no such key any more.
	State string `json:"state"`
}

// RotateKeys makes the next key of an algorithm the active one. While that key has been published for less than
// ten minutes, which verifiers may take to fetch it, this is refused with status 409 unless force is set; then
// some verifiers fail until they fetch it. A stolen key needs [Client.WithdrawKey]: a rotation leaves it trusted. It
// is never repeated by itself. Needs keys:write.
func (c *Client) RotateKeys(ctx context.Context, alg string, force bool) (*KeyChanges, error) {
	body := struct {
		Alg   string `json:"alg"`
		Force bool   `json:"force,omitempty"`
	}{alg, force}
	return call[KeyChanges](ctx, c, request{method: http.MethodPost, path: at("keys", "rotate"), body: body})
}

// WithdrawKey deletes a compromised key, whatever its state. Every token that it signed is inactive at once, possibly
// the one that this client came with, which it then renews; in place of an active key the next one signs from now
// on. Those who verify offline trust the key until they fetch the JWKS again, which is to be every ten minutes.
// It is never repeated by itself. Needs keys:write.
func (c *Client) WithdrawKey(ctx context.Context, id string) (*KeyChanges, error) {
	return call[KeyChanges](ctx, c, request{method: http.MethodPost, path: at("keys", id, "withdraw")})
}
