package manage

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

func (d verbs) auditExportCommand() *cobra.Command {
	var (
		query         client.LedgerQuery
		out, from, to string
	)
	cmd := d.Command("export", "Take the ledger as lines of JSON, with an end that shows whether they are all", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) (err error) {
			if query.From, err = dated("--from", from); err != nil {
				return err
			}
			if query.To, err = dated("--to", to); err != nil {
				return err
			}
			if out == "" {
				_, err = d.exportLedger(ctx, c, query, d.Out)
				return err
			}
			return d.exportTo(ctx, c, query, out)
		}))
	cmd.Long = "Take the events of the ledger, the oldest first, as they are in the API: one JSON text per line.\n\n" +
		"The last line is {\"end\": …} with how many there are and the end of the ledger. A file without it was cut off.\n" +
		"The ledger notes who takes what with them."
	cmd.Example = "  counterfoil audit export --out ledger.ndjson\n" +
		"  counterfoil audit export --kind application. --from 2026-01-01 | jq -r .kind"
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "", "the file to write, instead of to standard output; it must not be there yet")
	flags.Int64Var(&query.After, "after", 0, "only events with a higher number")
	flags.StringVar(&from, "from", "", "only what happened then or later: a date (in UTC) or a time as 2026-11-23T08:00:00Z")
	flags.StringVar(&to, "to", "", "only what happened before")
	chooseEvents(cmd, &query)
	return cmd
}

// chooseEvents binds the flags that say which events a command is about.
func chooseEvents(cmd *cobra.Command, query *client.LedgerQuery) {
	flags := cmd.Flags()
	flags.StringVar(&query.Subject, "subject", "", "only events about the thing with this id")
	flags.StringVar(&query.Kind, "kind", "", `only events of this kind; "application." stands for all kinds that begin so`)
	flags.StringVar(&query.Actor, "actor", "", "only what the application or user with this id did")
}

// dated reads a flag that names a date or a time, of which the past has some; empty is none.
func dated(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, desk.Usage("%s %q: say 2026-11-23 or 2026-11-23T08:00:00Z", flag, text)
}

// exportTo writes a file that is whole, or none.
func (d verbs) exportTo(ctx context.Context, c *client.Client, query client.LedgerQuery, path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	end, err := d.exportLedger(ctx, c, query, file)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		_ = os.Remove(path)
		return err
	}
	_, err = fmt.Fprintf(d.Err, "%d events are in %s, of a ledger that ended with event %d\n", end.Count, path, end.Head.Number)
	return err
}

func (d verbs) exportLedger(ctx context.Context, c *client.Client, query client.LedgerQuery, to io.Writer) (end *client.LedgerEnd, err error) {
	progress, buffered, count := d.Progress("%d events"), bufio.NewWriterSize(to, 64<<10), int64(0)
	defer progress.End()
	for line, err := range c.ExportLedger(ctx, query) {
		if err != nil {
			_ = buffered.Flush() // what came before is true, and the missing end says the rest
			return nil, err
		}
		if _, err := buffered.Write(append(line.Text, '\n')); err != nil {
			return nil, err
		}
		end = line.End
		if count++; count%1000 == 0 && to != d.Out {
			progress.At(count)
		}
	}
	return end, buffered.Flush()
}
