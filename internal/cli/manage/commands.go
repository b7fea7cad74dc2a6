package manage

import (
	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

// verbs are the runs of this package's commands.
type verbs struct{ *desk.Desk }

// Commands returns the commands. ofApplication are those of other packages that hang on an application, for under app.
func Commands(at *desk.Desk, ofApplication ...*cobra.Command) []*cobra.Command {
	d := verbs{at}
	return []*cobra.Command{
		d.apiCommand(), d.appCommand(ofApplication), d.environmentCommand(), d.keyCommand(), d.tokenCommand(), d.auditCommand(),
		d.roleCommand(), d.accessCommand(), d.policyCommand(),
		d.searchCommand(),
	}
}
