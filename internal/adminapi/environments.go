package adminapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Environment is an [environment.Environment] on the wire.
type Environment struct {
	rest.Row
	ID          string         `json:"id" format:"uuid"`
	Name        string         `json:"name"`
	Slug        string         `json:"slug,omitempty" doc:"A readable second name in addresses. It never changes."`
	Issuer      string         `json:"issuer" doc:"The iss of its tokens and the base of its endpoints."`
	Enabled     bool           `json:"enabled"`
	Region      string         `json:"region,omitempty" doc:"The code of the region that it lives in; absent: wherever this is. It never changes."`
	TLD         string         `json:"top_level_domain,omitempty" doc:"What addresses in its region end in, such as com.au, as the server's table of regions says; without a region of its own, in the server's. Absent where neither has one."`
	IsDefault   bool           `json:"is_default" doc:"Whether it is the one at the root, from which the others are administered."`
	CreatedAt   time.Time      `json:"created_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
	Admin       *Administrator `json:"admin,omitempty" doc:"Its first application with all management scopes; in the answer to the creation only."`
	SecretShown bool           `json:"secret_shown,omitempty" doc:"Set in the answer to a repeated creation, which does not show the secret again."`
}

// Administrator is the credential with which a new environment is administered first.
type Administrator struct {
	ClientID     string          `json:"client_id" format:"uuid"`
	ClientSecret rest.Disclosure `json:"client_secret"`
}

// NewEnvironment is the body that makes an environment.
type NewEnvironment struct {
	Name   string `json:"name" minLength:"1"`
	Region string `json:"region,omitempty" doc:"The code of a region, such as EU; wherever this is unless given."`
	Slug   string `json:"slug,omitempty" doc:"1 to 50 lowercase letters, digits and single hyphens, beginning with a letter."`
}

// EnvironmentChange is a merge patch.
type EnvironmentChange struct {
	Name rest.Patch[string] `json:"name,omitzero"`
}

// Region is one that an environment can live in.
type Region struct {
	Code string `json:"code"`
	TLD  string `json:"top_level_domain" doc:"What addresses in it end in."`
	Here bool   `json:"here" doc:"Whether this server serves it. An environment of another region is answered for elsewhere."`
}

// Regions are all that the server knows.
type Regions struct {
	Items []Region `json:"items" nullable:"false" doc:"By code."`
}

// EnvironmentPath names an environment.
type EnvironmentPath struct {
	Environment string `path:"environment" doc:"Its id or slug."`
}

func (d *Door) environmentOperations(api huma.API) {
	const list, one = "/environments", "/environments/{environment}"
	huma.Register(api, rest.Operation("GET "+list, "list-environments", "List environments"), d.listEnvironments)
	huma.Register(api, rest.Creation("POST "+list, "create-environment", "Create an environment with its first administrator"), d.createEnvironment)
	regions := rest.Operation("GET /regions", "list-regions", "List the regions that an environment can live in")
	regions.Description = "From the default environment only, from which environments are made. The table is the server's setting `regions`."
	huma.Register(api, regions, d.listRegions)
	huma.Register(api, rest.Operation("GET "+one, "get-environment", "Show an environment"), d.getEnvironment)
	huma.Register(api, rest.Operation("PATCH "+one, "change-environment", "Change an environment"), d.changeEnvironment)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-environment", "Disable an environment; its tokens die for good"), d.setEnvironmentEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-environment", "Enable an environment"), d.setEnvironmentEnabled(true))
}

func (d *Door) listEnvironments(ctx context.Context, in *struct{ web.PageQuery }) (*rest.Listed[Environment], error) {
	out := &rest.Listed[Environment]{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := environment.List(tx, &c.Actor)
		if err != nil {
			return err
		}
		out.Body, err = rest.PageOf(d.Desk, in.PageQuery, c, "environments", all,
			func(e *environment.Environment) (int64, string) { return db.Micros(e.CreatedAt), e.ID.String() }, d.showEnvironment)
		return err
	})
	return out, err
}

func (d *Door) listRegions(ctx context.Context, _ *struct{}) (*struct{ Body Regions }, error) {
	out := &struct{ Body Regions }{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := d.Environments.ListRegions(tx, &c.Actor)
		out.Body.Items = make([]Region, len(all))
		for i, r := range all {
			out.Body.Items[i] = Region{r.Code, r.Domain, r.Here}
		}
		return err
	})
	return out, err
}

func (d *Door) createEnvironment(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewEnvironment
}) (*rest.Created[Environment], error) {
	return rest.Create(ctx, d.Desk, in.Idempotent, in.Body, rest.Maker[Environment]{
		Make: func(tx *db.Tx, c *rest.Call) (Environment, string, error) {
			e, err := d.Environments.Create(tx, &c.Actor, environment.Spec{Name: in.Body.Name, Slug: in.Body.Slug, Region: in.Body.Region})
			if err != nil {
				return Environment{}, "", err
			}
			c.Changed = e.ID
			shown := d.showEnvironment(e)
			shown.Admin, err = d.addAdministrator(tx, e.ID)
			return shown, e.ID.String(), err
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Environment, error) {
			e, err := environment.Load(tx, rest.ID(name))
			if err != nil {
				return Environment{}, err
			}
			shown := d.showEnvironment(e)
			shown.SecretShown = true
			return shown, nil
		},
	})
}

// addAdministrator gives a new environment an application that may do everything there, because nobody from
// outside may do anything.
func (d *Door) addAdministrator(tx *db.Tx, id uuid.UUID) (*Administrator, error) {
	operator := access.Operator(id)
	app, err := application.Create(tx, &operator, application.Spec{Name: "administrator", Scopes: access.UsualPermissions()})
	if err != nil {
		return nil, err
	}
	_, secret, err := d.Credentials.AddSecret(tx, &operator, app.ID, credential.SecretSpec{Spec: credential.Spec{Description: "made with the environment"}})
	return &Administrator{app.ID.String(), rest.Disclose(secret)}, err
}

func (d *Door) getEnvironment(ctx context.Context, in *struct {
	EnvironmentPath
	rest.Conditional
}) (*rest.Found[Environment], error) {
	return rest.Find(ctx, d.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Environment, error) {
		e, err := environment.Get(tx, &c.Actor, d.environmentNamed(in.Environment))
		if err != nil {
			return Environment{}, err
		}
		return d.showEnvironment(e), nil
	})
}

func (d *Door) changeEnvironment(ctx context.Context, in *struct {
	EnvironmentPath
	rest.Precondition
	Body EnvironmentChange
}) (*rest.Changed[Environment], error) {
	return rest.Change(ctx, d.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Environment, error) {
		c.Changed = d.environmentNamed(in.Environment)
		e, err := environment.Load(tx, c.Changed)
		if err != nil {
			return Environment{}, err
		}
		name := e.Name
		in.Body.Name.Apply(&name, "")
		if e, err = environment.Rename(tx, &c.Actor, e.ID, version, name); err != nil {
			return Environment{}, err
		}
		return d.showEnvironment(e), nil
	})
}

func (d *Door) setEnvironmentEnabled(enabled bool) func(context.Context, *EnvironmentPath) (*rest.Done, error) {
	return func(ctx context.Context, in *EnvironmentPath) (*rest.Done, error) {
		return d.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			c.Changed = d.environmentNamed(in.Environment)
			_, err := environment.SetEnabled(tx, &c.Actor, c.Changed, enabled)
			return err
		})
	}
}

// environmentNamed returns the id of the environment with that id or slug. The room decides whether it is there and
// may be seen.
func (d *Door) environmentNamed(name string) uuid.UUID {
	if e := d.Register.Named(name); e != nil {
		return e.ID
	}
	return rest.ID(name)
}

func (d *Door) showEnvironment(e *environment.Environment) Environment {
	return Environment{
		Row: rest.RowOf(e.ID, e.Version), ID: e.ID.String(), Name: e.Name, Slug: e.Slug, Issuer: e.Issuer(d.Register.Home().Issuer),
		Enabled: e.Enabled, Region: e.Region, TLD: d.Environments.Regions.Domain(e.Region), IsDefault: e.Default, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
	}
}
