package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options says which environment to administer, and as whom. BaseURL, ClientID and ClientSecret are required.
type Options struct {
	// BaseURL is the environment's issuer, such as "https://auth.example" or "https://auth.example/staging".
	// Plain http is accepted for loopback addresses only, unless AllowHTTP is set.
	BaseURL string
	// ClientID and ClientSecret belong to an application with management scopes.
	ClientID     string
	ClientSecret Secret

	// Issuer is the environment's issuer where the server is reached by another address than its own name;
	// empty means BaseURL.
	Issuer string
	// Scopes limits the token to some of the application's management scopes; empty asks for all.
	Scopes []string
	// HTTPClient carries proxy, TLS and time-out settings; nil means one with a time-out of 30 s. It is copied.
	// Redirects are never followed, whatever it says: the server sends none, and a token must not travel.
	HTTPClient *http.Client
	// Retries is how often something safe to repeat is tried again after a lost answer, 429, 502, 503 or 504.
	// Zero means 2; a negative number means never.
	Retries int
	// AllowHTTP permits plain http to any address, where something else protects the way.
	AllowHTTP bool
	// UserAgent is sent with every request; empty means "counterfoil-go".
	UserAgent string
}

// Client speaks the management API of one environment. It is safe for concurrent use.
type Client struct {
	base   string // BaseURL without a slash at its end
	wire   *wire
	tokens *tokens
}

// New returns a client. It checks the options and sends nothing: the first call fetches the token.
func New(o Options) (*Client, error) {
	base, err := endpoint("BaseURL", o.BaseURL, o.AllowHTTP)
	if err != nil {
		return nil, err
	}
	if o.ClientID == "" || o.ClientSecret.IsZero() {
		return nil, errors.New("client: ClientID and ClientSecret are required")
	}
	issuer := strings.TrimSuffix(o.Issuer, "/")
	if issuer == "" {
		issuer = base
	}
	w := newWire(o.HTTPClient, o.Retries, o.UserAgent)
	return &Client{base: base, wire: w, tokens: newTokens(w, TokenRequest{
		TokenURL:     base + "/oauth2/token",
		ClientID:     o.ClientID,
		ClientSecret: o.ClientSecret,
		Scopes:       o.Scopes,
		Resource:     issuer + "/api/v1",
	})}, nil
}

// endpoint checks an address given by the caller and takes the slash off its end.
func endpoint(name, raw string, allowHTTP bool) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("client: %s must be an absolute http(s) address without user, query or fragment", name)
	case u.Scheme == "https", u.Scheme == "http" && (allowHTTP || loopback(u.Hostname())):
		return strings.TrimSuffix(u.String(), "/"), nil
	case u.Scheme == "http":
		return "", fmt.Errorf("client: %s is plain http to another machine; a client secret would cross the network readable", name)
	}
	return "", fmt.Errorf("client: %s must begin with https://", name)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Answer is what the server says beside a resource. The resources embed it.
type Answer struct {
	// ETag is the version of the resource, for [IfMatch]. Items of a list have none.
	ETag string
	// Propagated reports, after a change, that every live node had applied it when the answer was sent. When
	// false the others follow within the bound the documentation states (5 s).
	Propagated bool
}

func (a *Answer) note(got Answer) { *a = got }

// CallOption changes one call.
type CallOption func(*request)

// IfMatch lets a change or a deletion happen only while the resource still has this ETag; otherwise the call
// fails with status 412 (RFC 9110 §13.1.1). An empty etag asks for nothing.
func IfMatch(etag string) CallOption {
	return func(r *request) { r.ifMatch = etag }
}

// IdempotencyKey names a creation, so that repeating the call, even from another process, creates one thing.
// Without it every creation gets a random key, which covers the repetitions within the call. Keys are kept by
// the server for 24 hours; a repetition does not show a secret again.
func IdempotencyKey(key string) CallOption {
	return func(r *request) { r.idempotencyKey = key }
}

// request is one call of the management API.
type request struct {
	method, path   string
	query          url.Values
	body           any
	repeatable     bool // may be sent again after a lost answer
	ifMatch        string
	idempotencyKey string
	accept         string // a media type other than JSON
}

// call sends r with this client's token and decodes the answer's body, if any, into a T.
func call[T any](ctx context.Context, c *Client, r request, options ...CallOption) (*T, error) {
	for _, option := range options {
		option(&r)
	}
	answer, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	into := new(T)
	if len(answer.body) > 0 {
		if err := json.Unmarshal(answer.body, into); err != nil {
			return nil, fmt.Errorf("client: the answer to %s %s is not what this version knows: %w", r.method, r.path, err)
		}
	}
	if noted, ok := any(into).(interface{ note(Answer) }); ok {
		noted.note(Answer{
			ETag:       answer.header.Get("ETag"),
			Propagated: answer.header.Get("Counterfoil-Propagated") == "true",
		})
	}
	return into, nil
}

// do sends r. When the server refuses the token, it is renewed once: tokens die early on purpose, when their
// application or credential changes, and a refused request has done nothing.
func (c *Client) do(ctx context.Context, r request) (*answer, error) {
	if r.path == "" {
		return nil, errors.New("client: an id is missing or malformed")
	}
	var payload []byte
	if r.body != nil {
		var err error
		if payload, err = json.Marshal(r.body); err != nil {
			return nil, fmt.Errorf("client: %w", err)
		}
	}
	for renewed := false; ; renewed = true {
		token, err := c.tokens.get(ctx)
		if err != nil {
			return nil, err
		}
		got, err := c.wire.exchange(ctx, r.repeatable, func() (*http.Request, error) {
			return c.build(ctx, r, payload, token)
		})
		switch {
		case err != nil:
			return nil, err
		case got.status == http.StatusUnauthorized && !renewed:
			c.tokens.drop(token)
		case got.status == http.StatusNotFound && r.method == http.MethodDelete && got.attempts > 1:
			// The first attempt deleted it, and its answer was lost.
			return &answer{header: http.Header{}}, nil
		case got.status >= 300:
			return nil, problemOf(got.status, got.header, got.body)
		default:
			return got, nil
		}
	}
}

func (c *Client) build(ctx context.Context, r request, payload []byte, token Secret) (*http.Request, error) {
	target := c.base + "/api/v1" + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := newRequest(ctx, r.method, target, payload)
	if err != nil {
		return nil, err
	}
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.ifMatch != "" {
		req.Header.Set("If-Match", r.ifMatch)
	}
	if r.idempotencyKey != "" {
		req.Header.Set("Idempotency-Key", r.idempotencyKey)
	}
	req.Header.Set("Accept", "application/json, application/problem+json")
	if r.accept != "" {
		req.Header.Set("Accept", r.accept+", application/problem+json")
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	return req, nil
}

// defaultTimeout bounds one request, not a call with its repetitions; a context bounds those.
const defaultTimeout = 30 * time.Second
