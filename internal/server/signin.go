package server

import (
	"net/url"

	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/mailbox"
	"github.com/counterfoil/counterfoil/internal/signin"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/limit"
)

// openRecovery puts together what links in mails do.
func (h *House) openRecovery() {
	h.recovery = &recovery.Authority{
		DB: h.db, Vault: h.vault, Tickets: &ticket.Authority{Vault: h.vault}, Passwords: h.passwords, Base: h.config.BaseURL, Log: h.log,
	}
}

// mailRoutes serves the pages that mails lead to and, on a server in dev, the mails that it keeps instead of sending them.
func (h *House) mailRoutes(m *web.Mux, limits *limit.Limiter) {
	(&signin.Door{Recovery: h.recovery, Limits: limits}).Routes(m)
	if h.mailbox == nil {
		return
	}
	host := ""
	if u, err := url.Parse(h.config.BaseURL); err == nil {
		host = u.Hostname()
	}
	(&mailbox.Door{DB: h.db, Box: h.mailbox, Host: host, Local: localOnly}).Routes(m)
}
