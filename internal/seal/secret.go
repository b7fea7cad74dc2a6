package seal

import (
	"fmt"
	"log/slog"
)

// Secret is a text that must not be shown: a client secret, a passphrase, a password. Every formatter writes
// [secret] instead of it, at any depth and with any verb; [Secret.Reveal] is the only way out. It holds a pointer
// because fmt prints unexported fields of a structure without asking their methods, and prints a pointer there as
// an address.
type Secret struct{ text *string }

// redacted is what everybody sees. It is the same for an empty secret, which would otherwise tell it is empty.
const redacted = "[secret]"

// NewSecret returns text as a secret.
func NewSecret(text string) Secret { return Secret{text: &text} }

// Reveal returns the text itself, and "" for the zero Secret.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is no text.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// String implements [fmt.Stringer].
func (Secret) String() string { return redacted }

// GoString implements [fmt.GoStringer].
func (Secret) GoString() string { return redacted }

// Format implements [fmt.Formatter], so that no verb reaches the pointer.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue implements [slog.LogValuer].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements [encoding.TextMarshaler] for JSON keys, XML and YAML.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON implements [encoding/json.Marshaler].
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// GobEncode implements [encoding/gob.GobEncoder].
func (Secret) GobEncode() ([]byte, error) { return []byte(redacted), nil }
