package intake

import (
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Record is one user of a file.
type Record struct {
	// Line is where the record begins in its file, from 1.
	Line int64 `json:"line"`
	// User is a SCIM user (RFC 7643 §4.1): a [directory.Profile] with active.
	User json.RawMessage `json:"user"`
	// Population is the name of a population or its id; empty: the default one.
	Population string `json:"population,omitempty"`
	// Hash is a password that comes along, for a user that is made; nil: none.
	Hash *Hash `json:"password_hash,omitempty"`
	// Problem is why the line is no record; then there is no user.
	Problem string `json:"problem,omitempty"`
}

// Hash is another system's hash of a password. It prints as nothing.
type Hash struct {
	Text string `json:"hash"`
	// Format and Salt are those of [password.ParseHash].
	Format string `json:"format,omitempty"`
	Salt   string `json:"salt,omitempty"`
}

// String keeps a hash out of logs.
func (h *Hash) String() string { return "[hash]" }

// GoString keeps a hash out of logs.
func (h *Hash) GoString() string { return "[hash]" }

// MaxRecord bounds one line of a file, in bytes.
const MaxRecord = 64 << 10

// parsed is a record that can be applied.
type parsed struct {
	profile directory.Profile
	active  *bool
	hash    *password.Prepared // nil: none
}

// parse reads the user of a record. Members that a user does not have are refused by name: a misspelt one would be lost
// without a word.
func (r *Record) parse(environment uuid.UUID) (p parsed, err error) {
	if r.Problem != "" {
		return p, fault.New(fault.Invalid, "%s", r.Problem)
	}
	if len(r.User) > MaxRecord {
		return p, fault.New(fault.Invalid, "a record has at most %d bytes", MaxRecord)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(r.User, &members); err != nil || members == nil {
		return p, fault.New(fault.Invalid, "this is no JSON object")
	}
	for name, value := range members {
		switch {
		case name == "active":
			if p.active, err = truth(value); err != nil {
				return p, err
			}
		case name == "passwordHash":
			if err := json.Unmarshal(value, &r.Hash); err != nil {
				return p, fault.New(fault.Invalid, "passwordHash has the members hash, format and salt")
			}
		case name == "password":
			return p, fault.New(fault.Invalid, "a password does not belong into an import file; bring its hash, or let users set one")
		case ignored[name]:
		case !profileMembers[name] && !strings.HasPrefix(name, "urn:"):
			return p, fault.New(fault.Invalid, "a user has no attribute %q", clip(name))
		}
	}
	if err := json.Unmarshal(r.User, &p.profile); err != nil {
		return p, fault.New(fault.Invalid, "%s", clip(strings.TrimPrefix(err.Error(), "json: ")))
	}
	if r.Hash != nil {
		p.hash, err = password.PrepareHash(environment, password.New{
			Hash: seal.NewSecret(r.Hash.Text), Format: password.Format(r.Hash.Format), Salt: seal.NewSecret(r.Hash.Salt),
		})
	}
	return p, err
}

// truth reads a boolean, also one in quotes, as some exports write it.
func truth(value json.RawMessage) (*bool, error) {
	yes, no := true, false
	switch strings.ToLower(strings.Trim(string(value), `"`)) {
	case "true":
		return &yes, nil
	case "false":
		return &no, nil
	case "null":
		return nil, nil
	}
	return nil, fault.New(fault.Invalid, "active is true or false")
}

// profileMembers are those of [directory.Profile]; ignored are those that exports have and that are the server's to say.
var (
	profileMembers = map[string]bool{
		"userName": true, "externalId": true, "name": true, "displayName": true, "nickName": true, "profileUrl": true, "title": true,
		"userType": true, "preferredLanguage": true, "locale": true, "timezone": true, "emails": true, "phoneNumbers": true, "ims": true,
		"photos": true, "addresses": true, "entitlements": true, "x509Certificates": true,
	}
	ignored = map[string]bool{"schemas": true, "id": true, "meta": true, "groups": true, "roles": true}
)

// clip shortens what a file says for a sentence about it.
func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if r := []rune(text); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return text
}
