package adminapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
)

// Policy is an [environment.Policy] on the wire.
type Policy struct {
	rest.Row
	DefaultSecretScopes string       `json:"default_secret_scopes" enum:"all,none" doc:"What a secret may do when nobody says."`
	ChosenSecrets       bool         `json:"chosen_secrets" doc:"Whether administrators may choose secrets themselves."`
	MinLength           int          `json:"chosen_min_length" doc:"Characters of a chosen secret, at least."`
	MinScore            int          `json:"chosen_min_score" doc:"Points of strength of a chosen secret, of 4, at least."`
	ViewableSecrets     bool         `json:"viewable_secrets" doc:"Whether secrets of workers, pairs and the global credential are kept sealed unless somebody says otherwise."`
	LeastDays           int          `json:"min_expiry_days" doc:"How long a credential is valid at least; 0: no bound."`
	MostDays            int          `json:"max_expiry_days" doc:"How long a credential is valid at most; 0: no bound."`
	OnLeak              string       `json:"on_leak" enum:"notify,lock,rotate" doc:"What happens to a secret that was reported as leaked."`
	Limits              PolicyLimits `json:"limits" doc:"How many credentials of each kind one application may have; expired and disabled ones count."`
}

// PolicyLimits are [environment.Limits] on the wire.
type PolicyLimits struct {
	Secrets      int `json:"secrets"`
	Certificates int `json:"certificates"`
	JWTKeys      int `json:"jwt_keys"`
	Trusts       int `json:"trusts"`
}

// PolicyChange is a merge patch. What is null goes back to what it is at birth.
type PolicyChange struct {
	DefaultSecretScopes rest.Patch[string] `json:"default_secret_scopes,omitzero" enum:"all,none"`
	ChosenSecrets       rest.Patch[bool]   `json:"chosen_secrets,omitzero"`
	MinLength           rest.Patch[int]    `json:"chosen_min_length,omitzero" minimum:"8" maximum:"128"`
	MinScore            rest.Patch[int]    `json:"chosen_min_score,omitzero" minimum:"0" maximum:"4"`
	ViewableSecrets     rest.Patch[bool]   `json:"viewable_secrets,omitzero"`
	LeastDays           rest.Patch[int]    `json:"min_expiry_days,omitzero" minimum:"0"`
	MostDays            rest.Patch[int]    `json:"max_expiry_days,omitzero" minimum:"0"`
	OnLeak              rest.Patch[string] `json:"on_leak,omitzero" enum:"notify,lock,rotate"`
	Limits              PolicyLimitsChange `json:"limits,omitzero"`
}

// PolicyLimitsChange is the part of the patch about limits.
type PolicyLimitsChange struct {
	Secrets      rest.Patch[int] `json:"secrets,omitzero" minimum:"1" maximum:"200"`
	Certificates rest.Patch[int] `json:"certificates,omitzero" minimum:"1" maximum:"200"`
	JWTKeys      rest.Patch[int] `json:"jwt_keys,omitzero" minimum:"1" maximum:"200"`
	Trusts       rest.Patch[int] `json:"trusts,omitzero" minimum:"1" maximum:"200"`
}

// PolicyCheck says who would break a policy.
type PolicyCheck struct {
	Total    int            `json:"total" doc:"How many credentials would not be allowed any more."`
	Breaches []PolicyBreach `json:"breaches" nullable:"false" doc:"The first 200 of them. They would go on working: a policy binds what is made and changed."`
}

// PolicyBreach is a [credential.Breach] on the wire.
type PolicyBreach struct {
	ClientID     string `json:"client_id" format:"uuid"`
	Application  string `json:"application" doc:"The application's name."`
	CredentialID string `json:"credential_id" format:"uuid"`
	Kind         string `json:"kind" enum:"secret,certificate,jwt_key,trust"`
	Hint         string `json:"hint,omitempty"`
	Description  string `json:"description,omitempty"`
	Rule         string `json:"rule" doc:"The member of the policy that it breaks."`
}

// mostBreaches bounds the list.
const mostBreaches = 200

func (d *Door) policyOperations(api huma.API) {
	huma.Register(api, rest.Operation("GET /policy", "get-policy", "Show what the environment demands of its credentials"), d.getPolicy)
	huma.Register(api, rest.Operation("PATCH /policy", "change-policy", "Change what the environment demands of its credentials"), d.changePolicy)
	huma.Register(api, rest.Operation("POST /policy/check", "check-policy", "List the credentials that a change of the policy would not allow, and change nothing"), d.checkPolicy)
}

func (d *Door) getPolicy(ctx context.Context, in *rest.Conditional) (*rest.Found[Policy], error) {
	return rest.Find(ctx, d.Desk, *in, func(tx *db.Tx, c *rest.Call) (Policy, error) {
		p, version, err := environment.GetPolicy(tx, &c.Actor)
		return showPolicy(c.Actor.Environment, p, version), err
	})
}

func (d *Door) changePolicy(ctx context.Context, in *struct {
	rest.Precondition
	Body PolicyChange
}) (*rest.Changed[Policy], error) {
	return rest.Change(ctx, d.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Policy, error) {
		p, version, err := environment.ChangePolicy(tx, &c.Actor, version, in.Body.apply)
		return showPolicy(c.Actor.Environment, p, version), err
	})
}

func (d *Door) checkPolicy(ctx context.Context, in *struct{ Body PolicyChange }) (*struct{ Body PolicyCheck }, error) {
	out := &struct{ Body PolicyCheck }{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		policy, err := environment.PolicyOf(tx, c.Actor.Environment)
		if err != nil {
			return err
		}
		in.Body.apply(&policy)
		found, total, err := credential.Breaches(tx, &c.Actor, policy, mostBreaches)
		out.Body = PolicyCheck{total, []PolicyBreach{}}
		for _, b := range found {
			owner, err := application.Load(tx, b.Credential.Environment, b.Credential.Application)
			if err != nil {
				return err
			}
			out.Body.Breaches = append(out.Body.Breaches, PolicyBreach{
				owner.ID.String(), owner.Name, b.Credential.ID.String(), string(b.Credential.Kind), b.Credential.Hint, b.Credential.Description, b.Rule,
			})
		}
		return err
	})
	return out, err
}

func (p *PolicyChange) apply(to *environment.Policy) {
	born := environment.DefaultPolicy()
	rest.Mapped(p.DefaultSecretScopes, func(s string) environment.ScopesDefault { return environment.ScopesDefault(s) }).Apply(&to.DefaultSecretScopes, born.DefaultSecretScopes)
	p.ChosenSecrets.Apply(&to.ChosenSecrets, born.ChosenSecrets)
	p.MinLength.Apply(&to.MinLength, born.MinLength)
	p.MinScore.Apply(&to.MinScore, born.MinScore)
	p.ViewableSecrets.Apply(&to.ViewableSecrets, born.ViewableSecrets)
	p.LeastDays.Apply(&to.LeastDays, born.LeastDays)
	p.MostDays.Apply(&to.MostDays, born.MostDays)
	rest.Mapped(p.OnLeak, func(s string) environment.OnLeak { return environment.OnLeak(s) }).Apply(&to.OnLeak, born.OnLeak)
	p.Limits.Secrets.Apply(&to.Limits.Secrets, born.Limits.Secrets)
	p.Limits.Certificates.Apply(&to.Limits.Certificates, born.Limits.Certificates)
	p.Limits.JWTKeys.Apply(&to.Limits.JWTKeys, born.Limits.JWTKeys)
	p.Limits.Trusts.Apply(&to.Limits.Trusts, born.Limits.Trusts)
}

func showPolicy(id uuid.UUID, p environment.Policy, version int64) Policy {
	return Policy{
		Row: rest.RowOf(id, max(version, 1)), DefaultSecretScopes: string(p.DefaultSecretScopes), ChosenSecrets: p.ChosenSecrets,
		MinLength: p.MinLength, MinScore: p.MinScore, ViewableSecrets: p.ViewableSecrets, LeastDays: p.LeastDays, MostDays: p.MostDays,
		OnLeak: string(p.OnLeak), Limits: PolicyLimits(p.Limits),
	}
}
