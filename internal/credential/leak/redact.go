package leak

import (
	"bytes"
	"strings"

	"github.com/counterfoil/counterfoil/internal/credential/proof"
)

const masked = "…"

// redact returns the line around held[start:end], shortened, with the hint in place of the secret. Whatever else in it
// looks like a secret, of ours or of others, is masked too: it goes into logs of builds.
func redact(held []byte, start, end int, hint string) string {
	from, cutBefore := max(0, start-shown), true
	if at := bytes.LastIndexByte(held[from:start], '\n'); at >= 0 {
		from, cutBefore = from+at+1, false
	} else if start < shown { // the beginning of the stream: otherwise more than that is held
		cutBefore = false
	}
	to, cutAfter := min(len(held), end+shown), true
	if at := bytes.IndexByte(held[end:to], '\n'); at >= 0 {
		to, cutAfter = end+at, false
	} else if len(held) < end+shown {
		cutAfter = false
	}
	var b strings.Builder
	maskTokens(&b, held[from:start], cutBefore, false)
	b.WriteString(hint)
	b.WriteString(masked)
	maskTokens(&b, held[end:to], false, cutAfter)
	return strings.TrimSpace(b.String())
}

// maskTokens writes text with its tokens masked. One at an end that was cut is masked as well, since what it is
// cannot be told from a piece.
func maskTokens(b *strings.Builder, text []byte, cutStart, cutEnd bool) {
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && sextet(text[end]) >= 0 {
			end++
		}
		switch {
		case end == i:
			end = i + 1
			for end < len(text) && text[end] >= 0x80 { // the rest of a character
				end++
			}
			writeShown(b, text[i:end])
		case tokenLike(text[i:end]) || cutStart && i == 0 || cutEnd && end == len(text):
			b.WriteString(masked)
		default:
			b.Write(text[i:end])
		}
		i = end
	}
}

// tokenLike tells random text from words: names of variables, UUIDs and paths stay readable.
func tokenLike(run []byte) bool {
	var upper, lower, digit, joint bool
	for _, c := range run {
		switch {
		case c >= 'A' && c <= 'Z':
			upper = true
		case c >= 'a' && c <= 'z':
			lower = true
		case c >= '0' && c <= '9':
			digit = true
		default:
			joint = true
		}
	}
	return len(run) >= 16 && upper && lower && digit || len(run) >= 32 && !joint
}

func writeShown(b *strings.Builder, text []byte) {
	for _, c := range strings.ToValidUTF8(string(text), ".") {
		if c < ' ' && c != '\t' || c == 0x7f {
			c = '.'
		}
		b.WriteRune(c)
	}
}

// Mask returns text with every generated secret in it cut down to its hint. Names of files and of archives' members
// go through it, and so does what other programs say.
func Mask(text string) string {
	masked, _ := maskSecrets(text)
	return masked
}

// maskSecrets also returns the secrets' sightings, for whom a secret in a name is a finding.
func maskSecrets(text string) (string, []sighting) {
	var (
		b     strings.Builder
		found []sighting
	)
	for at := 0; ; {
		next := strings.Index(text[at:], proof.Prefix)
		if next < 0 {
			if len(found) == 0 {
				return text, nil
			}
			b.WriteString(text[at:])
			return b.String(), found
		}
		start := at + next
		b.WriteString(text[at:start])
		at = start + len(proof.Prefix)
		end := start + proof.SecretLength
		if end <= len(text) && proof.WellFormed([]byte(text[start:end])) {
			secret := []byte(text[start:end])
			b.WriteString(Hint(secret) + masked)
			found = append(found, sighting{hint: Hint(secret), fingerprint: Fingerprint(secret)})
			at = end
			continue
		}
		b.WriteString(text[start:at])
	}
}
