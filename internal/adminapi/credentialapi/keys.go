package credentialapi

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// PublicKey is one key of a set.
type PublicKey struct {
	ID         string `json:"kid,omitempty"`
	Type       string `json:"type" doc:"Such as P-256, RSA 2048 or Ed25519."`
	Algorithm  string `json:"alg,omitempty" doc:"The one algorithm that it may sign by; absent: any that its type allows."`
	Thumbprint string `json:"thumbprint" doc:"RFC 7638, SHA-256."`
}

// JWTKey is a [credential.Credential] of kind jwt_key on the wire.
type JWTKey struct {
	Common
	Keys    []PublicKey `json:"keys,omitempty" doc:"Those that were given; absent if they are at jwks_uri."`
	JWKSURI string      `json:"jwks_uri,omitempty"`
}

// NewJWTKey is the body that makes a JWT key.
type NewJWTKey struct {
	NewCommon
	JWKS    KeyText `json:"jwks,omitzero" doc:"Public keys: a JWK Set or one JWK as an object, or PEM as text. At most 20."`
	JWKSURI string  `json:"jwks_uri,omitempty" doc:"Where the application publishes them instead, with https."`
}

// KeyText is public keys: JSON as it is, or a text.
type KeyText struct{ raw json.RawMessage }

// UnmarshalJSON takes anything; the room says what is wrong with it.
func (k *KeyText) UnmarshalJSON(text []byte) error {
	k.raw = bytes.Clone(text)
	return nil
}

// MarshalJSON returns what was taken.
func (k KeyText) MarshalJSON() ([]byte, error) { return k.raw, nil }

// IsZero reports whether there are no keys.
func (k KeyText) IsZero() bool { return len(k.raw) == 0 || string(k.raw) == "null" }

// Schema is that of anything.
func (KeyText) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }

func (k KeyText) text() []byte {
	var text string
	switch {
	case k.IsZero():
		return nil
	case json.Unmarshal(k.raw, &text) == nil:
		return []byte(text)
	}
	return k.raw
}

func (r *Resources) keys() *collection[JWTKey] {
	return &collection[JWTKey]{r.Desk, credential.KindKey, "jwt-keys", "jwt-key", "JWT key", showKey}
}

func (r *Resources) keyOperations(api huma.API) {
	o := r.keys()
	o.operations(api)
	huma.Register(api, rest.Creation("POST "+o.list(), "create-jwt-key",
		"Let an application prove itself by JWTs that it signs (private_key_jwt)"), r.createKey)
}

func (r *Resources) createKey(ctx context.Context, in *struct {
	rest.ApplicationPath
	rest.Idempotent
	Body NewJWTKey
}) (*rest.Created[JWTKey], error) {
	app := rest.ID(in.Application)
	if uri := in.Body.JWKSURI; uri != "" && in.Body.JWKS.IsZero() {
		if err := r.tryOut(ctx, app, "jwks_uri", func() error { return r.Fetcher.CheckURI(ctx, uri) }); err != nil {
			return nil, err
		}
	}
	o := r.keys()
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[JWTKey]{
		Make: func(tx *db.Tx, c *rest.Call) (JWTKey, string, error) {
			k, err := credential.AddKey(tx, &c.Actor, app, credential.KeySpec{Spec: in.Body.spec(), JWKS: in.Body.JWKS.text(), URI: in.Body.JWKSURI})
			if err != nil {
				return JWTKey{}, "", err
			}
			shown, err := o.view(tx, k)
			return shown, shown.ID, err
		},
		Again: o.again(in.Application),
	})
}

// mayAdd lets in whoever may add credentials to an application that there is.
func (r *Resources) mayAdd(ctx context.Context, app uuid.UUID) error {
	return r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		if err := access.AllowOn(tx, &c.Actor, access.WriteCredentials, access.OverApplication, app); err != nil {
			return err
		}
		_, err := application.Load(tx, c.Actor.Environment, app)
		return err
	})
}

// tryOut calls another server for somebody who may add credentials to the application, and for nobody else: strangers must
// not make this one knock at doors. A server that does not answer is the field's fault, too, so that it is mended now and
// not found out when the first client comes.
func (r *Resources) tryOut(ctx context.Context, app uuid.UUID, field string, call func() error) error {
	if err := r.mayAdd(ctx, app); err != nil {
		return err
	}
	err := call()
	if fault.Is(err, fault.Unavailable) {
		_, message := fault.Public(err)
		return fault.On(field, "the keys could not be fetched: %s", message)
	}
	return err
}

func showKey(common Common, k *credential.Credential) JWTKey {
	return JWTKey{Common: common, Keys: showPublic(*k.Proof.Keys), JWKSURI: k.Proof.Keys.URI}
}

func showPublic(source assertion.Source) (shown []PublicKey) {
	if source.Inline == nil {
		return nil
	}
	for _, k := range source.Inline.Keys() {
		shown = append(shown, PublicKey{k.ID, k.Type, k.Algorithm, k.Thumbprint})
	}
	return shown
}
