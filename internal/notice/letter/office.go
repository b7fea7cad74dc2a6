package letter

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/notice"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Office sends letters.
type Office struct {
	DB    *db.DB
	Vault *seal.Vault
	// Carrier takes them; without one they are given up, since nobody would ever send them.
	Carrier mail.Carrier
	Log     *slog.Logger

	passing sync.Mutex // one pass at a time, so that what it took is counted as busy before the next one looks
	mu      sync.Mutex
	busy    [lanes]int
	free    chan struct{} // says that a hand is free; made by whoever needs it first
	idle    *sync.Cond    // says that no hand is busy; the same
}

// lane is the queue that a letter stands in. Each has hands of its own, so that letters which hang, be it because the mail
// server does or because of their recipient, leave some for the others.
type lane int

const (
	laneUrgent lane = iota // somebody sits and waits for it
	laneNew
	laneAgain // it failed before
	lanes
)

// hands is how many letters of a lane are on their way at the same time, on each node: connections to the mail server.
var hands = [lanes]int{4, 3, 3}

const (
	// pause is how long nobody looks at the queue when there was nothing in it.
	pause = time.Second
	// attempt bounds one, whatever the carrier. claim is for how long a letter is a node's own: then another takes it up.
	attempt = 40 * time.Second
	claim   = time.Minute
	// lastChance are what a reader needs at least.
	lastChance = 2 * time.Minute
	keep       = 30 * 24 * time.Hour
)

// waits are the times between attempts. The last one is repeated until the letter has expired.
var waits = [...]time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
}

// next returns when a letter is tried again that has failed so often, and false when that is too late for it. Waits vary by
// a fifth either way, so that what failed together does not come back together. The last attempt is made while the reader
// still has time to use what the letter carries.
func next(now, expires time.Time, failed int) (time.Time, bool) {
	wait := waits[min(max(failed, 1), len(waits))-1]
	at := now.Add(wait - wait/5 + rand.N(2*wait/5))
	if last := expires.Add(-lastChance); at.After(last) && now.Before(last.Add(-lastChance)) {
		at = last
	}
	return at, at.Before(expires)
}

// Run sends letters until ctx ends, and returns when no attempt is under way any more.
func (o *Office) Run(ctx context.Context) {
	ctx = db.Chore(ctx)
	defer o.rest()
	for ctx.Err() == nil {
		if _, err := o.pass(ctx); err != nil && ctx.Err() == nil && o.Log != nil {
			o.Log.Warn("letters wait; they are looked at again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-o.freed():
		case <-time.After(pause):
		}
	}
}

// SendDue makes one attempt with every letter that is due, and returns when all attempts of this node have ended, also those
// of [Office.Run].
func (o *Office) SendDue(ctx context.Context) error {
	ctx = db.Chore(ctx)
	for {
		taken, err := o.pass(ctx)
		o.rest()
		if err != nil || taken == 0 {
			return err
		}
	}
}

// rest returns when no attempt is under way.
func (o *Office) rest() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ready()
	for o.busy != [lanes]int{} {
		o.idle.Wait()
	}
}

// ready makes what the zero value lacks. The caller holds mu.
func (o *Office) ready() {
	if o.free == nil {
		o.free, o.idle = make(chan struct{}, 1), sync.NewCond(&o.mu)
	}
}

func (o *Office) freed() chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ready()
	return o.free
}

// pass hands out as many letters as there are free hands, and returns how many.
func (o *Office) pass(ctx context.Context) (taken int, err error) {
	o.passing.Lock()
	defer o.passing.Unlock()
	var due []*waiting
	if err := o.DB.Read(ctx, func(tx *db.Tx) error {
		due = due[:0]
		for l := range lanes {
			some, err := db.All(tx, scanWaiting, selectDue, l, db.Micros(tx.Now()), o.spare(l))
			if err != nil {
				return err
			}
			due = append(due, some...)
		}
		return nil
	}); err != nil || len(due) == 0 {
		return 0, err
	}
	var mine []*waiting
	if err := o.DB.Write(ctx, func(tx *db.Tx) error {
		mine = mine[:0]
		for _, w := range due {
			got, err := tx.Exec(claimLetter, w.environment.String(), w.id.String(), db.Micros(w.next), db.Micros(tx.Now().Add(claim)))
			if err != nil {
				return err
			}
			if got == 1 {
				mine = append(mine, w)
			}
		}
		return nil
	}); err != nil {
		return 0, err
	}
	for _, w := range mine {
		o.occupy(w.lane, 1)
		go func() {
			if err := o.hand(ctx, w); err != nil && ctx.Err() == nil && o.Log != nil {
				o.Log.Warn("a letter waits; it is looked at again", "environment", w.environment, "letter", w.id, "error", err)
			}
			o.occupy(w.lane, -1)
			select {
			case o.freed() <- struct{}{}:
			default:
			}
		}()
	}
	return len(mine), nil
}

func (o *Office) spare(l lane) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return max(0, hands[l]-o.busy[l])
}

func (o *Office) occupy(l lane, by int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy[l] += by
	if o.ready(); o.busy == [lanes]int{} {
		o.idle.Broadcast()
	}
}

// hand makes one attempt with one letter and notes how it ended. When this node stops meanwhile that is not the letter's
// fault, and not an attempt.
func (o *Office) hand(ctx context.Context, w *waiting) error {
	if o.Carrier == nil {
		return o.end(ctx, w, mail.Dead, "this server has no mail server to send with (smtp_url)")
	}
	if !o.DB.Now().Before(w.expiresAt) {
		return o.end(ctx, w, mail.Dead, "what it carried has expired")
	}
	message, gone, err := o.open(ctx, w)
	if gone {
		return nil // withdrawn meanwhile
	}
	if err != nil {
		return err
	}
	carrying, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	problem := o.Carrier.Carry(carrying, message)
	switch {
	case problem == nil:
		return o.end(ctx, w, mail.Sent, "")
	case ctx.Err() != nil:
		return o.again(ctx, w, w.lane, w.attempts, o.DB.Now(), "")
	}
	if o.Log != nil {
		o.Log.Warn("letter not taken; it is tried again", "environment", w.environment, "letter", w.id, "error", problem)
	}
	// Only words meant for others are kept: administrators of an environment need not know where the mail server is.
	_, why := fault.Public(problem)
	why = notice.Clean(cmp.Or(why, "the letter could not be handed over"), 200)
	at, worth := next(o.DB.Now(), w.expiresAt, w.attempts+1)
	if !worth || fault.Is(problem, fault.Invalid) {
		return o.end(ctx, w, mail.Dead, why)
	}
	return o.again(ctx, w, laneAgain, w.attempts+1, at, why)
}

// open unseals a letter and writes it out; gone says that there is nothing to send any more.
func (o *Office) open(ctx context.Context, w *waiting) (message mail.Message, gone bool, err error) {
	err = o.DB.Read(ctx, func(tx *db.Tx) error {
		sealed, err := db.Value[[]byte](tx, selectSealed, w.environment.String(), w.id.String())
		if err != nil {
			gone = fault.Is(err, fault.NotFound)
			return err
		}
		text, err := o.Vault.Unseal(tx, w.environment, table, w.id.String(), "sealed", sealed)
		if err != nil {
			return err
		}
		env, err := environment.Load(tx, w.environment)
		if err != nil {
			return err
		}
		var says content
		if err := json.Unmarshal(text, &says); err != nil {
			return errors.New("a sealed letter is not what this program writes") // the cause would quote it
		}
		message, err = compose(w, &says, env)
		return err
	})
	return message, gone, err
}

// end notes that a letter was sent or given up, also when ctx has ended meanwhile, and erases what it said.
func (o *Office) end(ctx context.Context, w *waiting, state mail.State, why string) error {
	return o.note(ctx, noteEnd, w.environment.String(), w.id.String(), string(state), w.attempts+1, why)
}

func (o *Office) again(ctx context.Context, w *waiting, l lane, attempts int, at time.Time, why string) error {
	return o.note(ctx, noteAgain, w.environment.String(), w.id.String(), l, attempts, db.Micros(at), why)
}

func (o *Office) note(ctx context.Context, query string, arguments ...any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := o.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(query, arguments...)
		return err
	})
	if err != nil {
		err = fmt.Errorf("note what became of a letter: %w", err)
	}
	return err
}

// CountSince returns how many letters of a kind were queued for an address since a time, whatever became of them. Whoever
// lets strangers cause letters asks it first: a person's inbox is not theirs to fill.
func CountSince(tx *db.Tx, environment uuid.UUID, address string, kind Kind, since time.Time) (int64, error) {
	return db.Value[int64](tx, countSince, environment.String(), strings.ToLower(address), string(kind), db.Micros(since))
}

// Erase removes every trace of letters to an address, sent or not: its owner is no user any more.
func Erase(tx *db.Tx, environment uuid.UUID, address string) error {
	_, err := tx.Exec(deleteTo, environment.String(), strings.ToLower(address))
	return err
}

// Forget removes the rows of letters that were sent or given up 30 days ago.
func (o *Office) Forget(ctx context.Context) error {
	return o.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(deletePast, db.Micros(tx.Now().Add(-keep)))
		return err
	})
}

// Backlog returns what metrics show, over all environments.
func (o *Office) Backlog(ctx context.Context) (b mail.Backlog, err error) {
	err = o.DB.Read(ctx, func(tx *db.Tx) error {
		var oldest, ignored int64
		count := func(state mail.State, n, first *int64) error {
			return tx.Each(func(scan db.Scan) error { return scan(n, first) }, selectBacklog, string(state))
		}
		if err := count(mail.Pending, &b.Pending, &oldest); err != nil {
			return err
		}
		if oldest > 0 {
			b.Oldest = max(0, tx.Now().Sub(db.Time(oldest)))
		}
		return count(mail.Dead, &b.Dead, &ignored)
	})
	return b, err
}
