package rest

import (
	"context"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/token"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/caller"
)

// Desk is where requests are dealt with: what every resource needs, whatever it is about. All of its fields are
// required.
type Desk struct {
	DB          *db.DB
	Register    *register.Register
	Tokens      *token.Authority
	Idempotency *web.Idempotency
	Cursors     web.Cursors
	Now         func() time.Time
	// Guard knows who calls.
	Guard *caller.Guard
}

// Read runs fn in a transaction in which the caller is still admitted. Like every transaction fn may run more than
// once. It faults [fault.Unauthenticated] or [fault.Denied] when the caller's authority went since the request came.
func (d *Desk) Read(ctx context.Context, fn func(*db.Tx, *Call) error) error {
	c := CallOf(ctx)
	return d.DB.Read(ctx, func(tx *db.Tx) error {
		if err := c.allow(ctx, tx); err != nil {
			return err
		}
		return fn(tx, c)
	})
}

// Write is [Desk.Read] for changes. It then waits, for a second at most, until the nodes have heard of the change to
// [Call.Changed], and reports whether all have.
func (d *Desk) Write(ctx context.Context, fn func(*db.Tx, *Call) error) (propagated bool, err error) {
	c := CallOf(ctx)
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.allow(ctx, tx); err != nil {
			return err
		}
		return fn(tx, c)
	})
	if err != nil {
		return false, err
	}
	return d.Register.Settle(ctx, c.Changed), nil
}

// Settle answers that fn has happened.
func (d *Desk) Settle(ctx context.Context, fn func(*db.Tx, *Call) error) (*Done, error) {
	propagated, err := d.Write(ctx, fn)
	return &Done{Propagation{propagated}, Settled{propagated}}, err
}

// Remove is [Desk.Settle] for what has a version. fn is given the one that If-Match asks for, as [Change] gives it.
func (d *Desk) Remove(ctx context.Context, in Precondition, fn func(tx *db.Tx, c *Call, version int64) error) (*Done, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	return d.Settle(ctx, func(tx *db.Tx, c *Call) error { return fn(tx, c, version) })
}
