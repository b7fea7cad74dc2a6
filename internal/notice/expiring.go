package notice

import "time"

// ExpiringKind is the kind of the ledger events that say that a credential will expire, or has. The room of
// credentials appends them, once per credential and horizon, with the credential as subject and [Expiring] as After.
const ExpiringKind = "credential.expiring"

// Expiring is what such an event tells.
type Expiring struct {
	Application     string    `json:"application"` // the client_id
	ApplicationName string    `json:"application_name"`
	Kind            string    `json:"kind"` // of the credential: secret, certificate …
	Description     string    `json:"description,omitempty"`
	Hint            string    `json:"hint,omitempty"`
	ExpiresAt       time.Time `json:"expires_at"`
	// HorizonDays is the horizon that was reached: 30, 14, 7 or 1 days before the end, or 0.
	HorizonDays int `json:"horizon_days"`
}
