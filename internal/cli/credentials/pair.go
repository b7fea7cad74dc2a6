package credentials

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// accesses are the presets of a pair, from the least to the most.
var accesses = []string{"authentication-only", "read-users", "manage-users", "read-all", "manage-all"}

func (d verbs) credentialCommand() *cobra.Command {
	completed := d.Completing(pairNames)
	one := cobra.ExactArgs(1)
	return desk.Group("credential", "API credential pairs: a client id and a secret with one of five kinds of access",
		d.pairCreateCommand(),
		d.pairListCommand(),
		completed(d.Command("show NAME", "Show a pair by name or client id", one, desk.TableOrJSON, d.withPair(d.pairShow))),
		completed(d.Command("disable NAME", "Refuse a pair, and make its tokens inactive for good", one, desk.TableOrJSON, d.onPair((*client.Client).DisableCredentialPair))),
		completed(d.Command("enable NAME", "Let a pair work again", one, desk.TableOrJSON, d.onPair((*client.Client).EnableCredentialPair))),
		completed(d.pairDeleteCommand()),
	)
}

// pairView is a pair as JSON with its secret shown: the answer to its creation is the only place it is in.
type pairView struct {
	*client.CredentialPair
	Secret string `json:"secret,omitempty"`
}

func (d verbs) pairCreateCommand() *cobra.Command {
	var wanted client.NewCredentialPair
	var expires desk.Expires
	var viewable bool
	var cmd *cobra.Command
	cmd = d.Command("create NAME", "Make a pair and show its secret once", cobra.ExactArgs(1), desk.TableJSONOrEnv,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) (err error) {
			wanted.Name = args[0]
			if wanted.ExpiresAt, err = expires.At(d.Now()); err != nil {
				return err
			}
			if cmd.Flags().Changed("viewable") {
				wanted.Viewable = &viewable
			}
			issuer, err := d.Issuer(ctx, c)
			if err != nil {
				return err
			}
			made, err := c.CreateCredentialPair(ctx, wanted)
			if err != nil {
				return err
			}
			if made.SecretShown {
				d.Say("note: the pair was made, but the answer that showed its secret was lost on the way.\nhint: counterfoil credential delete %s, then make it again\n", made.ClientID)
			}
			if d.Output == desk.AsEnv {
				return d.PrintCredential(made.ClientID, &made.Secret, issuer)
			}
			return d.showPair(made)
		}))
	cmd.Long = "Make a pair and show its secret once. Name it after the developer and the application that will use it: the name is how\n" +
		"you find it again, to disable or delete it. Names are unique."
	cmd.Example = "  counterfoil credential create \"Ada Lovelace – payroll sync\" --access read-users"
	flags := cmd.Flags()
	flags.StringVar(&wanted.Access, "access", "", "authentication-only, read-users, manage-users (no passwords, no roles), read-all or manage-all")
	flags.StringVar(&wanted.Description, "description", "", "what it is for")
	flags.BoolVar(&viewable, "viewable", false, "keep the secret sealed, so that it can be seen again; the policy decides unless given")
	expires.Bind(cmd, "the secret")
	_ = cmd.MarkFlagRequired("access")
	_ = cmd.RegisterFlagCompletionFunc("access", cobra.FixedCompletions(accesses, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (d verbs) pairListCommand() *cobra.Command {
	var filter client.CredentialPairFilter
	var disabled bool
	cmd := d.Command("list", "List the active pairs", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			enabled := !disabled
			filter.Enabled = &enabled
			all, err := client.Collect(c.CredentialPairs(ctx, filter))
			if err != nil {
				return err
			}
			head := []string{"NAME", "CLIENT ID", "ACCESS", "STATUS", "EXPIRES", "LAST USED", "CREATED", "DESCRIPTION"}
			return desk.List(d.Desk, all, head, func(p *client.CredentialPair) []string {
				return []string{
					p.Name, p.ClientID, p.Access, desk.Status(p.Enabled), terminal.StampOr(p.ExpiresAt, "never"),
					terminal.StampOr(p.LastUsedAt, "never"), terminal.Stamp(p.CreatedAt), p.Description,
				}
			})
		}))
	cmd.Flags().BoolVar(&disabled, "disabled", false, "list those that are disabled instead")
	cmd.Flags().StringVar(&filter.Search, "search", "", "only those whose names begin so")
	return cmd
}

func (d verbs) pairShow(_ context.Context, _ *client.Client, p *client.CredentialPair) error {
	return d.showPair(p)
}

func (d verbs) showPair(p *client.CredentialPair) error {
	return d.Show(pairView{p, p.Secret.Reveal()}, func(t *terminal.Table) {
		t.Field("Name", p.Name)
		t.Field("Client id", p.ClientID)
		t.Field("Description", p.Description)
		t.Field("Access", p.Access)
		if p.Secret.IsZero() {
			t.Field("Secret", p.Hint+"…   "+p.WhyHidden)
		} else {
			t.Field("Secret", p.Secret.Reveal()+"   (shown this once)")
		}
		t.Field("Status", desk.Status(p.Enabled))
		t.Field("Expires", terminal.StampOr(p.ExpiresAt, "never"))
		t.Field("Last used", terminal.StampOr(p.LastUsedAt, "never"))
		t.Field("Created", terminal.Stamp(p.CreatedAt)+" by "+p.CreatedBy)
	})
}

// withPair makes a run whose first argument is a pair's name or client id.
func (d verbs) withPair(then func(context.Context, *client.Client, *client.CredentialPair) error) desk.Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		if id, err := uuid.Parse(args[0]); err == nil && id.String() == args[0] {
			p, err := c.CredentialPair(ctx, args[0])
			if err != nil {
				return err
			}
			return then(ctx, c, p)
		}
		found, err := client.Collect(c.CredentialPairs(ctx, client.CredentialPairFilter{Name: args[0]}))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return desk.Fail(desk.ExitNotFound, "counterfoil credential list shows those there are", "there is no pair %q", args[0])
		}
		return then(ctx, c, found[0])
	})
}

// onPair makes the run of a verb that changes a pair's state.
func (d verbs) onPair(verb func(*client.Client, context.Context, string) (client.Answer, error)) desk.Run {
	return d.withPair(func(ctx context.Context, c *client.Client, p *client.CredentialPair) error {
		answer, err := verb(c, ctx, p.ClientID)
		if err != nil {
			return err
		}
		if p, err = c.CredentialPair(ctx, p.ClientID); err != nil {
			return fmt.Errorf("it was done, but looking at the result failed: %w", err)
		}
		d.NotePropagation(answer)
		return d.showPair(p)
	})
}

func (d verbs) pairDeleteCommand() *cobra.Command {
	var yes bool
	cmd := d.Command("delete NAME", "Delete a pair for good, with its application and tokens", cobra.ExactArgs(1), desk.TableOrJSON,
		d.withPair(func(ctx context.Context, c *client.Client, p *client.CredentialPair) error {
			if err := d.Confirm(yes, "Delete the pair %s with client id %s? Its tokens die at once, and it is permanent.", p.Name, p.ClientID); err != nil {
				return err
			}
			answer, err := c.DeleteCredentialPair(ctx, p.ClientID)
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, p.ClientID)
		}))
	desk.BindYes(cmd, &yes)
	return cmd
}

func pairNames(ctx context.Context, c *client.Client, _ []string) []string {
	return desk.NamesOf(c.CredentialPairs(ctx, client.CredentialPairFilter{}), func(p *client.CredentialPair) string { return p.Name })
}
