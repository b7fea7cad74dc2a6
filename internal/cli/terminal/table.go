package terminal

import (
	"io"
	"text/tabwriter"
)

// Table is a table in the making; its columns align when it is flushed.
type Table struct{ lines *tabwriter.Writer }

// NewTable returns an empty table that will be written to w.
func NewTable(w io.Writer) *Table { return &Table{tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)} }

// Row adds a line. Cells are made printable, which also keeps a tab in a name from making a column; an empty one
// is shown as a dash, unless it is the last.
func (t *Table) Row(cells ...string) {
	for i, cell := range cells {
		if i > 0 {
			_, _ = io.WriteString(t.lines, "\t")
		}
		if cell == "" && i < len(cells)-1 {
			cell = "-"
		}
		_, _ = io.WriteString(t.lines, Printable(cell)) // failures are reported by Flush
	}
	_, _ = io.WriteString(t.lines, "\n")
}

// Field adds a line of a single thing's description; an empty one is left out.
func (t *Table) Field(name, value string) {
	if value != "" {
		t.Row(name+":", value)
	}
}

// Flush writes the table.
func (t *Table) Flush() error { return t.lines.Flush() }
