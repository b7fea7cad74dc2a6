package desk

import (
	"encoding/json"
	"fmt"

	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// Show prints a result: value as JSON, or what table draws.
func (d *Desk) Show(value any, table func(*terminal.Table)) error {
	if d.Output == AsJSON {
		return d.PrintJSON(value)
	}
	t := terminal.NewTable(d.Out)
	table(t)
	return t.Flush()
}

// PrintJSON prints value as indented JSON.
func (d *Desk) PrintJSON(value any) error {
	encoder := json.NewEncoder(d.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// items is a list as the API has it.
type items[T any] struct {
	Items []*T `json:"items"`
}

// List prints a list: as JSON, or one row each under a head.
func List[T any](d *Desk, all []*T, head []string, row func(*T) []string) error {
	if all == nil {
		all = []*T{} // "items": [], not null
	}
	return d.Show(items[T]{all}, func(t *terminal.Table) {
		t.Row(head...)
		for _, item := range all {
			t.Row(row(item)...)
		}
	})
}

// Say talks to the person at the terminal, on standard error; texts among args are made printable. That nobody may
// be listening is no failure of the command.
func (d *Desk) Say(format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = terminal.Printable(text)
		}
	}
	_, _ = fmt.Fprintf(d.Err, format, args...)
}

// Status says in a word whether a thing is enabled.
func Status(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "disabled"
}
