package credentials

import (
	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

// verbs are the runs of this package's commands.
type verbs struct{ *desk.Desk }

// OfApplication returns the commands that hang on an application, for under app.
func OfApplication(at *desk.Desk) []*cobra.Command {
	d := verbs{at}
	return []*cobra.Command{
		d.secretCommand(), d.certificateCommand(), d.keyCommand(), d.trustCommand(),
		d.rosterCommand(),
	}
}

// Commands returns the commands that stand by themselves.
func Commands(at *desk.Desk) []*cobra.Command {
	d := verbs{at}
	return []*cobra.Command{
		d.credentialCommand(), d.globalCommand(), d.integrationCommand(),
		d.authorityCommand(),
		d.hygieneCommand(),
		d.totalCommand(),
		d.expiriesCommand(),
		d.overviewCommand(),
		hidden(d.secretCommand()), // scripts may leave out "app": counterfoil secret list APP
	}
}

func hidden(cmd *cobra.Command) *cobra.Command {
	cmd.Hidden = true
	return cmd
}
