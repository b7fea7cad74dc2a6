package webhook

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice"
)

// parcel is what is sent to one endpoint at once. Its messages are about different subjects.
type parcel struct {
	*Endpoint
	keys     [][]byte
	messages []message
	leased   time.Time
}

// turn serves one endpoint until nothing is due, it fails too often or its time is over.
func (y *Authority) turn(ctx context.Context, t target) error {
	for started := time.Now(); ctx.Err() == nil && time.Since(started) < turnTime; {
		p, err := y.prepare(ctx, t)
		if err != nil || p == nil || len(p.messages) == 0 {
			return err
		}
		goOn, err := y.send(ctx, p)
		if err != nil || !goOn {
			return err
		}
	}
	return nil
}

// prepare takes the lease of an endpoint and returns what is due; nil when there is nothing to do, or another node does
// it.
func (y *Authority) prepare(ctx context.Context, t target) (*parcel, error) {
	p, behind, err := y.look(ctx, t)
	if err != nil || p == nil || len(p.messages) == 0 && !behind {
		return nil, err
	}
	leased := time.Now()
	mine, err := y.lease(ctx, t.id)
	if err != nil || !mine {
		return nil, err
	}
	if behind {
		if err := y.write(ctx, func(tx *db.Tx) error { return enqueue(tx, t.environment, t.id) }); err != nil {
			return nil, err
		}
	}
	// What was due before the lease may have been sent since by the node that had it.
	if p, _, err = y.look(ctx, t); p != nil {
		p.leased = leased
	}
	return p, err
}

func leaseOf(id uuid.UUID) string { return "webhook/" + id.String() }

func (y *Authority) lease(ctx context.Context, id uuid.UUID) (mine bool, err error) {
	if y.DB.Engine() != db.PostgreSQL {
		return true, nil
	}
	err = y.bounded(ctx, func(ctx context.Context) error {
		mine, err = y.DB.Lease(ctx, leaseOf(id), y.Node, leaseTime)
		return err
	})
	return mine, err
}

// look reads what is due, and whether there are events that the endpoint has no deliveries of yet. A deleted, disabled
// or paused endpoint is nil.
func (y *Authority) look(ctx context.Context, t target) (p *parcel, behind bool, err error) {
	err = y.read(ctx, func(tx *db.Tx) error {
		p = nil
		e, err := get(tx, t.environment, t.id, "")
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil || !e.Enabled || tx.Now().Before(e.PausedUntil) {
			return err
		}
		p = &parcel{Endpoint: e}
		if behind, err = lags(tx, e); err != nil {
			return err
		}
		limit := page
		if e.Failures >= tolerated {
			limit = 1
		}
		due, err := db.All(tx, scanDelivery, selectDue, e.Environment.String(), e.ID.String(), db.Micros(tx.Now()), limit)
		if err != nil {
			return err
		}
		for _, d := range due {
			m, err := compose(tx, e, d)
			if err != nil {
				return err
			}
			p.messages = append(p.messages, m)
		}
		p.keys, err = y.keys(tx, e)
		return err
	})
	return p, behind, err
}

func lags(tx *db.Tx, e *Endpoint) (bool, error) {
	head, err := ledger.Last(tx, e.Environment)
	if err != nil || head.Number <= e.Position {
		return false, err
	}
	pending, err := db.Value[int64](tx, countPending, e.Environment.String(), e.ID.String())
	return pending < maxPending, err
}

// send sends the messages of a parcel and says whether to go on with the endpoint.
func (y *Authority) send(ctx context.Context, p *parcel) (bool, error) {
	queue := make(chan message, len(p.messages))
	for _, m := range p.messages {
		queue <- m
	}
	close(queue)
	var under sync.WaitGroup
	var stop atomic.Bool
	problems := make([]error, min(workers, len(p.messages)))
	for i := range problems {
		under.Go(func() {
			for m := range queue {
				if stop.Load() || ctx.Err() != nil || time.Since(p.leased) > turnTime {
					return
				}
				goOn, err := y.deliver(ctx, p, m)
				if err != nil || !goOn {
					problems[i] = err
					stop.Store(true)
				}
			}
		})
	}
	under.Wait()
	return !stop.Load(), errors.Join(problems...)
}

// outcome is how one attempt ended.
type outcome struct {
	status int
	answer string
	lost   bool // there is nothing to send
}

func (o outcome) ok() bool { return o.status >= 200 && o.status <= 299 }

// maxAnswer is how many characters of an answer are kept: enough for an error message, not for a page.
const maxAnswer = 200

// deliver makes one attempt and notes how it ended.
func (y *Authority) deliver(ctx context.Context, p *parcel, m message) (goOn bool, err error) {
	if m.body == nil {
		return y.note(ctx, p, m, outcome{lost: true, answer: "the ledger does not hold this event any more"})
	}
	now := y.DB.Now()
	header := map[string]string{
		"Content-Type": "application/json", "webhook-id": m.id, "webhook-timestamp": strconv.FormatInt(now.Unix(), 10),
		"webhook-signature": sign(p.keys, m.id, now, m.body),
	}
	call, cancel := lasting(ctx)
	defer cancel()
	status, excerpt, err := y.Sender.Post(call, p.URL, header, m.body)
	if err == nil {
		return y.note(ctx, p, m, outcome{status: status, answer: notice.Clean(string(excerpt), maxAnswer)})
	}
	if ctx.Err() != nil {
		return false, nil // this server is stopping; that is not the receiver's fault
	}
	// Only words meant for others are kept: what the network said would tell of hosts inside it.
	_, why := fault.Public(err)
	switch {
	case errors.Is(call.Err(), context.DeadlineExceeded):
		why = "no answer within 10 seconds"
	case why == "":
		why = "the connection failed"
	}
	return y.note(ctx, p, m, outcome{answer: notice.Clean(why, maxAnswer)})
}

// lasting returns a context for one attempt. It outlives a server that stops by a moment, because a message that has
// arrived when nobody waits for the answer any more would be sent again.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(stopTime, cancel) })
	return call, func() { stop(); cancel() }
}

// note stores the end of an attempt, also when ctx has ended meanwhile: the receiver has it.
func (y *Authority) note(ctx context.Context, p *parcel, m message, o outcome) (goOn bool, err error) {
	err = y.write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		e, err := get(tx, p.Environment, p.ID, tx.ForUpdate())
		if fault.Is(err, fault.NotFound) {
			goOn = false
			return nil
		}
		if err != nil {
			return err
		}
		state, next := Delivered, time.Time{}
		if !o.ok() {
			var again bool
			state = Dead
			if next, again = notice.Next(tx.Now(), m.QueuedAt, m.Attempts+1); again && !o.lost {
				state = Pending
			}
		}
		noted, err := tx.Exec(noteDelivery, p.Environment.String(), p.ID.String(), m.Event, string(state), m.Attempts,
			db.Micros(next), db.Micros(tx.Now()), o.status, o.answer)
		if err != nil || noted == 0 {
			goOn = err == nil
			return err
		}
		goOn, err = e.judge(tx, o)
		return err
	})
	return goOn, err
}

// judge draws the conclusions of an attempt for the endpoint as a whole.
func (e *Endpoint) judge(tx *db.Tx, o outcome) (goOn bool, err error) {
	switch {
	case o.lost:
		return true, nil
	case o.ok() && e.Failures == 0:
		return true, nil
	case o.ok():
		_, err := tx.Exec(pauseEndpoint, e.Environment.String(), e.ID.String(), 0, 0)
		return true, err
	case o.status == 410 && e.Enabled:
		before := e.facts()
		e.Enabled, e.Reason, e.Failures, e.PausedUntil = false, "the receiver answered 410 Gone", 0, time.Time{}
		record(tx, ledger.System, "webhook.disabled", e, before, e.facts())
		return false, e.update(tx)
	}
	e.Failures++
	pause := time.Time{}
	if e.Failures >= tolerated {
		pause = tx.Now().Add(min(minPause<<min(e.Failures-tolerated, 10), maxPause))
	}
	_, err = tx.Exec(pauseEndpoint, e.Environment.String(), e.ID.String(), e.Failures, db.Micros(pause))
	return e.Failures < tolerated, err
}
