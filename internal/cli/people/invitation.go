package people

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// invitationCommand is the group about people who are asked to join.
func invitationCommand(d *desk.Desk) *cobra.Command {
	list := d.Command("list", "List invitations and what became of them", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := client.Collect(c.Invitations(ctx))
			if err != nil {
				return err
			}
			return desk.List(d, all, []string{"ID", "EMAIL", "STATE", "CREATED", "EXPIRES", "INVITER"}, func(i *client.Invitation) []string {
				return []string{i.ID, i.Email, i.State, terminal.Stamp(i.CreatedAt), terminal.Stamp(i.ExpiresAt), i.Inviter}
			})
		}))
	show := d.Command("show ID", "Show an invitation", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			i, err := c.Invitation(ctx, args[0])
			if err != nil {
				return err
			}
			return showInvitation(d, i)
		}))
	withdraw := d.Command("withdraw ID", "Withdraw an invitation: its link is dead, the user stays", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			answer, err := c.WithdrawInvitation(ctx, args[0])
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, args[0])
		}))
	return desk.Group("invitation", "People who are asked to join", list, show, inviteCommand(d), withdraw)
}

func inviteCommand(d *desk.Desk) *cobra.Command {
	var wanted client.NewInvitation
	var app string
	var life time.Duration
	var shown bool
	cmd := d.Command("create EMAIL", "Mail somebody a link by which they become a user", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			wanted.Email, wanted.ExpiresIn = args[0], int64(life/time.Second)
			if shown {
				wanted.SendEmail = new(bool)
			}
			if app != "" {
				found, err := desk.FindApplication(ctx, c, app)
				if err != nil {
					return err
				}
				wanted.Application = found.ClientID
			}
			i, err := c.Invite(ctx, wanted)
			if err != nil {
				return err
			}
			return showInvitation(d, i)
		}))
	cmd.Example = "  counterfoil invitation create ann@example.com --app portal --inviter 'Bo Berg' --language de"
	flags := cmd.Flags()
	flags.StringVar(&app, "app", "", "the application that they are let into")
	flags.StringVar(&wanted.TargetURL, "target-url", "", "where they are sent in the end; one that the application lists")
	flags.StringVar(&wanted.GivenName, "given-name", "", "of somebody who is no user yet")
	flags.StringVar(&wanted.FamilyName, "family-name", "", "of somebody who is no user yet")
	flags.StringVar(&wanted.PopulationID, "population", "", "the id of where to put somebody who is no user yet")
	flags.StringVar(&wanted.Inviter, "inviter", "", "who invites, for the letter")
	flags.StringVar(&wanted.Language, "language", "", "of the letter, such as de")
	flags.DurationVar(&life, "expires", 0, "how long the link works, such as 72h; seven days unless given")
	flags.BoolVar(&shown, "show-link", false, "show the link here in place of mailing it; whoever follows it becomes the user")
	return cmd
}

func showInvitation(d *desk.Desk, i *client.Invitation) error {
	view := struct {
		*client.Invitation
		ActivationURL string `json:"activation_url,omitempty"`
	}{i, i.ActivationURL.Reveal()}
	return d.Show(view, func(t *terminal.Table) {
		t.Field("Id", i.ID)
		t.Field("Email", i.Email)
		t.Field("State", i.State)
		t.Field("User", i.User)
		t.Field("Application", i.Application)
		t.Field("Target URL", i.TargetURL)
		t.Field("Inviter", i.Inviter)
		t.Field("Created", terminal.Stamp(i.CreatedAt))
		t.Field("Expires", terminal.Stamp(i.ExpiresAt))
		if view.ActivationURL != "" {
			t.Field("Link", view.ActivationURL+"   (shown this once)")
		}
	})
}
