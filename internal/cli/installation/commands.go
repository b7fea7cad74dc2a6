package installation

import (
	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

// verbs are the runs of this package's commands.
type verbs struct{ *desk.Desk }

// Commands returns the commands.
func Commands(at *desk.Desk) []*cobra.Command {
	d := verbs{at}
	return []*cobra.Command{
		d.serveCommand(), d.configCommand(), d.contextCommand(), d.doctorCommand(), d.versionCommand(),
	}
}
