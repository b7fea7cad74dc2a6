package server

import (
	"context"
	"time"

	"github.com/counterfoil/counterfoil/internal/adminapi/connectionapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/connect/fresh"
	connectsession "github.com/counterfoil/counterfoil/internal/connect/session"
)

// openKeeper makes what keeps tokens of connections fresh.
func (h *House) openKeeper() {
	h.keeper = fresh.New(fresh.Options{
		DB: h.db, Connect: h.connect, Fetcher: h.exchange, Node: h.register.Node().String(), Now: h.now, Log: h.log,
		// A node that hears of no kill switch must not act as if there were none: the strictest rule, as for the API itself.
		Fresh: func(now time.Time) error { return h.register.Fresh(now, nil) },
	})
}

// connections are the resources about other people's systems.
func (h *House) connections(desk *rest.Desk) *connectionapi.Resources {
	return &connectionapi.Resources{
		Desk: desk, Connect: h.connect, Sessions: &connectsession.Authority{Connect: h.connect}, Keeper: h.keeper, Exchange: h.exchange,
	}
}

// providersEvery is how often the operator's folder of providers is looked at.
const providersEvery = 5 * time.Second

// connectJobs are the chores about connections.
func (h *House) connectJobs() []job {
	jobs := []job{
		{"refresh-connections", fresh.DueEvery, true, h.keeper.Ahead},
		{"used-connections", fresh.UsedEvery, false, h.keeper.Flush},
	}
	if h.config.ConnectProviders != "" {
		jobs = append(jobs, job{"providers", providersEvery, false, h.readProviders})
	}
	return jobs
}

// readProviders reads the operator's providers again. What is resident was made of the former ones.
func (h *House) readProviders(context.Context) error {
	changed, err := h.connect.Catalogue.Reload()
	if changed {
		h.keeper.Forget()
	}
	return err
}
