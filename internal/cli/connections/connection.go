package connections

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// connectionCommands are those about connections themselves.
func connectionCommands(d *desk.Desk) []*cobra.Command {
	shown := func(use, short string, do func(context.Context, *client.Client, string) error) *cobra.Command {
		return d.Completing(connectionIDs)(d.Command(use+" CONNECTION", short, cobra.ExactArgs(1), desk.TableOrJSON,
			d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
				if err := do(ctx, c, args[0]); err != nil {
					return err
				}
				x, err := c.Connection(ctx, args[0])
				if err != nil {
					return err
				}
				return showConnection(d, x)
			})))
	}
	show := shown("show", "Show a connection, never its secrets", func(context.Context, *client.Client, string) error { return nil })
	enable := shown("enable", "Enable a connection", func(ctx context.Context, c *client.Client, id string) error {
		return noted(d)(c.EnableConnection(ctx, id))
	})
	disable := shown("disable", "Disable a connection: nothing of it is handed out or passed on", func(ctx context.Context, c *client.Client, id string) error {
		return noted(d)(c.DisableConnection(ctx, id))
	})
	refresh := shown("refresh", "Fetch a token now, also for a connection that was given up", func(ctx context.Context, c *client.Client, id string) error {
		_, err := c.RefreshConnection(ctx, id)
		return err
	})
	test := d.Completing(connectionIDs)(d.Command("test CONNECTION", "Try a connection out, step by step", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			tried, err := c.TestConnection(ctx, args[0])
			if err != nil {
				return err
			}
			return showTrial(d, tried)
		})))
	return []*cobra.Command{listCommand(d), show, createCommand(d), tokenCommand(d), test, refresh, editCommand(d), enable, disable, deleteCommand(d)}
}

func listCommand(d *desk.Desk) *cobra.Command {
	var f client.ConnectionFilter
	var tags []string
	cmd := d.Command("list", "List connections and how they fare", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) (err error) {
			if f.Tags, err = pairs("tag", tags); err != nil {
				return err
			}
			all, err := client.Collect(c.Connections(ctx, f))
			if err != nil {
				return err
			}
			return desk.List(d, all, []string{"ID", "CONNECTOR", "NAME", "STATE", "END USER", "TOKEN UNTIL", "LAST USED"}, func(x *client.Connection) []string {
				return []string{x.ID, x.Connector, x.Name, state(x), x.EndUser.ID, terminal.Stamp(x.TokenExpiresAt), terminal.Stamp(x.LastUsedAt)}
			})
		}))
	flags := cmd.Flags()
	flags.StringVar(&f.Connector, "connector", "", "only those of this connector")
	flags.StringVar(&f.State, "state", "", "only healthy, failing or exhausted ones")
	flags.StringVar(&f.EndUser, "end-user", "", "only those of this end user")
	flags.StringVar(&f.Organization, "organization", "", "only those of this organization")
	flags.StringArrayVar(&tags, "tag", nil, "only those with this tag, as name=value; repeatable")
	return cmd
}

func tokenCommand(d *desk.Desk) *cobra.Command {
	return d.Completing(connectionIDs)(d.Command("token CONNECTION", "Print a token that is valid now", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			got, err := c.ConnectionToken(ctx, args[0])
			if err != nil {
				return err
			}
			view := struct {
				*client.ConnectionToken
				AccessToken string `json:"access_token"`
			}{got, got.AccessToken.Reveal()}
			return d.Show(view, func(t *terminal.Table) { t.Row(view.AccessToken) })
		})))
}

func editCommand(d *desk.Desk) *cobra.Command {
	var wanted belonging
	var cmd *cobra.Command
	cmd = d.Completing(connectionIDs)(d.Command("edit CONNECTION", "Change what a connection is called and whose it is", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			tagged, err := pairs("tag", wanted.tags)
			if err != nil {
				return err
			}
			before, err := c.Connection(ctx, args[0])
			if err != nil {
				return err
			}
			var n client.ConnectionChange
			desk.SetIf(cmd, "name", &n.Name, wanted.name)
			desk.SetIf(cmd, "tag", &n.Tags, tagged)
			user := before.EndUser // the end user is changed as a whole
			for flag, member := range map[string][2]*string{
				"end-user":     {&user.ID, &wanted.user.ID},
				"display-name": {&user.DisplayName, &wanted.user.DisplayName},
				"email":        {&user.Email, &wanted.user.Email},
				"organization": {&user.Organization, &wanted.user.Organization},
			} {
				if cmd.Flags().Changed(flag) {
					*member[0] = *member[1]
					n.EndUser = &user
				}
			}
			x, err := c.ChangeConnection(ctx, before.ID, n, client.IfMatch(before.ETag))
			if err != nil {
				return err
			}
			return showConnection(d, x)
		})))
	wanted.bind(cmd, "replace the tags by these")
	return cmd
}

func deleteCommand(d *desk.Desk) *cobra.Command {
	var yes bool
	cmd := d.Completing(connectionIDs)(d.Command("delete CONNECTION", "Delete a connection; its provider is told to revoke the token first", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			x, err := c.Connection(ctx, args[0])
			if err != nil {
				return err
			}
			if err := d.Confirm(yes, "Delete the connection %s of %s? What was entered is gone for good.", x.ID, x.Connector); err != nil {
				return err
			}
			gone, err := c.DeleteConnection(ctx, x.ID)
			if err != nil {
				return err
			}
			if gone.Revocation == "failed" {
				d.Say("note: the provider did not revoke the token, which works there until it ends: %s\n", gone.Reason)
			}
			return d.ShowDeleted(gone.Answer, x.ID)
		})))
	desk.BindYes(cmd, &yes)
	return cmd
}

func state(x *client.Connection) string {
	if !x.Enabled {
		return "disabled"
	}
	return x.State
}

func showConnection(d *desk.Desk, x *client.Connection) error {
	return d.Show(x, func(t *terminal.Table) {
		t.Field("Id", x.ID)
		t.Field("Connector", x.Connector)
		t.Field("Provider", x.Provider)
		t.Field("Name", x.Name)
		t.Field("State", state(x))
		t.Field("Failing at", x.Stage)
		t.Field("Reason", x.Reason)
		t.Field("Warning", x.Warning)
		t.Field("Failing since", terminal.Stamp(x.FailingSince))
		t.Field("Values", joined(x.Values))
		t.Field("Tags", joined(x.Tags))
		t.Field("End user", strings.TrimSpace(x.EndUser.ID+" "+x.EndUser.Email))
		t.Field("Organization", x.EndUser.Organization)
		t.Field("Token until", terminal.Stamp(x.TokenExpiresAt))
		t.Field("Last used", terminal.Stamp(x.LastUsedAt))
		t.Field("Created", terminal.Stamp(x.CreatedAt))
	})
}

func joined(m map[string]string) string {
	all := make([]string, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, name+"="+m[name])
	}
	return strings.Join(all, " ")
}
