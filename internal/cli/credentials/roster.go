package credentials

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) rosterCommand() *cobra.Command {
	var kinds []string
	cmd := d.Command("credentials APP", "List an application's credentials, of all kinds", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
			all, err := client.Collect(c.Roster(ctx, app.ClientID, kinds...))
			if err != nil {
				return err
			}
			head := []string{"ID", "KIND", "HINT", "STATE", "EXPIRES", "LAST USED", "CREATED", "DESCRIPTION"}
			return desk.List(d.Desk, all, head, func(e *client.RosterEntry) []string {
				return []string{
					e.ID, e.Kind, e.Hint, e.State, terminal.StampOr(e.ExpiresAt, "never"), terminal.StampOr(e.LastUsedAt, "never"),
					terminal.Stamp(e.CreatedAt), e.Description,
				}
			})
		}))
	cmd.Flags().StringArrayVar(&kinds, "kind", nil, "only these: secret, certificate, jwt_key or trust; repeatable")
	return d.Completing(desk.ApplicationNames)(cmd)
}
