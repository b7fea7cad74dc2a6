package credentialapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Secret is a [credential.Credential] of kind secret on the wire.
type Secret struct {
	rest.Row
	ID          string          `json:"id" format:"uuid"`
	ClientID    string          `json:"client_id" format:"uuid"`
	Description string          `json:"description"`
	Hint        string          `json:"hint" doc:"How the secret begins."`
	Scopes      []string        `json:"scopes,omitzero" nullable:"false" doc:"What tokens got with it may have at most; absent: all of the application's."`
	Enabled     bool            `json:"enabled"`
	ExpiresAt   time.Time       `json:"expires_at,omitzero" doc:"Absent: never."`
	NotBefore   time.Time       `json:"not_before,omitzero" doc:"Absent: valid from the beginning."`
	LastUsedAt  time.Time       `json:"last_used_at,omitzero" doc:"Absent: not used in the last 90 days. Written with a delay of up to 30 seconds."`
	CreatedBy   string          `json:"created_by" doc:"The client_id of the application that made it, or a word for Counterfoil itself."`
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
	Secret      rest.Disclosure `json:"secret,omitzero" doc:"The secret itself, in the answer to its creation and never again."`
	SecretShown bool            `json:"secret_shown,omitempty" doc:"Set in the answer to a repeated creation, which does not show the secret again."`
}

// NewSecret is the body that makes a secret.
type NewSecret struct {
	Description string       `json:"description,omitempty"`
	ExpiresAt   *rest.Moment `json:"expires_at,omitempty" doc:"Never unless given."`
	NotBefore   *rest.Moment `json:"not_before,omitempty" doc:"At once unless given."`
	Scopes      []string     `json:"scopes,omitzero" doc:"Absent or null: all of the application's, now and later; empty: none."`
}

// SecretChange is a merge patch.
type SecretChange struct {
	Description rest.Patch[string]      `json:"description,omitzero"`
	ExpiresAt   rest.Patch[rest.Moment] `json:"expires_at,omitzero" doc:"null: never."`
	NotBefore   rest.Patch[rest.Moment] `json:"not_before,omitzero" doc:"null: valid from the beginning."`
	Scopes      rest.Patch[[]string]    `json:"scopes,omitzero" doc:"null: all of the application's, now and later; empty: none."`
}

// SecretPath names a secret.
type SecretPath struct {
	rest.ApplicationPath
	Secret string `path:"secret" doc:"Its id."`
}

func (r *Resources) secretOperations(api huma.API) {
	const list, one = "/applications/{application}/secrets", "/applications/{application}/secrets/{secret}"
	huma.Register(api, rest.Operation("GET "+list, "list-secrets", access.ReadCredentials, "List the secrets of an application"), r.listSecrets)
	huma.Register(api, rest.Creation("POST "+list, "create-secret", access.WriteCredentials, "Create another secret for an application"), r.createSecret)
	huma.Register(api, rest.Operation("GET "+one, "get-secret", access.ReadCredentials, "Show what is known of a secret"), r.getSecret)
	huma.Register(api, rest.Operation("PATCH "+one, "change-secret", access.WriteCredentials, "Change description, life or scopes of a secret"), r.changeSecret)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-secret", access.WriteCredentials, "Delete a secret with its tokens"), r.deleteSecret)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-secret", access.WriteCredentials, "Disable a secret; its tokens die for good"), r.setSecretEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-secret", access.WriteCredentials, "Enable a secret"), r.setSecretEnabled(true))
}

func (r *Resources) listSecrets(ctx context.Context, in *struct {
	rest.ApplicationPath
	web.PageQuery
}) (*rest.Listed[Secret], error) {
	out := &rest.Listed[Secret]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := credential.List(tx, &c.Actor, rest.ID(in.Application), credential.KindSecret)
		if err != nil {
			return err
		}
		shown := make([]Secret, len(all))
		for i, k := range all {
			if shown[i], err = showSecret(tx, k); err != nil {
				return err
			}
		}
		out.Body, err = rest.PageOf(r.Desk, in.PageQuery, c, "secrets "+in.Application, shown,
			func(s Secret) (int64, string) { return db.Micros(s.CreatedAt), s.ID }, func(s Secret) Secret { return s })
		return err
	})
	return out, err
}

func (r *Resources) createSecret(ctx context.Context, in *struct {
	rest.ApplicationPath
	rest.Idempotent
	Body NewSecret
}) (*rest.Created[Secret], error) {
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[Secret]{
		Make: func(tx *db.Tx, c *rest.Call) (Secret, string, error) {
			shown, err := r.AddSecret(tx, c, rest.ID(in.Application), &in.Body)
			return shown, shown.ID, err
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Secret, error) {
			return SecretAgain(tx, c, in.Application, name)
		},
	})
}

// AddSecret makes a secret for an application and returns it with its plain text, within a creation of something else
// too. The rules, and what it faults when they are broken, are those of [credential.Authority.AddSecret].
func (r *Resources) AddSecret(tx *db.Tx, c *rest.Call, app uuid.UUID, body *NewSecret) (Secret, error) {
	spec := credential.Spec{Description: body.Description, Scopes: body.Scopes}
	if body.ExpiresAt != nil {
		spec.ExpiresAt = body.ExpiresAt.Time()
	}
	if body.NotBefore != nil {
		spec.NotBefore = body.NotBefore.Time()
	}
	k, plain, err := r.Credentials.AddSecret(tx, &c.Actor, app, credential.SecretSpec{Spec: spec})
	if err != nil {
		return Secret{}, err
	}
	shown, err := showSecret(tx, k)
	shown.Secret = rest.Disclose(plain)
	return shown, err
}

// SecretAgain returns a secret to its maker, who has seen the plain text. It is fault.NotFound once the secret is
// deleted.
func SecretAgain(tx *db.Tx, c *rest.Call, app, id string) (Secret, error) {
	k, err := credential.Load(tx, c.Actor.Environment, rest.ID(app), rest.ID(id))
	if err != nil {
		return Secret{}, err
	}
	shown, err := showSecret(tx, k)
	shown.SecretShown = true
	return shown, err
}

func (r *Resources) getSecret(ctx context.Context, in *struct {
	SecretPath
	rest.Conditional
}) (*rest.Found[Secret], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Secret, error) {
		k, err := credential.Get(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Secret))
		if err != nil {
			return Secret{}, err
		}
		return showSecret(tx, k)
	})
}

func (r *Resources) changeSecret(ctx context.Context, in *struct {
	SecretPath
	rest.Precondition
	Body SecretChange
}) (*rest.Changed[Secret], error) {
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Secret, error) {
		k, err := credential.Change(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Secret), version, in.Body.apply)
		if err != nil {
			return Secret{}, err
		}
		return showSecret(tx, k)
	})
}

func (p *SecretChange) apply(s *credential.Spec) {
	p.Description.Apply(&s.Description, "")
	rest.Mapped(p.ExpiresAt, rest.Moment.Time).Apply(&s.ExpiresAt, time.Time{})
	rest.Mapped(p.NotBefore, rest.Moment.Time).Apply(&s.NotBefore, time.Time{})
	p.Scopes.Apply(&s.Scopes, nil)
}

func (r *Resources) deleteSecret(ctx context.Context, in *struct {
	SecretPath
	rest.Precondition
	Force bool `query:"force" doc:"Delete it also if it is the last that the application can use."`
}) (*rest.Done, error) {
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return credential.Delete(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Secret), version, in.Force)
	})
}

func (r *Resources) setSecretEnabled(enabled bool) func(context.Context, *SecretPath) (*rest.Done, error) {
	return func(ctx context.Context, in *SecretPath) (*rest.Done, error) {
		return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			_, err := credential.SetEnabled(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Secret), enabled)
			return err
		})
	}
}

func showSecret(tx *db.Tx, k *credential.Credential) (Secret, error) {
	shown := Secret{
		Row: rest.RowOf(k.ID, k.Version), ID: k.ID.String(), ClientID: k.Application.String(), Description: k.Description,
		Hint: k.Hint, Enabled: k.Enabled, ExpiresAt: k.ExpiresAt, NotBefore: k.NotBefore,
		CreatedBy: k.CreatedBy, CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt,
	}
	last, err := usage.LastUsed(tx, k.Environment, k.ID)
	if err != nil {
		return shown, err
	}
	shown.LastUsedAt = last.At
	catalogue, err := access.LoadCatalogue(tx, k.Environment)
	if err != nil {
		return shown, err
	}
	shown.Scopes = k.Scopes(catalogue)
	return shown, nil
}
