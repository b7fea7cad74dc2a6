package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (p *program) keyCommand() *cobra.Command {
	return group("key", "The keys that sign tokens",
		p.command("list", "List the signing keys", cobra.NoArgs, tableOrJSON, p.withClient(p.keyList)),
		p.keyRotateCommand(),
		p.keyWithdrawCommand(),
	)
}

func (p *program) keyList(ctx context.Context, c *client.Client, _ []string) error {
	all, err := client.Collect(c.Keys(ctx))
	if err != nil {
		return err
	}
	return list(p, all, []string{"KID", "ALG", "STATE", "CREATED", "ACTIVATED", "RETIRED"}, func(k *client.Key) []string {
		return []string{k.ID, k.Alg, k.State, terminal.Stamp(k.CreatedAt), terminal.StampOr(k.ActivatedAt, "-"), terminal.StampOr(k.RetiredAt, "-")}
	})
}

func (p *program) keyRotateCommand() *cobra.Command {
	var alg string
	var force bool
	cmd := p.command("rotate", "Sign with the next key from now on", cobra.NoArgs, tableOrJSON,
		p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			done, err := c.RotateKeys(ctx, alg, force)
			if err != nil {
				return err
			}
			return p.showKeyChanges(done)
		}))
	cmd.Flags().StringVar(&alg, "alg", "ES256", "ES256, EdDSA, RS256 or PS256")
	cmd.Flags().BoolVar(&force, "force", false, "also when verifiers may not have fetched the next key yet")
	_ = cmd.RegisterFlagCompletionFunc("alg", cobra.FixedCompletions([]string{"ES256", "EdDSA", "RS256", "PS256"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (p *program) keyWithdrawCommand() *cobra.Command {
	var yes bool
	cmd := p.command("withdraw KID", "Delete a compromised key at once, and its tokens with it", cobra.ExactArgs(1), tableOrJSON,
		p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := p.confirm(yes, "Withdraw key %s? Every token that it signed is dead at once.", args[0]); err != nil {
				return err
			}
			done, err := c.WithdrawKey(ctx, args[0])
			if err != nil {
				return err
			}
			return p.showKeyChanges(done)
		}))
	cmd.Long = "Delete a compromised key at once, and its tokens with it. When it was active, the next key signs from now on.\n" +
		"Those who verify tokens offline trust the key until they fetch the key set again, which is to be every 10 minutes."
	cmd.Example = "  counterfoil key withdraw 2vDEmUlQh0S6…\n  counterfoil key withdraw -- -K3q…      # a KID that begins with -"
	bindYes(cmd, &yes)
	return p.completing(keyIDs)(cmd)
}

func (p *program) showKeyChanges(done *client.KeyChanges) error {
	p.notePropagation(done.Answer)
	return p.show(done, func(t *terminal.Table) {
		t.Row("KID", "ALG", "STATE")
		for _, k := range done.Changes {
			t.Row(k.ID, k.Alg, k.State)
		}
	})
}
