package people

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// sessionCommand is the group about the browsers in which a user is signed in.
func sessionCommand(d *desk.Desk) *cobra.Command {
	list := d.Command("list USER", "List the browsers in which a user is signed in", cobra.ExactArgs(1), desk.TableOrJSON,
		withUser(d, func(ctx context.Context, c *client.Client, u *client.User, _ []string) error {
			all, err := client.Collect(c.Sessions(ctx, u.ID))
			if err != nil {
				return err
			}
			return desk.List(d, all, []string{"ID", "SINCE", "LAST SEEN", "ADDRESS", "BROWSER"}, func(s *client.Session) []string {
				return []string{s.ID, terminal.Stamp(s.CreatedAt), terminal.Stamp(s.LastSeenAt), s.Address, s.UserAgent}
			})
		}))
	return desk.Group("session", "The browsers in which a user is signed in", list, sessionEndCommand(d))
}

// ended says what was ended; without a session it was every one of the user.
type ended struct {
	User    string `json:"user"`
	Session string `json:"session,omitempty"`
	Ended   bool   `json:"ended"`
}

func sessionEndCommand(d *desk.Desk) *cobra.Command {
	var yes, all bool
	cmd := d.Command("end USER [SESSION]", "End one session of a user, or with --all every one", cobra.RangeArgs(1, 2), desk.TableOrJSON,
		withUser(d, func(ctx context.Context, c *client.Client, u *client.User, args []string) error {
			if all == (len(args) == 1) {
				return desk.Fail(desk.ExitUsage, "counterfoil user session list shows those there are", "name one session, or give --all")
			}
			what, end := "every session", func() (client.Answer, error) { return c.EndSessions(ctx, u.ID) }
			if !all {
				what, end = "session "+args[0], func() (client.Answer, error) { return c.EndSession(ctx, u.ID, args[0]) }
			}
			if err := d.Confirm(yes, "End %s of %s?", what, u.UserName); err != nil {
				return err
			}
			answer, err := end()
			if err != nil {
				return err
			}
			d.NotePropagation(answer)
			return d.Show(ended{u.ID, strings.Join(args, ""), true}, func(t *terminal.Table) { t.Row("ended " + what + " of " + u.UserName) })
		}))
	cmd.Flags().BoolVar(&all, "all", false, "end every session, and with them the links that were mailed to the user")
	desk.BindYes(cmd, &yes)
	return cmd
}
