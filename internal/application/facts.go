package application

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// facts is what the ledger keeps of an application.
type facts struct {
	Kind        Kind     `json:"kind"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Enabled     bool     `json:"enabled"`
	Epoch       uint32   `json:"epoch"`
	Lifetime    int64    `json:"token_lifetime,omitempty"`
	Methods     []string `json:"auth_methods,omitempty"`
	Scopes      []string `json:"scopes"`
	Introspects []string `json:"introspects,omitempty"`
	Lock        string   `json:"lock_policy,omitempty"`
	Legacy      bool     `json:"legacy_audience,omitempty"`
	Target      string   `json:"target,omitempty"`
	Home        string   `json:"home_url,omitempty"`
	Targets     []string `json:"target_urls,omitempty"`
	Origins     []string `json:"allowed_origins,omitempty"`
}

func (a *Application) facts(tx *db.Tx) (facts, error) {
	catalogue, err := access.LoadCatalogue(tx, a.Environment)
	if err != nil {
		return facts{}, err
	}
	return a.factsFrom(catalogue), nil
}

func (a *Application) factsFrom(c *access.Catalogue) facts {
	f := facts{
		Kind: a.Kind, Lock: a.Lock.String(), Legacy: a.LegacyAudience, Name: a.Name, Description: a.Description, Enabled: a.Enabled, Epoch: a.Epoch,
		Lifetime: int64(a.Lifetime / time.Second), Methods: a.Methods,
		Scopes: c.Names(a.Permissions), Introspects: c.APINames(a.Introspects),
		Home: a.Links.Home, Targets: a.Links.Targets, Origins: a.Links.Origins,
	}
	if a.Target != uuid.Nil {
		f.Target = a.Target.String()
	}
	return f
}

func event(kind string, a *Application) ledger.Event {
	return ledger.Event{
		Environment: a.Environment, Kind: kind, Register: true,
		Subject: ledger.Subject{Kind: "application", ID: a.ID.String()},
	}
}

func record(tx *db.Tx, actor *access.Actor, kind string, a *Application, before *facts, after facts) {
	e := event(kind, a)
	if before != nil {
		e.Before = before
	}
	e.After = after
	ledger.Append(tx, actor.Who(), e)
}
