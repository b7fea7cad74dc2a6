package connections

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func connectorCommand(d *desk.Desk) *cobra.Command {
	list := d.Command("list", "List connectors", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := client.Collect(c.Connectors(ctx))
			if err != nil {
				return err
			}
			return desk.List(d, all, []string{"NAME", "PROVIDER", "TITLE", "STATUS"}, func(x *client.Connector) []string {
				return []string{x.Name, x.Provider, x.Title, status(x)}
			})
		}))
	show := connectorVerb(d, "show", "Show a connector", func(context.Context, *client.Client, string) error { return nil })
	enable := connectorVerb(d, "enable", "Enable a connector", func(ctx context.Context, c *client.Client, name string) error {
		return noted(d)(c.EnableConnector(ctx, name))
	})
	disable := connectorVerb(d, "disable", "Disable a connector: none of its connections is used", func(ctx context.Context, c *client.Client, name string) error {
		return noted(d)(c.DisableConnector(ctx, name))
	})
	return desk.Group("connector", "What an environment uses providers for", list, show, createConnectorCommand(d), editConnectorCommand(d), enable, disable, deleteConnectorCommand(d))
}

// noted tells a person what is still under way after a change.
func noted(d *desk.Desk) func(client.Answer, error) error {
	return func(answer client.Answer, err error) error {
		if err == nil {
			d.NotePropagation(answer)
		}
		return err
	}
}

// connectorVerb does something to a connector and shows what became of it.
func connectorVerb(d *desk.Desk, use, short string, do func(context.Context, *client.Client, string) error) *cobra.Command {
	return d.Completing(connectorNames)(d.Command(use+" CONNECTOR", short, cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			if err := do(ctx, c, args[0]); err != nil {
				return err
			}
			x, err := c.Connector(ctx, args[0])
			if err != nil {
				return err
			}
			return showConnector(d, x)
		})))
}

// settings are the flags that creating and editing share.
type settings struct {
	title, description, clientID, secretFile, docs string
	scopes, presets, baseURLs, origins, limits     []string
}

func (s *settings) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&s.title, "title", "", "what people read on the Connect page")
	flags.StringVar(&s.description, "description", "", "what it is for")
	flags.StringVar(&s.clientID, "client-id", "", "the environment's own client at the provider, where people are sent there to agree")
	flags.StringVar(&s.secretFile, "client-secret-file", "", "a file with that client's secret; - reads standard input")
	flags.StringVar(&s.docs, "docs", "", "documentation for whoever connects, in place of the provider's")
	flags.StringArrayVar(&s.scopes, "scope", nil, "ask for this in place of the provider's own scopes; repeatable")
	flags.StringArrayVar(&s.presets, "preset", nil, "a field that nobody is asked for, as name=value; repeatable")
	flags.StringArrayVar(&s.baseURLs, "base-url", nil, "a place beside the provider's own that the proxy may send to; repeatable")
	flags.StringArrayVar(&s.limits, "limit", nil, "what may be sent through the proxy, as \"app=BILLING method=GET path=/users\": each word at will, method and path several times, nobody named for everybody else; repeatable")
	flags.StringArrayVar(&s.origins, "origin", nil, "a site that may show the Connect page in a frame; repeatable")
}

func (s *settings) secret(d *desk.Desk) (client.Secret, error) {
	if s.secretFile == "" {
		return client.Secret{}, nil
	}
	return d.SecretFrom(s.secretFile)
}

// proxyLimits reads --limit.
func (s *settings) proxyLimits() ([]client.ProxyLimit, error) {
	all := []client.ProxyLimit{}
	for _, text := range desk.Said(s.limits) {
		var limit client.ProxyLimit
		for _, word := range strings.Fields(text) {
			name, value, _ := strings.Cut(word, "=")
			switch {
			case value == "":
				return nil, desk.Usage("--limit is written as app=, method= and path=, not %q", word)
			case name == "app":
				limit.Application = value
			case name == "method":
				limit.Methods = append(limit.Methods, value)
			case name == "path":
				limit.Paths = append(limit.Paths, value)
			default:
				return nil, desk.Usage("--limit knows app, method and path, not %q", name)
			}
		}
		all = append(all, limit)
	}
	return all, nil
}

func createConnectorCommand(d *desk.Desk) *cobra.Command {
	var s settings
	var name string
	cmd := d.Completing(providerNames)(d.Command("create PROVIDER", "Create a connector: this environment's use of a provider", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			presets, err := pairs("preset", s.presets)
			if err != nil {
				return err
			}
			secret, err := s.secret(d)
			if err != nil {
				return err
			}
			limits, err := s.proxyLimits()
			if err != nil {
				return err
			}
			x, err := c.CreateConnector(ctx, client.NewConnector{
				Name: name, Provider: args[0], Title: s.title, Description: s.description, ClientID: s.clientID, ClientSecret: secret,
				Scopes: s.scopes, Presets: presets, Docs: s.docs, BaseURLs: s.baseURLs, Origins: s.origins, Limits: limits,
			})
			if err != nil {
				return err
			}
			return showConnector(d, x)
		})))
	cmd.Flags().StringVar(&name, "name", "", "what to call it; the provider's name unless given")
	s.bind(cmd)
	return cmd
}

func editConnectorCommand(d *desk.Desk) *cobra.Command {
	var s settings
	var cmd *cobra.Command
	cmd = d.Completing(connectorNames)(d.Command("edit CONNECTOR", "Change a connector", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			presets, err := pairs("preset", s.presets)
			if err != nil {
				return err
			}
			limits, err := s.proxyLimits()
			if err != nil {
				return err
			}
			var n client.ConnectorChange
			if n.ClientSecret, err = s.secret(d); err != nil {
				return err
			}
			desk.SetIf(cmd, "title", &n.Title, s.title)
			desk.SetIf(cmd, "description", &n.Description, s.description)
			desk.SetIf(cmd, "client-id", &n.ClientID, s.clientID)
			desk.SetIf(cmd, "docs", &n.Docs, s.docs)
			desk.SetIf(cmd, "scope", &n.Scopes, desk.Said(s.scopes))
			desk.SetIf(cmd, "preset", &n.Presets, presets)
			desk.SetIf(cmd, "base-url", &n.BaseURLs, desk.Said(s.baseURLs))
			desk.SetIf(cmd, "limit", &n.Limits, limits)
			desk.SetIf(cmd, "origin", &n.Origins, desk.Said(s.origins))
			x, err := c.ChangeConnector(ctx, args[0], n)
			if err != nil {
				return err
			}
			d.NotePropagation(x.Answer)
			return showConnector(d, x)
		})))
	s.bind(cmd)
	return cmd
}

func deleteConnectorCommand(d *desk.Desk) *cobra.Command {
	var yes bool
	cmd := d.Completing(connectorNames)(d.Command("delete CONNECTOR", "Delete a connector that has no connections", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			x, err := c.Connector(ctx, args[0])
			if err != nil {
				return err
			}
			if err := d.Confirm(yes, "Delete the connector %s?", x.Name); err != nil {
				return err
			}
			answer, err := c.DeleteConnector(ctx, x.ID)
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, x.ID)
		})))
	desk.BindYes(cmd, &yes)
	return cmd
}

func status(x *client.Connector) string {
	if x.Stopped {
		return "its provider is stopped"
	}
	return desk.Status(x.Enabled)
}

func showConnector(d *desk.Desk, x *client.Connector) error {
	return d.Show(x, func(t *terminal.Table) {
		t.Field("Id", x.ID)
		t.Field("Name", x.Name)
		t.Field("Provider", x.Provider)
		t.Field("Title", x.Title)
		t.Field("Description", x.Description)
		t.Field("Status", status(x))
		t.Field("Client id", x.ClientID)
		t.Field("Scopes", strings.Join(x.Scopes, " "))
		t.Field("Presets", joined(x.Presets))
		t.Field("Documentation", x.Docs)
		t.Field("Base URLs", strings.Join(x.BaseURLs, " "))
		t.Field("Origins", strings.Join(x.Origins, " "))
		t.Field("Created", terminal.Stamp(x.CreatedAt))
	})
}
