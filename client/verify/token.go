package verify

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"
)

// Token is an access token that was checked and found good.
type Token struct {
	// ID is the jti.
	ID string
	// Subject is who acts; for client credentials it is the client id.
	Subject string
	// ClientID is the application the token was issued to.
	ClientID string
	Issuer   string
	// Audience is the APIs the token is for.
	Audience []string
	// Scopes are what the token may do.
	Scopes    []string
	IssuedAt  time.Time
	ExpiresAt time.Time
	// Thumbprint is the SHA-256 of the certificate that the token is bound to, in base64url (RFC 8705 §3.1), or empty if
	// whoever has the token may use it. [Require] and [Guard] make sure that a bound token comes with its certificate;
	// whoever calls Verify by themselves calls [Token.Proven], too.
	Thumbprint string
	// Claims is the whole claims set, or the whole answer to the introspection, for members not listed here.
	Claims json.RawMessage
}

// May reports whether the token has a scope.
func (t *Token) May(scope string) bool { return slices.Contains(t.Scopes, scope) }

// Verifier checks a token. [Offline] and [Introspection] are the two; [Require] uses it.
//
// Verify fails with [ErrInvalid] when the token is not acceptable, whatever the reason, and with
// [ErrUnavailable] when that could not be found out.
type Verifier interface {
	Verify(ctx context.Context, token string) (*Token, error)
}

var (
	// ErrInvalid is every reason to refuse a token. The error it is wrapped in says which, for the log: the
	// caller is told only "invalid_token" (RFC 6750 §3.1).
	ErrInvalid = errors.New("verify: token refused")
	// ErrUnavailable means that the issuer could not be asked, or did not let us ask.
	ErrUnavailable = errors.New("verify: issuer unavailable")
)

// MaxToken is the size in bytes beyond which a token is refused unread.
const MaxToken = 16 << 10

const (
	defaultLeeway = 30 * time.Second
	maxLeeway     = 5 * time.Minute
)

// claims is the part of RFC 9068 §2.2 and RFC 7662 §2.2 that is checked here.
type claims struct {
	Active   bool      `json:"active"`
	Issuer   string    `json:"iss"`
	Subject  string    `json:"sub"`
	Audience audience  `json:"aud"`
	ClientID string    `json:"client_id"`
	Scope    scopeList `json:"scope"`
	ID       string    `json:"jti"`
	Expires  *seconds  `json:"exp"`
	Issued   *seconds  `json:"iat"`
	Before   *seconds  `json:"nbf"`
	// Confirmation says what a bearer must have besides (RFC 7800 §3.1).
	Confirmation map[string]any `json:"cnf"`
}

// token turns claims into what handlers see. raw must not be changed afterwards.
func (c *claims) token(raw []byte) *Token {
	t := &Token{
		ID: c.ID, Subject: c.Subject, ClientID: c.ClientID, Issuer: c.Issuer,
		Audience: c.Audience, Scopes: c.Scope, Claims: raw,
	}
	if c.Confirmation != nil {
		t.Thumbprint, _ = c.Confirmation[thumbprintMember].(string)
		if t.Thumbprint == "" || len(c.Confirmation) > 1 {
			t.Thumbprint = unprovable
		}
	}
	if c.Expires != nil {
		t.ExpiresAt = c.Expires.time()
	}
	if c.Issued != nil {
		t.IssuedAt = c.Issued.time()
	}
	return t
}

// timely checks exp, which must be there, and nbf.
func (c *claims) timely(now time.Time, leeway time.Duration) error {
	switch {
	case c.Expires == nil:
		return refuse("it has no exp")
	case !now.Before(c.Expires.time().Add(leeway)):
		return refuse("it has expired")
	case c.Before != nil && now.Add(leeway).Before(c.Before.time()):
		return refuse("it is not valid yet")
	}
	return nil
}

// audience is one string or a list of them (RFC 7519 §4.1.3).
type audience []string

func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// seconds is a NumericDate (RFC 7519 §2), possibly with a fraction.
type seconds float64

// UnmarshalJSON refuses dates outside the years 0–9999, which time.Unix would wrap around into valid ones.
func (s *seconds) UnmarshalJSON(data []byte) error {
	var f float64
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	if f < 0 || f > 253_402_300_799 {
		return errors.New("not a date")
	}
	*s = seconds(f)
	return nil
}

func (s seconds) time() time.Time {
	whole, fraction := math.Modf(float64(s))
	return time.Unix(int64(whole), int64(fraction*1e9))
}

type tokenKey struct{}

// NewContext returns a context that carries token. Middleware does this; tests of handlers may too.
func NewContext(ctx context.Context, token *Token) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// FromContext returns the token that the middleware checked. It reports false on a request that did not pass
// through [Require].
func FromContext(ctx context.Context) (*Token, bool) {
	token, ok := ctx.Value(tokenKey{}).(*Token)
	return token, ok
}
