package adminapi

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Secret is a [credential.Credential] of kind secret on the wire.
type Secret struct {
	row
	ID          string     `json:"id" format:"uuid"`
	ClientID    string     `json:"client_id" format:"uuid"`
	Description string     `json:"description"`
	Hint        string     `json:"hint" doc:"How the secret begins."`
	Scopes      []string   `json:"scopes,omitzero" nullable:"false" doc:"What tokens got with it may have at most; absent: all of the application's."`
	Enabled     bool       `json:"enabled"`
	ExpiresAt   time.Time  `json:"expires_at,omitzero" doc:"Absent: never."`
	NotBefore   time.Time  `json:"not_before,omitzero" doc:"Absent: valid from the beginning."`
	LastUsedAt  time.Time  `json:"last_used_at,omitzero" doc:"Absent: not used in the last 90 days. Written with a delay of up to 30 seconds."`
	CreatedBy   string     `json:"created_by" doc:"The client_id of the application that made it, or a word for Counterfoil itself."`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	Secret      disclosure `json:"secret,omitzero" doc:"The secret itself, in the answer to its creation and never again."`
	SecretShown bool       `json:"secret_shown,omitempty" doc:"Set in the answer to a repeated creation, which does not show the secret again."`
}

// NewSecret is the body that makes a secret.
type NewSecret struct {
	Description string   `json:"description,omitempty"`
	ExpiresAt   *moment  `json:"expires_at,omitempty" doc:"Never unless given."`
	NotBefore   *moment  `json:"not_before,omitempty" doc:"At once unless given."`
	Scopes      []string `json:"scopes,omitzero" doc:"Absent or null: all of the application's, now and later; empty: none."`
}

// SecretChange is a merge patch.
type SecretChange struct {
	Description patch[string]   `json:"description,omitzero"`
	ExpiresAt   patch[moment]   `json:"expires_at,omitzero" doc:"null: never."`
	NotBefore   patch[moment]   `json:"not_before,omitzero" doc:"null: valid from the beginning."`
	Scopes      patch[[]string] `json:"scopes,omitzero" doc:"null: all of the application's, now and later; empty: none."`
}

// SecretPath names a secret.
type SecretPath struct {
	ApplicationPath
	Secret string `path:"secret" doc:"Its id."`
}

// moment is a time that a caller sets. The first one of the year 1 is refused: to the rooms it is no time at all, so
// that a secret which was to be long expired would never expire.
type moment struct{ at time.Time }

func (m moment) time() time.Time { return m.at }

// UnmarshalJSON reads RFC 3339.
func (m *moment) UnmarshalJSON(text []byte) error {
	err := m.at.UnmarshalJSON(text)
	if err == nil && m.at.IsZero() {
		err = fault.New(fault.Invalid, "the year 1 is not a time")
	}
	return err
}

// MarshalJSON writes RFC 3339.
func (m moment) MarshalJSON() ([]byte, error) { return m.at.MarshalJSON() }

// Schema is that of a time.
func (moment) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
}

// disclosure is the one way in which a secret leaves the program: it is opened where the answer is written.
type disclosure struct{ secret seal.Secret }

// MarshalJSON returns the secret in clear.
func (d disclosure) MarshalJSON() ([]byte, error) { return json.Marshal(d.secret.Reveal()) }

// IsZero reports whether there is nothing to disclose.
func (d disclosure) IsZero() bool { return d.secret.Empty() }

// Schema is that of a text.
func (disclosure) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeString} }

func (d *Door) secretOperations(api huma.API) {
	const list, one = "/applications/{application}/secrets", "/applications/{application}/secrets/{secret}"
	huma.Register(api, operation("GET "+list, "list-secrets", access.ReadCredentials, "List the secrets of an application"), d.listSecrets)
	huma.Register(api, creation("POST "+list, "create-secret", access.WriteCredentials, "Create another secret for an application"), d.createSecret)
	huma.Register(api, operation("GET "+one, "get-secret", access.ReadCredentials, "Show what is known of a secret"), d.getSecret)
	huma.Register(api, operation("PATCH "+one, "change-secret", access.WriteCredentials, "Change description, life or scopes of a secret"), d.changeSecret)
	huma.Register(api, operation("DELETE "+one, "delete-secret", access.WriteCredentials, "Delete a secret with its tokens"), d.deleteSecret)
	huma.Register(api, operation("POST "+one+"/disable", "disable-secret", access.WriteCredentials, "Disable a secret; its tokens die for good"), d.setSecretEnabled(false))
	huma.Register(api, operation("POST "+one+"/enable", "enable-secret", access.WriteCredentials, "Enable a secret"), d.setSecretEnabled(true))
}

func (d *Door) listSecrets(ctx context.Context, in *struct {
	ApplicationPath
	web.PageQuery
}) (*listed[Secret], error) {
	out := &listed[Secret]{}
	err := d.read(ctx, func(tx *db.Tx, c *call) error {
		all, err := credential.List(tx, &c.actor, idOf(in.Application))
		if err != nil {
			return err
		}
		shown := make([]Secret, len(all))
		for i, k := range all {
			if shown[i], err = c.showSecret(tx, k); err != nil {
				return err
			}
		}
		out.Body, err = whole(d, in.PageQuery, c, "secrets "+in.Application, shown,
			func(s Secret) (int64, string) { return db.Micros(s.CreatedAt), s.ID }, func(s Secret) Secret { return s })
		return err
	})
	return out, err
}

func (d *Door) createSecret(ctx context.Context, in *struct {
	ApplicationPath
	Idempotent
	Body NewSecret
}) (*created[Secret], error) {
	return create(ctx, d, in.Idempotent, in.Body, maker[Secret]{
		make: func(tx *db.Tx, c *call) (Secret, string, error) {
			shown, err := d.addSecret(tx, c, idOf(in.Application), &in.Body)
			return shown, shown.ID, err
		},
		again: func(tx *db.Tx, c *call, name string) (Secret, error) { return c.secretAgain(tx, in.Application, name) },
	})
}

// addSecret makes a secret and returns it with its plain text.
func (d *Door) addSecret(tx *db.Tx, c *call, app uuid.UUID, body *NewSecret) (Secret, error) {
	spec := credential.Spec{Description: body.Description, Scopes: body.Scopes}
	if body.ExpiresAt != nil {
		spec.ExpiresAt = body.ExpiresAt.at
	}
	if body.NotBefore != nil {
		spec.NotBefore = body.NotBefore.at
	}
	k, plain, err := d.Credentials.AddSecret(tx, &c.actor, app, spec)
	if err != nil {
		return Secret{}, err
	}
	shown, err := c.showSecret(tx, k)
	shown.Secret = disclosure{plain}
	return shown, err
}

// secretAgain returns a secret to its maker, who has seen the plain text.
func (c *call) secretAgain(tx *db.Tx, app, id string) (Secret, error) {
	k, err := credential.Load(tx, c.actor.Environment, idOf(app), idOf(id))
	if err != nil {
		return Secret{}, err
	}
	shown, err := c.showSecret(tx, k)
	shown.SecretShown = true
	return shown, err
}

func (d *Door) getSecret(ctx context.Context, in *struct {
	SecretPath
	Conditional
}) (*found[Secret], error) {
	return find(ctx, d, in.Conditional, func(tx *db.Tx, c *call) (Secret, error) {
		k, err := credential.Get(tx, &c.actor, idOf(in.Application), idOf(in.Secret))
		if err != nil {
			return Secret{}, err
		}
		return c.showSecret(tx, k)
	})
}

func (d *Door) changeSecret(ctx context.Context, in *struct {
	SecretPath
	Precondition
	Body SecretChange
}) (*changed[Secret], error) {
	return change(ctx, d, in.Precondition, func(tx *db.Tx, c *call, version int64) (Secret, error) {
		k, err := credential.Change(tx, &c.actor, idOf(in.Application), idOf(in.Secret), version, in.Body.apply)
		if err != nil {
			return Secret{}, err
		}
		return c.showSecret(tx, k)
	})
}

func (p *SecretChange) apply(s *credential.Spec) {
	p.Description.apply(&s.Description, "")
	mapped(p.ExpiresAt, moment.time).apply(&s.ExpiresAt, time.Time{})
	mapped(p.NotBefore, moment.time).apply(&s.NotBefore, time.Time{})
	p.Scopes.apply(&s.Scopes, nil)
}

func (d *Door) deleteSecret(ctx context.Context, in *struct {
	SecretPath
	Precondition
}) (*settled, error) {
	return d.remove(ctx, in.Precondition, func(tx *db.Tx, c *call, version int64) error {
		return credential.Delete(tx, &c.actor, idOf(in.Application), idOf(in.Secret), version)
	})
}

func (d *Door) setSecretEnabled(enabled bool) func(context.Context, *SecretPath) (*settled, error) {
	return func(ctx context.Context, in *SecretPath) (*settled, error) {
		return d.settle(ctx, func(tx *db.Tx, c *call) error {
			_, err := credential.SetEnabled(tx, &c.actor, idOf(in.Application), idOf(in.Secret), enabled)
			return err
		})
	}
}

func (c *call) showSecret(tx *db.Tx, k *credential.Credential) (Secret, error) {
	shown := Secret{
		row: row{k.ID, k.Version}, ID: k.ID.String(), ClientID: k.Application.String(), Description: k.Description,
		Hint: k.Hint, Enabled: k.Enabled, ExpiresAt: k.ExpiresAt, NotBefore: k.NotBefore,
		CreatedBy: k.CreatedBy, CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt,
	}
	var err error
	if shown.LastUsedAt, err = credential.LastUsed(tx, k.Environment, k.ID); err != nil || !k.Narrowed {
		return shown, err
	}
	catalogue, err := access.LoadCatalogue(tx, k.Environment)
	if err != nil {
		return shown, err
	}
	shown.Scopes = catalogue.Names(k.Permissions)
	return shown, nil
}
