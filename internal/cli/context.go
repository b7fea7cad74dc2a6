package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/counterfoil/counterfoil/client"
)

// contexts is the file in which a user's servers are remembered: contexts.json, mode 0600, because it holds client
// secrets.
type contexts struct {
	path    string
	Current string                  `json:"current"`
	Saved   map[string]savedContext `json:"contexts"`
}

// savedContext is one server and who we are to it. The secret is a plain string here only.
type savedContext struct {
	BaseURL      string `json:"base_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// contextsPath returns where the file is: $XDG_CONFIG_HOME/counterfoil, or ~/.config/counterfoil.
func (p *program) contextsPath() (string, error) {
	if base := p.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(base) { // relative ones are to be ignored, says the standard
		return filepath.Join(base, "counterfoil", "contexts.json"), nil
	}
	home := p.Getenv("HOME")
	if home == "" {
		return "", errors.New("neither XDG_CONFIG_HOME nor HOME is set, so there is no place for contexts.json")
	}
	return filepath.Join(home, ".config", "counterfoil", "contexts.json"), nil
}

// contexts reads the file; a missing one is empty.
func (p *program) contexts() (*contexts, error) {
	path, err := p.contextsPath()
	if err != nil {
		return nil, err
	}
	c := &contexts{path: path, Saved: map[string]savedContext{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		err = json.Unmarshal(text, c)
	}
	if err != nil {
		return nil, fail(exitFailure, "mend or remove the file", "the contexts in %s cannot be read: %v", path, err)
	}
	if c.Saved == nil {
		c.Saved = map[string]savedContext{}
	}
	return c, nil
}

// write replaces the file. It is never there half written, nor readable by others even for a moment.
func (c *contexts) write() error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	folder := filepath.Dir(c.path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, ".contexts-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), c.path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// names returns the contexts in alphabetical order.
func (c *contexts) names() []string { return slices.Sorted(maps.Keys(c.Saved)) }

// find returns the context with a name.
func (c *contexts) find(name string) (savedContext, error) {
	saved, ok := c.Saved[name]
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
	known, err := p.contexts()
	if err != nil {
		return nil, err
	}
	name := cmp.Or(p.contextName, known.Current)
	if name == "" {
		return nil, fail(exitUsage, "start one with counterfoil serve --dev, or name one with counterfoil context add",
			"no server is chosen")
	}
	saved, err := known.find(name)
	if err != nil {
		return nil, err
	}
	return &connection{
		saved.BaseURL, saved.ClientID, client.NewSecret(saved.ClientSecret),
		fmt.Sprintf("context %s in %s", name, known.path),
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
