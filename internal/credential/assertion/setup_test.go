package assertion_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/counterfoil/counterfoil/internal/credential/assertion"
)

const (
	client = "6f1e1b0e-54a4-4f0e-9d34-7c2a0a1c9d11"
	issuer = "https://auth.example/t1"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func rules() assertion.Rules { return assertion.Rules{ClientID: client, Issuer: issuer, Now: now} }

type object = map[string]any

// claims returns those of a good assertion, with changes; nil takes a claim out.
func claims(changes object) object {
	all := object{"iss": client, "sub": client, "aud": issuer, "jti": "j-1", "iat": now.Unix(), "exp": now.Unix() + 60}
	maps.Copy(all, changes)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

var encode = base64.RawURLEncoding.EncodeToString

// raw signs whatever it is given: our own small writer of JWS, so that tests can write what no library would.
func raw(t testing.TB, key any, header, payload string) string {
	t.Helper()
	signed := encode([]byte(header)) + "." + encode([]byte(payload))
	return signed + "." + encode(signature(t, key, header, signed))
}

func signature(t testing.TB, key any, header, signed string) []byte {
	t.Helper()
	h := crypto.SHA256
	switch {
	case strings.Contains(header, `S384"`):
		h = crypto.SHA384
	case strings.Contains(header, `S512"`):
		h = crypto.SHA512
	}
	sum := h.New()
	sum.Write([]byte(signed))
	digest := sum.Sum(nil)
	var out []byte
	var err error
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, failed := ecdsa.Sign(rand.Reader, key, digest)
		size := (key.Curve.Params().BitSize + 7) / 8
		out, err = append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), failed
	case ed25519.PrivateKey:
		out = ed25519.Sign(key, []byte(signed))
	case *rsa.PrivateKey:
		if strings.Contains(header, `"PS`) {
			out, err = rsa.SignPSS(rand.Reader, key, h, digest, &rsa.PSSOptions{SaltLength: h.Size()})
		} else {
			out, err = rsa.SignPKCS1v15(rand.Reader, key, h, digest)
		}
	case []byte:
		mac := hmac.New(h.New, key)
		mac.Write([]byte(signed))
		out = mac.Sum(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// sign makes a token of claims by alg.
func sign(t testing.TB, key any, alg string, c object) string {
	t.Helper()
	return raw(t, key, text(object{"alg": alg, "typ": "JWT"}), text(c))
}

// keys are made once: RSA keys take their time.
var keys = sync.OnceValue(func() (k struct {
	p256, other256, p384, p521 *ecdsa.PrivateKey
	ed                         ed25519.PrivateKey
	rsa                        *rsa.PrivateKey
}) {
	k.p256, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k.other256, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k.p384, _ = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	k.p521, _ = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	_, k.ed, _ = ed25519.GenerateKey(rand.Reader)
	k.rsa, _ = rsa.GenerateKey(rand.Reader, 2048)
	return k
})

// jwk writes a public key as go-jose does, which is how a stranger would.
func jwk(t testing.TB, key any, changes object) object {
	t.Helper()
	if signer, ok := key.(crypto.Signer); ok {
		key = signer.Public()
	}
	written, err := jose.JSONWebKey{Key: key}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var all object
	if err := json.Unmarshal(written, &all); err != nil {
		t.Fatal(err)
	}
	maps.Copy(all, changes)
	return all
}

func set(keys ...object) string { return text(object{"keys": keys}) }

func parseSet(t testing.TB, text string) *assertion.KeySet {
	t.Helper()
	s, err := assertion.ParseJWKS([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantReason(t testing.TB, what string, err error, want assertion.Reason) {
	t.Helper()
	if got := assertion.ReasonOf(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

func id(i int) string { return fmt.Sprint("jti-", i) }

// raws is JSON that is written as it stands.
func raws(s string) json.RawMessage { return json.RawMessage(s) }
