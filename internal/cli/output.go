package cli

import (
	"encoding/json"
	"fmt"

	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// The formats of -o.
const (
	asTable = "table"
	asJSON  = "json"
	asEnv   = "env"
)

// show prints a result: value as JSON, or what table draws.
func (p *program) show(value any, table func(*terminal.Table)) error {
	if p.output == asJSON {
		return p.printJSON(value)
	}
	t := terminal.NewTable(p.Out)
	table(t)
	return t.Flush()
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
	return p.show(items[T]{all}, func(t *terminal.Table) {
		t.Row(head...)
		for _, item := range all {
			t.Row(row(item)...)
		}
	})
}

// say talks to the person at the terminal, on standard error; texts among args are made printable. That nobody may
// be listening is no failure of the command.
func (p *program) say(format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = terminal.Printable(text)
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
