// Package published reads a ledger as a server's API shows it, so that it can be verified without the server's
// database. Nothing the server says is believed further than the verifier checks it.
//
// Enter at [Ledger].
package published

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Ledger is the ledger of the environment that Client administers; it is a [ledger.Source].
type Ledger struct {
	Client *client.Client
	// Progress is told the number of the last event read.
	Progress func(number int64)
}

// page is how many events one request fetches, the most that the server gives.
const page = 1000

// Head implements [ledger.Source].
func (l *Ledger) Head(ctx context.Context) (ledger.Head, error) {
	shown, err := l.Client.LedgerHead(ctx)
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

// Checkpoints implements [ledger.Source].
func (l *Ledger) Checkpoints(ctx context.Context, after int64) ([]ledger.Checkpoint, error) {
	var read []ledger.Checkpoint
	for shown, err := range l.Client.LedgerCheckpoints(ctx, after) {
		if err != nil {
			return nil, err
		}
		c := ledger.Checkpoint{Number: shown.Number, At: shown.At, Signature: shown.Signature}
		if err := c.Hash.UnmarshalText([]byte(shown.Hash)); err != nil {
			return nil, fmt.Errorf("checkpoint %d is malformed: %w", shown.Number, err)
		}
		if read = append(read, c); len(read) == page { // that is what the next call goes on from
			break
		}
	}
	return read, nil
}

// Events implements [ledger.Source].
func (l *Ledger) Events(ctx context.Context, after int64) ([]ledger.Record, error) {
	var read []ledger.Record
	for shown, err := range l.Client.LedgerEvents(ctx, client.LedgerQuery{After: after, Page: page}) {
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
		if read = append(read, record); len(read) == page {
			break
		}
	}
	l.Progress(after + int64(len(read)))
	return read, nil
}
