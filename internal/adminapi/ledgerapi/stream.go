package ledgerapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/caller"
	"github.com/counterfoil/counterfoil/internal/web/stream"
)

const streamWords = "An event stream (WHATWG HTML §9.2): first an event of type start, whose data is {\"after\": number}, then each " +
	"event of the ledger as one of type ledger, whose id is its number and whose data is what list-ledger-events shows. A comment " +
	"comes after 15 s of silence. When the caller may no longer listen, the node leaves or the ledger was set back, an event of type " +
	"end says so with {\"code\", \"detail\"}, and the stream is over; open it again with the header Last-Event-ID, or with after, to miss nothing."

// batch is how many events are read and sent at a time: the most that a slow reader makes this node keep.
const batch = 200

// start is the data of a stream's first event.
type start struct {
	After int64 `json:"after"`
}

// ending is the data of a stream's last event.
type ending struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// StreamQuery says from where on to stream what.
type StreamQuery struct {
	After  int64  `query:"after" minimum:"-1" default:"-1" doc:"Begin after the event with this number; -1: with what happens from now on."`
	LastID string `header:"Last-Event-ID" maxLength:"19" pattern:"^[0-9]*$" doc:"Where a stream broke off that is opened again; it counts more than after."`
	EventChoice
}

// tail is one stream.
type tail struct {
	*Resources
	ctx    context.Context //nolint:containedctx // of the one request that the tail lives for
	at     ledger.Position
	filter ledger.Filter
	out    *stream.Writer
}

func (d *Resources) stream(ctx context.Context, in *StreamQuery) (*huma.StreamResponse, error) {
	t := &tail{Resources: d, ctx: ctx, filter: in.filter()}
	t.filter.Limit = batch
	after := in.After
	if in.LastID != "" {
		var err error
		if after, err = strconv.ParseInt(in.LastID, 10, 64); err != nil {
			return nil, fault.On("header.Last-Event-ID", "not the number of an event")
		}
	}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) (err error) {
		if after < 0 {
			t.at, err = ledger.End(tx, c.Actor.Environment)
			return err
		}
		t.at, err = ledger.At(tx, c.Actor.Environment, after)
		return err
	})
	if err != nil {
		return nil, err
	}
	release, err := d.Streams.Open(rest.CallOf(ctx).Actor.Environment, bucket(ctx))
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(h huma.Context) {
		defer release()
		_, w := humago.Unwrap(h)
		if h.Method() == http.MethodHead {
			stream.Headers(w.Header(), "text/event-stream")
			return
		}
		t.run(w)
	}}, nil
}

// bucket is whose streams are counted together.
func bucket(ctx context.Context) uuid.UUID {
	actor := &rest.CallOf(ctx).Actor
	if actor.Person != nil {
		return actor.Person.User
	}
	return actor.Credential
}

func (t *tail) run(w http.ResponseWriter) {
	t.out = stream.Begin(w)
	t.add(strconv.FormatInt(t.at.Number, 10), "start", start{t.at.Number})
	err := t.Streams.Follow(t.ctx, t.out, t.Register.News, t.next)
	if t.ctx.Err() != nil {
		return // nobody is there to hear why
	}
	t.add("", "end", endingOf(t.ctx, w, err))
	_ = t.out.Flush() // who does not hear why hears that it is over
}

// endingOf says why an answer that goes on is over.
func endingOf(ctx context.Context, w http.ResponseWriter, err error) ending {
	switch kind := fault.Of(err); {
	case errors.Is(err, ledger.ErrRewritten):
		return ending{"rewritten", "the ledger was set back: read it again from the start"}
	case kind == fault.Unauthenticated && rest.CallOf(ctx).Actor.Person != nil:
		return ending{caller.CodeOver, err.Error()}
	case kind == fault.Internal:
		web.Of(w).Fail(err)
		return ending{Code: kind.String(), Detail: "the stream broke off; open it again"}
	default:
		_, detail := fault.Public(err)
		return ending{kind.String(), detail}
	}
}

// next adds what happened since the last time. The gate is asked in the same transaction, so that nothing is sent which the
// caller could not have listed at that moment; a session is not kept alive by it.
func (t *tail) next(ctx context.Context) (more bool, err error) {
	done, err := t.Streams.Turn(ctx)
	if err != nil {
		return false, err
	}
	var rows []ledger.Record
	to := t.at
	err = t.Read(ctx, func(tx *db.Tx, c *rest.Call) (err error) {
		rows, to, more, err = ledger.Follow(tx, c.Actor.Environment, t.at, t.filter)
		return err
	})
	done()
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		t.add(strconv.FormatInt(r.Number, 10), "ledger", showEvent(r))
	}
	t.at = to
	return more, nil
}

func (t *tail) add(id, kind string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		panic("ledgerapi: numbers and texts can be written: " + err.Error())
	}
	t.out.Event(id, kind, text)
}
