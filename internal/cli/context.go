package cli

import (
	"cmp"
	"fmt"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/contexts"
)

// contexts reads the user's file of servers.
func (p *program) contexts() (path string, known *contexts.File, err error) {
	if path, err = contexts.Path(p.Getenv); err == nil {
		known, err = contexts.Load(path)
	}
	return path, known, err
}

// find returns the context with a name.
func find(known *contexts.File, name string) (contexts.Saved, error) {
	saved, ok := known.Saved[name]
	if !ok {
		return saved, fail(exitNotFound, "counterfoil context list shows those there are", "there is no context %q", name)
	}
	return saved, nil
}

// connection is the server to speak to, and where that choice came from.
type connection struct {
	baseURL, clientID string
	secret            client.Secret
	origin            string // for people: "context dev in /…/contexts.json"
}

// connection settles which server is meant: --context, else the environment's variables, else the current context.
// The variables come all together or not at all: a secret must not go to another server than it was saved for.
func (p *program) connection() (*connection, error) {
	if p.contextName == "" {
		c, err := p.connectionFromVariables()
		if c != nil || err != nil {
			return c, err
		}
	}
	path, known, err := p.contexts()
	if err != nil {
		return nil, err
	}
	name := cmp.Or(p.contextName, known.Current)
	if name == "" {
		return nil, fail(exitUsage, "start one with counterfoil serve --dev, or name one with counterfoil context add",
			"no server is chosen")
	}
	saved, err := find(known, name)
	if err != nil {
		return nil, err
	}
	return &connection{
		saved.BaseURL, saved.ClientID, client.NewSecret(saved.ClientSecret),
		fmt.Sprintf("context %s in %s", name, path),
	}, nil
}

func (p *program) connectionFromVariables() (*connection, error) {
	url, id := p.Getenv("COUNTERFOIL_URL"), p.Getenv("COUNTERFOIL_CLIENT_ID")
	secret, err := p.secretVariable()
	if err != nil || url+id+secret == "" {
		return nil, err
	}
	if url == "" || id == "" || secret == "" {
		return nil, usage("set all of COUNTERFOIL_URL, COUNTERFOIL_CLIENT_ID and COUNTERFOIL_CLIENT_SECRET (or _FILE), or none")
	}
	return &connection{url, id, client.NewSecret(secret), "the COUNTERFOIL_* variables"}, nil
}

// secretVariable reads COUNTERFOIL_CLIENT_SECRET, or the file that COUNTERFOIL_CLIENT_SECRET_FILE names.
func (p *program) secretVariable() (string, error) {
	if secret := p.Getenv("COUNTERFOIL_CLIENT_SECRET"); secret != "" {
		return secret, nil
	}
	path := p.Getenv("COUNTERFOIL_CLIENT_SECRET_FILE")
	if path == "" {
		return "", nil
	}
	text, err := readSmall(path)
	if err != nil {
		return "", fmt.Errorf("COUNTERFOIL_CLIENT_SECRET_FILE: %w", err)
	}
	return text, nil
}
