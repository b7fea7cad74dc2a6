package thirdparty

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// What the clients of [OIDCProvider] may ask for, and what it knows besides.
const (
	Scope      = "things:read"  // which the provider's API asks for
	OtherScope = "things:write" // which every client may have, too
	ThirdScope = "things:never" // which no client may have
)

// Provider is a running oidc-provider: a strict authorization server, certified for OpenID Connect, and behind it an API
// under /api/ that answers 401 to what is no good token, 403 to one without [Scope], and else says whose it is.
type Provider struct {
	*Server
	// One client for each way to authenticate itself, all for client credentials.
	Basic, Post, PrivateKeyJWT, TLS, SelfSignedTLS *Client
	// Awkward authenticates itself by HTTP Basic with a secret that must be form-encoded (RFC 6749 §2.3.1).
	Awkward *Client
	// Code is for authorization codes with PKCE, which is demanded, and refresh tokens, each of which counts once:
	// a second use ends the grant.
	Code *Client
}

// Client is a client of a [Provider].
type Client struct {
	ID, Secret string
	// Method is how it authenticates itself: client_secret_basic, client_secret_post, private_key_jwt, tls_client_auth or
	// self_signed_tls_client_auth.
	Method string
	// Key signs the assertions of private_key_jwt, by ES256, and KeyJWK is the same as a private JWK with a kid.
	Key    *ecdsa.PrivateKey
	KeyJWK []byte
	// Certificate is what it proves itself with, as CertificatePEM and CertificateKeyPEM (PKCS #8) have it as well.
	Certificate                       *tls.Certificate
	CertificatePEM, CertificateKeyPEM []byte
	// RedirectURL is where the browser comes back to; nobody listens there.
	RedirectURL string

	more map[string]any
}

// TokenURL is the token endpoint.
func (p *Provider) TokenURL() string { return p.Issuer + "/token" }

// AuthorizeURL is the authorization endpoint (RFC 6749 §3.1).
func (p *Provider) AuthorizeURL() string { return p.Issuer + "/auth" }

// RevokeURL is the revocation endpoint (RFC 7009).
func (p *Provider) RevokeURL() string { return p.Issuer + "/token/revocation" }

// IntrospectURL is the introspection endpoint (RFC 7662).
func (p *Provider) IntrospectURL() string { return p.Issuer + "/token/introspection" }

// APIURL is something to call with a token.
func (p *Provider) APIURL() string { return p.Issuer + "/api/things" }

// OIDCProvider runs oidc-provider until the test ends. Its access tokens live for an hour; see [Provider.SetLifetime].
func OIDCProvider(t testing.TB) *Provider {
	t.Helper()
	p := &Provider{
		Basic: &Client{ID: "basic", Secret: "secret-of-basic", Method: "client_secret_basic"},
		Post:  &Client{ID: "post", Secret: "secret-of-post", Method: "client_secret_post"},
		Awkward: &Client{
			ID: "awkward:client", Secret: "a +secret% with:every&thing=in it?", Method: "client_secret_basic",
		},
		PrivateKeyJWT: NewKeyClient(t),
		TLS:           newCertificateClient(t, "tls_client_auth"),
		SelfSignedTLS: newCertificateClient(t, "self_signed_tls_client_auth"),
		Code: &Client{
			ID: "code", Secret: "secret-of-code", Method: "client_secret_basic", RedirectURL: "https://client.example/callback",
		},
	}
	var clients []map[string]any
	for _, c := range []*Client{p.Basic, p.Post, p.Awkward, p.PrivateKeyJWT, p.TLS, p.SelfSignedTLS, p.Code} {
		clients = append(clients, c.metadata())
	}
	p.Server = start(t, "provider.js", map[string]any{
		"clients": clients, "scopes": []string{Scope, OtherScope, ThirdScope}, "lifetime": 3600,
	})
	return p
}

// NewKeyClient makes a client with a new key, which no provider knows unless it is registered.
func NewKeyClient(t testing.TB) *Client {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private := jose.JSONWebKey{Key: key, KeyID: "key-1", Algorithm: string(jose.ES256), Use: "sig"}
	text, err := private.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return &Client{
		ID: "private-key-jwt", Method: "private_key_jwt", Key: key, KeyJWK: text,
		more: map[string]any{"jwks": jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private.Public()}}},
	}
}

// newCertificateClient makes a client with a certificate: of the authority, recognised by its name, or of its own.
func newCertificateClient(t testing.TB, method string) *Client {
	t.Helper()
	by, name := theAuthority(), "client.example"
	if method == "self_signed_tls_client_auth" {
		by = nil
	}
	made, certificate := newPair(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, by)
	c := &Client{
		ID: strings.ReplaceAll(method, "_", "-"), Method: method, Certificate: made.load(t),
		CertificatePEM: made.certificate, CertificateKeyPEM: made.key, more: map[string]any{"tls_client_auth_san_dns": name},
	}
	if by == nil {
		key, err := jose.JSONWebKey{Key: certificate.PublicKey, Use: "sig"}.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var public map[string]any
		if err := json.Unmarshal(key, &public); err != nil {
			t.Fatal(err)
		}
		public["x5c"] = []string{base64.StdEncoding.EncodeToString(certificate.Raw)}
		c.more = map[string]any{"jwks": map[string]any{"keys": []any{public}}}
	}
	return c
}

// metadata is the client as it is registered (RFC 7591 §2).
func (c *Client) metadata() map[string]any {
	m := map[string]any{
		"client_id": c.ID, "token_endpoint_auth_method": c.Method, "grant_types": []string{"client_credentials"},
		"scope": Scope + " " + OtherScope, "redirect_uris": []string{}, "response_types": []string{},
	}
	if c.Secret != "" {
		m["client_secret"] = c.Secret
	}
	if c.RedirectURL != "" {
		m["grant_types"], m["response_types"] = []string{"authorization_code", "refresh_token"}, []string{"code"}
		m["redirect_uris"], m["scope"] = []string{c.RedirectURL}, "openid offline_access "+Scope+" "+OtherScope
	}
	maps.Copy(m, c.more)
	return m
}

// Register makes the provider take over what a client has become, such as another secret or redirect URL, or adds one.
func (p *Provider) Register(c *Client) {
	p.t.Helper()
	p.order("register", c.metadata(), nil)
}

// Disable makes the provider and its API refuse a client and its tokens, as if it were not there; Enable takes that back.
func (p *Provider) Disable(c *Client) {
	p.t.Helper()
	p.order("disable", c.ID, nil)
}

// Enable is the opposite of [Provider.Disable].
func (p *Provider) Enable(c *Client) {
	p.t.Helper()
	p.order("enable", c.ID, nil)
}

// SetLifetime says how long access tokens live that are issued from now on, in whole seconds.
func (p *Provider) SetLifetime(d time.Duration) {
	p.t.Helper()
	p.order("lifetime", int(d.Seconds()), nil)
}

// TokenRequest is a request that came to a provider's token endpoint.
type TokenRequest struct {
	Path      string `json:"path"`
	Status    int    `json:"status"`
	ClientID  string `json:"client_id"`
	GrantType string `json:"grant_type"`
	Scope     string `json:"scope"`
	// Error is what the answer says is wrong, or empty.
	Error string `json:"error"`
}

// Requests returns the requests to the token endpoint so far, in the order in which they were answered.
func (p *Provider) Requests() (all []TokenRequest) {
	p.t.Helper()
	p.order("requests", nil, &all)
	return all
}
