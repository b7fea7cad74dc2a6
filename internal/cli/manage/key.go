package manage

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) keyCommand() *cobra.Command {
	return desk.Group("key", "The keys that sign tokens",
		d.Command("list", "List the signing keys", cobra.NoArgs, desk.TableOrJSON, d.WithClient(d.keyList)),
		d.keyRotateCommand(),
		d.keyWithdrawCommand(),
	)
}

func (d verbs) keyList(ctx context.Context, c *client.Client, _ []string) error {
	all, err := client.Collect(c.Keys(ctx))
	if err != nil {
		return err
	}
	return desk.List(d.Desk, all, []string{"KID", "ALG", "STATE", "CREATED", "ACTIVATED", "RETIRED"}, func(k *client.Key) []string {
		return []string{k.ID, k.Alg, k.State, terminal.Stamp(k.CreatedAt), terminal.StampOr(k.ActivatedAt, "-"), terminal.StampOr(k.RetiredAt, "-")}
	})
}

func (d verbs) keyRotateCommand() *cobra.Command {
	var alg string
	var force bool
	cmd := d.Command("rotate", "Sign with the next key from now on", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			done, err := c.RotateKeys(ctx, alg, force)
			if err != nil {
				return err
			}
			return d.showKeyChanges(done)
		}))
	cmd.Flags().StringVar(&alg, "alg", "ES256", "ES256, EdDSA, RS256 or PS256")
	cmd.Flags().BoolVar(&force, "force", false, "also when verifiers may not have fetched the next key yet")
	_ = cmd.RegisterFlagCompletionFunc("alg", cobra.FixedCompletions([]string{"ES256", "EdDSA", "RS256", "PS256"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (d verbs) keyWithdrawCommand() *cobra.Command {
	var yes bool
	cmd := d.Command("withdraw KID", "Delete a compromised key at once, and its tokens with it", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := d.Confirm(yes, "Withdraw key %s? Every token that it signed is dead at once.", args[0]); err != nil {
				return err
			}
			done, err := c.WithdrawKey(ctx, args[0])
			if err != nil {
				return err
			}
			return d.showKeyChanges(done)
		}))
	cmd.Long = "Delete a compromised key at once, and its tokens with it. When it was active, the next key signs from now on.\n" +
		"Those who verify tokens offline trust the key until they fetch the key set again, which is to be every 10 minutes."
	cmd.Example = "  counterfoil key withdraw 2vDEmUlQh0S6…\n  counterfoil key withdraw -- -K3q…      # a KID that begins with -"
	desk.BindYes(cmd, &yes)
	return d.Completing(keyIDs)(cmd)
}

func (d verbs) showKeyChanges(done *client.KeyChanges) error {
	d.NotePropagation(done.Answer)
	return d.Show(done, func(t *terminal.Table) {
		t.Row("KID", "ALG", "STATE")
		for _, k := range done.Changes {
			t.Row(k.ID, k.Alg, k.State)
		}
	})
}

func keyIDs(ctx context.Context, c *client.Client, _ []string) []string {
	return desk.NamesOf(c.Keys(ctx), func(k *client.Key) string { return k.ID })
}
