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
	return desk.Group("role", "What workers may do with Counterfoil, and over what",
		d.Completing(desk.ApplicationNames, roleNames)(d.roleGrantCommand()),
		d.Completing(desk.ApplicationNames, roleNames)(d.roleRevokeCommand()),
		d.Completing(desk.ApplicationNames)(list),
	)
}

// scope reads what --over says: organization, environment, population:ID or application:NAME-or-id.
func scope(ctx context.Context, c *client.Client, text string) (over, id string, err error) {
	over, id, named := strings.Cut(text, ":")
	switch {
	case (over == "population" || over == "application") && id == "":
		return "", "", desk.Usage("--over %s: say which, as %s:ID", text, over)
	case over == "application":
		app, err := desk.FindApplication(ctx, c, id)
		if err != nil {
			return "", "", err
		}
		return over, app.ClientID, nil
	case over == "population", !named && (over == "organization" || over == "environment"):
		return over, id, nil
	}
	return "", "", desk.Usage("--over %q: say organization, environment, population:ID or application:NAME", text)
}

func bindOver(cmd *cobra.Command, over *string) {
	cmd.Flags().StringVar(over, "over", "environment", "organization, environment, population:ID or application:NAME-or-id")
	_ = cmd.RegisterFlagCompletionFunc("over", cobra.FixedCompletions([]string{"organization", "environment", "population:", "application:"}, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
}

func (d verbs) roleGrantCommand() *cobra.Command {
	var over string
	cmd := d.Command("grant APP ROLE", "Grant a worker a role over something", cobra.ExactArgs(2), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			kind, id, err := scope(ctx, c, over)
			if err != nil {
				return err
			}
			granted, err := c.GrantRole(ctx, app.ClientID, client.NewRoleAssignment{Role: args[0], Over: kind, ScopeID: id})
			if err != nil {
				return err
			}
			return d.Show(granted, func(t *terminal.Table) {
				t.Field("Worker", app.Name)
				t.Field("Role", granted.Role)
				t.Field("Over", granted.Over+" "+granted.ScopeID)
			})
		}))
	cmd.Example = "  counterfoil role grant deployer application-owner --over application:billing"
	bindOver(cmd, &over)
	return cmd
}

func (d verbs) roleRevokeCommand() *cobra.Command {
	var over string
	cmd := d.Command("revoke APP ROLE", "Take a role from a worker; its live tokens lose it at once", cobra.ExactArgs(2), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			kind, id, err := scope(ctx, c, over)
			if err != nil {
				return err
			}
			all, err := c.RolesOf(ctx, app.ClientID)
			if err != nil {
				return err
			}
			for _, one := range all {
				if one.Role == args[0] && one.Over == kind && (id == "" || one.ScopeID == id) {
					answer, err := c.RevokeRole(ctx, app.ClientID, one.ID)
					if err != nil {
						return err
					}
					return d.ShowDeleted(answer, one.ID)
				}
			}
			return desk.Fail(desk.ExitNotFound, "counterfoil role list "+app.ClientID+" shows those it has", "it does not have this role over this %s", kind)
		}))
	bindOver(cmd, &over)
	return cmd
}

func (d verbs) roleList(ctx context.Context, c *client.Client, args []string) error {
	if len(args) == 0 {
		all, err := c.Roles(ctx)
		if err != nil {
			return err
		}
		return desk.List(d.Desk, all, []string{"ROLE", "OVER", "SCOPES"}, func(r *client.Role) []string {
			return []string{r.Role, strings.Join(r.Over, " "), strings.Join(r.Scopes, " ")}
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
		return []string{r.Role, r.Over, r.ScopeID, r.ID}
	})
}

func roleNames(ctx context.Context, c *client.Client, _ []string) (names []string) {
	all, _ := c.Roles(ctx)
	for _, r := range all {
		names = append(names, r.Role)
	}
	return names
}
