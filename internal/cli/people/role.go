package people

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// userID returns the id of the user that somebody names by id or user name. What is found nowhere stands for itself: who may
// assign roles need not be allowed to list users.
func userID(ctx context.Context, c *client.Client, wanted string) string {
	for u, err := range c.Users(ctx, client.UserFilter{UserName: wanted}) {
		if err == nil {
			return u.ID
		}
	}
	return wanted
}

// roleCommand is the group about the roles of users.
func roleCommand(d *desk.Desk) *cobra.Command {
	list := d.Command("list USER", "List the roles of a user", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			all, err := c.RolesOfUser(ctx, userID(ctx, c, args[0]))
			if err != nil {
				return err
			}
			return desk.List(d, all, []string{"ROLE", "OVER", "WHICH", "ID"}, func(r *client.RoleAssignment) []string {
				return []string{r.Name, r.Over, r.ScopeID, r.ID}
			})
		}))
	return desk.Group("role", "What users may do with Counterfoil, and over what", list, roleGrantCommand(d), roleRevokeCommand(d))
}

func roleGrantCommand(d *desk.Desk) *cobra.Command {
	var over string
	cmd := d.Command("grant USER ROLE", "Grant a user a role over something", cobra.ExactArgs(2), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			kind, id, err := desk.Over(ctx, c, over)
			if err != nil {
				return err
			}
			granted, err := c.GrantUserRole(ctx, userID(ctx, c, args[0]), client.NewRoleAssignment{Role: desk.RoleCalled(ctx, c, args[1]), Over: kind, ScopeID: id})
			if err != nil {
				return err
			}
			return d.Show(granted, func(t *terminal.Table) {
				t.Field("User", args[0])
				t.Field("Role", granted.Name)
				t.Field("Over", granted.Over+" "+granted.ScopeID)
			})
		}))
	desk.BindOver(cmd, &over)
	return cmd
}

func roleRevokeCommand(d *desk.Desk) *cobra.Command {
	var over string
	cmd := d.Command("revoke USER ROLE", "Take a role from a user", cobra.ExactArgs(2), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			kind, id, err := desk.Over(ctx, c, over)
			if err != nil {
				return err
			}
			user := userID(ctx, c, args[0])
			all, err := c.RolesOfUser(ctx, user)
			if err != nil {
				return err
			}
			for _, one := range all {
				if (one.Role == args[1] || strings.EqualFold(one.Name, args[1])) && one.Over == kind && (id == "" || one.ScopeID == id) {
					answer, err := c.RevokeUserRole(ctx, user, one.ID)
					if err != nil {
						return err
					}
					return d.ShowDeleted(answer, one.ID)
				}
			}
			return desk.Fail(desk.ExitNotFound, "counterfoil user role list "+args[0]+" shows those it has", "it does not have this role over this %s", kind)
		}))
	desk.BindOver(cmd, &over)
	return cmd
}
