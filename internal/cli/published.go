package cli

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// published is a ledger as a server's API shows it, for [ledger.Verify]. Nothing the server says is believed
// further than the verifier checks it.
type published struct {
	client   *client.Client
	progress *progress
}

// publishedPage is how many events one request fetches.
const publishedPage = 1000

func (s *published) Head(ctx context.Context) (ledger.Head, error) {
	shown, err := s.client.LedgerHead(ctx)
	if err != nil {
		return ledger.Head{}, err
	}
	head := ledger.Head{Position: ledger.Position{Number: shown.Number}, Public: shown.PublicKey}
	if head.Environment, err = uuid.Parse(shown.Environment); err == nil {
		err = head.Hash.UnmarshalText([]byte(shown.Hash))
	}
	if err != nil {
		return ledger.Head{}, fmt.Errorf("the head that the server shows is malformed: %w", err)
	}
	return head, nil
}

func (s *published) Checkpoints(ctx context.Context, after int64) ([]ledger.Checkpoint, error) {
	var page []ledger.Checkpoint
	for shown, err := range s.client.LedgerCheckpoints(ctx, after) {
		if err != nil {
			return nil, err
		}
		c := ledger.Checkpoint{Number: shown.Number, At: shown.At, Signature: shown.Signature}
		if err := c.Hash.UnmarshalText([]byte(shown.Hash)); err != nil {
			return nil, fmt.Errorf("checkpoint %d is malformed: %w", shown.Number, err)
		}
		if page = append(page, c); len(page) == publishedPage { // that is what the next call goes on from
			break
		}
	}
	return page, nil
}

func (s *published) Events(ctx context.Context, after int64) ([]ledger.Record, error) {
	var page []ledger.Record
	for shown, err := range s.client.LedgerEvents(ctx, client.LedgerQuery{After: after, Page: publishedPage}) {
		if err != nil {
			return nil, err
		}
		record := ledger.Record{
			Number: shown.Number, At: shown.At, Kind: shown.Kind, Register: shown.Register,
			Actor:   ledger.Actor{Kind: shown.Actor.Kind, ID: shown.Actor.ID},
			Subject: ledger.Subject{Kind: shown.Subject.Kind, ID: shown.Subject.ID},
			Payload: shown.Payload, Salt: shown.Salt,
		}
		err := record.Digest.UnmarshalText([]byte(shown.Digest))
		if err == nil {
			err = record.Hash.UnmarshalText([]byte(shown.Hash))
		}
		if err != nil {
			return nil, fmt.Errorf("event %d is malformed: %w", shown.Number, err)
		}
		if page = append(page, record); len(page) == publishedPage {
			break
		}
	}
	s.progress.at(after + int64(len(page)))
	return page, nil
}

// progress is one line on a terminal that counts up. Without a terminal it prints nothing.
type progress struct {
	say    func(format string, args ...any) // nil without a terminal
	format string
	shown  bool
}

func (p *program) progress(format string) *progress {
	if !p.Watched {
		return &progress{}
	}
	return &progress{say: p.say, format: format}
}

func (g *progress) at(n int64) {
	if g.say != nil {
		g.say("\r"+g.format, n)
		g.shown = true
	}
}

// end clears the line.
func (g *progress) end() {
	if g.shown {
		g.say("\r\033[K")
	}
}
