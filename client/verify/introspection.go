package verify

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/counterfoil/counterfoil/client"
)

// IntrospectionOptions says whom to ask, as whom, and about which API. Issuer, Audience, ClientID and
// ClientSecret are required.
type IntrospectionOptions struct {
	// Issuer is the environment's issuer. Plain http is accepted for loopback addresses only, unless AllowHTTP is set.
	Issuer string
	// Audience is this API's own audience; tokens for other APIs are refused.
	Audience string
	// ClientID and ClientSecret belong to an application bound to the API: counterfoil app create gateway
	// --introspects invoices.
	ClientID     string
	ClientSecret client.Secret

	// Endpoint is the introspection endpoint; empty means Issuer + "/oauth2/introspect".
	Endpoint string
	// CacheTTL is how long a positive answer is believed, and never beyond the token's expiry. Zero means 5 s,
	// a negative value asks about every request. It adds to the time until a revocation is seen.
	CacheTTL time.Duration
	// CacheSize is how many answers are kept; zero means 10,000. Each takes about 1 KiB.
	CacheSize int

	// HTTPClient asks; nil means one with a time-out of 10 s. It is copied, and redirects are refused.
	HTTPClient *http.Client
	// AllowHTTP permits plain http to any address, where something else protects the way.
	AllowHTTP bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Introspection checks tokens by asking the issuer (RFC 7662). It is safe for concurrent use; concurrent
// questions about one token are asked once.
type Introspection struct {
	options IntrospectionOptions
	http    *http.Client
	flight  singleflight.Group
	cache   cache
}

// NewIntrospection returns a verifier. It sends nothing yet.
func NewIntrospection(o IntrospectionOptions) (*Introspection, error) {
	if o.Audience == "" || o.ClientID == "" || o.ClientSecret.IsZero() {
		return nil, errors.New("verify: Audience, ClientID and ClientSecret are required")
	}
	if err := checkAddress(o.Issuer, o.AllowHTTP); err != nil {
		return nil, err
	}
	if o.Endpoint == "" {
		o.Endpoint = strings.TrimSuffix(o.Issuer, "/") + "/oauth2/introspect"
	}
	if err := checkAddress(o.Endpoint, o.AllowHTTP); err != nil {
		return nil, err
	}
	o.CacheTTL = or(o.CacheTTL, 5*time.Second)
	if o.CacheSize <= 0 {
		o.CacheSize = 10_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Introspection{options: o, http: newHTTP(o.HTTPClient), cache: cache{size: o.CacheSize}}, nil
}

// Verify asks whether the token is active and for this API, or remembers that it was a moment ago. Only a yes is
// remembered: a no must not outlive the clock difference or the replication delay that may have caused it.
func (v *Introspection) Verify(ctx context.Context, token string) (*Token, error) {
	if len(token) > MaxToken {
		return nil, refuse("it is longer than %d bytes", MaxToken)
	}
	if token == "" || strings.ContainsFunc(token, notToken) {
		return nil, refuse("it is not a token")
	}
	digest := sha256.Sum256([]byte(token))
	if known := v.cache.find(digest, v.options.Now()); known != nil {
		return known, nil
	}
	answer := v.flight.DoChan(string(digest[:]), func() (any, error) {
		// Whoever looked just before an answer came, and got here just after, finds it now.
		if known := v.cache.find(digest, v.options.Now()); known != nil {
			return known, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		return v.ask(ctx, token, digest)
	})
	select {
	case result := <-answer:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*Token), nil
	case <-ctx.Done():
		return nil, unavailable("gave up while the issuer was asked: %w", context.Cause(ctx))
	}
}

func (v *Introspection) ask(ctx context.Context, token string, digest [sha256.Size]byte) (*Token, error) {
	asked := v.options.Now() // the answer is as old as the question
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	body := strings.NewReader(form.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.options.Endpoint, body) //nolint:gosec // configured
	if err != nil {
		return nil, unavailable("%w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	// RFC 6749 §2.3.1: both parts are form-encoded before they are joined by the colon.
	req.SetBasicAuth(url.QueryEscape(v.options.ClientID), url.QueryEscape(v.options.ClientSecret.Reveal()))
	text, status, err := send(v.http, req)
	if err != nil {
		return nil, unavailable("asking the issuer: %w", err)
	}
	if status != http.StatusOK {
		return nil, unavailable("the introspection endpoint answered %d", status)
	}
	var c claims
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, unavailable("the introspection endpoint's answer is malformed: %w", err)
	}
	switch {
	case !c.Active:
		return nil, refuse("the issuer says it is not active, or not ours to ask about")
	case c.Issuer != "" && c.Issuer != v.options.Issuer:
		return nil, refuse("it comes from another issuer")
	case !slices.Contains(c.Audience, v.options.Audience):
		return nil, refuse("it is for another API")
	}
	if err := c.timely(v.options.Now(), 0); err != nil {
		return nil, err
	}
	good := c.token(text)
	until := asked.Add(v.options.CacheTTL)
	if good.ExpiresAt.Before(until) {
		until = good.ExpiresAt
	}
	v.cache.keep(digest, good, until, v.options.Now())
	return good, nil
}

// cache remembers answers by the SHA-256 of their token, so that a dump of it holds no usable token.
type cache struct {
	size    int
	mu      sync.Mutex
	entries map[[sha256.Size]byte]entry
}

type entry struct {
	token *Token
	until time.Time
}

func (c *cache) find(digest [sha256.Size]byte, now time.Time) *Token {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[digest]
	if !ok || !now.Before(e.until) {
		return nil
	}
	return e.token
}

// keep adds an answer. A full cache drops an arbitrary entry first: answers live for seconds, so there is little
// to gain from choosing.
func (c *cache) keep(digest [sha256.Size]byte, token *Token, until, now time.Time) {
	if !now.Before(until) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = make(map[[sha256.Size]byte]entry)
	}
	for victim := range c.entries {
		if len(c.entries) < c.size {
			break
		}
		delete(c.entries, victim)
	}
	c.entries[digest] = entry{token, until}
}
