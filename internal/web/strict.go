package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	// BodyLimit is the longest JSON body that is read, in bytes.
	BodyLimit = 1 << 20
	// depthLimit is how deep arrays and objects may nest.
	depthLimit = 64
	// exact is the largest number below which every JSON reader holds integers without rounding (RFC 7493 §2.2).
	exact = 1<<53 - 1
)

// Strict is [json.Unmarshal] for input whose meaning nobody can argue about (RFC 7493, I-JSON). It refuses what
// two readers may read differently: a member named twice (also when one is spelled with escapes), data after the
// value, a byte order mark, text that is not Unicode, numbers past 2^53; and what serves no one:
// U+0000, which PostgreSQL does not store, nesting past 64 and bodies past 1 MiB. Errors are [fault.Invalid] or
// [fault.TooLarge]. Unknown members, and those in other letters, are for the schema to refuse.
func Strict(data []byte, v any) error {
	if len(data) > BodyLimit {
		return errTooLarge(BodyLimit)
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return fault.New(fault.Invalid, "the body starts with a byte order mark: send it without one")
	}
	if !utf8.Valid(data) {
		return fault.New(fault.Invalid, "the body is not UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return unmarshalError(err)
	}
	r := reader{data: whole}
	if err := r.value(0); err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return unmarshalError(err)
	}
	return nil
}

func unmarshalError(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fault.New(fault.Invalid, "the body is not JSON: %s at byte %d", syntax.Error(), syntax.Offset)
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return fault.On(wrong.Field, "a %s does not fit here", wrong.Value)
	}
	return fault.Wrap(fault.Invalid, err, "the body does not have the right form")
}

// reader walks over a value that is known to be JSON, so it checks no grammar.
type reader struct {
	data []byte
	at   int
}

func (r *reader) value(depth int) error {
	switch c := r.next(); c {
	case '{', '[':
		if depth == depthLimit {
			return fault.New(fault.Invalid, "the body nests deeper than %d levels", depthLimit)
		}
		if c == '{' {
			return r.object(depth + 1)
		}
		return r.array(depth + 1)
	case '"':
		_, err := r.text()
		return err
	default:
		return r.scalar()
	}
}

// next skips white space and the punctuation between values, which grammar has placed, and returns the byte
// after it without taking it.
func (r *reader) next() byte {
	for strings.IndexByte(" \t\r\n,:", r.data[r.at]) >= 0 {
		r.at++
	}
	return r.data[r.at]
}

func (r *reader) object(depth int) error {
	seen := map[string]bool{}
	for r.at++; r.next() != '}'; {
		name, err := r.text()
		if err != nil {
			return err
		}
		if seen[name] {
			return fault.New(fault.Invalid, "the member %q occurs twice in one object", cut(name))
		}
		seen[name] = true
		if err := r.value(depth); err != nil {
			return err
		}
	}
	r.at++
	return nil
}

func (r *reader) array(depth int) error {
	for r.at++; r.next() != ']'; {
		if err := r.value(depth); err != nil {
			return err
		}
	}
	r.at++
	return nil
}

// text takes a string and returns what it means.
func (r *reader) text() (string, error) {
	start, escaped := r.at, false
	for r.at++; r.data[r.at] != '"'; r.at++ {
		if r.data[r.at] == '\\' {
			escaped = true
			r.at++
		}
	}
	r.at++
	if !escaped {
		return string(r.data[start+1 : r.at-1]), nil
	}
	if err := checkEscapes(r.data[start:r.at]); err != nil {
		return "", err
	}
	var s string
	if err := json.Unmarshal(r.data[start:r.at], &s); err != nil {
		return "", unmarshalError(err)
	}
	return s, nil
}

// checkEscapes refuses \u0000 and halves of surrogate pairs; encoding/json makes U+FFFD of the latter, so that
// two different texts would become one.
func checkEscapes(s []byte) error {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		i++
		if s[i] != 'u' {
			continue
		}
		unit := hex4(s[i+1:])
		i += 4
		switch {
		case unit == 0:
			return fault.New(fault.Invalid, "a text holds the character U+0000")
		case unit >= 0xd800 && unit < 0xdc00 && s[i+1] == '\\' && s[i+2] == 'u' && hex4(s[i+3:])>>10 == 0xdc00>>10:
			i += 6
		case unit>>11 == 0xd800>>11:
			return fault.New(fault.Invalid, "a text holds half of a surrogate pair")
		}
	}
	return nil
}

func hex4(s []byte) uint64 {
	unit, _ := strconv.ParseUint(string(s[:4]), 16, 16)
	return unit
}

// scalar takes a number, true, false or null.
func (r *reader) scalar() error {
	start := r.at
	for r.at < len(r.data) && strings.IndexByte(" \t\r\n,:]}", r.data[r.at]) < 0 {
		r.at++
	}
	text := string(r.data[start:r.at])
	if text == "true" || text == "false" || text == "null" {
		return nil
	}
	if n, err := strconv.ParseFloat(text, 64); err != nil || math.Abs(n) > exact {
		return fault.New(fault.Invalid, "the number %s is out of range", cut(text))
	}
	return nil
}
