package people

import (
	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

// Commands returns the commands.
func Commands(d *desk.Desk) []*cobra.Command {
	return []*cobra.Command{desk.Group("user", "The people of an environment", roleCommand(d), factorCommand(d), recoveryCodesCommand(d))}
}
