package connections

import (
	"bufio"
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// Command returns the group of all of them.
func Command(d *desk.Desk) *cobra.Command {
	verbs := append(connectionCommands(d), providerCommand(d), connectorCommand(d), linkCommand(d), proxyCommand(d))
	return desk.Group("connect", "Credentials for other people's systems", verbs...)
}

// pairs reads name=value arguments of a repeatable flag, of which a single empty one takes all away.
func pairs(flag string, given []string) (map[string]string, error) {
	all := make(map[string]string, len(given))
	for _, text := range desk.Said(given) {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, desk.Usage("--%s is written name=value, not %q", flag, text)
		}
		if _, twice := all[name]; twice {
			return nil, desk.Usage("--%s names %s twice", flag, name)
		}
		all[name] = value
	}
	return all, nil
}

// maxSecret bounds the secrets on standard input.
const maxSecret = 64 << 10

// values puts together what a provider asks for: what --set says, and secrets from standard input, because arguments can
// be seen by others on the machine. A single secret is the whole input; of several each is a line NAME=value.
func values(d *desk.Desk, p *client.Provider, given map[string]string) (map[string]client.Secret, error) {
	all := make(map[string]client.Secret, len(given))
	for name, value := range given {
		all[name] = client.NewSecret(value)
	}
	var secrets []string
	for _, f := range p.Fields {
		if !f.Secret {
			continue
		}
		if _, set := given[f.Name]; set {
			return nil, desk.Usage("%s is a secret, which is read from standard input: other users of a machine can read the arguments of its processes", f.Name)
		}
		secrets = append(secrets, f.Name)
	}
	if len(secrets) == 0 {
		return all, nil
	}
	if d.Asks {
		if len(secrets) == 1 {
			d.Say("Paste %s, then press Return and Ctrl-D:\n", secrets[0])
		} else {
			d.Say("Paste a line name=value for each of %s, then press Ctrl-D:\n", strings.Join(secrets, ", "))
		}
	}
	text, err := io.ReadAll(io.LimitReader(d.In, maxSecret))
	if err != nil {
		return nil, err
	}
	if len(secrets) == 1 {
		if line := strings.TrimRight(string(text), "\r\n"); line != "" {
			all[secrets[0]] = client.NewSecret(line)
		}
		return all, nil
	}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	lines.Buffer(nil, maxSecret)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), "=")
		if name = strings.TrimSpace(name); name == "" && !ok {
			continue
		}
		if !ok {
			return nil, desk.Usage("standard input must hold lines name=value, for %s", strings.Join(secrets, ", "))
		}
		all[name] = client.NewSecret(value)
	}
	return all, lines.Err()
}

// showTrial prints how something fared that was tried out; what does not work is a failure of the command.
func showTrial(d *desk.Desk, tried *client.Trial) error {
	err := d.Show(tried, func(t *terminal.Table) {
		t.Row("STEP", "STATE", "WHAT TO DO")
		for _, s := range tried.Steps {
			state := s.State
			if len(s.Among) > 0 {
				state += ", or " + strings.Join(s.Among, ", ")
			}
			t.Row(s.Stage, state, s.Hint)
		}
	})
	if err != nil || tried.Works {
		return err
	}
	return desk.Fail(desk.ExitConflict, "", "it does not work")
}

func connectorNames(ctx context.Context, c *client.Client, _ []string) []string {
	return desk.NamesOf(c.Connectors(ctx), func(x *client.Connector) string { return x.Name })
}

func providerNames(ctx context.Context, c *client.Client, _ []string) []string {
	return desk.NamesOf(c.Providers(ctx), func(x *client.Provider) string { return x.Name })
}

func connectionIDs(ctx context.Context, c *client.Client, _ []string) []string {
	return desk.NamesOf(c.Connections(ctx, client.ConnectionFilter{}), func(x *client.Connection) string { return x.ID })
}
