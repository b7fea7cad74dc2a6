package people

import (
	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

// Commands returns the commands. ofUser are those of other packages that hang on a user, for under user.
func Commands(d *desk.Desk, ofUser ...*cobra.Command) []*cobra.Command {
	verbs := append(userCommands(d), sendActivationCommand(d), sendResetCommand(d), roleCommand(d), factorCommand(d), recoveryCodesCommand(d), sessionCommand(d))
	return []*cobra.Command{
		desk.Group("user", "The people of an environment", append(verbs, ofUser...)...),
		populationCommand(d), groupCommand(d), invitationCommand(d), schemaCommand(d), importCommand(d),
	}
}
