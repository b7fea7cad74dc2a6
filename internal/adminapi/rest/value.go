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
