package logon

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/register"
)

// memory is what secrets are read into, kept from one request to the next.
type memory struct {
	basic []byte // the decoded header
	raw   []byte // its secret as sent
}

// Reset makes p ready for the next request, to an endpoint of the API family door. It keeps p's memory.
func (p *Presented) Reset(door access.Families) {
	kept := p.memory
	*p = Presented{Door: door, memory: kept}
}

// IsBasic reports whether an Authorization header is one of HTTP Basic.
func IsBasic(header string) bool {
	_, ok := cutBasic(header)
	return ok
}

func cutBasic(header string) (encoded string, ok bool) {
	scheme, encoded, ok := strings.Cut(header, " ")
	return strings.TrimLeft(encoded, " "), ok && len(scheme) == len("Basic") && strings.EqualFold(scheme, "Basic") // and not with a long s, which folds to s
}

// ReadBasic reads an Authorization header of HTTP Basic into p: the client_id and both readings of the secret. It
// returns the client_id as it was meant, known or not, and false for a header that is no well-formed one of HTTP Basic
// (RFC 7617 §2), where p is not to be used. What it reads stays good until the next reading or [Presented.Reset].
//
// RFC 6749 §2.3.1 has both parts form-encoded, which many clients leave out. A client_id is a UUID and reads the same
// in either way; of a secret there are two readings when they differ, and one attempt.
func (p *Presented) ReadBasic(header string) (id []byte, ok bool) {
	encoded, ok := cutBasic(header)
	if !ok {
		return nil, false
	}
	var err error
	if p.basic, err = base64.StdEncoding.AppendDecode(p.basic[:0], []byte(encoded)); err != nil {
		return nil, false
	}
	// The first colon: the client_id is a UUID and holds none, a secret may.
	at := bytes.IndexByte(p.basic, ':')
	if at < 0 {
		return nil, false
	}
	id, secret := p.basic[:at], p.basic[at+1:]
	p.raw = append(p.raw[:0], secret...)
	p.Method, p.Readings = register.Basic, [2][]byte{nil, p.raw}
	if decoded, ok := FormDecode(secret); ok && !bytes.Equal(decoded, p.raw) {
		p.Readings[0] = decoded
	}
	if id, ok = FormDecode(id); ok {
		p.SetID(id)
	}
	return id, true
}

// SetID reads a client_id: a lowercase UUID with hyphens and nothing else, so that one client has one spelling. Anything
// else leaves p without one.
func (p *Presented) SetID(text []byte) {
	if len(text) != 36 || bytes.ContainsAny(text, "ABCDEF") {
		return
	}
	id, err := uuid.ParseBytes(text)
	p.ID, p.Known = id, err == nil
}

// FormDecode undoes form encoding in place (WHATWG URL §5.1) and reports whether b was well encoded.
func FormDecode(b []byte) ([]byte, bool) {
	if bytes.IndexByte(b, '%') < 0 && bytes.IndexByte(b, '+') < 0 {
		return b, true
	}
	out := b[:0]
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '+':
			out = append(out, ' ')
		case '%':
			if i+2 >= len(b) {
				return nil, false
			}
			high, ok := unhex(b[i+1])
			low, ok2 := unhex(b[i+2])
			if !ok || !ok2 {
				return nil, false
			}
			out = append(out, high<<4|low)
			i += 2
		default:
			out = append(out, b[i])
		}
	}
	return out, true
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
