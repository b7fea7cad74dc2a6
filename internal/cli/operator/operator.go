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
	admin.AddCommand(command(begun, "reset", "Make a new credential for the administrator, when every other is lost", cobra.NoArgs, resetAdmin))
	return []*cobra.Command{root, database, admin}
}

type action func(cmd *cobra.Command, c *config.Config, args []string) error

func command(begun func(), use, short string, args cobra.PositionalArgs, do action) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		begun()
		c, err := config.Load(cmd.Flags(), offline(os.Environ()))
		if err != nil {
			return err
		}
		return do(cmd, c, args)
	}}
	config.Flags(cmd.Flags())
	return cmd
}

// offline adds the one setting that a server needs and these commands do not.
func offline(environ []string) []string {
	for _, pair := range environ {
		if len(pair) > len("COUNTERFOIL_BASE_URL=") && pair[:len("COUNTERFOIL_BASE_URL=")] == "COUNTERFOIL_BASE_URL=" {
			return environ
		}
	}
	return append(environ, "COUNTERFOIL_BASE_URL=https://offline.invalid")
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

func resetAdmin(cmd *cobra.Command, c *config.Config, _ []string) error {
	return server.Operate(cmd.Context(), c, func(ctx context.Context, h *server.House) error {
		admin, err := h.ResetAdmin(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "COUNTERFOIL_CLIENT_ID=%s\nCOUNTERFOIL_CLIENT_SECRET=%s\n", admin.ClientID, admin.Secret.Reveal())
		return err
	})
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
