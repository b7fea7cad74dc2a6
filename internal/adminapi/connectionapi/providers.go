package connectionapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Provider is a [provider.Provider] on the wire, as the environment has it.
type Provider struct {
	Name        string          `json:"name"`
	DisplayName string          `json:"display_name"`
	Categories  []string        `json:"categories" nullable:"false"`
	Mode        string          `json:"mode" enum:"client_credentials,authorization_code,jwt_bearer,two_step,basic,api_key"`
	Docs        string          `json:"docs" format:"uri"`
	Stopped     bool            `json:"stopped" doc:"This environment uses none of its connections to the provider."`
	Fields      []ProviderField `json:"fields" nullable:"false" doc:"What a person enters, in this order."`
}

// ProviderField is one thing that a person enters.
type ProviderField struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Description string           `json:"description,omitempty"`
	Example     string           `json:"example,omitempty"`
	Format      string           `json:"format,omitempty"`
	Secret      bool             `json:"secret"`
	Optional    bool             `json:"optional"`
	Default     string           `json:"default,omitempty"`
	Choices     []ProviderChoice `json:"choices,omitempty"`
}

// ProviderChoice is one value of a field that has few.
type ProviderChoice struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// ProviderPath names a provider.
type ProviderPath struct {
	Provider string `path:"provider" doc:"Its name."`
}

// ShownProvider answers with one provider. It has no version: it is a file.
type ShownProvider struct{ Body Provider }

func (r *Resources) providerOperations(api huma.API) {
	const list, one = "/connect/providers", "/connect/providers/{provider}"
	huma.Register(api, rest.Operation("GET "+list, "list-providers", "List the systems that can be connected"), r.listProviders)
	huma.Register(api, rest.Operation("GET "+one, "get-provider", "Show a provider with its fields"), r.getProvider)
	huma.Register(api, rest.Operation("POST "+one+"/test", "test-provider", "Try values out, step by step; nothing is stored"), r.testProvider)
	huma.Register(api, rest.Operation("POST "+one+"/stop", "stop-provider", "Stop a provider: none of the environment's connections to it is used"), r.stopProvider(true))
	huma.Register(api, rest.Operation("POST "+one+"/resume", "resume-provider", "Let a stopped provider go on"), r.stopProvider(false))
}

func (r *Resources) listProviders(ctx context.Context, in *struct{ web.PageQuery }) (*rest.Listed[Provider], error) {
	out := &rest.Listed[Provider]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		stopped, err := connect.Stopped(tx, &c.Actor)
		if err != nil {
			return err
		}
		all := append([]*provider.Provider{}, r.Connect.Catalogue.List()...)
		out.Body, err = rest.PageOf(r.Desk, in.PageQuery, c, "providers", all,
			func(p *provider.Provider) (int64, string) { return 0, p.Name },
			func(p *provider.Provider) Provider { return showProvider(p, stopped[p.Name]) })
		return err
	})
	return out, err
}

func (r *Resources) getProvider(ctx context.Context, in *ProviderPath) (*ShownProvider, error) {
	out := &ShownProvider{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		stopped, err := connect.Stopped(tx, &c.Actor)
		if err != nil {
			return err
		}
		p := r.Connect.Catalogue.Get(in.Provider)
		if p == nil {
			return fault.New(fault.NotFound, "there is no provider %q in the catalogue", in.Provider)
		}
		out.Body = showProvider(p, stopped[p.Name])
		return nil
	})
	return out, err
}

func (r *Resources) stopProvider(stop bool) func(context.Context, *ProviderPath) (*rest.Done, error) {
	return func(ctx context.Context, in *ProviderPath) (*rest.Done, error) {
		return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error { return r.Connect.StopProvider(tx, &c.Actor, in.Provider, stop) })
	}
}

func showProvider(p *provider.Provider, stopped bool) Provider {
	shown := Provider{
		Name: p.Name, DisplayName: p.DisplayName, Categories: append([]string{}, p.Categories...), Mode: string(p.Mode), Docs: p.Docs,
		Stopped: stopped, Fields: make([]ProviderField, len(p.Fields)),
	}
	for i, f := range p.Fields {
		shown.Fields[i] = ProviderField{
			Name: f.Name, Title: f.Title, Description: f.Description, Example: f.Example, Format: f.Format, Secret: f.Secret,
			Optional: f.Optional, Default: f.Default,
		}
		for _, c := range f.Choices {
			shown.Fields[i].Choices = append(shown.Fields[i].Choices, ProviderChoice{c.Value, c.Label})
		}
	}
	return shown
}
