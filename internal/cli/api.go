package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (p *program) apiCommand() *cobra.Command {
	completed := p.completing(apiNames)
	one := cobra.ExactArgs(1)
	return group("api", "The APIs that tokens are for",
		p.apiCreateCommand(),
		p.command("list", "List the APIs", cobra.NoArgs, tableOrJSON, p.withClient(p.apiList)),
		completed(p.command("show API", "Show an API by name, audience or id", one, tableOrJSON, p.withAPI(p.apiShow))),
		completed(p.apiEditCommand()),
		completed(p.command("disable API", "Make every token for an API inactive, and issue none", one, tableOrJSON, p.onAPI((*client.Client).DisableAPI))),
		completed(p.command("enable API", "Issue tokens for an API again", one, tableOrJSON, p.onAPI((*client.Client).EnableAPI))),
		completed(p.apiDeleteCommand()),
	)
}

// apiSettings are the flags that creating and editing share.
type apiSettings struct {
	format, alg, onStale string
	lifetime             time.Duration
}

func (s *apiSettings) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&s.format, "token-format", "", "jwt, which APIs can check offline, or handle, which is opaque and revoked at once")
	flags.StringVar(&s.alg, "signing-alg", "", "ES256, EdDSA, RS256 or PS256")
	flags.DurationVar(&s.lifetime, "token-lifetime", 0, "how long tokens live, such as 10m")
	flags.StringVar(&s.onStale, "on-stale", "", "serve or refuse while a node cannot read its database")
	for flag, words := range map[string][]string{
		"token-format": {"jwt", "handle"}, "signing-alg": {"ES256", "EdDSA", "RS256", "PS256"}, "on-stale": {"serve", "refuse"},
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

func (p *program) apiCreateCommand() *cobra.Command {
	var (
		audience string
		scopes   []string
		settings apiSettings
	)
	cmd := p.command("create NAME", "Make an API", cobra.ExactArgs(1), tableOrJSON, p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		made, err := c.CreateAPI(ctx, client.NewAPI{
			Name: args[0], Audience: audience, Scopes: parseScopes(scopes), TokenFormat: settings.format,
			SigningAlg: settings.alg, TokenLifetime: int(settings.lifetime.Seconds()), OnStale: settings.onStale,
		})
		if err != nil {
			return err
		}
		return p.showAPI(made)
	}))
	cmd.Example = "  counterfoil api create invoices --audience https://invoices.example --scope invoices:read --scope invoices:write"
	cmd.Flags().StringVar(&audience, "audience", "", "the URI that tokens for this API carry as aud")
	cmd.Flags().StringArrayVar(&scopes, "scope", nil, "a permission, as NAME or NAME=DESCRIPTION; repeatable")
	settings.bind(cmd)
	_ = cmd.MarkFlagRequired("audience")
	return cmd
}

// parseScopes splits NAME=DESCRIPTION. A scope's name could hold "=" (RFC 6749 §3.3); such a one needs the API.
func parseScopes(texts []string) []client.Scope {
	scopes := make([]client.Scope, 0, len(texts))
	for _, text := range texts {
		name, description, _ := strings.Cut(text, "=")
		scopes = append(scopes, client.Scope{Name: name, Description: description})
	}
	return scopes
}

func (p *program) apiEditCommand() *cobra.Command {
	var (
		name     string
		scopes   scopeEdit
		settings apiSettings
	)
	var cmd *cobra.Command
	cmd = p.command("edit API", "Change an API", cobra.ExactArgs(1), tableOrJSON, p.withAPI(func(ctx context.Context, c *client.Client, api *client.API, _ []string) error {
		var change client.APIChange
		setIf(cmd, "name", &change.Name, name)
		setIf(cmd, "token-format", &change.TokenFormat, settings.format)
		setIf(cmd, "signing-alg", &change.SigningAlg, settings.alg)
		setIf(cmd, "token-lifetime", &change.TokenLifetime, int(settings.lifetime.Seconds()))
		setIf(cmd, "on-stale", &change.OnStale, settings.onStale)
		if scopes.any() {
			change.Scopes = client.Set(editList(api.Scopes, parseScopes(scopes.replace), parseScopes(scopes.add),
				parseScopes(scopes.remove), func(s client.Scope) string { return s.Name }))
		}
		changed, err := c.UpdateAPI(ctx, api.ID, change, client.IfMatch(api.ETag))
		if err != nil {
			return err
		}
		return p.showAPI(changed)
	}))
	cmd.Flags().StringVar(&name, "name", "", "a new name")
	scopes.bind(cmd)
	settings.bind(cmd)
	return cmd
}

func (p *program) apiList(ctx context.Context, c *client.Client, _ []string) error {
	all, err := client.Collect(c.APIs(ctx))
	if err != nil {
		return err
	}
	return list(p, all, []string{"NAME", "AUDIENCE", "SCOPES", "TOKENS", "STATUS", "ID"}, func(a *client.API) []string {
		return []string{a.Name, a.Audience, terminal.Brief(scopeNames(a.Scopes)), a.TokenFormat, status(a.Enabled), a.ID}
	})
}

func scopeNames(scopes []client.Scope) []string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = s.Name
	}
	return names
}

func (p *program) apiShow(_ context.Context, _ *client.Client, api *client.API, _ []string) error {
	return p.showAPI(api)
}

func (p *program) showAPI(a *client.API) error {
	return p.show(a, func(t *terminal.Table) {
		t.Field("Name", a.Name)
		t.Field("Id", a.ID)
		t.Field("Audience", a.Audience)
		for _, s := range a.Scopes {
			t.Field("Scope", strings.TrimSpace(s.Name+"  "+s.Description))
		}
		t.Field("Tokens", a.TokenFormat+", "+a.SigningAlg+", "+terminal.Seconds(a.TokenLifetime))
		t.Field("When stale", a.OnStale)
		t.Field("Status", status(a.Enabled))
		t.Field("Created", terminal.Stamp(a.CreatedAt))
		t.Field("Updated", terminal.Stamp(a.UpdatedAt))
	})
}

// onAPI makes the run of a verb that takes an API and changes its state.
func (p *program) onAPI(verb func(*client.Client, context.Context, string) (client.Answer, error)) run {
	return p.withAPI(func(ctx context.Context, c *client.Client, api *client.API, _ []string) error {
		answer, err := verb(c, ctx, api.ID)
		if err != nil {
			return err
		}
		if api, err = c.API(ctx, api.ID); err != nil {
			return err
		}
		p.notePropagation(answer)
		return p.showAPI(api)
	})
}

func (p *program) apiDeleteCommand() *cobra.Command {
	var yes bool
	cmd := p.command("delete API", "Delete an API and its scopes", cobra.ExactArgs(1), tableOrJSON, p.withAPI(func(ctx context.Context, c *client.Client, api *client.API, _ []string) error {
		if err := p.confirm(yes, "Delete API %s (%s)? Applications lose its scopes.", api.Name, api.Audience); err != nil {
			return err
		}
		answer, err := c.DeleteAPI(ctx, api.ID)
		if err != nil {
			return err
		}
		return p.showDeleted(answer, api.ID)
	}))
	bindYes(cmd, &yes)
	return cmd
}
