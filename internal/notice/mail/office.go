package mail

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice"
)

// Office makes mails of what the ledger says and hands them to a carrier.
type Office struct {
	DB      *db.DB
	Carrier Carrier
	// Node tells the nodes of one database apart.
	Node string
	Log  *slog.Logger
}

// State says how far a mail has come.
type State string

// The states of a mail.
const (
	Pending State = "pending"
	Sent    State = "sent" // the mail server took it; whether somebody reads it is not known here
	Dead    State = "dead" // given up; [Office.Retry] tries again
)

// Mail is a mail to one address and what became of it.
type Mail struct {
	LastEvent int64 // the number of the last event that it tells
	Address   string
	State     State
	Attempts  int
	QueuedAt  time.Time
	NextAt    time.Time
	Problem   string // of the last attempt, at most 200 characters in one line

	environment uuid.UUID
	after       int64
}

const (
	// settle is how long events are collected before the first is told.
	settle = 10 * time.Minute
	// Mails are made once a day or, when something expires within urgentDays, once an hour.
	daily, hourly = 24 * time.Hour, time.Hour
	urgentDays    = 1
	// batch is how many mails are sent in one go, passTime how long that goes on and patience how many may fail in a
	// row: then it is the mail server's fault, and the next pass is soon enough.
	batch    = 50
	passTime = 20 * time.Second
	patience = 3
	// readPages bounds how many pages of the ledger one pass reads for an environment.
	readPages = 20
	leaseTime = 3 * time.Minute
	keep      = 30 * 24 * time.Hour
	maxList   = 200
)

// MailDue reads the ledger of every environment that names addresses, makes the mails that are due and sends them. It
// returns within a minute or two; what is left is done by the next call. Mails that the carrier did not take stay, and
// are no error.
func (o *Office) MailDue(ctx context.Context) error {
	ctx = db.Chore(ctx)
	behind, due, err := o.look(ctx)
	if err != nil || len(behind) == 0 && len(due) == 0 {
		return err
	}
	if o.DB.Engine() == db.PostgreSQL {
		mine, err := o.DB.Lease(ctx, "notice/mail", o.Node, leaseTime)
		if err != nil || !mine {
			return err
		}
	}
	var problems []error
	for _, environment := range behind {
		if err := o.collect(ctx, environment); err != nil {
			problems = append(problems, err) // the next environment's notices do not wait for it
		}
	}
	// What was due before the lease may have been sent since.
	if _, due, err = o.look(ctx); err != nil {
		return errors.Join(append(problems, err)...)
	}
	return errors.Join(append(problems, o.send(ctx, due))...)
}

// look returns the environments whose ledger has gone on or that have something to tell, and the mails to be sent now.
func (o *Office) look(ctx context.Context) (behind []uuid.UUID, due []Mail, err error) {
	err = o.DB.Read(ctx, func(tx *db.Tx) error {
		behind = behind[:0]
		positions, err := db.All(tx, scanPosition, selectPosition)
		if err != nil {
			return err
		}
		if len(positions) > 0 {
			heads, err := ledger.Heads(tx)
			if err != nil {
				return err
			}
			for _, p := range positions {
				w, err := p.waiting(tx)
				if err != nil {
					return err
				}
				if p.read < heads[p.environment].Number || w.due(tx.Now(), &p) {
					behind = append(behind, p.environment)
				}
			}
		}
		due, err = db.All(tx, scanMail, selectDue, db.Micros(tx.Now()), batch)
		return err
	})
	return behind, due, err
}

// waiting is what has been collected and not told yet.
type waiting struct {
	items, horizon, last int64
	oldest               time.Time
}

func (p *position) waiting(tx *db.Tx) (w waiting, err error) {
	var oldest int64
	err = tx.Each(func(scan db.Scan) error { return scan(&w.items, &oldest, &w.horizon, &w.last) },
		selectWaiting, p.environment.String(), p.mailed)
	w.oldest = db.Time(oldest)
	return w, err
}

func (w *waiting) due(now time.Time, p *position) bool {
	pause := daily
	if w.horizon <= urgentDays {
		pause = hourly
	}
	return w.items > 0 && now.Sub(w.oldest) >= settle && now.Sub(db.Time(p.mailedAtMicros)) >= pause
}

// collect reads on in an environment's ledger, and makes mails when it is time to.
func (o *Office) collect(ctx context.Context, environment uuid.UUID) error {
	for range readPages {
		more := false
		err := o.DB.Write(ctx, func(tx *db.Tx) error {
			p, err := db.One(tx, scanPosition, selectOne+tx.ForUpdate(), environment.String())
			if fault.Is(err, fault.NotFound) {
				return nil // the last address was taken away
			}
			if err != nil {
				return err
			}
			if more, err = p.readOn(tx); err != nil {
				return err
			}
			if err := p.tell(tx); err != nil {
				return err
			}
			return p.update(tx)
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// readOn reads a page of the ledger, and says whether there is another.
func (p *position) readOn(tx *db.Tx) (more bool, err error) {
	events, err := ledger.Events(tx, p.environment, ledger.Filter{After: p.read})
	if err != nil || len(events) == 0 {
		return false, err
	}
	for i := range events {
		e := &events[i]
		if e.Kind != notice.ExpiringKind {
			continue
		}
		if _, err := tx.Exec(insertItem, p.environment.String(), e.Number, db.Micros(e.At), expiring(e).HorizonDays); err != nil {
			return false, err
		}
	}
	p.read = events[len(events)-1].Number
	return len(events) == ledger.MaxPage, nil
}

// tell makes a mail to every address when it is time to.
func (p *position) tell(tx *db.Tx) error {
	w, err := p.waiting(tx)
	if err != nil || !w.due(tx.Now(), p) {
		return err
	}
	to, err := addresses(tx, p.environment)
	if err != nil {
		return err
	}
	for _, address := range to {
		if _, err := tx.Exec(insertMail, p.environment.String(), p.mailed, w.last, address, db.Micros(tx.Now())); err != nil {
			return err
		}
	}
	p.mailed, p.mailedAtMicros = w.last, db.Micros(tx.Now())
	return nil
}

// expiring reads what an event tells; that of an erased one is empty.
func expiring(e *ledger.Record) (x notice.Expiring) {
	var payload struct{ After json.RawMessage }
	if !e.Erased() && json.Unmarshal([]byte(e.Payload), &payload) == nil {
		_ = json.Unmarshal(payload.After, &x) // what cannot be read is left empty: a mail with a gap beats none
	}
	return x
}

// send hands mails to the carrier, one after another.
func (o *Office) send(ctx context.Context, due []Mail) error {
	failed := 0
	for started := time.Now(); len(due) > 0 && failed < patience && time.Since(started) < passTime; due = due[1:] {
		taken, err := o.hand(ctx, &due[0])
		if err != nil {
			return err
		}
		if failed++; taken {
			failed = 0
		}
	}
	return nil
}

// hand makes one attempt with one mail and notes how it ended. When this server stops meanwhile that is not the mail's
// fault, and not an attempt.
func (o *Office) hand(ctx context.Context, m *Mail) (taken bool, err error) {
	var letter Message
	err = o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		letter, err = compose(tx, m)
		return err
	})
	if err != nil {
		return false, err
	}
	problem := o.Carrier.Carry(ctx, letter)
	if problem != nil && ctx.Err() != nil {
		return false, ctx.Err()
	}
	if problem != nil && o.Log != nil {
		o.Log.Warn("mail not taken; it is tried again", "environment", m.environment, "error", problem)
	}
	return problem == nil, o.note(ctx, m, problem)
}

// note stores how an attempt ended, also when ctx has ended meanwhile: the mail is on its way.
func (o *Office) note(ctx context.Context, m *Mail, problem error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return o.DB.Write(ctx, func(tx *db.Tx) error {
		state, next, why := Sent, time.Time{}, ""
		if problem != nil {
			var again bool
			// Only words meant for others are kept: administrators of an environment need not know where the mail server is.
			_, why = fault.Public(problem)
			state, why = Dead, notice.Clean(cmp.Or(why, "the mail could not be handed over"), 200)
			if next, again = notice.Next(tx.Now(), m.QueuedAt, m.Attempts+1); again {
				state = Pending
			}
		}
		_, err := tx.Exec(noteMail, m.environment.String(), m.LastEvent, m.Address, string(state), m.Attempts, db.Micros(next), why)
		return err
	})
}

// Mails returns the newest 200 mails of the actor's environment in that state, or in any if it is empty.
func Mails(tx *db.Tx, actor *access.Actor, state State) ([]Mail, error) {
	if err := access.Allow(tx, actor, access.ReadWebhooks); err != nil {
		return nil, err
	}
	if state != "" && state != Pending && state != Sent && state != Dead {
		return nil, fault.On("state", "the state of a mail is pending, sent or dead")
	}
	return db.All(tx, scanMail, selectMails, actor.Environment.String(), string(state), maxList)
}

// Retry puts the dead mails of the actor's environment back into the queue and returns how many there were.
func (o *Office) Retry(tx *db.Tx, actor *access.Actor) (int64, error) {
	if err := access.Allow(tx, actor, access.WriteWebhooks); err != nil {
		return 0, err
	}
	count, err := tx.Exec(retryMails, actor.Environment.String(), db.Micros(tx.Now()))
	if err == nil && count > 0 {
		ledger.Append(tx, actor.Who(), ledger.Event{
			Environment: actor.Environment, Kind: "notice.mails_retried",
			Subject: ledger.Subject{Kind: "environment", ID: actor.Environment.String()}, After: map[string]int64{"dead": count},
		})
	}
	return count, err
}

// Forget removes mails that were sent or given up 30 days ago, and what they told.
func (o *Office) Forget(ctx context.Context) error {
	return o.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(deleteMails, db.Micros(tx.Now().Add(-keep)))
		if err == nil {
			_, err = tx.Exec(deleteItems, db.Micros(tx.Now().Add(-keep)))
		}
		return err
	})
}

// Backlog is what has not been sent, over all environments.
type Backlog struct {
	Pending, Dead int64
	Oldest        time.Duration // age of the oldest pending mail; 0: there is none
}

// Backlog returns what metrics show.
func (o *Office) Backlog(ctx context.Context) (b Backlog, err error) {
	err = o.DB.Read(ctx, func(tx *db.Tx) error {
		var oldest, ignored int64
		count := func(state State, n, first *int64) error {
			return tx.Each(func(scan db.Scan) error { return scan(n, first) }, selectBacklog, string(state))
		}
		if err := count(Pending, &b.Pending, &oldest); err != nil {
			return err
		}
		if oldest > 0 {
			b.Oldest = max(0, tx.Now().Sub(db.Time(oldest)))
		}
		return count(Dead, &b.Dead, &ignored)
	})
	return b, err
}
