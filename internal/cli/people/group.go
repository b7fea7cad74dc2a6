package people

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func groupCommand(d *desk.Desk) *cobra.Command {
	completed := d.Completing(groupNames)
	one := cobra.ExactArgs(1)
	return desk.Group("group", "Sets of users, and of other groups",
		groupCreateCommand(d),
		d.Command("list", "List the groups", cobra.NoArgs, desk.TableOrJSON, d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := client.Collect(c.Groups(ctx, ""))
			if err != nil {
				return err
			}
			return desk.List(d, all, []string{"NAME", "DESCRIPTION", "FILTER", "ID"}, func(g *client.Group) []string {
				return []string{g.Name, g.Description, g.Filter, g.ID}
			})
		})),
		completed(d.Command("show GROUP", "Show a group by name or id", one, desk.TableOrJSON, withGroup(d,
			func(_ context.Context, _ *client.Client, g *client.Group, _ []string) error { return showGroup(d, g) }))),
		completed(groupEditCommand(d)), completed(groupDeleteCommand(d)),
		completed(d.Command("members GROUP", "List the members of a group", one, desk.TableOrJSON, withGroup(d,
			func(ctx context.Context, c *client.Client, g *client.Group, _ []string) error {
				all, err := client.Collect(c.GroupMembers(ctx, g.ID))
				if err != nil {
					return err
				}
				return desk.List(d, all, []string{"NAME", "KIND", "ID"}, func(m *client.Member) []string { return []string{m.Name, m.Kind, m.ID} })
			}))),
		completed(groupMembersCommand(d, "add GROUP MEMBER...", "Add users to a group, or other groups as group:NAME", func(ids []client.NewMember) client.MemberChange {
			return client.MemberChange{Add: ids}
		})),
		completed(groupMembersCommand(d, "remove GROUP MEMBER...", "Remove users from a group, or other groups as group:NAME", func(ids []client.NewMember) (m client.MemberChange) {
			for _, one := range ids {
				m.Remove = append(m.Remove, one.ID)
			}
			return m
		})),
	)
}

func groupCreateCommand(d *desk.Desk) *cobra.Command {
	var wanted client.NewGroup
	var population string
	cmd := d.Command("create NAME", "Make a group", cobra.ExactArgs(1), desk.TableOrJSON, d.WithClient(func(ctx context.Context, c *client.Client, args []string) (err error) {
		wanted.Name = args[0]
		if wanted.PopulationID, err = populationID(ctx, c, population); err != nil {
			return err
		}
		made, err := c.CreateGroup(ctx, wanted)
		if err != nil {
			return err
		}
		return showGroup(d, made)
	}))
	cmd.Example = "  counterfoil group create captains --filter 'title eq \"Captain\"'"
	flags := cmd.Flags()
	flags.StringVar(&wanted.Description, "description", "", "what it is for")
	flags.StringVar(&wanted.ExternalID, "external-id", "", "what another system calls it")
	flags.StringVar(&wanted.Filter, "filter", "", "who is a member, instead of those who are added (RFC 7644)")
	flags.StringVar(&population, "population", "", "the population, by name or id, that all of its users must be in")
	return cmd
}

func groupEditCommand(d *desk.Desk) *cobra.Command {
	var name, description, externalID, filter string
	var cmd *cobra.Command
	cmd = d.Command("edit GROUP", "Change a group", cobra.ExactArgs(1), desk.TableOrJSON, withGroup(d, func(ctx context.Context, c *client.Client, g *client.Group, _ []string) error {
		var change client.GroupChange
		desk.SetIf(cmd, "name", &change.Name, name)
		desk.SetIf(cmd, "description", &change.Description, description)
		desk.SetIf(cmd, "external-id", &change.ExternalID, externalID)
		desk.SetIf(cmd, "filter", &change.Filter, filter)
		changed, err := c.UpdateGroup(ctx, g.ID, change, client.IfMatch(g.ETag))
		if err != nil {
			return err
		}
		return showGroup(d, changed)
	}))
	flags := cmd.Flags()
	flags.StringVar(&name, "name", "", "a new name")
	flags.StringVar(&description, "description", "", "what it is for")
	flags.StringVar(&externalID, "external-id", "", "what another system calls it")
	flags.StringVar(&filter, "filter", "", "who is a member of a group with a filter")
	return cmd
}

func groupDeleteCommand(d *desk.Desk) *cobra.Command {
	var yes bool
	cmd := d.Command("delete GROUP", "Delete a group; its members lose nothing but that", cobra.ExactArgs(1), desk.TableOrJSON, withGroup(d, func(ctx context.Context, c *client.Client, g *client.Group, _ []string) error {
		if err := d.Confirm(yes, "Delete the group %s?", g.Name); err != nil {
			return err
		}
		answer, err := c.DeleteGroup(ctx, g.ID)
		if err != nil {
			return err
		}
		return d.ShowDeleted(answer, g.ID)
	}))
	desk.BindYes(cmd, &yes)
	return cmd
}

// groupMembersCommand changes who is in a group; change is made of the members that the arguments after it name.
func groupMembersCommand(d *desk.Desk, use, short string, change func([]client.NewMember) client.MemberChange) *cobra.Command {
	return d.Command(use, short, cobra.MinimumNArgs(2), desk.TableOrJSON, withGroup(d, func(ctx context.Context, c *client.Client, g *client.Group, args []string) error {
		var members []client.NewMember
		for _, arg := range args {
			m, err := findMember(ctx, c, arg)
			if err != nil {
				return err
			}
			members = append(members, m)
		}
		changed, err := c.ChangeGroupMembers(ctx, g.ID, change(members))
		if err != nil {
			return err
		}
		return showGroup(d, changed)
	}))
}

// withGroup makes a run for a command whose first argument names a group, as [findGroup] has it; it gets the arguments
// after that.
func withGroup(d *desk.Desk, then func(context.Context, *client.Client, *client.Group, []string) error) desk.Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		g, err := findGroup(ctx, c, args[0])
		if err != nil {
			return err
		}
		return then(ctx, c, g, args[1:])
	})
}

func showGroup(d *desk.Desk, g *client.Group) error {
	return d.Show(g, func(t *terminal.Table) {
		t.Field("Name", g.Name)
		t.Field("Id", g.ID)
		t.Field("Description", g.Description)
		for _, f := range [][2]string{{"External id", g.ExternalID}, {"Filter", g.Filter}, {"Population", g.PopulationID}} {
			if f[1] != "" {
				t.Field(f[0], f[1])
			}
		}
		t.Field("Created", terminal.Stamp(g.CreatedAt))
		t.Field("Updated", terminal.Stamp(g.UpdatedAt))
	})
}
