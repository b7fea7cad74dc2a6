package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/internal/server"
)

func (p *program) versionCommand() *cobra.Command {
	return p.command("version", "Print the version", cobra.NoArgs, tableOrJSON, func(context.Context, []string) error {
		if p.output == asJSON {
			return p.printJSON(map[string]string{"version": server.Version})
		}
		_, err := fmt.Fprintln(p.Out, "counterfoil", server.Version)
		return err
	})
}
