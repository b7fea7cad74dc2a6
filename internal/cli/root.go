package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/counterfoil/counterfoil/internal/cli/connections"
	"github.com/counterfoil/counterfoil/internal/cli/credentials"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/installation"
	"github.com/counterfoil/counterfoil/internal/cli/manage"
	"github.com/counterfoil/counterfoil/internal/cli/notices"
	"github.com/counterfoil/counterfoil/internal/cli/operator"
	"github.com/counterfoil/counterfoil/internal/cli/passwords"
	"github.com/counterfoil/counterfoil/internal/cli/people"
	"github.com/counterfoil/counterfoil/internal/cli/scan"
)

// Surroundings are what a command meets outside of itself; tests bring their own.
type Surroundings = desk.Surroundings

// Main runs the command that the process was started for and returns its exit code.
func Main() int {
	// After the first signal the handler is gone, so that a second one ends what does not stop by itself.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	defer stop()
	return Run(ctx, Surroundings{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Getenv:  os.Getenv,
		Asks:    term.IsTerminal(int(os.Stdin.Fd())),
		Watched: term.IsTerminal(int(os.Stderr.Fd())),
		Now:     time.Now,
	}, os.Args[1:])
}

// Run runs one command and returns its exit code. It touches nothing of the process but what s holds, and files.
func Run(ctx context.Context, s Surroundings, args []string) int {
	d := &desk.Desk{Surroundings: s}
	root := newRoot(d)
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	if err != nil && !d.Begun() {
		// cobra refused before any command ran: unknown command, unknown flag, wrong number of arguments.
		err = desk.Fail(desk.ExitUsage, "counterfoil help lists the commands, --help explains one", "%s", err)
	}
	return complain(d, err)
}

// newRoot puts the commands together. A package of commands hands over its nouns; verbs that belong to another
// package's noun, such as app secret, are handed to that package here.
func newRoot(d *desk.Desk) *cobra.Command {
	root := &cobra.Command{
		Use:           "counterfoil",
		Short:         "Issue API credentials, and keep only what it takes to recognise them again",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	d.Bind(root)
	root.AddCommand(manage.Commands(d, credentials.OfApplication(d)...)...)
	root.AddCommand(credentials.Commands(d)...)
	root.AddCommand(notices.Commands(d)...)
	root.AddCommand(connections.Command(d))
	root.AddCommand(people.Commands(d, passwords.OfUser(d)...)...)
	root.AddCommand(passwords.Commands(d)...)
	root.AddCommand(installation.Commands(d)...)
	root.AddCommand(operator.Commands(d.Begin)...)
	root.AddCommand(scan.Command(d))
	root.AddCommand(&cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: exitHelp})
	return root
}
