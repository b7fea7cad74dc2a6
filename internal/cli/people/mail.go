package people

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

func sendActivationCommand(d *desk.Desk) *cobra.Command {
	return mailCommand(d, "send-activation USER", "Mail a user the link to set a first password with", (*client.Client).SendActivation)
}

func sendResetCommand(d *desk.Desk) *cobra.Command {
	return mailCommand(d, "send-reset USER", "Mail a user the link to choose a new password with", (*client.Client).SendReset)
}

func mailCommand(d *desk.Desk, use, short string, send func(*client.Client, context.Context, string) (client.Answer, error)) *cobra.Command {
	return d.Command(use, short, cobra.ExactArgs(1), []string{desk.AsTable}, d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		if _, err := send(c, ctx, args[0]); err != nil {
			return err
		}
		d.Say("the mail is on its way\n")
		return nil
	}))
}
