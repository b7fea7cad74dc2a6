package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/published"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

func (p *program) auditCommand() *cobra.Command {
	checkpoint := p.command("checkpoint", "Sign the ledger's end and print the checkpoint, to keep elsewhere", cobra.NoArgs,
		tableOrJSON, p.withClient(p.auditCheckpoint))
	checkpoint.Example = "  counterfoil audit checkpoint > checkpoint.json    # keep it on another machine\n" +
		"  counterfoil audit verify --since checkpoint.json"
	return group("audit", "The ledger of everything that was changed", p.auditTailCommand(), p.auditVerifyCommand(), checkpoint)
}

// followEvery is how often audit tail -f asks for more.
const followEvery = time.Second

func (p *program) auditTailCommand() *cobra.Command {
	var (
		count   int
		follow  bool
		subject string
	)
	cmd := p.command("tail", "Print the newest events", cobra.NoArgs, tableOrJSON,
		p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			if count < 0 || count > 10_000 {
				return usage("-n must be between 0 and 10000")
			}
			last, err := p.printNewest(ctx, c, count, subject)
			if err != nil || !follow {
				return err
			}
			return p.followEvents(ctx, c, last, subject)
		}))
	flags := cmd.Flags()
	flags.IntVarP(&count, "lines", "n", 20, "how many events")
	flags.BoolVarP(&follow, "follow", "f", false, "go on printing events as they happen")
	flags.StringVar(&subject, "subject", "", "only events about the thing with this id")
	return cmd
}

// printNewest prints the newest events, the last of them at the end, and returns the number to go on from.
func (p *program) printNewest(ctx context.Context, c *client.Client, count int, subject string) (int64, error) {
	head, err := c.LedgerHead(ctx)
	if err != nil {
		return 0, err
	}
	var newest []*client.LedgerEvent
	if count > 0 {
		for event, err := range c.LedgerEvents(ctx, client.LedgerQuery{Newest: true, Subject: subject, Page: min(count, 200)}) {
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
		if err := p.printEvent(event); err != nil {
			return 0, err
		}
		last = max(last, event.Number)
	}
	return last, nil
}

func (p *program) followEvents(ctx context.Context, c *client.Client, after int64, subject string) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil // Ctrl-C is how following ends
		case <-tick.C:
		}
		for event, err := range c.LedgerEvents(ctx, client.LedgerQuery{After: after, Subject: subject}) {
			if errors.Is(err, context.Canceled) {
				return nil
			}
			if err == nil {
				err = p.printEvent(event)
			}
			if err != nil {
				return err
			}
			after = event.Number
		}
	}
}

// printEvent prints one line: JSON, or columns whose widths fit nearly all events, since a line that is printed as
// it happens cannot be aligned with those to come.
func (p *program) printEvent(e *client.LedgerEvent) error {
	if p.output == asJSON {
		return json.NewEncoder(p.Out).Encode(e)
	}
	_, err := fmt.Fprintf(p.Out, "%6d  %s  %-22s  by %-48s  on %s\n", e.Number, terminal.Stamp(e.At),
		terminal.Printable(e.Kind), terminal.Printable(e.Actor.Kind+" "+e.Actor.ID), terminal.Printable(e.Subject.Kind+" "+e.Subject.ID))
	return err
}

func (p *program) auditCheckpoint(ctx context.Context, c *client.Client, _ []string) error {
	signed, err := c.SignLedger(ctx)
	if err != nil {
		return err
	}
	return p.printJSON(signed)
}

// progress is a line on the terminal, or nothing without one.
func (p *program) progress(format string) *terminal.Progress {
	if !p.Watched {
		return &terminal.Progress{}
	}
	return terminal.NewProgress(p.Err, format)
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

func (p *program) auditVerifyCommand() *cobra.Command {
	var since string
	cmd := p.command("verify", "Prove that nobody edited the ledger", cobra.NoArgs, tableOrJSON,
		p.withClient(func(ctx context.Context, c *client.Client, _ []string) error {
			kept, err := keptCheckpoint(since)
			if err != nil {
				return err
			}
			progress := p.progress("verified %d events")
			proof, err := ledger.Verify(ctx, &published.Ledger{Client: c, Progress: progress.At}, kept)
			progress.End()
			return p.showProof(proof, err)
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
	text, err := readSmall(path)
	if err != nil {
		return nil, usage("--since: %v", err)
	}
	kept, err := ledger.ParseCheckpoint([]byte(text))
	if err != nil {
		return nil, usage("--since %s: %v", path, err)
	}
	return &kept, nil
}

// showProof prints the outcome. A flaw is a result as well: it is printed, and then returned for its exit code.
func (p *program) showProof(proof ledger.Proof, err error) error {
	flaw, found := errors.AsType[*ledger.Problem](err)
	switch {
	case found && p.output == asJSON:
		return errors.Join(err, p.printJSON(verified{Flaw: string(flaw.Flaw), Number: flaw.Number, Detail: flaw.Detail}))
	case err != nil:
		return err
	}
	result := verified{true, proof.Events, proof.Signed, proof.Checkpoints, proof.Erased, "", 0, ""}
	return p.show(result, func(t *terminal.Table) {
		t.Row("The ledger is whole.")
		t.Field("Events", fmt.Sprint(proof.Events))
		t.Field("Signed up to event", fmt.Sprint(proof.Signed))
		t.Field("Checkpoints", fmt.Sprint(proof.Checkpoints))
		if proof.Erased > 0 {
			t.Field("Erased payloads", fmt.Sprintf("%d, each by an event that says so", proof.Erased))
		}
	})
}
