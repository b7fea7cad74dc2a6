package manage

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) roleCommand() *cobra.Command {
	list := d.Command("list [APP]", "List the roles there are, or those of a worker", cobra.MaximumNArgs(1), desk.TableOrJSON, d.WithClient(d.roleList))
	show := d.Command("show ROLE", "Show what a role permits", cobra.ExactArgs(1), desk.TableOrJSON, d.withRole(
		func(_ context.Context, _ *client.Client, r *client.Role) error { return d.showRole(r) }))
	users := d.Command("users ROLE", "List the users who hold a role", cobra.ExactArgs(1), desk.TableOrJSON, d.WithClient(d.roleUsers))
	return desk.Group("role", "What workers and users may do with Counterfoil, and over what",
		d.Completing(desk.ApplicationNames, desk.RoleNames)(d.roleGrantCommand()),
		d.Completing(desk.ApplicationNames, desk.RoleNames)(d.roleRevokeCommand()),
		d.Completing(desk.ApplicationNames)(list),
		d.Completing(desk.RoleNames)(show), d.roleCreateCommand(), d.Completing(desk.RoleNames)(d.roleEditCommand()),
		d.Completing(desk.RoleNames)(d.roleDeleteCommand()), d.Completing(desk.RoleNames)(users),
	)
}

func (d verbs) roleGrantCommand() *cobra.Command {
	var over string
	cmd := d.Command("grant APP ROLE", "Grant a worker a role over something", cobra.ExactArgs(2), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			kind, id, err := desk.Over(ctx, c, over)
			if err != nil {
				return err
			}
			granted, err := c.GrantRole(ctx, app.ClientID, client.NewRoleAssignment{Role: desk.RoleCalled(ctx, c, args[0]), Over: kind, ScopeID: id})
			if err != nil {
				return err
			}
			return d.Show(granted, func(t *terminal.Table) {
				t.Field("Worker", app.Name)
				t.Field("Role", granted.Name)
				t.Field("Over", granted.Over+" "+granted.ScopeID)
			})
		}))
	cmd.Example = "  counterfoil role grant deployer application-owner --over application:billing"
	desk.BindOver(cmd, &over)
	return cmd
}

func (d verbs) roleRevokeCommand() *cobra.Command {
	var over string
	cmd := d.Command("revoke APP ROLE", "Take a role from a worker; its live tokens lose it at once", cobra.ExactArgs(2), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			kind, id, err := desk.Over(ctx, c, over)
			if err != nil {
				return err
			}
			all, err := c.RolesOf(ctx, app.ClientID)
			if err != nil {
				return err
			}
			for _, one := range all {
				if (one.Role == args[0] || strings.EqualFold(one.Name, args[0])) && one.Over == kind && (id == "" || one.ScopeID == id) {
					answer, err := c.RevokeRole(ctx, app.ClientID, one.ID)
					if err != nil {
						return err
					}
					return d.ShowDeleted(answer, one.ID)
				}
			}
			return desk.Fail(desk.ExitNotFound, "counterfoil role list "+app.ClientID+" shows those it has", "it does not have this role over this %s", kind)
		}))
	desk.BindOver(cmd, &over)
	return cmd
}

func (d verbs) roleList(ctx context.Context, c *client.Client, args []string) error {
	if len(args) == 0 {
		all, err := c.Roles(ctx)
		if err != nil {
			return err
		}
		return desk.List(d.Desk, all, []string{"ROLE", "OVER", "SCOPES"}, func(r *client.Role) []string {
			return []string{r.Name, strings.Join(r.Over, " "), strings.Join(r.Scopes, " ")}
		})
	}
	app, err := desk.FindApplication(ctx, c, args[0])
	if err != nil {
		return err
	}
	all, err := c.RolesOf(ctx, app.ClientID)
	if err != nil {
		return err
	}
	return desk.List(d.Desk, all, []string{"ROLE", "OVER", "WHICH", "ID"}, func(r *client.RoleAssignment) []string {
		return []string{r.Name, r.Over, r.ScopeID, r.ID}
	})
}
