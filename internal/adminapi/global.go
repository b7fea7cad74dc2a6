package adminapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Global is the credential that an environment is born with, on the wire. It opens every application's exchange and the
// connections API.
type Global struct {
	rest.Row
	PairSecret
	Enabled   bool   `json:"enabled"`
	HasSecret bool   `json:"has_secret" doc:"Without one it opens nothing."`
	Advice    string `json:"advice" doc:"What should be done with it."`
}

// GlobalSecret is the body that sets its secret.
type GlobalSecret struct {
	Secret   rest.Confidential `json:"secret" doc:"Of your choice, as strong as the policy asks for."`
	Viewable *bool             `json:"viewable,omitempty" doc:"Keep it sealed, so that it can be shown again; what the environment's policy says unless given."`
}

const (
	adviceUnset    = "It has no secret and is deprecated: make a credential for each application and one for the connections API instead (integration credential create)."
	adviceSet      = "It opens everything: make a credential for each application and one for the connections API (integration credential create), then disable this one."
	adviceDisabled = "It is disabled, and opens neither the exchange nor the connections API."
)

func (d *Door) globalOperations(api huma.API) {
	const one = "/global-credential"
	huma.Register(api, rest.Operation("GET "+one, "get-global-credential", "Show the global credential"), d.getGlobal)
	huma.Register(api, rest.Operation("PUT "+one+"/secret", "set-global-secret", "Set the secret of the global credential; the old one and its tokens die"), d.setGlobalSecret)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-global-credential", "Disable the global credential; its tokens die for good"), d.setGlobalEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-global-credential", "Enable the global credential"), d.setGlobalEnabled(true))
}

func (d *Door) getGlobal(ctx context.Context, in *rest.Conditional) (*rest.Found[Global], error) {
	return rest.Find(ctx, d.Desk, *in, func(tx *db.Tx, c *rest.Call) (Global, error) {
		a, err := application.LoadGlobal(tx, c.Actor.Environment)
		if err != nil {
			return Global{}, err
		}
		pair, err := credential.GetPair(tx, &c.Actor, a.ID, application.Global)
		if err != nil {
			return Global{}, err
		}
		return showGlobal(tx, pair)
	})
}

func (d *Door) setGlobalSecret(ctx context.Context, in *struct {
	Body GlobalSecret
}) (*rest.Changed[Global], error) {
	var id uuid.UUID
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		a, err := application.LoadGlobal(tx, c.Actor.Environment)
		if err == nil {
			id = a.ID
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	choice, err := d.Credentials.Prepare(ctx, d.DB, &rest.CallOf(ctx).Actor, id, in.Body.Secret.Secret())
	if err != nil {
		return nil, err
	}
	return rest.Change(ctx, d.Desk, rest.Precondition{}, func(tx *db.Tx, c *rest.Call, _ int64) (Global, error) {
		k, err := d.Credentials.ReplaceChosen(tx, &c.Actor, id, choice, in.Body.Viewable)
		if err != nil {
			return Global{}, err
		}
		a, err := application.Load(tx, c.Actor.Environment, id)
		if err != nil {
			return Global{}, err
		}
		return showGlobal(tx, &credential.Pair{Application: a, Secret: k})
	})
}

func (d *Door) setGlobalEnabled(enabled bool) func(context.Context, *struct{}) (*rest.Done, error) {
	return func(ctx context.Context, _ *struct{}) (*rest.Done, error) {
		return d.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			a, err := application.LoadGlobal(tx, c.Actor.Environment)
			if err == nil {
				_, err = application.SetEnabled(tx, &c.Actor, a.ID, enabled)
			}
			return err
		})
	}
}

func showGlobal(tx *db.Tx, p *credential.Pair) (Global, error) {
	secret, err := showPairSecret(tx, p)
	if err != nil {
		return Global{}, err
	}
	shown := Global{Row: rest.RowOf(p.ID, p.Version), PairSecret: secret, Enabled: p.Enabled, Advice: adviceSet}
	shown.HasSecret, err = credential.HasSecret(tx, p.Application)
	switch {
	case !p.Enabled:
		shown.Advice = adviceDisabled
	case !shown.HasSecret:
		shown.Advice = adviceUnset
	}
	return shown, err
}
