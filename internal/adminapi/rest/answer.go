package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Row is what every resource on the wire has of the row behind it; it is not shown by itself. A resource embeds it.
type Row struct {
	id      uuid.UUID
	version int64
}

// RowOf returns the row with an id, which ends the resource's address, and a version, which is its entity tag.
func RowOf(id uuid.UUID, version int64) Row { return Row{id, version} }

func (r Row) place() string { return r.id.String() }
func (r Row) tag() string   { return web.ETag(r.version) }

// Resource is what embeds a [Row].
type Resource interface {
	place() string
	tag() string
}

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

// Found answers a question after one resource.
type Found[T any] struct {
	Status int
	Tagged
	Body T
}

// Changed answers a change.
type Changed[T any] struct {
	Tagged
	Propagation
	Body T
}

// Listed answers with one page of a list.
type Listed[T any] struct{ Body web.Page[T] }

// Done answers a change that leaves nothing to show.
type Done struct {
	Propagation
	Body Settled
}

// Settled is the body of the answer to disabling, enabling and deleting.
type Settled struct {
	Propagated bool `json:"propagated" doc:"Whether every live node obeys the change already; the others follow within 5 seconds."`
}

// anyVersion makes rooms change whichever version there is; noVersion is one that no row has.
const (
	anyVersion = 0
	noVersion  = -1
)

// Version returns the version that If-Match asks for, in the form in which rooms compare it under their lock. A tag
// that this API never sent matches nothing (RFC 9110 §13.1.1).
func (p Precondition) Version() (int64, error) {
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

// Find answers with the resource that get returns, or with 304 if the caller has it.
func Find[T Resource](ctx context.Context, d *Desk, in Conditional, get func(*db.Tx, *Call) (T, error)) (*Found[T], error) {
	out := &Found[T]{Status: http.StatusOK}
	err := d.Read(ctx, func(tx *db.Tx, c *Call) (err error) {
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

// Change answers with the resource as fn left it. fn is given the version that If-Match asks for, for the room to
// compare: 0 asks for none in particular, and -1 is one that no row has.
func Change[T Resource](ctx context.Context, d *Desk, in Precondition, fn func(tx *db.Tx, c *Call, version int64) (T, error)) (*Changed[T], error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	out := &Changed[T]{}
	out.Propagated, err = d.Write(ctx, func(tx *db.Tx, c *Call) (err error) {
		out.Body, err = fn(tx, c, version)
		return err
	})
	if err != nil {
		return nil, err
	}
	out.ETag = out.Body.tag()
	return out, nil
}
