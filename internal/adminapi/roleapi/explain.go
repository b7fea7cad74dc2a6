package roleapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access/explanation"
	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Explanation is an [explanation.Explanation] on the wire.
type Explanation struct {
	Allowed      bool              `json:"allowed" doc:"Whether the permission table lets the credential in. What a resource asks on top, about the one thing in the path, is in why of the rules."`
	CutAt        string            `json:"cut_at,omitempty" enum:"environment,application,role,preset,credential,family,rule,disabled,expired" doc:"Where the authority ends first. Absent: it is allowed."`
	ClientID     string            `json:"client_id" format:"uuid"`
	Application  string            `json:"application" doc:"The application's name."`
	CredentialID string            `json:"credential_id" format:"uuid"`
	Rules        []AccessRule      `json:"rules" nullable:"false" doc:"The row about the route, and that about the field if there is one: both must be met."`
	Steps        []ExplanationStep `json:"steps" nullable:"false" doc:"What was looked at, in order."`
}

// AccessRule is a [rule.Rule] on the wire.
type AccessRule struct {
	Door   string `json:"door" enum:"api,oauth,services,scim,house"`
	Method string `json:"method"`
	Path   string `json:"path" doc:"As it is registered."`
	Field  string `json:"field,omitempty" doc:"The field of the request that the row is about. Absent: the route itself."`
	Asks   string `json:"asks" doc:"What it asks for, in words."`
	Why    string `json:"why,omitempty"`
}

// ExplanationStep is an [explanation.Step] on the wire.
type ExplanationStep struct {
	At    string `json:"at" enum:"environment,application,role,preset,credential,family,rule"`
	Holds bool   `json:"holds"`
	Says  string `json:"says"`
}

func (r *Resources) explainOperations(api huma.API) {
	huma.Register(api, rest.Operation("GET /access/explain", "explain-access", "Say which rule decides about a request of a credential, and whether and where its authority ends"), r.explain)
}

func (r *Resources) explain(ctx context.Context, in *struct {
	Credential string `query:"credential" required:"true" format:"uuid" doc:"The id of a credential, or the client_id of an application that has just one."`
	Method     string `query:"method" required:"true" maxLength:"10"`
	Path       string `query:"path" required:"true" maxLength:"1000" doc:"As after the environment's base URL; /api/v1 may be left out."`
	Field      string `query:"field" maxLength:"100" doc:"A field that the request sets, such as password."`
}) (*struct{ Body Explanation }, error) {
	out := &struct{ Body Explanation }{}
	if _, _, ok := rule.Match(in.Method, in.Path); !ok {
		return nil, fault.On("query.path", "nothing is served there; counterfoil access rules lists what is")
	}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		x, err := explanation.Of(tx, &c.Actor, explanation.Question{Credential: rest.ID(in.Credential), Method: in.Method, Path: in.Path, Field: in.Field})
		if err != nil {
			return err
		}
		out.Body = Explanation{
			Allowed: x.Allowed, CutAt: x.Cut, ClientID: x.Application.ID.String(), Application: x.Application.Name,
			CredentialID: x.Credential.ID.String(), Rules: []AccessRule{}, Steps: []ExplanationStep{},
		}
		for _, each := range x.Rules {
			out.Body.Rules = append(out.Body.Rules, showRule(&each))
		}
		for _, s := range x.Steps {
			out.Body.Steps = append(out.Body.Steps, ExplanationStep(s))
		}
		return nil
	})
	return out, err
}

func showRule(r *rule.Rule) AccessRule {
	return AccessRule{Door: string(r.Door), Method: r.Method, Path: r.Path, Field: r.Field, Asks: r.Asks(), Why: r.Why}
}
