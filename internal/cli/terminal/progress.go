package terminal

import (
	"fmt"
	"io"
)

// Progress is one line that counts up. The zero value prints nothing, as it should where nobody watches.
type Progress struct {
	out    io.Writer
	format string
	shown  bool
}

// NewProgress returns a line on out, which is a terminal. format has one %d.
func NewProgress(out io.Writer, format string) *Progress { return &Progress{out: out, format: format} }

// At shows how far it is.
func (p *Progress) At(n int64) {
	if p.out != nil {
		_, _ = fmt.Fprintf(p.out, "\r"+p.format, n)
		p.shown = true
	}
}

// End clears the line.
func (p *Progress) End() {
	if p.shown {
		_, _ = io.WriteString(p.out, "\r\033[K")
		p.shown = false
	}
}
