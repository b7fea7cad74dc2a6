package client

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[secret]"

// Secret holds a value that must not end up in a log: a client secret or an access token. Every formatter, JSON
// and slog print "[secret]" in its place; [Secret.Reveal] is the only way out. The zero Secret is empty.
//
// It wraps a pointer because a redacting string type still shows its bytes when it sits in an unexported field
// of something printed with %+v: fmt calls no methods there, and of a pointer it prints the address.
type Secret struct{ value *string }

// NewSecret wraps value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the value itself, or "" for an empty Secret.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether s holds nothing; encoding/json asks it for the omitzero option.
func (s Secret) IsZero() bool { return s.value == nil }

// String returns "[secret]".
func (s Secret) String() string { return redacted }

// GoString returns "[secret]".
func (s Secret) GoString() string { return redacted }

// Format writes "[secret]" whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "[secret]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON writes "[secret]". A program that means to pass the value on writes Reveal() itself.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// UnmarshalJSON reads the value from a JSON string, as the server's answers carry it.
func (s *Secret) UnmarshalJSON(data []byte) error {
	var value string
	if err := json.Unmarshal(data, &value); err != nil {
		return fmt.Errorf("a secret must be a JSON string")
	}
	*s = NewSecret(value)
	return nil
}
