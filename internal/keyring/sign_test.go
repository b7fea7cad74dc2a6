package keyring_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/counterfoil/counterfoil/internal/keyring"
)

const payload = "eyJzdWIiOiJ4In0" // {"sub":"x"}

// published returns a key of the published set as a foreign library reads it.
func published(t *testing.T, set *keyring.Set, alg keyring.Alg) (key jose.JSONWebKey) {
	t.Helper()
	body, _ := set.JWKS()
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(body, &keys); err != nil {
		t.Fatal(err)
	}
	found := keys.Key(set.Active(alg).ID)
	if len(found) != 1 {
		t.Fatalf("%d published keys have the kid of the active %s key", len(found), alg)
	}
	return found[0]
}

func TestForeignLibraryVerifiesEveryAlgorithm(t *testing.T) {
	f := onSQLite(t).ensure(keyring.Algs()...)
	set := f.load()
	for _, alg := range keyring.Algs() {
		text := token(t, set, alg, payload)
		parsed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
		if err != nil {
			t.Fatal(err)
		}
		key := published(t, set, alg)
		if got, err := parsed.Verify(key); err != nil || string(got) != `{"sub":"x"}` {
			t.Errorf("%s: %q, %v", alg, got, err)
		}
		if h := parsed.Signatures[0].Protected; h.KeyID != key.KeyID || h.ExtraHeaders["typ"] != "at+jwt" {
			t.Errorf("%s: header %+v", alg, h)
		}
		print, err := key.Thumbprint(crypto.SHA256)
		if err != nil || base64.RawURLEncoding.EncodeToString(print) != key.KeyID {
			t.Errorf("%s: the kid %s is not the thumbprint %x", alg, key.KeyID, print)
		}
		if key.Use != "sig" || key.Algorithm != string(alg) || !key.IsPublic() {
			t.Errorf("%s: published as use=%s alg=%s public=%v", alg, key.Use, key.Algorithm, key.IsPublic())
		}
	}
}

func TestOwnVerificationTakesOwnSignatures(t *testing.T) {
	f := onSQLite(t).ensure(keyring.Algs()...)
	set := f.load()
	for _, alg := range keyring.Algs() {
		for range 20 {
			header, signed, signature := split(token(t, set, alg, payload))
			key := set.ByHeader([]byte(header))
			if key == nil || key != set.Active(alg) || !key.Verify([]byte(signed), []byte(signature)) {
				t.Fatalf("%s: own signature refused", alg)
			}
			if key.Verify([]byte(signed+"A"), []byte(signature)) {
				t.Errorf("%s: an altered payload passes", alg)
			}
		}
	}
}

// One r and one s in 256 have 31 bytes or fewer, which DER writes shorter and a JWS does not.
func TestES256SignaturesWithLeadingZerosAreWhole(t *testing.T) {
	f := onSQLite(t).ensure(keyring.ES256)
	key := f.load().Active(keyring.ES256)
	for shortR, shortS := false, false; !shortR || !shortS; {
		signature, err := key.AppendSignature(nil, []byte("input"))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(string(signature))
		if err != nil || len(raw) != 64 {
			t.Fatalf("a signature of %d bytes, %v", len(raw), err)
		}
		if !key.Verify([]byte("input"), signature) {
			t.Fatalf("r=%x s=%x is refused", raw[:32], raw[32:])
		}
		shortR, shortS = shortR || raw[0] == 0, shortS || raw[32] == 0
	}
}

func split(token string) (header, signed, signature string) {
	header, _, _ = strings.Cut(token, ".")
	end := strings.LastIndexByte(token, '.')
	return header, token[:end], token[end+1:]
}

func TestSignatureHasOneSpelling(t *testing.T) {
	f := onSQLite(t).ensure(keyring.Algs()...)
	set := f.load()
	for _, alg := range keyring.Algs() {
		_, signed, good := split(token(t, set, alg, payload))
		key := set.Active(alg)
		raw, err := base64.RawURLEncoding.DecodeString(good)
		if err != nil {
			t.Fatal(err)
		}
		last := good[len(good)-1]
		for name, bad := range map[string]string{
			"empty": "", "padded": good + "=", "longer": good + "AAAA", "shorter": good[:len(good)-2],
			"line break": good[:10] + "\n" + good[10:], "line break of equal length": good[:10] + "\n" + good[10:len(good)-1],
			"standard alphabet": base64.RawStdEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, len(raw))),
			"unused bits":       good[:len(good)-1] + string(last+1),
			"zeros":             base64.RawURLEncoding.EncodeToString(make([]byte, len(raw))),
		} {
			if bad != good && key.Verify([]byte(signed), []byte(bad)) {
				t.Errorf("%s: a signature spelled otherwise passes: %s", alg, name)
			}
		}
		for bit := range len(raw) * 8 {
			raw[bit/8] ^= 1 << (bit % 8)
			if key.Verify([]byte(signed), []byte(base64.RawURLEncoding.EncodeToString(raw))) {
				t.Errorf("%s: bit %d of the signature does not matter", alg, bit)
			}
			raw[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// CVE-2022-21449 and its relatives: r and s outside [1, n-1].
func TestES256WithDegenerateNumbersIsRefused(t *testing.T) {
	f := onSQLite(t).ensure(keyring.ES256)
	set := f.load()
	_, signed, good := split(token(t, set, keyring.ES256, payload))
	key := set.Active(keyring.ES256)
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	n := elliptic.P256().Params().N.FillBytes(make([]byte, 32))
	zero, one, full := make([]byte, 32), append(make([]byte, 31), 1), bytes.Repeat([]byte{0xff}, 32)
	for _, r := range [][]byte{zero, one, n, full, raw[:32]} {
		for _, s := range [][]byte{zero, one, n, full} {
			bad := base64.RawURLEncoding.EncodeToString(append(bytes.Clone(r), s...))
			if key.Verify([]byte(signed), []byte(bad)) {
				t.Errorf("r=%x s=%x passes", r, s)
			}
		}
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
	if err != nil {
		t.Fatal(err)
	}
	if key.Verify([]byte(signed), []byte(base64.RawURLEncoding.EncodeToString(der))) {
		t.Error("a DER signature passes")
	}
}

func TestPS256TakesOnlyASaltAsLongAsTheHash(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("input"))
	ps, rs := keyring.NewKey(t, keyring.PS256, private), keyring.NewKey(t, keyring.RS256, private)
	for _, length := range []int{0, 1, 16, 20, 31, 32, 33, 64, 222} {
		signature, err := rsa.SignPSS(rand.Reader, private, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: length})
		if length == 0 { // Go's 0 means "as long as fits"; a salt of no bytes cannot be asked for
			length = 222
		}
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(base64.RawURLEncoding.EncodeToString(signature))
		if got := ps.Verify([]byte("input"), text); got != (length == 32) {
			t.Errorf("a salt of %d bytes: accepted=%v", length, got)
		}
		if rs.Verify([]byte("input"), text) {
			t.Error("an RS256 key takes a PS256 signature")
		}
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	if ps.Verify([]byte("input"), []byte(base64.RawURLEncoding.EncodeToString(signature))) {
		t.Error("a PS256 key takes an RS256 signature")
	}
}

// The header chooses the key only by being equal to one of ours, so nothing in it can choose an algorithm.
func TestHeaderThatIsNotExactlyOursFindsNoKey(t *testing.T) {
	f := onSQLite(t).ensure(keyring.Algs()...)
	set := f.load()
	es, rs := set.Active(keyring.ES256), set.Active(keyring.RS256)
	for _, header := range []string{
		``, `{}`, `{"alg":"none"}`, `{"alg":"none","kid":"` + es.ID + `","typ":"at+jwt"}`,
		`{"alg":"HS256","kid":"` + rs.ID + `","typ":"at+jwt"}`,
		`{"alg":"PS256","kid":"` + rs.ID + `","typ":"at+jwt"}`,
		`{"alg":"EdDSA","kid":"` + es.ID + `","typ":"at+jwt"}`,
		`{"alg":"ES256","kid":"` + rs.ID + `","typ":"at+jwt"}`,
		`{"alg":"ES256","kid":"../../dev/null","typ":"at+jwt"}`,
		`{"alg":"ES256","kid":"` + es.ID + `","typ":"JWT"}`,
		`{"alg":"ES256","kid":"` + es.ID + `","typ":"at+jwt","jku":"https://evil.example"}`,
		`{"alg":"ES256","kid":"` + es.ID + `","typ":"at+jwt"} `,
		`{"typ":"at+jwt","alg":"ES256","kid":"` + es.ID + `"}`,
	} {
		if key := set.ByHeader([]byte(base64.RawURLEncoding.EncodeToString([]byte(header)))); key != nil {
			t.Errorf("%s finds key %s", header, key.ID)
		}
	}
	if set.ByHeader(append(bytes.Clone(es.Header()), '=')) != nil {
		t.Error("a padded header finds a key")
	}
	public := published(t, set, keyring.RS256).Key.(*rsa.PublicKey)
	mac := hmac.New(sha256.New, public.N.Bytes())
	mac.Write([]byte("input"))
	if rs.Verify([]byte("input"), []byte(base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))) {
		t.Error("the public key serves as an HMAC secret")
	}
}

func TestKeySetDocumentShowsNothingPrivate(t *testing.T) {
	f := onSQLite(t).ensure(keyring.Algs()...)
	body, etag := f.load().JWKS()
	var document struct{ Keys []map[string]any }
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Keys) != 2*len(keyring.Algs()) {
		t.Errorf("%d keys are published, want an active and a next one for each algorithm", len(document.Keys))
	}
	allowed := map[string]string{"EC": "alg crv kid kty use x y", "OKP": "alg crv kid kty use x", "RSA": "alg e kid kty n use"}
	for _, key := range document.Keys {
		for member := range key {
			if !strings.Contains(" "+allowed[key["kty"].(string)]+" ", " "+member+" ") {
				t.Errorf("a key of type %v shows %q", key["kty"], member)
			}
		}
	}
	if len(etag) < 10 || etag[0] != '"' || etag[len(etag)-1] != '"' {
		t.Errorf("the entity tag is %s", etag)
	}
	if _, again := f.load().JWKS(); again != etag {
		t.Error("the same keys have another entity tag")
	}
	if _, err := f.rotate(keyring.EdDSA, true); err != nil {
		t.Fatal(err)
	}
	if _, after := f.load().JWKS(); after == etag {
		t.Error("other keys have the same entity tag")
	}
}

// countingSigner stands for a key that another machine holds.
type countingSigner struct {
	crypto.Signer
	calls int
}

func (s *countingSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	s.calls++
	return s.Signer.Sign(random, digest, opts)
}

func TestAnySignerFits(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	remote := &countingSigner{Signer: private}
	key := keyring.NewKey(t, keyring.ES256, remote)
	signature, err := key.AppendSignature([]byte("input."), []byte("input"))
	if err != nil || remote.calls != 1 || !key.Verify([]byte("input"), signature[len("input."):]) {
		t.Errorf("signed by a foreign signer: %s, %v after %d calls", signature, err, remote.calls)
	}
}
