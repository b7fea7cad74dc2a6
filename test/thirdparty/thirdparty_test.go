package thirdparty_test

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/counterfoil/counterfoil/test/thirdparty"
)

// answer is what an endpoint says.
type answer struct {
	status int
	body   struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		ExpiresIn    int    `json:"expires_in"`
		Scope        string `json:"scope"`
		Error        string `json:"error"`
		ClientID     string `json:"client_id"`
		Active       bool   `json:"active"`
	}
	text string
}

func do(t *testing.T, client *http.Client, r *http.Request) (a answer) {
	t.Helper()
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a.status, a.text = response.StatusCode, string(text)
	_ = json.Unmarshal(text, &a.body)
	return a
}

// post sends a form as a client would that authenticates itself by its method.
func post(t *testing.T, s *thirdparty.Server, address string, c *thirdparty.Client, form url.Values) answer {
	t.Helper()
	var certificate *tls.Certificate
	basic := false
	switch c.Method {
	case "client_secret_basic":
		basic = true
	case "client_secret_post":
		form.Set("client_id", c.ID)
		form.Set("client_secret", c.Secret)
	case "private_key_jwt":
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion(t, c, s.Issuer))
	default:
		form.Set("client_id", c.ID)
		certificate = c.Certificate
	}
	r, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic {
		r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
	}
	return do(t, s.HTTP(certificate), r)
}

// assertion is that of RFC 7523 §3, signed with the key as it is written in the JWK.
func assertion(t *testing.T, c *thirdparty.Client, audience string) string {
	t.Helper()
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(c.KeyJWK); err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: c.ID, Subject: c.ID, Audience: jwt.Audience{audience}, ID: rand.Text(),
		IssuedAt: jwt.NewNumericDate(time.Now()), Expiry: jwt.NewNumericDate(time.Now().Add(time.Minute)),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func get(t *testing.T, s *thirdparty.Server, address, token string) answer {
	t.Helper()
	r, err := http.NewRequest("GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return do(t, s.HTTP(nil), r)
}

func credentials(scope string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
}

func TestProviderKnowsEveryClientAuthentication(t *testing.T) {
	p := thirdparty.OIDCProvider(t)
	clients := []*thirdparty.Client{p.Basic, p.Post, p.PrivateKeyJWT, p.TLS, p.SelfSignedTLS, p.Awkward}
	for _, c := range clients {
		a := post(t, p.Server, p.TokenURL(), c, credentials(thirdparty.Scope))
		if a.status != http.StatusOK || a.body.AccessToken == "" || a.body.ExpiresIn != 3600 || a.body.Scope != thirdparty.Scope {
			t.Errorf("%s: %d %s", c.ID, a.status, a.text)
			continue
		}
		if whose := get(t, p.Server, p.APIURL(), a.body.AccessToken); whose.status != http.StatusOK || whose.body.ClientID != c.ID {
			t.Errorf("%s: the API says %d %s", c.ID, whose.status, whose.text)
		}
		// The control: nobody gets in by another's means.
		wrong := *c
		wrong.Secret, wrong.KeyJWK, wrong.Certificate = "wrong", otherKey(t), p.TLS.Certificate
		if c == p.TLS {
			wrong.Certificate = p.SelfSignedTLS.Certificate
		}
		if a := post(t, p.Server, p.TokenURL(), &wrong, credentials("")); a.status != http.StatusUnauthorized || a.body.Error != "invalid_client" {
			t.Errorf("%s with what is wrong: %d %s", c.ID, a.status, a.text)
		}
	}
	if got := p.Requests(); len(got) != 2*len(clients) || got[0].ClientID != "basic" || got[0].Status != 200 || got[1].Status != 401 || got[1].Error == "" {
		t.Errorf("%d requests were noted: %+v", len(got), got)
	}
}

func otherKey(t *testing.T) []byte {
	t.Helper()
	return thirdparty.NewKeyClient(t).KeyJWK
}

func TestProviderSaysWhatIsWrong(t *testing.T) {
	p := thirdparty.OIDCProvider(t)
	if a := post(t, p.Server, p.TokenURL(), p.Basic, credentials(thirdparty.ThirdScope)); a.body.Error != "invalid_scope" {
		t.Errorf("a scope that the client may not have: %d %s", a.status, a.text)
	}
	a := post(t, p.Server, p.TokenURL(), p.Basic, credentials(thirdparty.OtherScope))
	if got := get(t, p.Server, p.APIURL(), a.body.AccessToken); got.status != http.StatusForbidden {
		t.Errorf("a token without the API's scope: %d %s", got.status, got.text)
	}
	if got := get(t, p.Server, p.APIURL(), "nonsense"); got.status != http.StatusUnauthorized {
		t.Errorf("no token at all: %d %s", got.status, got.text)
	}
	p.SetLifetime(5 * time.Second)
	good := post(t, p.Server, p.TokenURL(), p.Basic, credentials(thirdparty.Scope))
	if good.body.ExpiresIn != 5 {
		t.Errorf("the lifetime: %s", good.text)
	}
	p.Disable(p.Basic)
	if a := post(t, p.Server, p.TokenURL(), p.Basic, credentials("")); a.status != http.StatusUnauthorized {
		t.Errorf("a disabled client: %d %s", a.status, a.text)
	}
	if got := get(t, p.Server, p.APIURL(), good.body.AccessToken); got.status != http.StatusUnauthorized {
		t.Errorf("its token: %d %s", got.status, got.text)
	}
	p.Enable(p.Basic)
	old := *p.Basic
	p.Basic.Secret = "another-secret"
	p.Register(p.Basic)
	if a := post(t, p.Server, p.TokenURL(), &old, credentials("")); a.status != http.StatusUnauthorized {
		t.Errorf("the former secret: %d %s", a.status, a.text)
	}
	if a := post(t, p.Server, p.TokenURL(), p.Basic, credentials("")); a.status != http.StatusOK {
		t.Errorf("the new secret: %d %s", a.status, a.text)
	}
	// A token that is revoked is good for nothing.
	a = post(t, p.Server, p.TokenURL(), p.Post, credentials(thirdparty.Scope))
	post(t, p.Server, p.RevokeURL(), p.Post, url.Values{"token": {a.body.AccessToken}})
	if got := get(t, p.Server, p.APIURL(), a.body.AccessToken); got.status != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d %s", got.status, got.text)
	}
	if got := post(t, p.Server, p.IntrospectURL(), p.Post, url.Values{"token": {a.body.AccessToken}}); got.status != http.StatusOK || got.body.Active {
		t.Errorf("a revoked token, introspected: %d %s", got.status, got.text)
	}
}

// authorization is an authorization request with its verifier (RFC 7636).
func authorization(endpoint string, c *thirdparty.Client) (address, verifier string) {
	verifier = rand.Text() + rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	return endpoint + "?" + url.Values{
		"response_type": {"code"}, "client_id": {c.ID}, "redirect_uri": {c.RedirectURL}, "state": {"a state"},
		"scope":          {"openid offline_access " + thirdparty.Scope},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode(), verifier
}

func TestPersonLinksAnAccountAndTheRefreshTokenRotates(t *testing.T) {
	p := thirdparty.OIDCProvider(t)
	address, verifier := authorization(p.AuthorizeURL(), p.Code)
	back := p.Authorize(address)
	if !strings.HasPrefix(back.String(), p.Code.RedirectURL+"?") || back.Query().Get("state") != "a state" || back.Query().Get("code") == "" {
		t.Fatalf("the browser came back to %s", back)
	}
	redeem := func(verifier string) answer {
		return post(t, p.Server, p.TokenURL(), p.Code, url.Values{
			"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {p.Code.RedirectURL}, "code_verifier": {verifier},
		})
	}
	first := redeem(verifier)
	if first.status != http.StatusOK || first.body.RefreshToken == "" {
		t.Fatalf("%d %s", first.status, first.text)
	}
	if got := get(t, p.Server, p.APIURL(), first.body.AccessToken); got.status != http.StatusOK {
		t.Errorf("the API says %d %s", got.status, got.text)
	}
	refresh := func(token string) answer {
		return post(t, p.Server, p.TokenURL(), p.Code, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	}
	second := refresh(first.body.RefreshToken)
	if second.status != http.StatusOK || second.body.RefreshToken == "" || second.body.RefreshToken == first.body.RefreshToken {
		t.Fatalf("the refresh: %d %s", second.status, second.text)
	}
	if again := refresh(first.body.RefreshToken); again.body.Error != "invalid_grant" {
		t.Errorf("a refresh token that was used: %d %s", again.status, again.text)
	}
	if after := refresh(second.body.RefreshToken); after.body.Error != "invalid_grant" {
		t.Errorf("its successor, after it was used twice: %d %s", after.status, after.text)
	}

	// Without the verifier, the code is worth nothing; without a challenge, there is no code.
	address, _ = authorization(p.AuthorizeURL(), p.Code)
	back = p.Authorize(address)
	if a := redeem(strings.Repeat("x", 43)); a.body.Error != "invalid_grant" {
		t.Errorf("another verifier: %d %s", a.status, a.text)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Del("code_challenge")
	query.Del("code_challenge_method")
	u.RawQuery = query.Encode()
	if back := p.Authorize(u.String()); back.Query().Get("error") != "invalid_request" {
		t.Errorf("no challenge: %s", back)
	}
}

func TestMockGrantsWhatItIsAskedForAndAnswersAsItIsTold(t *testing.T) {
	m := thirdparty.MockServer(t)
	basic := &thirdparty.Client{ID: "anybody", Secret: "anything", Method: "client_secret_basic"}
	a := post(t, m.Server, m.TokenURL(), basic, credentials("whatever"))
	if a.status != http.StatusOK || strings.Count(a.body.AccessToken, ".") != 2 || a.body.ExpiresIn != 3600 || a.body.Scope != "whatever" {
		t.Errorf("%d %s", a.status, a.text)
	}
	m.Add(map[string]any{"expires_in": 7, "refresh_token": "refresh-me"})
	if a := post(t, m.Server, m.TokenURL(), basic, credentials("")); a.body.ExpiresIn != 7 || a.body.RefreshToken != "refresh-me" {
		t.Errorf("with more in it: %s", a.text)
	}
	m.Answer(http.StatusServiceUnavailable, map[string]any{"error": "temporarily_unavailable"})
	if a := post(t, m.Server, m.TokenURL(), basic, credentials("")); a.status != http.StatusServiceUnavailable || a.body.Error != "temporarily_unavailable" {
		t.Errorf("as it was told: %d %s", a.status, a.text)
	}
	m.AnswerAgain()
	if a := post(t, m.Server, m.TokenURL(), &thirdparty.Client{ID: "x", Secret: "y", Method: "client_secret_post"}, credentials("")); a.status != http.StatusOK {
		t.Errorf("as before: %d %s", a.status, a.text)
	}
	got := m.Requests()
	if len(got) != 4 || got[0].Form["scope"] != "whatever" || !strings.HasPrefix(got[0].Authorization, "Basic ") || got[2].Status != 503 ||
		got[3].Form["client_secret"] != "y" || got[3].ContentType != "application/x-www-form-urlencoded" || got[3].Path != "/token" {
		t.Errorf("requests: %+v", got)
	}
}

func TestMockSendsTheBrowserBackWithACode(t *testing.T) {
	m := thirdparty.MockServer(t)
	c := &thirdparty.Client{ID: "x", Secret: "y", Method: "client_secret_basic", RedirectURL: "https://client.example/callback"}
	address, verifier := authorization(m.AuthorizeURL(), c)
	response, err := m.HTTP(nil).Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	back, err := response.Location()
	if err != nil || back.Query().Get("state") != "a state" {
		t.Fatalf("%v %v", back, err)
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {c.RedirectURL}, "code_verifier": {verifier}}
	if a := post(t, m.Server, m.TokenURL(), c, form); a.status != http.StatusOK || a.body.RefreshToken == "" {
		t.Errorf("%d %s", a.status, a.text)
	}
}
