package access

import (
	"net/netip"
	"time"
)

// Refusal is why the gate keeps a principal out. The zero value, [Admitted], is no refusal.
type Refusal uint8

// The refusals; those whose name does not say it all have a comment.
const (
	Admitted Refusal = iota
	// Unknown covers what never existed and what was deleted.
	Unknown
	EnvironmentDisabled
	APIDisabled
	ApplicationDisabled
	CredentialDisabled
	CredentialNotYetValid
	CredentialExpired
	// FamilyMissing is a right credential at a door that its API families do not open.
	FamilyMissing
	// NetworkNotAllowed is a right credential from outside the networks that it may be used from.
	NetworkNotAllowed
	// Superseded is a token from before something it hangs on was disabled or revoked.
	Superseded
	// TokenRevoked is a token that was revoked by itself.
	TokenRevoked
	TokenExpired
	// Malformed is a token that this installation did not make, or that was altered.
	Malformed
)

var refusals = [...]struct{ code, sentence string }{
	Admitted:              {"", ""},
	Unknown:               {"unknown", "What it hangs on does not exist or was deleted."},
	EnvironmentDisabled:   {"environment_disabled", "The environment is disabled."},
	APIDisabled:           {"api_disabled", "The API is disabled."},
	ApplicationDisabled:   {"application_disabled", "The application is disabled."},
	CredentialDisabled:    {"credential_disabled", "The credential is disabled."},
	CredentialNotYetValid: {"credential_not_yet_valid", "The credential is not valid yet."},
	CredentialExpired:     {"credential_expired", "The credential has expired."},
	FamilyMissing:         {"family_missing", "The credential does not have the API family of this endpoint among its scopes."},
	NetworkNotAllowed:     {"network_not_allowed", "The credential may not be used from this network."},
	Superseded:            {"superseded", "It was issued before its credential, application, API or environment was disabled or revoked."},
	TokenRevoked:          {"revoked", "The token was revoked."},
	TokenExpired:          {"expired", "The token has expired."},
	Malformed:             {"malformed", "This is no token of this environment, or it was altered."},
}

// String returns the refusal as one stable word, for logs, metrics and the admin API.
func (r Refusal) String() string { return refusals[r].code }

// Sentence explains the refusal to somebody entitled to know it.
func (r Refusal) Sentence() string { return refusals[r].sentence }

// Epochs number the lives of everything a token hangs on. Disabling or revoking a thing starts its next life,
// and a token of an earlier one is dead for good, also after the thing is enabled again.
type Epochs struct {
	// Incarnation is random and renewed when the environment is restored from a backup, so that no token from
	// the time between backup and restore lives again.
	Incarnation                               uint64
	Environment, API, Application, Credential uint32
}

// Precedes reports whether any epoch of e is behind that of known.
func (e Epochs) Precedes(known Epochs) bool {
	return e.Incarnation != known.Incarnation || e.Environment < known.Environment || e.API < known.API ||
		e.Application < known.Application || e.Credential < known.Credential
}

// Exceeds reports whether e has seen a life that known has not: the sign of a node that is behind the ledger.
func (e Epochs) Exceeds(known Epochs) bool {
	return e.Environment > known.Environment || e.API > known.API ||
		e.Application > known.Application || e.Credential > known.Credential
}

// Standing is the state of everything a principal hangs on, as rows or register know it.
type Standing struct {
	EnvironmentEnabled, APIEnabled, ApplicationEnabled, CredentialEnabled bool
	// NotBefore and Expires bound the credential, in microseconds since 1970; 0 is no bound.
	NotBefore, Expires int64
	Epochs             Epochs
	// Families are those of the credential, and Door is the one it stands before; no Door asks for no family.
	Families, Door Families
	// Networks are where the credential may be used from; From is where the caller is, and not asked about if unknown.
	Networks Networks
	From     netip.Addr
}

// Admit is the gate. carried is nil for a logon with a credential, and what the token carries for a token.
func (s *Standing) Admit(now time.Time, carried *Epochs) Refusal {
	micros := now.UnixMicro()
	switch {
	case !s.EnvironmentEnabled:
		return EnvironmentDisabled
	case !s.APIEnabled:
		return APIDisabled
	case !s.ApplicationEnabled:
		return ApplicationDisabled
	case !s.CredentialEnabled:
		return CredentialDisabled
	case s.NotBefore != 0 && micros < s.NotBefore:
		return CredentialNotYetValid
	case s.Expires != 0 && micros >= s.Expires:
		return CredentialExpired
	case !s.Families.Has(s.Door):
		return FamilyMissing
	case len(s.Networks) > 0 && s.From.IsValid() && !s.Networks.Contain(s.From):
		return NetworkNotAllowed
	case carried != nil && *carried != s.Epochs && carried.Precedes(s.Epochs):
		return Superseded
	}
	return Admitted
}
