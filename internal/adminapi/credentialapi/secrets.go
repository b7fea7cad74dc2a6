package credentialapi

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/credential/handover"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// SecretPath names a secret.
type SecretPath struct {
	rest.ApplicationPath
	Secret string `path:"secret" doc:"Its id."`
}

func (r *Resources) secretOperations(api huma.API) {
	const list, one = "/applications/{application}/secrets", "/applications/{application}/secrets/{secret}"
	huma.Register(api, rest.Operation("GET "+list, "list-secrets", "List the secrets of an application"), r.listSecrets)
	huma.Register(api, rest.Creation("POST "+list, "create-secret", "Create another secret for an application"), r.createSecret)
	huma.Register(api, rest.Operation("GET "+one, "get-secret", "Show what is known of a secret"), r.getSecret)
	huma.Register(api, rest.Operation("PATCH "+one, "change-secret", "Change description, life, scopes or networks of a secret"), r.changeSecret)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-secret", "Delete a secret with its tokens"), r.deleteSecret)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-secret", "Disable a secret; its tokens die for good"), r.setSecretEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-secret", "Enable a secret"), r.setSecretEnabled(true))
	rotation := rest.Creation("POST "+one+"/rotate", "rotate-secret", "Make a successor of a secret, and say when the old one dies")
	rotation.Errors = append(rotation.Errors, http.StatusPreconditionFailed)
	huma.Register(api, rotation, r.rotateSecret)
	huma.Register(api, rest.Operation("POST "+one+"/reveal", "reveal-secret", "Show a viewable secret again; needs a token of at most 5 minutes"), r.revealSecret)
	huma.Register(api, rest.Operation("GET "+one+"/usage", "get-secret-usage", "Count the uses of a secret, hour by hour"), r.secretUsage)
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
		view, err := viewSecrets(tx, c.Actor.Environment, rest.ID(in.Application))
		if err != nil {
			return err
		}
		shown := make([]Secret, len(all))
		for i, k := range all {
			if shown[i], err = view.show(k); err != nil {
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
	choice, err := r.prepare(ctx, rest.ID(in.Application), &in.Body)
	if err != nil {
		return nil, err
	}
	asked, err := r.asked(&in.Body)
	if err != nil {
		return nil, err
	}
	return rest.Create(ctx, r.Desk, in.Idempotent, asked, rest.Maker[Secret]{
		Make: func(tx *db.Tx, c *rest.Call) (Secret, string, error) {
			shown, err := r.addSecret(tx, c, rest.ID(in.Application), &in.Body, choice)
			return shown, shown.ID, err
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Secret, error) {
			return SecretAgain(tx, c, in.Application, name)
		},
	})
}

// prepare makes a chosen secret ready, if there is one: that takes long, and no transaction waits for it.
func (r *Resources) prepare(ctx context.Context, app uuid.UUID, body *NewSecret) (*credential.Choice, error) {
	if body.ChosenSecret.IsZero() {
		return nil, nil
	}
	if !body.Hash.IsZero() {
		return nil, fault.On("hash", "send either hash or chosen_secret")
	}
	actor := rest.CallOf(ctx).Actor
	choice, err := r.Credentials.Prepare(ctx, r.DB, &actor, app, body.ChosenSecret.Secret())
	if fault.Is(err, fault.Unauthenticated) {
		return nil, rest.Outdated(ctx)
	}
	return choice, err
}

// askedSecret is a body as the table of Idempotency-Keys knows it.
type askedSecret struct {
	*NewSecret
	Fingerprint string `json:"fingerprint,omitempty"`
}

func (r *Resources) asked(body *NewSecret) (any, error) {
	if body.ChosenSecret.IsZero() && body.Hash.IsZero() {
		return body, nil
	}
	mac, err := r.fingerprint("counterfoil idempotent secret", body.ChosenSecret, body.Hash)
	return askedSecret{body, mac}, err
}

// fingerprint tells bodies with different secrets apart. It is keyed: under a plain hash, which is what the table keeps
// of a body, whoever reads the database could guess at a chosen secret with a million times less effort than at what is
// stored of it.
func (r *Resources) fingerprint(use string, secrets ...rest.Confidential) (string, error) {
	parts := [][]byte{[]byte(use)}
	for _, one := range secrets {
		parts = append(parts, []byte(one.Secret().Reveal()))
	}
	peppers := r.Credentials.Vault.Peppers()
	mac, ok := peppers.MAC(peppers.Newest(), nil, parts...)
	if !ok {
		return "", fault.New(fault.Unavailable, "the key for new secrets is not loaded")
	}
	return hex.EncodeToString(mac), nil
}

// AddSecret makes a secret for an application and returns it with its plain text, within a creation of something else
// too. The rules, and what it faults when they are broken, are those of [credential.Authority.AddSecret]; a chosen
// secret is fault.Invalid, because it takes longer than a transaction may.
func (r *Resources) AddSecret(tx *db.Tx, c *rest.Call, app uuid.UUID, body *NewSecret) (Secret, error) {
	if !body.ChosenSecret.IsZero() {
		return Secret{}, fault.On("secret.chosen_secret", "choose a secret once the application exists: POST its /secrets")
	}
	return r.addSecret(tx, c, app, body, nil)
}

func (r *Resources) addSecret(tx *db.Tx, c *rest.Call, app uuid.UUID, body *NewSecret, choice *credential.Choice) (Secret, error) {
	spec := credential.SecretSpec{
		Spec:     credential.Spec{Description: body.Description, Scopes: body.Scopes, Networks: body.Networks},
		Viewable: body.Viewable,
	}
	if body.ExpiresAt != nil {
		spec.ExpiresAt = body.ExpiresAt.Time()
	}
	if body.NotBefore != nil {
		spec.NotBefore = body.NotBefore.Time()
	}
	var k *credential.Credential
	var plain seal.Secret
	var err error
	switch {
	case body.Handover != 0 && (choice != nil || !body.Hash.IsZero()):
		err = fault.On("handover", "only a generated secret is handed over: whoever chose another one has it")
	case choice != nil:
		k, err = r.Credentials.AddChosen(tx, &c.Actor, app, choice, spec)
	case !body.Hash.IsZero():
		k, err = r.addImported(tx, c, app, body, spec)
	default:
		k, plain, err = r.Credentials.AddSecret(tx, &c.Actor, app, spec)
	}
	if err != nil {
		return Secret{}, err
	}
	shown, err := showSecret(tx, k)
	if err != nil {
		return Secret{}, err
	}
	return shown, r.disclose(tx, c, k, plain, body.Handover, &shown)
}

func (r *Resources) addImported(tx *db.Tx, c *rest.Call, app uuid.UUID, body *NewSecret, spec credential.SecretSpec) (*credential.Credential, error) {
	if body.Viewable != nil && *body.Viewable {
		return nil, fault.On("viewable", "of a hash there is nothing to view")
	}
	imported, err := chosen.ParseImported(body.Hash.Secret().Reveal())
	if err != nil {
		return nil, err
	}
	return r.Credentials.Import(tx, &c.Actor, app, imported, spec)
}

// disclose puts a new secret into the answer, or a link to it.
func (r *Resources) disclose(tx *db.Tx, c *rest.Call, k *credential.Credential, plain seal.Secret, life int64, shown *Secret) error {
	if life == 0 {
		shown.Secret = rest.Disclose(plain)
		return nil
	}
	link, expires, err := handover.Give(tx, r.Credentials.Vault, &c.Actor, k, plain, time.Duration(life)*time.Second)
	shown.HandoverURL = rest.Disclose(seal.NewSecret(c.Environment.Issuer + "/handover/" + link.Reveal()))
	shown.HandoverExpiresAt = expires
	return err
}

// SecretAgain returns a secret to its maker, who has seen the plain text. It is fault.NotFound once the secret is
// deleted.
func SecretAgain(tx *db.Tx, c *rest.Call, app, id string) (Secret, error) {
	k, err := credential.Load(tx, c.Actor.Environment, rest.ID(app), rest.ID(id))
	if err != nil {
		return Secret{}, err
	}
	shown, err := showSecret(tx, k)
	shown.SecretShown = k.Form == credential.Generated
	return shown, err
}

func (r *Resources) getSecret(ctx context.Context, in *struct {
	SecretPath
	rest.Conditional
}) (*rest.Found[Secret], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Secret, error) {
		k, err := getSecret(tx, c, &in.SecretPath)
		if err != nil {
			return Secret{}, err
		}
		return showSecret(tx, k)
	})
}

// getSecret returns the secret that a path names; a credential of another kind is none.
func getSecret(tx *db.Tx, c *rest.Call, in *SecretPath) (*credential.Credential, error) {
	k, err := credential.Get(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Secret))
	if err != nil {
		return nil, err
	}
	return k, mustBeSecret(k)
}

func mustBeSecret(k *credential.Credential) error {
	if k.Kind != credential.KindSecret {
		return fault.New(fault.NotFound, "there is no such credential")
	}
	return nil
}

// onSecret runs fn if a path names a secret. Whether the caller may is for fn to ask.
func onSecret(tx *db.Tx, c *rest.Call, in *SecretPath, fn func() error) error {
	k, err := credential.Load(tx, c.Actor.Environment, rest.ID(in.Application), rest.ID(in.Secret))
	if err == nil {
		err = mustBeSecret(k)
	}
	if err != nil {
		return err
	}
	return fn()
}

func (r *Resources) changeSecret(ctx context.Context, in *struct {
	SecretPath
	rest.Precondition
	Body SecretChange
}) (*rest.Changed[Secret], error) {
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Secret, error) {
		k, err := credential.Change(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Secret), version, in.Body.apply)
		if err == nil {
			err = mustBeSecret(k)
		}
		if err != nil {
			return Secret{}, err
		}
		return showSecret(tx, k)
	})
}

func (r *Resources) deleteSecret(ctx context.Context, in *struct {
	SecretPath
	rest.Precondition
	Force bool `query:"force" doc:"Delete it also if it is the last that the application can use."`
}) (*rest.Done, error) {
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return onSecret(tx, c, &in.SecretPath, func() error {
			return credential.Delete(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Secret), version, in.Force)
		})
	})
}

func (r *Resources) setSecretEnabled(enabled bool) func(context.Context, *SecretPath) (*rest.Done, error) {
	return func(ctx context.Context, in *SecretPath) (*rest.Done, error) {
		return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			k, err := credential.SetEnabled(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Secret), enabled)
			if err != nil {
				return err
			}
			return mustBeSecret(k)
		})
	}
}
