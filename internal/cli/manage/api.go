package manage

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) apiCommand() *cobra.Command {
	completed := d.Completing(desk.APINames)
	one := cobra.ExactArgs(1)
	return desk.Group("api", "The APIs that tokens are for",
		d.apiCreateCommand(),
		d.Command("list", "List the APIs", cobra.NoArgs, desk.TableOrJSON, d.WithClient(d.apiList)),
		completed(d.Command("show API", "Show an API by name, audience or id", one, desk.TableOrJSON, d.WithAPI(d.apiShow))),
		completed(d.apiEditCommand()),
		completed(d.Command("disable API", "Make every token for an API inactive, and issue none", one, desk.TableOrJSON, d.onAPI((*client.Client).DisableAPI))),
		completed(d.Command("enable API", "Issue tokens for an API again", one, desk.TableOrJSON, d.onAPI((*client.Client).EnableAPI))),
		completed(d.apiDeleteCommand()),
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

func (d verbs) apiCreateCommand() *cobra.Command {
	var (
		audience string
		scopes   []string
		settings apiSettings
	)
	cmd := d.Command("create NAME", "Make an API", cobra.ExactArgs(1), desk.TableOrJSON, d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		made, err := c.CreateAPI(ctx, client.NewAPI{
			Name: args[0], Audience: audience, Scopes: parseScopes(scopes), TokenFormat: settings.format,
			SigningAlg: settings.alg, TokenLifetime: int(settings.lifetime.Seconds()), OnStale: settings.onStale,
		})
		if err != nil {
			return err
		}
		return d.showAPI(made)
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

func (d verbs) apiEditCommand() *cobra.Command {
	var (
		name     string
		audience string
		scopes   desk.ScopeEdit
		settings apiSettings
	)
	var cmd *cobra.Command
	cmd = d.Command("edit API", "Change an API", cobra.ExactArgs(1), desk.TableOrJSON, d.WithAPI(func(ctx context.Context, c *client.Client, api *client.API, _ []string) error {
		var change client.APIChange
		desk.SetIf(cmd, "name", &change.Name, name)
		desk.SetIf(cmd, "audience", &change.Audience, audience)
		desk.SetIf(cmd, "token-format", &change.TokenFormat, settings.format)
		desk.SetIf(cmd, "signing-alg", &change.SigningAlg, settings.alg)
		desk.SetIf(cmd, "token-lifetime", &change.TokenLifetime, int(settings.lifetime.Seconds()))
		desk.SetIf(cmd, "on-stale", &change.OnStale, settings.onStale)
		if scopes.Any() {
			change.Scopes = client.Set(desk.EditList(api.Scopes, parseScopes(scopes.Replace), parseScopes(scopes.Add),
				parseScopes(scopes.Remove), func(s client.Scope) string { return s.Name }))
		}
		changed, err := c.UpdateAPI(ctx, api.ID, change, client.IfMatch(api.ETag))
		if err != nil {
			return err
		}
		return d.showAPI(changed)
	}))
	cmd.Flags().StringVar(&name, "name", "", "a new name")
	cmd.Flags().StringVar(&audience, "audience", "", "the URI that its tokens carry as aud from now on")
	scopes.Bind(cmd)
	settings.bind(cmd)
	return cmd
}

func (d verbs) apiList(ctx context.Context, c *client.Client, _ []string) error {
	all, err := client.Collect(c.APIs(ctx))
	if err != nil {
		return err
	}
	return desk.List(d.Desk, all, []string{"NAME", "AUDIENCE", "SCOPES", "TOKENS", "STATUS", "ID"}, func(a *client.API) []string {
		return []string{a.Name, a.Audience, terminal.Brief(scopeNames(a.Scopes)), a.TokenFormat, desk.Status(a.Enabled), a.ID}
	})
}

func scopeNames(scopes []client.Scope) []string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = s.Name
	}
	return names
}

func (d verbs) apiShow(_ context.Context, _ *client.Client, api *client.API, _ []string) error {
	return d.showAPI(api)
}

func (d verbs) showAPI(a *client.API) error {
	return d.Show(a, func(t *terminal.Table) {
		t.Field("Name", a.Name)
		t.Field("Id", a.ID)
		t.Field("Audience", a.Audience)
		for _, s := range a.Scopes {
			t.Field("Scope", strings.TrimSpace(s.Name+"  "+s.Description))
		}
		t.Field("Tokens", a.TokenFormat+", "+a.SigningAlg+", "+terminal.Seconds(a.TokenLifetime))
		t.Field("When stale", a.OnStale)
		t.Field("Status", desk.Status(a.Enabled))
		t.Field("Created", terminal.Stamp(a.CreatedAt))
		t.Field("Updated", terminal.Stamp(a.UpdatedAt))
	})
}

// onAPI makes the run of a verb that takes an API and changes its state.
func (d verbs) onAPI(verb func(*client.Client, context.Context, string) (client.Answer, error)) desk.Run {
	return d.WithAPI(func(ctx context.Context, c *client.Client, api *client.API, _ []string) error {
		answer, err := verb(c, ctx, api.ID)
		if err != nil {
			return err
		}
		if api, err = c.API(ctx, api.ID); err != nil {
			return err
		}
		d.NotePropagation(answer)
		return d.showAPI(api)
	})
}

func (d verbs) apiDeleteCommand() *cobra.Command {
	var yes bool
	cmd := d.Command("delete API", "Delete an API and its scopes", cobra.ExactArgs(1), desk.TableOrJSON, d.WithAPI(func(ctx context.Context, c *client.Client, api *client.API, _ []string) error {
		if err := d.Confirm(yes, "Delete API %s (%s)? Applications lose its scopes.", api.Name, api.Audience); err != nil {
			return err
		}
		answer, err := c.DeleteAPI(ctx, api.ID)
		if err != nil {
			return err
		}
		return d.ShowDeleted(answer, api.ID)
	}))
	desk.BindYes(cmd, &yes)
	return cmd
}
