package terminal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func TestNothingThatATerminalObeysIsPrinted(t *testing.T) {
	for text, want := range map[string]string{
		"plain – ünïcode 日本":    "plain – ünïcode 日本",
		"\x1b[2J\x1b]0;pwned\a": `\x1b[2J\x1b]0;pwned\a`,
		"a\tb\r\nc":             `a\tb\r\nc`,
		"\u202egnp.exe":         `\u202egnp.exe`,
		"\u009b31m":             `\u009b31m`,
		"bad\xffutf8":           `bad\ufffdutf8`,
		"zero\u200bwidth":       `zero\u200bwidth`,
	} {
		if got := terminal.Printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestColumnsAlignWhateverTheCellsHold(t *testing.T) {
	var out strings.Builder
	table := terminal.NewTable(&out)
	table.Row("NAME", "LAST")
	table.Row("a\tb", "")
	table.Row("", "x\ny")
	table.Field("Left out", "")
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := "NAME  LAST\na\\tb  \n-     x\\ny\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestShortFormsAreShort(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	for got, want := range map[string]string{
		terminal.Seconds(0):                         "",
		terminal.Seconds(45):                        "45s",
		terminal.Seconds(600):                       "10m",
		terminal.Seconds(90):                        "1m30s",
		terminal.Stamp(at):                          "2026-01-02 02:04:05Z",
		terminal.StampOr(nil, "never"):              "never",
		terminal.Brief(strings.Fields("a b c d")):   "a b c d",
		terminal.Brief(strings.Fields("a b c d e")): "a b c and 2 more",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestProgressIsSilentWithoutATerminal(t *testing.T) {
	var silent terminal.Progress
	silent.At(1)
	silent.End()
	var out strings.Builder
	line := terminal.NewProgress(&out, "%d events")
	line.At(7)
	line.End()
	if out.String() != "\r7 events\r\033[K" {
		t.Errorf("got %q", out.String())
	}
}
