package oauth_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func unb64(t *testing.T, text string) string {
	t.Helper()
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// dead fails the test if any of the tokens means anything to anybody: to the one who may see every token, and as a
// bearer.
func dead(t *testing.T, h *House, prefix string, admin Client, tokens map[string]string) {
	t.Helper()
	for name, token := range tokens {
		if a := h.Form(prefix+"/oauth2/introspect", admin, "token", token); a.Status != http.StatusOK || a.Text != inactive {
			t.Errorf("%s: %d %.200s", name, a.Status, a.Text)
		}
		if strings.ContainsAny(token, "\r\n\x00 ") {
			continue // does not reach us in a header as it is
		}
		if a := h.CallAs(token, "GET", prefix+"/api/v1/credentials/self", nil); a.Status != http.StatusUnauthorized {
			t.Errorf("%s as a bearer: %d %.200s", name, a.Status, a.Text)
		}
	}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// mutations alters a token at every byte, cuts it at every byte and makes it longer.
func mutations(token string) map[string]string {
	all := map[string]string{"padded": token + "=", "padded twice": token + "==", "doubled": token + token, "in front": "A" + token}
	for i := range token {
		at := strings.IndexByte(alphabet, token[i])
		all[fmt.Sprintf("byte %d", i)] = token[:i] + alphabet[(at+1)%64:(at+1)%64+1] + token[i+1:]
		if i > 0 {
			all[fmt.Sprintf("cut at %d", i)] = token[:i]
		}
		all[fmt.Sprintf("without byte %d", i)] = token[:i] + token[i+1:]
		if i%16 == 0 {
			all[fmt.Sprintf("line break at %d", i)] = token[:i] + "\n" + token[i:]
			all[fmt.Sprintf("space at %d", i)] = token[:i] + " " + token[i:]
		}
	}
	for _, more := range []string{"A", "AAAA", ".", "\n", " ", "\x00"} {
		all[fmt.Sprintf("longer by %q", more)] = token + more
	}
	return all
}

func TestHandleAlteredAnywhereIsDead(t *testing.T) {
	h := housetest.Start(t)
	_, c := furnish(h)
	token := h.Token(c)
	all := mutations(token)
	for name, other := range all {
		if other == token {
			delete(all, name) // two equal neighbours
		}
	}
	// The last character of a handle has bits to spare, which must be zero.
	if n := len(token) - len("cft_"); n%4 != 0 {
		spare := map[int]int{2: 16, 3: 4}[n%4]
		last := strings.IndexByte(alphabet, token[len(token)-1])
		for i := 1; i < spare; i++ {
			all[fmt.Sprintf("spare bits %d", i)] = token[:len(token)-1] + alphabet[last|i:(last|i)+1]
		}
	}
	all["other prefix"], all["no prefix"], all["prefix in capitals"] = "cfs_"+token[4:], token[4:], "CFT_"+token[4:]
	sealed := unb64(t, token[4:])
	all["another key"] = "cft_" + b64(sealed[:3]+string(sealed[3]+1)+sealed[4:])
	all["a key from far away"] = "cft_" + b64("\xff\xff\xff\xff"+sealed[4:])
	all["standard base64"] = "cft_" + base64.RawStdEncoding.EncodeToString([]byte("\xfb\xff"+sealed))
	all["empty"], all["only zeros"] = "cft_", "cft_"+b64(strings.Repeat("\x00", 200))
	dead(t, h, "", h.Admin, all)
	if !h.Active(c, token) {
		t.Error("the token itself is not active")
	}
}

func TestJWTAlteredAnywhereIsDead(t *testing.T) {
	h := housetest.Start(t)
	c, token := h.Admin, h.AdminToken()
	h.Active(c, token) // it is remembered from here on, and nothing like it may be
	all := mutations(token)
	for name, other := range all {
		if other == token {
			delete(all, name)
		}
	}
	last := strings.IndexByte(alphabet, token[len(token)-1])
	for i := 1; i < 16; i++ {
		all[fmt.Sprintf("spare bits %d", i)] = token[:len(token)-1] + alphabet[last|i:(last|i)+1]
	}
	dead(t, h, "", h.Admin, all)
	if a := h.CallAs(token, "GET", "/api/v1/credentials/self", nil); !h.Active(c, token) || a.Status != http.StatusOK {
		t.Errorf("the token itself is not good: %d %s", a.Status, a.Text)
	}
}

func TestForgedJWTsAreDead(t *testing.T) {
	h := housetest.Start(t)
	h.NewAPI("invoices", O{"signing_alg": "RS256"}, "invoices:read")
	c := h.NewApp("billing", nil, "invoices:read")
	parts := strings.Split(h.Token(c), ".")
	header, payload, signature := unb64(t, parts[0]), parts[1], parts[2]
	claims := unb64(t, payload)
	all := map[string]string{}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "HS256", "HS384", "RS384", "PS256", "ES256", "EdDSA"} {
		other := b64(strings.Replace(header, `"RS256"`, fmt.Sprintf("%q", alg), 1))
		all["alg "+alg+", the signature"] = other + "." + payload + "." + signature
		all["alg "+alg+", no signature"] = other + "." + payload + "."
		all["alg "+alg+", two parts"] = other + "." + payload
	}
	all["no alg"] = b64(strings.Replace(header, `"alg":"RS256",`, "", 1)) + "." + payload + "." + signature
	all["empty signature"] = parts[0] + "." + payload + "."
	// The same header to every JSON parser, written otherwise.
	for name, other := range map[string]string{
		"white space": strings.Replace(header, ":", ": ", 1), "line break": header + "\n", "other order": `{"typ":"at+jwt",` + header[1:strings.Index(header, `,"typ"`)] + "}",
		"duplicate alg": `{"alg":"none",` + header[1:], "duplicate kid": header[:len(header)-1] + `,"kid":"x"}`, "one more member": header[:len(header)-1] + `,"x":1}`,
		"capitals": strings.Replace(header, `"alg"`, `"Alg"`, 1), "escaped": strings.Replace(header, `"alg"`, `"al\u0067"`, 1), "other typ": strings.Replace(header, "at+jwt", "JWT", 1),
		"no typ": strings.Replace(header, `,"typ":"at+jwt"`, "", 1), "foreign kid": strings.Replace(header, `"kid":"`, `"kid":"x`, 1), "path as kid": `{"alg":"RS256","kid":"../../dev/null","typ":"at+jwt"}`,
		"SQL as kid": `{"alg":"RS256","kid":"' or 1=1 --","typ":"at+jwt"}`, "crit": header[:len(header)-1] + `,"crit":["exp"]}`, "b64": header[:len(header)-1] + `,"b64":false,"crit":["b64"]}`,
		"jku": header[:len(header)-1] + `,"jku":"` + h.URL + `/oauth2/jwks"}`, "no kid": `{"alg":"RS256","typ":"at+jwt"}`, "a byte order mark": "\ufeff" + header,
		"not JSON": "x", "an array": "[]", "deep": strings.Repeat("[", 5000),
	} {
		all["header with "+name] = b64(other) + "." + payload + "." + signature
	}
	all["padded header"] = parts[0] + "=." + payload + "." + signature
	for name, other := range map[string]string{
		"longer life":  strings.Replace(claims, `"exp":`, `"exp":9`, 1),
		"other client": strings.ReplaceAll(claims, c.ID, h.Admin.ID),
		"second exp":   strings.Replace(claims, "{", `{"exp":9999999999,`, 1),
		"number 1e400": strings.Replace(claims, `"exp":`, `"exp":1e400,"x":`, 1),
	} {
		all["claims with "+name] = parts[0] + "." + b64(other) + "." + signature
	}
	jwks := h.Send(h.Request("GET", "/oauth2/jwks", nil)).Text
	for name, key := range symmetric(t, jwks) {
		for _, head := range []string{parts[0], b64(strings.Replace(header, "RS256", "HS256", 1))} {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(head + "." + payload))
			all["HS256 with our public key as "+name+" "+head[:12]] = head + "." + payload + "." + b64(string(mac.Sum(nil)))
		}
	}
	mine, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + payload))
	forged, err := rsa.SignPKCS1v15(rand.Reader, mine, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	all["signed with another key under our kid"] = parts[0] + "." + payload + "." + b64(string(forged))
	pss, err := rsa.SignPSS(rand.Reader, mine, crypto.SHA256, digest[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	all["PSS under our kid"] = parts[0] + "." + payload + "." + b64(string(pss))
	all["JSON serialization"] = fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, parts[0], payload, signature)
	all["detached"] = parts[0] + ".." + signature
	all["five parts"] = strings.Join(parts, ".") + ".."
	all["dots"] = strings.Repeat(".", 30<<10)
	dead(t, h, "", h.Admin, all)
	if !h.Active(c, strings.Join(parts, ".")) {
		t.Error("the token itself is not active")
	}
}

// symmetric returns our public keys in the forms in which a careless verifier holds them.
func symmetric(t *testing.T, jwks string) map[string][]byte {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(jwks), &set); err != nil {
		t.Fatal(err)
	}
	forms := map[string][]byte{"the JWKS": []byte(jwks), "nothing": nil}
	for _, key := range set.Keys {
		der, err := x509.MarshalPKIXPublicKey(key.Key)
		if err != nil {
			t.Fatal(err)
		}
		jwk, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		for form, bytes := range map[string][]byte{"DER": der, "PEM": block, "PEM without its last line break": block[:len(block)-1], "JWK": jwk} {
			forms[form+" of "+key.KeyID] = bytes
		}
	}
	return forms
}

func TestTokenOfOneEnvironmentIsNothingInAnother(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		acme, beta := newPlace(h, "acme"), newPlace(h, "beta")
		home := place{h: h, admin: h.Admin}
		places := map[string]place{"home": home, "acme": acme, "beta": beta}
		tokens := map[string]map[string]string{}
		for name, p := range places {
			jwt, handle := p.furnish("invoices", nil), p.furnish("parcels", O{"token_format": "handle"})
			tokens[name] = map[string]string{"JWT": p.token(jwt), "handle": p.token(handle), "management": p.token(p.admin)}
		}
		for from, own := range tokens {
			for to, p := range places {
				prefixes := []string{p.prefix}
				if p.id != "" {
					prefixes = append(prefixes, "/"+p.id)
				}
				for _, prefix := range prefixes {
					if from != to {
						dead(t, h, prefix, p.admin, own)
						continue
					}
					for kind, token := range own {
						if a := h.Form(prefix+"/oauth2/introspect", p.admin, "token", token); a.JSON["active"] != true {
							t.Errorf("%s of %s under %s: %s", kind, from, prefix, a.Text)
						}
					}
					if a := h.CallAs(own["management"], "GET", prefix+"/api/v1/credentials/self", nil); a.Status != http.StatusOK {
						t.Errorf("%s at home under %s: %d %s", from, prefix, a.Status, a.Text)
					}
				}
			}
		}
	})
}

func TestTokensOutliveTheirKeysRetirementAndNotItsDeletion(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		h := housetest.StartOn(t, dsn, filepath.Join(t.TempDir(), "root.key"), &housetest.Clock{}, nil)
		c, handle := furnish(h)
		token, sealed := h.Token(c), h.Token(handle)
		rotate := func(alg string) { h.Must("POST", "/keys/rotate", O{"alg": alg, "force": true}) }
		rotate("ES256")
		fresh := h.Token(c)
		if strings.HasPrefix(fresh, token[:60]) && strings.Split(fresh, ".")[0] == strings.Split(token, ".")[0] {
			t.Error("the new key does not sign")
		}
		if !h.Active(c, token) || !h.Active(c, fresh) {
			t.Error("a token died with its key's retirement")
		}
		var header struct{ Kid string }
		if err := json.Unmarshal([]byte(unb64(t, strings.Split(token, ".")[0])), &header); err != nil {
			t.Fatal(err)
		}
		raw := open(t, dsn)
		if r, err := raw.Exec(`DELETE FROM signing_key WHERE id = $1`, header.Kid); err != nil {
			t.Fatal(err)
		} else if n, _ := r.RowsAffected(); n != 1 {
			t.Fatalf("%d keys deleted", n)
		}
		if _, err := raw.Exec(`DELETE FROM handle_key`); err != nil {
			t.Fatal(err)
		}
		rotate("ES256") // makes the node read the keys again
		dead(t, h, "", h.Admin, map[string]string{"of a deleted key": token, "of a deleted handle key": sealed})
		if !h.Active(c, fresh) {
			t.Error("a token died with another key")
		}
		a := h.Form("/oauth2/token", handle, "grant_type", "client_credentials")
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
			t.Errorf("without a handle key: %d %s", a.Status, a.Text)
		}
	})
}

func TestJWTIsVerifiedByALibraryThatKnowsOnlyTheKeySet(t *testing.T) {
	h := housetest.Start(t)
	for _, alg := range []string{"ES256", "EdDSA", "RS256", "PS256"} {
		name := strings.ToLower(alg)
		h.NewAPI(name, O{"signing_alg": alg}, name+":read", name+":write")
		c := h.NewApp(name, nil, name+":read", name+":write")
		before := time.Now().Unix()
		token := h.Token(c)
		signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
		if err != nil {
			t.Fatal(err)
		}
		header := signed.Signatures[0].Header
		if header.ExtraHeaders[jose.HeaderType] != "at+jwt" || len(header.ExtraHeaders) != 1 || header.JSONWebKey != nil { // RFC 9068 §2.1
			t.Errorf("%s: header %+v", alg, header)
		}
		var set jose.JSONWebKeySet
		if err := json.Unmarshal([]byte(h.Send(h.Request("GET", "/oauth2/jwks", nil)).Text), &set); err != nil {
			t.Fatal(err)
		}
		keys := set.Key(header.KeyID)
		if len(keys) != 1 || keys[0].Algorithm != alg || keys[0].Use != "sig" || !keys[0].IsPublic() {
			t.Fatalf("%s: keys %+v", alg, keys)
		}
		payload, err := signed.Verify(keys[0])
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatal(err)
		}
		for claim, want := range map[string]any{ // RFC 9068 §2.2
			"iss": h.URL, "aud": "https://" + name + ".example", "sub": c.ID, "client_id": c.ID, "scope": name + ":read " + name + ":write",
		} {
			if claims[claim] != want {
				t.Errorf("%s: %s is %v, want %v", alg, claim, claims[claim], want)
			}
		}
		issued, _ := claims["iat"].(float64)
		if int64(issued) < before || claims["exp"] != issued+600 || len(claims["jti"].(string)) != 22 {
			t.Errorf("%s: %s", alg, payload)
		}
		for claim := range claims {
			switch claim {
			case "iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti", "credential_id", "counterfoil":
			default:
				t.Errorf("%s: the claim %s, which nobody asked for", alg, claim)
			}
		}
	}
}

func TestNoTwoTokensAreTheSame(t *testing.T) {
	h := housetest.Start(t)
	jwt, handle := furnish(h)
	seen := map[string]bool{}
	for range 50 {
		for _, c := range []Client{jwt, handle} {
			token := h.Token(c)
			jti := h.Introspect(c, token).String("jti")
			if seen[token] || seen[jti] {
				t.Fatal("a token was made twice")
			}
			seen[token], seen[jti] = true, true
		}
	}
}
