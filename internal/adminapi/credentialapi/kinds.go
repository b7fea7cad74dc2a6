package credentialapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Common is what every credential that is no secret has on the wire.
type Common struct {
	rest.Row
	ID           string    `json:"id" format:"uuid"`
	ClientID     string    `json:"client_id" format:"uuid"`
	Description  string    `json:"description"`
	Hint         string    `json:"hint" doc:"What it is recognised by."`
	Scopes       []string  `json:"scopes,omitzero" nullable:"false" doc:"API families (application, application-users, openid) and permissions that it is narrowed to; absent: all families, and all of the application's permissions."`
	Networks     []string  `json:"networks" nullable:"false" doc:"Where it may be used from, in CIDR form; empty: anywhere."`
	Enabled      bool      `json:"enabled"`
	Usable       bool      `json:"usable" doc:"Whether it is enabled and valid now."`
	ExpiresAt    time.Time `json:"expires_at,omitzero" doc:"Absent: never."`
	NotBefore    time.Time `json:"not_before,omitzero" doc:"Absent: valid from the beginning."`
	LastUsedAt   time.Time `json:"last_used_at,omitzero" doc:"Absent: not used in the last 90 days. Written with a delay of up to 30 seconds, as is all that is said of its use."`
	LastUsedFrom string    `json:"last_used_from,omitempty" doc:"The address of who used it last."`
	LastUsedBy   string    `json:"last_used_by,omitempty" doc:"What the program that used it last calls itself (User-Agent)."`
	CreatedBy    string    `json:"created_by" doc:"The client_id of the application that made it, or a word for Counterfoil itself."`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// NewCommon is what can be said of every new credential that is no secret.
type NewCommon struct {
	Description string       `json:"description,omitempty"`
	ExpiresAt   *rest.Moment `json:"expires_at,omitempty" doc:"Never unless given; of a certificate, when that expires, and at the latest then."`
	NotBefore   *rest.Moment `json:"not_before,omitempty" doc:"At once unless given."`
	Scopes      []string     `json:"scopes,omitzero" doc:"API families (application, application-users, openid) and permissions. Absent or null: what the environment's policy says, which is everything unless it was changed; empty: none."`
	Networks    []string     `json:"networks,omitempty" doc:"Where it may be used from, in CIDR form; anywhere unless given."`
}

func (n *NewCommon) spec() credential.Spec {
	spec := credential.Spec{Description: n.Description, Scopes: n.Scopes, Networks: n.Networks}
	if n.ExpiresAt != nil {
		spec.ExpiresAt = n.ExpiresAt.Time()
	}
	if n.NotBefore != nil {
		spec.NotBefore = n.NotBefore.Time()
	}
	return spec
}

// CredentialChange is a merge patch. What proves a credential never changes: another is added, and this one deleted.
type CredentialChange struct {
	Description rest.Patch[string]      `json:"description,omitzero"`
	ExpiresAt   rest.Patch[rest.Moment] `json:"expires_at,omitzero" doc:"null: never."`
	NotBefore   rest.Patch[rest.Moment] `json:"not_before,omitzero" doc:"null: valid from the beginning."`
	Scopes      rest.Patch[[]string]    `json:"scopes,omitzero" doc:"null: what the environment's policy says, which is everything unless it was changed; empty: none."`
	Networks    rest.Patch[[]string]    `json:"networks,omitzero" doc:"null or empty: anywhere."`
}

func (p *CredentialChange) apply(s *credential.Spec) {
	p.Description.Apply(&s.Description, "")
	rest.Mapped(p.ExpiresAt, rest.Moment.Time).Apply(&s.ExpiresAt, time.Time{})
	rest.Mapped(p.NotBefore, rest.Moment.Time).Apply(&s.NotBefore, time.Time{})
	p.Scopes.Apply(&s.Scopes, nil)
	p.Networks.Apply(&s.Networks, nil)
}

// CredentialPath names a credential that is no secret.
type CredentialPath struct {
	rest.ApplicationPath
	Credential string `path:"credential" doc:"Its id."`
}

// collection is the resources of one kind: everything that all kinds have in common.
type collection[T rest.Resource] struct {
	*rest.Desk
	kind credential.Kind
	// path is the last segment of the list, id what operations call one thing, word what sentences do.
	path, id, word string
	show           func(Common, *credential.Credential) T
}

func (o *collection[T]) list() string { return "/applications/{application}/" + o.path }

func (o *collection[T]) operations(api huma.API) {
	list, one := o.list(), o.list()+"/{credential}"
	huma.Register(api, rest.Operation("GET "+list, "list-"+o.id+"s", "List the "+o.word+"s of an application"), o.all)
	huma.Register(api, rest.Operation("GET "+one, "get-"+o.id, "Show a "+o.word), o.get)
	huma.Register(api, rest.Operation("PATCH "+one, "change-"+o.id, "Change description, life, scopes or networks of a "+o.word), o.change)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-"+o.id, "Delete a "+o.word+" with its tokens"), o.delete)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-"+o.id, "Disable a "+o.word+"; its tokens die for good"), o.setEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-"+o.id, "Enable a "+o.word), o.setEnabled(true))
	huma.Register(api, rest.Operation("GET "+one+"/usage", "get-"+o.id+"-usage", "Count the uses of a "+o.word+", hour by hour"), o.uses)
}

func (o *collection[T]) all(ctx context.Context, in *struct {
	rest.ApplicationPath
	web.PageQuery
}) (*rest.Listed[T], error) {
	out := &rest.Listed[T]{}
	err := o.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		rows, err := credential.List(tx, &c.Actor, rest.ID(in.Application), o.kind)
		if err != nil {
			return err
		}
		catalogue, err := access.LoadCatalogue(tx, c.Actor.Environment)
		if err != nil {
			return err
		}
		shown := map[*credential.Credential]T{}
		for _, k := range rows {
			if shown[k], err = o.viewIn(tx, catalogue, k); err != nil {
				return err
			}
		}
		out.Body, err = rest.PageOf(o.Desk, in.PageQuery, c, o.path+" "+in.Application, rows,
			func(k *credential.Credential) (int64, string) { return db.Micros(k.CreatedAt), k.ID.String() },
			func(k *credential.Credential) T { return shown[k] })
		return err
	})
	return out, err
}

func (o *collection[T]) get(ctx context.Context, in *struct {
	CredentialPath
	rest.Conditional
}) (*rest.Found[T], error) {
	return rest.Find(ctx, o.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (shown T, err error) {
		k, err := credential.Get(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Credential))
		if err != nil {
			return shown, err
		}
		return o.view(tx, k)
	})
}

func (o *collection[T]) change(ctx context.Context, in *struct {
	CredentialPath
	rest.Precondition
	Body CredentialChange
}) (*rest.Changed[T], error) {
	return rest.Change(ctx, o.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (shown T, err error) {
		k, err := credential.Change(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Credential), version, in.Body.apply)
		if err != nil {
			return shown, err
		}
		return o.view(tx, k) // which ends the transaction if it is of another kind
	})
}

func (o *collection[T]) delete(ctx context.Context, in *struct {
	CredentialPath
	rest.Precondition
	Force bool `query:"force" doc:"Delete it also if it is the last that the application can use."`
}) (*rest.Done, error) {
	return o.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		app, id := rest.ID(in.Application), rest.ID(in.Credential)
		if k, err := credential.Load(tx, c.Actor.Environment, app, id); err == nil && k.Kind != o.kind {
			return errOtherKind
		}
		return credential.Delete(tx, &c.Actor, app, id, version, in.Force)
	})
}

func (o *collection[T]) setEnabled(enabled bool) func(context.Context, *CredentialPath) (*rest.Done, error) {
	return func(ctx context.Context, in *CredentialPath) (*rest.Done, error) {
		return o.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			k, err := credential.SetEnabled(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Credential), enabled)
			if err == nil && k.Kind != o.kind {
				return errOtherKind
			}
			return err
		})
	}
}

// again returns what a creation made to its maker.
func (o *collection[T]) again(app string) func(*db.Tx, *rest.Call, string) (T, error) {
	return func(tx *db.Tx, c *rest.Call, id string) (shown T, err error) {
		k, err := credential.Load(tx, c.Actor.Environment, rest.ID(app), rest.ID(id))
		if err != nil {
			return shown, err
		}
		return o.view(tx, k)
	}
}

// errOtherKind is what a path of one kind says of a credential of another.
var errOtherKind = fault.New(fault.NotFound, "there is no such credential")

func (o *collection[T]) view(tx *db.Tx, k *credential.Credential) (shown T, err error) {
	catalogue, err := access.LoadCatalogue(tx, k.Environment)
	if err != nil {
		return shown, err
	}
	return o.viewIn(tx, catalogue, k)
}

// viewIn is [collection.view] for those who show many, with the catalogue of the environment.
func (o *collection[T]) viewIn(tx *db.Tx, catalogue *access.Catalogue, k *credential.Credential) (shown T, err error) {
	if k.Kind != o.kind {
		return shown, errOtherKind
	}
	last, err := usage.LastUsed(tx, k.Environment, k.ID)
	if err != nil {
		return shown, err
	}
	return o.show(Common{
		Row: rest.RowOf(k.ID, k.Version), ID: k.ID.String(), ClientID: k.Application.String(), Description: k.Description,
		Hint: k.Hint, Scopes: k.Scopes(catalogue), Networks: k.Networks.Strings(), Enabled: k.Enabled, Usable: k.Usable(tx.Now()),
		ExpiresAt: k.ExpiresAt, NotBefore: k.NotBefore, LastUsedAt: last.At, LastUsedFrom: last.Address, LastUsedBy: last.Agent,
		CreatedBy: k.CreatedBy, CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt,
	}, k), nil
}
