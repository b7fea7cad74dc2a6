package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/operator"
	"github.com/counterfoil/counterfoil/internal/server"
)

// Surroundings are what a command meets outside of itself; tests bring their own.
type Surroundings struct {
	In       io.Reader
	Out, Err io.Writer
	// Getenv looks up a variable; "" means unset.
	Getenv func(string) string
	// Asks reports that In is a terminal, at which a person can answer; Watched that Err is one.
	Asks, Watched bool
	// Now is the clock.
	Now func() time.Time
}

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
	p := &program{Surroundings: s}
	root := p.newRoot()
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	if err != nil && !p.started {
		// cobra refused before any command ran: unknown command, unknown flag, wrong number of arguments.
		err = fail(exitUsage, "counterfoil help lists the commands, --help explains one", "%s", err)
	}
	return p.complain(err)
}

// program is one run: its surroundings and the flags that all commands share.
type program struct {
	Surroundings
	output      string
	contextName string
	allowHTTP   bool
	timeout     time.Duration
	started     bool // a command of ours has begun; what fails from here on is not cobra's complaint
}

func (p *program) newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "counterfoil",
		Short:         "Issue API credentials, and keep only what it takes to recognise them again",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&p.output, "output", "o", asTable, "print the result as table, json or env")
	flags.StringVar(&p.contextName, "context", "", "use this saved server instead of the current one")
	flags.DurationVar(&p.timeout, "timeout", 30*time.Second, "give up on a request after this long")
	flags.BoolVar(&p.allowHTTP, "allow-http", false, "speak plain http to other machines; secrets cross the network readable")
	_ = root.RegisterFlagCompletionFunc("output", completeOutputs)
	_ = root.RegisterFlagCompletionFunc("context", p.completeContexts)
	root.AddCommand(
		p.serveCommand(), p.apiCommand(), p.appCommand(), p.environmentCommand(), p.keyCommand(), p.tokenCommand(),
		p.auditCommand(), p.contextCommand(), p.doctorCommand(), p.configCommand(), p.versionCommand(),
		&cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: exitHelp},
	)
	root.AddCommand(operator.Commands(func() { p.started = true })...)
	// Scripts may leave out "app": counterfoil secret list APP.
	secret := p.secretCommand()
	secret.Hidden = true
	root.AddCommand(secret)
	return root
}

// outputs is the annotation that lists the formats a command knows, for completion.
const outputs = "outputs"

func completeOutputs(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return strings.Fields(cmd.Annotations[outputs]), cobra.ShellCompDirectiveNoFileComp
}

// command makes a verb. do gets the arguments; its result goes to p.Out. formats are what -o may say.
func (p *program) command(use, short string, args cobra.PositionalArgs, formats []string, do run) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args,
		Annotations:       map[string]string{outputs: strings.Join(formats, " ")},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.started = true
			if !slices.Contains(formats, p.output) {
				return usage("%s knows -o %s, not %q", cmd.CommandPath(), strings.Join(formats, " and "), p.output)
			}
			return do(cmd.Context(), args)
		},
	}
}

// What -o may say, for most commands and for those that hand out a credential.
var (
	tableOrJSON    = []string{asTable, asJSON}
	tableJSONOrEnv = []string{asTable, asJSON, asEnv}
)

// group makes a noun with its verbs. Alone it explains itself; with an unknown verb it is wrong usage.
func group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short,
		SuggestionsMinimumDistance: 2,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), didYouMean(cmd.SuggestionsFor(args[0])))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	g.AddCommand(verbs...)
	return g
}

func didYouMean(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(names, " or ") + "?"
}

// client returns a client for the chosen server.
func (p *program) client() (*client.Client, error) {
	c, err := p.connection()
	if err != nil {
		return nil, err
	}
	return p.clientFor(c)
}

func (p *program) clientFor(c *connection) (*client.Client, error) {
	made, err := client.New(client.Options{
		BaseURL: c.baseURL, ClientID: c.clientID, ClientSecret: c.secret,
		HTTPClient: p.httpClient(), AllowHTTP: p.allowHTTP, UserAgent: "counterfoil-cli/" + server.Version,
	})
	if err != nil {
		return nil, fail(exitUsage, "", "%s: %v", c.origin, err)
	}
	return made, nil
}

func (p *program) httpClient() *http.Client { return &http.Client{Timeout: p.timeout} }
