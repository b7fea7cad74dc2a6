package schema

import (
	"encoding/base64"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// The shapes that texts of some attributes have.
const (
	shapeUserName = "user name"
	shapeEmail    = "e-mail"
)

// simple brings one value of a simple attribute into its canonical form; nil when it says nothing. path is for people.
func (n *normaliser) simple(a *Attribute, path string, v any) (any, error) {
	if v == nil || v == "" {
		return nil, nil
	}
	switch a.Type {
	case Boolean:
		return n.boolean(path, v)
	case Decimal, Integer:
		return n.number(a, path, v)
	case Complex:
		return nil, fault.On(path, "%s is not a simple value", path)
	case String, DateTime, Binary, Reference:
	}
	text, ok := v.(string)
	if !ok {
		return nil, fault.On(path, "%s is a text", path)
	}
	if err := plain(a, path, text); err != nil {
		return nil, err
	}
	switch a.Type {
	case DateTime:
		return moment(path, text)
	case Binary:
		return bytesText(path, text)
	case Reference:
		return text, reference(a, path, text)
	default:
		return shape(a, path, text)
	}
}

// boolean takes true and false, and from a tolerant reader's clients the words for them in whatever case.
func (n *normaliser) boolean(path string, v any) (any, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case string:
		if n.Tolerant && strings.EqualFold(v, "true") {
			return true, nil
		}
		if n.Tolerant && strings.EqualFold(v, "false") {
			return false, nil
		}
	}
	return nil, fault.On(path, "%s is true or false", path)
}

func (n *normaliser) number(a *Attribute, path string, v any) (any, error) {
	number, ok := v.(float64)
	if text, isText := v.(string); isText && n.Tolerant {
		parsed, err := strconv.ParseFloat(text, 64)
		number, ok = parsed, err == nil
	}
	const exact = 1<<53 - 1 // beyond, readers of JSON round (RFC 7493 §2.2)
	if !ok || math.IsNaN(number) || math.Abs(number) > exact {
		return nil, fault.On(path, "%s is a number between -2^53 and 2^53", path)
	}
	if a.Type == Integer && number != math.Trunc(number) {
		return nil, fault.On(path, "%s is a whole number", path)
	}
	return number, nil
}

// plain bounds a text and refuses characters that move a cursor or hide; line breaks are what addresses are made of.
func plain(a *Attribute, path, text string) error {
	longest := a.longest
	if longest == 0 {
		longest = textMost
	}
	if a.Type == Binary {
		longest = binaryMost
	}
	if len(text) > longest {
		return fault.On(path, "%s has at most %d bytes", path, longest)
	}
	if !utf8.ValidString(text) {
		return fault.On(path, "%s is not UTF-8", path)
	}
	if a.Mutability == WriteOnly {
		return nil // a password may hold anything
	}
	lines := a.longest == 0
	for _, r := range text {
		if unicode.IsControl(r) && (!lines || r != '\n' && r != '\r' && r != '\t') || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return fault.On(path, "%s holds a character that cannot be shown", path)
		}
	}
	return nil
}

// moment takes a date and time (RFC 7643 §2.3.5) and returns it in UTC, so that equal ones look equal.
func moment(path, text string) (any, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		if at, err = time.ParseInLocation("2006-01-02T15:04:05.999999999", text, time.UTC); err != nil {
			return nil, fault.On(path, "%s is a date and time such as 2026-01-31T09:30:00Z", path)
		}
	}
	return Moment(at), nil
}

// Moment returns a time as documents hold it: UTC, with as many digits as it needs and microseconds at most.
func Moment(at time.Time) string { return at.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) }

func bytesText(path, text string) (any, error) {
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(text); err == nil {
			return base64.StdEncoding.EncodeToString(raw), nil
		}
	}
	return nil, fault.On(path, "%s is base64 (RFC 4648 §4)", path)
}

// reference refuses addresses that a page which shows them could be made to run: only the web's own may be external.
func reference(a *Attribute, path, text string) error {
	u, err := url.Parse(text)
	if err != nil || strings.ContainsAny(text, " <>\"\\") {
		return fault.On(path, "%s is a URI", path)
	}
	external := len(a.ReferenceTypes) == 1 && a.ReferenceTypes[0] == "external"
	if external && u.Scheme != "" && u.Scheme != "https" && u.Scheme != "http" {
		return fault.On(path, "%s is an address that begins with https:// or http://", path)
	}
	return nil
}

// shape checks a text that means something, and adopts the spelling of canonical values.
func shape(a *Attribute, path, text string) (any, error) {
	switch a.shape {
	case shapeUserName:
		if text = strings.TrimSpace(text); text == "" {
			return nil, fault.On(path, "%s is not empty", path)
		}
	case shapeEmail:
		text = strings.TrimSpace(text)
		local, domain, ok := strings.Cut(text, "@")
		if !ok || local == "" || domain == "" || strings.ContainsAny(domain, "@") || strings.ContainsFunc(text, unicode.IsSpace) {
			return nil, fault.On(path, "%s is an e-mail address such as barbara@example.com", path)
		}
	}
	for _, known := range a.CanonicalValues {
		if known == text || !a.CaseExact && strings.EqualFold(known, text) {
			return known, nil
		}
	}
	if a.Closed {
		return nil, fault.On(path, "%s is one of %s", path, strings.Join(a.CanonicalValues, ", "))
	}
	return text, nil
}
