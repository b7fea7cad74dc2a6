package verify_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/counterfoil/counterfoil/client/verify"
)

func offline(t *testing.T, i *issuer, c *clock) *verify.Offline {
	t.Helper()
	v, err := verify.NewOffline(verify.OfflineOptions{Issuer: i.URL, Audience: audience, Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestGoodTokenIsAcceptedWithEveryAlgorithm(t *testing.T) {
	i := newIssuer(t)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := []jose.JSONWebKey{
		i.key(t, "es"),
		i.publish(jose.JSONWebKey{Key: edKey, KeyID: "ed", Algorithm: "EdDSA"}),
		i.publish(jose.JSONWebKey{Key: rsaKey, KeyID: "rs", Algorithm: "RS256"}),
		i.publish(jose.JSONWebKey{Key: rsaKey, KeyID: "ps", Algorithm: "PS256"}),
	}
	v := offline(t, i, &clock{})
	for _, key := range keys {
		got, err := v.Verify(t.Context(), i.token(t, key, map[string]any{"aud": []string{"https://other", audience}}))
		if err != nil {
			t.Fatalf("%s: %v", key.Algorithm, err)
		}
		if got.ClientID != "app" || !got.May("invoices:read") || got.May("invoices") || time.Until(got.ExpiresAt) < 9*time.Minute {
			t.Errorf("%s: token %+v", key.Algorithm, got)
		}
	}
	if n := i.fetches.Load(); n != 1 {
		t.Errorf("keys were fetched %d times, want once", n)
	}
}

func TestForgedAndForeignTokensAreRefused(t *testing.T) {
	i := newIssuer(t)
	key := i.key(t, "k1")
	other := newIssuer(t).key(t, "k1") // same kid, another key
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ps := i.publish(jose.JSONWebKey{Key: rsaKey, KeyID: "ps", Algorithm: "PS256"})
	spki, err := x509.MarshalPKIXPublicKey(public(key))
	if err != nil {
		t.Fatal(err)
	}
	good := i.token(t, key, nil)
	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	b64 := base64.RawURLEncoding.EncodeToString
	past := time.Now().Add(-time.Hour).Unix()

	attacks := map[string]string{
		"alg none with empty signature":   b64([]byte(`{"alg":"none","kid":"k1","typ":"at+jwt"}`)) + "." + body + ".",
		"alg none with the old signature": b64([]byte(`{"alg":"none","kid":"k1","typ":"at+jwt"}`)) + "." + body + "." + signature,
		"alg None in another case":        b64([]byte(`{"alg":"nOnE","kid":"k1","typ":"at+jwt"}`)) + "." + body + ".",
		"HS256 keyed with the public key": sign(t, jose.HS256, spki, "k1", "at+jwt", i.claims(nil)),
		"another key under a known kid":   i.token(t, other, nil),
		"an unknown kid":                  sign(t, jose.ES256, key.Key, "k9", "at+jwt", i.claims(nil)),
		"no kid":                          sign(t, jose.ES256, key.Key, "", "at+jwt", i.claims(nil)),
		"an alg that is not the key's":    sign(t, jose.RS256, ps.Key, "ps", "at+jwt", i.claims(nil)),
		"an ID token's typ":               sign(t, jose.ES256, key.Key, "k1", "JWT", i.claims(nil)),
		"no typ":                          sign(t, jose.ES256, key.Key, "k1", "", i.claims(nil)),
		"another issuer":                  i.token(t, key, map[string]any{"iss": "https://evil.example"}),
		"the issuer with a slash":         i.token(t, key, map[string]any{"iss": i.URL + "/"}),
		"no issuer":                       i.token(t, key, map[string]any{"iss": nil}),
		"another audience":                i.token(t, key, map[string]any{"aud": "https://other.example"}),
		"no audience":                     i.token(t, key, map[string]any{"aud": nil}),
		"an audience that is a prefix":    i.token(t, key, map[string]any{"aud": audience + ".evil"}),
		"expired":                         i.token(t, key, map[string]any{"exp": past}),
		"no expiry":                       i.token(t, key, map[string]any{"exp": nil}),
		"an expiry beyond time":           i.token(t, key, map[string]any{"exp": 9e18}),
		"an expiry that is text":          i.token(t, key, map[string]any{"exp": "2099-01-01"}),
		"not valid yet":                   i.token(t, key, map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}),
		"claims that are no object":       sign(t, jose.ES256, key.Key, "k1", "at+jwt", []string{"iss"}),
		"many dots":                       strings.Repeat(".", verify.MaxToken-1),
		"four parts":                      good + ".x",
		"two parts":                       head + "." + body,
		"oversize":                        good + strings.Repeat("A", verify.MaxToken),
		"a line break in the signature":   head + "." + body + "." + signature[:4] + "\n" + signature[4:],
		"altered claims":                  head + "." + b64([]byte(`{"iss":"x"}`)) + "." + signature,
		"an opaque handle":                "cft_AAAA",
		"nothing":                         "",
	}
	v := offline(t, i, &clock{})
	for name, token := range attacks {
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, verify.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Errorf("the good token among them: %v", err)
	}
}

func TestKeyEmbeddedInATokenIsIgnored(t *testing.T) {
	i := newIssuer(t)
	i.key(t, "k1")
	mine := newIssuer(t).key(t, "k1")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: mine.Key},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("at+jwt").WithHeader("kid", "k1").WithHeader("jku", "https://evil.example/jwks"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := offline(t, i, &clock{}).Verify(t.Context(), token); !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

func TestLeewayIsGivenToClocksAndNoMore(t *testing.T) {
	i := newIssuer(t)
	key := i.key(t, "k1")
	c := &clock{}
	v := offline(t, i, c)
	token := i.token(t, key, map[string]any{"exp": time.Now().Add(-20 * time.Second).Unix()})
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("20 s after its expiry: %v", err)
	}
	c.advance(11 * time.Second)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("31 s after its expiry: got %v, want ErrInvalid", err)
	}
}

func TestNewKeyIsFetchedOnceAndStrangersCannotCauseFetches(t *testing.T) {
	i := newIssuer(t)
	old := i.key(t, "old")
	c := &clock{}
	v := offline(t, i, c)
	if _, err := v.Verify(t.Context(), i.token(t, old, nil)); err != nil {
		t.Fatal(err)
	}
	fresh := i.key(t, "fresh")
	c.advance(11 * time.Second)
	if _, err := v.Verify(t.Context(), i.token(t, fresh, nil)); err != nil {
		t.Errorf("a key published since: %v", err)
	}
	for range 100 {
		stranger := sign(t, jose.ES256, old.Key, rand.Text(), "at+jwt", i.claims(nil))
		if _, err := v.Verify(t.Context(), stranger); !errors.Is(err, verify.ErrInvalid) {
			t.Fatalf("got %v, want ErrInvalid", err)
		}
	}
	if n := i.fetches.Load(); n != 2 {
		t.Errorf("keys were fetched %d times, want 2", n)
	}
}

func TestStaleKeysServeWhileTheIssuerIsAway(t *testing.T) {
	i := newIssuer(t)
	key := i.key(t, "k1")
	c := &clock{}
	v := offline(t, i, c)
	if err := v.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	i.away.Store(true)
	c.advance(time.Hour)
	token := i.token(t, key, map[string]any{"exp": c.Now().Add(100 * time.Hour).Unix()})
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("an hour without the issuer: %v", err)
	}
	unknown := sign(t, jose.ES256, key.Key, "new", "at+jwt", i.claims(nil))
	if _, err := v.Verify(t.Context(), unknown); !errors.Is(err, verify.ErrUnavailable) {
		t.Errorf("a kid that cannot be looked up: got %v, want ErrUnavailable", err)
	}
	c.advance(72 * time.Hour)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, verify.ErrUnavailable) {
		t.Errorf("73 hours without the issuer: got %v, want ErrUnavailable", err)
	}
}

func TestWithdrawnKeyIsForgottenAfterTheNextFetch(t *testing.T) {
	i := newIssuer(t)
	key := i.key(t, "stolen")
	i.key(t, "good")
	c := &clock{}
	v := offline(t, i, c)
	token := i.token(t, key, nil)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	i.withdraw("stolen")
	c.advance(11 * time.Second)
	if err := v.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

func TestOldKeysAreFetchedAgainInTheBackground(t *testing.T) {
	i := newIssuer(t)
	key := i.key(t, "k1")
	c := &clock{}
	v := offline(t, i, c)
	if err := v.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.advance(11 * time.Minute)
	token := i.token(t, key, map[string]any{"exp": c.Now().Add(time.Hour).Unix()})
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the one of Warm, and the one that Verify began without waiting for it
		select {
		case <-i.fetched:
		case <-time.After(10 * time.Second):
			t.Fatal("the keys were not fetched again")
		}
	}
}

func TestMetadataOfAnotherIssuerIsNotBelieved(t *testing.T) {
	i := newIssuer(t)
	i.key(t, "k1")
	v, err := verify.NewOffline(verify.OfflineOptions{
		Issuer: strings.Replace(i.URL, "127.0.0.1", "localhost", 1), Audience: audience,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Warm(t.Context()); !errors.Is(err, verify.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

func TestUnsafeOptionsAreRefused(t *testing.T) {
	for _, o := range []verify.OfflineOptions{
		{Issuer: "https://auth.example"},
		{Issuer: "http://auth.example", Audience: audience},
		{Issuer: "https://user@auth.example", Audience: audience},
		{Issuer: "auth.example", Audience: audience},
	} {
		if _, err := verify.NewOffline(o); err == nil {
			t.Errorf("%+v: accepted", o)
		}
	}
}

func FuzzOfflineNeverPanics(f *testing.F) {
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiYXQrand0In0.e30.AA")
	v, err := verify.NewOffline(verify.OfflineOptions{Issuer: "http://127.0.0.1:1", Audience: audience})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := v.Verify(t.Context(), token); err == nil {
			t.Errorf("%q was accepted without any key", token)
		}
	})
}
