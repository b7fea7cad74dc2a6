package connections

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// linkCommand makes a connect session and prints its link.
func linkCommand(d *desk.Desk) *cobra.Command {
	var wanted client.NewConnectSession
	var tags []string
	var life time.Duration
	cmd := d.Completing(providerNames)(d.Command("link PROVIDER|CONNECTOR…", "Print a link by which a customer enters one credential, once", cobra.ArbitraryArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) (err error) {
			if len(args) == 0 && wanted.Connection == "" {
				return desk.Usage("name a provider or a connector, or a connection with --reconnect")
			}
			if wanted.Tags, err = pairs("tag", tags); err != nil {
				return err
			}
			for _, named := range args {
				name, err := connectorFor(ctx, d, c, named)
				if err != nil {
					return err
				}
				wanted.Connectors = append(wanted.Connectors, name)
			}
			wanted.ExpiresIn = int64(life / time.Second)
			s, err := c.CreateConnectSession(ctx, wanted)
			if err != nil {
				return err
			}
			return showLink(d, s)
		})))
	cmd.Example = "  counterfoil connect link pingone --end-user 4711 --organization acme --expires 24h"
	flags := cmd.Flags()
	flags.StringVar(&wanted.EndUser.ID, "end-user", "", "what you call the customer who connects")
	flags.StringVar(&wanted.EndUser.DisplayName, "display-name", "", "the customer's name, which the page says")
	flags.StringVar(&wanted.EndUser.Email, "email", "", "the customer's e-mail address, for your own records")
	flags.StringVar(&wanted.EndUser.Organization, "organization", "", "what you call the customer's organization")
	flags.StringVar(&wanted.Name, "name", "", "what to call the connection")
	flags.StringArrayVar(&tags, "tag", nil, "a tag of the connection, as name=value; repeatable")
	flags.DurationVar(&life, "expires", 0, "how long the link works, such as 24h; half an hour unless given, seven days at most")
	flags.StringVar(&wanted.ReturnTo, "return-to", "", "where the page leads in the end; one of the allowed origins")
	flags.StringArrayVar(&wanted.Origins, "origin", nil, "a site that may show the page in a frame; repeatable")
	flags.StringVar(&wanted.Language, "language", "", "of the page: en, de, fr, es or ja; the browser's unless given")
	flags.StringVar(&wanted.Connection, "reconnect", "", "the id of a connection to connect again")
	return cmd
}

// connectorFor returns the connector with that name, or the one of that provider, which it makes if there is none.
func connectorFor(ctx context.Context, d *desk.Desk, c *client.Client, name string) (string, error) {
	x, err := c.Connector(ctx, name)
	if err == nil {
		return x.Name, nil
	}
	if problem, ok := errors.AsType[*client.Problem](err); !ok || problem.Status != http.StatusNotFound {
		return "", err
	}
	for x, err := range c.Connectors(ctx) {
		if err != nil {
			return "", err
		}
		if x.Provider == name {
			return x.Name, nil
		}
	}
	made, err := c.CreateConnector(ctx, client.NewConnector{Provider: name})
	if err != nil {
		return "", err
	}
	d.Say("created the connector %s\n", made.Name)
	return made.Name, nil
}

func showLink(d *desk.Desk, s *client.ConnectSession) error {
	view := struct {
		*client.ConnectSession
		Token string `json:"token,omitempty"`
		URL   string `json:"url,omitempty"`
	}{s, s.Token.Reveal(), s.URL.Reveal()}
	for _, warning := range s.Warnings {
		d.Say("note: %s\n", warning)
	}
	return d.Show(view, func(t *terminal.Table) {
		t.Field("Link", view.URL+"   (shown this once; whoever has it may use it)")
		t.Field("Session", s.ID)
		t.Field("Expires", terminal.Stamp(s.ExpiresAt))
	})
}
