package exchange_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestClientProvesItselfAsTheProviderWants(t *testing.T) {
	f := provide(t, answers(200, good))
	x := f.open(t)

	token := fetched(t, x, f.credential(t, plain), nil)
	if token.Access.Reveal() != "at-1" || token.Type != "Bearer" || !token.FetchedAt.Equal(now) || !token.ExpiresAt.Equal(now.Add(time.Hour)) {
		t.Errorf("got %q %s until %s", token.Access.Reveal(), token.Type, token.ExpiresAt)
	}
	s := f.last(t)
	id, password := "our-client", "s3cr3t/Kanarienvogel%2B7"
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+password)); s.header.Get("Authorization") != want {
		t.Errorf("basic: %s", s.header.Get("Authorization"))
	}
	if s.method != "POST" || s.path != "/token" || s.body != "grant_type=client_credentials" || s.header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("basic: %+v", s)
	}

	fetched(t, x, f.credential(t, strings.Replace(plain, "_basic", "_post", 1), "scope", "a b"), nil)
	if s = f.last(t); s.form.Get("client_id") != id || s.form.Get("client_secret") != secret || s.form.Get("scope") != "a b" || s.header.Get("Authorization") != "" {
		t.Errorf("post: %+v", s.form)
	}

	fetched(t, x, f.credential(t, strings.Replace(plain, "client_secret_basic", "none", 1)), nil)
	if s = f.last(t); s.body != "grant_type=client_credentials" || s.header.Get("Authorization") != "" {
		t.Errorf("none: %s", s.body)
	}
}

// RFC 6749 §2.3.1: whoever decodes reads what was entered; so does whoever does not, unless there is no way.
func TestBasicIsReadAlikeByServersThatDecodeAndByThoseThatDoNot(t *testing.T) {
	f := provide(t, answers(200, good))
	x := f.open(t)
	for _, pair := range [][2]string{
		{"id", "abc/def=="}, {"id", "a-b._c~d!e*f"}, {"a:b", "c d"}, {"ü", "100%+1"}, {"id", "a&b=c"}, {"id", `"\` + "é"},
	} {
		fetched(t, x, f.credential(t, plain, "client_id", pair[0], "client_secret", pair[1]), nil)
		text, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(f.last(t).header.Get("Authorization"), "Basic "))
		if err != nil {
			t.Fatal(err)
		}
		id, password, _ := strings.Cut(string(text), ":")
		one, first := url.QueryUnescape(id)
		two, second := url.QueryUnescape(password)
		if first != nil || second != nil || one != pair[0] || two != pair[1] {
			t.Errorf("%q is read as %q, %q", pair, one, two)
		}
		if pair[1] == "abc/def==" && password != pair[1] {
			t.Errorf("a secret in base64 became %s", password)
		}
	}
}

func TestBodiesParamsHeadersAndScopesAreTheProviders(t *testing.T) {
	f := provide(t, answers(201, `{"data":{"token":"inner"},"expires":"1800000","api_domain":"https://eu.example","n":7}`))
	x := f.open(t)
	c := f.credential(t, `
mode: two_step
token:
  url: ${base_url}/v2/login
  auth: none
  body: json
  params: {user: "${username}", pass: "${password}", realm: "${scope}", kind: api}
  headers: {X-Client: "${client_id}", Accept: application/vnd.example}
  answer: {token: data.token, expires_in: expires, unit: milliseconds, told: [api_domain, n, missing]}
`, "username", `o"brien`, "password", "pass\\word")
	token := fetched(t, x, c, nil)
	s := f.last(t)
	if o := object(t, s.body); len(o) != 3 || o["user"] != `o"brien` || o["pass"] != "pass\\word" || o["kind"] != "api" {
		t.Errorf("sent %s", s.body)
	}
	if s.header.Get("X-Client") != "our-client" || s.header.Get("Accept") != "application/vnd.example" || s.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", s.header)
	}
	if token.Access.Reveal() != "inner" || token.ExpiresAt.Sub(now) != 30*time.Minute || token.Told["api_domain"] != "https://eu.example" || token.Told["n"] != "7" || len(token.Told) != 2 {
		t.Errorf("got %q, %s, %v", token.Access.Reveal(), token.ExpiresAt, token.Told)
	}

	scoped := `
mode: client_credentials
token:
  url: ${base_url}/token?v=1
  auth: client_secret_basic
  body: query
  grant: account_credentials
  scopes: [x, y]
  separator: ","
  answer: {token: data.token}
`
	c = f.credential(t, scoped)
	fetched(t, x, c, nil)
	if s = f.last(t); s.query != "v=1&grant_type=account_credentials&scope=x%2Cy" || s.body != "" || s.method != "POST" {
		t.Errorf("query: %q %q", s.query, s.body)
	}
	c.Settings.Scopes = []string{"z"}
	fetched(t, x, c, nil)
	if s = f.last(t); !strings.HasSuffix(s.query, "scope=z") {
		t.Errorf("the connector's scopes: %q", s.query)
	}
	c.Values["scope"] = "p, q"
	fetched(t, x, c, nil)
	if s = f.last(t); !strings.HasSuffix(s.query, "scope=p%2Cq") {
		t.Errorf("entered scopes: %q", s.query)
	}
}

// keys are one of each kind, as people paste them.
var keys = sync.OnceValue(func() map[string]crypto.Signer {
	r, _ := rsa.GenerateKey(rand.Reader, 2048)
	e, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, d, _ := ed25519.GenerateKey(rand.Reader)
	return map[string]crypto.Signer{"RS256": r, "PS256": r, "ES256": e, "EdDSA": d}
})

func pkcs8(t *testing.T, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// claimsOf verifies a JWT and returns its claims and header.
func claimsOf(t *testing.T, text string, key crypto.Signer, alg string) (map[string]any, jose.Header) {
	t.Helper()
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := parsed.Claims(key.Public(), &claims); err != nil {
		t.Fatal(err)
	}
	return claims, parsed.Headers[0]
}

func TestAssertionsAreSignedWithEveryKindOfKey(t *testing.T) {
	f := provide(t, answers(200, good))
	x := f.open(t)
	for alg, key := range keys() {
		jwk, err := jose.JSONWebKey{Key: key, KeyID: "from-jwk"}.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string]string{"PEM": pkcs8(t, key), "one line": strings.ReplaceAll(pkcs8(t, key), "\n", `\n`), "JWK": string(jwk)} {
			c := f.credential(t, strings.Replace(plain, "client_secret_basic", "private_key_jwt", 1)+
				"assertion: {key: private_key, issuer: \"${client_id}\", subject: \"${client_id}\", alg: "+alg+"}\n", "private_key", text)
			fetched(t, x, c, nil)
			s := f.last(t)
			claims, header := claimsOf(t, s.form.Get("client_assertion"), key, alg)
			if claims["iss"] != "our-client" || claims["sub"] != "our-client" || claims["aud"] != f.URL+"/token" || claims["jti"] == "" ||
				claims["exp"] != float64(now.Unix()-30+300) || claims["iat"] != float64(now.Unix()-30) {
				t.Errorf("%s, %s: %v", alg, form, claims)
			}
			if (form == "JWK") != (header.KeyID == "from-jwk") || header.ExtraHeaders["typ"] != "JWT" {
				t.Errorf("%s, %s: header %+v", alg, form, header)
			}
			if s.form.Get("client_id") != "our-client" || s.form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
				t.Errorf("%s, %s: %v", alg, form, s.form)
			}
		}
	}
	// What a file says nothing of is as RFC 7523 has it; a key of another kind is refused before anything is sent.
	c := f.credential(t, strings.Replace(plain, "client_secret_basic", "private_key_jwt", 1), "private_key", pkcs8(t, keys()["ES256"]), "key_id", "k7")
	fetched(t, x, c, nil)
	if _, header := claimsOf(t, f.last(t).form.Get("client_assertion"), keys()["ES256"], "ES256"); header.KeyID != "k7" {
		t.Errorf("header %+v", header)
	}
}

func TestKeysThatCannotSignAreRefusedBeforeAnythingIsSent(t *testing.T) {
	f := provide(t, answers(200, good))
	x := f.open(t)
	short, _ := rsa.GenerateKey(rand.Reader, 1024)
	wide, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	public, _ := x509.MarshalPKIXPublicKey(keys()["ES256"].Public())
	publicJWK, _ := jose.JSONWebKey{Key: keys()["ES256"].Public()}.MarshalJSON()
	for text, words := range map[string]string{
		"":        "from -----BEGIN",
		"garbage": "from -----BEGIN",
		"{":       "no JSON",
		`{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}`: "no JWK",
		string(publicJWK):         "public key",
		pkcs8(t, short):           "2,048",
		pkcs8(t, wide):            "this kind",
		`{"type":"x"}`:            "from -----BEGIN",
		pkcs8(t, keys()["RS256"]): "this kind",
		string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})):                       "public key",
		string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})):       "passphrase",
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("Kanarienvogel-key")})): "PKCS #8",
	} {
		c := f.credential(t, strings.Replace(plain, "client_secret_basic", "private_key_jwt", 1)+
			"assertion: {key: private_key, issuer: a, alg: ES256}\n", "private_key", text)
		_, err := x.Fetch(t.Context(), c, nil)
		failed, ok := errors.AsType[*exchange.Failure](err)
		if !ok || failed.Stage != provider.AuthMethod || !failed.Final || !strings.Contains(failed.Hint, words) || !fault.Is(err, fault.Conflict) {
			t.Errorf("%.40q: %v, want %q", text, err, words)
		}
		if r := x.Check(t.Context(), c); r.Failed() == nil || r.Failed().Stage != provider.AuthMethod || r.Steps[0].State != exchange.Skipped {
			t.Errorf("%.40q: %+v", text, r)
		}
	}
	if n := f.connections.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

func TestAssertionsAreGrantsBearersAndTokens(t *testing.T) {
	f := provide(t, answers(200, `{"token":"at-2","expires_at":"2026-11-23T02:00:00Z"}`))
	x := f.open(t)
	key := keys()["RS256"]
	file, _ := json.Marshal(map[string]string{"type": "service_account", "private_key_id": "kid-9", "private_key": pkcs8(t, key), "client_email": "robot@example"})
	c := f.credential(t, `
mode: jwt_bearer
token: {url: "${base_url}/token", auth: none, scopes: [drive, mail], answer: {token: token, expires_at: expires_at}}
assertion: {key: private_key, issuer: "${client_id}", claims: {scope: "${scope}"}, lifetime: 1h}
`, "private_key", string(file))
	token := fetched(t, x, c, nil)
	s := f.last(t)
	claims, header := claimsOf(t, s.form.Get("assertion"), key, "RS256")
	if s.form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || claims["scope"] != "drive mail" || s.form.Get("scope") != "" || header.KeyID != "kid-9" {
		t.Errorf("grant: %v %v", s.form, claims)
	}
	if claims["exp"].(float64)-claims["iat"].(float64) != 3600 {
		t.Errorf("an assertion lives longer than was said: %v", claims)
	}
	if token.Access.Reveal() != "at-2" || !token.ExpiresAt.Equal(now.Add(time.Hour)) {
		t.Errorf("got %q until %s", token.Access.Reveal(), token.ExpiresAt)
	}

	c = f.credential(t, `
mode: jwt_bearer
token: {url: "${base_url}/app/installations/${username}/access_tokens", auth: none, body: json, answer: {token: token, expires_at: expires_at}}
assertion: {key: private_key, issuer: "${client_id}", sent: bearer}
`, "private_key", pkcs8(t, key), "username", "42")
	fetched(t, x, c, nil)
	s = f.last(t)
	claimsOf(t, strings.TrimPrefix(s.header.Get("Authorization"), "Bearer "), key, "RS256")
	if s.path != "/app/installations/42/access_tokens" || s.body != "{}" {
		t.Errorf("bearer: %s %s", s.path, s.body)
	}

	asked := len(f.seen)
	c = f.credential(t, `
mode: jwt_bearer
assertion: {key: private_key, issuer: "${client_id}.${key_fingerprint}", subject: "${client_id}", sent: token, lifetime: 10m}
api: {base_url: "${base_url}"}
`, "private_key", pkcs8(t, key))
	token = fetched(t, x, c, nil)
	claims, _ = claimsOf(t, token.Access.Reveal(), key, "RS256")
	spki, _ := x509.MarshalPKIXPublicKey(key.Public())
	sum := sha256.Sum256(spki)
	if claims["iss"] != "our-client.SHA256:"+base64.StdEncoding.EncodeToString(sum[:]) || token.ExpiresAt.Unix() != int64(claims["exp"].(float64)) || len(f.seen) != asked {
		t.Errorf("token: %v until %s", claims, token.ExpiresAt)
	}
}

const agreed = `
mode: authorization_code
authorize: {url: "${base_url}/authorize?tenant=1", params: {prompt: consent, state: forged, code_challenge_method: plain}}
token: {url: "${base_url}/token", auth: client_secret_post, scopes: [offline, read]}
`

func TestPeopleAreSentToAgreeAndTheirCodeIsRedeemedOnce(t *testing.T) {
	f := provide(t, answers(200, `{"access_token":"at-3","refresh_token":"rt-1","expires_in":"600","scope":"read"}`))
	x := f.open(t)
	c := f.credential(t, agreed)
	c.Settings.ClientID, c.Client = "connector", seal.NewSecret("connector's")
	c.Settings.Presets = map[string]string{"base_url": f.URL}
	address, err := x.AuthorizeURL(c, "st", "ch")
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(address)
	want := url.Values{
		"tenant": {"1"}, "prompt": {"consent"}, "state": {"st"}, "code_challenge": {"ch"}, "code_challenge_method": {"S256"}, "response_type": {"code"},
		"client_id": {"connector"}, "redirect_uri": {"https://here.example/connect/callback"}, "scope": {"offline read"},
	}
	if u.Path != "/authorize" || fmt.Sprint(u.Query()) != fmt.Sprint(want) {
		t.Errorf("got %s", address)
	}
	token, err := x.Redeem(t.Context(), c, "co", "ve")
	if err != nil {
		t.Fatal(err)
	}
	s := f.last(t)
	for name, value := range map[string]string{
		"grant_type": "authorization_code", "code": "co", "code_verifier": "ve", "redirect_uri": "https://here.example/connect/callback",
		"client_id": "connector", "client_secret": "connector's",
	} {
		if s.form.Get(name) != value {
			t.Errorf("%s is %q", name, s.form.Get(name))
		}
	}
	if s.form.Has("scope") || token.Refresh.Reveal() != "rt-1" || token.ExpiresAt.Sub(now) != 10*time.Minute {
		t.Errorf("%v, %q until %s", s.form, token.Refresh.Reveal(), token.ExpiresAt)
	}

	// Rotation: a new refresh token takes the place of the former, none leaves it.
	f.reply = answers(200, `{"access_token":"at-4","refresh_token":"rt-2"}`)
	next := fetched(t, x, c, token)
	if s = f.last(t); s.form.Get("grant_type") != "refresh_token" || s.form.Get("refresh_token") != "rt-1" || next.Refresh.Reveal() != "rt-2" || next.Scope != "read" {
		t.Errorf("%v, %q", s.form, next.Refresh.Reveal())
	}
	f.reply = answers(200, good)
	if next = fetched(t, x, c, next); next.Refresh.Reveal() != "rt-2" || f.last(t).form.Get("refresh_token") != "rt-2" {
		t.Errorf("kept %q", next.Refresh.Reveal())
	}
	f.reply = answers(400, `{"error":"invalid_grant"}`)
	_, err = x.Fetch(t.Context(), c, next)
	if failed, ok := errors.AsType[*exchange.Failure](err); !ok || !failed.Final || !fault.Is(err, fault.Conflict) {
		t.Errorf("a grant that is gone: %v", err)
	}
	if _, err = x.Redeem(t.Context(), c, "co", "ve"); err == nil || !strings.Contains(err.Error(), "Start again") {
		t.Errorf("a code that was used: %v", err)
	}
	f.reply = answers(503, `{}`)
	_, err = x.Fetch(t.Context(), c, next)
	if failed, ok := errors.AsType[*exchange.Failure](err); !ok || failed.Final || !fault.Is(err, fault.Unavailable) {
		t.Errorf("a provider that is away: %v", err)
	}
	asked := len(f.seen)
	for _, former := range []*connect.Token{nil, {Access: seal.NewSecret("x")}} {
		if _, err = x.Fetch(t.Context(), c, former); err == nil || !strings.Contains(err.Error(), "no refresh token") || len(f.seen) != asked {
			t.Errorf("without a refresh token: %v", err)
		}
	}
}

// A customer who enters a host of their own must not be sent the secret that the environment has at the provider.
func TestConnectorsSecretGoesToNoHostThatACustomerChose(t *testing.T) {
	f := provide(t, answers(200, good))
	x := f.open(t)
	former := &connect.Token{Access: seal.NewSecret("a"), Refresh: seal.NewSecret("r")}
	for template, stays := range map[string]bool{
		"${base_url}/token":               false,
		"https://${client_id}/token":      false,
		"https://login.${client_id}/":     false,
		"https://${client_id}.com/token":  false,
		"https://${client_id}:443/token":  false,
		"https://${client_id}.a.invalid/": true,
		"https://a.invalid/${client_id}/": true,
	} {
		c := f.credential(t, strings.ReplaceAll(agreed, `"${base_url}/token"`, `"`+template+`"`)+"revoke: {url: \""+template+"\"}\n")
		c.Settings.ClientID, c.Client = "connector", seal.NewSecret("connector's")
		c.Values["client_id"] = "evil.example"
		_, redeemed := x.Redeem(t.Context(), c, "co", "ve")
		_, fetched := x.Fetch(t.Context(), c, former)
		for _, err := range []error{redeemed, fetched, x.Revoke(t.Context(), c, former)} {
			if err == nil || strings.Contains(err.Error(), "preset by the connector") == stays {
				t.Errorf("%s: %v", template, err)
			}
		}
	}
	if n := f.connections.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	c := f.credential(t, agreed) // what customers bring themselves goes where they say
	if _, err := x.Redeem(t.Context(), c, "co", "ve"); err != nil {
		t.Error(err)
	}
}

func TestNobodyIsSentToAnAddressThatIsNotHTTPS(t *testing.T) {
	f := provide(t, answers(200, good))
	c := f.credential(t, agreed)
	for _, bad := range []string{"http://plain.example", "https://u@evil.example", "javascript:alert(1)", "https://"} {
		c.Values["base_url"] = bad
		if to, err := f.open(t).AuthorizeURL(c, "s", "c"); err == nil {
			t.Errorf("%s leads to %s", bad, to)
		}
	}
	c.Values["base_url"], c.Values["client_id"] = f.URL, ""
	if _, err := f.open(t).AuthorizeURL(c, "s", "c"); !fault.Is(err, fault.Conflict) {
		t.Errorf("without a client: %v", err)
	}
}

func TestModesWithoutTokensHaveNone(t *testing.T) {
	f := provide(t, answers(200, good))
	for _, mode := range []string{"mode: basic", "mode: api_key"} {
		if _, err := f.open(t).Fetch(t.Context(), f.credential(t, mode), nil); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", mode, err)
		}
	}
}
