package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (p *program) environmentCommand() *cobra.Command {
	completed := p.completing(environmentNames)
	one := cobra.ExactArgs(1)
	return group("environment", "The isolated environments of the organization",
		p.environmentCreateCommand(),
		p.command("list", "List the environments", cobra.NoArgs, tableOrJSON, p.withClient(p.environmentList)),
		completed(p.command("show ENVIRONMENT", "Show an environment by id or slug", one, tableOrJSON, p.withClient(p.environmentShow))),
		completed(p.command("disable ENVIRONMENT", "Stop every token and credential of an environment", one, tableOrJSON, p.onEnvironment((*client.Client).DisableEnvironment))),
		completed(p.command("enable ENVIRONMENT", "Let an environment work again", one, tableOrJSON, p.onEnvironment((*client.Client).EnableEnvironment))),
	)
}

// environmentView is an environment as JSON, with its first administrator's secret shown.
type environmentView struct {
	*client.Environment
	Admin *adminView `json:"admin,omitempty"`
}

type adminView struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

func (p *program) environmentCreateCommand() *cobra.Command {
	var slug string
	cmd := p.command("create NAME", "Make an environment and its first administrator", cobra.ExactArgs(1), tableJSONOrEnv,
		p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			made, err := c.CreateEnvironment(ctx, client.NewEnvironment{Name: args[0], Slug: slug})
			if err != nil {
				return err
			}
			if made.Admin == nil || made.Admin.ClientSecret.IsZero() {
				p.say("note: the environment was made, but the answer that showed its administrator was lost on the way\n")
			}
			if p.output == asEnv && made.Admin != nil {
				return p.credentialEnv(made.Admin.ClientID, &client.ApplicationSecret{Secret: made.Admin.ClientSecret}, made.Issuer)
			}
			return p.showEnvironment(made)
		}))
	cmd.Flags().StringVar(&slug, "slug", "", "a short name for addresses, such as staging")
	return cmd
}

func (p *program) environmentList(ctx context.Context, c *client.Client, _ []string) error {
	all, err := client.Collect(c.Environments(ctx))
	if err != nil {
		return err
	}
	return list(p, all, []string{"NAME", "SLUG", "ISSUER", "STATUS", "ID"}, func(e *client.Environment) []string {
		return []string{e.Name, e.Slug, e.Issuer, status(e.Enabled), e.ID}
	})
}

func (p *program) environmentShow(ctx context.Context, c *client.Client, args []string) error {
	e, err := c.Environment(ctx, args[0])
	if err != nil {
		return err
	}
	return p.showEnvironment(e)
}

func (p *program) showEnvironment(e *client.Environment) error {
	view := environmentView{Environment: e}
	if e.Admin != nil {
		view.Admin = &adminView{e.Admin.ClientID, e.Admin.ClientSecret.Reveal()}
	}
	return p.show(view, func(t *terminal.Table) {
		t.Field("Name", e.Name)
		t.Field("Id", e.ID)
		t.Field("Slug", e.Slug)
		t.Field("Issuer", e.Issuer)
		t.Field("Status", status(e.Enabled))
		t.Field("Created", terminal.Stamp(e.CreatedAt))
		if e.Admin != nil {
			t.Field("Admin client id", e.Admin.ClientID)
			t.Field("Admin secret", e.Admin.ClientSecret.Reveal()+"   (shown this once)")
			t.Field("To use it", "counterfoil context add NAME --url "+e.Issuer+" --client-id "+e.Admin.ClientID)
		}
	})
}

// onEnvironment makes the run of a verb that takes an environment and changes its state. The result is shown as
// far as it can be: who disables the environment it calls from has no voice any more.
func (p *program) onEnvironment(verb func(*client.Client, context.Context, string) (client.Answer, error)) run {
	return p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		e, err := c.Environment(ctx, args[0])
		if err != nil {
			return err
		}
		answer, err := verb(c, ctx, e.ID)
		if err != nil {
			return err
		}
		p.notePropagation(answer)
		if e, err = c.Environment(ctx, e.ID); err != nil {
			return fmt.Errorf("it was done, but looking at the result failed: %w", err)
		}
		return p.showEnvironment(e)
	})
}
