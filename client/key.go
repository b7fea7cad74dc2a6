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

// Rotation is what a rotation changed.
type Rotation struct {
	Answer `json:"-"`

	Changes []KeyChange `json:"changes"`
}

// KeyChange is the new state of one key.
type KeyChange struct {
	// ID is the kid.
	ID    string `json:"id"`
	Alg   string `json:"alg"`
	State string `json:"state"`
}

// RotateKeys makes the next key of an algorithm the active one. While that key has been published for less than
// ten minutes, which verifiers may take to fetch it, this is refused with status 409 unless force is set; then
// some verifiers fail for a moment, which a stolen key is worth. It is never repeated by itself. Needs keys:write.
func (c *Client) RotateKeys(ctx context.Context, alg string, force bool) (*Rotation, error) {
	body := struct {
		Alg   string `json:"alg"`
		Force bool   `json:"force,omitempty"`
	}{alg, force}
	return call[Rotation](ctx, c, request{method: http.MethodPost, path: at("keys", "rotate"), body: body})
}
