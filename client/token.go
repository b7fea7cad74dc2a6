package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// TokenRequest asks for an access token by client credentials (RFC 6749 §4.4). TokenURL, ClientID and
// ClientSecret are required.
type TokenRequest struct {
	// TokenURL is the token endpoint, such as "https://auth.example/oauth2/token". Plain http is accepted for
	// loopback addresses only, unless AllowHTTP is set.
	TokenURL string
	// ClientID and ClientSecret authenticate the application, by HTTP Basic.
	ClientID     string
	ClientSecret Secret
	// Scopes are the permissions asked for; empty asks for all that one API gives the application.
	Scopes []string
	// Resource names the API by its audience (RFC 8707); it may stay empty when the scopes belong to one API.
	Resource string

	// HTTPClient carries proxy, TLS and time-out settings; nil means one with a time-out of 30 s. It is copied,
	// and redirects are not followed.
	HTTPClient *http.Client
	// AllowHTTP permits plain http to any address, where something else protects the way.
	AllowHTTP bool
}

// Token is an access token with what the server says of it.
type Token struct {
	// AccessToken is the token itself.
	AccessToken Secret
	// TokenType is "Bearer".
	TokenType string
	// Scopes are the permissions granted; they can be fewer than those asked for.
	Scopes []string
	// ExpiresIn is the token's lifetime as the server stated it, in whole seconds.
	ExpiresIn time.Duration
	// ExpiresAt is the end of that lifetime by this machine's clock, counted from before the request was sent.
	ExpiresAt time.Time
}

// RequestToken fetches one access token. Nothing is kept: the next call fetches another. A refusal is a
// [*Problem] whose Title is the error code of RFC 6749 §5.2, such as "invalid_client" or "invalid_scope".
func RequestToken(ctx context.Context, r TokenRequest) (*Token, error) {
	if _, err := endpoint("TokenURL", r.TokenURL, r.AllowHTTP); err != nil {
		return nil, err
	}
	if r.ClientID == "" || r.ClientSecret.IsZero() {
		return nil, errors.New("client: ClientID and ClientSecret are required")
	}
	return newWire(r.HTTPClient, 0, "").token(ctx, r)
}

// token fetches a token. Asking again is always safe: tokens leave no trace on the server.
func (w *wire) token(ctx context.Context, r TokenRequest) (*Token, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(r.Scopes) > 0 {
		form.Set("scope", strings.Join(r.Scopes, " "))
	}
	if r.Resource != "" {
		form.Set("resource", r.Resource)
	}
	payload := []byte(form.Encode())
	var sent time.Time
	got, err := w.exchange(ctx, true, func() (*http.Request, error) {
		sent = time.Now()
		req, err := newRequest(ctx, http.MethodPost, r.TokenURL, payload)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept", "application/json")
		// RFC 6749 §2.3.1: both parts are form-encoded before they are joined by the colon.
		req.SetBasicAuth(url.QueryEscape(r.ClientID), url.QueryEscape(r.ClientSecret.Reveal()))
		return req, nil
	})
	if err != nil {
		return nil, err
	}
	if got.status != http.StatusOK {
		return nil, problemOf(got.status, got.header, got.body)
	}
	var wire struct {
		AccessToken Secret `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
		Scope       string `json:"scope"`
	}
	if err := json.Unmarshal(got.body, &wire); err != nil {
		return nil, fmt.Errorf("client: the token endpoint's answer is not JSON as RFC 6749 §5.1 has it: %w", err)
	}
	if wire.AccessToken.IsZero() || !strings.EqualFold(wire.TokenType, "Bearer") {
		return nil, fmt.Errorf("client: the token endpoint answered without a bearer token")
	}
	lifetime := time.Duration(min(max(wire.ExpiresIn, 0), 366*86_400)) * time.Second
	return &Token{
		AccessToken: wire.AccessToken,
		TokenType:   wire.TokenType,
		Scopes:      strings.Fields(wire.Scope),
		ExpiresIn:   lifetime,
		ExpiresAt:   sent.Add(lifetime),
	}, nil
}

// tokens keeps one token and renews it when nine tenths of its life are over.
type tokens struct {
	wire    *wire
	request TokenRequest
	turn    chan struct{} // holds one item while nobody looks at kept; unlike a mutex, waiting for it can be given up
	kept    Token
}

func newTokens(w *wire, r TokenRequest) *tokens {
	t := &tokens{wire: w, request: r, turn: make(chan struct{}, 1)}
	t.turn <- struct{}{}
	return t
}

func (t *tokens) get(ctx context.Context) (Secret, error) {
	select {
	case <-t.turn:
		defer func() { t.turn <- struct{}{} }()
	case <-ctx.Done():
		return Secret{}, context.Cause(ctx)
	}
	if time.Until(t.kept.ExpiresAt) > t.kept.ExpiresIn/10 {
		return t.kept.AccessToken, nil
	}
	fresh, err := t.wire.token(ctx, t.request)
	if err != nil {
		return Secret{}, fmt.Errorf("no access token: %w", err)
	}
	t.kept = *fresh
	return fresh.AccessToken, nil
}

// forget makes the next call get a new token.
func (t *tokens) forget() {
	<-t.turn
	t.kept = Token{}
	t.turn <- struct{}{}
}

// drop forgets refused, unless another call has renewed it already.
func (t *tokens) drop(refused Secret) {
	<-t.turn
	defer func() { t.turn <- struct{}{} }()
	if t.kept.AccessToken.Reveal() == refused.Reveal() {
		t.kept = Token{}
	}
}
