package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

const (
	// BatchOver is how many events of one kind one request may cause before they share a message.
	BatchOver = 100
	// window is how many events are read at once.
	window = 1000
	// maxPending bounds the rows of an endpoint that does not answer: beyond it events wait in the ledger.
	maxPending = 2000
)

// enqueue makes deliveries of what the ledger says after the endpoint's position, and moves that.
func enqueue(tx *db.Tx, environment, id uuid.UUID) error {
	e, err := get(tx, environment, id, tx.ForUpdate())
	if err != nil || !e.Enabled {
		return err
	}
	pending, err := db.Value[int64](tx, countPending, environment.String(), id.String())
	if err != nil || pending >= maxPending {
		return err
	}
	events, err := ledger.Events(tx, environment, ledger.Filter{After: e.Position, Limit: window})
	if err != nil || len(events) == 0 {
		return err
	}
	wanted := make([]*ledger.Record, 0, len(events))
	for i := range events {
		if e.hears(&events[i]) {
			wanted = append(wanted, &events[i])
		}
	}
	for _, group := range grouped(wanted) {
		first, last := group[0], group[len(group)-1]
		if err := e.queue(tx, first.Kind, first.Subject, first.Number, last.Number, int64(len(group))); err != nil {
			return err
		}
	}
	_, err = tx.Exec(moveEndpoint, environment.String(), id.String(), events[len(events)-1].Number)
	return err
}

// grouped puts events together that share a message, in the order of each one's first event.
func grouped(events []*ledger.Record) [][]*ledger.Record {
	type cause struct{ kind, request string }
	kinds, causes := map[string]int{}, map[cause]int{}
	for _, e := range events {
		kinds[e.Kind]++
	}
	of := make([]cause, len(events))
	for i, e := range events {
		if kinds[e.Kind] > BatchOver { // else it cannot be a batch, and the payload need not be read
			of[i] = cause{e.Kind, said(e).Actor.Request}
			causes[of[i]]++
		}
	}
	var groups [][]*ledger.Record
	batches := map[cause]int{}
	for i, e := range events {
		if of[i].request == "" || causes[of[i]] <= BatchOver {
			groups = append(groups, []*ledger.Record{e})
			continue
		}
		at, known := batches[of[i]]
		if !known {
			at = len(groups)
			batches[of[i]] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], e)
	}
	return groups
}

// payload is what an event's payload may hold.
type payload struct {
	Actor struct {
		Credential string `json:"credential"`
		Request    string `json:"request"`
	} `json:"actor"`
	Before, After json.RawMessage
}

// said reads an event's payload; that of an erased one is empty.
func said(e *ledger.Record) (p payload) {
	if !e.Erased() {
		_ = json.Unmarshal([]byte(e.Payload), &p) // the ledger wrote it
	}
	return p
}

// content is the body of a message.
type content struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

// data leaves out the address that the actor came from: the ledger keeps it for those who may read the ledger, and a
// webhook leaves the house.
type data struct {
	Event       int64           `json:"event"`
	Batch       *batch          `json:"batch,omitempty"`
	Environment uuid.UUID       `json:"environment"`
	Subject     *ledger.Subject `json:"subject,omitempty"`
	Actor       actor           `json:"actor"`
	Before      json.RawMessage `json:"before,omitempty"`
	After       json.RawMessage `json:"after,omitempty"`
	Erased      bool            `json:"erased,omitempty"`
}

// batch takes the place of what single events would say.
type batch struct {
	LastEvent int64 `json:"last_event"`
	Events    int64 `json:"events"`
}

type actor struct {
	ledger.Actor
	Credential string `json:"credential,omitempty"`
	Request    string `json:"request,omitempty"`
}

// message is a delivery as it is sent.
type message struct {
	Delivery
	id   string
	body []byte // nil: the ledger does not have the event any more
}

// compose makes the message of a delivery from the ledger, which is the only place that keeps the text.
func compose(tx *db.Tx, e *Endpoint, d Delivery) (message, error) {
	event, err := eventAt(tx, e.Environment, d.Event)
	if fault.Is(err, fault.NotFound) {
		return message{Delivery: d}, nil
	}
	if err != nil {
		return message{}, err
	}
	p := said(event)
	c := content{Type: event.Kind, Timestamp: event.At, Data: data{
		Event: event.Number, Environment: e.Environment, Actor: actor{event.Actor, p.Actor.Credential, p.Actor.Request},
	}}
	if d.Events > 1 {
		c.Data.Batch = &batch{LastEvent: d.LastEvent, Events: d.Events}
	} else {
		c.Data.Subject, c.Data.Before, c.Data.After, c.Data.Erased = &event.Subject, p.Before, p.After, event.Erased()
	}
	body, err := json.Marshal(c)
	return message{Delivery: d, id: messageID(e.ID, event.Hash), body: body}, err
}

// messageID is the same for every attempt to tell an endpoint of an event. It hangs on the event's hash and not on its
// number, which after a restore belongs to another event that the receiver must not take for a repetition.
func messageID(endpoint uuid.UUID, event ledger.Hash) string {
	h := sha256.New()
	h.Write([]byte("counterfoil webhook 1"))
	h.Write(endpoint[:])
	h.Write(event[:])
	return "msg_" + hex.EncodeToString(h.Sum(nil)[:16])
}

// target is an endpoint that may have something to be sent.
type target struct {
	environment, id uuid.UUID
	position, head  int64
	due             int64 // microseconds; 0: nothing is pending
	paused          int64
}

// open returns every enabled endpoint.
func open(tx *db.Tx) ([]target, error) {
	targets, err := db.All(tx, func(scan db.Scan) (t target, err error) {
		return t, scan(&t.environment, &t.id, &t.position, &t.paused, &t.due)
	}, selectOpen)
	if err != nil || len(targets) == 0 {
		return nil, err
	}
	heads, err := ledger.Heads(tx)
	for i := range targets {
		targets[i].head = heads[targets[i].environment].Number
	}
	return targets, err
}

// waiting returns the endpoints that something may be sent to now.
func (y *Authority) waiting(ctx context.Context) (now []target, err error) {
	err = y.DB.Read(ctx, func(tx *db.Tx) error {
		targets, err := open(tx)
		micros := db.Micros(tx.Now())
		now = now[:0]
		for _, t := range targets {
			if t.paused <= micros && (t.position < t.head || t.due != 0 && t.due <= micros) {
				now = append(now, t)
			}
		}
		return err
	})
	return now, err
}
