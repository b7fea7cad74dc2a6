package adminapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Pair is an API credential pair: a [credential.Pair] of an application of kind pair on the wire.
type Pair struct {
	rest.Row
	PairSecret
	Name        string `json:"name"`
	Description string `json:"description"`
	Access      string `json:"access" enum:"authentication-only,read-users,manage-users,read-all,manage-all,custom" doc:"What it may do; custom once its scopes were changed."`
	Enabled     bool   `json:"enabled"`
	CreatedBy   string `json:"created_by" doc:"The client_id of the application that made it, or a word for Counterfoil itself."`
}

// PairSecret is what the credentials that are a client_id and a secret have in common.
type PairSecret struct {
	ClientID   string          `json:"client_id" format:"uuid" doc:"Assigned, and never changes."`
	Hint       string          `json:"hint,omitempty" doc:"How the secret begins; absent for a chosen one, and without credentials:read."`
	SecretID   string          `json:"secret_id,omitempty" format:"uuid" doc:"Of the secret among those of the application; absent without credentials:read."`
	Viewable   bool            `json:"viewable" doc:"Whether the secret is kept sealed and can be seen again, which needs credentials:reveal."`
	WhyHidden  string          `json:"why_hidden,omitempty" doc:"Why the secret is not shown."`
	ExpiresAt  time.Time       `json:"expires_at,omitzero" doc:"Absent: never."`
	LastUsedAt time.Time       `json:"last_used_at,omitzero" doc:"Absent: not used in the last 90 days. Written with a delay of up to 30 seconds."`
	CreatedAt  time.Time       `json:"created_at"`
	UpdatedAt  time.Time       `json:"updated_at"`
	Secret     rest.Disclosure `json:"secret,omitzero" doc:"The secret itself, in the answer to its creation and never again."`
	Repeated   bool            `json:"secret_shown,omitempty" doc:"Set in the answer to a repeated creation, which does not show the secret again."`
}

// NewPair is the body that makes a pair.
type NewPair struct {
	Name        string       `json:"name" minLength:"1" doc:"Unique. The developer and the application that will use it tell pairs apart best."`
	Access      string       `json:"access" enum:"authentication-only,read-users,manage-users,read-all,manage-all"`
	Description string       `json:"description,omitempty"`
	Viewable    *bool        `json:"viewable,omitempty" doc:"What the policy says unless given."`
	ExpiresAt   *rest.Moment `json:"expires_at,omitempty" doc:"Never unless given."`
}

// PairPath names a pair.
type PairPath struct {
	Pair string `path:"pair" doc:"Its client_id."`
}

func (d *Door) pairOperations(api huma.API) {
	const list, one = "/credentials", "/credentials/{pair}"
	huma.Register(api, rest.Operation("GET "+list, "list-credentials", "List API credential pairs by name"), d.listPairs)
	huma.Register(api, rest.Creation("POST "+list, "create-credential", "Create an API credential pair"), d.createPair)
	huma.Register(api, rest.Operation("GET "+one, "get-credential", "Show what is known of an API credential pair"), d.getPair)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-credential", "Delete an API credential pair for good, with its application and tokens"), d.deletePair)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-credential", "Disable an API credential pair; its tokens die for good"), d.setPairEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-credential", "Enable an API credential pair"), d.setPairEnabled(true))
}

func (d *Door) listPairs(ctx context.Context, in *struct {
	web.PageQuery
	Name    string `query:"name" doc:"Only the one called so, whatever its case."`
	Search  string `query:"search" doc:"Only those whose names begin so, whatever their case."`
	Enabled string `query:"enabled" enum:"true,false" doc:"Only the active ones, or the disabled ones."`
}) (*rest.Listed[Pair], error) {
	out := &rest.Listed[Pair]{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) (err error) {
		if err := access.AllowAdministrator(&c.Actor); err != nil {
			return err
		}
		filter := ApplicationFilter{Name: in.Name, Prefix: in.Search, Kind: []string{string(application.Pair)}, Enabled: in.Enabled}
		out.Body, err = pairsOf(d, tx, c, in.PageQuery, filter.wanted(), showPair)
		return err
	})
	return out, err
}

// pairsOf returns one page of applications with their secrets.
func pairsOf[T any](d *Door, tx *db.Tx, c *rest.Call, q web.PageQuery, wanted application.Wanted, show func(*db.Tx, *credential.Pair) (T, error)) (web.Page[T], error) {
	rows, next, err := d.applicationsOf(tx, c, q, wanted)
	page := web.Cut(rows, q.Limit, func(a *application.Application) (shown T) {
		var pair *credential.Pair
		if err == nil {
			pair, err = credential.PairOf(tx, &c.Actor, a)
		}
		if err == nil {
			shown, err = show(tx, pair)
		}
		return shown
	}, next)
	return page, err
}

func (d *Door) createPair(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewPair
}) (*rest.Created[Pair], error) {
	b := &in.Body
	return rest.Create(ctx, d.Desk, in.Idempotent, b, rest.Maker[Pair]{
		Make: func(tx *db.Tx, c *rest.Call) (Pair, string, error) {
			permissions, err := access.Preset(b.Access).Permissions()
			if err != nil {
				return Pair{}, "", err
			}
			secret := credential.SecretSpec{Spec: credential.Spec{Scopes: pairScopes()}, Viewable: b.Viewable}
			if b.ExpiresAt != nil {
				secret.ExpiresAt = b.ExpiresAt.Time()
			}
			made, plain, err := d.Credentials.AddPair(tx, &c.Actor, application.Spec{
				Kind: application.Pair, Name: b.Name, Description: b.Description, Scopes: permissions,
			}, secret)
			if err != nil {
				return Pair{}, "", err
			}
			shown, err := showPair(tx, made)
			shown.Secret, shown.WhyHidden = rest.Disclose(plain), ""
			return shown, shown.ClientID, err
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Pair, error) {
			pair, err := credential.GetPair(tx, &c.Actor, rest.ID(name), application.Pair)
			if err != nil {
				return Pair{}, err
			}
			shown, err := showPair(tx, pair)
			shown.Repeated = true
			return shown, err
		},
	})
}

// pairScopes are all families: what a pair may do its access says, not what the policy says of secrets in general.
func pairScopes() []string { return access.AllFamilies.Names() }

func (d *Door) getPair(ctx context.Context, in *struct {
	PairPath
	rest.Conditional
}) (*rest.Found[Pair], error) {
	return rest.Find(ctx, d.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Pair, error) {
		if err := access.AllowAdministrator(&c.Actor); err != nil {
			return Pair{}, err
		}
		pair, err := credential.GetPair(tx, &c.Actor, rest.ID(in.Pair), application.Pair)
		if err != nil {
			return Pair{}, err
		}
		return showPair(tx, pair)
	})
}

func (d *Door) deletePair(ctx context.Context, in *struct {
	PairPath
	rest.Precondition
}) (*rest.Done, error) {
	return d.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		if err := access.AllowAdministrator(&c.Actor); err != nil {
			return err
		}
		return ofKind(tx, c, in.Pair, []application.Kind{application.Pair}, func(a *application.Application) error {
			return application.Delete(tx, &c.Actor, a.ID, version)
		})
	})
}

func (d *Door) setPairEnabled(enabled bool) func(context.Context, *PairPath) (*rest.Done, error) {
	return func(ctx context.Context, in *PairPath) (*rest.Done, error) {
		return d.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			if err := access.AllowAdministrator(&c.Actor); err != nil {
				return err
			}
			return ofKind(tx, c, in.Pair, []application.Kind{application.Pair}, func(a *application.Application) error {
				_, err := application.SetEnabled(tx, &c.Actor, a.ID, enabled)
				return err
			})
		})
	}
}

func showPair(tx *db.Tx, p *credential.Pair) (Pair, error) {
	catalogue, err := access.LoadCatalogue(tx, p.Environment)
	if err != nil {
		return Pair{}, err
	}
	secret, err := showPairSecret(tx, p)
	return Pair{
		Row: rest.RowOf(p.ID, p.Version), PairSecret: secret, Name: p.Name, Description: p.Description,
		Access: string(access.PresetOf(catalogue.Names(p.Permissions))), Enabled: p.Enabled, CreatedBy: p.CreatedBy,
	}, err
}

func showPairSecret(tx *db.Tx, p *credential.Pair) (PairSecret, error) {
	shown := PairSecret{ClientID: p.ID.String(), CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt}
	if p.Secret == nil {
		return shown, nil
	}
	shown.Hint, shown.SecretID, shown.Viewable, shown.ExpiresAt = p.Secret.Hint, p.Secret.ID.String(), p.Secret.Viewable, p.Secret.ExpiresAt
	shown.WhyHidden = "The secret is not kept: it was shown once, when it was made. Rotate it to get another."
	if p.Secret.Viewable {
		shown.WhyHidden = "Seeing the secret again needs credentials:reveal and a token that is at most 5 minutes old."
	}
	last, err := usage.LastUsed(tx, p.Environment, p.Secret.ID)
	shown.LastUsedAt = last.At
	return shown, err
}
