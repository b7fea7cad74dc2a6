// Command bench measures Counterfoil beside the two servers that say how fast it could be, in one run and on
// pinned cores, and fails when a bar is missed. README.md says what is measured and how to read it.
//
//	bench [flags]                       measure, print the table, write the JSON report
//	bench serve-floor -listen ADDRESS   the floor: net/http and a fixed answer
//	bench serve-limit -listen ADDRESS   the limit: net/http and one HMAC and signature, or one verification
//	bench serve-far, bench serve-bare   somebody else's system, over TLS, and a bare reverse proxy to it
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// options are what the command line says.
type options struct {
	server      string // path of the counterfoil binary
	out         string // folder for the report and, while running, for data
	json        string
	only        *regexp.Regexp
	rounds      int
	seconds     int // per cell
	concurrency []int
	bars        bool // a missed bar is exit status 1
}

// errMissed is a run that worked and did not reach its bars.
var errMissed = errors.New("a bar was missed")

func main() {
	if err := dispatch(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func dispatch(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "serve-floor":
			return serveFloor(args[1:])
		case "serve-limit":
			return serveLimit(args[1:])
		case "serve-far":
			return serveFar(args[1:])
		case "serve-bare":
			return serveBare(args[1:])
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	if err := o.prerequisites(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := measure(ctx, o)
	if err != nil {
		return err
	}
	if err := r.write(os.Stdout, o.json); err != nil {
		return err
	}
	if o.bars && r.missed() {
		return errMissed
	}
	return nil
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.server, "server", "bin/counterfoil", "the counterfoil binary to measure; empty: only floor and limit")
	flags.StringVar(&o.out, "out", "bench/out", "folder for the report and for data while running")
	flags.StringVar(&o.json, "json", "", "path of the JSON report (default OUT/report.json)")
	flags.IntVar(&o.rounds, "rounds", 5, "how often every cell is measured; the table shows medians")
	flags.IntVar(&o.seconds, "seconds", 3, "length of one cell")
	flags.BoolVar(&o.bars, "bars", true, "exit 1 when a bar is missed; -bars=false only reports")
	only := flags.String("only", "", "measure only rows whose name matches this expression, and what they are compared with")
	levels := flags.String("concurrency", "1,16,64", "connections kept open; the bars are at 64")
	quick := flags.Bool("quick", false, "one round of one-second cells: shows that everything works, proves nothing")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *quick {
		o.rounds, o.seconds = 1, 1
	}
	if o.rounds < 1 || o.seconds < 1 || flags.NArg() > 0 {
		return o, errors.New("-rounds and -seconds are at least 1, and there are no arguments besides flags")
	}
	if o.json == "" {
		o.json = filepath.Join(o.out, "report.json")
	}
	for level := range strings.SplitSeq(*levels, ",") {
		c, err := strconv.Atoi(level)
		if err != nil || c < 1 {
			return o, fmt.Errorf("-concurrency %s: a list of numbers such as 1,16,64 is wanted", *levels)
		}
		o.concurrency = append(o.concurrency, c)
	}
	var err error
	o.only, err = regexp.Compile(*only)
	return o, err
}

// prerequisites says what is missing before anything is started.
func (o options) prerequisites() error {
	if runtime.NumCPU() < 2 {
		return errors.New("two cores are needed: one for the server, one for the load generator")
	}
	needed := map[string]string{"wrk": "apt-get install wrk", "taskset": "apt-get install util-linux"}
	if o.server != "" {
		needed[o.server] = "make build"
	}
	for program, remedy := range needed {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is missing; get it with: %s", program, remedy)
		}
	}
	return os.MkdirAll(o.out, 0o755)
}

// measure runs everything and returns the report. Data folders live under o.out, on a real disk, and are
// removed at the end; servers are stopped.
func measure(ctx context.Context, o options) (*report, error) {
	work, err := os.MkdirTemp(o.out, "run-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if work, err = filepath.Abs(work); err != nil {
		return nil, err
	}
	script := filepath.Join(work, "post.lua")
	if err := os.WriteFile(script, postScript, 0o644); err != nil {
		return nil, err
	}
	m := &bench{options: o, work: work, script: script, progress: os.Stderr, report: newReport(o)}
	defer m.stopAll()
	if err := m.prepare(ctx); err != nil {
		return nil, err
	}
	if err := m.compare(ctx); err != nil {
		return nil, err
	}
	if err := m.compareProxy(ctx); err != nil {
		return nil, err
	}
	if err := m.scale(ctx); err != nil {
		return nil, err
	}
	if len(m.report.Cells) == 0 {
		return nil, errors.New("-only matches no row")
	}
	return m.report, nil
}

// bench is one run.
type bench struct {
	options
	work     string // folder of this run
	script   string // wrk's script
	progress io.Writer
	report   *report

	house      *house      // Counterfoil with a thousand clients; nil when only the references are measured
	people     *population // who lives there
	floor      *process
	limits     map[string]*process // by algorithm
	far        *far                // whom Counterfoil calls; nil without Counterfoil
	bare       *process            // a reverse proxy to far
	references []*process          // all but Counterfoil
}

func (b *bench) say(format string, args ...any) { _, _ = fmt.Fprintf(b.progress, format+"\n", args...) }

func (b *bench) stopAll() {
	for _, p := range b.references {
		p.stop()
	}
	if b.house != nil {
		b.house.stop()
	}
}
