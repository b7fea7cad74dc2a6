package adminapi

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/credentialapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/roster"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Application is an [application.Application] on the wire.
type Application struct {
	rest.Row
	ClientID       string                `json:"client_id" format:"uuid" doc:"Never changes and is never used again."`
	Kind           string                `json:"kind" enum:"service,worker,pair,global,exchange,connection" doc:"What it is for. A worker administers Counterfoil and gets its permissions from roles; a pair is an API credential pair; the last three are credentials of integrations."`
	Name           string                `json:"name"`
	Description    string                `json:"description"`
	Scopes         []string              `json:"scopes" nullable:"false" doc:"What its tokens may have at most."`
	Introspects    []string              `json:"introspects" nullable:"false" doc:"Names of the APIs whose tokens it may look into (RFC 7662)."`
	TokenLifetime  int64                 `json:"token_lifetime" doc:"Seconds; 0: as the API says. The shorter of the two counts."`
	AuthMethods    []string              `json:"auth_methods" nullable:"false" enum:"client_secret_basic,client_secret_post,client_secret_jwt,private_key_jwt,tls_client_auth,self_signed_tls_client_auth,federated_jwt" doc:"The only ways in which it may authenticate; empty: any."`
	LockPolicy     string                `json:"lock_policy" enum:"on,client+network,off" doc:"How failed logons with secrets lock it."`
	LegacyAudience bool                  `json:"legacy_audience" doc:"Whether its assertions may name the token endpoint as their audience, as RFC 7523 once had it."`
	Target         string                `json:"target,omitempty" format:"uuid" doc:"The application whose exchange it opens; absent for kinds other than exchange."`
	HomeURL        string                `json:"home_url" doc:"Where people who use it begin; empty: nowhere."`
	TargetURLs     []string              `json:"target_urls" nullable:"false" doc:"Where they may be sent: an entry covers its path and everything below."`
	AllowedOrigins []string              `json:"allowed_origins" nullable:"false" doc:"The pages that may exchange a session login token for a session."`
	Enabled        bool                  `json:"enabled"`
	CreatedBy      string                `json:"created_by" doc:"The client_id of the application that made it, or a word for Counterfoil itself."`
	CreatedAt      time.Time             `json:"created_at"`
	UpdatedAt      time.Time             `json:"updated_at"`
	LockedUntil    time.Time             `json:"locked_until,omitzero" doc:"In lists: until when its secrets are not taken; absent unless they are locked."`
	Credentials    *int64                `json:"credentials,omitempty" doc:"In lists, for whoever may read credentials: how many it has, of all kinds."`
	NextExpiry     time.Time             `json:"next_expiry,omitzero" doc:"In lists, for whoever may read credentials: when the first of its enabled credentials expires; absent if none will."`
	Secret         *credentialapi.Secret `json:"secret,omitempty" doc:"The first secret, in the answer to a creation that asked for one."`
}

// NewApplication is the body that makes an application.
type NewApplication struct {
	Kind           string                   `json:"kind,omitempty" enum:"service,worker" doc:"service unless given."`
	Name           string                   `json:"name" minLength:"1"`
	Description    string                   `json:"description,omitempty"`
	Scopes         []string                 `json:"scopes,omitempty"`
	Introspects    []string                 `json:"introspects,omitempty"`
	TokenLifetime  int64                    `json:"token_lifetime,omitempty" minimum:"0" maximum:"86400" doc:"Seconds, from 60; as the API says unless given."`
	AuthMethods    []string                 `json:"auth_methods,omitempty" enum:"client_secret_basic,client_secret_post,client_secret_jwt,private_key_jwt,tls_client_auth,self_signed_tls_client_auth,federated_jwt" doc:"Any unless given."`
	LegacyAudience bool                     `json:"legacy_audience,omitempty"`
	HomeURL        string                   `json:"home_url,omitempty" doc:"https, or http on this machine."`
	TargetURLs     []string                 `json:"target_urls,omitempty" maxItems:"20" doc:"https, or http on this machine; without a query."`
	AllowedOrigins []string                 `json:"allowed_origins,omitempty" maxItems:"20" doc:"Such as https://app.example.com."`
	Enabled        *bool                    `json:"enabled,omitempty" doc:"Unless given, true for a service and false for a worker."`
	Secret         *credentialapi.NewSecret `json:"secret,omitempty" doc:"Makes a first secret too, which needs credentials:write."`
}

// ApplicationChange is a merge patch.
type ApplicationChange struct {
	Name           rest.Patch[string]   `json:"name,omitzero"`
	Description    rest.Patch[string]   `json:"description,omitzero"`
	Scopes         rest.Patch[[]string] `json:"scopes,omitzero" doc:"All of them: one that is left out is taken from its tokens at once."`
	Introspects    rest.Patch[[]string] `json:"introspects,omitzero"`
	TokenLifetime  rest.Patch[int64]    `json:"token_lifetime,omitzero" minimum:"0" maximum:"86400" doc:"Seconds, from 60; 0 or null: as the API says."`
	LegacyAudience rest.Patch[bool]     `json:"legacy_audience,omitzero" doc:"null: false."`
	HomeURL        rest.Patch[string]   `json:"home_url,omitzero" doc:"null: nowhere."`
	TargetURLs     rest.Patch[[]string] `json:"target_urls,omitzero" doc:"All of them."`
	AllowedOrigins rest.Patch[[]string] `json:"allowed_origins,omitzero" doc:"All of them."`
	AuthMethods    rest.Patch[[]string] `json:"auth_methods,omitzero" enum:"client_secret_basic,client_secret_post,client_secret_jwt,private_key_jwt,tls_client_auth,self_signed_tls_client_auth,federated_jwt" doc:"Empty or null: any."`
}

// ApplicationFilter narrows the list of applications.
type ApplicationFilter struct {
	Name    string   `query:"name" doc:"Only the application called so, whatever its case."`
	Prefix  string   `query:"prefix" doc:"Only those whose names begin so, whatever their case."`
	Kind    []string `query:"kind" enum:"service,worker,pair,global,exchange,connection" doc:"Only of these kinds; service, worker and pair unless given."`
	Enabled string   `query:"enabled" enum:"true,false" doc:"Only those that are enabled, or that are not."`
	Search  string   `query:"search" maxLength:"255" doc:"Only those whose names hold each of these words somewhere, whatever their case, and the one with that client_id."`
	Locked  bool     `query:"locked" doc:"Only those whose secrets are locked now."`
	Days    int      `query:"expiring_days" minimum:"0" maximum:"400" doc:"Only those with an enabled credential that expires within so many days; needs credentials:read, too. 0: no matter."`
}

func (f *ApplicationFilter) wanted() application.Wanted {
	w := application.Wanted{Name: f.Name, Prefix: f.Prefix, Search: f.Search, Locked: f.Locked, Expiring: time.Duration(f.Days) * 24 * time.Hour}
	for _, kind := range f.Kind {
		w.Kinds = append(w.Kinds, application.Kind(kind))
	}
	if f.Enabled != "" {
		w.Enabled = new(f.Enabled == "true")
	}
	return w
}

func (d *Door) applicationOperations(api huma.API) {
	const list, one = "/applications", "/applications/{application}"
	huma.Register(api, rest.Operation("GET "+list, "list-applications", "List applications by name"), d.listApplications)
	huma.Register(api, rest.Creation("POST "+list, "create-application", "Create an application, with a first secret if asked"), d.createApplication)
	huma.Register(api, rest.Operation("GET "+one, "get-application", "Show an application"), d.getApplication)
	huma.Register(api, rest.Operation("PATCH "+one, "change-application", "Change an application"), d.changeApplication)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-application", "Delete an application with its credentials and tokens"), d.deleteApplication)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-application", "Disable an application; its tokens die for good"), d.setApplicationEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-application", "Enable an application"), d.setApplicationEnabled(true))
}

func (d *Door) listApplications(ctx context.Context, in *struct {
	web.PageQuery
	ApplicationFilter
}) (*rest.Listed[Application], error) {
	out := &rest.Listed[Application]{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		rows, next, err := d.applicationsOf(tx, c, in.PageQuery, in.wanted())
		if err != nil {
			return err
		}
		catalogue, err := access.LoadCatalogue(tx, c.Actor.Environment)
		if err != nil {
			return err
		}
		summaries, err := roster.Summaries(tx, &c.Actor, rows)
		if err != nil {
			return err
		}
		out.Body = web.Cut(rows, in.Limit, func(a *application.Application) Application {
			shown := showApplicationIn(a, catalogue)
			shown.summarize(summaries[a.ID])
			return shown
		}, next)
		return nil
	})
	return out, err
}

// summarize adds what only lists say.
func (a *Application) summarize(s roster.Summary) {
	a.LockedUntil = s.LockedUntil
	if s.Told {
		a.Credentials, a.NextExpiry = new(int64(s.Credentials)), s.NextExpiry
	}
}

// applicationsOf returns one page of applications, with one more if there is one, and what makes a cursor of the last.
// A cursor is good for any list of applications in the environment: it says no more than where to go on.
func (d *Door) applicationsOf(tx *db.Tx, c *rest.Call, q web.PageQuery, wanted application.Wanted) ([]*application.Application, func(*application.Application) string, error) {
	list := "applications " + c.Actor.Environment.String()
	page := application.Page{Limit: q.Limit + 1}
	if q.Cursor != "" {
		if err := d.Cursors.Read(q.Cursor, list, &page.After); err != nil {
			return nil, nil, err
		}
	}
	rows, err := application.List(tx, &c.Actor, wanted, page)
	return rows, func(a *application.Application) string { return d.Cursors.Make(list, application.Fold(a.Name)) }, err
}

func (d *Door) createApplication(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewApplication
}) (*rest.Created[Application], error) {
	b := &in.Body
	return rest.Create(ctx, d.Desk, in.Idempotent, b, rest.Maker[Application]{
		Make: func(tx *db.Tx, c *rest.Call) (Application, string, error) {
			a, err := application.Create(tx, &c.Actor, application.Spec{
				Kind: application.Kind(b.Kind), Name: b.Name, Description: b.Description, Scopes: b.Scopes, Introspects: b.Introspects,
				Lifetime: lifetime(b.TokenLifetime), Methods: b.AuthMethods, LegacyAudience: b.LegacyAudience, Enabled: b.Enabled,
				Links: application.Links{Home: b.HomeURL, Targets: b.TargetURLs, Origins: b.AllowedOrigins},
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
	p.LegacyAudience.Apply(&s.LegacyAudience, false)
	p.HomeURL.Apply(&s.Links.Home, "")
	p.TargetURLs.Apply(&s.Links.Targets, nil)
	p.AllowedOrigins.Apply(&s.Links.Origins, nil)
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
	shown := Application{
		Row: rest.RowOf(a.ID, a.Version), ClientID: a.ID.String(), Kind: string(a.Kind), LockPolicy: a.Lock.String(), LegacyAudience: a.LegacyAudience, Name: a.Name, Description: a.Description,
		Scopes: catalogue.Names(a.Permissions), Introspects: catalogue.APINames(a.Introspects),
		TokenLifetime: int64(a.Lifetime / time.Second), AuthMethods: append([]string{}, a.Methods...), Enabled: a.Enabled,
		HomeURL: a.Links.Home, TargetURLs: append([]string{}, a.Links.Targets...), AllowedOrigins: append([]string{}, a.Links.Origins...),
		CreatedBy: a.CreatedBy, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
	if a.Target != uuid.Nil {
		shown.Target = a.Target.String()
	}
	return shown
}
