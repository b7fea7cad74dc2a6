package credentials

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) globalCommand() *cobra.Command {
	var viewable bool
	var set *cobra.Command
	set = d.Command("set-secret", "Set its secret, read from standard input; the old one and its tokens die", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			secret, err := d.ChosenSecret()
			if err != nil {
				return err
			}
			var asked *bool
			if set.Flags().Changed("viewable") {
				asked = &viewable
			}
			g, err := c.SetGlobalSecret(ctx, secret, asked)
			if err != nil {
				return err
			}
			return d.showGlobal(g)
		}))
	set.Flags().BoolVar(&viewable, "viewable", false, "keep it sealed, so that it can be shown again; what the policy says unless given")
	set.Example = "  pass show counterfoil/global | counterfoil global set-secret"
	return desk.Group("global", "The credential that the environment was born with, which opens every exchange and the connections API",
		d.Command("show", "Show it, with what should be done with it", cobra.NoArgs, desk.TableOrJSON, d.WithClient(d.globalShow)),
		set,
		d.Command("enable", "Let it work again", cobra.NoArgs, desk.TableOrJSON, d.onGlobal((*client.Client).EnableGlobalCredential)),
		d.Command("disable", "Refuse it, and make its tokens inactive for good", cobra.NoArgs, desk.TableOrJSON, d.onGlobal((*client.Client).DisableGlobalCredential)),
	)
}

func (d verbs) globalShow(ctx context.Context, c *client.Client, _ []string) error {
	g, err := c.GlobalCredential(ctx)
	if err != nil {
		return err
	}
	return d.showGlobal(g)
}

func (d verbs) onGlobal(verb func(*client.Client, context.Context) (client.Answer, error)) desk.Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
		answer, err := verb(c, ctx)
		if err != nil {
			return err
		}
		g, err := c.GlobalCredential(ctx)
		if err != nil {
			return fmt.Errorf("it was done, but looking at the result failed: %w", err)
		}
		d.NotePropagation(answer)
		return d.showGlobal(g)
	})
}

func (d verbs) showGlobal(g *client.GlobalCredential) error {
	return d.Show(g, func(t *terminal.Table) {
		t.Field("Client id", g.ClientID)
		t.Field("Status", desk.Status(g.Enabled))
		state := "not set: it opens nothing"
		if g.HasSecret {
			state = "set"
		}
		t.Field("Secret", state)
		t.Field("Last used", terminal.StampOr(g.LastUsedAt, "never"))
		t.Field("Advice", g.Advice)
	})
}
