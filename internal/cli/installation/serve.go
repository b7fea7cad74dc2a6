package installation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/contexts"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/envfile"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/server"
	"github.com/counterfoil/counterfoil/internal/server/config"
)

// devContext is the name under which serve --dev saves its administrator.
const devContext = "dev"

func (d verbs) serveCommand() *cobra.Command {
	var cmd *cobra.Command
	cmd = d.Command("serve", "Run the server", cobra.NoArgs, []string{desk.AsTable}, func(ctx context.Context, _ []string) error {
		settings, err := config.Load(cmd.Flags(), os.Environ())
		if err != nil {
			return err
		}
		return server.Run(ctx, settings, func(ctx context.Context, h *server.House) error {
			return d.greet(ctx, settings, h)
		})
	})
	cmd.Example = "  counterfoil serve --dev\n  counterfoil serve --base-url https://auth.example --database-file /etc/counterfoil/database"
	config.Flags(cmd.Flags())
	return cmd
}

func (d verbs) greet(ctx context.Context, c *config.Config, h *server.House) error {
	if c.Dev {
		return d.welcome(ctx, c, h)
	}
	if err := d.announce(c, h); err != nil {
		return err
	}
	return d.invite(ctx, c, h)
}

// setupLink returns the link that makes the first administrator who is a person, or nothing where there is one.
func setupLink(ctx context.Context, h *server.House) (string, error) {
	needed, err := h.NeedsSetup(ctx)
	if err != nil || !needed {
		return "", err
	}
	l, err := h.SetupLink(ctx)
	if fault.Is(err, fault.Conflict) { // another node, or somebody, was faster
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return l.URL.Reveal(), nil
}

// invite shows the link for the first administrator who is a person: on a terminal, else in a file, because what a service
// prints is kept in a journal.
func (d verbs) invite(ctx context.Context, c *config.Config, h *server.House) error {
	link, err := setupLink(ctx, h)
	if err != nil || link == "" {
		return err
	}
	if d.Watched {
		_, err = fmt.Fprintf(d.Err, "\nNobody administers this installation yet. This link makes the first administrator, once and within 30 minutes:\n%s\n", link)
		return err
	}
	path := filepath.Join(c.Data, "setup-link")
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) { // so that the mode is ours, whosever file it was
		return err
	}
	if err := os.WriteFile(path, []byte(link+"\n"), 0o600); err != nil {
		return fmt.Errorf("the link for the first administrator has nowhere to go: %w", err)
	}
	another := "the server makes another when it starts"
	if db.IsPostgreSQL(c.DSN()) { // else the server has the database to itself
		another = "counterfoil admin setup-link prints another"
	}
	_, err = fmt.Fprintf(d.Out, "Nobody administers this installation yet. The link in %s makes the first administrator, once and within 30 minutes;\n"+
		"%s.\n", path, another)
	return err
}

func (d verbs) configCommand() *cobra.Command {
	var show *cobra.Command
	show = d.Command("print", "Print the settings in force and where each comes from, without secrets", cobra.NoArgs, []string{desk.AsTable},
		func(context.Context, []string) error {
			settings, err := config.Load(show.Flags(), os.Environ())
			if err != nil {
				return err
			}
			return settings.Print(d.Out)
		})
	config.Flags(show.Flags())
	return desk.Group("config", "The settings of the server", show)
}

// welcome makes a server for trying out usable at once: it saves a context and prints what to type next.
func (d verbs) welcome(ctx context.Context, c *config.Config, h *server.House) error {
	saved, shown, err := d.devCredential(ctx, c.BaseURL, h)
	if err != nil {
		return err
	}
	if _, err := d.SaveContext(devContext, &saved); err != nil {
		return fmt.Errorf("saving the context %s: %w", devContext, err)
	}
	path, err := contexts.Path(d.Getenv)
	if err != nil {
		return err
	}
	secret := "in " + path
	if shown {
		secret = saved.Secret.Reveal() + "   (shown this once, and saved in " + path + ")"
	}
	setup, err := setupLink(ctx, h)
	if err != nil {
		return err
	}
	if setup != "" {
		setup = "  first person    " + setup + "   (makes an administrator, once and within 30 minutes)\n"
	}
	_, err = fmt.Fprintf(d.Out, `Counterfoil %s serves %s
for trying out, on this machine only. Ctrl-C ends it. Log: %s
%s
  administrator   %s
  its secret      %s
  mails           %s
%s
Try this in another terminal; the context %q is saved and current:

  counterfoil api create invoices --audience https://invoices.example --scope invoices:read --scope invoices:write
  counterfoil app create billing --scope invoices:read -o env > .env
  counterfoil token get --env-file .env

`, server.Version, c.BaseURL, c.LogPath(), c.MTLSNotice(), saved.ClientID, secret, mailsOf(c), setup, devContext)
	return err
}

// mailsOf says where a server that is tried out leaves its mails.
func mailsOf(c *config.Config) string {
	if c.SMTPURL != "" {
		return "sent through " + c.SMTPURL
	}
	return c.BaseURL + "/mailbox   (kept there instead of being sent)"
}

// devCredential returns an administrator's credential: the first one, the one saved by an earlier start if it
// still works, or a new one. shown reports that it is new.
func (d verbs) devCredential(ctx context.Context, baseURL string, h *server.House) (c desk.Connection, shown bool, err error) {
	admin := h.FirstAdmin
	if admin == nil {
		_, known, err := d.Contexts()
		if err != nil {
			return desk.Connection{}, false, err
		}
		if saved, ok := known.Saved[devContext]; ok {
			c = devConnection(baseURL, saved.ClientID, saved.ClientSecret)
			if d.works(ctx, &c) {
				return c, false, nil
			}
		}
		if admin, err = h.AdminForDev(ctx); err != nil {
			return desk.Connection{}, false, err
		}
	}
	return devConnection(baseURL, admin.ClientID, admin.Secret.Reveal()), true, nil
}

func devConnection(baseURL, clientID, secret string) desk.Connection {
	return desk.Connection{BaseURL: baseURL, ClientID: clientID, Secret: client.NewSecret(secret), Origin: "context " + devContext}
}

func (d verbs) works(ctx context.Context, c *desk.Connection) bool {
	speaking, err := d.ClientFor(c)
	if err != nil {
		return false
	}
	_, err = speaking.Self(ctx)
	return err == nil
}

// announce tells an operator where the server is and, at the very first start, hands over the first credential.
// Without a terminal to show it on it goes into a file: what a service prints is kept in a journal.
func (d verbs) announce(c *config.Config, h *server.House) error {
	if _, err := fmt.Fprintf(d.Out, "Counterfoil %s serves %s\n%s", server.Version, c.BaseURL, c.MTLSNotice()); err != nil {
		return err
	}
	if h.FirstAdmin == nil {
		return nil
	}
	text := envfile.Line("COUNTERFOIL_URL", c.BaseURL) +
		envfile.Line("COUNTERFOIL_CLIENT_ID", h.FirstAdmin.ClientID) +
		envfile.Line("COUNTERFOIL_CLIENT_SECRET", h.FirstAdmin.Secret.Reveal())
	if d.Watched {
		_, err := fmt.Fprintf(d.Err, "\nThe first administrator, shown this once:\n%s", text)
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(c.Data, "first-admin-*.env") // mode 0600, and never one that is there already
	if err != nil {
		return fmt.Errorf("the first administrator's credential has nowhere to go: %w", err)
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(d.Out, "The first administrator's credential is in %s. Move it to where it belongs.\n", file.Name())
	return err
}
