// Package operator holds the commands for whoever runs the server, at its machine: they open the installation
// itself instead of speaking to a server. The root keys are their main business.
package operator

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/server"
	"github.com/counterfoil/counterfoil/internal/server/config"
)

// Commands returns the commands. begun is called when one of them has been understood and begins.
func Commands(begun func()) []*cobra.Command {
	root := &cobra.Command{Use: "seal", Short: "The root keys that everything at rest hangs on"}
	root.AddCommand(
		command(begun, "list", "List the root keys and what hangs on each", cobra.NoArgs, list),
		command(begun, "rotate", "Put a new root key on the first line of the file", cobra.NoArgs, rotate),
		command(begun, "rekey", "Give every environment a new sealing key and seal everything again under it", cobra.NoArgs, rekey),
		command(begun, "retire VERSION", "Let go of a root key that nothing hangs on any more", cobra.ExactArgs(1), retire),
		generateCommand(begun),
	)
	database := &cobra.Command{Use: "database", Short: "The database of an installation"}
	database.AddCommand(command(begun, "restored", "Say that the database came back from a backup: every token issued so far dies", cobra.NoArgs, restored))
	admin := &cobra.Command{Use: "admin", Short: "The administrator of an installation"}
	admin.AddCommand(
		linkCommand(begun, "reset [USER]", "Make a new credential for the administrator application, when every other is lost; or let a person in again", cobra.MaximumNArgs(1), resetAdmin),
		linkCommand(begun, "setup-link", "Print a link that makes the first administrator who is a person, once and within 30 minutes", cobra.NoArgs, setupLink),
	)
	return []*cobra.Command{root, database, admin}
}

type action func(cmd *cobra.Command, c *config.Config, args []string) error

func command(begun func(), use, short string, args cobra.PositionalArgs, do action) *cobra.Command {
	return commandIn(begun, use, short, args, do, func(flags *pflag.FlagSet) (*config.Config, error) {
		return config.Load(flags, offline(os.Environ()))
	})
}

// linkCommand is [command] for what may print a link, which begins where the server's settings say that it is reached.
func linkCommand(begun func(), use, short string, args cobra.PositionalArgs, do action) *cobra.Command {
	return commandIn(begun, use, short, args, do, func(flags *pflag.FlagSet) (*config.Config, error) {
		c, err := config.Load(flags, os.Environ())
		if err != nil { // it may be the address alone that they do not say, and not every one of these commands needs it
			return config.Load(flags, offline(os.Environ()))
		}
		if c.BaseURL == "" {
			c.BaseURL = "http://" + c.Listen // in dev, the only place where it may be missing
		}
		return c, nil
	})
}

func commandIn(begun func(), use, short string, args cobra.PositionalArgs, do action, load func(*pflag.FlagSet) (*config.Config, error)) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		begun()
		c, err := load(cmd.Flags())
		if err != nil {
			return err
		}
		return do(cmd, c, args)
	}}
	config.Flags(cmd.Flags())
	return cmd
}

// nowhere is the base URL of an installation that is opened without being told it.
const nowhere = "https://offline.invalid"

// reached refuses to make links that lead nowhere.
func reached(c *config.Config) error {
	if c.BaseURL == nowhere {
		return fault.New(fault.Invalid, "base_url is not set: the link begins with it; add --base-url with the address that people reach the server under")
	}
	return nil
}

// offline adds the one setting that a server needs and these commands do not.
func offline(environ []string) []string {
	for _, pair := range environ {
		if len(pair) > len("COUNTERFOIL_BASE_URL=") && pair[:len("COUNTERFOIL_BASE_URL=")] == "COUNTERFOIL_BASE_URL=" {
			return environ
		}
	}
	return append(environ, "COUNTERFOIL_BASE_URL="+nowhere)
}

func list(cmd *cobra.Command, c *config.Config, _ []string) error {
	return server.Operate(cmd.Context(), c, func(ctx context.Context, h *server.House) error {
		roots, err := h.Roots(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "VERSION\tFINGERPRINT\tCREATED\tENVIRONMENTS\tSECRETS\tSTATE")
		for _, r := range roots {
			state := "no longer needed: counterfoil seal retire " + strconv.FormatInt(r.Version, 10)
			if r.Newest {
				state = "newest"
			} else if r.Needed() {
				state = "still needed"
			}
			secrets := "no"
			if r.InUse {
				secrets = "yes"
			}
			_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%d\t%s\t%s\n", r.Version, r.Fingerprint, r.CreatedAt.Format(time.RFC3339), r.Environments, secrets, state)
		}
		return table.Flush()
	})
}

func rotate(cmd *cobra.Command, c *config.Config, _ []string) error {
	source := c.RootSource()
	if err := source.AddRoot(); err != nil {
		return err
	}
	file := source.File
	if file == "" {
		file = source.PassphraseFile
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), `A new root key stands on the first line of %s. Nothing uses it yet.
1. Copy the file to every node, and to where root keys are backed up.
2. Restart one node: it seals everything again under the new key, and the others follow.
3. counterfoil seal list says when the old key is no longer needed.
`, file)
	return err
}

func rekey(cmd *cobra.Command, c *config.Config, _ []string) error {
	return server.Operate(cmd.Context(), c, func(ctx context.Context, h *server.House) error {
		if err := h.Rekey(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "Every environment has a new sealing key, and nothing is sealed under the former ones.")
		return err
	})
}

func retire(cmd *cobra.Command, c *config.Config, args []string) error {
	version, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "%q is no version; counterfoil seal list shows them", args[0])
	}
	return server.Operate(cmd.Context(), c, func(ctx context.Context, h *server.House) error {
		if err := h.RetireRoot(ctx, version); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "Root key %d is retired; its line can be removed from every copy of the file.\n", version)
		return err
	})
}

func restored(cmd *cobra.Command, c *config.Config, _ []string) error {
	return server.Operate(cmd.Context(), c, func(ctx context.Context, h *server.House) error {
		if err := h.Restored(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "Every environment has begun a new incarnation: tokens issued so far are dead, clients get new ones with their credentials.")
		return err
	})
}

func resetAdmin(cmd *cobra.Command, c *config.Config, args []string) error {
	if err := reached(c); err != nil && len(args) == 1 {
		return err
	}
	return server.Operate(cmd.Context(), c, func(ctx context.Context, h *server.House) error {
		if len(args) == 1 {
			l, err := h.Readmit(ctx, args[0])
			return show(cmd, l, "Locks, second factors, sessions and remembered devices of "+args[0]+" are gone. A new password is chosen at", err)
		}
		admin, err := h.ResetAdmin(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "COUNTERFOIL_CLIENT_ID=%s\nCOUNTERFOIL_CLIENT_SECRET=%s\n", admin.ClientID, admin.Secret.Reveal())
		return err
	})
}

func setupLink(cmd *cobra.Command, c *config.Config, _ []string) error {
	if err := reached(c); err != nil {
		return err
	}
	return server.Operate(cmd.Context(), c, func(ctx context.Context, h *server.House) error {
		l, err := h.SetupLink(ctx)
		return show(cmd, l, "The first administrator is made at", err)
	})
}

// show prints a link where programs find it, and what it is for where people look.
func show(cmd *cobra.Command, l *server.Link, says string, err error) error {
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%s this link, once and until %s:\n", says, l.Until.Local().Format(time.RFC3339))
	_, err = fmt.Fprintln(cmd.OutOrStdout(), l.URL.Reveal())
	return err
}

func generateCommand(begun func()) *cobra.Command {
	return &cobra.Command{
		Use: "generate", Short: "Print a fresh line for a root key file or credential", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			begun()
			_, err := fmt.Fprintln(cmd.OutOrStdout(), seal.GenerateRootKey().Reveal())
			return err
		},
	}
}
