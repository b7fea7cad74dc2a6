package ledgerapi

import (
	"context"
	"errors"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// LedgerPart names the events to verify.
type LedgerPart struct {
	From int64 `json:"from,omitempty" minimum:"1" doc:"The first event; 1 unless said otherwise."`
	To   int64 `json:"to,omitempty" minimum:"1" doc:"The last event; the last that there is unless said otherwise."`
}

// Verification is what verifying a part of the ledger brought to light.
type Verification struct {
	Verified    bool            `json:"verified" doc:"Whether nothing was found in these events."`
	From        int64           `json:"from"`
	To          int64           `json:"to" doc:"At most 100,000 events are verified at a time."`
	Next        int64           `json:"next,omitempty" doc:"Where to go on; absent at the end of the ledger."`
	Checkpoints int             `json:"checkpoints" doc:"How many signatures were checked."`
	Erased      int             `json:"erased" doc:"How many payloads are gone, each by an event that says so."`
	Findings    []LedgerFinding `json:"findings" nullable:"false" doc:"The first flaw, if there is one."`
}

// LedgerFinding is a flaw of the ledger.
type LedgerFinding struct {
	Flaw   string `json:"flaw" doc:"Such as edited event or cut tail."`
	Number int64  `json:"number" doc:"Of the event or checkpoint at fault."`
	Detail string `json:"detail"`
}

// verify reads in transactions of its own, so the gate is asked in one before. One verifies at a time: it is
// much reading, and neither those who make changes nor the streams wait for it.
func (d *Resources) verify(ctx context.Context, in *struct{ Body LedgerPart }) (*struct{ Body Verification }, error) {
	if err := d.Read(ctx, func(*db.Tx, *rest.Call) error { return nil }); err != nil {
		return nil, err
	}
	done, err := d.Streams.Long(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	part, err := ledger.VerifyPart(ctx, d.DB, rest.CallOf(ctx).Actor.Environment, in.Body.From, in.Body.To)
	out := Verification{Verified: err == nil, From: part.From, To: part.To, Checkpoints: part.Checkpoints, Erased: part.Erased, Findings: []LedgerFinding{}}
	if part.To < part.End {
		out.Next = part.To + 1
	}
	if flaw, found := errors.AsType[*ledger.Problem](err); found {
		out.Findings, err = append(out.Findings, LedgerFinding{string(flaw.Flaw), flaw.Number, flaw.Detail}), nil
	}
	return &struct{ Body Verification }{out}, err
}
