package scim

import (
	"net/http"
	"strings"

	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/caller"
)

// Door is provisioning. All fields are required, but for those that say otherwise.
type Door struct {
	DB      *db.DB
	Guard   *caller.Guard
	Cursors web.Cursors
	// Passwords sets passwords; nil: requests that give one are refused.
	Passwords *password.Authority
	// Sessions knows the browsers in which people are signed in, for /Me.
	Sessions *session.Authority
}

// route is one operation of the protocol.
type route struct {
	pattern string // method and path under the base
	body    bool   // there is one to read
	writes  bool
	// before is what takes long and is done before the transaction.
	before func(*call) error
	do     func(*call) (*answer, error)
	// alone operations make their own transactions.
	alone bool
	// own operations are about whoever calls: people may do them, too.
	own bool
}

func (d *Door) routes() []route {
	return []route{
		{pattern: "GET /ServiceProviderConfig", do: (*call).config},
		{pattern: "GET /ResourceTypes", do: (*call).resourceTypes},
		{pattern: "GET /ResourceTypes/{id}", do: (*call).resourceType},
		{pattern: "GET /Schemas", do: (*call).schemas},
		{pattern: "GET /Schemas/{id}", do: (*call).schema},
		{pattern: "GET /Users", do: (*call).listUsers},
		{pattern: "POST /Users", before: (*call).prepareNew, do: (*call).createUser, body: true, writes: true},
		{pattern: "POST /Users/.search", do: (*call).listUsers, body: true},
		{pattern: "GET /Users/{id}", do: (*call).getUser},
		{pattern: "PUT /Users/{id}", before: (*call).prepareReplaced, do: (*call).replaceUser, body: true, writes: true},
		{pattern: "PATCH /Users/{id}", before: (*call).preparePatched, do: (*call).patchUser, body: true, writes: true},
		{pattern: "DELETE /Users/{id}", do: (*call).deleteUser, writes: true},
		{pattern: "GET /Groups", do: (*call).listGroups},
		{pattern: "POST /Groups", do: (*call).createGroup, body: true, writes: true},
		{pattern: "POST /Groups/.search", do: (*call).listGroups, body: true},
		{pattern: "GET /Groups/{id}", do: (*call).getGroup},
		{pattern: "PUT /Groups/{id}", do: (*call).replaceGroup, body: true, writes: true},
		{pattern: "PATCH /Groups/{id}", do: (*call).patchGroup, body: true, writes: true},
		{pattern: "DELETE /Groups/{id}", do: (*call).deleteGroup, writes: true},
		{pattern: "POST /.search", do: (*call).listAll, body: true},
		{pattern: "POST /Bulk", do: (*call).bulk, body: true, alone: true},
		{pattern: "GET /Me", do: (*call).me, own: true},
		{pattern: "PUT /Me", do: (*call).me, own: true},
		{pattern: "PATCH /Me", do: (*call).me, own: true},
		{pattern: "DELETE /Me", do: (*call).me, own: true},
	}
}

// Routes registers the door's routes.
func (d *Door) Routes(m *web.Mux) {
	for _, r := range d.routes() {
		method, path, _ := strings.Cut(r.pattern, " ")
		pattern := method + " " + Base + path
		m.HandleFunc(pattern, d.handle(r, rule.Of(pattern)))
	}
	m.Misses(Base+"/", miss)
}

// handle serves a route to callers that hold what its rule asks for.
func (d *Door) handle(r route, asked rule.Rule) http.HandlerFunc {
	terms, scope := caller.Direct, asked.Permission
	terms.Scope = scope
	return func(w http.ResponseWriter, req *http.Request) {
		if r.own && fromBrowser(w, req) {
			d.person(w, req)
			return
		}
		who, err := d.Guard.Admit(w, req, terms)
		if err == nil && !asked.Admits(who.Actor.May) {
			err = caller.Lacks(w, strings.TrimSpace(strings.Join(asked.OneOf, " ")+" "+scope))
		}
		if err != nil {
			refuse(w, err)
			return
		}
		c := &call{door: d, who: who, ctx: req.Context(), id: req.PathValue("id"), scope: scope}
		c.ifMatch, c.ifNoneMatch = req.Header.Get("If-Match"), req.Header.Get("If-None-Match")
		if err := c.read(req, r); err != nil {
			refuse(w, err)
			return
		}
		a, err := c.run(r)
		switch {
		case fault.Is(err, fault.Unauthenticated):
			refuse(w, who.Outdated(w))
		case err != nil:
			refuse(w, err)
		default:
			a.send(w)
		}
	}
}

// read takes from a request what its operation is about.
func (c *call) read(req *http.Request, r route) (err error) {
	if r.body {
		if c.body, err = body(req); err != nil {
			return err
		}
	}
	if strings.HasSuffix(r.pattern, "/.search") {
		c.list, err = searchRequest(c.body)
	} else {
		c.list, err = queried(req.URL.Query())
	}
	return err
}

// run does one operation, in a transaction in which the caller is still admitted.
func (c *call) run(r route) (a *answer, err error) {
	if r.alone {
		return r.do(c)
	}
	if r.before != nil {
		if err := r.before(c); err != nil {
			return nil, err
		}
	}
	inside := func(tx *db.Tx) error {
		c.tx, c.rules = tx, nil
		if err := c.who.Allow(tx, c.scope); err != nil {
			return err
		}
		var err error
		if c.set, err = schema.Load(tx, c.who.Environment.ID); err != nil {
			return err
		}
		a, err = r.do(c)
		return err
	}
	if r.writes {
		return a, c.door.DB.Write(c.ctx, inside)
	}
	return a, c.door.DB.Read(c.ctx, inside)
}
