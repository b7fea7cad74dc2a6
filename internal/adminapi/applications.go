package adminapi

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Application is an [application.Application] on the wire.
type Application struct {
	row
	ClientID      string    `json:"client_id" format:"uuid" doc:"Never changes and is never used again."`
	Name          string    `json:"name"`
	Description   string    `json:"description"`
	Scopes        []string  `json:"scopes" nullable:"false" doc:"What its tokens may have at most."`
	Introspects   []string  `json:"introspects" nullable:"false" doc:"Names of the APIs whose tokens it may look into (RFC 7662)."`
	TokenLifetime int64     `json:"token_lifetime" doc:"Seconds; 0: as the API says. The shorter of the two counts."`
	AuthMethods   []string  `json:"auth_methods" nullable:"false" enum:"client_secret_basic,client_secret_post" doc:"The only ways in which it may authenticate; empty: any."`
	Enabled       bool      `json:"enabled"`
	CreatedBy     string    `json:"created_by" doc:"The client_id of the application that made it, or a word for Counterfoil itself."`
	CreatedAt     time.Time `json:"created_at"`
	UpdatedAt     time.Time `json:"updated_at"`
	Secret        *Secret   `json:"secret,omitempty" doc:"The first secret, in the answer to a creation that asked for one."`
}

// NewApplication is the body that makes an application.
type NewApplication struct {
	Name          string     `json:"name" minLength:"1"`
	Description   string     `json:"description,omitempty"`
	Scopes        []string   `json:"scopes,omitempty"`
	Introspects   []string   `json:"introspects,omitempty"`
	TokenLifetime int64      `json:"token_lifetime,omitempty" minimum:"0" maximum:"86400" doc:"Seconds, from 60; as the API says unless given."`
	AuthMethods   []string   `json:"auth_methods,omitempty" enum:"client_secret_basic,client_secret_post" doc:"Any unless given."`
	Enabled       *bool      `json:"enabled,omitempty" doc:"true unless given."`
	Secret        *NewSecret `json:"secret,omitempty" doc:"Makes a first secret too, which needs credentials:write."`
}

// ApplicationChange is a merge patch.
type ApplicationChange struct {
	Name          patch[string]   `json:"name,omitzero"`
	Description   patch[string]   `json:"description,omitzero"`
	Scopes        patch[[]string] `json:"scopes,omitzero" doc:"All of them: one that is left out is taken from its tokens at once."`
	Introspects   patch[[]string] `json:"introspects,omitzero"`
	TokenLifetime patch[int64]    `json:"token_lifetime,omitzero" minimum:"0" maximum:"86400" doc:"Seconds, from 60; 0 or null: as the API says."`
	AuthMethods   patch[[]string] `json:"auth_methods,omitzero" enum:"client_secret_basic,client_secret_post" doc:"Empty or null: any."`
}

// ApplicationPath names an application.
type ApplicationPath struct {
	Application string `path:"application" doc:"Its client_id."`
}

func (d *Door) applicationOperations(api huma.API) {
	const list, one = "/applications", "/applications/{application}"
	huma.Register(api, operation("GET "+list, "list-applications", access.ReadApplications, "List applications by name"), d.listApplications)
	huma.Register(api, creation("POST "+list, "create-application", access.WriteApplications, "Create an application, with a first secret if asked"), d.createApplication)
	huma.Register(api, operation("GET "+one, "get-application", access.ReadApplications, "Show an application"), d.getApplication)
	huma.Register(api, operation("PATCH "+one, "change-application", access.WriteApplications, "Change an application"), d.changeApplication)
	huma.Register(api, operation("DELETE "+one, "delete-application", access.WriteApplications, "Delete an application with its credentials and tokens"), d.deleteApplication)
	huma.Register(api, operation("GET "+one+"/refusals", "list-refusals", access.ReadApplications, "List the latest refused requests of an application, newest first and at most 20"), d.listRefusals)
	huma.Register(api, operation("POST "+one+"/disable", "disable-application", access.WriteApplications, "Disable an application; its tokens die for good"), d.setApplicationEnabled(false))
	huma.Register(api, operation("POST "+one+"/enable", "enable-application", access.WriteApplications, "Enable an application"), d.setApplicationEnabled(true))
}

func (d *Door) listApplications(ctx context.Context, in *struct {
	web.PageQuery
	Name string `query:"name" doc:"Only the application called so, whatever its case."`
}) (*listed[Application], error) {
	out := &listed[Application]{}
	err := d.read(ctx, func(tx *db.Tx, c *call) error {
		list := "applications " + c.actor.Environment.String()
		page := application.Page{Limit: in.Limit + 1}
		if in.Cursor != "" {
			if err := d.Cursors.Read(in.Cursor, list, &page.After); err != nil {
				return err
			}
		}
		rows, err := application.List(tx, &c.actor, in.Name, page)
		if err != nil {
			return err
		}
		catalogue, err := access.LoadCatalogue(tx, c.actor.Environment)
		if err != nil {
			return err
		}
		out.Body = web.Cut(rows, in.Limit,
			func(a *application.Application) Application { return showApplication(a, catalogue) },
			func(a *application.Application) string { return d.Cursors.Make(list, application.Fold(a.Name)) })
		return nil
	})
	return out, err
}

func (d *Door) createApplication(ctx context.Context, in *struct {
	Idempotent
	Body NewApplication
}) (*created[Application], error) {
	b := &in.Body
	return create(ctx, d, in.Idempotent, b, maker[Application]{
		make: func(tx *db.Tx, c *call) (Application, string, error) {
			a, err := application.Create(tx, &c.actor, application.Spec{
				Name: b.Name, Description: b.Description, Scopes: b.Scopes, Introspects: b.Introspects,
				Lifetime: lifetime(b.TokenLifetime), Methods: b.AuthMethods, Disabled: b.Enabled != nil && !*b.Enabled,
			})
			if err != nil {
				return Application{}, "", err
			}
			shown, err := c.showApplication(tx, a)
			if err != nil || b.Secret == nil {
				return shown, shown.ClientID, err
			}
			secret, err := d.addSecret(tx, c, a.ID, b.Secret)
			shown.Secret = &secret
			return shown, shown.ClientID + "/" + secret.ID, err
		},
		again: func(tx *db.Tx, c *call, name string) (Application, error) {
			id, secretID, hadSecret := strings.Cut(name, "/")
			a, err := application.Load(tx, c.actor.Environment, idOf(id))
			if err != nil {
				return Application{}, err
			}
			shown, err := c.showApplication(tx, a)
			if err != nil || !hadSecret {
				return shown, err
			}
			secret, err := c.secretAgain(tx, id, secretID)
			if fault.Is(err, fault.NotFound) {
				return shown, nil // the application outlived its first secret
			}
			shown.Secret = &secret
			return shown, err
		},
	})
}

func (d *Door) getApplication(ctx context.Context, in *struct {
	ApplicationPath
	Conditional
}) (*found[Application], error) {
	return find(ctx, d, in.Conditional, func(tx *db.Tx, c *call) (Application, error) {
		a, err := application.Get(tx, &c.actor, idOf(in.Application))
		if err != nil {
			return Application{}, err
		}
		return c.showApplication(tx, a)
	})
}

func (d *Door) changeApplication(ctx context.Context, in *struct {
	ApplicationPath
	Precondition
	Body ApplicationChange
}) (*changed[Application], error) {
	return change(ctx, d, in.Precondition, func(tx *db.Tx, c *call, version int64) (Application, error) {
		a, err := application.Change(tx, &c.actor, idOf(in.Application), version, in.Body.apply)
		if err != nil {
			return Application{}, err
		}
		return c.showApplication(tx, a)
	})
}

func (p *ApplicationChange) apply(s *application.Spec) {
	p.Name.apply(&s.Name, "")
	p.Description.apply(&s.Description, "")
	p.Scopes.apply(&s.Scopes, nil)
	p.Introspects.apply(&s.Introspects, nil)
	mapped(p.TokenLifetime, lifetime).apply(&s.Lifetime, 0)
	p.AuthMethods.apply(&s.Methods, nil)
}

func (d *Door) deleteApplication(ctx context.Context, in *struct {
	ApplicationPath
	Precondition
}) (*settled, error) {
	return d.remove(ctx, in.Precondition, func(tx *db.Tx, c *call, version int64) error {
		return application.Delete(tx, &c.actor, idOf(in.Application), version)
	})
}

func (d *Door) setApplicationEnabled(enabled bool) func(context.Context, *ApplicationPath) (*settled, error) {
	return func(ctx context.Context, in *ApplicationPath) (*settled, error) {
		return d.settle(ctx, func(tx *db.Tx, c *call) error {
			_, err := application.SetEnabled(tx, &c.actor, idOf(in.Application), enabled)
			return err
		})
	}
}

func (c *call) showApplication(tx *db.Tx, a *application.Application) (Application, error) {
	catalogue, err := access.LoadCatalogue(tx, c.actor.Environment)
	if err != nil {
		return Application{}, err
	}
	return showApplication(a, catalogue), nil
}

func showApplication(a *application.Application, catalogue *access.Catalogue) Application {
	return Application{
		row: row{a.ID, a.Version}, ClientID: a.ID.String(), Name: a.Name, Description: a.Description,
		Scopes: catalogue.Names(a.Permissions), Introspects: catalogue.APINames(a.Introspects),
		TokenLifetime: int64(a.Lifetime / time.Second), AuthMethods: append([]string{}, a.Methods...), Enabled: a.Enabled,
		CreatedBy: a.CreatedBy, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}
