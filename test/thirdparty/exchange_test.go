package thirdparty_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/test/thirdparty"
)

// described is a provider as an operator would describe the server.
const described = `
display_name: Somebody else's server
docs: https://docs.example
mode: MODE
token: {url: "${base_url}/token", auth: METHOD, scopes: [SCOPE]}
authorize: {url: "${base_url}/auth", params: {prompt: consent}}
api: {base_url: "${base_url}"}
verify: {path: /api/things, warn: [403]}
revoke: {url: "${base_url}/token/revocation"}
fields:
  - {name: base_url, title: Issuer, format: uri}
  - {name: client_id, title: ID}
  - {name: client_secret, title: Secret, secret: true, optional: true}
  - {name: private_key, title: Key, secret: true, optional: true, multiline: true}
  - {name: client_certificate, title: Certificate, secret: true, optional: true, multiline: true}
  - {name: client_key, title: Its key, secret: true, optional: true, multiline: true}
`

// entered is what somebody types into the fields for a client.
func entered(t *testing.T, s *thirdparty.Server, mode provider.Mode, scope string, c *thirdparty.Client) exchange.Credential {
	t.Helper()
	catalogue, err := provider.Open("")
	if err != nil {
		t.Fatal(err)
	}
	method := c.Method
	if method == "self_signed_tls_client_auth" {
		method = "tls_client_auth" // for us it is the same: we show a certificate
	}
	text := strings.NewReplacer("MODE", string(mode), "METHOD", method, "SCOPE", scope).Replace(described)
	p, err := catalogue.Parse("example", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	typed := map[string]string{"base_url": s.Issuer, "client_id": c.ID}
	for name, value := range map[string]string{
		"client_secret": c.Secret, "private_key": string(c.KeyJWK), "client_certificate": string(c.CertificatePEM), "client_key": string(c.CertificateKeyPEM),
	} {
		if value != "" {
			typed[name] = value
		}
	}
	credential := exchange.Credential{Provider: p}
	if credential.Values, credential.Secrets, _, err = p.Fill(typed, nil); err != nil {
		t.Fatal(err)
	}
	return credential
}

func exchanger(t *testing.T, s *thirdparty.Server) *exchange.Exchange {
	t.Helper()
	out, err := egress.New(egress.Options{Allow: []string{s.Host}, RootCAs: s.Roots})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return &exchange.Exchange{Egress: out, Now: time.Now, RedirectURL: "https://client.example/callback"}
}

func TestEveryWayToProveAClientPassesTheCheckAtAServerThatIsNotOurs(t *testing.T) {
	p := thirdparty.OIDCProvider(t)
	x := exchanger(t, p.Server)
	for _, c := range []*thirdparty.Client{p.Basic, p.Post, p.Awkward, p.PrivateKeyJWT, p.TLS, p.SelfSignedTLS} {
		r := x.Check(t.Context(), entered(t, p.Server, provider.ClientCredentials, thirdparty.Scope, c))
		if failed := r.Failed(); failed != nil || r.Token == nil || r.Warning != "" || r.Token.ExpiresAt.Before(time.Now().Add(50*time.Minute)) {
			t.Errorf("%s: %+v", c.ID, r)
		}
		for _, step := range r.Steps {
			if step.State != exchange.OK {
				t.Errorf("%s: %s is %s", c.ID, step.Stage, step.State)
			}
		}
	}
}

func TestCheckSaysWhichStepFailedAtAServerThatIsNotOurs(t *testing.T) {
	p := thirdparty.OIDCProvider(t)
	x := exchanger(t, p.Server)
	secret := *p.Basic
	secret.Secret = "secret-of-somebody-else"
	unknown := *p.Basic
	unknown.ID = "nobody"
	method := *p.PrivateKeyJWT
	method.Method, method.Secret = "client_secret_post", "a-secret-that-it-has-not"
	stranger := thirdparty.NewKeyClient(t)
	elsewhere := *p.Server
	elsewhere.Issuer += "/nowhere"
	for name, c := range map[string]struct {
		server *thirdparty.Server
		client *thirdparty.Client
		scope  string
		stage  provider.Stage
	}{
		"another secret":  {p.Server, &secret, thirdparty.Scope, provider.ClientKnown},
		"an unknown one":  {p.Server, &unknown, thirdparty.Scope, provider.ClientKnown},
		"another method":  {p.Server, &method, thirdparty.Scope, provider.ClientKnown},
		"a foreign key":   {p.Server, stranger, thirdparty.Scope, provider.ClientKnown},
		"a scope too far": {p.Server, p.Basic, thirdparty.ThirdScope, provider.ScopeGranted},
		"another path":    {&elsewhere, p.Basic, thirdparty.Scope, provider.TokenEndpoint},
	} {
		r := x.Check(t.Context(), entered(t, c.server, provider.ClientCredentials, c.scope, c.client))
		failed := r.Failed()
		if failed == nil || failed.Stage != c.stage || failed.Hint == "" || r.Token != nil {
			t.Errorf("%s: %+v", name, r)
			continue
		}
		if failed.Stage == provider.ClientKnown && len(failed.Among) == 0 {
			t.Errorf("%s: the server does not tell, we do: %+v", name, failed)
		}
		if strings.Contains(failed.Hint+failed.Says, "somebody-else") {
			t.Errorf("%s: a secret shows in %+v", name, failed)
		}
	}
	r := x.Check(t.Context(), entered(t, p.Server, provider.ClientCredentials, thirdparty.OtherScope, p.Basic))
	if r.Failed() != nil || r.Token == nil || r.Warning == "" || r.Steps[len(r.Steps)-1].State != exchange.Warning {
		t.Errorf("a token that may not do the probe: %+v", r)
	}

	p.Disable(p.Basic)
	c := entered(t, p.Server, provider.ClientCredentials, thirdparty.Scope, p.Basic)
	if r = x.Check(t.Context(), c); r.Failed() == nil || r.Failed().Stage != provider.ClientKnown {
		t.Errorf("switched off: %+v", r)
	}
	p.Enable(p.Basic)
	if r = x.Check(t.Context(), c); r.Failed() != nil {
		t.Errorf("switched on again: %+v", r.Failed())
	}
	if err := x.Revoke(t.Context(), c, r.Token); err != nil {
		t.Errorf("revoking: %v", err)
	}
	if again := x.Try(t.Context(), c, r.Token); again.Failed() == nil || again.Failed().Stage != provider.Probe {
		t.Errorf("a token that was revoked still works: %+v", again)
	}
}

func TestGrantsOfPeopleRotateAndEndAtAServerThatIsNotOurs(t *testing.T) {
	p := thirdparty.OIDCProvider(t)
	x := exchanger(t, p.Server)
	c := entered(t, p.Server, provider.AuthorizationCode, "openid offline_access "+thirdparty.Scope, p.Code)
	c.Settings.Scopes = []string{"openid", "offline_access", thirdparty.Scope}
	c.Settings.Presets = map[string]string{"base_url": p.Issuer}
	c.Settings.ClientID, c.Client = p.Code.ID, seal.NewSecret(p.Code.Secret)

	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	address, err := x.AuthorizeURL(c, "a-state", base64.RawURLEncoding.EncodeToString(sum[:]))
	if err != nil {
		t.Fatal(err)
	}
	back := p.Authorize(address)
	if back.Query().Get("state") != "a-state" {
		t.Fatalf("came back with %s", back)
	}
	if _, err := x.Redeem(t.Context(), c, back.Query().Get("code"), verifier+"x"); err == nil {
		t.Error("a code is redeemed with another verifier")
	}
	back = p.Authorize(address)
	token, err := x.Redeem(t.Context(), c, back.Query().Get("code"), verifier)
	if err != nil {
		t.Fatal(err)
	}
	if r := x.Try(t.Context(), c, token); r.Failed() != nil || token.Refresh.Empty() {
		t.Fatalf("%+v", r.Failed())
	}
	next, err := x.Fetch(t.Context(), c, token)
	if err != nil || next.Refresh.Reveal() == token.Refresh.Reveal() || next.Access.Reveal() == token.Access.Reveal() {
		t.Fatalf("no rotation: %v", err)
	}
	// Each refresh token counts once: the former one ends the grant, and we say that nothing else will help.
	for _, former := range []string{"the former", "the last, after that"} {
		given := token
		if former != "the former" {
			given = next
		}
		_, err := x.Fetch(t.Context(), c, given)
		if f, ok := errors.AsType[*exchange.Failure](err); !ok || !f.Final || f.Code != "invalid_grant" {
			t.Errorf("%s: %v", former, err)
		}
	}
}

func TestAnotherServersAnswersAreReadAsTheyAreMeant(t *testing.T) {
	m := thirdparty.MockServer(t)
	x := exchanger(t, m.Server)
	c := entered(t, m.Server, provider.ClientCredentials, "things", &thirdparty.Client{ID: "me", Secret: "s", Method: "client_secret_post"})
	token, err := x.Fetch(t.Context(), c, nil)
	if err != nil || token.Type != "Bearer" || token.ExpiresAt.Before(time.Now()) {
		t.Fatalf("%v", err)
	}
	r := x.Check(t.Context(), c)
	if failed := r.Failed(); failed == nil || failed.Stage != provider.Probe || r.Token != nil {
		t.Errorf("the server has no API: %+v", r)
	}
}
