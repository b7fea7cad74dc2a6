package assertion_test

import (
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestPeekTellsWhoATokenClaimsToBeFrom(t *testing.T) {
	token := raw(t, keys().p256, text(object{"alg": "ES256", "kid": "k", "typ": "application/JWT"}), text(claims(object{"aud": []string{"a", "b"}, "nbf": 7})))
	u, err := assertion.Peek(token)
	if err != nil {
		t.Fatal(err)
	}
	if u.ClientID() != client || u.ID != "j-1" || u.KeyID != "k" || u.Algorithm != "ES256" || u.Type != "jwt" ||
		len(u.Audience) != 2 || !u.IssuedAt.Equal(now) || !u.Expires.Equal(now.Add(time.Minute)) || u.NotBefore.Unix() != 7 {
		t.Errorf("got %+v", u)
	}
	u, err = assertion.Peek(sign(t, keys().p256, "ES256", object{"iss": "https://issuer.example", "sub": client}))
	if err != nil || u.ClientID() != "" || u.Subject != client || !u.Expires.IsZero() {
		t.Errorf("got %+v, %v", u, err)
	}
}

// C06, C07, C08, C10.
func TestTokensHaveOneForm(t *testing.T) {
	good := sign(t, keys().p256, "ES256", claims(nil))
	parts := strings.Split(good, ".")
	header, payload, signature := parts[0], parts[1], parts[2]
	head := func(members string) string {
		return raw(t, keys().p256, `{"alg":"ES256"`+members+`}`, text(claims(nil)))
	}
	body := func(text string) string { return raw(t, keys().p256, `{"alg":"ES256"}`, text) }
	with := func(h, p, s string) string { return h + "." + p + "." + s }
	// 64 bytes leave 4 unused bits in the last character: the next one in the alphabet says the same to the lenient.
	last := signature[len(signature)-1]
	sloppy := signature[:len(signature)-1] + string(last+1)
	for name, token := range map[string]string{
		"empty": "", "dots": "..", "two parts": header + "." + payload, "four parts": good + ".x", "five parts": "a.b.c.d.e",
		"8 MB of dots": strings.Repeat(".", 8<<20), "16 KiB and more": good + strings.Repeat("A", assertion.MaxToken),
		"detached payload": with(header, "", signature), "no signature": with(header, payload, ""),
		"JSON serialization": text(object{"payload": payload, "protected": header, "signature": signature}),
		"two signatures":     text(object{"payload": payload, "signatures": []object{{"protected": header, "signature": signature}, {"protected": header, "signature": signature}}}),
		"padding":            good + "==", "padded header": with(header+"=", payload, signature), "line break": good + "\n", "line break inside": with(header, payload[:8]+"\r\n"+payload[8:], signature),
		"space": " " + good, "standard alphabet": with(header, payload, strings.Repeat("+/", 43)), "unused bits": with(header, payload, sloppy), "one character": with(header, payload, "A"),
		"crit unknown": head(`,"crit":["x"],"x":1`), "crit twice": head(`,"crit":["x","x"],"x":1`), "crit empty": head(`,"crit":[]`),
		"crit registered": head(`,"crit":["alg"]`), "crit b64": head(`,"crit":["b64"],"b64":false`), "b64": head(`,"b64":false`), "b64 true": head(`,"b64":true`), "crit null": head(`,"crit":null`),
		"alg twice": head(`,"alg":"ES256"`), "alg twice by escape": head(`,"\u0061lg":"none"`), "kid a number": head(`,"kid":1`), "long kid": head(`,"kid":"` + strings.Repeat("k", 513) + `"`),
		"alg in capitals only": raw(t, keys().p256, `{"Alg":"ES256"}`, text(claims(nil))),
		"header a list":        raw(t, keys().p256, `["ES256"]`, text(claims(nil))), "header null": raw(t, keys().p256, `null`, text(claims(nil))),
		"sub twice": body(`{"sub":"a","sub":"b"}`), "nested twice": body(`{"a":{"b":1,"b":2}}`), "trailing bytes": body(text(claims(nil)) + "x"), "two objects": body(`{}{}`),
		"BOM": body("\ufeff{}"), "not UTF-8": body("{\"a\":\"\xff\"}"), "deep": body(strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000)),
		"deep list": body(`{"a":` + strings.Repeat(`[`, 5000) + strings.Repeat("]", 5000) + "}"), "never closed": body(strings.Repeat(`[`, 10000)), "comment": body(`{/**/}`), "NaN": body(`{"a":NaN}`),
		"trailing comma": body(`{"a":1,}`), "single quotes": body(`{'a':1}`), "control character": body("{\"a\":\"\n\"}"), "payload a string": body(`"x"`), "leading zero": body(`{"exp":01}`), "plus": body(`{"exp":+1}`),
	} {
		begun := time.Now()
		_, err := assertion.Peek(token)
		wantReason(t, name, err, assertion.Malformed)
		if took := time.Since(begun); took > 100*time.Millisecond { // 10 ms, were the machine ours alone
			t.Errorf("%s: took %v", name, took)
		}
		if err != nil && len(err.Error()) > 2000 {
			t.Errorf("%s: %d bytes of error", name, len(err.Error()))
		}
	}
	if _, err := assertion.Peek(good); err != nil {
		t.Error(err)
	}
	if _, err := assertion.Peek(body(`{"sub":"a","Sub":"b","a":1e400}`)); err != nil {
		t.Errorf("other names and numbers nobody reads: %v", err)
	}
}

func TestRefusalsTellCallersNothing(t *testing.T) {
	seen := map[assertion.Reason]bool{}
	for _, r := range assertion.Reasons() {
		if seen[r] || r == "" || strings.ToLower(string(r)) != string(r) {
			t.Errorf("the reason %q is taken or no word", r)
		}
		seen[r] = true
	}
	_, err := assertion.Peek("canary")
	if field, message := fault.Public(err); field != "" || message != "client authentication failed" {
		t.Errorf("a caller hears %q %q", field, message)
	}
	if assertion.ReasonOf(nil) != "" || assertion.ReasonOf(fault.New(fault.Internal, "x")) != "" {
		t.Error("other errors have a reason")
	}
}

func FuzzPeek(f *testing.F) {
	for _, s := range []string{"", "..", "a.b.c", "eyJhbGciOiJFUzI1NiJ9.e30.AA", "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIiwic3ViIjoiYSIsImF1ZCI6WyJiIl0sImV4cCI6OX0.AA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		u, err := assertion.Peek(token)
		if err != nil {
			if r := assertion.ReasonOf(err); r != assertion.Malformed && r != assertion.WrongType {
				t.Errorf("%q: %v", token, err)
			}
			return
		}
		if u.Algorithm == "" || strings.Count(token, ".") != 2 || strings.ContainsAny(token, "=+/ \r\n") {
			t.Errorf("%q is read as %+v", token, u)
		}
		if !u.Expires.IsZero() && (u.Expires.Unix() < 1 || u.Expires.Year() > 9999) {
			t.Errorf("%q expires at %v", token, u.Expires)
		}
	})
}
