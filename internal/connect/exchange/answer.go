package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Bounds of what a provider may answer.
const (
	maxAnswer = 256 << 10 // bytes
	maxToken  = 16 << 10  // characters
	maxTold   = 2048
	maxDepth  = 16
	// maxLife is the longest time that a token is believed to live: whoever says more means "for ever", or a mistake.
	maxLife = 366 * 24 * time.Hour
)

var (
	errForm    = errors.New("the answer is no JSON object")
	errTwice   = errors.New("a member is there twice")
	errDeep    = errors.New("the answer nests too deep")
	errNoToken = errors.New("there is no token")
	errToken   = errors.New("the token has characters that no token has")
	errOver    = errors.New("the token has ended already")
)

// hints say the same to a person.
var hints = map[error]string{
	errForm:    notToken,
	errTwice:   "The answer says one thing twice, so that nobody can know which counts. Ask the provider.",
	errDeep:    notToken,
	errNoToken: "The address answers, but there is no token in the answer. Check the address.",
	errToken:   "The answer holds a token that no request could carry. Ask the provider.",
	errOver:    "The answer holds a token that has ended already. The provider's clock may be wrong, or ours.",
}

// readToken reads a token answer (RFC 6749 §5.1) in the provider's own spelling.
func readToken(body []byte, where *provider.Answer, assume time.Duration, now time.Time) (*connect.Token, error) {
	object, err := readObject(body)
	if err != nil {
		return nil, err
	}
	name := where.Token
	if name == "" {
		name = "access_token"
	}
	access, _ := member(object, name).(string)
	if access == "" {
		return nil, errNoToken
	}
	refresh, _ := member(object, "refresh_token").(string)
	if !isToken(access) || refresh != "" && !isToken(refresh) {
		return nil, errToken
	}
	t := &connect.Token{Access: seal.NewSecret(access), Type: "Bearer", FetchedAt: now}
	if refresh != "" {
		t.Refresh = seal.NewSecret(refresh)
	}
	if kind, _ := member(object, "token_type").(string); codeForm.MatchString(kind) {
		t.Type = kind
	}
	if scope, _ := member(object, "scope").(string); len(scope) <= maxTold && isText(scope) {
		t.Scope = scope
	}
	for _, name := range where.Told {
		if text := plainText(member(object, name)); text != "" && len(text) <= maxTold && isText(text) {
			if t.Told == nil {
				t.Told = map[string]string{}
			}
			t.Told[name] = text
		}
	}
	life, err := lifetime(object, where, assume, now)
	t.ExpiresAt = now.Add(life)
	return t, err
}

// lifetime returns how long a token lives. What is missing, zero or no number at all says nothing.
func lifetime(object map[string]any, where *provider.Answer, assume time.Duration, now time.Time) (time.Duration, error) {
	if assume <= 0 {
		assume = provider.DefaultLifetime
	}
	at, in := where.ExpiresAt, where.ExpiresIn
	if at == "" && in == "" {
		if in = "expires_in"; object[in] == nil {
			at = "expires_at"
		}
	}
	var life time.Duration
	if text := plainText(member(object, at)); at != "" && text != "" {
		ends, ok := moment(text)
		if !ok {
			return assume, nil
		}
		if life = ends.Sub(now); life == 0 {
			life = -1
		}
	} else {
		number, err := strconv.ParseFloat(plainText(member(object, in)), 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsNaN(number) {
			return assume, nil
		}
		unit := float64(time.Second)
		if where.Unit == "milliseconds" {
			unit = float64(time.Millisecond)
		}
		life = time.Duration(max(min(number*unit, float64(maxLife)), -1))
	}
	switch {
	case life == 0:
		return assume, nil
	case life < 0:
		return 0, errOver
	}
	return min(life, maxLife), nil
}

// moment reads RFC 3339, or seconds since 1970.
func moment(text string) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0 && seconds < 1<<40) {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// member finds a value by its name, with dots for those inside others.
func member(object map[string]any, path string) any {
	if value, is := object[path]; is {
		return value
	}
	head, rest, inside := strings.Cut(path, ".")
	next, _ := object[head].(map[string]any)
	if !inside || next == nil {
		return nil
	}
	return member(next, rest)
}

func plainText(value any) string {
	switch value := value.(type) {
	case string:
		return strings.TrimSpace(value)
	case json.Number:
		return value.String()
	}
	return ""
}

// isToken reports whether a text can stand in a header as it is: a token with a line break would write headers of the
// provider's choice into our requests.
func isToken(text string) bool {
	return len(text) <= maxToken && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func isText(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// readObject reads one JSON object and nothing else. A member that is there twice is an error: the provider's own
// programs may read one of them and we the other.
func readObject(text []byte) (map[string]any, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, errForm
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	value, err := readValue(d, 0)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errForm
	}
	return object, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, errForm
	}
	delimiter, nested := token.(json.Delim)
	if !nested {
		return token, nil
	}
	if depth++; depth > maxDepth {
		return nil, errDeep
	}
	if delimiter == '[' {
		for d.More() {
			if _, err := readValue(d, depth); err != nil { // lists are passed over
				return nil, err
			}
		}
		_, err := d.Token()
		return nil, err
	}
	object := map[string]any{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errForm
		}
		key, _ := name.(string)
		if _, twice := object[key]; twice {
			return nil, errTwice
		}
		if object[key], err = readValue(d, depth); err != nil {
			return nil, err
		}
	}
	_, err = d.Token()
	return object, err
}
