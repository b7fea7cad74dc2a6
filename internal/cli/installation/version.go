package installation

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/server"
)

func (d verbs) versionCommand() *cobra.Command {
	return d.Command("version", "Print the version", cobra.NoArgs, desk.TableOrJSON, func(context.Context, []string) error {
		if d.Output == desk.AsJSON {
			return d.PrintJSON(map[string]string{"version": server.Version})
		}
		_, err := fmt.Fprintln(d.Out, "counterfoil", server.Version)
		return err
	})
}
