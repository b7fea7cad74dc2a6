package connections

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func providerCommand(d *desk.Desk) *cobra.Command {
	list := d.Command("list", "List the systems that can be connected", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := client.Collect(c.Providers(ctx))
			if err != nil {
				return err
			}
			return desk.List(d, all, []string{"NAME", "TITLE", "MODE", "CATEGORIES", "STOPPED"}, func(p *client.Provider) []string {
				return []string{p.Name, p.DisplayName, p.Mode, strings.Join(p.Categories, ", "), stopped(p.Stopped)}
			})
		}))
	show := d.Completing(providerNames)(d.Command("show PROVIDER", "Show what a provider asks for", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			p, err := c.Provider(ctx, args[0])
			if err != nil {
				return err
			}
			return showProvider(d, p)
		})))
	verb := func(use, short string, do func(*client.Client, context.Context, string) (client.Answer, error)) *cobra.Command {
		return d.Completing(providerNames)(d.Command(use+" PROVIDER", short, cobra.ExactArgs(1), desk.TableOrJSON,
			d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
				answer, err := do(c, ctx, args[0])
				if err != nil {
					return err
				}
				d.NotePropagation(answer)
				p, err := c.Provider(ctx, args[0])
				if err != nil {
					return err
				}
				return showProvider(d, p)
			})))
	}
	stop := verb("stop", "Stop a provider: none of the environment's connections to it is used", (*client.Client).StopProvider)
	resume := verb("resume", "Let a stopped provider go on", (*client.Client).ResumeProvider)
	return desk.Group("provider", "The systems that can be connected", list, show, testProviderCommand(d), stop, resume)
}

func testProviderCommand(d *desk.Desk) *cobra.Command {
	var set []string
	var connector string
	cmd := d.Completing(providerNames)(d.Command("test PROVIDER", "Try values out, step by step; nothing is stored", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			given, err := pairs("set", set)
			if err != nil {
				return err
			}
			p, err := c.Provider(ctx, args[0])
			if err != nil {
				return err
			}
			entered, err := values(d, p, given)
			if err != nil {
				return err
			}
			tried, err := c.TestProvider(ctx, p.Name, client.ProviderTrial{Connector: connector, Values: entered})
			if err != nil {
				return err
			}
			return showTrial(d, tried)
		})))
	cmd.Example = "  counterfoil connect provider test pingone --set region=eu --set environment_id=… --set client_id=… < secret"
	cmd.Flags().StringArrayVar(&set, "set", nil, "a field that is no secret, as name=value; repeatable")
	cmd.Flags().StringVar(&connector, "connector", "", "a connector of the provider whose presets and scopes count")
	return cmd
}

func showProvider(d *desk.Desk, p *client.Provider) error {
	return d.Show(p, func(t *terminal.Table) {
		t.Field("Name", p.Name)
		t.Field("Title", p.DisplayName)
		t.Field("Mode", p.Mode)
		t.Field("Documentation", p.Docs)
		t.Field("Stopped", stopped(p.Stopped))
		for _, f := range p.Fields {
			t.Field("Field "+f.Name, describe(&f))
		}
	})
}

// describe says in a line what a field wants.
func describe(f *client.ProviderField) string {
	parts := []string{f.Title}
	if f.Secret {
		parts = append(parts, "a secret")
	}
	if f.Optional {
		parts = append(parts, "may be left out")
	}
	choices := make([]string, len(f.Choices))
	for i, c := range f.Choices {
		choices[i] = c.Value
	}
	if len(choices) > 0 {
		parts = append(parts, "one of "+strings.Join(choices, ", "))
	}
	if f.Example != "" {
		parts = append(parts, "such as "+f.Example)
	}
	return strings.Join(parts, "; ")
}

func stopped(yes bool) string {
	if yes {
		return "stopped"
	}
	return "no"
}
