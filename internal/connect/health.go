package connect

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// State is how a connection fares.
type State string

// The states.
const (
	Healthy State = "healthy"
	// Failing connections are tried again by themselves.
	Failing State = "failing"
	// Exhausted ones are not, until somebody reconnects them or asks for a refresh.
	Exhausted State = "exhausted"
)

// Health is the state of a connection and why it is so.
type Health struct {
	State State
	// Stage is where checking stopped; empty when healthy.
	Stage provider.Stage
	// Reason says in words for a person what is wrong and what to do. Warning is about a connection that works, but.
	Reason, Warning string
	// Since is when it began to fail; zero when healthy.
	Since time.Time
}

// SetHealth writes how a connection fares and records the turns: connection.failing, connection.exhausted and
// connection.recovered. A connection that fails for another reason than before is written without an event.
func (y *Authority) SetHealth(tx *db.Tx, environment, id uuid.UUID, h Health) (*Connection, error) {
	c, err := lockConnection(tx, environment, id)
	if err != nil || c.Health == h {
		return c, err
	}
	before := c.State
	if h.State != Healthy && h.Since.IsZero() {
		h.Since = tx.Now()
		if before != Healthy {
			h.Since = c.Since
		}
	}
	c.Health = h
	if _, err := tx.Exec(updateHealth, environment.String(), id.String(), string(h.State), string(h.Stage), h.Reason, h.Warning, db.Micros(h.Since)); err != nil {
		return nil, err
	}
	if before != h.State {
		kind := map[State]string{Healthy: "connection.recovered", Failing: "connection.failing", Exhausted: "connection.exhausted"}[h.State]
		record(tx, ledger.System, kind, c, map[string]any{"state": before}, map[string]any{"state": h.State, "stage": h.Stage, "reason": h.Reason})
	}
	return c, nil
}

// Called notes that an application uses a connection. The first time is an event: connection.new_caller.
func Called(tx *db.Tx, actor *access.Actor, c *Connection) error {
	n, err := tx.Exec(insertCaller, c.Environment.String(), c.ID.String(), actor.Application.String(), db.Micros(tx.Now()))
	if err == nil && n > 0 {
		note(tx, actor.Who(), "connection.new_caller", c, map[string]any{"application": actor.Application.String()})
	}
	return err
}

// Caller is an application that has used a connection.
type Caller struct {
	Application string
	FirstAt     time.Time
}

// Callers returns who has used a connection of the actor's environment, the first one first.
func Callers(tx *db.Tx, actor *access.Actor, id uuid.UUID) ([]Caller, error) {
	c, err := Get(tx, actor, id)
	if err != nil {
		return nil, err
	}
	return db.All(tx, func(scan db.Scan) (k Caller, err error) {
		var first int64
		err = scan(&k.Application, &first)
		k.FirstAt = db.Time(first)
		return k, err
	}, selectCallers, c.Environment.String(), c.ID.String())
}

// Burst notes that a connection is used much more than usual.
func Burst(tx *db.Tx, actor *access.Actor, c *Connection, count int64, usual float64) {
	note(tx, actor.Who(), "connection.burst", c, map[string]any{"uses_in_a_minute": count, "usual": int64(usual)})
}

// Refreshed notes that somebody had a token fetched out of turn: the other nodes must not go on with the one before.
func Refreshed(tx *db.Tx, c *Connection) {
	record(tx, ledger.System, "connection.refreshed", c, nil, nil)
}
