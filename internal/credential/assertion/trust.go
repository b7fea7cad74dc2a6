package assertion

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Bounds of a [Trust].
const (
	MaxTrustClaims = 20
	maxTrustText   = 512 // bytes of each text
)

// Trust is another issuer's tokens as a credential: those that have this issuer, audience, subject and claims.
//
// Subject and the values of Claims are exact, or patterns: * stands for any run of characters, also none, but not for a
// colon; ** stands for any run at all. "repo:org/*:ref:refs/heads/main" is the main branch of every repository of org,
// and no tag or pull request whose name imitates that. There is no escape: a literal * cannot be asked for.
//
// Claims are named by their path: "repository_owner", and "kubernetes.io/namespace" or "kubernetes.io.namespace" for the
// member namespace of the object kubernetes.io. Names that hold dots and slashes themselves need nothing special: a path
// is split wherever the token has an object of that name. A path that leads to two places in a token is refused, so that
// nobody who may add a claim can stand in front of another. Numbers and booleans are compared as JSON writes them; lists,
// objects and null match nothing.
type Trust struct {
	Issuer, Audience, Subject string
	Claims                    map[string]string
}

// Difference is a claim that was not as a trust wants it. Values come from outside, shortened and cleaned.
type Difference struct{ Claim, Wanted, Got string }

// Validate refuses a trust that cannot be met, or that would be met by everybody at the issuer; [fault.Invalid] on the
// member at fault.
func (t *Trust) Validate() error {
	for _, m := range []struct{ field, text string }{{"issuer", t.Issuer}, {"audience", t.Audience}, {"subject", t.Subject}} {
		if m.text == "" || !printable(m.text) {
			return fault.On(m.field, "must be 1 to %d printable characters", maxTrustText)
		}
	}
	if strings.Contains(t.Issuer, "*") || strings.Contains(t.Audience, "*") {
		return fault.On("issuer", "issuer and audience are compared exactly: a * has no meaning there")
	}
	if err := checkPattern("subject", t.Subject); err != nil {
		return err
	}
	if err := checkAnchor(t.Subject); err != nil {
		return err
	}
	if len(t.Claims) > MaxTrustClaims {
		return fault.On("claims", "are more than %d", MaxTrustClaims)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Claims)) {
		wanted := t.Claims[name]
		switch {
		case name == "" || !printable(name):
			return fault.On("claims", "have a name that is not 1 to %d printable characters", maxTrustText)
		case name == "iss" || name == "aud" || name == "sub":
			return fault.On("claims", "%s has a field of its own", name)
		case !printable(wanted):
			return fault.On("claims", "%s wants a value that is not at most %d printable characters", name, maxTrustText)
		case strings.Trim(wanted, "*:/") == "":
			return fault.On("claims", "%s would match everything or nothing: say what it must be", name)
		}
		if err := checkPattern("claims", wanted); err != nil {
			return err
		}
	}
	return nil
}

// printable reports whether a text is of a length and of characters that can be shown and compared by eye.
func printable(text string) bool {
	return len(text) <= maxTrustText && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

func checkPattern(field, pattern string) error {
	if strings.Contains(pattern, "***") {
		return fault.On(field, "*** has no meaning: * is any text without a colon, ** is any text")
	}
	return nil
}

// checkAnchor refuses patterns that let in strangers of the same issuer. What stands before the first * must say who: it
// has a letter or digit, and if subjects have parts, something of the second one ("repo:o…", as "repo:" is everybody).
func checkAnchor(subject string) error {
	fixed, _, pattern := strings.Cut(subject, "*")
	if !pattern {
		return nil
	}
	if strings.Trim(subject, "*:/") == "" {
		return fault.On("subject", "matches everybody at the issuer: say whom you trust")
	}
	if first, second, parts := strings.Cut(fixed, ":"); parts {
		fixed = strings.TrimLeft(second, ":/")
		if first == "" {
			fixed = ""
		}
	} else if strings.Contains(subject, ":") {
		fixed = ""
	}
	if !strings.ContainsFunc(fixed, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return fault.On("subject", "begins with a * too early and would match strangers at the issuer: "+
			"write out the beginning, as in repo:your-organization/*")
	}
	return nil
}

// VerifyFederated verifies a token of a trusted issuer. Audience may be one of several, since the issuer's tokens are
// often for several (unlike client assertions, they prove no client of ours by themselves). Of the rules Now, Skew,
// MaxLifetime and Tries count. A token may be used again until it expires, as Kubernetes does; who wants otherwise calls
// [Seen.Once]. [ClaimDiffers] carries what differed.
func VerifyFederated(token string, keys *KeySet, trust *Trust, rules Rules) (*Assertion, error) {
	p, err := parse(token)
	if err != nil {
		return nil, err
	}
	if p.Type == clientType {
		return nil, refuse(WrongType, "a client assertion is not a token of an issuer")
	}
	k, err := p.verifyWith(keys, rules.Tries)
	if err != nil {
		return nil, err
	}
	a := p.assertion()
	a.KeyID, a.Thumbprint = k.ID, k.Thumbprint
	if a.JTI == "" {
		// Not of the whole token: an ECDSA signature has a twin that is valid, too.
		sum := sha256.Sum256([]byte(p.signed))
		a.JTI = "sha256:" + base64url.EncodeToString(sum[:])
	}
	if different := trust.Compare(p.Claims); len(different) > 0 {
		r := refuse(ClaimDiffers, "%s is %q: the trust wants %q", different[0].Claim, different[0].Got, different[0].Wanted)
		r.Differences = different
		return nil, r
	}
	return accepted(a, p.checkTimes(a, rules))
}

// Compare says in which claims a token is not as the trust wants it: iss, aud, sub, then the others by name. It says
// nothing about signature and time.
func (t *Trust) Compare(claims Claims) []Difference {
	var differ []Difference
	for _, f := range t.findings(claims) {
		if !f.Matches {
			differ = append(differ, Difference{f.Claim, f.Wanted, f.Got})
		}
	}
	return differ
}

// lookup appends every value that path can lead to, and stops at two.
func lookup(object map[string]any, path string, found []any) []any {
	if value, there := object[path]; there {
		found = append(found, value)
	}
	for i := range len(path) {
		if len(found) > 1 {
			break
		}
		if path[i] != '.' && path[i] != '/' {
			continue
		}
		if inner, ok := object[path[:i]].(map[string]any); ok {
			found = lookup(inner, path[i+1:], found)
		}
	}
	return found
}

func scalar(claims Claims, name string) (got string, ok bool) {
	value, there := claims[name]
	if !there {
		return "(missing)", false
	}
	got, ok = value.(string)
	if !ok {
		got, _ = show(value)
	}
	return got, ok
}

// show writes a value as it is compared; what cannot be compared is named in brackets.
func show(value any) (text string, comparable bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case bool:
		if value {
			return "true", true
		}
		return "false", true
	case nil:
		return "(null)", false
	case []any:
		return "(a list)", false
	default:
		return "(an object)", false
	}
}

// maxMatched bounds the text that a pattern is tried on, so that no token makes matching slow.
const maxMatched = 1024

// match reports whether text is what pattern says, in time proportional to the product of their lengths.
func match(pattern, text string) bool {
	if !strings.Contains(pattern, "*") {
		return pattern == text
	}
	if len(text) > maxMatched {
		return false
	}
	// at[i]: the pattern so far can have consumed text[:i].
	at := make([]bool, len(text)+1)
	at[0] = true
	for pattern != "" {
		next := make([]bool, len(text)+1)
		deep := strings.HasPrefix(pattern, "**")
		if pattern[0] == '*' {
			run := false
			for i := range at {
				if i > 0 && !deep && text[i-1] == ':' {
					run = false
				}
				run = run || at[i]
				next[i] = run
			}
		} else {
			for i := range len(text) {
				next[i+1] = at[i] && text[i] == pattern[0]
			}
		}
		if deep {
			pattern = pattern[1:]
		}
		pattern, at = pattern[1:], next
	}
	return at[len(text)]
}
