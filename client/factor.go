package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Factor is one way for a user to prove itself beside the password.
type Factor struct {
	Answer `json:"-"`

	ID string `json:"id"`
	// Kind is "totp" (an app), "email", "recovery" (codes on paper) or "passkey".
	Kind string `json:"kind"`
	// Name is how the user tells it from others.
	Name string `json:"name"`
	// Confirmed says that its first code was right. Nobody signs in with one that is not, and after an hour it is gone.
	Confirmed bool `json:"confirmed"`
	// Address is where codes by e-mail go.
	Address string `json:"address,omitempty"`
	// CodesLeft counts recovery codes.
	CodesLeft int `json:"codes_left,omitempty"`
	// LockedUntil is when the last lock ends or ended that wrong codes caused; in the year 9999 if somebody must unlock the
	// user.
	LockedUntil *time.Time `json:"locked_until,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	LastUsedAt  *time.Time `json:"last_used_at,omitempty"`
	// Secret is what an app makes codes of, in base32, and OTPAuthURI the same for a QR code. Both are there only in the
	// answer that made them.
	Secret     Secret `json:"secret,omitzero"`
	OTPAuthURI Secret `json:"otpauth_uri,omitzero"`
}

// NewFactor describes a factor to be given to a user. Kind is required: "totp", or "email" with one of the user's addresses.
type NewFactor struct {
	Kind    string `json:"kind"`
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"`
}

// RecoveryCodes are a user's new recovery codes. They are not shown again.
type RecoveryCodes struct {
	Answer `json:"-"`

	// Factor is the id of the factor that they are.
	Factor string   `json:"factor"`
	Codes  []Secret `json:"codes"`
}

// FactorVerdict says what a code was worth: "right", "wrong", or "locked" when it was not looked at because of those before.
type FactorVerdict struct {
	Answer `json:"-"`

	Verdict string `json:"verdict"`
}

type factorCode struct {
	Code string `json:"code"`
}

// Factors lists the second factors of a user, oldest first. Needs factors:read.
func (c *Client) Factors(ctx context.Context, user string) iter.Seq2[*Factor, error] {
	return pages[Factor](ctx, c, at("users", user, "factors"), nil)
}

// EnrolFactor gives a user a second factor, which counts from its first right code on ([Client.ConfirmFactor]). Needs
// factors:write and all that the user's roles permit.
func (c *Client) EnrolFactor(ctx context.Context, user string, f NewFactor, options ...CallOption) (*Factor, error) {
	return create[Factor](ctx, c, at("users", user, "factors"), f, options)
}

// Factor returns one of a user's factors. Needs factors:read.
func (c *Client) Factor(ctx context.Context, user, id string) (*Factor, error) {
	return get[Factor](ctx, c, at("users", user, "factors", id))
}

// ConfirmFactor confirms a factor with its first code. It is never repeated by itself, because a wrong code counts. Needs
// what [Client.EnrolFactor] needs.
func (c *Client) ConfirmFactor(ctx context.Context, user, id string, code Secret) (*Factor, error) {
	return call[Factor](ctx, c, request{method: http.MethodPost, path: at("users", user, "factors", id, "confirm"), body: factorCode{code.Reveal()}})
}

// VerifyFactor says whether a code is right, and uses it up. It is never repeated by itself. Needs factors:write.
func (c *Client) VerifyFactor(ctx context.Context, user, id string, code Secret) (*FactorVerdict, error) {
	return call[FactorVerdict](ctx, c, request{method: http.MethodPost, path: at("users", user, "factors", id, "verify"), body: factorCode{code.Reveal()}})
}

// SendFactorCode mails a new code for a factor of the kind "email". It is never repeated by itself. Needs factors:write.
func (c *Client) SendFactorCode(ctx context.Context, user, id string) (Answer, error) {
	got, err := call[acted](ctx, c, request{method: http.MethodPost, path: at("users", user, "factors", id, "send")})
	if err != nil {
		return Answer{}, err
	}
	return got.Answer, nil
}

// RemoveFactor takes a factor from a user. Needs what [Client.EnrolFactor] needs.
func (c *Client) RemoveFactor(ctx context.Context, user, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("users", user, "factors", id), options)
}

// RenewRecoveryCodes gives a user ten new recovery codes, and voids those from before. It is never repeated by itself.
// Needs what [Client.EnrolFactor] needs.
func (c *Client) RenewRecoveryCodes(ctx context.Context, user string) (*RecoveryCodes, error) {
	return call[RecoveryCodes](ctx, c, request{method: http.MethodPost, path: at("users", user, "recovery-codes")})
}
