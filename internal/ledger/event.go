package ledger

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/google/uuid"
)

// Who is the actor of an event. Kind and ID stand in the chain for good; the rest goes into the payload and can
// be erased with it.
type Who struct {
	Kind string // application, operator or system
	ID   string
	// Credential is the id of the credential that the actor came with, Address where from, and Request the id that
	// the answer and the request log carry. Each may be empty.
	Credential, Address, Request string
}

// System is the actor of what Counterfoil does by itself, such as a scheduled key rotation.
var System = Who{Kind: "system", ID: "counterfoil"}

// Actor is the part of [Who] that the chain covers.
type Actor struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// Subject is the one thing that an event is about.
type Subject struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// Event is a change for [Append]. Kinds, of events, actors and subjects, are 1 to 64 characters of a–z, ".", "_"
// and "-"; ids are 1 to 200 characters of printable ASCII without spaces. Names that people chose belong into
// Before and After.
type Event struct {
	Environment uuid.UUID
	Kind        string // what happened, as in "application.disabled"
	Subject     Subject
	// Register says that the token path must know of this event; [Since] returns only such events.
	Register bool
	// Before and After are what changed, as encoding/json writes it; nil is left out. They hold no secrets.
	Before, After any
}

// Record is an event in the ledger. Its JSON form is what the API shows and [Verify] needs: hashes are hexadecimal,
// the salt is base64, and the payload is a string that holds the JSON text as it was hashed.
type Record struct {
	Number   int64     `json:"number"`
	At       time.Time `json:"at"` // whole microseconds, UTC
	Kind     string    `json:"kind"`
	Actor    Actor     `json:"actor"`
	Subject  Subject   `json:"subject"`
	Register bool      `json:"register"`
	Payload  string    `json:"payload,omitempty"` // JSON; empty once erased
	Salt     []byte    `json:"salt,omitempty"`    // empty once erased
	Digest   Hash      `json:"digest"`
	Hash     Hash      `json:"hash"`
}

// Erased reports whether the payload is gone.
func (r *Record) Erased() bool { return r.Payload == "" }

// saltSize is that of a random value nobody can guess, in bytes.
const saltSize = 16

// newRecord returns e as it goes into the ledger, but for its number and hash.
func newRecord(at time.Time, who Who, e Event) (*Record, error) {
	if err := check(who, e); err != nil {
		return nil, err
	}
	text, err := payload(who, e)
	if err != nil {
		return nil, fmt.Errorf("ledger event %s: %w", e.Kind, err)
	}
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	return &Record{
		At: at, Kind: e.Kind, Actor: Actor{who.Kind, who.ID}, Subject: e.Subject, Register: e.Register,
		Payload: text, Salt: salt, Digest: digest(salt, text),
	}, nil
}

var (
	kindPattern = regexp.MustCompile(`^[a-z._-]{1,64}$`)
	idPattern   = regexp.MustCompile(`^[!-~]{1,200}$`)
)

// check refuses what a room must not write. Unlike the payload these columns are shown, searched and logged as they
// are, so nothing that a stranger chose may get into them.
func check(who Who, e Event) error {
	for _, kind := range []string{e.Kind, e.Subject.Kind, who.Kind} {
		if !kindPattern.MatchString(kind) {
			return fmt.Errorf("ledger event %q: %q is not a kind", e.Kind, kind)
		}
	}
	for _, id := range []string{e.Subject.ID, who.ID} {
		if !idPattern.MatchString(id) {
			return fmt.Errorf("ledger event %q: %q is not an id", e.Kind, id)
		}
	}
	return nil
}

func payload(who Who, e Event) (string, error) {
	type actor struct {
		Credential string `json:"credential,omitempty"`
		Address    string `json:"address,omitempty"`
		Request    string `json:"request,omitempty"`
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		Actor  actor `json:"actor,omitzero"`
		Before any   `json:"before,omitempty"`
		After  any   `json:"after,omitempty"`
	}{actor{who.Credential, who.Address, who.Request}, e.Before, e.After})
	return escape(strings.TrimSuffix(b.String(), "\n")), err
}

// escape writes the characters of a JSON text that do not print as \u escapes. encoding/json does so for those below
// U+0020 only, but terminals obey U+0080 to U+009F as well, and U+202E turns a line around. Outside of strings
// JSON is printable ASCII, so the text keeps its meaning.
func escape(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text {
		if r < 0x7F || unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}
