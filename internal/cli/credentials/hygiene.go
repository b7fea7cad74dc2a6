package credentials

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) hygieneCommand() *cobra.Command {
	return d.Command("hygiene", "List what is wrong with credentials, the gravest first", cobra.NoArgs, []string{desk.AsTable, desk.AsJSON, desk.AsCSV},
		func(ctx context.Context, _ []string) error {
			c, err := d.Client()
			if err != nil {
				return err
			}
			if d.Output == desk.AsCSV {
				text, err := c.HygieneCSV(ctx)
				if err == nil {
					_, err = d.Out.Write(text)
				}
				return err
			}
			found, err := client.Collect(c.Hygiene(ctx))
			if err != nil {
				return err
			}
			return desk.List(d.Desk, found, []string{"PROBLEM", "APPLICATION", "CREDENTIAL", "KIND", "SINCE", "DETAIL"}, func(f *client.Finding) []string {
				return []string{f.Problem, f.Application, f.CredentialID, f.Kind, terminal.Stamp(f.Since), f.Detail}
			})
		})
}
