package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// The formats of -o.
const (
	asTable = "table"
	asJSON  = "json"
	asEnv   = "env"
)

// show prints a result: value as JSON, or what table draws.
func (p *program) show(value any, table func(*drawing)) error {
	if p.output == asJSON {
		return p.printJSON(value)
	}
	d := &drawing{tabwriter.NewWriter(p.Out, 0, 4, 2, ' ', 0)}
	table(d)
	return d.Flush()
}

func (p *program) printJSON(value any) error {
	encoder := json.NewEncoder(p.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// items is a list as the API has it.
type items[T any] struct {
	Items []*T `json:"items"`
}

// list prints a list: as JSON, or one row each under a head.
func list[T any](p *program, all []*T, head []string, row func(*T) []string) error {
	if all == nil {
		all = []*T{} // "items": [], not null
	}
	return p.show(items[T]{all}, func(d *drawing) {
		d.row(head...)
		for _, item := range all {
			d.row(row(item)...)
		}
	})
}

// drawing is a table in the making; its columns align when it is flushed.
type drawing struct{ *tabwriter.Writer }

// row adds a line. Cells are made printable, which also keeps a tab in a name from making a column.
func (d *drawing) row(cells ...string) {
	for i, cell := range cells {
		if i > 0 {
			_, _ = io.WriteString(d, "\t")
		}
		if cell == "" && i < len(cells)-1 {
			cell = "-"
		}
		_, _ = io.WriteString(d, printable(cell))
	}
	_, _ = io.WriteString(d, "\n")
}

// field adds a line of a single thing's description; empty ones are left out.
func (d *drawing) field(name, value string) {
	if value != "" {
		d.row(name+":", value)
	}
}

// printable escapes what a terminal would obey or hide: control characters, line separators, changes of the
// direction of writing. A name chosen by somebody else must not move the cursor.
func printable(s string) string {
	if !strings.ContainsFunc(s, unprintable) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		if unprintable(c) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(c), "'"))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// U+FFFD is what ranging over invalid UTF-8 yields.
func unprintable(c rune) bool { return !unicode.IsPrint(c) || c == '\uFFFD' }

// envLine returns one KEY=value line. Values that a shell would take apart are quoted; the others are not, because
// some readers of such files (docker run --env-file) take quotes for part of the value.
func envLine(key, value string) string { return key + "=" + shellQuoted(value) + "\n" }

func shellQuoted(value string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_./:@%+,-", c)
	}
	if value != "" && !strings.ContainsFunc(value, func(c rune) bool { return !plain(c) }) {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// say talks to the person at the terminal, on standard error; texts among args are made printable. That nobody may
// be listening is no failure of the command.
func (p *program) say(format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = printable(text)
		}
	}
	_, _ = fmt.Fprintf(p.Err, format, args...)
}

func status(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "disabled"
}

// stamp shows a time in UTC, which is the same for everybody who talks about it.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// stampOr shows a time that may be missing.
func stampOr(t *time.Time, missing string) string {
	if t == nil {
		return missing
	}
	return stamp(*t)
}

func lifetime(seconds int) string {
	if seconds == 0 {
		return ""
	}
	text := (time.Duration(seconds) * time.Second).String()
	if whole, ok := strings.CutSuffix(text, "m0s"); ok {
		return whole + "m"
	}
	return text
}

// brief joins words for a column, where a long list would push everything else off the screen.
func brief(words []string) string {
	const most = 4
	if len(words) <= most {
		return strings.Join(words, " ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most-1], " "), len(words)-most+1)
}
