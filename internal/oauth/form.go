package oauth

import (
	"bytes"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/logon"
)

const (
	// maxBody bounds a request's body, in bytes. The longest token fits, and everything that may stand beside it.
	maxBody = 40 << 10
	// maxParameters bounds how many parameters a request may have, known or not.
	maxParameters = 50
)

// form holds the parameters this door knows, decoded in place in the request's body. An absent parameter and
// an empty one are the same (RFC 6749 §3.1).
type form struct {
	grantType, scope, resource []byte
	clientID, clientSecret     []byte
	assertion, assertionType   []byte
	token                      []byte
	resources                  int
	names                      [maxParameters][]byte
	count                      int
}

// parse reads an application/x-www-form-urlencoded body, which it overwrites. Its errors are [fault.Invalid].
func (f *form) parse(body []byte) error {
	*f = form{}
	for len(body) > 0 {
		var pair []byte
		if at := bytes.IndexByte(body, '&'); at >= 0 {
			pair, body = body[:at], body[at+1:]
		} else {
			pair, body = body, nil
		}
		if len(pair) == 0 {
			continue
		}
		name, value := pair, []byte(nil)
		if at := bytes.IndexByte(pair, '='); at >= 0 {
			name, value = pair[:at], pair[at+1:]
		}
		name, ok := logon.FormDecode(name)
		if !ok {
			return errEncoding
		}
		if value, ok = logon.FormDecode(value); !ok {
			return errEncoding
		}
		if err := f.set(name, value); err != nil {
			return err
		}
	}
	return nil
}

var (
	errEncoding = fault.New(fault.Invalid, "the body is not application/x-www-form-urlencoded")
	errTooMany  = fault.New(fault.Invalid, "the request has more than %d parameters", maxParameters)
	errRepeated = fault.New(fault.Invalid, "a parameter is repeated (RFC 6749 section 3.2)")
)

func (f *form) set(name, value []byte) error {
	isResource := string(name) == "resource"
	if !isResource { // the one that may be repeated (RFC 8707 §2); a token is for one, which is checked later
		for _, seen := range f.names[:f.count] {
			if bytes.Equal(seen, name) {
				return errRepeated
			}
		}
		if f.count == maxParameters {
			return errTooMany
		}
		f.names[f.count] = name
		f.count++
	}
	if len(value) == 0 {
		return nil
	}
	switch string(name) {
	case "grant_type":
		f.grantType = value
	case "scope":
		f.scope = value
	case "resource":
		f.resource = value
		f.resources++
	case "client_id":
		f.clientID = value
	case "client_secret":
		f.clientSecret = value
	case "client_assertion":
		f.assertion = value
	case "client_assertion_type":
		f.assertionType = value
	case "token":
		f.token = value
	}
	return nil
}
