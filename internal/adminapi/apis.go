package adminapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/web"
)

// API is an [access.API] on the wire.
type API struct {
	rest.Row
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
	Name          rest.Patch[string]  `json:"name,omitzero"`
	Audience      rest.Patch[string]  `json:"audience,omitzero"`
	Scopes        rest.Patch[[]Scope] `json:"scopes,omitzero" doc:"All of them: one that is left out is taken from every application and token at once."`
	TokenFormat   rest.Patch[string]  `json:"token_format,omitzero" enum:"jwt,handle" doc:"null: jwt."`
	SigningAlg    rest.Patch[string]  `json:"signing_alg,omitzero" enum:"ES256,EdDSA,RS256,PS256" doc:"null: ES256."`
	TokenLifetime rest.Patch[int64]   `json:"token_lifetime,omitzero" minimum:"0" maximum:"86400" doc:"Seconds, from 60; null: 600."`
	OnStale       rest.Patch[string]  `json:"on_stale,omitzero" enum:"serve,refuse" doc:"null: serve."`
}

// APIPath names an API.
type APIPath struct {
	API string `path:"api" doc:"Its id."`
}

func (d *Door) apiOperations(api huma.API) {
	const list, one = "/apis", "/apis/{api}"
	huma.Register(api, rest.Operation("GET "+list, "list-apis", "List APIs"), d.listAPIs)
	huma.Register(api, rest.Creation("POST "+list, "create-api", "Create an API"), d.createAPI)
	huma.Register(api, rest.Operation("GET "+one, "get-api", "Show an API"), d.getAPI)
	huma.Register(api, rest.Operation("PATCH "+one, "change-api", "Change an API"), d.changeAPI)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-api", "Delete an API with its scopes and tokens"), d.deleteAPI)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-api", "Disable an API; its tokens die for good"), d.setAPIEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-api", "Enable an API"), d.setAPIEnabled(true))
}

func (d *Door) listAPIs(ctx context.Context, in *struct{ web.PageQuery }) (*rest.Listed[API], error) {
	out := &rest.Listed[API]{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := access.APIs(tx, c.Actor.Environment)
		if err != nil {
			return err
		}
		out.Body, err = rest.PageOf(d.Desk, in.PageQuery, c, "apis", all,
			func(a *access.API) (int64, string) { return db.Micros(a.CreatedAt), a.ID.String() }, func(a *access.API) API { return showAPI(c, a) })
		return err
	})
	return out, err
}

func (d *Door) createAPI(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewAPI
}) (*rest.Created[API], error) {
	spec := access.APISpec{
		Name: in.Body.Name, Audience: in.Body.Audience, Permissions: permissions(in.Body.Scopes),
		Format: access.Format(in.Body.TokenFormat), Alg: keyring.Alg(in.Body.SigningAlg),
		Lifetime: lifetime(in.Body.TokenLifetime), OnStale: access.OnStale(in.Body.OnStale),
	}
	if err := d.prepareKeys(spec.Alg); err != nil {
		return nil, err
	}
	return rest.Create(ctx, d.Desk, in.Idempotent, in.Body, rest.Maker[API]{
		Make: func(tx *db.Tx, c *rest.Call) (API, string, error) {
			if err := checkAudience(c, spec.Audience); err != nil {
				return API{}, "", err
			}
			a, err := d.APIs.CreateAPI(tx, &c.Actor, spec)
			if err != nil {
				return API{}, "", err
			}
			return showAPI(c, a), a.ID.String(), nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (API, error) { return getAPI(tx, c, name) },
	})
}

func (d *Door) getAPI(ctx context.Context, in *struct {
	APIPath
	rest.Conditional
}) (*rest.Found[API], error) {
	return rest.Find(ctx, d.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (API, error) { return getAPI(tx, c, in.API) })
}

func getAPI(tx *db.Tx, c *rest.Call, id string) (API, error) {
	a, err := access.GetAPI(tx, c.Actor.Environment, rest.ID(id))
	if err != nil {
		return API{}, err
	}
	return showAPI(c, a), nil
}

func (d *Door) changeAPI(ctx context.Context, in *struct {
	APIPath
	rest.Precondition
	Body APIChange
}) (*rest.Changed[API], error) {
	if err := d.prepareKeys(keyring.Alg(in.Body.SigningAlg.Value())); err != nil {
		return nil, err
	}
	return rest.Change(ctx, d.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (API, error) {
		if err := checkAudience(c, in.Body.Audience.Value()); err != nil {
			return API{}, err
		}
		a, err := d.APIs.ChangeAPI(tx, &c.Actor, rest.ID(in.API), version, in.Body.apply)
		if err != nil {
			return API{}, err
		}
		return showAPI(c, a), nil
	})
}

// checkAudience refuses the audience of the management API: programs that verify tokens by themselves would take
// another API's for its own.
func checkAudience(c *rest.Call, audience string) error {
	if audience == c.Environment.Management.Audience {
		return fault.On("audience", "this is the audience of the management API")
	}
	return nil
}

func (p *APIChange) apply(s *access.APISpec) {
	p.Name.Apply(&s.Name, "")
	p.Audience.Apply(&s.Audience, "")
	rest.Mapped(p.Scopes, permissions).Apply(&s.Permissions, nil)
	rest.Mapped(p.TokenFormat, to[access.Format]).Apply(&s.Format, access.JWT)
	rest.Mapped(p.SigningAlg, to[keyring.Alg]).Apply(&s.Alg, keyring.ES256)
	rest.Mapped(p.TokenLifetime, lifetime).Apply(&s.Lifetime, access.DefaultLifetime)
	rest.Mapped(p.OnStale, to[access.OnStale]).Apply(&s.OnStale, access.Serve)
}

func to[R ~string](text string) R { return R(text) }

func (d *Door) deleteAPI(ctx context.Context, in *struct {
	APIPath
	rest.Precondition
}) (*rest.Done, error) {
	return d.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return access.DeleteAPI(tx, &c.Actor, rest.ID(in.API), version)
	})
}

func (d *Door) setAPIEnabled(enabled bool) func(context.Context, *APIPath) (*rest.Done, error) {
	return func(ctx context.Context, in *APIPath) (*rest.Done, error) {
		return d.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			_, err := access.SetAPIEnabled(tx, &c.Actor, rest.ID(in.API), enabled)
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

func showAPI(c *rest.Call, a *access.API) API {
	shown := API{
		Row: rest.RowOf(a.ID, a.Version), ID: a.ID.String(), Name: a.Name, Audience: a.Audience, Builtin: a.Builtin,
		Scopes: make([]Scope, len(a.Permissions)), TokenFormat: string(a.Format), SigningAlg: string(a.Alg),
		TokenLifetime: int64(a.Lifetime / time.Second), OnStale: string(a.OnStale), Enabled: a.Enabled,
		CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
	if a.Builtin {
		shown.Audience = c.Environment.Management.Audience // which follows the base URL; the row does not
	}
	for i, p := range a.Permissions {
		shown.Scopes[i] = Scope{p.Name, p.Description}
	}
	return shown
}
