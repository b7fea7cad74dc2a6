package manage

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// withRole makes a run for a command whose only argument is a role, as [desk.FindRole] has it.
func (d verbs) withRole(then func(context.Context, *client.Client, *client.Role) error) desk.Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		r, err := desk.FindRole(ctx, c, args[0])
		if err != nil {
			return err
		}
		return then(ctx, c, r)
	})
}

func (d verbs) showRole(r *client.Role) error {
	return d.Show(r, func(t *terminal.Table) {
		t.Field("Role", r.Name)
		if !r.Builtin {
			t.Field("ID", r.Role)
		}
		t.Field("Description", r.Description)
		t.Field("Over", strings.Join(r.Over, " "))
		t.Field("Scopes", strings.Join(r.Scopes, " "))
	})
}

func (d verbs) roleCreateCommand() *cobra.Command {
	var description string
	var scopes []string
	cmd := d.Command("create NAME", "Create a role of the environment's own", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			made, err := c.CreateRole(ctx, client.NewRole{Name: args[0], Description: description, Scopes: scopes})
			if err != nil {
				return err
			}
			return d.showRole(made)
		}))
	cmd.Example = "  counterfoil role create help-desk --scope users:read --scope factors:write"
	cmd.Flags().StringVar(&description, "description", "", "what it is for")
	cmd.Flags().StringArrayVar(&scopes, "scope", nil, "a scope of the management API that it gives; repeatable")
	_ = cmd.MarkFlagRequired("scope")
	return cmd
}

func (d verbs) roleEditCommand() *cobra.Command {
	var name, description string
	var scopes desk.ScopeEdit
	var cmd *cobra.Command
	cmd = d.Command("edit ROLE", "Change a role for everybody who holds it", cobra.ExactArgs(1), desk.TableOrJSON,
		d.withRole(func(ctx context.Context, c *client.Client, r *client.Role) error {
			var change client.RoleChange
			desk.SetIf(cmd, "name", &change.Name, name)
			desk.SetIf(cmd, "description", &change.Description, description)
			if scopes.Any() {
				change.Scopes = client.Set(desk.EditList(r.Scopes, scopes.Replace, scopes.Add, scopes.Remove, func(s string) string { return s }))
			}
			changed, err := c.ChangeRole(ctx, r.Role, change, client.IfMatch(r.ETag))
			if err != nil {
				return err
			}
			return d.showRole(changed)
		}))
	cmd.Flags().StringVar(&name, "name", "", "a new name")
	cmd.Flags().StringVar(&description, "description", "", "what it is for")
	scopes.Bind(cmd)
	return cmd
}

func (d verbs) roleDeleteCommand() *cobra.Command {
	var yes bool
	cmd := d.Command("delete ROLE", "Delete a role, and take it from everybody who holds it", cobra.ExactArgs(1), desk.TableOrJSON,
		d.withRole(func(ctx context.Context, c *client.Client, r *client.Role) error {
			if err := d.Confirm(yes, "Delete the role %s, and take it from everybody who holds it?", r.Name); err != nil {
				return err
			}
			answer, err := c.DeleteRole(ctx, r.Role, client.IfMatch(r.ETag))
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, r.Role)
		}))
	desk.BindYes(cmd, &yes)
	return cmd
}

func (d verbs) roleUsers(ctx context.Context, c *client.Client, args []string) error {
	all, err := client.Collect(c.RoleHolders(ctx, desk.RoleCalled(ctx, c, args[0])))
	if err != nil {
		return err
	}
	return desk.List(d.Desk, all, []string{"USER", "OVER", "WHICH", "ID"}, func(h *client.RoleHolder) []string {
		return []string{h.User, h.Over, h.ScopeID, h.ID}
	})
}
