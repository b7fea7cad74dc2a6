package manage

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) environmentCommand() *cobra.Command {
	completed := d.Completing(environmentNames)
	one := cobra.ExactArgs(1)
	return desk.Group("environment", "The isolated environments of the organization",
		d.environmentCreateCommand(),
		d.Command("list", "List the environments", cobra.NoArgs, desk.TableOrJSON, d.WithClient(d.environmentList)),
		completed(d.Command("show ENVIRONMENT", "Show an environment by id or slug", one, desk.TableOrJSON, d.WithClient(d.environmentShow))),
		completed(d.environmentEditCommand()),
		d.Command("regions", "List the regions that an environment can live in", cobra.NoArgs, desk.TableOrJSON, d.WithClient(d.environmentRegions)),
		completed(d.Command("disable ENVIRONMENT", "Stop every token and credential of an environment", one, desk.TableOrJSON, d.onEnvironment((*client.Client).DisableEnvironment))),
		completed(d.Command("enable ENVIRONMENT", "Let an environment work again", one, desk.TableOrJSON, d.onEnvironment((*client.Client).EnableEnvironment))),
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

func (d verbs) environmentCreateCommand() *cobra.Command {
	var slug, region string
	cmd := d.Command("create NAME", "Make an environment and its first administrator", cobra.ExactArgs(1), desk.TableJSONOrEnv,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			made, err := c.CreateEnvironment(ctx, client.NewEnvironment{Name: args[0], Slug: slug, Region: region})
			if err != nil {
				return err
			}
			if made.Admin == nil || made.Admin.ClientSecret.IsZero() {
				d.Say("note: the environment was made, but the answer that showed its administrator was lost on the way\n")
			}
			if d.Output == desk.AsEnv && made.Admin != nil {
				return d.PrintCredential(made.Admin.ClientID, &made.Admin.ClientSecret, made.Issuer)
			}
			return d.showEnvironment(made)
		}))
	cmd.Flags().StringVar(&slug, "slug", "", "a short name for addresses, such as staging")
	cmd.Flags().StringVar(&region, "region", "", "the code of the region that it lives in, such as EU; here unless given")
	return cmd
}

func (d verbs) environmentEditCommand() *cobra.Command {
	var name string
	var cmd *cobra.Command
	cmd = d.Command("edit ENVIRONMENT", "Change an environment", cobra.ExactArgs(1), desk.TableOrJSON, d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		e, err := c.Environment(ctx, args[0])
		if err != nil {
			return err
		}
		var change client.EnvironmentChange
		desk.SetIf(cmd, "name", &change.Name, name)
		if e, err = c.UpdateEnvironment(ctx, e.ID, change, client.IfMatch(e.ETag)); err != nil {
			return err
		}
		return d.showEnvironment(e)
	}))
	cmd.Flags().StringVar(&name, "name", "", "a new name; slug and region never change")
	return cmd
}

func (d verbs) environmentRegions(ctx context.Context, c *client.Client, _ []string) error {
	all, err := c.Regions(ctx)
	if err != nil {
		return err
	}
	return desk.List(d.Desk, all, []string{"REGION", "TOP-LEVEL DOMAIN", "SERVED HERE"}, func(r *client.Region) []string {
		return []string{r.Code, r.TopLevelDomain, map[bool]string{true: "yes", false: "no"}[r.Here]}
	})
}

func (d verbs) environmentList(ctx context.Context, c *client.Client, _ []string) error {
	all, err := client.Collect(c.Environments(ctx))
	if err != nil {
		return err
	}
	return desk.List(d.Desk, all, []string{"NAME", "SLUG", "ISSUER", "REGION", "STATUS", "ID"}, func(e *client.Environment) []string {
		return []string{e.Name, e.Slug, e.Issuer, e.Region, desk.Status(e.Enabled), e.ID}
	})
}

func (d verbs) environmentShow(ctx context.Context, c *client.Client, args []string) error {
	e, err := c.Environment(ctx, args[0])
	if err != nil {
		return err
	}
	return d.showEnvironment(e)
}

func (d verbs) showEnvironment(e *client.Environment) error {
	view := environmentView{Environment: e}
	if e.Admin != nil {
		view.Admin = &adminView{e.Admin.ClientID, e.Admin.ClientSecret.Reveal()}
	}
	return d.Show(view, func(t *terminal.Table) {
		t.Field("Name", e.Name)
		t.Field("Id", e.ID)
		t.Field("Slug", e.Slug)
		t.Field("Issuer", e.Issuer)
		if e.Region != "" {
			t.Field("Region", e.Region)
		}
		if e.TopLevelDomain != "" {
			t.Field("Top-level domain", e.TopLevelDomain)
		}
		t.Field("Status", desk.Status(e.Enabled))
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
func (d verbs) onEnvironment(verb func(*client.Client, context.Context, string) (client.Answer, error)) desk.Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		e, err := c.Environment(ctx, args[0])
		if err != nil {
			return err
		}
		answer, err := verb(c, ctx, e.ID)
		if err != nil {
			return err
		}
		d.NotePropagation(answer)
		if e, err = c.Environment(ctx, e.ID); err != nil {
			return fmt.Errorf("it was done, but looking at the result failed: %w", err)
		}
		return d.showEnvironment(e)
	})
}

func environmentNames(ctx context.Context, c *client.Client, _ []string) []string {
	return desk.NamesOf(c.Environments(ctx), func(e *client.Environment) string { return cmp.Or(e.Slug, e.ID) })
}
