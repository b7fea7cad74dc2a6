package credentialapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Trust is a [credential.Credential] of kind trust on the wire.
type Trust struct {
	Common
	Issuer    string            `json:"issuer"`
	Audience  string            `json:"audience"`
	Subject   string            `json:"subject"`
	Claims    map[string]string `json:"claims,omitempty"`
	Keys      []PublicKey       `json:"keys,omitempty" doc:"Those that were given; absent if they are fetched."`
	JWKSURI   string            `json:"jwks_uri,omitempty" doc:"Absent with no keys given: found by discovery (OpenID Connect Discovery §4)."`
	SingleUse bool              `json:"single_use" doc:"Whether each token counts once; else until it expires."`
}

// NewTrust is the body that makes a trust.
type NewTrust struct {
	NewCommon
	Issuer    string            `json:"issuer,omitempty" doc:"Required. The iss of its tokens, exactly."`
	Audience  string            `json:"audience,omitempty" doc:"The aud that tokens must name, exactly; the environment's issuer unless given."`
	Subject   string            `json:"subject,omitempty" doc:"Required. The sub of its tokens. * stands for any text without a colon, ** for any text."`
	Claims    map[string]string `json:"claims,omitempty" doc:"What other claims must be, by their path, such as repository_owner or kubernetes.io/namespace. Patterns are those of subject."`
	JWKS      KeyText           `json:"jwks,omitzero" doc:"The issuer's public keys, if they shall not be fetched."`
	JWKSURI   string            `json:"jwks_uri,omitempty" doc:"Where the issuer publishes its keys; found by discovery unless given."`
	SingleUse bool              `json:"single_use,omitempty" doc:"Accept each token once."`
}

func (r *Resources) trusts() *collection[Trust] {
	return &collection[Trust]{r.Desk, credential.KindTrust, "trusts", "trust", "federated trust", showTrust}
}

func (r *Resources) trustOperations(api huma.API) {
	o := r.trusts()
	o.operations(api)
	huma.Register(api, rest.Creation("POST "+o.list(), "create-trust",
		"Let an application prove itself by tokens of another issuer"), r.createTrust)
	huma.Register(api, rest.Operation("POST "+o.list()+"/{credential}/test", "test-trust",
		"Say of a token what a federated trust finds in it; nothing comes of it"), r.testTrust)
}

func (r *Resources) createTrust(ctx context.Context, in *struct {
	rest.ApplicationPath
	rest.Idempotent
	Body NewTrust
}) (*rest.Created[Trust], error) {
	app, b := rest.ID(in.Application), &in.Body
	spec := credential.TrustSpec{
		Spec: b.spec(), Trust: assertion.Trust{Issuer: b.Issuer, Audience: b.Audience, Subject: b.Subject, Claims: b.Claims},
		JWKS: b.JWKS.text(), URI: b.JWKSURI, SingleUse: b.SingleUse,
	}
	if spec.Audience == "" {
		spec.Audience = rest.CallOf(ctx).Environment.Issuer
	}
	err := r.mayAdd(ctx, app)
	if err == nil {
		err = spec.Validate()
	}
	if err != nil {
		return nil, err
	}
	switch {
	case len(spec.JWKS) > 0:
	case spec.URI != "":
		err = r.tryOut(ctx, app, "jwks_uri", func() error { return r.Fetcher.CheckURI(ctx, spec.URI) })
	default:
		err = r.tryOut(ctx, app, "issuer", func() error { return r.Fetcher.CheckIssuer(ctx, spec.Issuer) })
	}
	if err != nil {
		return nil, err
	}
	o := r.trusts()
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[Trust]{
		Make: func(tx *db.Tx, c *rest.Call) (Trust, string, error) {
			k, err := credential.AddTrust(tx, &c.Actor, app, spec)
			if err != nil {
				return Trust{}, "", err
			}
			shown, err := o.view(tx, k)
			return shown, shown.ID, err
		},
		Again: o.again(in.Application),
	})
}

// TokenTest is the body that asks about a token.
type TokenTest struct {
	Token string `json:"token,omitempty" doc:"Required. A token of the other issuer. It is kept nowhere."`
}

// TrustVerdict is what a trust finds in a token.
type TrustVerdict struct {
	Accepted  bool           `json:"accepted" doc:"Whether the token would prove the client at the moment."`
	Form      string         `json:"form,omitempty" doc:"What is wrong with its form; absent if nothing, as with the others. Then nothing else is known."`
	Signature string         `json:"signature,omitempty" doc:"What is wrong with its signature, or with the keys to verify it with. Then its claims may be made up."`
	Time      string         `json:"time,omitempty" doc:"What is wrong with its times."`
	Claims    []ClaimFinding `json:"claims" nullable:"false" doc:"What the trust wants, and what the token has."`
}

// ClaimFinding is one claim of a token.
type ClaimFinding struct {
	Claim   string `json:"claim"`
	Wanted  string `json:"wanted"`
	Got     string `json:"got"`
	Matches bool   `json:"matches"`
}

func (r *Resources) testTrust(ctx context.Context, in *struct {
	CredentialPath
	Body TokenTest
}) (*struct{ Body TrustVerdict }, error) {
	var trust *proof.Trust
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		k, err := credential.Get(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Credential))
		if err != nil {
			return err
		}
		if trust = k.Proof.Trust; trust == nil {
			return errOtherKind
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	found := r.Fetcher.Examine(ctx, in.Body.Token, trust.Keys, &trust.Trust, r.Now())
	out := &struct{ Body TrustVerdict }{TrustVerdict{
		Accepted: found.Accepted(), Form: found.Form, Signature: found.Signature, Time: found.Time, Claims: make([]ClaimFinding, len(found.Claims)),
	}}
	for i, f := range found.Claims {
		out.Body.Claims[i] = ClaimFinding{f.Claim, f.Wanted, f.Got, f.Matches}
	}
	return out, nil
}

func showTrust(common Common, k *credential.Credential) Trust {
	t := k.Proof.Trust
	return Trust{
		Common: common, Issuer: t.Issuer, Audience: t.Audience, Subject: t.Subject, Claims: t.Claims, Keys: showPublic(t.Keys), JWKSURI: t.Keys.URI,
		SingleUse: t.SingleUse,
	}
}
