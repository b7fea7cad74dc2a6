package exchange

import (
	"time"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Credential is all that a provider is asked with. Its secrets are open: it lives as long as a call takes.
type Credential struct {
	Provider *provider.Provider
	Settings connect.Settings
	// Client is the secret of Settings.ClientID, in the mode authorization_code.
	Client seal.Secret

	connect.Filled
}

// Failure is why a provider gave no token, in words for a person.
type Failure struct {
	// Stage is where it went wrong, or the first of those among which the provider does not tell.
	Stage provider.Stage
	Among []provider.Stage
	// Hint is one sentence of ours: what is wrong and what to do.
	Hint string
	// Code is the provider's word for it, if it has the form of one; Status its HTTP status, 0 if there was no answer.
	Code   string
	Status int
	// RetryAfter is what the provider asks us to wait; 0 if it does not.
	RetryAfter time.Duration
	// Final failures do not mend themselves: the grant or the credential is gone.
	Final bool
}

// Error returns the hint.
func (f *Failure) Error() string { return f.Hint }

// Unwrap gives the failure its kind: [fault.Unavailable] without an answer, or with one that says to try again later;
// else [fault.Conflict].
func (f *Failure) Unwrap() error {
	if f.Status == 0 || f.Status == 429 || f.Status >= 500 {
		return fault.New(fault.Unavailable, "%s", f.Hint)
	}
	return fault.New(fault.Conflict, "%s", f.Hint)
}
