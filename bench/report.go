package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// barLevel is the concurrency that the bars are at.
const barLevel = 64

// report is what a run found.
type report struct {
	Started   time.Time  `json:"started"`
	Machine   machine    `json:"machine"`
	Rounds    int        `json:"rounds"`
	Seconds   int        `json:"seconds_per_cell"`
	Processes []settings `json:"processes"`
	Rows      []line     `json:"rows"`
	Bars      []bar      `json:"bars"`
	Proofs    []proof    `json:"proofs"`
	Cells     []cell     `json:"cells"`
}

type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
}

// line is the medians of one row at one concurrency.
type line struct {
	Row         string  `json:"row"`
	Against     string  `json:"against,omitempty"`
	Concurrency int     `json:"concurrency"`
	Rate        float64 `json:"requests_per_second"`
	P50         float64 `json:"p50_ms"`
	P99         float64 `json:"p99_ms"`
	CPU         float64 `json:"cpu_us_per_request"`
	RSS         float64 `json:"rss_mb"`
	Core        float64 `json:"core"`
	Logged      float64 `json:"logged"`
	Ratio       float64 `json:"ratio,omitempty"` // median of the rounds' ratios to Against
	Invalid     string  `json:"invalid,omitempty"`
}

// bar is one promise and what became of it.
type bar struct {
	Name    string  `json:"name"`
	Against string  `json:"against,omitempty"`
	Unit    string  `json:"unit,omitempty"` // empty: a ratio
	AtMost  bool    `json:"at_most"`        // reached must not exceed the bar, rather than not fall short of it
	Bar     float64 `json:"bar"`
	Aim     float64 `json:"aim"`
	Reached float64 `json:"reached"`
	Invalid string  `json:"invalid,omitempty"`
	Passed  bool    `json:"passed"`
}

// proof is a condition under which the bars hold, and whether it was met.
type proof struct {
	Name   string `json:"name"`
	Met    bool   `json:"met"`
	Detail string `json:"detail"`
}

func newReport(o options) *report {
	m := machine{Cores: runtime.NumCPU(), Go: runtime.Version()}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for l := range strings.Lines(string(info)) {
			if name, value, _ := strings.Cut(l, ":"); strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	if kernel, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(kernel))
	}
	return &report{Started: time.Now().UTC(), Machine: m, Rounds: o.rounds, Seconds: o.seconds}
}

// compare draws the bars of the rows that have one.
func (r *report) compare(rows []row) {
	for _, row := range rows {
		if row.bar == 0 || !slices.ContainsFunc(r.Cells, func(c cell) bool { return c.Concurrency == barLevel }) {
			continue
		}
		reached, invalid := r.ratio(row.name, row.against, barLevel)
		r.bar(bar{Name: row.name, Against: row.against, Bar: row.bar, Aim: row.aim, Reached: reached, Invalid: invalid})
	}
}

func (r *report) bar(b bar) {
	b.Passed = b.Invalid == "" && (b.AtMost && b.Reached <= b.Bar || !b.AtMost && b.Reached >= b.Bar)
	r.Bars = append(r.Bars, b)
}

func (r *report) prove(name string, met bool, detail string, args ...any) {
	r.Proofs = append(r.Proofs, proof{name, met, fmt.Sprintf(detail, args...)})
}

// missed reports whether a bar was missed, or a figure does not count, or the conditions were not those promised.
func (r *report) missed() bool {
	return slices.ContainsFunc(r.Cells, func(c cell) bool { return c.Invalid != "" }) ||
		slices.ContainsFunc(r.Bars, func(b bar) bool { return !b.Passed }) ||
		slices.ContainsFunc(r.Proofs, func(p proof) bool { return !p.Met })
}

// cells returns those of one row at one concurrency, by round, and why one of them does not count.
func (r *report) cells(row string, concurrency int) (found []cell, invalid string) {
	for _, c := range r.Cells {
		if c.Row == row && c.Concurrency == concurrency {
			found = append(found, c)
			if c.Invalid != "" && invalid == "" {
				invalid = c.Row + ": " + c.Invalid
			}
		}
	}
	return found, invalid
}

// ratio is the median over the rounds of one row's rate divided by another's in the same round.
func (r *report) ratio(row, against string, concurrency int) (ratio float64, invalid string) {
	above, invalid := r.cells(row, concurrency)
	below, invalidBelow := r.cells(against, concurrency)
	if invalid == "" {
		invalid = invalidBelow
	}
	if len(above) == 0 || len(above) != len(below) {
		return 0, "not measured"
	}
	var ratios []float64
	for i := range above {
		if below[i].Rate > 0 {
			ratios = append(ratios, above[i].Rate/below[i].Rate)
		}
	}
	return median(ratios), invalid
}

// traffic is how many tokens Counterfoil gave out in measured cells, and the least of the cells' log records per
// request.
func (r *report) traffic() (issued int, logged float64) {
	logged = math.Inf(1)
	for _, c := range r.Cells {
		if strings.HasPrefix(c.Row, "token ") {
			issued += c.Requests
		}
		if c.Against != "" && c.Requests > 0 {
			logged = min(logged, c.Logged)
		}
	}
	return issued, logged
}

// median returns 0 for nothing, and the mean of the middle two of an even number.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// summarize makes a line of every row and concurrency, in the order of the first round.
func (r *report) summarize() {
	for _, c := range r.Cells {
		if c.Round != 1 {
			continue
		}
		cells, invalid := r.cells(c.Row, c.Concurrency)
		of := func(figure func(cell) float64) float64 {
			var all []float64
			for _, c := range cells {
				all = append(all, figure(c))
			}
			return median(all)
		}
		l := line{
			Row: c.Row, Against: c.Against, Concurrency: c.Concurrency, Invalid: invalid,
			Rate: of(func(c cell) float64 { return c.Rate }), P50: of(func(c cell) float64 { return c.P50 }),
			P99: of(func(c cell) float64 { return c.P99 }), CPU: of(func(c cell) float64 { return c.CPU }),
			RSS: of(func(c cell) float64 { return c.RSS }), Core: of(func(c cell) float64 { return c.Core }),
			Logged: of(func(c cell) float64 { return c.Logged }),
		}
		if l.Against != "" {
			l.Ratio, _ = r.ratio(l.Row, l.Against, l.Concurrency)
		}
		r.Rows = append(r.Rows, l)
	}
}

// write prints the tables and writes the JSON file.
func (r *report) write(w io.Writer, path string) error {
	r.summarize()
	r.print(w)
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(w, "\nevery cell: %s\n", path)
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

func (r *report) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "%s, %d cores, Linux %s, %s; %d rounds of %d s; server on core %s, wrk on core %s\n\n",
		r.Machine.CPU, r.Machine.Cores, r.Machine.Kernel, r.Machine.Go, r.Rounds, r.Seconds, serverCore, loadCore)
	row := func(name string, columns ...string) {
		_, _ = fmt.Fprintf(t, "%-37s\t%s\t\n", name, strings.Join(columns, "\t")) // the one column that is read from the left
	}
	section := func() { _ = t.Flush(); _, _ = fmt.Fprintln(w) }

	row("process", "GOGC", "GOMEMLIMIT", "GOMAXPROCS")
	for _, p := range r.Processes {
		row(p.Process, p.GOGC, p.GOMEMLIMIT, p.GOMAXPROCS)
	}
	section()
	row("row", "c", "req/s", "p50 ms", "p99 ms", "CPU µs", "RSS MB", "core", "log", "ratio")
	for _, l := range r.Rows {
		ratio := "–"
		if l.Against != "" {
			ratio = digits(l.Ratio, 2)
		}
		row(l.Row, strconv.Itoa(l.Concurrency), digits(l.Rate, 0), digits(l.P50, 2), digits(l.P99, 2), digits(l.CPU, 1),
			digits(l.RSS, 0), digits(l.Core, 2), digits(l.Logged, 2), ratio)
	}
	section()
	if len(r.Bars) > 0 {
		row("bar, at 64 connections", "compared with", "bar", "aim", "reached", "")
	}
	for _, b := range r.Bars {
		sign, verdict := "≥ ", "FAIL"
		if b.AtMost {
			sign = "≤ "
		}
		if b.Passed {
			verdict = "PASS"
		}
		row(b.Name, b.Against, sign+b.show(b.Bar), b.show(b.Aim), b.show(b.Reached), verdict)
	}
	section()
	for _, c := range r.Cells {
		if c.Invalid != "" {
			_, _ = fmt.Fprintf(w, "INVALID %s, %d connections, round %d: %s\n", c.Row, c.Concurrency, c.Round, c.Invalid)
		}
	}
	disturbed := 0
	for _, c := range r.Cells {
		if c.disturbed() {
			disturbed++
		}
	}
	if disturbed > 0 {
		_, _ = fmt.Fprintf(w, "NOTE in %d of %d cells the server had less than %.0f %% of its core: something else was running\n",
			disturbed, len(r.Cells), 100*saturated)
	}
	for _, p := range r.Proofs {
		_, _ = fmt.Fprintf(w, "%s %s: %s\n", map[bool]string{true: "PASS", false: "FAIL"}[p.Met], p.Name, p.Detail)
	}
}

// show prints a figure of the bar in its unit.
func (b bar) show(v float64) string {
	if b.Unit == "MB" {
		return digits(v, 0) + " MB"
	}
	return strings.TrimSpace(digits(v, 2) + " " + b.Unit)
}

func digits(v float64, n int) string { return strconv.FormatFloat(v, 'f', n, 64) }
