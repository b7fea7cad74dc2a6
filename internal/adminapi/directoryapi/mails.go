package directoryapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
)

func (r *Resources) mailOperations(api huma.API) {
	const one = "/users/{user}"
	huma.Register(api, rest.Operation("POST "+one+"/send-activation", "send-activation",
		"Mail a user the link to set a first password with, which also activates a staged user"), r.sendActivation)
	huma.Register(api, rest.Operation("POST "+one+"/send-reset", "send-reset",
		"Mail a user the link to choose a new password with, to a verified address"), r.sendReset)
}

func (r *Resources) sendActivation(ctx context.Context, in *UserPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error { return r.Recovery.SendActivation(tx, &c.Actor, rest.ID(in.User)) })
}

func (r *Resources) sendReset(ctx context.Context, in *UserPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error { return r.Recovery.SendReset(tx, &c.Actor, rest.ID(in.User)) })
}
