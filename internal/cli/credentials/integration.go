package credentials

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) integrationCommand() *cobra.Command {
	completed := d.Completing(integrationNames)
	one := cobra.ExactArgs(1)
	return desk.Group("integration", "What other products need to work with this one",
		desk.Group("credential", "Credentials that open one application's exchange, or the connections API",
			d.integrationCreateCommand(),
			d.integrationListCommand(),
			completed(d.Command("show NAME", "Show a credential by name or client id", one, desk.TableOrJSON, d.withIntegration(d.integrationShow))),
			completed(d.integrationEditCommand()),
			completed(d.Command("disable NAME", "Refuse a credential, and make its tokens inactive for good", one, desk.TableOrJSON, d.onIntegration((*client.Client).DisableIntegrationCredential))),
			completed(d.Command("enable NAME", "Let a credential work again", one, desk.TableOrJSON, d.onIntegration((*client.Client).EnableIntegrationCredential))),
			completed(d.integrationDeleteCommand()),
		))
}

// integrationView is a credential as JSON with its secret shown: the answer to its creation is the only place it is in.
type integrationView struct {
	*client.IntegrationCredential
	Secret string `json:"secret,omitempty"`
}

func (d verbs) integrationCreateCommand() *cobra.Command {
	var wanted client.NewIntegrationCredential
	var app string
	var connection, choose bool
	cmd := d.Command("create [NAME]", "Make a credential for an integration", cobra.MaximumNArgs(1), desk.TableJSONOrEnv,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			if len(args) > 0 {
				wanted.Name = args[0]
			}
			if wanted.Kind = "connection"; app != "" {
				target, err := desk.FindApplication(ctx, c, app)
				if err != nil {
					return err
				}
				wanted.Kind, wanted.Application = "application", target.ClientID
			}
			issuer, err := d.Issuer(ctx, c)
			if err != nil {
				return err
			}
			if choose {
				if wanted.Secret, err = d.ChosenSecret(); err != nil {
					return err
				}
			}
			made, err := c.CreateIntegrationCredential(ctx, wanted)
			if err != nil {
				return err
			}
			if made.SecretShown {
				d.Say("note: the credential was made, but the answer that showed its secret was lost on the way; delete %s and make it again\n", made.ClientID)
			}
			if d.Output == desk.AsEnv && !made.Secret.IsZero() {
				return d.PrintCredential(made.ClientID, &made.Secret, issuer)
			}
			return d.showIntegration(made)
		}))
	cmd.Example = "  counterfoil integration credential create --application crm\n" +
		"  pass show partners | counterfoil integration credential create partners --connection --chosen-from-stdin"
	flags := cmd.Flags()
	flags.StringVar(&app, "application", "", "the application whose exchange it opens, for good")
	flags.BoolVar(&connection, "connection", false, "open the connections API")
	flags.StringVar(&wanted.Description, "description", "", "what it is for")
	flags.BoolVar(&choose, "chosen-from-stdin", false, "read a secret of your choice from standard input; for --connection only")
	cmd.MarkFlagsMutuallyExclusive("application", "connection")
	cmd.MarkFlagsMutuallyExclusive("application", "chosen-from-stdin")
	cmd.MarkFlagsOneRequired("application", "connection")
	return cmd
}

func (d verbs) integrationListCommand() *cobra.Command {
	var filter client.IntegrationCredentialFilter
	cmd := d.Command("list", "List the credentials of integrations", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := client.Collect(c.IntegrationCredentials(ctx, filter))
			if err != nil {
				return err
			}
			return desk.List(d.Desk, all, []string{"NAME", "CLIENT ID", "OPENS", "STATUS", "LAST USED", "CREATED", "DESCRIPTION"}, func(i *client.IntegrationCredential) []string {
				return []string{i.Name, i.ClientID, opens(i), desk.Status(i.Enabled), terminal.StampOr(i.LastUsedAt, "never"), terminal.Stamp(i.CreatedAt), i.Description}
			})
		}))
	cmd.Flags().StringVar(&filter.Kind, "kind", "", "only these: application or connection")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions([]string{"application", "connection"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func opens(i *client.IntegrationCredential) string {
	if i.Kind == "connection" {
		return "the connections API"
	}
	return "the exchange of " + i.Application
}

func (d verbs) integrationShow(_ context.Context, _ *client.Client, i *client.IntegrationCredential) error {
	return d.showIntegration(i)
}

func (d verbs) showIntegration(i *client.IntegrationCredential) error {
	return d.Show(integrationView{i, i.Secret.Reveal()}, func(t *terminal.Table) {
		t.Field("Name", i.Name)
		t.Field("Client id", i.ClientID)
		t.Field("Opens", opens(i))
		t.Field("Description", i.Description)
		if i.Secret.IsZero() {
			t.Field("Secret", cmp.Or(i.Hint, "chosen")+"   not shown again")
		} else {
			t.Field("Secret", i.Secret.Reveal()+"   (shown this once)")
		}
		t.Field("Status", desk.Status(i.Enabled))
		t.Field("Last used", terminal.StampOr(i.LastUsedAt, "never"))
		t.Field("Created", terminal.Stamp(i.CreatedAt)+" by "+i.CreatedBy)
	})
}

func (d verbs) integrationEditCommand() *cobra.Command {
	var description string
	var choose bool
	var cmd *cobra.Command
	cmd = d.Command("edit NAME", "Change a credential's description or, for the connections API, its secret", cobra.ExactArgs(1), desk.TableOrJSON,
		d.withIntegration(func(ctx context.Context, c *client.Client, i *client.IntegrationCredential) (err error) {
			var change client.IntegrationCredentialChange
			desk.SetIf(cmd, "description", &change.Description, description)
			if choose {
				if change.Secret, err = d.ChosenSecret(); err != nil {
					return err
				}
			}
			if i, err = c.UpdateIntegrationCredential(ctx, i.ClientID, change, client.IfMatch(i.ETag)); err != nil {
				return err
			}
			return d.showIntegration(i)
		}))
	cmd.Flags().StringVar(&description, "description", "", "what it is for")
	cmd.Flags().BoolVar(&choose, "chosen-from-stdin", false, "replace the secret by one read from standard input; the old one and its tokens die")
	return cmd
}

// withIntegration makes a run whose first argument is a credential's name or client id.
func (d verbs) withIntegration(then func(context.Context, *client.Client, *client.IntegrationCredential) error) desk.Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		id := args[0]
		if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
			found, err := client.Collect(c.IntegrationCredentials(ctx, client.IntegrationCredentialFilter{Name: id}))
			if err != nil {
				return err
			}
			if len(found) == 0 {
				return desk.Fail(desk.ExitNotFound, "counterfoil integration credential list shows those there are", "there is no credential %q", id)
			}
			id = found[0].ClientID
		}
		i, err := c.IntegrationCredential(ctx, id) // for its ETag
		if err != nil {
			return err
		}
		return then(ctx, c, i)
	})
}

func (d verbs) onIntegration(verb func(*client.Client, context.Context, string) (client.Answer, error)) desk.Run {
	return d.withIntegration(func(ctx context.Context, c *client.Client, i *client.IntegrationCredential) error {
		answer, err := verb(c, ctx, i.ClientID)
		if err != nil {
			return err
		}
		if i, err = c.IntegrationCredential(ctx, i.ClientID); err != nil {
			return fmt.Errorf("it was done, but looking at the result failed: %w", err)
		}
		d.NotePropagation(answer)
		return d.showIntegration(i)
	})
}

func (d verbs) integrationDeleteCommand() *cobra.Command {
	var yes bool
	cmd := d.Command("delete NAME", "Delete a credential for good, with its tokens", cobra.ExactArgs(1), desk.TableOrJSON,
		d.withIntegration(func(ctx context.Context, c *client.Client, i *client.IntegrationCredential) error {
			if err := d.Confirm(yes, "Delete the credential %s with client id %s? Its tokens die at once, and it is permanent.", i.Name, i.ClientID); err != nil {
				return err
			}
			answer, err := c.DeleteIntegrationCredential(ctx, i.ClientID)
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, i.ClientID)
		}))
	desk.BindYes(cmd, &yes)
	return cmd
}

func integrationNames(ctx context.Context, c *client.Client, _ []string) []string {
	return desk.NamesOf(c.IntegrationCredentials(ctx, client.IntegrationCredentialFilter{}), func(i *client.IntegrationCredential) string { return i.Name })
}
