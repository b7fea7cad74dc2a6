package adminapi

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/credentialapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Application is an [application.Application] on the wire.
type Application struct {
	rest.Row
	ClientID      string                `json:"client_id" format:"uuid" doc:"Never changes and is never used again."`
	Name          string                `json:"name"`
	Description   string                `json:"description"`
	Scopes        []string              `json:"scopes" nullable:"false" doc:"What its tokens may have at most."`
	Introspects   []string              `json:"introspects" nullable:"false" doc:"Names of the APIs whose tokens it may look into (RFC 7662)."`
	TokenLifetime int64                 `json:"token_lifetime" doc:"Seconds; 0: as the API says. The shorter of the two counts."`
	AuthMethods   []string              `json:"auth_methods" nullable:"false" enum:"client_secret_basic,client_secret_post" doc:"The only ways in which it may authenticate; empty: any."`
	Enabled       bool                  `json:"enabled"`
	CreatedBy     string                `json:"created_by" doc:"The client_id of the application that made it, or a word for Counterfoil itself."`
	CreatedAt     time.Time             `json:"created_at"`
	UpdatedAt     time.Time             `json:"updated_at"`
	Secret        *credentialapi.Secret `json:"secret,omitempty" doc:"The first secret, in the answer to a creation that asked for one."`
}

// NewApplication is the body that makes an application.
type NewApplication struct {
	Name          string                   `json:"name" minLength:"1"`
	Description   string                   `json:"description,omitempty"`
	Scopes        []string                 `json:"scopes,omitempty"`
	Introspects   []string                 `json:"introspects,omitempty"`
	TokenLifetime int64                    `json:"token_lifetime,omitempty" minimum:"0" maximum:"86400" doc:"Seconds, from 60; as the API says unless given."`
	AuthMethods   []string                 `json:"auth_methods,omitempty" enum:"client_secret_basic,client_secret_post" doc:"Any unless given."`
	Enabled       *bool                    `json:"enabled,omitempty" doc:"true unless given."`
	Secret        *credentialapi.NewSecret `json:"secret,omitempty" doc:"Makes a first secret too, which needs credentials:write."`
}

// ApplicationChange is a merge patch.
type ApplicationChange struct {
	Name          rest.Patch[string]   `json:"name,omitzero"`
	Description   rest.Patch[string]   `json:"description,omitzero"`
	Scopes        rest.Patch[[]string] `json:"scopes,omitzero" doc:"All of them: one that is left out is taken from its tokens at once."`
	Introspects   rest.Patch[[]string] `json:"introspects,omitzero"`
	TokenLifetime rest.Patch[int64]    `json:"token_lifetime,omitzero" minimum:"0" maximum:"86400" doc:"Seconds, from 60; 0 or null: as the API says."`
	AuthMethods   rest.Patch[[]string] `json:"auth_methods,omitzero" enum:"client_secret_basic,client_secret_post" doc:"Empty or null: any."`
}

func (d *Door) applicationOperations(api huma.API) {
	const list, one = "/applications", "/applications/{application}"
	huma.Register(api, rest.Operation("GET "+list, "list-applications", access.ReadApplications, "List applications by name"), d.listApplications)
	huma.Register(api, rest.Creation("POST "+list, "create-application", access.WriteApplications, "Create an application, with a first secret if asked"), d.createApplication)
	huma.Register(api, rest.Operation("GET "+one, "get-application", access.ReadApplications, "Show an application"), d.getApplication)
	huma.Register(api, rest.Operation("PATCH "+one, "change-application", access.WriteApplications, "Change an application"), d.changeApplication)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-application", access.WriteApplications, "Delete an application with its credentials and tokens"), d.deleteApplication)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-application", access.WriteApplications, "Disable an application; its tokens die for good"), d.setApplicationEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-application", access.WriteApplications, "Enable an application"), d.setApplicationEnabled(true))
}

func (d *Door) listApplications(ctx context.Context, in *struct {
	web.PageQuery
	Name string `query:"name" doc:"Only the application called so, whatever its case."`
}) (*rest.Listed[Application], error) {
	out := &rest.Listed[Application]{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		list := "applications " + c.Actor.Environment.String()
		page := application.Page{Limit: in.Limit + 1}
		if in.Cursor != "" {
			if err := d.Cursors.Read(in.Cursor, list, &page.After); err != nil {
				return err
			}
		}
		rows, err := application.List(tx, &c.Actor, application.Wanted{Name: in.Name}, page)
		if err != nil {
			return err
		}
		catalogue, err := access.LoadCatalogue(tx, c.Actor.Environment)
		if err != nil {
			return err
		}
		out.Body = web.Cut(rows, in.Limit,
			func(a *application.Application) Application { return showApplicationIn(a, catalogue) },
			func(a *application.Application) string { return d.Cursors.Make(list, application.Fold(a.Name)) })
		return nil
	})
	return out, err
}

func (d *Door) createApplication(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewApplication
}) (*rest.Created[Application], error) {
	b := &in.Body
	return rest.Create(ctx, d.Desk, in.Idempotent, b, rest.Maker[Application]{
		Make: func(tx *db.Tx, c *rest.Call) (Application, string, error) {
			a, err := application.Create(tx, &c.Actor, application.Spec{
				Name: b.Name, Description: b.Description, Scopes: b.Scopes, Introspects: b.Introspects,
				Lifetime: lifetime(b.TokenLifetime), Methods: b.AuthMethods, Enabled: b.Enabled,
			})
			if err != nil {
				return Application{}, "", err
			}
			shown, err := showApplication(tx, c, a)
			if err != nil || b.Secret == nil {
				return shown, shown.ClientID, err
			}
			secret, err := d.credentials().AddSecret(tx, c, a.ID, b.Secret)
			shown.Secret = &secret
			return shown, shown.ClientID + "/" + secret.ID, err
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Application, error) {
			id, secretID, hadSecret := strings.Cut(name, "/")
			a, err := application.Load(tx, c.Actor.Environment, rest.ID(id))
			if err != nil {
				return Application{}, err
			}
			shown, err := showApplication(tx, c, a)
			if err != nil || !hadSecret {
				return shown, err
			}
			secret, err := credentialapi.SecretAgain(tx, c, id, secretID)
			if fault.Is(err, fault.NotFound) {
				return shown, nil // the application outlived its first secret
			}
			shown.Secret = &secret
			return shown, err
		},
	})
}

func (d *Door) getApplication(ctx context.Context, in *struct {
	rest.ApplicationPath
	rest.Conditional
}) (*rest.Found[Application], error) {
	return rest.Find(ctx, d.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Application, error) {
		a, err := application.Get(tx, &c.Actor, rest.ID(in.Application))
		if err != nil {
			return Application{}, err
		}
		return showApplication(tx, c, a)
	})
}

func (d *Door) changeApplication(ctx context.Context, in *struct {
	rest.ApplicationPath
	rest.Precondition
	Body ApplicationChange
}) (*rest.Changed[Application], error) {
	return rest.Change(ctx, d.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Application, error) {
		a, err := application.Change(tx, &c.Actor, rest.ID(in.Application), version, in.Body.apply)
		if err != nil {
			return Application{}, err
		}
		return showApplication(tx, c, a)
	})
}

func (p *ApplicationChange) apply(s *application.Spec) {
	p.Name.Apply(&s.Name, "")
	p.Description.Apply(&s.Description, "")
	p.Scopes.Apply(&s.Scopes, nil)
	p.Introspects.Apply(&s.Introspects, nil)
	rest.Mapped(p.TokenLifetime, lifetime).Apply(&s.Lifetime, 0)
	p.AuthMethods.Apply(&s.Methods, nil)
}

func (d *Door) deleteApplication(ctx context.Context, in *struct {
	rest.ApplicationPath
	rest.Precondition
}) (*rest.Done, error) {
	return d.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return application.Delete(tx, &c.Actor, rest.ID(in.Application), version)
	})
}

func (d *Door) setApplicationEnabled(enabled bool) func(context.Context, *rest.ApplicationPath) (*rest.Done, error) {
	return func(ctx context.Context, in *rest.ApplicationPath) (*rest.Done, error) {
		return d.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			_, err := application.SetEnabled(tx, &c.Actor, rest.ID(in.Application), enabled)
			return err
		})
	}
}

func showApplication(tx *db.Tx, c *rest.Call, a *application.Application) (Application, error) {
	catalogue, err := access.LoadCatalogue(tx, c.Actor.Environment)
	if err != nil {
		return Application{}, err
	}
	return showApplicationIn(a, catalogue), nil
}

func showApplicationIn(a *application.Application, catalogue *access.Catalogue) Application {
	return Application{
		Row: rest.RowOf(a.ID, a.Version), ClientID: a.ID.String(), Name: a.Name, Description: a.Description,
		Scopes: catalogue.Names(a.Permissions), Introspects: catalogue.APINames(a.Introspects),
		TokenLifetime: int64(a.Lifetime / time.Second), AuthMethods: append([]string{}, a.Methods...), Enabled: a.Enabled,
		CreatedBy: a.CreatedBy, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}
