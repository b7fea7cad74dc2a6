package password_test

import (
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestOneSpellingOfEveryPassword(t *testing.T) {
	for given, want := range map[string]string{ // RFC 8265 §4.3, and more
		"correct horse battery staple":           "correct horse battery staple",
		"Correct Horse Battery Staple":           "Correct Horse Battery Staple",
		"πßå":                                    "πßå",
		"Jack of ♦s":                             "Jack of ♦s",
		"foo\u1680bar":                           "foo bar",
		"foo\u00a0bar\u3000":                     "foo bar ",
		"e\u0301te\u0301":                        "été",
		"Å\u212bA\u030a":                         "ÅÅÅ",
		" spaces stay ":                          " spaces stay ",
		"ｗｉｄｅ":                                   "ｗｉｄｅ",
		strings.Repeat("x", password.MaxBytes):   strings.Repeat("x", password.MaxBytes),
		strings.Repeat("😀", password.MaxBytes/4): strings.Repeat("😀", password.MaxBytes/4),
	} {
		normal, err := password.Normal(seal.NewSecret(given))
		if err != nil || normal.Reveal() != want {
			t.Errorf("%q is %q, %v", given, normal.Reveal(), err)
		}
	}
	for _, given := range []string{"", "my cat is a \tby", "line\n", "zero\x00", "\x7f", "\xff", strings.Repeat("x", password.MaxBytes+1), strings.Repeat("\u0958", password.MaxBytes/3)} {
		if _, err := password.Normal(seal.NewSecret(given)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", given, err)
		}
	}
}

func FuzzNormal(f *testing.F) {
	f.Add("e\u0301te\u0301\u00a0")
	f.Fuzz(func(t *testing.T, text string) {
		normal, err := password.Normal(seal.NewSecret(text))
		if err != nil {
			return
		}
		if again, err := password.Normal(normal); err != nil || again.Reveal() != normal.Reveal() {
			t.Errorf("%q becomes %q and then %q: %v", text, normal.Reveal(), again.Reveal(), err)
		}
	})
}
