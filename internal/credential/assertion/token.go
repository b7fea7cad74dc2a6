package assertion

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

const (
	// MaxToken is how long a token may be, in bytes.
	MaxToken = 16 << 10
	// maxName bounds kid and jti, in bytes.
	maxName = 512
)

// Types of JWT by their header's typ, without "application/" and in lower case.
const (
	plainType  = "jwt"
	clientType = "client-authentication+jwt" // RFC 10070
)

// Unverified is what a token says about itself. Nothing of it is true until a signature says so.
type Unverified struct {
	Algorithm string
	KeyID     string // kid, or ""
	Type      string // typ as above; "" if there is none

	Issuer, Subject string // "" if there is none
	Audience        []string
	ID              string // jti, or ""
	// Times are zero if there is none.
	Expires, IssuedAt, NotBefore time.Time
	Claims                       Claims
}

// ClientID returns the client that a client assertion claims to be from, and "" for a token of somebody else's: in an
// assertion issuer and subject are the client (RFC 7523 §3).
func (u *Unverified) ClientID() string {
	if u.Issuer != u.Subject {
		return ""
	}
	return u.Subject
}

// parsed is a token whose form is right.
type parsed struct {
	Unverified
	signed    string
	signature []byte
}

// Peek reads a token without verifying it, to learn whose keys to verify it with. A [Refused] says what is wrong with its
// form: [Malformed], or [WrongType] for a JWT of a kind that is neither an assertion nor of no declared kind.
func Peek(token string) (*Unverified, error) {
	p, err := parse(token)
	if err != nil {
		return nil, err
	}
	return &p.Unverified, nil
}

func parse(token string) (*parsed, error) {
	if len(token) > MaxToken {
		return nil, refuse(Malformed, "the token is longer than %d bytes", MaxToken)
	}
	if n := strings.Count(token, "."); n != 2 {
		return nil, refuse(Malformed, "the token has %d parts instead of 3, or is not in compact form", n+1)
	}
	last := strings.LastIndexByte(token, '.')
	p := &parsed{signed: token[:last]}
	head, body, _ := strings.Cut(p.signed, ".")
	header, err := readPart("header", head)
	if err != nil {
		return nil, err
	}
	if err := p.readHeader(header); err != nil {
		return nil, err
	}
	if p.signature, err = decode(token[last+1:]); err != nil {
		return nil, refuse(Malformed, "the signature %v", err)
	}
	if len(p.signature) == 0 {
		return nil, refuse(Malformed, "the token is not signed")
	}
	claims, err := readPart("payload", body)
	if err != nil {
		return nil, err
	}
	p.Claims = claims
	if err := p.readClaims(); err != nil {
		return nil, err
	}
	return p, nil
}

func readPart(name, text string) (map[string]any, error) {
	raw, err := decode(text)
	if err != nil {
		return nil, refuse(Malformed, "the %s %v", name, err)
	}
	object, err := readObject(raw)
	if err != nil {
		return nil, refuse(Malformed, "the %s %v", name, err)
	}
	return object, nil
}

// readHeader takes three members and ignores the rest. Ignoring jku, x5u, jwk and x5c is the point: a token does not say
// which keys are its issuer's (RFC 8725 §3.10).
func (p *parsed) readHeader(header map[string]any) error {
	for _, extension := range []string{"crit", "b64"} { // RFC 7515 §4.1.11 and RFC 7797: none that we understand
		if _, there := header[extension]; there {
			return refuse(Malformed, "the header has the member %s, which is not supported", extension)
		}
	}
	var err error
	if p.Algorithm, err = text(header, "alg"); err != nil {
		return err
	}
	if p.KeyID, err = text(header, "kid"); err != nil {
		return err
	}
	if p.Type, err = text(header, "typ"); err != nil {
		return err
	}
	if p.Algorithm == "" || len(p.KeyID) > maxName {
		return refuse(Malformed, "the header has no alg, or a kid longer than %d bytes", maxName)
	}
	p.Type = strings.TrimPrefix(strings.ToLower(p.Type), "application/") // RFC 7515 §4.1.9
	if _, there := header["typ"]; there && p.Type != plainType && p.Type != clientType {
		return refuse(WrongType, "the typ %q is that of another kind of token", Clean(p.Type))
	}
	return nil
}

func (p *parsed) readClaims() (err error) {
	for name, into := range map[string]*string{"iss": &p.Issuer, "sub": &p.Subject, "jti": &p.ID} {
		if *into, err = text(p.Claims, name); err != nil {
			return err
		}
	}
	if len(p.ID) > maxName {
		return refuse(Malformed, "the jti is longer than %d bytes", maxName)
	}
	for name, into := range map[string]*time.Time{"exp": &p.Expires, "iat": &p.IssuedAt, "nbf": &p.NotBefore} {
		if *into, err = date(p.Claims, name); err != nil {
			return err
		}
	}
	if !p.Expires.IsZero() && p.NotBefore.After(p.Expires) {
		return refuse(Malformed, "the token expires before it becomes valid")
	}
	p.Audience, err = audience(p.Claims)
	return err
}

func text(object map[string]any, name string) (string, error) {
	value, there := object[name]
	s, ok := value.(string)
	if there && !ok {
		return "", refuse(Malformed, "%s is not a string", name)
	}
	return s, nil
}

// date reads a NumericDate (RFC 7519 §2) that is a whole number of seconds, written as one, from 1 to the year 9999.
func date(claims Claims, name string) (time.Time, error) {
	value, there := claims[name]
	if !there {
		return time.Time{}, nil
	}
	number, ok := value.(json.Number)
	seconds, err := strconv.ParseInt(string(number), 10, 64)
	if !ok || err != nil || seconds < 1 || seconds > 253402300799 {
		return time.Time{}, refuse(Malformed, "%s is not a whole number of seconds since 1970", name)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

func audience(claims Claims) ([]string, error) {
	switch value := claims["aud"].(type) {
	case nil:
		if _, there := claims["aud"]; !there {
			return nil, nil
		}
	case string:
		return []string{value}, nil
	case []any:
		all := make([]string, 0, len(value))
		for _, v := range value {
			s, ok := v.(string)
			if !ok {
				return nil, refuse(Malformed, "aud holds something that is not a string")
			}
			all = append(all, s)
		}
		return all, nil
	}
	return nil, refuse(Malformed, "aud is neither a string nor a list of strings")
}
