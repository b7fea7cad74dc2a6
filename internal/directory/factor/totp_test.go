package factor_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/directory/factor"
)

var rfcSecret = []byte("12345678901234567890")

// RFC 4226 appendix D.
func TestCodesOfCountersAreThoseOfTheRFC(t *testing.T) {
	for counter, want := range []uint32{755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489} {
		if got := factor.HOTP(rfcSecret, uint64(counter)) % 1_000_000; got != want {
			t.Errorf("counter %d: %06d, want %06d", counter, got, want)
		}
	}
}

// RFC 6238 appendix B, the rows of SHA-1.
func TestCodesOfTimesAreThoseOfTheRFC(t *testing.T) {
	for at, want := range map[int64]uint32{
		59: 94287082, 1111111109: 7081804, 1111111111: 14050471, 1234567890: 89005924, 2000000000: 69279037, 20000000000: 65353130,
	} {
		now := time.Unix(at, 0)
		step := factor.StepAt(now)
		if got := factor.HOTP(rfcSecret, uint64(step)) % 100_000_000; got != want {
			t.Errorf("%d: %08d, want %08d", at, got, want)
		}
		if code := fmt.Sprintf("%06d", want%1_000_000); factor.MatchTOTP(rfcSecret, code, now, 0) != step {
			t.Errorf("%d: %s is not right", at, code)
		}
	}
}

func TestClockMayBeOneStepOffAndNoMore(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	for off, want := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		step := factor.StepAt(now) + off
		code := codeAt(rfcSecret, time.Unix(step*30, 0))
		if got := factor.MatchTOTP(rfcSecret, code, now, 0); got == step != want {
			t.Errorf("%d steps off: step %d", off, got)
		}
	}
}

func TestStepIsGoneOnceItOrALaterOneWasUsed(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	step := factor.StepAt(now)
	for last, want := range map[int64]int64{step - 1: step, step: 0, step + 1: 0} {
		if got := factor.MatchTOTP(rfcSecret, codeAt(rfcSecret, now), now, last); got != want {
			t.Errorf("after step %d: %d, want %d", last, got, want)
		}
	}
}

func codeAt(secret []byte, at time.Time) string {
	return fmt.Sprintf("%06d", factor.HOTP(secret, uint64(factor.StepAt(at)))%1_000_000)
}

func TestAppReadsBackWhateverNamesAreMadeOf(t *testing.T) {
	for _, names := range [][2]string{
		{"Counterfoil", "ada@example.org"}, {"Möbel & Söhne", "ada lovelace"}, {"a/b?c#d", "x=y&secret=AAAA"}, {"100%", "ü:ü"}, {"A:B", "+49"},
	} {
		uri := factor.EnrolmentURI(names[0], names[1], rfcSecret).Reveal()
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || strings.Contains(uri, "+") {
			t.Fatalf("%s: %v", uri, err)
		}
		clean := func(s string) string { return strings.ReplaceAll(s, ":", " ") }
		label := strings.Split(strings.TrimPrefix(u.Path, "/"), ":")
		q := u.Query()
		if len(label) != 2 || label[0] != clean(names[0]) || label[1] != clean(names[1]) || q.Get("issuer") != label[0] ||
			len(q["secret"]) != 1 || q.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || q.Get("period") != "30" || q.Get("digits") != "6" {
			t.Errorf("%q became %s: %v %v", names, uri, label, q)
		}
	}
}

var recoveryShape = regexp.MustCompile(`^([a-km-np-z2-9]{4}-){3}[a-km-np-z2-9]{4}$`)

func TestRecoveryCodesAreReadAsPeopleTypeThem(t *testing.T) {
	spend, codes := factor.NewRecoverySet()
	seen := map[string]bool{}
	for i, code := range codes {
		if !recoveryShape.MatchString(code) || seen[code] {
			t.Errorf("code %s", code)
		}
		seen[code] = true
		typed := []string{code, strings.ToUpper(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ")}[i%4]
		if !spend(typed) || spend(code) {
			t.Errorf("%q for %s: not right, or right twice", typed, code)
		}
	}
	if len(codes) != factor.RecoveryCodes || spend("") || spend(strings.Repeat("a", 16)) {
		t.Error("too few, or nothing is a code")
	}
}

// Whatever is typed is right for nothing by chance, and nothing panics.
func FuzzTypedCode(f *testing.F) {
	spend, codes := factor.NewRecoverySet()
	now := time.Unix(1_790_000_000, 0)
	for _, seed := range []string{codes[0], codeAt(rfcSecret, now), "", "١٢٣٤٥٦", "000 000", "-1", "1e5", "\x00"} {
		f.Add(seed)
	}
	want := map[string]bool{}
	for _, off := range []time.Duration{-30 * time.Second, 0, 30 * time.Second} {
		want[codeAt(rfcSecret, now.Add(off))] = true
	}
	left := map[string]bool{}
	for _, code := range codes {
		left[factor.Typed(code)] = true
	}
	f.Fuzz(func(t *testing.T, code string) {
		if right := factor.MatchTOTP(rfcSecret, factor.Typed(code), now, 0) != 0; right != want[factor.Typed(code)] {
			t.Errorf("%q: %v", code, right)
		}
		plain := strings.ToLower(factor.Typed(code))
		if right := spend(code); right != left[plain] {
			t.Errorf("%q: %v", code, right)
		}
		delete(left, plain)
	})
}
