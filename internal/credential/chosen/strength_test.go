package chosen_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestPolicyRefusesWhatIsWeakOrCannotBeSent(t *testing.T) {
	standard := chosen.DefaultPolicy
	for _, c := range []struct {
		name, secret string
		policy       chosen.Policy
		words        string // in the refusal; "" is accepted
	}{
		{"unrelated words", "correct horse battery staple", standard, ""},
		{"what Basic has to escape", "Zv8%qL1+uN:x wP", standard, ""},
		{"other alphabets", "пять-жёлтых зонтов №7", standard, ""},
		{"a leading and a trailing space", " Zv8qL1uNxwPt ", standard, ""},
		{"as long as possible", strings.Repeat("Zv8%qL1+uN:x wPt", 16), standard, ""},
		{"one byte more", strings.Repeat("Zv8%qL1+uN:x wPt", 16) + "x", standard, "too long"},
		{"nothing", "", standard, "too short"},
		{"short in characters, not in bytes", "äöüßéèêàçñ№", standard, "at least 12 characters"},
		{"a policy below the floor", "Zv8%qL1", chosen.Policy{}, "at least 8 characters"},
		{"a policy that asks for no strength", "aaaaaaaa", chosen.Policy{}, ""},
		{"not UTF-8", "Zv8%qL1+uN:x\xff", standard, "UTF-8"},
		{"overlong UTF-8", "Zv8%qL1+uN:x\xc0\xaf", standard, "UTF-8"},
		{"a zero byte", "Zv8%qL1+uN:x\x00", standard, "control"},
		{"an end of line", "Zv8%qL1+uN:x\n", standard, "control"},
		{"a C1 control", "Zv8%qL1+uN:x\u0085", standard, "control"},
		{"the prefix of a generated secret", "cfs_Zv8qL1uNxwPt", standard, "cfs_"},
		{"a common password", "password1234", standard, "many people use"},
		{"with digits for letters", "P4$$w0rd-1984", standard, "easy to guess"},
		{"keys side by side", "poiuytrewqasdfg", standard, "side by side"},
		{"one character", strings.Repeat("q", 40), standard, "repeats itself"},
		{"a weak piece again and again", strings.Repeat("k7!", 30), standard, "repeats itself"},
		{"a sequence", "ghijklmnopqrst", standard, "sequence"},
		{"a date", "19.03.1984 1984", standard, "date"},
	} {
		err := c.policy.Check(c.secret)
		switch {
		case c.words == "" && err != nil:
			t.Errorf("%s: refused: %v", c.name, err)
		case c.words != "" && (!fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.words)):
			t.Errorf("%s: got %v, want a refusal that says %q", c.name, err, c.words)
		}
		if field, words := fault.Public(err); err != nil && (field != "secret" || (len(c.secret) > 4 && strings.Contains(words, c.secret))) {
			t.Errorf("%s: field %q, words %q", c.name, field, words)
		}
	}
}

func TestWordsAboutTheApplicationAreWeakForIt(t *testing.T) {
	const secret = "Zorblatt-Quuxifier-7"
	if err := chosen.DefaultPolicy.Check(secret); err != nil {
		t.Fatal(err)
	}
	err := chosen.DefaultPolicy.Check(secret, "", "Zorblatt Quuxifier")
	if err == nil || !strings.Contains(err.Error(), "what it is for") {
		t.Errorf("got %v", err)
	}
	if err := chosen.DefaultPolicy.Check("ЖИРАФ-баобаб-Ж", "Жираф Баобаб"); err == nil {
		t.Error("words in another alphabet are not seen")
	}
}

func TestADateIsWeakWhereverItStands(t *testing.T) {
	for _, secret := range []string{"19.03.1984", "zk19.03.1984", "19.03.1984zk", "1984-03-19"} {
		if score, advice := chosen.Strength(secret); score > 2 || !strings.Contains(advice, "date") {
			t.Errorf("%s: %d, %s", secret, score, advice)
		}
	}
}

func TestPolicyOutOfBoundsIsRefused(t *testing.T) {
	for _, p := range []chosen.Policy{{}, {MinLength: 7}, {MinLength: 65}, {MinLength: 12, MinScore: -1}, {MinLength: 12, MinScore: 5}} {
		if err := p.Validate(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	for _, p := range []chosen.Policy{chosen.DefaultPolicy, {MinLength: 8}, {MinLength: 64, MinScore: 4}} {
		if err := p.Validate(); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// Left to itself, the library tries every combination of readings: minutes for these.
func TestStrengthIsJudgedInBoundedTime(t *testing.T) {
	for _, secret := range []string{
		strings.Repeat("4@8({[<369!|17105$+7%2aB-Q", 10)[:255] + "x",
		strings.Repeat("kjhsdfuwe987KJHKJ#,.-sdm", 11)[:255] + "x",
		strings.Repeat("1/1-99", 42) + "x",
		strings.Repeat("é|7", 64),
	} {
		began := time.Now()
		chosen.Strength(secret, strings.Repeat("4@8({[ ", 1000))
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%.20q… took %v", secret, took)
		}
	}
}

func TestOnlyWhatMayBeChosenIsWorthASlowCheck(t *testing.T) {
	for secret, want := range map[string]bool{
		"": false, "x": true, "cfs": true, "cfs_": false, "cfs_anything": false, "CFS_anything": true, " cfs_": true,
		strings.Repeat("x", 256): true, strings.Repeat("x", 257): false,
	} {
		if got := chosen.Worthwhile([]byte(secret)); got != want {
			t.Errorf("%.10q: %v, want %v", secret, got, want)
		}
	}
}

func FuzzStrength(f *testing.F) {
	for _, seed := range []string{"", "password", "P4$$w0rd|!17", "ünï4$", "\xff4@\xfe", "1.1.99", "İ4ſK", "aaaa", "\u2028|7"} {
		f.Add(seed, "Acme")
	}
	f.Fuzz(func(t *testing.T, secret, context string) {
		score, advice := chosen.Strength(secret, context)
		if score < 0 || score > chosen.MaxScore || (advice == "") != (score == chosen.MaxScore) {
			t.Errorf("%d, %q", score, advice)
		}
		if err := (chosen.Policy{}).Check(secret, context); err == nil && (!utf8.ValidString(secret) || !chosen.Worthwhile([]byte(secret))) {
			t.Errorf("%q may be chosen", secret)
		}
	})
}
