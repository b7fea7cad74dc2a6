package credentialapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential/expiry"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Expiry is an [expiry.Expiry] on the wire.
type Expiry struct {
	CredentialID string    `json:"credential_id" format:"uuid"`
	Kind         string    `json:"kind" enum:"secret,certificate,jwt_key,trust"`
	ClientID     string    `json:"client_id" format:"uuid"`
	Application  string    `json:"application" doc:"The name of the application."`
	Description  string    `json:"description"`
	ExpiresAt    time.Time `json:"expires_at"`
}

func (r *Resources) expiryOperations(api huma.API) {
	op := rest.Operation("GET /expiries", "list-expiries", "List enabled credentials of all kinds that expire soon or expired in the last 7 days, soonest first")
	op.Description += " A caller with a role over some applications only sees theirs."
	huma.Register(api, op, r.listExpiries)
}

func (r *Resources) listExpiries(ctx context.Context, in *struct {
	Days int `query:"days" minimum:"0" maximum:"400" default:"90" doc:"How far to look ahead."`
	web.PageQuery
}) (*rest.Listed[Expiry], error) {
	out := &rest.Listed[Expiry]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		list := "expiries " + c.Actor.Environment.String()
		page := expiry.Page{Limit: in.Limit + 1}
		if in.Cursor != "" {
			if err := r.Cursors.Read(in.Cursor, list, &page.After, &page.ID); err != nil {
				return err
			}
		}
		rows, err := expiry.List(tx, &c.Actor, time.Duration(in.Days)*24*time.Hour, page)
		out.Body = web.Cut(rows, in.Limit, showExpiry,
			func(e expiry.Expiry) string { return r.Cursors.Make(list, db.Micros(e.At), e.Credential.String()) })
		return err
	})
	return out, err
}

func showExpiry(e expiry.Expiry) Expiry {
	return Expiry{e.Credential.String(), string(e.Kind), e.Application.String(), e.ApplicationName, e.Description, e.At}
}
