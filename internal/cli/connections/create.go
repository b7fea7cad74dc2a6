package connections

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

// belonging are the flags that say whose a connection is.
type belonging struct {
	name string
	tags []string
	user client.EndUser
}

func (b *belonging) bind(cmd *cobra.Command, tags string) {
	flags := cmd.Flags()
	flags.StringVar(&b.name, "name", "", "what to call it")
	flags.StringArrayVar(&b.tags, "tag", nil, tags+", as name=value; repeatable")
	flags.StringVar(&b.user.ID, "end-user", "", "what you call the customer who connected it")
	flags.StringVar(&b.user.DisplayName, "display-name", "", "the customer's name")
	flags.StringVar(&b.user.Email, "email", "", "the customer's e-mail address")
	flags.StringVar(&b.user.Organization, "organization", "", "what you call the customer's organization")
}

func createCommand(d *desk.Desk) *cobra.Command {
	var whose belonging
	var set []string
	var untried bool
	cmd := d.Completing(connectorNames)(d.Command("create CONNECTOR", "Connect with a credential that is at hand, if it works", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			given, err := pairs("set", set)
			if err != nil {
				return err
			}
			tags, err := pairs("tag", whose.tags)
			if err != nil {
				return err
			}
			connector, err := c.Connector(ctx, args[0])
			if err != nil {
				return err
			}
			p, err := c.Provider(ctx, connector.Provider)
			if err != nil {
				return err
			}
			entered, err := values(d, p, given)
			if err != nil {
				return err
			}
			check := !untried
			x, err := c.CreateConnection(ctx, client.NewConnection{Connector: connector.Name, Name: whose.name, Values: entered, Tags: tags, EndUser: whose.user, Check: &check})
			if err != nil {
				return err
			}
			return showConnection(d, x)
		})))
	cmd.Long = "The credential is tried out first, and nothing is kept of one that does not work. Where somebody must agree at the provider,\n" +
		"connect link makes a link for them."
	cmd.Example = "  counterfoil connect create pingone --set environment_id=… --set client_id=… --end-user 4711 < secret"
	whose.bind(cmd, "a tag")
	cmd.Flags().StringArrayVar(&set, "set", nil, "a field that is no secret, as name=value; repeatable")
	cmd.Flags().BoolVar(&untried, "no-check", false, "keep it without trying it out")
	return cmd
}
