package chosen

import (
	"strings"
	"unicode"
	"unicode/utf8"

	zxcvbn "github.com/ccojocar/zxcvbn-go/match"
	"github.com/ccojocar/zxcvbn-go/matching"
	"github.com/ccojocar/zxcvbn-go/scoring"

	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	// MaxLength is the most bytes that a chosen or imported secret may have.
	MaxLength = 256
	// MinLength is the fewest characters that any [Policy] lets pass.
	MinLength = 8
	// MaxScore is the best that [Strength] gives.
	MaxScore = 4
	// generatedPrefix begins every generated secret.
	generatedPrefix = "cfs_"
	// judgedLength is how much of a secret is judged, because the work grows with its cube. More cannot be weaker.
	judgedLength = 128
	// contextWords bounds the words that are weak for this secret in particular.
	contextWords = 64
)

// Worthwhile reports whether a slow check of secret can succeed at all: it is not empty, not over [MaxLength], and
// does not look like a generated secret, of which neither kind may have the prefix.
func Worthwhile(secret []byte) bool {
	return len(secret) > 0 && len(secret) <= MaxLength &&
		(len(secret) < len(generatedPrefix) || string(secret[:len(generatedPrefix)]) != generatedPrefix)
}

// Policy says what secrets a person may choose. Secrets are taken byte for byte: nothing is trimmed, folded or
// normalised, and `%`, `+`, `:`, spaces and every other character but controls may be in them.
type Policy struct {
	// MinLength is in characters; below the constant [MinLength] that one counts.
	MinLength int
	// MinScore is 0 to [MaxScore] as in [Strength].
	MinScore int
}

// DefaultPolicy is for callers without one of their own; an environment has one. A score of 3 is 10^10 guesses and more.
var DefaultPolicy = Policy{MinLength: 12, MinScore: 3}

// Validate returns [fault.Invalid] on min_length or min_score that cannot be met or mean nothing.
func (p Policy) Validate() error {
	if p.MinLength < MinLength || p.MinLength > judgedLength/2 {
		return fault.On("min_length", "the least length is %d to %d characters", MinLength, judgedLength/2)
	}
	if p.MinScore < 0 || p.MinScore > MaxScore {
		return fault.On("min_score", "the least strength is 0 to %d", MaxScore)
	}
	return nil
}

// Check returns [fault.Invalid] on secret, with words that help, unless somebody may choose it. context is as for
// [Strength]. No part of the secret is in the words.
func (p Policy) Check(secret string, context ...string) error {
	if err := admissible(secret); err != nil {
		return err
	}
	if least := max(p.MinLength, MinLength); utf8.RuneCountInString(secret) < least {
		return fault.On("secret", "the secret is too short: at least %d characters are needed", least)
	}
	if score, advice := Strength(secret, context...); score < p.MinScore {
		return fault.On("secret", "the secret is too easy to guess (strength %d of %d, at least %d is needed): %s", score, MaxScore, p.MinScore, advice)
	}
	return nil
}

func admissible(secret string) error {
	switch {
	case len(secret) > MaxLength:
		return fault.On("secret", "the secret is too long: at most %d bytes are possible", MaxLength)
	case !utf8.ValidString(secret):
		return fault.On("secret", "the secret is not valid UTF-8")
	case strings.ContainsFunc(secret, unicode.IsControl):
		return fault.On("secret", "the secret contains a control character, such as a tab or the end of a line")
	case strings.HasPrefix(secret, generatedPrefix):
		return fault.On("secret", "a chosen secret cannot begin with %s, as generated ones do: leave it out to have one generated", generatedPrefix)
	}
	return nil
}

// Strength estimates how hard a secret is to guess for somebody who knows how people choose: 0 (at once) to
// [MaxScore] (more than 10^12 guesses), as zxcvbn has it, and says in one sentence what makes it weak; the sentence is
// empty for the best. context are texts that a guesser would try first: the names of the application and its
// environment, its client_id. The dictionaries are English; common words of other languages count as rare ones. Only
// the first 128 bytes are judged, in less than 100 ms.
func Strength(secret string, context ...string) (score int, advice string) {
	flat := flatten(secret)
	piece := period(flat) // said again and again: the guesser has to find the piece only
	judged := piece[:min(len(piece), judgedLength)]
	result := scoring.MinimumEntropyMatchSequence(judged, matches(judged, words(context)))
	switch {
	case result.Score >= MaxScore:
		return MaxScore, ""
	case len(piece) < len(flat):
		return result.Score, "it repeats itself" + better
	default:
		return result.Score, weakness(result.MatchSequence) + better
	}
}

// better is what every advice ends with.
const better = "; use several unrelated words, or have one generated"

// period returns the shortest piece of which text is a repetition, which may be text itself.
func period(text string) string {
	if text == "" {
		return ""
	}
	return text[:strings.Index((text + text)[1:], text)+1]
}

// flatten makes one byte of every character, because zxcvbn-go mixes counts of bytes with counts of characters and
// would take parts of a secret for others. A character outside of ASCII becomes a control character, which no
// dictionary, keyboard or sequence has: the same becomes the same, whether small or capital, so that repetitions and
// context stay.
func flatten(text string) string {
	flat := make([]byte, 0, min(len(text), MaxLength))
	for _, r := range text {
		if len(flat) == MaxLength {
			break
		}
		if r >= utf8.RuneSelf {
			r = unicode.ToLower(r)
		}
		if r >= utf8.RuneSelf {
			r = 1 + r%31
		}
		flat = append(flat, byte(r))
	}
	return string(flat)
}

// words cuts context into what a guesser would try: each text as it is, without its gaps, and each of its words.
func words(context []string) (found []string) {
	for _, text := range context {
		text = text[:min(len(text), 2*MaxLength)]
		parts := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, word := range append([]string{text, strings.Join(parts, "")}, parts...) {
			if word = flatten(word); len(word) >= 3 && len(found) < contextWords {
				found = append(found, word)
			}
		}
	}
	return found
}

// leet are the ways to read digits and symbols as letters. zxcvbn-go's own search tries every combination of every
// reading: 4 s for 128 bytes made for it. Only 1, | and 7 are ambiguous.
var leet = func() (all []*strings.Replacer) {
	for _, one := range []string{"i", "l"} {
		for _, seven := range []string{"t", "l"} {
			all = append(all, strings.NewReplacer("4", "a", "@", "a", "8", "b", "(", "c", "{", "c", "[", "c", "<", "c",
				"3", "e", "6", "g", "9", "g", "!", "i", "1", one, "|", one, "0", "o", "$", "s", "5", "s", "+", "t",
				"7", seven, "%", "x", "2", "z"))
		}
	}
	return all
}()

// matches returns every weak part of flat that zxcvbn-go finds.
func matches(flat string, inputs []string) []zxcvbn.Match {
	found := matching.Omnimatch(flat, inputs, matching.FilterL33tMatcher)
	for i := range found {
		if found[i].DictionaryName == "date_match" {
			found[i].Pattern = "date"
			found[i].J-- // the library says where a date is over, and of all else where its last character is
		}
	}
	seen := map[string]bool{flat: true}
	for _, reading := range leet {
		if plain := reading.Replace(flat); !seen[plain] {
			seen[plain] = true
			found = append(found, matching.Omnimatch(plain, inputs, onlyDictionaries)...)
		}
	}
	return found
}

// onlyDictionaries is a filter: it reports whether to leave m out.
func onlyDictionaries(m zxcvbn.Matcher) bool {
	switch m.ID {
	case "SPATIAL", "REPEAT", "SEQ", matching.L33TMatcherName, "DATESEP", "DATEWITHOUT":
		return true
	}
	return false
}

// weakness says what is wrong with the longest weak part.
func weakness(parts []zxcvbn.Match) string {
	var worst zxcvbn.Match
	for _, part := range parts {
		if part.Pattern != "bruteforce" && (worst.Pattern == "" || part.J-part.I > worst.J-worst.I) {
			worst = part
		}
	}
	switch worst.Pattern {
	case "dictionary":
		switch worst.DictionaryName {
		case "user_inputs":
			return "it contains words that say what it is for"
		case "Passwords":
			return "it contains a password that many people use"
		}
		return "it contains a common word or name, also with digits for letters"
	case "spatial":
		return "it follows keys that lie side by side"
	case "repeat":
		return "it repeats a character"
	case "sequence":
		return "it contains a sequence such as abc or 6543"
	case "date":
		return "it contains a date"
	}
	return "it is short"
}
