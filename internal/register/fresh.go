package register

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	// RefuseAfter is how old a node's knowledge may be for an API that refuses when stale.
	RefuseAfter = 5 * time.Second
	// MaxStale is how old it may be for an API that goes on serving.
	MaxStale = 72 * time.Hour

	// A request that meets something unknown may make the node read the ledger this often, and waits this long.
	askEvery = 100 * time.Millisecond
	askWait  = 200 * time.Millisecond

	// settleFor is how long a change waits for the other nodes to have heard of it.
	settleFor = time.Second
	// liveFor is how long after its last sign of life a node is waited for.
	liveFor = 3 * time.Second
	// signEvery is how often a node gives a sign of life when nothing else happens.
	signEvery = time.Second
)

// Age returns how old this node's knowledge is: the time since the start of its last successful reading of the
// ledger, by the monotonic or the wall clock, whichever says more (the monotonic one stands still while a
// machine sleeps). On SQLite, where this process makes every change itself, it is 0 unless readings fail.
func (r *Register) Age(now time.Time) time.Duration {
	heard := r.heard.Load()
	if heard == nil {
		return MaxStale
	}
	if r.db.Engine() == db.SQLite {
		if deaf := r.deaf.Load(); deaf != nil {
			return max(0, now.Sub(*deaf))
		}
		return 0
	}
	return max(now.Sub(*heard), now.Round(0).Sub(heard.Round(0)))
}

var errStale = fault.New(fault.Unavailable, "this node has not heard of changes for too long and must not answer")

// Fresh reports, as [fault.Unavailable], that this node knows too little to answer for api. A nil api stands
// for the strictest rule.
func (r *Register) Fresh(now time.Time, api *access.API) error {
	age := r.Age(now)
	if age <= RefuseAfter {
		return nil
	}
	if api != nil && api.OnStale == access.Serve && age < MaxStale {
		return nil
	}
	return errStale
}

// CatchUp reads the ledger once for a request that met something this node does not know: a client, a secret or
// an epoch made on another node a moment ago. It is a courtesy with limits, at most ten readings a second, shared
// by all who wait for one, and 200 ms of waiting; it reports whether memory may have changed. On SQLite there is
// nothing to catch up with.
func (r *Register) CatchUp(ctx context.Context) bool {
	if r.db.Engine() == db.SQLite || !r.loaded.Load() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	came := r.now()
	for ctx.Err() == nil {
		if r.heard.Load().After(came) {
			return true // somebody else's reading began since
		}
		r.tail.mu.Lock()
		now := time.Now()
		turn := now.Sub(r.tail.asked) >= askEvery || r.tail.next != nil
		if turn {
			r.tail.asked = now
		}
		r.tail.mu.Unlock()
		if turn {
			return r.read(ctx) == nil
		}
		wait(ctx, nil, askEvery/10)
	}
	return false
}

const (
	upsertNode     = `INSERT INTO node (id, seen_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`
	upsertPosition = `INSERT INTO node_position (node_id, environment_id, number) VALUES ($1, $2, $3)
ON CONFLICT (node_id, environment_id) DO UPDATE SET number = excluded.number`
	countBehind = `SELECT count(*) FROM node n LEFT JOIN node_position p ON p.node_id = n.id AND p.environment_id = $1
WHERE n.id <> $2 AND n.seen_at > $3 AND coalesce(p.number, -1) < $4`
	deleteDeadPositions = `DELETE FROM node_position WHERE node_id IN (SELECT id FROM node WHERE seen_at < $1)`
	deleteDeadNodes     = `DELETE FROM node WHERE seen_at < $1`
	deletePositions     = `DELETE FROM node_position WHERE node_id = $1`
	deleteNode          = `DELETE FROM node WHERE id = $1`
)

// report tells the other nodes how far this one has heard. What cannot be told now is told next time; whoever
// waits for it waits in vain and says so.
func (r *Register) report(ctx context.Context) {
	if r.db.Engine() == db.SQLite {
		return
	}
	fresh := map[uuid.UUID]int64{}
	for env, position := range r.positions {
		if r.reported[env] != position.Number {
			fresh[env] = position.Number
		}
	}
	if len(fresh) == 0 && r.now().Sub(r.signed) < signEvery {
		return
	}
	err := r.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(upsertNode, r.node.String(), db.Micros(tx.Now())); err != nil {
			return err
		}
		for env, number := range fresh {
			if _, err := tx.Exec(upsertPosition, r.node.String(), env.String(), number); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.log.Warn("position not reported to the other nodes", "error", err)
		return
	}
	r.signed = r.now()
	for env, number := range fresh {
		r.reported[env] = number
	}
}

// Settle makes a change that was just committed in an environment take effect: here before it returns, and on
// the other nodes, for whose word it waits up to a second. It reports whether all live nodes have it.
func (r *Register) Settle(ctx context.Context, env uuid.UUID) (everywhere bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleFor)
	defer cancel()
	r.db.Notify(ctx)
	if err := r.read(ctx); err != nil {
		return false
	}
	if r.db.Engine() == db.SQLite {
		return true
	}
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		behind, err := r.behind(ctx, env)
		if err == nil && behind == 0 {
			return true
		}
		if err != nil || ctx.Err() != nil {
			return false
		}
		wait(ctx, nil, pause)
	}
}

// behind counts the other live nodes that have not heard all that this one has of an environment.
func (r *Register) behind(ctx context.Context, env uuid.UUID) (count int, err error) {
	r.tail.reading.Lock()
	number := r.positions[env].Number
	r.tail.reading.Unlock()
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		count, err = db.Value[int](tx, countBehind, env.String(), r.node.String(), db.Micros(tx.Now().Add(-liveFor)), number)
		return err
	})
	return count, err
}

// announce makes this node one that the others' changes wait for, before it knows anything that they could change.
func (r *Register) announce(ctx context.Context) error {
	if r.db.Engine() == db.SQLite {
		return nil
	}
	return r.db.Write(db.Chore(ctx), func(tx *db.Tx) error {
		_, err := tx.Exec(upsertNode, r.node.String(), db.Micros(tx.Now()))
		return err
	})
}

// Leave tells the other nodes that this one is going, so that none of their changes waits for it. [Register.Follow]
// must have ended.
func (r *Register) Leave(ctx context.Context) error {
	if r.db.Engine() == db.SQLite {
		return nil
	}
	r.tail.reading.Lock()
	defer r.tail.reading.Unlock()
	return r.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(deletePositions, r.node.String()); err != nil {
			return err
		}
		_, err := tx.Exec(deleteNode, r.node.String())
		return err
	})
}

// ForgetNodes removes the traces of nodes that have been gone for an hour.
func (r *Register) ForgetNodes(ctx context.Context) error {
	return r.db.Write(ctx, func(tx *db.Tx) error {
		long := db.Micros(tx.Now().Add(-time.Hour))
		if _, err := tx.Exec(deleteDeadPositions, long); err != nil {
			return err
		}
		_, err := tx.Exec(deleteDeadNodes, long)
		return err
	})
}
