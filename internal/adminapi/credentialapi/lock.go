package credentialapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Lock is what failed logons with secrets have come to, for an application.
type Lock struct {
	Policy        string        `json:"policy" enum:"on,client+network,off" doc:"What five failures in a row lock: the client id, the network that they came from, or nothing."`
	Locked        bool          `json:"locked" doc:"The client id takes no secret now, wherever it comes from."`
	LockedUntil   time.Time     `json:"locked_until,omitzero" doc:"Absent: the client id is not locked."`
	SecondsLeft   int64         `json:"seconds_left" doc:"Until the lock is over; 0 when the client id is not locked."`
	Failures      int           `json:"failures" doc:"In a row so far, over all networks. In the policy client+network they are counted by network."`
	LastFailureAt time.Time     `json:"last_failure_at,omitzero" doc:"Absent: none that counts."`
	Networks      []LockNetwork `json:"networks" nullable:"false" doc:"Those with failures or a lock of their own, locked ones first; at most 100."`
}

// LockNetwork is what failed logons from one network have come to.
type LockNetwork struct {
	Network       string    `json:"network" doc:"An IPv4 /24, an IPv6 /64, or - for callers without an address."`
	LockedUntil   time.Time `json:"locked_until,omitzero" doc:"Absent: the network is not locked."`
	SecondsLeft   int64     `json:"seconds_left"`
	Failures      int       `json:"failures"`
	LastFailureAt time.Time `json:"last_failure_at,omitzero"`
}

// NewLock is the body that locks a client by hand.
type NewLock struct {
	Minutes int    `json:"minutes" minimum:"1" maximum:"527040" doc:"How long; at most 366 days."`
	Reason  string `json:"reason,omitempty" doc:"A sentence for the ledger, at most 255 characters."`
}

// LockPolicy is the body that chooses what failed logons lead to.
type LockPolicy struct {
	Policy string `json:"policy" doc:"One of on, client+network and off."`
}

func (r *Resources) lockOperations(api huma.API) {
	const one = "/applications/{application}"
	huma.Register(api, rest.Operation("GET "+one+"/lock", "get-lock", "Show whether failed logons have locked an application, and how many there are"), r.getLock)
	huma.Register(api, rest.Operation("POST "+one+"/lock", "lock-application", "Take no secrets of an application for a while; its tokens, certificates and keys go on working"), r.lockApplication)
	huma.Register(api, rest.Operation("POST "+one+"/unlock", "unlock-application", "Lift every lock of an application and forget its failed logons"), r.unlockApplication)
	policy := rest.Operation("PUT "+one+"/lock-policy", "set-lock-policy", "Choose what failed logons lock: the client id, the network they come from, or nothing")
	policy.Description = "Switching locking off forgets the failures so far. A lock that is there stays until it is over or lifted."
	huma.Register(api, policy, r.setLockPolicy)
}

func (r *Resources) getLock(ctx context.Context, in *rest.ApplicationPath) (*struct{ Body Lock }, error) {
	out := &struct{ Body Lock }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		app, err := application.Get(tx, &c.Actor, rest.ID(in.Application))
		if err != nil {
			return err
		}
		now := tx.Now()
		s, err := lock.State(tx, c.Actor.Environment, app.ID, now)
		out.Body = showLock(app.Lock, &s, now)
		return err
	})
	return out, err
}

func showLock(mode lock.Mode, s *lock.Status, now time.Time) Lock {
	shown := Lock{
		Policy: mode.String(), Locked: !s.LockedUntil.IsZero(), LockedUntil: s.LockedUntil, SecondsLeft: secondsLeft(s.LockedUntil, now),
		Failures: s.Failures, LastFailureAt: s.LastFailure, Networks: make([]LockNetwork, len(s.Networks)),
	}
	for i, n := range s.Networks {
		shown.Networks[i] = LockNetwork{n.Network, n.LockedUntil, secondsLeft(n.LockedUntil, now), n.Failures, n.LastFailure}
	}
	return shown
}

// secondsLeft rounds up: a countdown that says 0 is over.
func secondsLeft(until, now time.Time) int64 {
	if until.IsZero() {
		return 0
	}
	return int64((until.Sub(now) + time.Second - 1) / time.Second)
}

func (r *Resources) lockApplication(ctx context.Context, in *struct {
	rest.ApplicationPath
	Body NewLock
}) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		until := tx.Now().Add(time.Duration(in.Body.Minutes) * time.Minute)
		if err := r.Locks.Lock(tx, &c.Actor, rest.ID(in.Application), until, in.Body.Reason); err != nil {
			return err
		}
		app, err := application.Load(tx, c.Actor.Environment, rest.ID(in.Application))
		if err != nil {
			return err
		}
		return app.AllowTouch(&c.Actor)
	})
}

func (r *Resources) unlockApplication(ctx context.Context, in *rest.ApplicationPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		if err := r.Locks.Unlock(tx, &c.Actor, rest.ID(in.Application)); err != nil {
			return err
		}
		return application.MayUse(tx, &c.Actor, rest.ID(in.Application))
	})
}

func (r *Resources) setLockPolicy(ctx context.Context, in *struct {
	rest.ApplicationPath
	Body LockPolicy
}) (*rest.Done, error) {
	mode, err := lock.ParseMode(in.Body.Policy)
	if err != nil {
		return nil, err
	}
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		id := rest.ID(in.Application)
		_, err := application.SetLock(tx, &c.Actor, id, mode, func(tx *db.Tx) error {
			return r.Locks.Disable(tx, c.Actor.Environment, id)
		})
		return err
	})
}
