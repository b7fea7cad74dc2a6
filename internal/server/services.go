package server

import (
	"github.com/counterfoil/counterfoil/internal/directory/invitation"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/services"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/caller"
)

// serviceRoutes serves what applications ask about people.
func (h *House) serviceRoutes(m *web.Mux, guard *caller.Guard, cursors web.Cursors) {
	(&services.Door{
		DB: h.db, Guard: guard, Cursors: cursors, Tickets: &ticket.Authority{Vault: h.vault}, Passwords: h.passwords, Factors: h.factors(),
		Recovery: h.recovery, Invitations: h.invitations(), Sessions: &session.Authority{Vault: h.vault}, Base: h.config.BaseURL, Now: h.now,
	}).Routes(m)
}

// invitations returns what asks people to join.
func (h *House) invitations() *invitation.Authority {
	return &invitation.Authority{Vault: h.vault, Tickets: &ticket.Authority{Vault: h.vault}, Recovery: h.recovery}
}
