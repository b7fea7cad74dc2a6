package adminapi

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Integration is a credential for an integration: one that opens the exchange of one application, or the connections API.
type Integration struct {
	rest.Row
	PairSecret
	Kind        string `json:"kind" enum:"application,connection" doc:"application opens the exchange of one application, connection the connections API."`
	Application string `json:"application,omitempty" format:"uuid" doc:"The client_id of the application whose exchange it opens; it never changes."`
	Name        string `json:"name"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
	CreatedBy   string `json:"created_by" doc:"The client_id of the application that made it, or a word for Counterfoil itself."`
}

// NewIntegration is the body that makes one.
type NewIntegration struct {
	Kind        string            `json:"kind" enum:"application,connection"`
	Application string            `json:"application,omitempty" format:"uuid" doc:"The client_id of the application whose exchange it opens, for the kind application."`
	Name        string            `json:"name,omitempty" doc:"Unique; made up unless given."`
	Description string            `json:"description,omitempty"`
	Secret      rest.Confidential `json:"secret,omitzero" doc:"Of your choice, for the kind connection only; generated, and shown once, unless given."`
}

// IntegrationChange is a merge patch.
type IntegrationChange struct {
	Description rest.Patch[string] `json:"description,omitzero"`
	Secret      rest.Confidential  `json:"secret,omitzero" doc:"Replaces the secret, of the kind connection only; the old one and its tokens die. Needs credentials:write too."`
}

// IntegrationPath names one.
type IntegrationPath struct {
	Integration string `path:"integration" doc:"Its client_id."`
}

// integrationKinds are the kinds of these credentials, by their names on the wire.
var integrationKinds = map[string]application.Kind{"application": application.Exchange, "connection": application.Connection}

var eitherIntegration = []application.Kind{application.Exchange, application.Connection}

func (d *Door) integrationOperations(api huma.API) {
	const list, one = "/integration-credentials", "/integration-credentials/{integration}"
	huma.Register(api, rest.Operation("GET "+list, "list-integration-credentials", "List credentials of integrations by name"), d.listIntegrations)
	huma.Register(api, rest.Creation("POST "+list, "create-integration-credential", "Create a credential for an integration"), d.createIntegration)
	huma.Register(api, rest.Operation("GET "+one, "get-integration-credential", "Show a credential of an integration"), d.getIntegration)
	huma.Register(api, rest.Operation("PATCH "+one, "change-integration-credential", "Change the description or, of the kind connection, the secret"), d.changeIntegration)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-integration-credential", "Delete a credential of an integration"), d.deleteIntegration)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-integration-credential", "Disable a credential of an integration"), d.setIntegrationEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-integration-credential", "Enable a credential of an integration"), d.setIntegrationEnabled(true))
}

func (d *Door) listIntegrations(ctx context.Context, in *struct {
	web.PageQuery
	Kind    string `query:"kind" enum:"application,connection" doc:"Only of this kind."`
	Name    string `query:"name" doc:"Only the one called so, whatever its case."`
	Enabled string `query:"enabled" enum:"true,false" doc:"Only those that are enabled, or that are not."`
}) (*rest.Listed[Integration], error) {
	out := &rest.Listed[Integration]{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) (err error) {
		filter := ApplicationFilter{Name: in.Name, Enabled: in.Enabled}
		wanted := filter.wanted()
		if wanted.Kinds = eitherIntegration; in.Kind != "" {
			wanted.Kinds = []application.Kind{integrationKinds[in.Kind]}
		}
		out.Body, err = pairsOf(d, tx, c, in.PageQuery, wanted, showIntegration)
		return err
	})
	return out, err
}

func (d *Door) createIntegration(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewIntegration
}) (*rest.Created[Integration], error) {
	spec, choice, err := d.newIntegration(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	return rest.Create(ctx, d.Desk, in.Idempotent, &in.Body, rest.Maker[Integration]{
		Make: func(tx *db.Tx, c *rest.Call) (Integration, string, error) {
			if choice == nil {
				made, plain, err := d.Credentials.AddPair(tx, &c.Actor, spec, credential.SecretSpec{})
				if err != nil {
					return Integration{}, "", err
				}
				shown, err := showIntegration(tx, made)
				shown.Secret, shown.WhyHidden = rest.Disclose(plain), ""
				return shown, shown.ClientID, err
			}
			a, err := application.Create(tx, &c.Actor, spec)
			if err != nil {
				return Integration{}, "", err
			}
			k, err := d.Credentials.AddChosen(tx, &c.Actor, a.ID, choice, credential.SecretSpec{})
			if err != nil {
				return Integration{}, "", err
			}
			shown, err := showIntegration(tx, &credential.Pair{Application: a, Secret: k})
			return shown, shown.ClientID, err
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Integration, error) {
			pair, err := credential.GetPair(tx, &c.Actor, rest.ID(name), eitherIntegration...)
			if err != nil {
				return Integration{}, err
			}
			shown, err := showIntegration(tx, pair)
			shown.Repeated = choice == nil
			return shown, err
		},
	})
}

// newIntegration says what application is to be made and, if its secret was chosen, derives what is stored of that
// before any transaction.
func (d *Door) newIntegration(ctx context.Context, b *NewIntegration) (application.Spec, *credential.Choice, error) {
	spec := application.Spec{ID: uuid.New(), Kind: integrationKinds[b.Kind], Name: b.Name, Description: b.Description}
	if spec.Name == "" {
		spec.Name = b.Kind + " credential " + spec.ID.String()
	}
	if b.Application != "" {
		if spec.Target = rest.ID(b.Application); spec.Target == uuid.Nil {
			return spec, nil, fault.On("application", "say which application by its client_id")
		}
	}
	if b.Secret.Secret().Empty() {
		return spec, nil, nil
	}
	if spec.Kind != application.Connection {
		return spec, nil, fault.On("secret", "the secret of an application-specific credential is generated; only that of a connection credential is chosen")
	}
	choice, err := d.Credentials.PrepareFirst(ctx, d.DB, &rest.CallOf(ctx).Actor, spec.ID, spec.Name, b.Secret.Secret())
	return spec, choice, err
}

func (d *Door) getIntegration(ctx context.Context, in *struct {
	IntegrationPath
	rest.Conditional
}) (*rest.Found[Integration], error) {
	return rest.Find(ctx, d.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Integration, error) {
		pair, err := credential.GetPair(tx, &c.Actor, rest.ID(in.Integration), eitherIntegration...)
		if err != nil {
			return Integration{}, err
		}
		return showIntegration(tx, pair)
	})
}

func (d *Door) changeIntegration(ctx context.Context, in *struct {
	IntegrationPath
	rest.Precondition
	Body IntegrationChange
}) (*rest.Changed[Integration], error) {
	var choice *credential.Choice
	if secret := in.Body.Secret.Secret(); !secret.Empty() {
		var err error
		if choice, err = d.Credentials.Prepare(ctx, d.DB, &rest.CallOf(ctx).Actor, rest.ID(in.Integration), secret); err != nil {
			return nil, err
		}
	}
	return rest.Change(ctx, d.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (shown Integration, err error) {
		err = ofKind(tx, c, in.Integration, eitherIntegration, func(a *application.Application) error {
			if a, err = application.Change(tx, &c.Actor, a.ID, version, func(s *application.Spec) { in.Body.Description.Apply(&s.Description, "") }); err != nil {
				return err
			}
			if choice != nil {
				if a.Kind == application.Exchange {
					return fault.On("secret", "the secret of an application-specific credential cannot be changed; make another credential")
				}
				if _, err := d.Credentials.ReplaceChosen(tx, &c.Actor, a.ID, choice, nil); err != nil {
					return err
				}
			}
			pair, err := credential.PairOf(tx, &c.Actor, a)
			if err == nil {
				shown, err = showIntegration(tx, pair)
			}
			return err
		})
		return shown, err
	})
}

func (d *Door) deleteIntegration(ctx context.Context, in *struct {
	IntegrationPath
	rest.Precondition
}) (*rest.Done, error) {
	return d.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return ofKind(tx, c, in.Integration, eitherIntegration, func(a *application.Application) error {
			return application.Delete(tx, &c.Actor, a.ID, version)
		})
	})
}

func (d *Door) setIntegrationEnabled(enabled bool) func(context.Context, *IntegrationPath) (*rest.Done, error) {
	return func(ctx context.Context, in *IntegrationPath) (*rest.Done, error) {
		return d.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			return ofKind(tx, c, in.Integration, eitherIntegration, func(a *application.Application) error {
				_, err := application.SetEnabled(tx, &c.Actor, a.ID, enabled)
				return err
			})
		})
	}
}

// ofKind does something with an application that goes by a client_id, unless it is of another kind: then there is no
// such thing under this path. What the caller may do with it the room decides.
func ofKind(tx *db.Tx, c *rest.Call, id string, kinds []application.Kind, do func(*application.Application) error) error {
	a, err := application.Load(tx, c.Actor.Environment, rest.ID(id))
	if err == nil && !slices.Contains(kinds, a.Kind) {
		err = fault.New(fault.NotFound, "there is no such credential")
	}
	if err != nil {
		return err
	}
	return do(a)
}

func showIntegration(tx *db.Tx, p *credential.Pair) (Integration, error) {
	secret, err := showPairSecret(tx, p)
	shown := Integration{
		Row: rest.RowOf(p.ID, p.Version), PairSecret: secret, Kind: "connection", Name: p.Name, Description: p.Description,
		Enabled: p.Enabled, CreatedBy: p.CreatedBy,
	}
	if p.Kind == application.Exchange {
		shown.Kind, shown.Application = "application", p.Target.String()
	}
	return shown, err
}
