package rest

import (
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Moment is a time that a caller sets. The first one of the year 1 is refused: to the rooms it is no time at all, so
// that a secret which was to be long expired would never expire.
type Moment struct{ at time.Time }

// Time returns the time.
func (m Moment) Time() time.Time { return m.at }

// UnmarshalJSON reads RFC 3339.
func (m *Moment) UnmarshalJSON(text []byte) error {
	err := m.at.UnmarshalJSON(text)
	if err == nil && m.at.IsZero() {
		err = fault.New(fault.Invalid, "the year 1 is not a time")
	}
	return err
}

// MarshalJSON writes RFC 3339.
func (m Moment) MarshalJSON() ([]byte, error) { return m.at.MarshalJSON() }

// Schema is that of a time.
func (Moment) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
}

// Disclosure is the one way in which a secret leaves the program: it is opened where the answer is written. Its member
// of an answer has omitzero, so that an answer which discloses nothing does not mention it.
type Disclosure struct{ secret seal.Secret }

// Disclose returns what shows secret.
func Disclose(secret seal.Secret) Disclosure { return Disclosure{secret} }

// MarshalJSON returns the secret in clear.
func (d Disclosure) MarshalJSON() ([]byte, error) { return json.Marshal(d.secret.Reveal()) }

// IsZero reports whether there is nothing to disclose.
func (d Disclosure) IsZero() bool { return d.secret.Empty() }

// Schema is that of a text.
func (Disclosure) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeString} }

// Confidential is a secret in the body of a request. It is written nowhere again, printing included; where two bodies
// must be told apart ([Create]) it is on whoever has it to say by what.
type Confidential struct{ secret seal.Secret }

// Secret returns the secret, empty if none came.
func (c Confidential) Secret() seal.Secret { return c.secret }

// IsZero reports whether none came.
func (c Confidential) IsZero() bool { return c.secret.Empty() }

// UnmarshalJSON reads a text.
func (c *Confidential) UnmarshalJSON(text []byte) error {
	var plain string
	if err := json.Unmarshal(text, &plain); err != nil {
		return fault.New(fault.Invalid, "a secret is a text") // the decoder's own error would quote it
	}
	c.secret = seal.NewSecret(plain)
	return nil
}

// MarshalJSON says that there is one.
func (Confidential) MarshalJSON() ([]byte, error) { return []byte(`"[secret]"`), nil }

// Schema is that of a text that is never in an answer.
func (Confidential) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, WriteOnly: true, MinLength: new(1)}
}
