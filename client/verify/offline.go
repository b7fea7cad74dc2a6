package verify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// OfflineOptions says whose tokens are accepted, and for what. Issuer and Audience are required.
type OfflineOptions struct {
	// Issuer is the environment's issuer exactly as its tokens carry it. Plain http is accepted for loopback
	// addresses only, unless AllowHTTP is set.
	Issuer string
	// Audience is this API's own audience; tokens for other APIs are refused.
	Audience string

	// Leeway is how far this machine's clock may be off the issuer's, for exp and nbf. Zero means 30 s, the most
	// is 5 min, and a negative value means none.
	Leeway time.Duration
	// MaxAge is how long fetched keys are used before they are fetched again in the background; zero means 10 min,
	// which is what the issuer asks for. It bounds how long a key is trusted that the issuer has withdrawn.
	MaxAge time.Duration
	// MinRefresh is the least time between two fetches caused by tokens with an unknown key; zero means 10 s.
	// It keeps strangers from turning this process against the issuer.
	MinRefresh time.Duration
	// MaxStale is how long keys stay in use while the issuer cannot be reached; zero means 72 h, a negative value
	// means without end.
	MaxStale time.Duration

	// HTTPClient fetches the keys; nil means one with a time-out of 10 s. It is copied, and redirects are refused.
	HTTPClient *http.Client
	// AllowHTTP permits plain http to any address. Whoever can alter the keys on their way can forge tokens.
	AllowHTTP bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// algorithms are those an issuer can sign with. There is no "none", and nothing symmetric: a public key must never
// serve as an HMAC key.
var algorithms = []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.RS256, jose.PS256}

// Offline checks JWT access tokens (RFC 9068) with the issuer's published keys. It is safe for concurrent use.
type Offline struct {
	issuer, audience string
	leeway           time.Duration
	now              func() time.Time
	keys             *keys
}

// NewOffline returns a verifier. It fetches nothing yet; see [Offline.Warm].
func NewOffline(o OfflineOptions) (*Offline, error) {
	if o.Audience == "" {
		return nil, errors.New("verify: Audience is required: without it every API of the issuer shares its tokens")
	}
	if err := checkAddress(o.Issuer, o.AllowHTTP); err != nil {
		return nil, err
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	return &Offline{
		issuer:   o.Issuer,
		audience: o.Audience,
		leeway:   min(max(or(o.Leeway, defaultLeeway), 0), maxLeeway),
		now:      now,
		keys: &keys{
			issuer:     o.Issuer,
			allowHTTP:  o.AllowHTTP,
			http:       newHTTP(o.HTTPClient),
			maxAge:     or(o.MaxAge, 10*time.Minute),
			minRefresh: or(o.MinRefresh, 10*time.Second),
			maxStale:   or(o.MaxStale, 72*time.Hour),
			now:        now,
		},
	}, nil
}

// or returns d, or its default when d is zero.
func or(d, standard time.Duration) time.Duration {
	if d == 0 {
		return standard
	}
	return d
}

// Warm fetches the keys, so that the first request does not wait for them, and reports whether that worked.
func (v *Offline) Warm(ctx context.Context) error {
	_, err := v.keys.refresh(ctx)
	return err
}

// Verify checks signature, type, issuer, audience and times of a JWT. The order is from cheap to dear, and
// nothing of the token is believed before its signature was.
func (v *Offline) Verify(ctx context.Context, token string) (*Token, error) {
	if len(token) > MaxToken {
		return nil, refuse("it is longer than %d bytes", MaxToken)
	}
	if strings.Count(token, ".") != 2 || strings.ContainsFunc(token, notToken) {
		return nil, refuse("it is not a JWT")
	}
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, refuse("it is not a JWT signed with an accepted algorithm: %v", err)
	}
	header := signed.Signatures[0].Protected
	if kind, _ := header.ExtraHeaders[jose.HeaderType].(string); !accessTokenType(kind) {
		return nil, refuse("its typ is not at+jwt") // RFC 9068 §4: an ID token is not an access token
	}
	key, err := v.keys.find(ctx, header.KeyID)
	if err != nil {
		return nil, err
	}
	// The algorithm belongs to the key, not to the token's author (RFC 8725 §3.1).
	if key.Algorithm != header.Algorithm {
		return nil, refuse("its alg is not the one of its key")
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return nil, refuse("its signature does not match")
	}
	return v.accept(payload)
}

func (v *Offline) accept(payload []byte) (*Token, error) {
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return nil, refuse("its claims are malformed")
	}
	if c.Issuer != v.issuer {
		return nil, refuse("it comes from another issuer")
	}
	if !slices.Contains(c.Audience, v.audience) {
		return nil, refuse("it is for another API")
	}
	if err := c.timely(v.now(), v.leeway); err != nil {
		return nil, err
	}
	return c.token(payload), nil
}

// accessTokenType compares as RFC 7515 §4.1.9 says: the prefix "application/" may be missing, case is ignored.
func accessTokenType(typ string) bool {
	return strings.EqualFold(typ, "at+jwt") || strings.EqualFold(typ, "application/at+jwt")
}
