package chosen_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const sample = "pa%ss+wo:rd é"

// The hashes were made with libxcrypt (crypt), Python's hashlib, OpenSSL and libargon2.
var foreign = map[string]chosen.Scheme{
	"$2a$05$abcdefghijklmnopqrstuukdL/bPyDQO1mjzJBDBPf9jM56SEzKDK": chosen.Bcrypt,
	"$2b$05$abcdefghijklmnopqrstuukdL/bPyDQO1mjzJBDBPf9jM56SEzKDK": chosen.Bcrypt,
	"$2y$05$abcdefghijklmnopqrstuukdL/bPyDQO1mjzJBDBPf9jM56SEzKDK": chosen.Bcrypt,

	"pbkdf2_sha256$2000$seasalt1$6m165U0Yt+pZqunZ9J9/YOEL+ADMLCjsZuJl38GrGUs=":                                                          chosen.PBKDF2SHA256,
	"pbkdf2_sha512$2000$seasalt1$nI50x380qtevSiD39zgU7XOX3yTLyAhKYGE47NdO5P1lYZdj3KRDlE3PPh6iyOCSZDO2J7VWJGHfMlQM5bfvxA==":              chosen.PBKDF2SHA512,
	"$pbkdf2-sha256$2500$8PHy8/T19vf4.fr7/P3./w$7pn1/dDfyYye1KS3ocNOUaqZwm1y4Dhe8NtwTtiiYZ4":                                            chosen.PBKDF2SHA256,
	"$pbkdf2-sha512$2500$8PHy8/T19vf4.fr7/P3./w$4FeBxp/0V6QLTOwjzCtYcy0w1GOXE2d/LhW1V4VIA8MJwtd46HyfAXuXTAzCIIfNDHQVv2EIMxUfi4vv.IfkAw": chosen.PBKDF2SHA512,

	"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$/W8oa2nCSEhbfJU4HpkMcUDxHG5HUmf4kvgwA27wDU8":               chosen.Argon2id,
	"$argon2id$v=19$m=100,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$NIY+jDSXhKLSuiOWmJeaF/CKRdOcHHpL":              chosen.Argon2id,
	"$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$5snYgWbHEo+plsw8s4/qHJlL7eV/6gaRX2hnueq0H4U": chosen.Argon2id,

	"685bc222b398328ceb85c64945f29def5fd6f811da82541867703cda050c99b6":  chosen.SHA256,
	"685BC222B398328CEB85C64945F29DEF5FD6F811DA82541867703CDA050C99B6":  chosen.SHA256,
	"{SSHA256}moAzvRQ2iYgrfmfiPucfAsZGq6ph3YmbsvAvAOOFbGQAAXNhbHRzYWx0": chosen.SHA256,
}

func TestHashesOfOtherSystemsAreRecognised(t *testing.T) {
	for text, scheme := range foreign {
		h, err := chosen.ParseImported(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if h.Scheme() != scheme || h.Text() != text {
			t.Errorf("%s: read as %s %s", text, h.Scheme(), h.Text())
		}
		if !h.Verify([]byte(sample)) {
			t.Errorf("%s: the right secret does not match", text)
		}
		for _, wrong := range []string{"", sample + " ", "pa%ss+wo:rd e\u0301", strings.ToUpper(sample), strings.Repeat("x", 257)} {
			if h.Verify([]byte(wrong)) {
				t.Errorf("%s: %q matches", text, wrong)
			}
		}
		if shown := fmt.Sprintf("%v %+v %#v %s", h, h, h, h); strings.Contains(shown, text[len(text)-8:]) {
			t.Errorf("printing shows %s", shown)
		}
	}
}

func TestBcryptMatchesNoSecretThatItWouldCut(t *testing.T) {
	// libxcrypt makes the same hash of 72 and of 73 times x.
	h, err := chosen.ParseImported("$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i")
	if err != nil {
		t.Fatal(err)
	}
	for length, want := range map[int]bool{71: false, 72: true, 73: false, 200: false} {
		if h.Verify([]byte(strings.Repeat("x", length))) != want {
			t.Errorf("%d bytes: not %v", length, want)
		}
	}
	// bcrypt appends a zero byte and repeats, so that to Go's these two secrets are the same.
	if h, err = chosen.ParseImported("$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"); err != nil {
		t.Fatal(err)
	}
	if !h.Verify([]byte("secret")) || h.Verify([]byte("secret\x00secret")) {
		t.Error("a secret with a zero byte matches")
	}
}

func TestTheDearestHashesAreStillRead(t *testing.T) {
	for _, text := range []string{
		"$2b$12$abcdefghijklmnopqrstuuhRL8YZke2NcCdRViPdcUF8R5s1xHrDy",
		"pbkdf2_sha256$1000000$seasalt1$6m165U0Yt+pZqunZ9J9/YOEL+ADMLCjsZuJl38GrGUs=",
		"$argon2id$v=19$m=65536,t=4,p=4$c29tZXNhbHQ$/W8oa2nCSEhbfJU4HpkMcUDxHG5HUmf4kvgwA27wDU8",
	} {
		if _, err := chosen.ParseImported(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestHashesThatAreDamagedOrTooDearAreRefused(t *testing.T) {
	const sum32, sum64 = "6m165U0Yt+pZqunZ9J9/YOEL+ADMLCjsZuJl38GrGUs=", "nI50x380qtevSiD39zgU7XOX3yTLyAhKYGE47NdO5P1lYZdj3KRDlE3PPh6iyOCSZDO2J7VWJGHfMlQM5bfvxA=="
	const crypted = "abcdefghijklmnopqrstuukdL/bPyDQO1mjzJBDBPf9jM56SEzKDK"
	const phc = "$c29tZXNhbHQ$/W8oa2nCSEhbfJU4HpkMcUDxHG5HUmf4kvgwA27wDU8"
	for _, text := range []string{
		"", "secret", "$", "$2b$", strings.Repeat("$2b$", 200),
		"$2$05$" + crypted, "$2x$05$" + crypted, "$2b$03$" + crypted, "$2b$13$" + crypted, "$2b$31$" + crypted, "$2b$5$" + crypted, "$2b$+5$" + crypted, "$2b$00$" + crypted,
		"$2b$05$" + crypted + "K", "$2b$05$" + crypted[1:], "$2b$05$" + strings.Replace(crypted, "/", "!", 1), "$2b$05$" + crypted[:52] + "L", "$2b$05_" + crypted,
		"$2b$05$" + crypted + "\n", " $2b$05$" + crypted,
		"pbkdf2_sha1$2000$seasalt1$YWFhYWFhYWFhYWFhYWFhYWFhYWE=", "$pbkdf2$2000$seasalt1$abc",
		"pbkdf2_sha256$0$seasalt1$" + sum32, "pbkdf2_sha256$1000001$seasalt1$" + sum32, "pbkdf2_sha256$02000$seasalt1$" + sum32, "pbkdf2_sha256$-1$seasalt1$" + sum32,
		"pbkdf2_sha256$99999999999999999999$seasalt1$" + sum32, "pbkdf2_sha256$2000$$" + sum32, "pbkdf2_sha256$2000$" + strings.Repeat("s", 129) + "$" + sum32,
		"pbkdf2_sha256$2000$seasalt1$" + sum64, "pbkdf2_sha512$2000$seasalt1$" + sum32, "pbkdf2_sha256$2000$seasalt1$" + sum32[:43], "pbkdf2_sha256$2000$seasalt1$" + sum32 + "$",
		"pbkdf2_sha256$2000$seasalt1$" + strings.Replace(sum32, "s=", "t=", 1), "pbkdf2_sha256$2000$seasalt1$" + sum32[:8] + "\r\n" + sum32[8:],
		"$pbkdf2-sha256$2500$8PHy8/T19vf4+fr7/P3+/w$7pn1/dDfyYye1KS3ocNOUaqZwm1y4Dhe8NtwTtiiYZ4", "$pbkdf2-sha256$2500$$7pn1/dDfyYye1KS3ocNOUaqZwm1y4Dhe8NtwTtiiYZ4",
		"$argon2i$v=19$m=64,t=1,p=1" + phc, "$argon2d$v=19$m=64,t=1,p=1" + phc, "$argon2id$v=16$m=64,t=1,p=1" + phc, "$argon2id$m=64,t=1,p=1" + phc,
		"$argon2id$v=19$m=65537,t=1,p=1" + phc, "$argon2id$v=19$m=64,t=5,p=1" + phc, "$argon2id$v=19$m=64,t=1,p=5" + phc, "$argon2id$v=19$m=64,t=1,p=257" + phc,
		"$argon2id$v=19$m=0,t=1,p=1" + phc, "$argon2id$v=19$m=64,t=0,p=1" + phc, "$argon2id$v=19$m=64,t=1,p=0" + phc, "$argon2id$v=19$m=31,t=1,p=4" + phc,
		"$argon2id$v=19$t=1,m=64,p=1" + phc, "$argon2id$v=19$m=64,t=1" + phc, "$argon2id$v=19$m=64,t=1,p=1,data=x" + phc, "$argon2id$v=19$m=64,t=1,p=1" + phc + "=",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdA$/W8oa2nCSEhbfJU4HpkMcUDxHG5HUmf4kvgwA27wDU8", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$/W8oa2nCSEhbfJU4HpkM", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
		"685bc222b398328ceb85c64945f29def5fd6f811da82541867703cda050c99b", "685bc222b398328ceb85c64945f29def5fd6f811da82541867703cda050c99bg",
		"5f4dcc3b5aa765d61d8327deb882cf99", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", // MD5, SHA-1
		"{SSHA256}moAzvRQ2iYgrfmfiPucfAsZGq6ph3YmbsvAvAOOFbGQ=", "{SSHA256}moAzvRQ2", "{SSHA}moAzvRQ2iYgrfmfiPucfAsZGq6ph3YmbsvAvAOOFbGQAAXNhbHRzYWx0",
		"{SSHA256}moAzvRQ2iYgrfmfiPucfAsZGq6ph3YmbsvAvAOOFbGQ" + strings.Repeat("AAXNhbHRzYWx0", 40),
	} {
		h, err := chosen.ParseImported(text)
		if field, words := fault.Public(err); h != nil || !fault.Is(err, fault.Invalid) || field != "hash" || len(words) < 20 {
			t.Errorf("%q: %v, %v", text, h, err)
		}
	}
}

func TestSpareBitsOfABcryptSaltAreIgnoredAsEverywhere(t *testing.T) {
	// The last character of the salt carries two bits; u, as libxcrypt writes it, is the same as v.
	h, err := chosen.ParseImported("$2b$05$abcdefghijklmnopqrstuvkdL/bPyDQO1mjzJBDBPf9jM56SEzKDK")
	if err != nil || !h.Verify([]byte(sample)) {
		t.Errorf("%v", err)
	}
}

func TestDerivationIsArgon2id(t *testing.T) {
	p, err := chosen.ParseParams("$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw")
	if err != nil {
		t.Fatal(err)
	}
	const want = "e6c9d88166c7128fa996cc3cb38fea1c994bede57fea06915f6867b9eab41f85" // libargon2
	if got := p.Derive([]byte(sample)); hex.EncodeToString(got[:]) != want {
		t.Errorf("got %x", got)
	}
}

func TestParametersSurviveTheirText(t *testing.T) {
	p := chosen.NewParams()
	back, err := chosen.ParseParams(p.String())
	if err != nil || *back != *p || !p.Valid() {
		t.Errorf("%s came back as %v, %v", p, back, err)
	}
	if p.Salt == chosen.NewParams().Salt {
		t.Error("two applications have one salt")
	}
	for _, text := range []string{"", "$argon2id$v=19$", p.String() + "A", p.String() + "$AAAA", p.String() + "\n", p.String()[:40] + "\n" + p.String()[40:], p.String()[:len(p.String())-2], strings.Replace(p.String(), "t=2", "t=5", 1),
		strings.Replace(p.String(), "t=2", "t=0", 1), strings.Replace(p.String(), "m=19456", "m=65537", 1), strings.Replace(p.String(), "id", "i", 1)} {
		if p, err := chosen.ParseParams(text); !fault.Is(err, fault.Internal) {
			t.Errorf("%q: %v, %v", text, p, err)
		}
	}
}

func FuzzParseImported(f *testing.F) {
	for text := range foreign {
		f.Add(text)
	}
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := chosen.ParseImported(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Error(err)
			}
			return
		}
		again, err := chosen.ParseImported(h.Text())
		if err != nil || again.Scheme() != h.Scheme() {
			t.Errorf("%q is read once only: %v", text, err)
		}
		if h.Scheme() == chosen.SHA256 { // the others are too slow for this
			h.Verify([]byte("x"))
		}
	})
}

func FuzzParseParams(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := chosen.ParseParams(text); err == nil && (p.String() != text || !p.Valid()) {
			t.Errorf("%q is read as %s", text, p)
		}
	})
}
