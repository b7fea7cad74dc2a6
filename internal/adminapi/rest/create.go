package rest

import (
	"context"
	"encoding/json"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Idempotent is what a creation may carry.
type Idempotent struct {
	Key string `header:"Idempotency-Key" doc:"A name of this creation, chosen by the caller, of 1 to 255 visible ASCII characters. A repetition within 24 hours answers with what the first request made, without its secret."`
}

// Created answers a creation, the first time and on every repetition with the same Idempotency-Key.
type Created[T any] struct {
	Location string `header:"Location" doc:"Where the resource stands."`
	Replayed string `header:"Idempotency-Replayed" doc:"true when an earlier request with the same Idempotency-Key made the resource; else absent."`
	Tagged
	Propagation
	Body T
}

// Maker makes a resource of the body that it came with, once per Idempotency-Key.
type Maker[T Resource] struct {
	// Before, if it is set, happens outside the transaction, and not on a repetition: it may take long, as calls to others
	// do. Its error is the answer.
	Before func(context.Context) error
	// Make returns the resource and the name under which Again finds it; what is stored with the key is this name, so
	// there is no secret in it.
	Make func(*db.Tx, *Call) (shown T, name string, err error)
	// Again returns the resource without what is shown only once.
	Again func(tx *db.Tx, c *Call, name string) (T, error)
}

// Create answers with what m makes or, on a repetition, with what it made then. Repetitions are told from other requests
// by body, marshalled again: two bodies that mean different things must not marshal alike. It faults [fault.Conflict]
// while the first request is under way, and [fault.Invalid] when the key came with another body or route, or is none.
func Create[T Resource](ctx context.Context, d *Desk, in Idempotent, body any, m Maker[T]) (*Created[T], error) {
	c := CallOf(ctx)
	asked, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	attempt := web.Attempt{
		Environment: c.Actor.Environment.String(), Principal: c.Actor.Who().ID, Key: in.Key,
		Route: c.method + " " + c.path, Body: asked,
	}
	done, err := d.Idempotency.Begin(attempt)
	if err != nil {
		return nil, err
	}
	defer done()
	if m.Before != nil {
		if err := before(ctx, d, attempt, m.Before); err != nil {
			return nil, err
		}
	}
	out := &Created[T]{}
	out.Propagated, err = d.Write(ctx, func(tx *db.Tx, c *Call) error {
		name, err := attempt.Recall(tx)
		if err != nil {
			return err
		}
		if out.Replayed = ""; name != "" {
			out.Replayed = "true"
			out.Body, err = m.Again(tx, c, name)
			return err
		}
		if out.Body, name, err = m.Make(tx, c); err != nil {
			return err
		}
		return attempt.Remember(tx, name)
	})
	if err != nil {
		return nil, err
	}
	out.Location = c.Environment.Issuer + c.path + "/" + out.Body.place()
	out.ETag = out.Body.tag()
	return out, nil
}

// before does what comes before a creation, unless the resource is there already.
func before(ctx context.Context, d *Desk, attempt web.Attempt, do func(context.Context) error) error {
	made := ""
	err := d.Read(ctx, func(tx *db.Tx, _ *Call) (err error) {
		made, err = attempt.Recall(tx)
		return err
	})
	if err != nil || made != "" {
		return err
	}
	return do(ctx)
}
