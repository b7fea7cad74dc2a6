package assertion_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestKeySetsHaveOneText(t *testing.T) {
	k := keys()
	given := set(
		jwk(t, k.p256, object{"kid": "b", "alg": "ES256", "use": "sig", "x5c": []string{"x"}, "other": 1}), jwk(t, k.p384, nil),
		jwk(t, k.p521, nil), jwk(t, k.ed, object{"key_ops": []string{"verify"}}), jwk(t, k.rsa, object{"kid": "r"}))
	s := parseSet(t, given)
	again := parseSet(t, s.Text())
	if s.Text() != again.Text() || strings.Contains(s.Text(), "x5c") || strings.Contains(s.Text(), "other") {
		t.Errorf("got %s, then %s", s.Text(), again.Text())
	}
	if len(s.Keys()) != 5 || s.Keys()[0].ID != "b" || s.Keys()[4].Type != "RSA 2048" || s.Keys()[3].Type != "Ed25519" {
		t.Errorf("got %+v", s.Keys())
	}
	for i, hint := range s.Hints() {
		if hint != again.Hints()[i] || len(hint) != 43 {
			t.Errorf("hint %d: %s", i, hint)
		}
	}
}

func TestThumbprintsAreThoseOfTheStandard(t *testing.T) {
	const n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W" +
		"-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	s := parseSet(t, `{"kty":"RSA","n":"`+n+`","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`) // RFC 7638 §3.1
	if s.Hints()[0] != "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" {
		t.Errorf("got %s", s.Hints()[0])
	}
	s = parseSet(t, `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`) // RFC 8037 §A.3
	if s.Hints()[0] != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("got %s", s.Hints()[0])
	}
	for _, key := range []any{keys().p521, keys().rsa} {
		theirs := jose.JSONWebKey{Key: key}
		sum, err := theirs.Thumbprint(5) // crypto.SHA256
		if err != nil || parseSet(t, set(jwk(t, key, nil))).Hints()[0] != encode(sum) {
			t.Errorf("a library has another thumbprint: %v", err)
		}
	}
}

func public(t *testing.T, kind string, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestOneKeyAndPEMAreAccepted(t *testing.T) {
	k := keys()
	whole := set(jwk(t, k.p256, nil), jwk(t, k.rsa, nil))
	for name, given := range map[string]string{
		"set": whole, "spaces": "\n " + whole + "\n",
		"PEM":     public(t, "PUBLIC KEY", k.p256.Public()) + "\n# another\n" + public(t, "PUBLIC KEY", k.rsa.Public()),
		"PKCS #1": public(t, "PUBLIC KEY", k.p256.Public()) + string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&k.rsa.PublicKey)})),
	} {
		if got := parseSet(t, given).Text(); got != parseSet(t, whole).Text() {
			t.Errorf("%s: got %s", name, got)
		}
	}
	if got := parseSet(t, text(jwk(t, k.ed, nil))).Text(); got != parseSet(t, public(t, "PUBLIC KEY", k.ed.Public())).Text() {
		t.Errorf("got %s", got)
	}
}

// C04: refused when it is given, with words that say why.
func TestKeysThatCannotBeUsedAreRefused(t *testing.T) {
	k := keys()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	private := func(key any) object {
		b, _ := jose.JSONWebKey{Key: key}.MarshalJSON()
		return object{"private": string(b)}
	}
	rsaOf := func(n *big.Int, e int64) object {
		return object{"kty": "RSA", "n": encode(n.Bytes()), "e": encode(big.NewInt(e).Bytes())}
	}
	okp := func(x string) object {
		b, err := hex.DecodeString(x)
		if err != nil {
			t.Fatal(err)
		}
		return object{"kty": "OKP", "crv": "Ed25519", "x": encode(b)}
	}
	ec := jwk(t, k.p256, nil)
	many := make([]object, 21)
	for i := range many {
		key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		many[i] = jwk(t, key, nil)
	}
	cases := map[string]struct{ given, words string }{
		"private EC":      {`{"keys":[` + private(k.p256)["private"].(string) + `]}`, "private key"},
		"private RSA":     {private(k.rsa)["private"].(string), "private key"},
		"private Ed25519": {private(k.ed)["private"].(string), "private key"},
		"one d beside":    {set(jwk(t, k.ed, nil), jwk(t, k.p256, object{"d": ""})), "key 2 is a private key"},
		"private PEM":     {public(t, "PRIVATE KEY", k.p256.Public()), "private key"},
		"EC private PEM":  {public(t, "EC PRIVATE KEY", k.p256.Public()), "private key"},
		"certificate":     {public(t, "CERTIFICATE", k.p256.Public()), "certificate"},
		"PEM of what":     {public(t, "DH PARAMETERS", k.p256.Public()), "PUBLIC KEY is expected"},
		"broken PEM":      {"-----BEGIN PUBLIC KEY-----\nAAAA", "PEM"},
		"cut PEM":         {public(t, "PUBLIC KEY", k.p256.Public()) + "-----BEGIN PUBLIC KEY-----\nAA", "PEM"},
		"symmetric":       {set(object{"kty": "oct", "k": "c2VjcmV0"}), "symmetric"},
		"k in an EC key":  {set(jwk(t, k.p256, object{"k": "x"})), "symmetric"},
		"use enc":         {set(jwk(t, k.p256, object{"use": "enc"})), `"use"`},
		"use a list":      {set(jwk(t, k.p256, object{"use": []string{"sig"}})), `"use"`},
		"key_ops encrypt": {set(jwk(t, k.rsa, object{"key_ops": []string{"encrypt"}})), `"key_ops"`},
		"key_ops two":     {set(jwk(t, k.rsa, object{"key_ops": []string{"verify", "encrypt"}})), `"key_ops"`},
		"key_ops empty":   {set(jwk(t, k.rsa, object{"key_ops": []string{}})), `"key_ops"`},
		"key_ops text":    {set(jwk(t, k.rsa, object{"key_ops": "verify"})), `"key_ops"`},
		"kid twice":       {set(jwk(t, k.p256, object{"kid": "a"}), jwk(t, k.rsa, object{"kid": "a"})), "same kid"},
		"key twice":       {set(jwk(t, k.p256, object{"kid": "a"}), jwk(t, k.p256, object{"kid": "b"})), "same key"},
		"member twice":    {`{"keys":[{"kty":"EC","kty":"EC"}]}`, `"kty" twice`},
		"keys twice":      {`{"keys":[],"keys":[]}`, `"keys" twice`},
		"21 keys":         {set(many...), "1 to 20"},
		"no keys":         {`{"keys":[]}`, "1 to 20"},
		"64 KiB":          {set(jwk(t, k.p256, object{"pad": strings.Repeat("x", 64<<10)})), "64 KiB"},
		"not JSON":        {"hello", "not JSON"}, "empty": {"", "not JSON"}, "list": {"[]", "not a JSON object"},
		"keys an object": {`{"keys":{}}`, "no list"}, "key a string": {`{"keys":["x"]}`, "key 1 is not"}, "trailing": {set(ec) + "{}", "not JSON"},
		"kid a number":  {set(jwk(t, k.p256, object{"kid": 1})), `"kid"`},
		"kid long":      {set(jwk(t, k.p256, object{"kid": strings.Repeat("k", 513)})), "kid longer"},
		"alg of others": {set(jwk(t, k.p256, object{"alg": "RS256"})), "ES256 here"},
		"alg HS256":     {set(jwk(t, k.rsa, object{"alg": "HS256"})), "PS256 or RS256"},
		"alg none":      {set(jwk(t, k.rsa, object{"alg": "none"})), "PS256 or RS256"},
		"RSA 1024":      {set(jwk(t, small, nil)), "1024 bits"},
		"RSA huge":      {set(rsaOf(new(big.Int).SetBit(big.NewInt(1), 8193, 1), 65537)), "2048 to 8192"},
		"RSA 16384":     {set(rsaOf(new(big.Int).SetBit(big.NewInt(1), 16384, 1), 65537)), "8192 bits"},
		"exponent 1":    {set(rsaOf(k.rsa.N, 1)), "exponent"}, "exponent 3": {set(rsaOf(k.rsa.N, 3)), "exponent"}, "exponent even": {set(rsaOf(k.rsa.N, 65538)), "exponent"},
		"exponent 2^32+1": {set(rsaOf(k.rsa.N, 1<<32+1)), "exponent"}, "exponent none": {set(object{"kty": "RSA", "n": encode(k.rsa.N.Bytes())}), `"e" is missing`},
		"exponent long": {set(object{"kty": "RSA", "n": encode(k.rsa.N.Bytes()), "e": encode(k.rsa.N.Bytes())}), "exponent"},
		"modulus even":  {set(rsaOf(new(big.Int).Lsh(k.rsa.N, 1), 65537)), "even"},
		"P-224":         {public(t, "PUBLIC KEY", p224.Public()), "P-224"},
		"secp256k1":     {set(jwk(t, k.p256, object{"crv": "secp256k1"})), "secp256k1"},
		"wrong curve":   {set(jwk(t, k.p256, object{"crv": "P-384"})), "48 bytes"},
		"off the curve": {set(jwk(t, k.p256, object{"y": ec["x"]})), "not a point"},
		"zero":          {set(jwk(t, k.p256, object{"x": encode(make([]byte, 32)), "y": encode(make([]byte, 32))})), "not a point"},
		"no y":          {set(object{"kty": "EC", "crv": "P-256", "x": ec["x"]}), `"y" is missing`},
		"padded x":      {set(jwk(t, k.p256, object{"x": ec["x"].(string) + "="})), "base64url"},
		"x with break":  {set(jwk(t, k.p256, object{"x": ec["x"].(string)[:9] + "\n" + ec["x"].(string)[9:]})), "line breaks"},
		"unknown kty":   {set(object{"kty": "AKP"}), "AKP"}, "X25519": {set(object{"kty": "OKP", "crv": "X25519", "x": encode(make([]byte, 32))}), "X25519"},
		"short Ed25519": {set(okp("00")), "1 bytes"},
		"off Edwards":   {set(okp("0200000000000000000000000000000000000000000000000000000000000000")), "no point"},
		"not canonical": {set(okp("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")), "canonically"},
	}
	for i, low := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000", "0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", "0100000000000000000000000000000000000000000000000000000000000080",
	} {
		cases[fmt.Sprint("low order ", i)] = struct{ given, words string }{set(okp(low)), "small order"}
	}
	for name, c := range cases {
		s, err := assertion.ParseJWKS([]byte(c.given))
		field, message := fault.Public(err)
		if !fault.Is(err, fault.Invalid) || field != "jwks" || !strings.Contains(message, c.words) {
			t.Errorf("%s: got %v %v, want %q", name, s, err, c.words)
		}
		if s != nil {
			t.Errorf("%s: there is a set beside the error", name)
		}
	}
}

func FuzzParseJWKS(f *testing.F) {
	f.Add(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)
	f.Add(`{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`)
	f.Add(`{"kty":"RSA","n":"AA","e":"AQAB"}`)
	f.Add("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n")
	f.Fuzz(func(t *testing.T, given string) {
		s, err := assertion.ParseJWKS([]byte(given))
		if err != nil {
			if field, _ := fault.Public(err); field != "jwks" {
				t.Errorf("%q: %v", given, err)
			}
			return
		}
		if again, err := assertion.ParseJWKS([]byte(s.Text())); err != nil || again.Text() != s.Text() {
			t.Errorf("%q: %v", given, err)
		}
	})
}
