package manage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/published"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

func (d verbs) auditCommand() *cobra.Command {
	checkpoint := d.Command("checkpoint", "Sign the ledger's end and print the checkpoint, to keep elsewhere", cobra.NoArgs,
		desk.TableOrJSON, d.WithClient(d.auditCheckpoint))
	checkpoint.Example = "  counterfoil audit checkpoint > checkpoint.json    # keep it on another machine\n" +
		"  counterfoil audit verify --since checkpoint.json"
	group := desk.Group("audit", "The ledger of everything that was changed", d.auditTailCommand(), d.auditVerifyCommand(), checkpoint, d.auditExportCommand())
	group.Aliases = []string{"ledger"}
	return group
}

func (d verbs) auditTailCommand() *cobra.Command {
	var (
		count  int
		follow bool
		query  client.LedgerQuery
	)
	cmd := d.Command("tail", "Print the newest events", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			if count < 0 || count > 10_000 {
				return desk.Usage("-n must be between 0 and 10000")
			}
			last, err := d.printNewest(ctx, c, count, query)
			if err != nil || !follow {
				return err
			}
			return d.followEvents(ctx, c, last, query)
		}))
	flags := cmd.Flags()
	flags.IntVarP(&count, "lines", "n", 20, "how many events")
	flags.BoolVarP(&follow, "follow", "f", false, "go on printing events as they happen")
	chooseEvents(cmd, &query)
	return cmd
}

// printNewest prints the newest events, the last of them at the end, and returns the number to go on from.
func (d verbs) printNewest(ctx context.Context, c *client.Client, count int, query client.LedgerQuery) (int64, error) {
	head, err := c.LedgerHead(ctx)
	if err != nil {
		return 0, err
	}
	var newest []*client.LedgerEvent
	if count > 0 {
		query.Newest, query.Page = true, min(count, 200)
		for event, err := range c.LedgerEvents(ctx, query) {
			if err != nil {
				return 0, err
			}
			if newest = append(newest, event); len(newest) == count {
				break
			}
		}
	}
	last := head.Number
	for _, event := range slices.Backward(newest) {
		if err := d.printEvent(event); err != nil {
			return 0, err
		}
		last = max(last, event.Number)
	}
	return last, nil
}

func (d verbs) followEvents(ctx context.Context, c *client.Client, after int64, query client.LedgerQuery) error {
	query.After = after
	for event, err := range c.FollowLedger(ctx, query) {
		if ctx.Err() != nil {
			return nil // Ctrl-C is how following ends
		}
		if err == nil {
			err = d.printEvent(event)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// printEvent prints one line: JSON, or columns whose widths fit nearly all events, since a line that is printed as
// it happens cannot be aligned with those to come.
func (d verbs) printEvent(e *client.LedgerEvent) error {
	if d.Output == desk.AsJSON {
		return json.NewEncoder(d.Out).Encode(e)
	}
	_, err := fmt.Fprintf(d.Out, "%6d  %s  %-22s  by %-48s  on %s\n", e.Number, terminal.Stamp(e.At),
		terminal.Printable(e.Kind), terminal.Printable(e.Actor.Kind+" "+e.Actor.ID), terminal.Printable(e.Subject.Kind+" "+e.Subject.ID))
	return err
}

func (d verbs) auditCheckpoint(ctx context.Context, c *client.Client, _ []string) error {
	signed, err := c.SignLedger(ctx)
	if err != nil {
		return err
	}
	return d.PrintJSON(signed)
}

// verified is the result of audit verify as JSON.
type verified struct {
	Verified    bool   `json:"verified"`
	Events      int64  `json:"events"`
	Signed      int64  `json:"signed"`
	Checkpoints int    `json:"checkpoints"`
	Erased      int    `json:"erased"`
	Flaw        string `json:"flaw,omitempty"`
	Number      int64  `json:"number,omitempty"`
	Detail      string `json:"detail,omitempty"`
}

func (d verbs) auditVerifyCommand() *cobra.Command {
	var since string
	cmd := d.Command("verify", "Prove that nobody edited the ledger", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			kept, err := keptCheckpoint(since)
			if err != nil {
				return err
			}
			progress := d.Progress("verified %d events")
			proof, err := ledger.Verify(ctx, &published.Ledger{Client: c, Progress: progress.At}, kept)
			progress.End()
			return d.showProof(proof, err)
		}))
	cmd.Long = "Fetch the whole ledger and prove that no event was edited, removed or moved and that its end was not cut off.\n\n" +
		"Who holds database and keys can write a new ledger that proves itself. A checkpoint that was kept elsewhere\n" +
		"shows that, too: --since FILE."
	cmd.Flags().StringVar(&since, "since", "", "a checkpoint kept from earlier, as audit checkpoint printed it")
	_ = cmd.MarkFlagFilename("since")
	return cmd
}

func keptCheckpoint(path string) (*ledger.Checkpoint, error) {
	if path == "" {
		return nil, nil
	}
	text, err := desk.ReadSmall(path)
	if err != nil {
		return nil, desk.Usage("--since: %v", err)
	}
	kept, err := ledger.ParseCheckpoint([]byte(text))
	if err != nil {
		return nil, desk.Usage("--since %s: %v", path, err)
	}
	return &kept, nil
}

// showProof prints the outcome. A flaw is a result as well: it is printed, and then returned for its exit code.
func (d verbs) showProof(proof ledger.Proof, err error) error {
	flaw, found := errors.AsType[*ledger.Problem](err)
	switch {
	case found && d.Output == desk.AsJSON:
		return errors.Join(err, d.PrintJSON(verified{Flaw: string(flaw.Flaw), Number: flaw.Number, Detail: flaw.Detail}))
	case err != nil:
		return err
	}
	result := verified{true, proof.Events, proof.Signed, proof.Checkpoints, proof.Erased, "", 0, ""}
	return d.Show(result, func(t *terminal.Table) {
		t.Row("The ledger is whole.")
		t.Field("Events", fmt.Sprint(proof.Events))
		t.Field("Signed up to event", fmt.Sprint(proof.Signed))
		t.Field("Checkpoints", fmt.Sprint(proof.Checkpoints))
		if proof.Erased > 0 {
			t.Field("Erased payloads", fmt.Sprintf("%d, each by an event that says so", proof.Erased))
		}
	})
}
