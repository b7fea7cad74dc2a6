package server

import (
	"strings"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	connectsession "github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/connectapi"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/limit"
)

// openConnect puts together what holds credentials for other people's systems.
func (h *House) openConnect() error {
	catalogue, err := provider.Open(h.config.ConnectProviders)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "connect_providers cannot be read")
	}
	h.connect = &connect.Authority{Vault: h.vault, Catalogue: catalogue}
	h.exchange = &exchange.Exchange{
		Egress: h.egress, Now: h.now, RedirectURL: strings.TrimSuffix(h.config.BaseURL, "/") + "/connect/callback",
	}
	return nil
}

// connectRoutes serves the Connect page.
func (h *House) connectRoutes(m *web.Mux, limits *limit.Limiter) {
	(&connectapi.Door{
		DB: h.db, Limits: limits, Place: h.register.Environment,
		Flow: &connectsession.Flow{DB: h.db, Sessions: &connectsession.Authority{Connect: h.connect}, Exchange: h.exchange},
	}).Routes(m)
}
