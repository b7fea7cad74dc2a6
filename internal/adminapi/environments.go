package adminapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Environment is an [environment.Environment] on the wire.
type Environment struct {
	row
	ID          string         `json:"id" format:"uuid"`
	Name        string         `json:"name"`
	Slug        string         `json:"slug,omitempty" doc:"A readable second name in addresses. It never changes."`
	Issuer      string         `json:"issuer" doc:"The iss of its tokens and the base of its endpoints."`
	Enabled     bool           `json:"enabled"`
	IsDefault   bool           `json:"is_default" doc:"Whether it is the one at the root, from which the others are administered."`
	CreatedAt   time.Time      `json:"created_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
	Admin       *Administrator `json:"admin,omitempty" doc:"Its first application with all management scopes; in the answer to the creation only."`
	SecretShown bool           `json:"secret_shown,omitempty" doc:"Set in the answer to a repeated creation, which does not show the secret again."`
}

// Administrator is the credential with which a new environment is administered first.
type Administrator struct {
	ClientID     string     `json:"client_id" format:"uuid"`
	ClientSecret disclosure `json:"client_secret"`
}

// NewEnvironment is the body that makes an environment.
type NewEnvironment struct {
	Name string `json:"name" minLength:"1"`
	Slug string `json:"slug,omitempty" doc:"1 to 50 lowercase letters, digits and single hyphens, beginning with a letter."`
}

// EnvironmentChange is a merge patch.
type EnvironmentChange struct {
	Name patch[string] `json:"name,omitzero"`
}

// EnvironmentPath names an environment.
type EnvironmentPath struct {
	Environment string `path:"environment" doc:"Its id or slug."`
}

func (d *Door) environmentOperations(api huma.API) {
	const list, one = "/environments", "/environments/{environment}"
	huma.Register(api, operation("GET "+list, "list-environments", access.ReadEnvironments, "List environments"), d.listEnvironments)
	huma.Register(api, creation("POST "+list, "create-environment", access.WriteEnvironments, "Create an environment with its first administrator"), d.createEnvironment)
	huma.Register(api, operation("GET "+one, "get-environment", access.ReadEnvironments, "Show an environment"), d.getEnvironment)
	huma.Register(api, operation("PATCH "+one, "change-environment", access.WriteEnvironments, "Change an environment"), d.changeEnvironment)
	huma.Register(api, operation("POST "+one+"/disable", "disable-environment", access.WriteEnvironments, "Disable an environment; its tokens die for good"), d.setEnvironmentEnabled(false))
	huma.Register(api, operation("POST "+one+"/enable", "enable-environment", access.WriteEnvironments, "Enable an environment"), d.setEnvironmentEnabled(true))
}

func (d *Door) listEnvironments(ctx context.Context, in *struct{ web.PageQuery }) (*listed[Environment], error) {
	out := &listed[Environment]{}
	err := d.read(ctx, func(tx *db.Tx, c *call) error {
		all, err := environment.List(tx, &c.actor)
		if err != nil {
			return err
		}
		out.Body, err = whole(d, in.PageQuery, c, "environments", all,
			func(e *environment.Environment) (int64, string) { return db.Micros(e.CreatedAt), e.ID.String() }, d.showEnvironment)
		return err
	})
	return out, err
}

func (d *Door) createEnvironment(ctx context.Context, in *struct {
	Idempotent
	Body NewEnvironment
}) (*created[Environment], error) {
	return create(ctx, d, in.Idempotent, in.Body, maker[Environment]{
		make: func(tx *db.Tx, c *call) (Environment, string, error) {
			e, err := d.Environments.Create(tx, &c.actor, environment.Spec{Name: in.Body.Name, Slug: in.Body.Slug})
			if err != nil {
				return Environment{}, "", err
			}
			c.changed = e.ID
			shown := d.showEnvironment(e)
			shown.Admin, err = d.addAdministrator(tx, e.ID)
			return shown, e.ID.String(), err
		},
		again: func(tx *db.Tx, c *call, name string) (Environment, error) {
			e, err := environment.Load(tx, idOf(name))
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
	app, err := application.Create(tx, &operator, application.Spec{Name: "administrator", Scopes: access.ManagementPermissions()})
	if err != nil {
		return nil, err
	}
	_, secret, err := d.Credentials.AddSecret(tx, &operator, app.ID, credential.Spec{Description: "made with the environment"})
	return &Administrator{app.ID.String(), disclosure{secret}}, err
}

func (d *Door) getEnvironment(ctx context.Context, in *struct {
	EnvironmentPath
	Conditional
}) (*found[Environment], error) {
	return find(ctx, d, in.Conditional, func(tx *db.Tx, c *call) (Environment, error) {
		e, err := environment.Get(tx, &c.actor, d.environmentNamed(in.Environment))
		if err != nil {
			return Environment{}, err
		}
		return d.showEnvironment(e), nil
	})
}

func (d *Door) changeEnvironment(ctx context.Context, in *struct {
	EnvironmentPath
	Precondition
	Body EnvironmentChange
}) (*changed[Environment], error) {
	return change(ctx, d, in.Precondition, func(tx *db.Tx, c *call, version int64) (Environment, error) {
		c.changed = d.environmentNamed(in.Environment)
		e, err := environment.Load(tx, c.changed)
		if err != nil {
			return Environment{}, err
		}
		name := e.Name
		in.Body.Name.apply(&name, "")
		if e, err = environment.Rename(tx, &c.actor, e.ID, version, name); err != nil {
			return Environment{}, err
		}
		return d.showEnvironment(e), nil
	})
}

func (d *Door) setEnvironmentEnabled(enabled bool) func(context.Context, *EnvironmentPath) (*settled, error) {
	return func(ctx context.Context, in *EnvironmentPath) (*settled, error) {
		return d.settle(ctx, func(tx *db.Tx, c *call) error {
			c.changed = d.environmentNamed(in.Environment)
			_, err := environment.SetEnabled(tx, &c.actor, c.changed, enabled)
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
	return idOf(name)
}

func (d *Door) showEnvironment(e *environment.Environment) Environment {
	return Environment{
		row: row{e.ID, e.Version}, ID: e.ID.String(), Name: e.Name, Slug: e.Slug, Issuer: e.Issuer(d.Register.Home().Issuer),
		Enabled: e.Enabled, IsDefault: e.Default, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
	}
}
