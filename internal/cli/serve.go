package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func (p *program) serveCommand() *cobra.Command {
	return p.command("serve", "Run the server", cobra.NoArgs, []string{asTable}, func(context.Context, []string) error { return nil })
}
