package webhook

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// State says how far a delivery has come.
type State string

// The states of a delivery.
const (
	Pending   State = "pending"
	Delivered State = "delivered"
	Dead      State = "dead" // given up; [Authority.Replay] tries again
)

// Delivery is a message to one endpoint and what became of it.
type Delivery struct {
	// Event numbers the event in the ledger. For a batch it is the first of Events, and LastEvent the last; events of
	// other kinds may lie between the two.
	Event, LastEvent, Events int64
	Kind                     string
	Subject                  ledger.Subject // of the first event
	State                    State
	Attempts                 int
	QueuedAt                 time.Time
	NextAt                   time.Time // when a pending one is tried next, unless it waits for another
	TriedAt                  time.Time // zero: never
	// Status is that of the last answer, 0 if there was none, and Answer its beginning or why there was none: at most
	// 200 characters in one line.
	Status int
	Answer string
}

const (
	// Delivered messages are listed for a week, dead ones for a quarter; the ledger has all of them for good.
	keepDelivered = 7 * 24 * time.Hour
	keepDead      = 90 * 24 * time.Hour
	maxDelivered  = 1_000
	maxDead       = 10_000

	// MaxDeliveries is the most that [Deliveries] returns at once: a page of 200, and one more to see whether another follows.
	MaxDeliveries = 201
)

// Filter chooses deliveries; its zero value chooses the newest.
type Filter struct {
	State  State // empty: any
	Before int64 // only events with a lower number; 0: no bound
	Limit  int   // not within 1 to [MaxDeliveries]: MaxDeliveries
}

// Deliveries returns deliveries of an endpoint, newest event first.
func Deliveries(tx *db.Tx, actor *access.Actor, endpoint uuid.UUID, f Filter) ([]Delivery, error) {
	if err := access.Allow(tx, actor, access.ReadWebhooks); err != nil {
		return nil, err
	}
	if f.State != "" && f.State != Pending && f.State != Delivered && f.State != Dead {
		return nil, fault.On("state", "the state of a delivery is pending, delivered or dead")
	}
	if _, err := get(tx, actor.Environment, endpoint, ""); err != nil {
		return nil, err
	}
	if f.Before < 1 {
		f.Before = math.MaxInt64
	}
	if f.Limit < 1 || f.Limit > MaxDeliveries {
		f.Limit = MaxDeliveries
	}
	return db.All(tx, scanDelivery, selectDeliveries, actor.Environment.String(), endpoint.String(), f.Before, string(f.State), f.Limit)
}

// Again says what to send again; exactly one of its members is set.
type Again struct {
	Event int64 // this event, whatever became of it and whatever its kind
	Since int64 // every event of the endpoint's kinds from this number on, delivered or not
	Dead  bool  // every dead delivery
}

// Replay puts messages back into the queue, with all attempts before them and under their former webhook-id, so that a
// receiver that has one already can tell. A disabled endpoint is [fault.Conflict].
func (y *Authority) Replay(tx *db.Tx, actor *access.Actor, endpoint uuid.UUID, again Again) error {
	if err := allowSending(tx, actor); err != nil {
		return err
	}
	e, err := current(tx, actor, endpoint, 0)
	if err != nil {
		return err
	}
	if !e.Enabled {
		return fault.New(fault.Conflict, "the webhook is disabled; enable it first")
	}
	where := []any{e.Environment.String(), e.ID.String()}
	after := map[string]any{}
	switch {
	case again.Event > 0 && again.Since == 0 && !again.Dead:
		after["event"] = again.Event
		err = e.replayOne(tx, again.Event)
	case again.Since > 0 && again.Event == 0 && !again.Dead:
		after["since"] = again.Since
		_, err = tx.Exec(moveEndpoint, append(where, min(e.Position, again.Since-1))...)
	case again.Dead && again.Event == 0 && again.Since == 0:
		after["dead"], err = tx.Exec(requeueDead, append(where, db.Micros(tx.Now()))...)
	default:
		return fault.New(fault.Invalid, "name one event, or the first event to begin with, or ask for the dead ones")
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec(pauseEndpoint, append(where, 0, 0)...); err != nil {
		return err
	}
	ledger.Append(tx, actor.Who(), ledger.Event{
		Environment: e.Environment, Kind: "webhook.replayed", Subject: ledger.Subject{Kind: "webhook", ID: e.ID.String()}, After: after,
	})
	return nil
}

// TestKind is the kind of the event that [Authority.Test] makes.
const TestKind = "webhook.test"

// Test tells an endpoint, and no other, that it was asked to, whatever kinds it hears of: a pause is over, and the event
// is among the first to be sent. A disabled endpoint is [fault.Conflict].
func (y *Authority) Test(tx *db.Tx, actor *access.Actor, endpoint uuid.UUID) error {
	if err := access.Allow(tx, actor, access.WriteWebhooks); err != nil {
		return err
	}
	e, err := current(tx, actor, endpoint, 0)
	if err != nil {
		return err
	}
	if !e.Enabled {
		return fault.New(fault.Conflict, "the webhook is disabled; enable it first")
	}
	if _, err := tx.Exec(pauseEndpoint, e.Environment.String(), e.ID.String(), 0, 0); err != nil {
		return err
	}
	record(tx, actor.Who(), TestKind, e, nil, nil)
	return nil
}

func (e *Endpoint) replayOne(tx *db.Tx, number int64) error {
	found, err := tx.Exec(requeueDelivery, e.Environment.String(), e.ID.String(), number, db.Micros(tx.Now()))
	if err != nil || found > 0 {
		return err
	}
	event, err := eventAt(tx, e.Environment, number)
	if err != nil {
		return err
	}
	return e.queue(tx, event.Kind, event.Subject, number, number, 1)
}

// eventAt returns the ledger's event of that number, or [fault.NotFound].
func eventAt(tx *db.Tx, environment uuid.UUID, number int64) (*ledger.Record, error) {
	found, err := ledger.Events(tx, environment, ledger.Filter{After: number - 1, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || found[0].Number != number {
		return nil, fault.New(fault.NotFound, "there is no ledger event %d", number)
	}
	return &found[0], nil
}

// Forget removes deliveries that nobody needs to see any more: delivered ones after a week, dead ones after 90 days,
// and of either the oldest when there are more than 1,000 or 10,000.
func (y *Authority) Forget(ctx context.Context) error {
	var open []target
	err := y.DB.Read(ctx, func(tx *db.Tx) (err error) {
		open, err = db.All(tx, func(scan db.Scan) (t target, err error) {
			return t, scan(&t.environment, &t.id)
		}, selectIDs)
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range open {
		err := y.DB.Write(ctx, func(tx *db.Tx) error {
			environment, id := t.environment.String(), t.id.String()
			_, err := tx.Exec(forgetDeliveries, environment, id, string(Delivered), db.Micros(tx.Now().Add(-keepDelivered)), maxDelivered)
			if err == nil {
				_, err = tx.Exec(forgetDeliveries, environment, id, string(Dead), db.Micros(tx.Now().Add(-keepDead)), maxDead)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Backlog is what has not arrived, over all environments.
type Backlog struct {
	Pending, Dead int64
	Oldest        time.Duration // age of the oldest pending message; 0: there is none
	// Behind is how many ledger events the endpoint that has fallen back farthest has yet to look at.
	Behind int64
}

// Backlog returns what metrics show.
func (y *Authority) Backlog(ctx context.Context) (Backlog, error) {
	var b Backlog
	err := y.DB.Read(ctx, func(tx *db.Tx) error {
		var oldest, ignored int64
		if err := tx.Each(func(scan db.Scan) error { return scan(&b.Pending, &oldest) }, selectPending); err != nil {
			return err
		}
		if oldest > 0 {
			b.Oldest = max(0, tx.Now().Sub(db.Time(oldest)))
		}
		if err := tx.Each(func(scan db.Scan) error { return scan(&b.Dead, &ignored) }, selectDead); err != nil {
			return err
		}
		targets, err := open(tx)
		for _, t := range targets {
			b.Behind = max(b.Behind, t.head-t.position)
		}
		return err
	})
	return b, err
}
