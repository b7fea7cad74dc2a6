package password

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Policy is what an environment demands of passwords, and what it does about guesses. It is asked when a password is made;
// those that there are stay.
type Policy struct {
	// MinLength is in characters (code points); there is no most but [MaxBytes].
	MinLength int `json:"min_length"`
	// MinScore is how hard to guess it is at least: 0 to 4 as in [chosen.Strength].
	MinScore int `json:"min_score"`
	// MinClasses is how many of small letters, capitals, digits and others it has at least; 0, which is better, asks for none.
	MinClasses int `json:"min_classes"`
	// PersonalWords lets words about the person count toward its length and strength.
	PersonalWords bool `json:"allow_personal_words"`
	// Breached lets passwords be used that are in the operator's list of breached ones.
	Breached bool `json:"allow_breached"`
	// History is how many earlier passwords the person cannot choose again, beside the present one.
	History int `json:"history"`
	// MaxAgeDays is when a password expires, and MinAgeHours how long its owner cannot change it again; 0 is never and at once.
	MaxAgeDays  int `json:"max_age_days"`
	MinAgeHours int `json:"min_age_hours"`
	// MaxFailures is how many wrong passwords in a row lock the user, for LockMinutes; 0 minutes is until somebody unlocks.
	MaxFailures int `json:"max_failures"`
	LockMinutes int `json:"lock_minutes"`
}

// DefaultPolicy is the policy of an environment that nobody has given another. It follows NIST SP 800-63B §3.1.1: length,
// lists of what is common or breached, and words about the person; no composition rules and no expiry, which make
// passwords worse.
func DefaultPolicy() Policy {
	return Policy{MinLength: 12, MinScore: 3, History: 5, MaxFailures: 5, LockMinutes: 60}
}

// Bounds of a policy.
const (
	leastLength   = 8 // NIST SP 800-63B §3.1.1.2: whatever else there is, never fewer
	mostLength    = 64
	mostHistory   = 24
	mostAgeDays   = 3650
	mostAgeHours  = 30 * 24
	mostFailures  = 20
	mostLockedFor = 366 * 24 * 60
)

// Validate returns [fault.Invalid] for a policy that makes no sense.
func (p *Policy) Validate() error {
	for _, rule := range []struct {
		field              string
		value, least, most int
	}{
		{"min_length", p.MinLength, leastLength, mostLength},
		{"min_score", p.MinScore, 0, chosen.MaxScore},
		{"min_classes", p.MinClasses, 0, 4},
		{"history", p.History, 0, mostHistory},
		{"max_age_days", p.MaxAgeDays, 0, mostAgeDays},
		{"min_age_hours", p.MinAgeHours, 0, mostAgeHours},
		{"max_failures", p.MaxFailures, 1, mostFailures},
		{"lock_minutes", p.LockMinutes, 0, mostLockedFor},
	} {
		if rule.value < rule.least || rule.value > rule.most {
			return fault.On(rule.field, "it is %d to %d", rule.least, rule.most)
		}
	}
	if p.MaxAgeDays > 0 && p.MinAgeHours >= 24*p.MaxAgeDays {
		return fault.On("min_age_hours", "a password would expire before it may be changed")
	}
	return nil
}

// Expires returns when a password that was set at that time expires; zero is never.
func (p *Policy) Expires(set time.Time) time.Time {
	if p.MaxAgeDays == 0 {
		return time.Time{}
	}
	return set.AddDate(0, 0, p.MaxAgeDays)
}

// LockedUntil returns until when a lock lasts that begins now; zero is until somebody unlocks.
func (p *Policy) LockedUntil(now time.Time) time.Time {
	if p.LockMinutes == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(p.LockMinutes) * time.Minute)
}

// Check returns [fault.Invalid] on password, with words that help and hold nothing of it, unless a person may choose it.
// password is [Normal]. about are texts about the person: user name, e-mail addresses, names. It takes up to 0.1 s.
func (p *Policy) Check(password seal.Secret, about ...string) error {
	text := password.Reveal()
	if n := utf8.RuneCountInString(text); n < max(p.MinLength, leastLength) {
		return fault.On("password", "the password is too short: at least %d characters are needed", max(p.MinLength, leastLength))
	}
	if !p.PersonalWords && utf8.RuneCountInString(without(text, about)) < max(p.MinLength, leastLength) {
		return fault.On("password", "the password is too short: words from the user name, the e-mail address or the name do not count toward its %d characters", max(p.MinLength, leastLength))
	}
	if classes(text) < p.MinClasses {
		return fault.On("password", "the password needs %d of these: small letters, capital letters, digits, other characters", p.MinClasses)
	}
	if p.PersonalWords {
		about = nil
	}
	if score, advice := chosen.Strength(text, about...); score < p.MinScore {
		return fault.On("password", "the password is too easy to guess (strength %d of %d, at least %d is needed): %s",
			score, chosen.MaxScore, p.MinScore, strings.Replace(advice, ", or have one generated", "", 1))
	}
	return nil
}

// personal is the fewest characters of a word that counts as being about somebody: shorter ones are in everything.
const personal = 4

// without returns a text in small letters and without words about the person.
func without(text string, about []string) string {
	text = strings.ToLower(text)
	for _, source := range about {
		for word := range strings.FieldsFuncSeq(strings.ToLower(source), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if utf8.RuneCountInString(word) >= personal {
				text = strings.ReplaceAll(text, word, "")
			}
		}
	}
	return text
}

func classes(text string) int {
	var small, capital, digit, other int
	for _, r := range text {
		switch {
		case unicode.IsLower(r):
			small = 1
		case unicode.IsUpper(r):
			capital = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return small + capital + digit + other
}
