package ledgerapi

import (
	"context"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Event is a [ledger.Record] on the wire, with all that it takes to verify its place in the chain.
type Event struct {
	Number   int64     `json:"number" doc:"From 1, without gaps."`
	At       time.Time `json:"at" doc:"Whole microseconds."`
	Kind     string    `json:"kind"`
	Actor    Party     `json:"actor"`
	Subject  Party     `json:"subject"`
	Register bool      `json:"register" doc:"Whether the token path must know of the event."`
	Payload  string    `json:"payload,omitempty" doc:"JSON, as the text that was digested; absent once erased."`
	Salt     []byte    `json:"salt,omitempty" doc:"Digested with the payload; absent once erased."`
	Digest   string    `json:"digest" doc:"Of salt and payload, hexadecimal."`
	Hash     string    `json:"hash" doc:"Of the event and the hash before it, hexadecimal."`
}

// Party is who did something, or what it was done to.
type Party struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// Checkpoint is a [ledger.Checkpoint] on the wire.
type Checkpoint struct {
	Environment string    `json:"environment" format:"uuid"`
	Number      int64     `json:"number"`
	Hash        string    `json:"hash" doc:"Hexadecimal."`
	At          time.Time `json:"at"`
	Signature   []byte    `json:"signature" doc:"Ed25519."`
}

// Head is a [ledger.Head] on the wire.
type Head struct {
	Environment string `json:"environment" format:"uuid"`
	Number      int64  `json:"number"`
	Hash        string `json:"hash" doc:"Hexadecimal."`
	PublicKey   []byte `json:"public_key" doc:"Ed25519; verifies checkpoints."`
}

// LedgerQuery are the parameters of the ledger's lists, whose pages may be longer than others.
type LedgerQuery struct {
	After  int64  `query:"after" minimum:"0" doc:"Only what has a higher number."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"The most items to return."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"The member next of the page before."`
}

// EventChoice are the parameters that choose events by what they are.
type EventChoice struct {
	Kind    string `query:"kind" pattern:"^[a-z._-]{1,64}$" doc:"Only events of this kind; with a dot at its end, of all kinds that begin so."`
	Actor   string `query:"actor" maxLength:"200" doc:"Only what the application or user with this id did."`
	Subject string `query:"subject" maxLength:"200" doc:"Only events about the thing with this id."`
}

func (c *EventChoice) filter() ledger.Filter {
	return ledger.Filter{Kind: c.Kind, Actor: c.Actor, Subject: c.Subject}
}

// EventTimes are the parameters that choose events by when they happened.
type EventTimes struct {
	From time.Time `query:"from" doc:"Only what happened then or later."`
	To   time.Time `query:"to" doc:"Only what happened before."`
}

func (d *Resources) listEvents(ctx context.Context, in *struct {
	LedgerQuery
	EventChoice
	EventTimes
	Order string `query:"order" enum:"asc,desc" default:"asc" doc:"desc: the newest first."`
}) (*rest.Listed[Event], error) {
	out := &rest.Listed[Event]{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		filter := in.filter()
		filter.After, filter.Descending, filter.Limit = in.After, in.Order == "desc", in.Limit+1
		filter.From, filter.To = in.From, in.To
		list := strings.Join([]string{
			"ledger events", c.Actor.Environment.String(), in.Order, in.Subject, in.Kind, in.Actor, in.From.UTC().String(), in.To.UTC().String(),
		}, " ")
		reached := &filter.After
		if filter.Descending {
			reached = &filter.Before
		}
		if in.Cursor != "" {
			if err := d.Cursors.Read(in.Cursor, list, reached); err != nil {
				return err
			}
		}
		rows, err := ledger.Events(tx, c.Actor.Environment, filter)
		out.Body = web.Cut(rows, in.Limit, showEvent, func(r ledger.Record) string { return d.Cursors.Make(list, r.Number) })
		return err
	})
	return out, err
}

func (d *Resources) listCheckpoints(ctx context.Context, in *struct{ LedgerQuery }) (*rest.Listed[Checkpoint], error) {
	out := &rest.Listed[Checkpoint]{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		list, after := "ledger checkpoints "+c.Actor.Environment.String(), in.After
		if in.Cursor != "" {
			if err := d.Cursors.Read(in.Cursor, list, &after); err != nil {
				return err
			}
		}
		rows, err := ledger.Checkpoints(tx, c.Actor.Environment, after, in.Limit+1)
		out.Body = web.Cut(rows, in.Limit, showCheckpoint, func(p ledger.Checkpoint) string { return d.Cursors.Make(list, p.Number) })
		return err
	})
	return out, err
}

// signLedger needs keys:write, not ledger:read: it uses a key, and what it makes stays. The room signs in a
// transaction of its own, so the gate is asked in one before.
func (d *Resources) signLedger(ctx context.Context, _ *struct{}) (*struct{ Body Checkpoint }, error) {
	if err := d.Read(ctx, func(*db.Tx, *rest.Call) error { return nil }); err != nil {
		return nil, err
	}
	signed, err := ledger.Sign(ctx, d.DB, d.Vault, rest.CallOf(ctx).Actor.Environment)
	return &struct{ Body Checkpoint }{showCheckpoint(signed)}, err
}

func (d *Resources) getHead(ctx context.Context, _ *struct{}) (*struct{ Body Head }, error) {
	out := &struct{ Body Head }{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		head, err := ledger.Last(tx, c.Actor.Environment)
		out.Body = Head{c.Actor.Environment.String(), head.Number, head.Hash.String(), head.Public}
		return err
	})
	return out, err
}

func showEvent(r ledger.Record) Event {
	return Event{
		Number: r.Number, At: r.At, Kind: r.Kind, Actor: Party{r.Actor.Kind, r.Actor.ID},
		Subject: Party{r.Subject.Kind, r.Subject.ID}, Register: r.Register, Payload: r.Payload, Salt: r.Salt,
		Digest: r.Digest.String(), Hash: r.Hash.String(),
	}
}

func showCheckpoint(p ledger.Checkpoint) Checkpoint {
	return Checkpoint{p.Environment.String(), p.Number, p.Hash.String(), p.At, p.Signature}
}
