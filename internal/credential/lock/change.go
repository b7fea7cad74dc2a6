package lock

import (
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

const (
	// MaxLock bounds a lock by hand.
	MaxLock = 366 * 24 * time.Hour
	// maxShown bounds the networks of a [Status].
	maxShown = 100
)

// Status is what administrators see of an application.
type Status struct {
	// Failures in a row so far, wherever from, and the last of them.
	Failures    int
	LastFailure time.Time
	// LockedUntil is the zero time when the client is not locked.
	LockedUntil time.Time
	// Networks are those with failures or a lock, the locked ones first; at most 100.
	Networks []NetworkStatus
}

// NetworkStatus is what administrators see of one network.
type NetworkStatus struct {
	Network     string // 192.0.2.0/24, 2001:db8::/64, or "-" for callers without an address
	Failures    int
	LastFailure time.Time
	LockedUntil time.Time
}

// State returns the state of an application as it is at now. The caller has seen to it that the reader may read it.
func State(tx *db.Tx, environment, application uuid.UUID, now time.Time) (s Status, err error) {
	micros := db.Micros(now)
	own, err := db.All(tx, scan, selectOwn, environment.String(), application.String())
	if err != nil {
		return s, err
	}
	for i := range own {
		n := own[i].status(micros)
		s.Failures, s.LastFailure, s.LockedUntil = n.Failures, n.LastFailure, n.LockedUntil
	}
	worst, err := db.All(tx, scan, selectWorst, environment.String(), application.String(), micros, micros-lockMicros, maxShown)
	for i := range worst {
		s.Networks = append(s.Networks, worst[i].status(micros))
	}
	return s, err
}

func (r *row) status(now int64) NetworkStatus {
	n := NetworkStatus{Network: r.network.String()}
	if r.until > now {
		n.LockedUntil = db.Time(r.until)
	} else if r.until > 0 || r.last <= now-lockMicros {
		return n // over, or forgotten
	}
	if r.failures > 0 {
		n.Failures, n.LastFailure = int(r.failures), db.Time(r.last)
	}
	return n
}

// Unlock lifts every lock of an application of the actor's environment and clears its counts. It is for those who may
// write credentials. Where nothing is locked or counted nothing happens; an application that does not exist is
// [fault.NotFound].
func (b *Book) Unlock(tx *db.Tx, actor *access.Actor, application uuid.UUID) error {
	if err := allow(tx, actor, application); err != nil {
		return err
	}
	environment, app, now := actor.Environment.String(), application.String(), db.Micros(tx.Now())
	live, err := db.Value[int](tx, countLive, environment, app, now, now-lockMicros)
	if err != nil || live == 0 {
		return err
	}
	before, err := State(tx, actor.Environment, application, tx.Now())
	if err != nil {
		return err
	}
	for _, statement := range []string{clearNetworks, clearClient} {
		if _, err := tx.Exec(statement, environment, app, now); err != nil {
			return err
		}
	}
	e := event("application.unlocked", actor.Environment, application)
	e.Before = facts{Failures: uint32(before.Failures), Until: before.LockedUntil}
	ledger.Append(tx, actor.Who(), e)
	return b.follow(tx, actor.Environment, application)
}

// Disable does what it means to turn locking off for an application: its counts are cleared, but a lock that is there
// stays until it is over or lifted. It is part of the change that the application's own room checks and records.
func (b *Book) Disable(tx *db.Tx, environment, application uuid.UUID) error {
	if _, err := tx.Exec(clearCounts, environment.String(), application.String(), db.Micros(tx.Now())); err != nil {
		return err
	}
	return b.follow(tx, environment, application)
}

// Lock locks an application of the actor's environment, wherever its logons come from and in every mode: after a leak,
// say. A lock that lasts longer already stays. until must be in the future and at most 366 days away ([fault.Invalid]);
// reason is a sentence of at most 255 characters for the ledger.
func (b *Book) Lock(tx *db.Tx, actor *access.Actor, application uuid.UUID, until time.Time, reason string) error {
	if err := allow(tx, actor, application); err != nil {
		return err
	}
	if !until.After(tx.Now()) || until.After(tx.Now().Add(MaxLock)) {
		return fault.On("until", "a lock ends in the future, at most %d days from now", int(MaxLock.Hours()/24))
	}
	if !utf8.ValidString(reason) || utf8.RuneCountInString(reason) > 255 {
		return fault.On("reason", "a reason has at most 255 characters")
	}
	_, err := tx.Exec(upsertLock, actor.Environment.String(), application.String(), db.Micros(until), db.Micros(tx.Now()))
	if err != nil {
		return err
	}
	e := event("application.locked", actor.Environment, application)
	e.After = facts{Until: until.UTC(), Reason: reason}
	ledger.Append(tx, actor.Who(), e)
	return b.follow(tx, actor.Environment, application)
}

func allow(tx *db.Tx, actor *access.Actor, application uuid.UUID) error {
	if err := access.AllowOn(tx, actor, access.WriteCredentials, access.OverApplication, application); err != nil {
		return err
	}
	there, err := db.Value[int](tx, countApplications, actor.Environment.String(), application.String())
	if err == nil && there == 0 {
		err = fault.New(fault.NotFound, "there is no such application")
	}
	return err
}

// follow makes this node obey once the transaction is on disk; the others hear of it by the event.
func (b *Book) follow(tx *db.Tx, environment, application uuid.UUID) error {
	rows, err := db.All(tx, scan, selectOf, environment.String(), application.String())
	if err != nil {
		return err
	}
	tx.AfterCommit(func() {
		now := b.now()
		for _, r := range rows {
			b.learn(r, now)
		}
	})
	return nil
}
