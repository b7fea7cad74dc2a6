package desk

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/contexts"
	"github.com/counterfoil/counterfoil/internal/server"
)

// Contexts reads the user's file of servers.
func (d *Desk) Contexts() (path string, known *contexts.File, err error) {
	if path, err = contexts.Path(d.Getenv); err == nil {
		known, err = contexts.Load(path)
	}
	return path, known, err
}

// FindContext returns the saved server with a name.
func FindContext(known *contexts.File, name string) (contexts.Saved, error) {
	saved, ok := known.Saved[name]
	if !ok {
		return saved, Fail(ExitNotFound, "counterfoil context list shows those there are", "there is no context %q", name)
	}
	return saved, nil
}

// Connection is the server to speak to, and where that choice came from.
type Connection struct {
	BaseURL, ClientID string
	Secret            client.Secret
	Origin            string // for people: "context dev in /…/contexts.json"
}

// Connection settles which server is meant: --context, else the environment's variables, else the current context.
// The variables come all together or not at all: a secret must not go to another server than it was saved for.
func (d *Desk) Connection() (*Connection, error) {
	if d.contextName == "" {
		c, err := d.connectionFromVariables()
		if c != nil || err != nil {
			return c, err
		}
	}
	path, known, err := d.Contexts()
	if err != nil {
		return nil, err
	}
	name := cmp.Or(d.contextName, known.Current)
	if name == "" {
		return nil, Fail(ExitUsage, "start one with counterfoil serve --dev, or name one with counterfoil context add",
			"no server is chosen")
	}
	saved, err := FindContext(known, name)
	if err != nil {
		return nil, err
	}
	return &Connection{
		saved.BaseURL, saved.ClientID, client.NewSecret(saved.ClientSecret),
		fmt.Sprintf("context %s in %s", name, path),
	}, nil
}

func (d *Desk) connectionFromVariables() (*Connection, error) {
	url, id := d.Getenv("COUNTERFOIL_URL"), d.Getenv("COUNTERFOIL_CLIENT_ID")
	secret, err := d.secretVariable()
	if err != nil || url+id+secret == "" {
		return nil, err
	}
	if url == "" || id == "" || secret == "" {
		return nil, Usage("set all of COUNTERFOIL_URL, COUNTERFOIL_CLIENT_ID and COUNTERFOIL_CLIENT_SECRET (or _FILE), or none")
	}
	return &Connection{url, id, client.NewSecret(secret), "the COUNTERFOIL_* variables"}, nil
}

// secretVariable reads COUNTERFOIL_CLIENT_SECRET, or the file that COUNTERFOIL_CLIENT_SECRET_FILE names.
func (d *Desk) secretVariable() (string, error) {
	if secret := d.Getenv("COUNTERFOIL_CLIENT_SECRET"); secret != "" {
		return secret, nil
	}
	path := d.Getenv("COUNTERFOIL_CLIENT_SECRET_FILE")
	if path == "" {
		return "", nil
	}
	text, err := ReadSmall(path)
	if err != nil {
		return "", fmt.Errorf("COUNTERFOIL_CLIENT_SECRET_FILE: %w", err)
	}
	return text, nil
}

// SaveContext writes c under a name into the user's file of servers and makes it the current one.
func (d *Desk) SaveContext(name string, c *Connection) (*contexts.File, error) {
	_, known, err := d.Contexts()
	if err != nil {
		return nil, err
	}
	known.Saved[name] = contexts.Saved{BaseURL: c.BaseURL, ClientID: c.ClientID, ClientSecret: c.Secret.Reveal()}
	known.Current = name
	return known, known.Write()
}

// Client returns a client for the chosen server.
func (d *Desk) Client() (*client.Client, error) {
	c, err := d.Connection()
	if err != nil {
		return nil, err
	}
	return d.ClientFor(c)
}

// ClientFor returns a client for c. It checks the address and sends nothing yet.
func (d *Desk) ClientFor(c *Connection) (*client.Client, error) {
	made, err := client.New(client.Options{
		BaseURL: c.BaseURL, ClientID: c.ClientID, ClientSecret: c.Secret,
		HTTPClient: d.HTTPClient(), AllowHTTP: d.AllowHTTP, UserAgent: "counterfoil-cli/" + server.Version,
	})
	if err != nil {
		return nil, Fail(ExitUsage, "", "%s: %v", c.Origin, err)
	}
	return made, nil
}

// CompleteContexts completes an argument or a flag by the names of the saved servers.
func (d *Desk) CompleteContexts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	_, known, err := d.Contexts()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return known.Names(), cobra.ShellCompDirectiveNoFileComp
}
