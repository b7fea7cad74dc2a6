package assertion_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestAssertionsByEveryAlgorithmAreAccepted(t *testing.T) {
	k := keys()
	for alg, key := range map[string]any{
		"ES256": k.p256, "ES384": k.p384, "ES512": k.p521, "EdDSA": k.ed, "Ed25519": k.ed, "RS256": k.rsa, "PS256": k.rsa,
	} {
		for _, pinned := range []object{{}, {"alg": alg, "use": "sig", "key_ops": []string{"verify"}, "kid": "k"}} {
			a, err := assertion.VerifyClient(sign(t, key, alg, claims(nil)), parseSet(t, set(jwk(t, key, pinned))), rules())
			if err != nil {
				t.Errorf("%s: %v", alg, err)
				continue
			}
			if a.JTI != "j-1" || a.Subject != client || !a.Expires.Equal(now.Add(70*time.Second)) || a.Algorithm != alg || a.Thumbprint == "" {
				t.Errorf("%s: got %+v", alg, a)
			}
		}
	}
}

func TestAssertionsThatALibraryMadeAreAccepted(t *testing.T) {
	for alg, key := range map[jose.SignatureAlgorithm]any{jose.ES256: keys().p256, jose.PS256: keys().rsa, jose.EdDSA: keys().ed} {
		options := (&jose.SignerOptions{}).WithType("client-authentication+jwt").WithHeader("kid", "k")
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
		if err != nil {
			t.Fatal(err)
		}
		made, err := signer.Sign([]byte(text(claims(nil))))
		if err != nil {
			t.Fatal(err)
		}
		token, _ := made.CompactSerialize()
		if _, err := assertion.VerifyClient(token, parseSet(t, set(jwk(t, key, object{"kid": "k"}))), rules()); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

// A09: the sole audience is the issuer (RFC 10070; CVE-2025-27370, CVE-2025-27371).
func TestTheSoleAudienceIsTheIssuer(t *testing.T) {
	endpoint := issuer + "/oauth2/token"
	for _, c := range []struct {
		aud            any
		strict, legacy bool
	}{
		{issuer, true, true},
		{[]string{issuer}, true, true},
		{endpoint, false, true},
		{[]string{issuer, endpoint}, false, true},
		{[]string{issuer, issuer}, false, true},
		{[]string{issuer, "https://other.example"}, false, false},
		{"https://other.example", false, false},
		{issuer + "/", false, false},
		{strings.ToUpper(issuer), false, false},
		{"", false, false},
		{[]string{}, false, false},
		{[]string{""}, false, false},
		{nil, false, false},
	} {
		token := sign(t, keys().p256, "ES256", claims(object{"aud": c.aud}))
		for _, on := range []bool{false, true} {
			r, want := rules(), c.strict
			if on {
				r.LegacyAudiences, want = []string{endpoint}, c.legacy
			}
			_, err := assertion.VerifyClient(token, parseSet(t, set(jwk(t, keys().p256, nil))), r)
			if want != (err == nil) {
				t.Errorf("aud %v, switch %v: %v", c.aud, on, err)
			}
			if err != nil {
				wantReason(t, text(c.aud), err, assertion.WrongAudience)
			}
		}
	}
	nameless := rules()
	nameless.Issuer = ""
	_, err := assertion.VerifyClient(sign(t, keys().p256, "ES256", claims(object{"aud": ""})), parseSet(t, set(jwk(t, keys().p256, nil))), nameless)
	wantReason(t, "nobody's audience", err, assertion.WrongAudience)
}

// A10, C11.
func TestClaimsAreHeldAgainstTheRules(t *testing.T) {
	s := now.Unix()
	ok := assertion.Reason("")
	for name, c := range map[string]struct {
		change object
		want   assertion.Reason
	}{
		"no exp":                   {object{"exp": nil}, assertion.Expired},
		"no iat":                   {object{"iat": nil}, ok},
		"no sub":                   {object{"sub": nil}, assertion.WrongSubject},
		"no iss":                   {object{"iss": nil}, assertion.WrongIssuer},
		"no jti":                   {object{"jti": nil}, assertion.NoID},
		"empty jti":                {object{"jti": ""}, assertion.NoID},
		"long jti":                 {object{"jti": strings.Repeat("j", 513)}, assertion.Malformed},
		"iss is not sub":           {object{"iss": "https://client.example"}, assertion.WrongIssuer},
		"another client":           {object{"iss": "other", "sub": "other"}, assertion.WrongIssuer},
		"sub of another client":    {object{"sub": "other"}, assertion.WrongSubject},
		"client in capitals":       {object{"iss": strings.ToUpper(client), "sub": strings.ToUpper(client)}, assertion.WrongIssuer},
		"exp 9 s past":             {object{"iat": s - 60, "exp": s - 9}, ok},
		"exp 10 s past":            {object{"iat": s - 60, "exp": s - 10}, assertion.Expired},
		"exp 5 min past":           {object{"iat": s - 360, "exp": s - 300}, assertion.Expired},
		"exp 1 year ahead":         {object{"exp": s + 365*86400}, assertion.TooLong},
		"1 year ahead, no iat":     {object{"iat": nil, "exp": s + 365*86400}, assertion.TooLong},
		"five minutes":             {object{"exp": s + 300}, ok},
		"311 s":                    {object{"exp": s + 311}, assertion.TooLong},
		"old iat, young exp":       {object{"iat": s - 400, "exp": s + 60}, assertion.TooLong},
		"iat of 1970":              {object{"iat": 1, "exp": s + 60}, assertion.TooLong},
		"iat +8 s":                 {object{"iat": s + 8}, ok},
		"iat +65 s":                {object{"iat": s + 65, "exp": s + 120}, assertion.NotYetValid},
		"nbf +8 s":                 {object{"nbf": s + 8}, ok},
		"nbf +65 s":                {object{"nbf": s + 65, "exp": s + 120}, assertion.NotYetValid},
		"nbf after exp":            {object{"nbf": s + 61}, assertion.Malformed},
		"iat after exp":            {object{"iat": s + 9, "exp": s + 5}, assertion.TooLong},
		"exp a string":             {object{"exp": "1900000000"}, assertion.Malformed},
		"exp a float":              {object{"exp": float64(s) + 60.5}, assertion.Malformed},
		"exp negative":             {object{"exp": -1}, assertion.Malformed},
		"exp zero":                 {object{"exp": 0}, assertion.Malformed},
		"exp 2^63":                 {object{"exp": uint64(1) << 63}, assertion.Malformed},
		"exp 2^63-1":               {object{"exp": int64(math.MaxInt64)}, assertion.Malformed},
		"exp in year 10000":        {object{"exp": int64(253402300800)}, assertion.Malformed},
		"exp 10^400":               {object{"exp": raws("1e400")}, assertion.Malformed},
		"exp with exponent":        {object{"exp": raws("1.9e9")}, assertion.Malformed},
		"exp null":                 {object{"exp": raws("null")}, assertion.Malformed},
		"iat a string":             {object{"iat": "now"}, assertion.Malformed},
		"nbf a list":               {object{"nbf": []int{1}}, assertion.Malformed},
		"iss a list":               {object{"iss": []string{client}}, assertion.Malformed},
		"aud an object":            {object{"aud": object{}}, assertion.Malformed},
		"aud with a number":        {object{"aud": []any{issuer, 1}}, assertion.Malformed},
		"aud null":                 {object{"aud": raws("null")}, assertion.Malformed},
		"other claims are ignored": {object{"scope": "all", "nested": object{"a": []any{1, nil, true}}}, ok},
	} {
		_, err := assertion.VerifyClient(sign(t, keys().p256, "ES256", claims(c.change)), parseSet(t, set(jwk(t, keys().p256, nil))), rules())
		wantReason(t, name, err, c.want)
		if c.want == ok && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: is %v", name, fault.Of(err))
		}
	}
}

// A12: a JWT of another kind is no assertion, whoever signed it.
func TestOnlyTokensOfTheRightTypeAreAccepted(t *testing.T) {
	for typ, want := range map[string]assertion.Reason{
		"JWT": "", "jwt": "", "client-authentication+jwt": "", "application/client-authentication+jwt": "", "Client-Authentication+JWT": "",
		"at+jwt": assertion.WrongType, "application/at+jwt": assertion.WrongType, "dpop+jwt": assertion.WrongType,
		"logout+jwt": assertion.WrongType, "secevent+jwt": assertion.WrongType, "": assertion.WrongType, "JOSE": assertion.WrongType,
		"token-introspection+jwt": assertion.WrongType, "oauth-authz-req+jwt": assertion.WrongType,
	} {
		token := raw(t, keys().p256, text(object{"alg": "ES256", "typ": typ}), text(claims(nil)))
		_, err := assertion.VerifyClient(token, parseSet(t, set(jwk(t, keys().p256, nil))), rules())
		wantReason(t, typ, err, want)
	}
	_, err := assertion.VerifyClient(raw(t, keys().p256, `{"alg":"ES256"}`, text(claims(nil))), parseSet(t, set(jwk(t, keys().p256, nil))), rules())
	wantReason(t, "no typ", err, "")
	_, err = assertion.VerifyClient(raw(t, keys().p256, `{"alg":"ES256","typ":1}`, text(claims(nil))), parseSet(t, set(jwk(t, keys().p256, nil))), rules())
	wantReason(t, "typ a number", err, assertion.Malformed)
}

// C01, A04: the key says by which algorithm, not the token.
func TestTheAlgorithmIsTheKeys(t *testing.T) {
	k := keys()
	for name, c := range map[string]struct {
		key    any
		pinned string
		alg    string
		signer any
		want   assertion.Reason
	}{
		"none":                       {k.p256, "", "none", []byte("x"), assertion.WrongAlgorithm},
		"None":                       {k.p256, "", "None", []byte("x"), assertion.WrongAlgorithm},
		"nOnE":                       {k.p256, "ES256", "nOnE", []byte("x"), assertion.WrongAlgorithm},
		"lower case":                 {k.p256, "", "es256", k.p256, assertion.WrongAlgorithm},
		"P-256 by ES384":             {k.p256, "", "ES384", k.p256, assertion.WrongAlgorithm},
		"P-384 by ES256":             {k.p384, "", "ES256", k.p384, assertion.WrongAlgorithm},
		"PS256 client signs RS256":   {k.rsa, "PS256", "RS256", k.rsa, assertion.WrongAlgorithm},
		"RS256 client signs PS256":   {k.rsa, "RS256", "PS256", k.rsa, assertion.WrongAlgorithm},
		"RS512":                      {k.rsa, "", "RS512", k.rsa, assertion.WrongAlgorithm},
		"PS256 by PKCS #1":           {k.rsa, "", "PS256", nil, assertion.BadSignature},
		"EdDSA for an EC key":        {k.p256, "", "EdDSA", k.ed, assertion.WrongAlgorithm},
		"another key":                {k.p256, "", "ES256", k.other256, assertion.BadSignature},
		"Ed25519 pinned, EdDSA said": {k.ed, "Ed25519", "EdDSA", k.ed, ""},
		"EdDSA pinned, Ed25519 said": {k.ed, "EdDSA", "Ed25519", k.ed, ""},
	} {
		change := object{}
		if c.pinned != "" {
			change["alg"] = c.pinned
		}
		header := text(object{"alg": c.alg})
		token := raw(t, c.signer, header, text(claims(nil)))
		if c.signer == nil {
			signed := token[:strings.LastIndexByte(token, '.')]
			token = signed + "." + encode(signature(t, k.rsa, "RS256", signed))
		}
		_, err := assertion.VerifyClient(token, parseSet(t, set(jwk(t, c.key, change))), rules())
		wantReason(t, name, err, c.want)
	}
	signed := encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(text(claims(nil)))) + "."
	for _, token := range []string{signed, strings.TrimSuffix(signed, "."), raw(t, k.p256, `{}`, text(claims(nil))), raw(t, k.p256, `{"alg":""}`, text(claims(nil)))} {
		_, err := assertion.VerifyClient(token, parseSet(t, set(jwk(t, k.p256, nil))), rules())
		wantReason(t, token, err, assertion.Malformed)
	}
}

// C02: a public key in any form is no secret.
func TestAPublicKeyIsNeverTakenForASecret(t *testing.T) {
	for name, key := range map[string]crypto.Signer{"EC": keys().p256, "RSA": keys().rsa} {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		trusted := parseSet(t, set(jwk(t, key, nil)))
		for form, secret := range map[string][]byte{
			"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
			"JWK": []byte(text(jwk(t, key, nil))), "JWKS": []byte(trusted.Text()),
		} {
			for _, alg := range []string{"HS256", "HS384", "HS512"} {
				_, err := assertion.VerifyClient(sign(t, secret, alg, claims(nil)), trusted, rules())
				wantReason(t, name+form+alg, err, assertion.WrongAlgorithm)
			}
		}
	}
}

func TestSecretsSignByHMACOnly(t *testing.T) {
	secret := "cfs_0123456789abcdefghijklmnopqrstuvwxyzABCDEF0123456"
	for _, alg := range []string{"HS256", "HS384", "HS512"} {
		token := sign(t, []byte(secret), alg, claims(nil))
		if a, err := assertion.VerifySecret(token, seal.NewSecret(secret), rules()); err != nil || a.JTI != "j-1" {
			t.Errorf("%s: %v", alg, err)
		}
		_, err := assertion.VerifySecret(token, seal.NewSecret(secret+"x"), rules())
		wantReason(t, "another secret", err, assertion.BadSignature)
		_, err = assertion.VerifySecret(token[:len(token)-2], seal.NewSecret(secret), rules())
		if err == nil {
			t.Error("a shortened signature is accepted")
		}
	}
	_, err := assertion.VerifySecret(sign(t, []byte(secret), "HS256", claims(object{"exp": now.Unix() - 60})), seal.NewSecret(secret), rules())
	wantReason(t, "expired", err, assertion.Expired)
	_, err = assertion.VerifySecret(sign(t, keys().p256, "ES256", claims(nil)), seal.NewSecret(secret), rules())
	wantReason(t, "ES256", err, assertion.WrongAlgorithm)
	_, err = assertion.VerifySecret(sign(t, []byte{}, "HS256", claims(nil)), seal.Secret{}, rules())
	wantReason(t, "no secret", err, assertion.WrongAlgorithm)
	_, err = assertion.VerifySecret(sign(t, []byte("0123456789abcdef"), "HS256", claims(nil)), seal.NewSecret("0123456789abcdef"), rules()) // C04
	wantReason(t, "16 bytes", err, assertion.WrongAlgorithm)
	_, err = assertion.VerifySecret(raw(t, []byte(secret), `{"alg":"none"}`, text(claims(nil))), seal.NewSecret(secret), rules())
	wantReason(t, "none", err, assertion.WrongAlgorithm)
}

// C03: signatures that lenient verifiers let pass.
func TestSignaturesInOtherFormsAreRefused(t *testing.T) {
	k := keys()
	token := sign(t, k.p256, "ES256", claims(nil))
	signed, last, _ := strings.Cut(token[:strings.LastIndexByte(token, '.')], ".")
	signed += "." + last
	good, _ := base64.RawURLEncoding.DecodeString(token[strings.LastIndexByte(token, '.')+1:])
	order := k.p256.Curve.Params().N
	number := func(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }
	s := new(big.Int).SetBytes(good[32:])
	sum := sha256.Sum256([]byte(signed))
	der, err := k.p256.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	for name, signature := range map[string][]byte{
		"r = s = 0": make([]byte, 64), "r = s = 1": append(number(big.NewInt(1)), number(big.NewInt(1))...),
		"r = 0": append(make([]byte, 32), good[32:]...), "s = 0": append(good[:32:32], make([]byte, 32)...),
		"r = n": append(number(order), good[32:]...), "s = n": append(good[:32:32], number(order)...),
		"s + n": append(good[:32:32], new(big.Int).Add(s, order).FillBytes(make([]byte, 33))...), "DER": der, "shorter": good[:63],
		"zero before s": append(append(good[:32:32], 0), good[32:]...), "longer": append(good[:64:64], 0), "padded": append(append([]byte{0}, good[:32]...), append([]byte{0}, good[32:]...)...),
		"halves": append(good[32:64:64], good[:32]...), "one bit": append(good[:63:63], good[63]^1), "all ones": []byte(strings.Repeat("\xff", 64)),
	} {
		_, err := assertion.VerifyClient(signed+"."+encode(signature), parseSet(t, set(jwk(t, k.p256, nil))), rules())
		wantReason(t, name, err, assertion.BadSignature)
	}

	header := `{"alg":"PS256"}`
	signed = encode([]byte(header)) + "." + encode([]byte(text(claims(nil))))
	sum = sha256.Sum256([]byte(signed))
	for name, salt := range map[string]int{"no salt": 0, "20 bytes": 20, "64 bytes": 64, "longest": rsa.PSSSaltLengthAuto} {
		out, err := rsa.SignPSS(rand.Reader, k.rsa, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: salt})
		if err != nil {
			t.Fatal(err)
		}
		if salt == 0 {
			out, _ = rsa.SignPSS(rand.Reader, k.rsa, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: 1})
		}
		_, err = assertion.VerifyClient(signed+"."+encode(out), parseSet(t, set(jwk(t, k.rsa, nil))), rules())
		wantReason(t, name, err, assertion.BadSignature)
	}
	// PKCS #1 v1.5 without the hash's name, and with short padding and rubbish behind (Bleichenbacher 2006).
	header = `{"alg":"RS256"}`
	signed = encode([]byte(header)) + "." + encode([]byte(text(claims(nil))))
	sum = sha256.Sum256([]byte(signed))
	bare, err := rsa.SignPKCS1v15(rand.Reader, k.rsa, 0, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 256)
	prefix := []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}
	copy(block, "\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x00"+string(prefix)+string(sum[:]))
	short := new(big.Int).Exp(new(big.Int).SetBytes(block), k.rsa.D, k.rsa.N).FillBytes(make([]byte, 256))
	right, _ := rsa.SignPKCS1v15(rand.Reader, k.rsa, crypto.SHA256, sum[:])
	for name, signature := range map[string][]byte{"bare hash": bare, "short padding": short, "extended": append(right, 0), "zero": make([]byte, 256), "one": number(big.NewInt(1))} {
		_, err := assertion.VerifyClient(signed+"."+encode(signature), parseSet(t, set(jwk(t, k.rsa, nil))), rules())
		wantReason(t, name, err, assertion.BadSignature)
	}
}

// C05: a token does not say which keys are its issuer's, and nothing is fetched.
func TestKeysInHeadersAreIgnored(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connected := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := listener.Accept(); err == nil {
			_ = c.Close()
			close(connected)
		}
	}()
	address := "http://" + listener.Addr().String() + "/jwks"
	trusted := parseSet(t, set(jwk(t, keys().p256, object{"kid": "mine"})))
	for name, header := range map[string]object{
		"jku": {"jku": address}, "x5u": {"x5u": address}, "jwk": {"jwk": jwk(t, keys().other256, nil)}, "x5c": {"x5c": []string{"MIIB"}},
	} {
		header["alg"] = "ES256"
		_, err := assertion.VerifyClient(raw(t, keys().other256, text(header), text(claims(nil))), trusted, rules())
		wantReason(t, name, err, assertion.BadSignature)
		_, err = assertion.VerifyClient(raw(t, keys().p256, text(header), text(claims(nil))), trusted, rules())
		wantReason(t, name+" beside the right key", err, "")
	}
	for _, kid := range []string{"../../dev/null", "' or 1=1 --", "mine\r\nx", "/etc/passwd", "MINE", "mine "} {
		_, err := assertion.VerifyClient(raw(t, []byte{}, text(object{"alg": "HS256", "kid": kid}), text(claims(nil))), trusted, rules())
		wantReason(t, kid, err, assertion.UnknownKey)
		if strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("line breaks in %q", err)
		}
	}
	_ = listener.Close()
	<-done
	select {
	case <-connected:
		t.Error("a connection was made")
	default:
	}
}

func TestAKeyIsFoundByItsName(t *testing.T) {
	k := keys()
	named := parseSet(t, set(jwk(t, k.other256, object{"kid": "a"}), jwk(t, k.p256, object{"kid": "b"})))
	nameless := parseSet(t, set(jwk(t, k.other256, object{"kid": "a"}), jwk(t, k.p256, nil)))
	for _, c := range []struct {
		keys *assertion.KeySet
		kid  string
		want assertion.Reason
	}{
		{named, "b", ""}, {named, "", ""}, {named, "a", assertion.BadSignature}, {named, "c", assertion.UnknownKey},
		{nameless, "whatever", ""}, {nameless, "a", assertion.BadSignature}, {nil, "a", assertion.UnknownKey}, {nil, "", assertion.UnknownKey},
	} {
		header := object{"alg": "ES256"}
		if c.kid != "" {
			header["kid"] = c.kid
		}
		_, err := assertion.VerifyClient(raw(t, k.p256, text(header), text(claims(nil))), c.keys, rules())
		wantReason(t, "kid "+c.kid, err, c.want)
	}
}

func BenchmarkVerifyClientES256(b *testing.B) {
	token := raw(b, keys().p256, `{"alg":"ES256","kid":"k","typ":"JWT"}`, text(claims(nil)))
	trusted := parseSet(b, set(jwk(b, keys().p256, object{"kid": "k"})))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := assertion.VerifyClient(token, trusted, rules()); err != nil {
			b.Fatal(err)
		}
	}
}

// The bar: what of the time above is the signature itself.
func BenchmarkBareECDSA(b *testing.B) {
	token := raw(b, keys().p256, `{"alg":"ES256","kid":"k","typ":"JWT"}`, text(claims(nil)))
	last := strings.LastIndexByte(token, '.')
	signature, _ := base64.RawURLEncoding.DecodeString(token[last+1:])
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	public := &keys().p256.PublicKey
	b.ReportAllocs()
	for b.Loop() {
		sum := sha256.Sum256([]byte(token[:last]))
		if !ecdsa.Verify(public, sum[:], r, s) {
			b.Fatal("refused")
		}
	}
}
