package exchange

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/counterfoil/counterfoil/internal/egress"
)

// A provider that wants to show a secret to whoever reads its errors, or is careless, has many ways to write it. Hence a
// text passes only if it is made of what words are made of, and has nothing in common with a secret.
const (
	maxSays  = 200
	overlap  = 5  // characters that a text may not have in common with a secret
	longWord = 24 // characters
)

var (
	codeForm      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,49}$`)
	referenceForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{5,99}$`)
	wordForm      = regexp.MustCompile(`^(?:[A-Za-z]?[a-z]+|[A-Z]+|[0-9]{1,4})(?:[-_/.'’](?:[A-Za-z]?[a-z]+|[A-Z]+|[0-9]{1,4})){0,3}$`)
)

// referenceHeaders are what providers call the number of a request.
var referenceHeaders = []string{
	"X-Request-Id",
	"Request-Id",
	"X-Correlation-Id",
	"Correlation-Id",
	"X-Ms-Request-Id",
	"X-Amzn-Requestid",
	"X-Github-Request-Id",
	"Cf-Ray",
}

func code(text string, hidden []string) string {
	if !codeForm.MatchString(text) || tells(text, hidden) {
		return ""
	}
	return text
}

func reference(a *egress.Answer, hidden []string) string {
	for _, name := range referenceHeaders {
		if text := a.Header(name); referenceForm.MatchString(text) && !tells(text, hidden) {
			return text
		}
	}
	var body map[string]any
	if json.Unmarshal(a.Body, &body) != nil {
		return ""
	}
	for _, name := range []string{"correlation_id", "request_id", "trace_id", "correlationId", "requestId", "id"} {
		if text, ok := body[name].(string); ok && referenceForm.MatchString(text) && !tells(text, hidden) {
			return text
		}
	}
	return ""
}

// says returns what may be shown of an answer's description: words, without what looks like a token, or nothing.
func says(body []byte, hidden []string) string {
	var answer struct {
		Description string `json:"error_description"`
		Message     string `json:"message"`
	}
	_ = json.Unmarshal(body, &answer) // a member of another type leaves the others as they are
	text := answer.Description
	if text == "" {
		text = answer.Message
	}
	if text == "" || len(text) > 4096 || tells(text, hidden) {
		return ""
	}
	var out []string
	length, kept := 0, 0
	for _, w := range strings.Fields(text) {
		bare := strings.TrimFunc(w, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) })
		switch {
		case bare == "":
			continue
		case len(bare) > longWord || !wordForm.MatchString(bare):
			w = "…"
		default:
			w = strings.Map(printable, w)
			kept++
		}
		if length += len(w) + 1; length > maxSays {
			break
		}
		out = append(out, w)
	}
	shown := strings.Join(out, " ")
	if kept < 2 || tells(shown, hidden) || tells(strings.ReplaceAll(shown, " ", ""), hidden) {
		return ""
	}
	return shown
}

func printable(r rune) rune {
	if r < ' ' || r > '~' || r == '<' || r == '>' {
		return -1
	}
	return r
}

// tells reports whether a text has something in common with a secret, as it is or in one of the usual encodings.
func tells(text string, hidden []string) bool {
	folded := strings.ToLower(text)
	for _, secret := range hidden {
		for _, form := range forms(secret) {
			if n := min(overlap, len(form)); n > 0 && shares(folded, strings.ToLower(form), n) {
				return true
			}
		}
	}
	return false
}

// forms are ways to write a secret. Base64 has three of them, by where in a longer text it begins.
func forms(secret string) []string {
	if secret == "" {
		return nil
	}
	all := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret))}
	for skip := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", skip) + secret))
		text = strings.TrimRight(text, "=")
		begin, end := []int{0, 2, 3}[skip], len(text)-1 // what neighbours have a part in
		if begin < end {
			all = append(all, text[begin:end], strings.NewReplacer("+", "-", "/", "_").Replace(text[begin:end]))
		}
	}
	return all
}

// shares reports whether text holds n characters in a row of form. Text is short; form may be a long file.
func shares(text, form string, n int) bool {
	pieces := map[string]struct{}{}
	for at := 0; at+n <= len(text); at++ {
		pieces[text[at:at+n]] = struct{}{}
	}
	for at := 0; at+n <= len(form); at++ {
		if _, is := pieces[form[at:at+n]]; is {
			return true
		}
	}
	return false
}
