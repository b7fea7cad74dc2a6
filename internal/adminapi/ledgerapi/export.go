package ledgerapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/stream"
)

const exportWords = "One JSON text per line (NDJSON): each event as list-ledger-events shows it, the oldest first, up to the end that the " +
	"ledger had when the export began. The last line is {\"end\": {\"environment\", \"count\", \"head\": {\"number\", \"hash\"}}}, with how " +
	"many events came before it and what was the end of the ledger; an export without it was cut off. One that the server breaks off ends " +
	"with {\"broken\": {\"code\", \"detail\"}}, and after says where to go on. The ledger notes every export, as an event of kind " +
	ExportedKind + "."

// ExportedKind is the kind of the event that says who took which part of the ledger with them.
const ExportedKind = "ledger.exported"

// ndjson is the type of an export: there is no registered one, and this one is what programs know.
const ndjson = "application/x-ndjson"

// ExportQuery chooses what is exported.
type ExportQuery struct {
	After int64 `query:"after" minimum:"0" doc:"Only events with a higher number."`
	EventChoice
	EventTimes
}

// exported is what the ledger says of an export: what was chosen, and up to which event.
type exported struct {
	After   int64     `json:"after,omitempty"`
	Kind    string    `json:"kind,omitempty"`
	Actor   string    `json:"actor,omitempty"`
	Subject string    `json:"subject,omitempty"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
	Head    int64     `json:"head"`
}

// whole is the last line of an export that is whole.
type whole struct {
	End exportEnd `json:"end"`
}

type exportEnd struct {
	Environment string `json:"environment"`
	Count       int64  `json:"count"`
	Head        place  `json:"head"`
}

type place struct {
	Number int64  `json:"number"`
	Hash   string `json:"hash"`
}

// broken is the last line of an export that is not.
type broken struct {
	Broken ending `json:"broken"`
}

// export is one file that is being sent.
type export struct {
	*Resources
	ctx    context.Context //nolint:containedctx // of the one request that the export lives for
	filter ledger.Filter
	head   ledger.Position // the end of the ledger when it began
	count  int64
	out    *stream.Writer
}

// export notes in the ledger that somebody takes it with them, before they have a byte of it: whoever breaks off has read what they
// have read. What is noted comes after the end that is exported, so that an export never waits for itself.
func (d *Resources) export(ctx context.Context, in *ExportQuery) (*huma.StreamResponse, error) {
	x := &export{Resources: d, ctx: ctx, filter: in.filter()}
	x.filter.After, x.filter.From, x.filter.To, x.filter.Limit = in.After, in.From, in.To, batch
	release, err := d.Streams.Open(rest.CallOf(ctx).Actor.Environment, bucket(ctx))
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(h huma.Context) {
		defer release()
		_, w := humago.Unwrap(h)
		if h.Method() != http.MethodHead { // which asks what GET would say (RFC 9110 §9.3.2), and takes nothing
			if err := x.note(in); err != nil {
				web.WriteProblem(w, err)
				return
			}
		}
		stream.Headers(w.Header(), ndjson)
		w.Header().Set("Content-Disposition", `attachment; filename="ledger.ndjson"`)
		if h.Method() != http.MethodHead {
			x.send(w)
		}
	}}, nil
}

func (x *export) note(in *ExportQuery) error {
	_, err := x.Write(x.ctx, func(tx *db.Tx, c *rest.Call) (err error) {
		environment := c.Actor.Environment
		if x.head, err = ledger.End(tx, environment); err != nil {
			return err
		}
		what := exported{in.After, in.Kind, in.Actor, in.Subject, in.From, in.To, x.head.Number}
		ledger.Append(tx, c.Actor.Who(), ledger.Event{
			Environment: environment, Kind: ExportedKind, Subject: ledger.Subject{Kind: "environment", ID: environment.String()}, After: what,
		})
		return nil
	})
	x.filter.Before = x.head.Number + 1
	return err
}

func (x *export) send(w http.ResponseWriter) {
	x.out = stream.Unbounded(w)
	for more := true; more; {
		var err error
		if more, err = x.page(); err != nil {
			x.breakOff(w, err)
			return
		}
		if x.out.Flush() != nil {
			return // nobody is there to hear why
		}
	}
}

// page adds the next events, and the last line after the last of them. As in [tail.next] the gate is asked with every page. The
// transaction is over before anything is sent: who reads slowly holds up no database.
func (x *export) page() (more bool, err error) {
	if err := x.Streams.Leaving(); err != nil {
		return false, err
	}
	done, err := x.Streams.Turn(x.ctx)
	if err != nil {
		return false, err
	}
	environment := rest.CallOf(x.ctx).Actor.Environment
	var rows []ledger.Record
	err = x.Read(x.ctx, func(tx *db.Tx, _ *rest.Call) error {
		at, err := ledger.At(tx, environment, x.head.Number)
		if fault.Is(err, fault.Conflict) || err == nil && at != x.head {
			return ledger.ErrRewritten
		}
		if err == nil {
			rows, err = ledger.Events(tx, environment, x.filter)
		}
		return err
	})
	done()
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		x.line(showEvent(r))
		x.filter.After = r.Number
	}
	x.count += int64(len(rows))
	if len(rows) == batch {
		return true, nil
	}
	x.line(whole{exportEnd{environment.String(), x.count, place{x.head.Number, x.head.Hash.String()}}})
	return false, nil
}

// breakOff says in the last line why there is no more.
func (x *export) breakOff(w http.ResponseWriter, err error) {
	if x.ctx.Err() != nil {
		return
	}
	x.line(broken{endingOf(x.ctx, w, err)})
	_ = x.out.Flush() // who does not hear why sees that the end is missing
}

func (x *export) line(data any) {
	text, err := json.Marshal(data)
	if err != nil {
		panic("ledgerapi: numbers and texts can be written: " + err.Error())
	}
	x.out.Line(text)
}
