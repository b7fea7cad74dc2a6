package ticket

import "time"

// Purpose is what a ticket is good for. One made for a purpose is unknown to every other.
type Purpose string

// The purposes.
const (
	// Invitation lets somebody become a user.
	Invitation Purpose = "invitation"
	// Activation lets a user who was created by others set a first password.
	Activation Purpose = "activation"
	// Reset lets a user set a new password.
	Reset Purpose = "reset"
	// EmailCode is six digits that prove that somebody reads a user's mail.
	EmailCode Purpose = "email-code"
	// FactorState stands between a password that was right and the factor that is still asked.
	FactorState Purpose = "factor-state"
	// Passkey holds the challenge that an authenticator is to sign.
	Passkey Purpose = "passkey"
	// Setup lets whoever reads what the server prints become its first administrator.
	Setup Purpose = "setup"
	// SessionLogin is what a browser turns into a session.
	SessionLogin Purpose = "session-login"
)

// Rule is what holds for all tickets of a purpose.
type Rule struct {
	// Life is how long a ticket works when its maker does not say, MaxLife how long it works at most.
	Life, MaxLife time.Duration
	// Failures is how many wrong answers burn a ticket.
	Failures int
	// Digits is the length of a code that a person types. Zero is a secret of 192 random bits for links and programs.
	Digits int
	// Sealed says that the data is personal and kept under the environment's key. Sealing lets an environment's writers
	// pass one by one, so what is made at every sign-in does without.
	Sealed bool
	// SignIn says that the ticket is dead while its user may not sign in: locked, suspended, or not active yet.
	SignIn bool
	// Nobody says that there may be a ticket without a user: for somebody who is none yet, or has not said who it is.
	Nobody bool
}

// rules is the registry. The lives of what is mailed are those of mail; the lives of what a program holds are those of
// a person who types.
var rules = map[Purpose]Rule{
	Invitation:   {Life: 7 * 24 * time.Hour, MaxLife: 30 * 24 * time.Hour, Failures: 5, Sealed: true, Nobody: true},
	Activation:   {Life: 7 * 24 * time.Hour, MaxLife: 30 * 24 * time.Hour, Failures: 5, Sealed: true},
	Reset:        {Life: time.Hour, MaxLife: 24 * time.Hour, Failures: 5, Sealed: true},
	EmailCode:    {Life: 10 * time.Minute, MaxLife: 30 * time.Minute, Failures: 5, Digits: 6},
	FactorState:  {Life: 2 * time.Minute, MaxLife: 2 * time.Minute, Failures: 5, SignIn: true},
	Passkey:      {Life: 5 * time.Minute, MaxLife: 5 * time.Minute, Failures: 1, SignIn: true, Nobody: true},
	Setup:        {Life: 30 * time.Minute, MaxLife: 30 * time.Minute, Failures: 5, Nobody: true},
	SessionLogin: {Life: 2 * time.Minute, MaxLife: 2 * time.Minute, Failures: 1, SignIn: true},
}

// Purposes lists every purpose.
func Purposes() []Purpose {
	return []Purpose{Invitation, Activation, Reset, EmailCode, FactorState, Passkey, Setup, SessionLogin}
}

// Rule returns what holds for tickets of the purpose, and the zero Rule for one that is not registered.
func (p Purpose) Rule() Rule { return rules[p] }
