package adminapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/web"
)

// API is an [access.API] on the wire.
type API struct {
	row
	ID            string    `json:"id" format:"uuid"`
	Name          string    `json:"name"`
	Audience      string    `json:"audience" doc:"The aud of its tokens, and the resource that clients ask for (RFC 8707)."`
	Builtin       bool      `json:"builtin" doc:"Whether it is this API, which cannot be changed."`
	Scopes        []Scope   `json:"scopes" nullable:"false"`
	TokenFormat   string    `json:"token_format" enum:"jwt,handle"`
	SigningAlg    string    `json:"signing_alg" enum:"ES256,EdDSA,RS256,PS256"`
	TokenLifetime int64     `json:"token_lifetime" doc:"Seconds."`
	OnStale       string    `json:"on_stale" enum:"serve,refuse" doc:"What a node does that cannot read its database: serve goes on for up to 72 hours, refuse answers 503 after 5 seconds."`
	Enabled       bool      `json:"enabled"`
	CreatedAt     time.Time `json:"created_at"`
	UpdatedAt     time.Time `json:"updated_at"`
}

// Scope is an [access.Permission] on the wire.
type Scope struct {
	Name        string `json:"name" doc:"Unique in the environment (RFC 6749 §3.3)."`
	Description string `json:"description,omitempty"`
}

// NewAPI is the body that makes an API.
type NewAPI struct {
	Name          string  `json:"name" minLength:"1"`
	Audience      string  `json:"audience" doc:"An absolute URI without fragment."`
	Scopes        []Scope `json:"scopes,omitempty"`
	TokenFormat   string  `json:"token_format,omitempty" enum:"jwt,handle" doc:"jwt unless given."`
	SigningAlg    string  `json:"signing_alg,omitempty" enum:"ES256,EdDSA,RS256,PS256" doc:"ES256 unless given."`
	TokenLifetime int64   `json:"token_lifetime,omitempty" minimum:"0" maximum:"86400" doc:"Seconds, from 60; 600 unless given."`
	OnStale       string  `json:"on_stale,omitempty" enum:"serve,refuse" doc:"serve unless given."`
}

// APIChange is a merge patch.
type APIChange struct {
	Name          patch[string]  `json:"name,omitzero"`
	Audience      patch[string]  `json:"audience,omitzero"`
	Scopes        patch[[]Scope] `json:"scopes,omitzero" doc:"All of them: one that is left out is taken from every application and token at once."`
	TokenFormat   patch[string]  `json:"token_format,omitzero" enum:"jwt,handle" doc:"null: jwt."`
	SigningAlg    patch[string]  `json:"signing_alg,omitzero" enum:"ES256,EdDSA,RS256,PS256" doc:"null: ES256."`
	TokenLifetime patch[int64]   `json:"token_lifetime,omitzero" minimum:"0" maximum:"86400" doc:"Seconds, from 60; null: 600."`
	OnStale       patch[string]  `json:"on_stale,omitzero" enum:"serve,refuse" doc:"null: serve."`
}

// APIPath names an API.
type APIPath struct {
	API string `path:"api" doc:"Its id."`
}

func (d *Door) apiOperations(api huma.API) {
	const list, one = "/apis", "/apis/{api}"
	huma.Register(api, operation("GET "+list, "list-apis", access.ReadAPIs, "List APIs"), d.listAPIs)
	huma.Register(api, creation("POST "+list, "create-api", access.WriteAPIs, "Create an API"), d.createAPI)
	huma.Register(api, operation("GET "+one, "get-api", access.ReadAPIs, "Show an API"), d.getAPI)
	huma.Register(api, operation("PATCH "+one, "change-api", access.WriteAPIs, "Change an API"), d.changeAPI)
	huma.Register(api, operation("DELETE "+one, "delete-api", access.WriteAPIs, "Delete an API with its scopes and tokens"), d.deleteAPI)
	huma.Register(api, operation("POST "+one+"/disable", "disable-api", access.WriteAPIs, "Disable an API; its tokens die for good"), d.setAPIEnabled(false))
	huma.Register(api, operation("POST "+one+"/enable", "enable-api", access.WriteAPIs, "Enable an API"), d.setAPIEnabled(true))
}

func (d *Door) listAPIs(ctx context.Context, in *struct{ web.PageQuery }) (*listed[API], error) {
	out := &listed[API]{}
	err := d.read(ctx, func(tx *db.Tx, c *call) error {
		all, err := access.APIs(tx, c.actor.Environment)
		if err != nil {
			return err
		}
		out.Body, err = whole(d, in.PageQuery, c, "apis", all,
			func(a *access.API) (int64, string) { return db.Micros(a.CreatedAt), a.ID.String() }, c.showAPI)
		return err
	})
	return out, err
}

func (d *Door) createAPI(ctx context.Context, in *struct {
	Idempotent
	Body NewAPI
}) (*created[API], error) {
	spec := access.APISpec{
		Name: in.Body.Name, Audience: in.Body.Audience, Permissions: permissions(in.Body.Scopes),
		Format: access.Format(in.Body.TokenFormat), Alg: keyring.Alg(in.Body.SigningAlg),
		Lifetime: lifetime(in.Body.TokenLifetime), OnStale: access.OnStale(in.Body.OnStale),
	}
	if err := d.prepareKeys(spec.Alg); err != nil {
		return nil, err
	}
	return create(ctx, d, in.Idempotent, in.Body, maker[API]{
		make: func(tx *db.Tx, c *call) (API, string, error) {
			if err := c.checkAudience(spec.Audience); err != nil {
				return API{}, "", err
			}
			a, err := d.APIs.CreateAPI(tx, &c.actor, spec)
			if err != nil {
				return API{}, "", err
			}
			return c.showAPI(a), a.ID.String(), nil
		},
		again: func(tx *db.Tx, c *call, name string) (API, error) { return c.getAPI(tx, name) },
	})
}

func (d *Door) getAPI(ctx context.Context, in *struct {
	APIPath
	Conditional
}) (*found[API], error) {
	return find(ctx, d, in.Conditional, func(tx *db.Tx, c *call) (API, error) { return c.getAPI(tx, in.API) })
}

func (c *call) getAPI(tx *db.Tx, id string) (API, error) {
	a, err := access.GetAPI(tx, c.actor.Environment, idOf(id))
	if err != nil {
		return API{}, err
	}
	return c.showAPI(a), nil
}

func (d *Door) changeAPI(ctx context.Context, in *struct {
	APIPath
	Precondition
	Body APIChange
}) (*changed[API], error) {
	if err := d.prepareKeys(keyring.Alg(in.Body.SigningAlg.value)); err != nil {
		return nil, err
	}
	return change(ctx, d, in.Precondition, func(tx *db.Tx, c *call, version int64) (API, error) {
		if err := c.checkAudience(in.Body.Audience.value); err != nil {
			return API{}, err
		}
		a, err := d.APIs.ChangeAPI(tx, &c.actor, idOf(in.API), version, in.Body.apply)
		if err != nil {
			return API{}, err
		}
		return c.showAPI(a), nil
	})
}

// checkAudience refuses the audience of the management API: programs that verify tokens by themselves would take
// another API's for its own.
func (c *call) checkAudience(audience string) error {
	if audience == c.environment.Management.Audience {
		return fault.On("audience", "this is the audience of the management API")
	}
	return nil
}

func (p *APIChange) apply(s *access.APISpec) {
	p.Name.apply(&s.Name, "")
	p.Audience.apply(&s.Audience, "")
	mapped(p.Scopes, permissions).apply(&s.Permissions, nil)
	mapped(p.TokenFormat, to[access.Format]).apply(&s.Format, access.JWT)
	mapped(p.SigningAlg, to[keyring.Alg]).apply(&s.Alg, keyring.ES256)
	mapped(p.TokenLifetime, lifetime).apply(&s.Lifetime, access.DefaultLifetime)
	mapped(p.OnStale, to[access.OnStale]).apply(&s.OnStale, access.Serve)
}

func to[R ~string](text string) R { return R(text) }

func (d *Door) deleteAPI(ctx context.Context, in *struct {
	APIPath
	Precondition
}) (*settled, error) {
	return d.remove(ctx, in.Precondition, func(tx *db.Tx, c *call, version int64) error {
		return access.DeleteAPI(tx, &c.actor, idOf(in.API), version)
	})
}

func (d *Door) setAPIEnabled(enabled bool) func(context.Context, *APIPath) (*settled, error) {
	return func(ctx context.Context, in *APIPath) (*settled, error) {
		return d.settle(ctx, func(tx *db.Tx, c *call) error {
			_, err := access.SetAPIEnabled(tx, &c.actor, idOf(in.API), enabled)
			return err
		})
	}
}

// prepareKeys makes the keys that a change may need before its transaction begins: an RSA key takes so long that
// everybody would wait.
func (d *Door) prepareKeys(alg keyring.Alg) error {
	if !alg.Valid() {
		return nil
	}
	return d.APIs.Ring.Prepare(alg)
}

func permissions(scopes []Scope) []access.Permission {
	all := make([]access.Permission, len(scopes))
	for i, s := range scopes {
		all[i] = access.Permission{Name: s.Name, Description: s.Description}
	}
	return all
}

// lifetime reads a number of seconds; the schema bounds it, so that it does not overflow.
func lifetime(seconds int64) time.Duration { return time.Duration(seconds) * time.Second }

func (c *call) showAPI(a *access.API) API {
	shown := API{
		row: row{a.ID, a.Version}, ID: a.ID.String(), Name: a.Name, Audience: a.Audience, Builtin: a.Builtin,
		Scopes: make([]Scope, len(a.Permissions)), TokenFormat: string(a.Format), SigningAlg: string(a.Alg),
		TokenLifetime: int64(a.Lifetime / time.Second), OnStale: string(a.OnStale), Enabled: a.Enabled,
		CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
	if a.Builtin {
		shown.Audience = c.environment.Management.Audience // which follows the base URL; the row does not
	}
	for i, p := range a.Permissions {
		shown.Scopes[i] = Scope{p.Name, p.Description}
	}
	return shown
}
