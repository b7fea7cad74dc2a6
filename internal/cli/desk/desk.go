package desk

import (
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/internal/cli/terminal"
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

// Desk is one run of the program: its surroundings and the flags that all commands share.
type Desk struct {
	Surroundings
	// Output is what -o says: one of the formats that the command was made with.
	Output string
	// AllowHTTP permits plain HTTP to other machines.
	AllowHTTP   bool
	contextName string
	timeout     time.Duration
	started     bool
}

// Bind adds the flags that all commands share to root.
func (d *Desk) Bind(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVarP(&d.Output, "output", "o", AsTable, "print the result as table, json or env")
	flags.StringVar(&d.contextName, "context", "", "use this saved server instead of the current one")
	flags.DurationVar(&d.timeout, "timeout", 30*time.Second, "give up on a request after this long")
	flags.BoolVar(&d.AllowHTTP, "allow-http", false, "speak plain http to other machines; secrets cross the network readable")
	_ = root.RegisterFlagCompletionFunc("output", completeOutputs)
	_ = root.RegisterFlagCompletionFunc("context", d.CompleteContexts)
}

// Begin notes that a command of ours has begun: what fails from here on is not cobra's complaint.
func (d *Desk) Begin() { d.started = true }

// Begun reports whether [Desk.Begin] was called.
func (d *Desk) Begun() bool { return d.started }

// HTTPClient returns a client that keeps to --timeout.
func (d *Desk) HTTPClient() *http.Client { return &http.Client{Timeout: d.timeout} }

// Progress is a line on the terminal, or nothing without one. format has one %d.
func (d *Desk) Progress(format string) *terminal.Progress {
	if !d.Watched {
		return &terminal.Progress{}
	}
	return terminal.NewProgress(d.Err, format)
}
