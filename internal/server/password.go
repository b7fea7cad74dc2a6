package server

import (
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/password/breach"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// openPasswords puts together what people's passwords are checked with. They share the workers of applications' chosen
// secrets: two sets of workers would have all processors between them.
func (h *House) openPasswords() error {
	h.passwords = &password.Authority{DB: h.db, Vault: h.vault, Hasher: &password.Hasher{Checker: h.logon.Checker}}
	if h.config.BreachedPasswordsFile == "" {
		return nil
	}
	list, err := breach.Open(h.config.BreachedPasswordsFile)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "breached_passwords_file cannot be read")
	}
	h.passwords.Breached = list
	return nil
}

// closePasswords lets go of the list of breached ones.
func (h *House) closePasswords() {
	if h.passwords != nil && h.passwords.Breached != nil {
		_ = h.passwords.Breached.Close()
	}
}
