package register

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

const (
	// pollEvery is how often the ledger is read when no notification comes.
	pollEvery = 250 * time.Millisecond
	// pollTimeout bounds one reading, well inside the five seconds after which an API may refuse.
	pollTimeout = 2 * time.Second
	// maxChanges is how many changes one reading follows one by one, in about a second. A node that was cut off and
	// has missed more reads everything again, which takes as long whatever it missed.
	maxChanges = 1000
	// reloadTimeout bounds reading everything again, which takes as long as a start.
	reloadTimeout = time.Minute
)

// Follow fills the register and then keeps it current until ctx ends. Failures are logged and tried again;
// [Register.Fresh] tells what they mean for callers.
func (r *Register) Follow(ctx context.Context) {
	for ctx.Err() == nil {
		r.tail.reading.Lock()
		err := r.fill(ctx)
		r.tail.reading.Unlock()
		if err == nil {
			// What changed while the table was being filled is read before anybody is served from it.
			err = r.read(ctx)
		}
		if err == nil {
			r.loaded.Store(true)
			break
		}
		r.log.Error("clients not read; trying again", "error", err)
		wait(ctx, nil, time.Second)
	}
	wake := make(chan struct{}, 1)
	go r.db.Listen(ctx, func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for failing := false; ctx.Err() == nil; {
		err := r.read(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			r.log.Error("ledger not read; going on from what is known", "error", err)
		}
		if err == nil && failing {
			r.log.Info("ledger read again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-wake:
		case <-ticker.C:
		}
	}
}

func wait(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-wake:
	case <-time.After(d):
	}
}

// read waits for a pass over the ledger that begins after the call; callers that come together share one.
func (r *Register) read(ctx context.Context) error {
	r.tail.mu.Lock()
	next := r.tail.next
	if next == nil {
		next = &reading{done: make(chan struct{})}
		r.tail.next = next
		go r.perform(next) //nolint:gosec // the reading outlives the request that asked for it: all who wait share it
	}
	r.tail.mu.Unlock()
	select {
	case <-next.done:
		return next.err
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, ctx.Err(), "the ledger was not read in time")
	}
}

func (r *Register) perform(this *reading) {
	r.tail.reading.Lock()
	defer r.tail.reading.Unlock()
	r.tail.mu.Lock()
	r.tail.next = nil
	r.tail.mu.Unlock()
	ctx, cancel := context.WithTimeout(db.Chore(context.Background()), pollTimeout)
	defer cancel()
	this.err = r.pass(ctx)
	r.note(this.err)
	close(this.done)
}

// note remembers since when readings fail.
func (r *Register) note(err error) {
	if err == nil {
		r.deaf.Store(nil)
	} else if now := r.now(); r.deaf.Load() == nil {
		r.deaf.Store(&now)
	}
}

// errBehind is a backlog that is not worth following one by one.
var errBehind = errors.New("too far behind the ledger")

// pass reads what the ledger says since the last pass and makes memory follow.
func (r *Register) pass(ctx context.Context) error {
	started := r.now()
	advanced := map[uuid.UUID]ledger.Position{}
	err := r.db.Read(ctx, func(tx *db.Tx) error {
		heads, err := ledger.Heads(tx)
		if err != nil {
			return err
		}
		for env, head := range heads {
			from, known := r.positions[env]
			if known && from == head {
				continue
			}
			if !known {
				from = ledger.Genesis(env)
			}
			to, changes, err := ledger.Since(tx, env, from)
			if err != nil {
				return err
			}
			if len(changes) > maxChanges {
				return errBehind
			}
			if err := r.follow(tx, env, changes); err != nil {
				return err
			}
			advanced[env] = to
		}
		return r.refuseGoneBack(heads)
	})
	switch {
	case errors.Is(err, ledger.ErrRewritten):
		return r.alarm(ctx, err)
	case errors.Is(err, errBehind):
		r.log.Warn("too many changes to follow one by one; reading everything again")
		return r.reload(ctx)
	case err != nil:
		return err
	}
	for env, position := range advanced {
		r.positions[env] = position
	}
	r.heard.Store(&started)
	r.report(ctx)
	if len(advanced) > 0 {
		r.wake()
	}
	return nil
}

// wake tells whoever waits for events that there are some.
func (r *Register) wake() {
	if r.moved != nil {
		r.moved()
	}
	r.tail.mu.Lock()
	defer r.tail.mu.Unlock()
	if r.tail.news != nil {
		close(r.tail.news)
		r.tail.news = nil
	}
}

// News returns a channel that is closed when this node next finds any ledger longer, or another than it was.
func (r *Register) News() <-chan struct{} {
	r.tail.mu.Lock()
	defer r.tail.mu.Unlock()
	if r.tail.news == nil {
		r.tail.news = make(chan struct{})
	}
	return r.tail.news
}

// refuseGoneBack notices a database in which an environment that was known is missing.
func (r *Register) refuseGoneBack(heads map[uuid.UUID]ledger.Position) error {
	for env := range r.positions {
		if _, ok := heads[env]; !ok {
			return ledger.ErrRewritten
		}
	}
	return nil
}

// alarm is what a node does when the ledger is not the one that it followed: it reads everything again and lets the
// installation see to it that nothing lives again which died in the part that is gone.
func (r *Register) alarm(ctx context.Context, reason error) error {
	r.log.Error("ALARM: the ledger was rewritten (a restore, a failover or tampering); reading everything again", "error", reason)
	r.alarms.Add(1)
	if err := r.reload(ctx); err != nil {
		return err
	}
	if r.rewritten == nil {
		return nil
	}
	if err := r.rewritten(ctx); err != nil {
		r.log.Error("tokens from before the rewriting were not ended; run counterfoil database restored", "error", err)
	}
	return nil
}

// Alarms counts how often this node found the ledger rewritten.
func (r *Register) Alarms() uint64 { return r.alarms.Load() }

// reload replaces what is known, when it cannot be followed step by step. Only revoked tokens stay: one that a restore
// forgot was revoked all the same. Until all of it is read the node counts as having heard nothing, and the next pass
// begins again.
func (r *Register) reload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reloadTimeout)
	defer cancel()
	started, followed := r.now(), r.positions
	clear(r.reported)
	err := r.load(ctx)
	if err == nil {
		err = r.fill(ctx)
	}
	if err != nil {
		r.positions = followed
		return err
	}
	r.heard.Store(&started)
	r.tell(uuid.Nil, ledger.Subject{})
	r.wake()
	return nil
}

// follow reads again whatever the changes of one environment are about, each thing once.
func (r *Register) follow(tx *db.Tx, env uuid.UUID, changes []ledger.Change) error {
	seen := map[ledger.Subject]bool{}
	for _, change := range changes {
		subject := change.Subject
		switch subject.Kind {
		case "environment", "api", "key", "trusted_ca":
			// All of these are parts of one snapshot.
			subject = ledger.Subject{Kind: "environment"}
		case "credential":
			owner, _, _ := strings.Cut(subject.ID, "/")
			subject = ledger.Subject{Kind: "application", ID: owner}
		}
		if seen[subject] {
			continue
		}
		seen[subject] = true
		if err := r.refresh(tx, env, subject); err != nil {
			return err
		}
	}
	return nil
}

// refresh reads one subject again. What is in the rows is at least as new as the event that named it.
func (r *Register) refresh(tx *db.Tx, env uuid.UUID, subject ledger.Subject) error {
	switch subject.Kind {
	case "environment":
		row, err := environment.Load(tx, env)
		if err != nil {
			return err
		}
		e, err := r.compile(tx, row)
		if err != nil {
			return err
		}
		r.environments.Store(r.environments.Load().with(e))
		return nil
	case "application":
		id, err := uuid.Parse(subject.ID)
		if err != nil {
			return err
		}
		a, candidates, err := readClient(tx, env, id)
		if err != nil {
			return err
		}
		r.clients.put(r.indexOf(env), id, a, candidates)
		if r.locks != nil {
			return r.locks.Refresh(tx, env, id)
		}
		return nil
	case "token":
		return eachRevoked(tx, func(env uuid.UUID, jti JTI, expires int64) {
			r.revoked.add(r.indexOf(env), jti, expires)
		}, selectRevokedOne, db.Micros(tx.Now()), env.String(), subject.ID)
	}
	r.tell(env, subject)
	return nil
}

// tell passes on what others keep in memory.
func (r *Register) tell(env uuid.UUID, subject ledger.Subject) {
	if r.heardOf != nil {
		r.heardOf(env, subject)
	}
}
