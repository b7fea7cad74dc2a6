package adminapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// row is what every resource on the wire has of the row behind it; it is not shown by itself.
type row struct {
	id      uuid.UUID
	version int64
}

func (r row) place() string { return r.id.String() }
func (r row) tag() string   { return web.ETag(r.version) }

// resource is what embeds a row.
type resource interface {
	place() string
	tag() string
}

// What huma reads out of an embedded struct must be exported, hence the capitals of the small parts below.

// Tagged is the header of an answer that shows one resource.
type Tagged struct {
	ETag string `header:"ETag" doc:"The version of the resource, for If-Match and If-None-Match."`
}

// Propagation is the header of every answer to a change.
type Propagation struct {
	Propagated bool `header:"Counterfoil-Propagated" doc:"Whether every live node obeys the change already; the others follow within 5 seconds."`
}

// Conditional is what a question after one resource may carry.
type Conditional struct {
	IfNoneMatch string `header:"If-None-Match" doc:"Answer 304 if the resource still has this entity tag."`
}

// Precondition is what a change may carry.
type Precondition struct {
	IfMatch string `header:"If-Match" doc:"Change the resource only if it still has this entity tag; else answer 412."`
}

// Idempotent is what a creation may carry.
type Idempotent struct {
	Key string `header:"Idempotency-Key" doc:"A name of this creation, chosen by the caller, of 1 to 255 visible ASCII characters. A repetition within 24 hours answers with what the first request made, without its secret."`
}

// found answers a question after one resource.
type found[T any] struct {
	Status int
	Tagged
	Body T
}

// changed answers a change.
type changed[T any] struct {
	Tagged
	Propagation
	Body T
}

// created answers a creation, the first time and on every repetition with the same Idempotency-Key.
type created[T any] struct {
	Location string `header:"Location" doc:"Where the resource stands."`
	Replayed string `header:"Idempotency-Replayed" doc:"true when an earlier request with the same Idempotency-Key made the resource; else absent."`
	Tagged
	Propagation
	Body T
}

// listed answers with one page of a list.
type listed[T any] struct{ Body web.Page[T] }

// settled answers a change that leaves nothing to show.
type settled struct {
	Propagation
	Body Settled
}

// Settled is the answer to disabling, enabling and deleting.
type Settled struct {
	Propagated bool `json:"propagated" doc:"Whether every live node obeys the change already; the others follow within 5 seconds."`
}

// anyVersion makes rooms change whichever version there is; noVersion is one that no row has.
const (
	anyVersion = 0
	noVersion  = -1
)

// version returns the version that If-Match asks for, in the form in which rooms compare it under their lock. A tag
// that this API never sent matches nothing (RFC 9110 §13.1.1).
func (p Precondition) version() (int64, error) {
	header := strings.TrimSpace(p.IfMatch)
	if header == "" || header == "*" {
		return anyVersion, nil
	}
	if strings.Contains(header, ",") {
		return 0, fault.On("header.If-Match", `name one entity tag such as "7", or *`)
	}
	version, err := strconv.ParseInt(strings.Trim(header, `"`), 10, 64)
	if err != nil || version <= 0 || web.ETag(version) != header {
		return noVersion, nil //nolint:nilerr // what is no number matches nothing
	}
	return version, nil
}

// idOf reads an id in a path. What is none becomes the zero id, which no row has, so that it looks missing.
func idOf(text string) uuid.UUID {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text { // one thing has one spelling
		return uuid.Nil
	}
	return id
}

// read runs fn in a transaction in which the caller is still admitted.
func (d *Door) read(ctx context.Context, fn func(*db.Tx, *call) error) error {
	c := callOf(ctx)
	return d.DB.Read(ctx, func(tx *db.Tx) error {
		if err := c.allow(ctx, tx); err != nil {
			return err
		}
		return fn(tx, c)
	})
}

// write runs fn in a transaction in which the caller is still admitted, then waits until the nodes have heard of
// it and reports whether all have.
func (d *Door) write(ctx context.Context, fn func(*db.Tx, *call) error) (propagated bool, err error) {
	c := callOf(ctx)
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.allow(ctx, tx); err != nil {
			return err
		}
		return fn(tx, c)
	})
	if err != nil {
		return false, err
	}
	return d.Register.Settle(ctx, c.changed), nil
}

// find answers with the resource that get returns, or with 304 if the caller has it.
func find[T resource](ctx context.Context, d *Door, in Conditional, get func(*db.Tx, *call) (T, error)) (*found[T], error) {
	out := &found[T]{Status: http.StatusOK}
	err := d.read(ctx, func(tx *db.Tx, c *call) (err error) {
		out.Body, err = get(tx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	out.ETag = out.Body.tag()
	if web.NoneMatch(in.IfNoneMatch, out.ETag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

// change answers with the resource as fn left it. fn is given the version that If-Match asks for.
func change[T resource](ctx context.Context, d *Door, in Precondition, fn func(tx *db.Tx, c *call, version int64) (T, error)) (*changed[T], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	out := &changed[T]{}
	out.Propagated, err = d.write(ctx, func(tx *db.Tx, c *call) (err error) {
		out.Body, err = fn(tx, c, version)
		return err
	})
	if err != nil {
		return nil, err
	}
	out.ETag = out.Body.tag()
	return out, nil
}

// settle answers that fn has happened.
func (d *Door) settle(ctx context.Context, fn func(*db.Tx, *call) error) (*settled, error) {
	propagated, err := d.write(ctx, fn)
	return &settled{Propagation{propagated}, Settled{propagated}}, err
}

// remove is [Door.settle] for what has a version.
func (d *Door) remove(ctx context.Context, in Precondition, fn func(tx *db.Tx, c *call, version int64) error) (*settled, error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return d.settle(ctx, func(tx *db.Tx, c *call) error { return fn(tx, c, version) })
}

// maker makes a resource of the body that it came with, once per Idempotency-Key.
type maker[T resource] struct {
	// make returns the resource and the name under which again finds it.
	make func(*db.Tx, *call) (shown T, name string, err error)
	// again returns the resource without what is shown only once.
	again func(tx *db.Tx, c *call, name string) (T, error)
}

// create answers with what m makes or, on a repetition, with what it made then.
func create[T resource](ctx context.Context, d *Door, in Idempotent, body any, m maker[T]) (*created[T], error) {
	c := callOf(ctx)
	asked, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	attempt := web.Attempt{
		Environment: c.actor.Environment.String(), Principal: c.actor.Application.String(), Key: in.Key,
		Route: c.method + " " + c.path, Body: asked,
	}
	done, err := d.Idempotency.Begin(attempt)
	if err != nil {
		return nil, err
	}
	defer done()
	out := &created[T]{}
	out.Propagated, err = d.write(ctx, func(tx *db.Tx, c *call) error {
		name, err := attempt.Recall(tx)
		if err != nil {
			return err
		}
		if out.Replayed = ""; name != "" {
			out.Replayed = "true"
			out.Body, err = m.again(tx, c, name)
			return err
		}
		if out.Body, name, err = m.make(tx, c); err != nil {
			return err
		}
		return attempt.Remember(tx, name)
	})
	if err != nil {
		return nil, err
	}
	out.Location = c.environment.Issuer + c.path + "/" + out.Body.place()
	out.ETag = out.Body.tag()
	return out, nil
}
