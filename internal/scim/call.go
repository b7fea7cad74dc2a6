package scim

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/directory/search"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/caller"
)

// call is one request that was let in, or one operation of a bulk request.
type call struct {
	door  *Door
	who   *caller.Caller
	ctx   context.Context //nolint:containedctx // a call is a request, and lives as long
	scope string

	id                   string // of the resource in the path
	body                 object
	list                 listing
	ifMatch, ifNoneMatch string

	fresh fresh

	// What the transaction sees; each attempt begins anew.
	tx    *db.Tx
	set   *schema.Set
	rules *[]search.Rule // of groups whose members follow from a filter, once somebody has asked
}

func (c *call) actor() *access.Actor { return &c.who.Actor }

func (c *call) environment() uuid.UUID { return c.who.Environment.ID }

// place returns the address of a resource. It is the environment's own, whatever name the caller used for the host.
func (c *call) place(r *schema.Resource, id uuid.UUID) string {
	return c.who.Environment.Issuer + Base + r.Endpoint + "/" + id.String()
}

// found answers with one resource, or says that the caller has it.
func (c *call) found(r *schema.Resource, doc object) *answer {
	meta := doc["meta"].(object)
	a := &answer{status: http.StatusOK, location: meta["location"].(string), version: meta["version"].(string)}
	if web.NoneMatch(c.ifNoneMatch, a.version) {
		a.status = http.StatusNotModified
		return a
	}
	a.body = c.list.selection.in(r).apply(r, doc)
	return a
}

func (c *call) created(r *schema.Resource, doc object) *answer {
	c.ifNoneMatch = ""
	a := c.found(r, doc)
	a.status = http.StatusCreated
	return a
}

// changed answers a change with what it made.
func (c *call) changed(r *schema.Resource, doc object) *answer {
	c.ifNoneMatch = ""
	return c.found(r, doc)
}

// show answers with a user as the caller asked to see it, by one of the functions above.
func (c *call) show(u *directory.User, by func(*schema.Resource, object) *answer) (*answer, error) {
	doc, err := c.userDocument(u, c.list.selection.in(c.set.User))
	if err != nil {
		return nil, err
	}
	return by(c.set.User, doc), nil
}

// identifier reads the id in the path. What is none names nothing.
func (c *call) identifier() (uuid.UUID, error) {
	id, err := uuid.Parse(c.id)
	if err != nil || id.String() != c.id {
		return id, errNothing
	}
	return id, nil
}

var errNothing = fault.New(fault.NotFound, "there is no resource with this id")

// population is where new users and groups come into: zero, which means the usual one, unless the caller looks after one
// population only.
func (c *call) population(permission string) uuid.UUID {
	everywhere, some := c.actor().Over(permission, access.OverPopulation)
	if !everywhere && len(some) == 1 {
		return some[0]
	}
	return uuid.Nil
}

// locked returns a user whom the caller may change, for the rest of the transaction.
func (c *call) locked() (*directory.User, error) {
	id, err := c.identifier()
	if err != nil {
		return nil, err
	}
	u, err := directory.LoadForUpdate(c.tx, c.environment(), id)
	if fault.Is(err, fault.NotFound) || err == nil && !c.actor().MayOn(access.WriteUsers, access.OverPopulation, u.Population) {
		return nil, errNothing
	}
	if err != nil {
		return nil, err
	}
	return u, checkMatch(c.ifMatch, version(u.Version))
}
