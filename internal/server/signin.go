package server

import (
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
)

// openRecovery puts together what links in mails do.
func (h *House) openRecovery() {
	h.recovery = &recovery.Authority{
		DB: h.db, Vault: h.vault, Tickets: &ticket.Authority{Vault: h.vault}, Passwords: h.passwords, Base: h.config.BaseURL, Log: h.log,
	}
}
