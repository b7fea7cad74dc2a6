package leak

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestAlertIsRead(t *testing.T) {
	hidden := secret(1)
	body := `[{"token":"` + hidden + `","type":"counterfoil_secret","url":"https://example.com/o/r/blob/1/f.txt","source":"Commit"},
		{"token":"some_token","type":"some_type","url":"","source":"content","added_later":{"a":[1]}}]`
	reports, err := ParseAlert([]byte(body))
	if err != nil || len(reports) != 2 {
		t.Fatal(reports, err)
	}
	first, second := reports[0], reports[1]
	if first.Token.Reveal() != hidden || first.Type != "counterfoil_secret" || first.URL != "https://example.com/o/r/blob/1/f.txt" || first.Source != "commit" {
		t.Errorf("%+v", first)
	}
	if !first.Generated() || first.Hint() != hidden[:8] || second.Generated() || second.Hint() != "" {
		t.Error("what can be ours is not told from what cannot")
	}
	if strings.Contains(fmt.Sprintf("%+v", reports), hidden) {
		t.Error("a secret is shown")
	}
}

func TestWhatIsNoAlertIsRefusedWithoutQuotingIt(t *testing.T) {
	hidden := secret(1)
	one := `{"token":"` + hidden + `","type":"t"}`
	for body, want := range map[string]fault.Kind{
		"": fault.Invalid, "null": fault.Invalid, "{}": fault.Invalid, one: fault.Invalid, "[null]": fault.Invalid, "[" + one: fault.Invalid,
		"[" + one + "]x": fault.Invalid, "[" + one + "][]": fault.Invalid, `[{"type":"t"}]`: fault.Invalid, `[{"token":"x"}]`: fault.Invalid,
		`[{"token":"","type":"t"}]`: fault.Invalid, `[{"token":1,"type":"t"}]`: fault.Invalid, `[{"token":"` + hidden + `","type":"a b"}]`: fault.Invalid,
		`[{"token":"` + hidden + `","type":{"` + hidden + `":1}}]`:          fault.Invalid,
		`[{"token":"` + strings.Repeat("x", tokenMost+1) + `","type":"t"}]`: fault.Invalid,
		"[{\"token\":\"\xff\",\"type\":\"t\"}]":                             fault.Invalid,
		"[" + strings.Repeat(one+",", ReportsMost) + one + "]":              fault.TooLarge,
		"[" + strings.Repeat(" ", AlertMost) + "]":                          fault.TooLarge,
		strings.Repeat("[", 100_000):                                        fault.Invalid,
		`[{"token":"x","type":"` + strings.Repeat("t", typeMost+1) + `"}]`:  fault.Invalid,
		`[{"token":"x","type":"t","url":7}]`:                                fault.Invalid,
	} {
		_, err := ParseAlert([]byte(body))
		if !fault.Is(err, want) || strings.Contains(err.Error(), hidden[:20]) {
			t.Errorf("%.80q: %v, want %v", body, err, want)
		}
	}
	for _, body := range []string{"[]", "[" + strings.Repeat(one+",", ReportsMost-1) + one + "]"} {
		if _, err := ParseAlert([]byte(body)); err != nil {
			t.Errorf("%.80q: %v", body, err)
		}
	}
}

func TestLinkOfAReportLeadsNowhereDangerous(t *testing.T) {
	hidden := secret(1)
	for url, want := range map[string]string{
		"javascript:alert(1)": "", "data:text/html,x": "", "//example.com/x": "", "/x": "", "https:///x": "", "https://user:pass@example.com/": "",
		"https://example.com/" + strings.Repeat("x", urlMost): "", "https://example.com/some_token": "", "%zz": "", "ftp://example.com/": "",
		"https://example.com/a\nb": "", "HTTPS://example.com/a b\"<": "https://example.com/a%20b%22%3C", "http://example.com/?q=1#L7": "http://example.com/?q=1#L7",
		"https://example.com/" + hidden: "https://example.com/" + hidden[:8] + "…",
	} {
		body, _ := json.Marshal([]map[string]string{{"token": "some_token", "type": "t", "url": url, "source": "<script>"}})
		reports, err := ParseAlert(body)
		if err != nil {
			t.Errorf("%q: %v", url, err)
		} else if reports[0].URL != want || reports[0].Source != "unknown" {
			t.Errorf("%q became %q, from %q", url, reports[0].URL, reports[0].Source)
		}
	}
}

func TestVerdictsHaveThePartnersForm(t *testing.T) {
	reports, err := ParseAlert([]byte(`[{"token":"abc","type":"t"}]`))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal([]Verdict{Answer(reports[0], true), Answer(reports[0], false)})
	const hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-4, of "abc"
	want := `[{"token_hash":"` + hash + `","token_type":"t","label":"true_positive"},{"token_hash":"` + hash + `","token_type":"t","label":"false_positive"}]`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
}

// The example of the partner's documentation, signed by the partner's own key: docs.github.com, "Secret scanning
// partner program".
const (
	exampleID        = "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c"
	exampleBody      = `[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]`
	exampleSignature = "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg=="
	exampleKeys      = `{"public_keys":[{"key_identifier":"90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a",` +
		`"key":"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\nkCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==\n-----END PUBLIC KEY-----\n",` +
		`"is_current":false},{"key_identifier":"` + exampleID + `",` +
		`"key":"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\nAjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n-----END PUBLIC KEY-----\n","is_current":true}]}`
)

func TestPartnersOwnExampleVerifies(t *testing.T) {
	keys, err := ParseKeys([]byte(exampleKeys))
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifySignature(keys, exampleID, exampleSignature, []byte(exampleBody)); err != nil {
		t.Error(err)
	}
	if reports, err := ParseAlert([]byte(exampleBody)); err != nil || len(reports) != 1 || reports[0].Source != "commit" {
		t.Error(reports, err)
	}
}

func TestForgedAlertsAreRefusedInTheSameWords(t *testing.T) {
	keys, err := ParseKeys([]byte(exampleKeys))
	if err != nil {
		t.Fatal(err)
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(exampleBody))
	foreign, _ := ecdsa.SignASN1(rand.Reader, own, sum[:])
	const other = "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a"
	for what, c := range map[string]struct{ id, signature, body string }{
		"another body":       {exampleID, exampleSignature, exampleBody + " "},
		"no body":            {exampleID, exampleSignature, ""},
		"another key":        {other, exampleSignature, exampleBody},
		"an unknown key":     {"nobody", exampleSignature, exampleBody},
		"no key":             {"", exampleSignature, exampleBody},
		"no signature":       {exampleID, "", exampleBody},
		"no base64":          {exampleID, "!" + exampleSignature[1:], exampleBody},
		"a foreign one":      {exampleID, base64.StdEncoding.EncodeToString(foreign), exampleBody},
		"r and s of 0":       {exampleID, base64.StdEncoding.EncodeToString([]byte{0x30, 6, 2, 1, 0, 2, 1, 0}), exampleBody},
		"more than one":      {exampleID, base64.StdEncoding.EncodeToString(append(foreign, 0)), exampleBody},
		"a signature's book": {exampleID, strings.Repeat("A", 1<<20), exampleBody},
	} {
		err := VerifySignature(keys, c.id, c.signature, []byte(c.body))
		if !fault.Is(err, fault.Unauthenticated) || err.Error() != errSignature.Error() {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := VerifySignature(Keys{}, exampleID, exampleSignature, []byte(exampleBody)); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("without keys: %v", err)
	}
}

func TestOnlyUsableKeysAreTaken(t *testing.T) {
	public := func(curve elliptic.Curve) string {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	set := func(idsAndKeys ...string) []byte {
		var all []map[string]any
		for i := 0; i < len(idsAndKeys); i += 2 {
			all = append(all, map[string]any{"key_identifier": idsAndKeys[i], "key": idsAndKeys[i+1], "is_current": i == 0})
		}
		b, _ := json.Marshal(map[string]any{"public_keys": all})
		return b
	}
	good := public(elliptic.P256())
	keys, err := ParseKeys(set("a", good, "b", public(elliptic.P384()), "c", "no PEM", "d", good))
	if err != nil || !keys.Knows("a") || keys.Knows("b") || keys.Knows("c") || !keys.Knows("d") {
		t.Errorf("%v %v", keys, err)
	}
	for what, document := range map[string][]byte{
		"nothing": nil, "no set": []byte("[]"), "empty": []byte("{}"), "twice": set("a", good, "a", good), "without a name": set("", good),
		"none usable": set("b", public(elliptic.P384())), "two values": append(set("a", good), "{}"...), "too long": append(set("a", good), make([]byte, KeysMost)...),
		"too many": set(strings.Split(strings.Repeat("x,y,", keyCountMost+1)+"z,z", ",")...),
	} {
		if _, err := ParseKeys(document); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
}

func FuzzParseAlert(f *testing.F) {
	f.Add([]byte(exampleBody))
	f.Add([]byte(`[{"token":"x","type":"t","url":"javascript:x","source":"\u0000"},null]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		reports, err := ParseAlert(body)
		if err != nil {
			if k := fault.Of(err); k != fault.Invalid && k != fault.TooLarge {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(reports) > ReportsMost {
			t.Fatalf("%d reports", len(reports))
		}
		for _, r := range reports {
			token := r.Token.Reveal()
			if token == "" || len(token) > tokenMost || r.Type == "" || r.Source == "" || strings.ContainsAny(r.Source+r.Type+r.URL, "\n\x00<\"") {
				t.Fatalf("%+v", r)
			}
			if r.URL != "" && (!strings.HasPrefix(r.URL, "http://") && !strings.HasPrefix(r.URL, "https://") || strings.Contains(r.URL, token)) {
				t.Fatalf("%q", r.URL)
			}
			_ = Answer(r, true)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(exampleKeys))
	f.Fuzz(func(t *testing.T, document []byte) {
		if keys, err := ParseKeys(document); err == nil && len(keys.byID) == 0 {
			t.Fatal("no keys, and no error")
		}
	})
}
