package services

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/invitation"
	"github.com/counterfoil/counterfoil/internal/directory/link"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/caller"
)

// Door serves the services of every environment. All fields are required.
type Door struct {
	DB          *db.DB
	Guard       *caller.Guard
	Cursors     web.Cursors
	Tickets     *ticket.Authority
	Passwords   *password.Authority
	Factors     *factor.Authority
	Recovery    *recovery.Authority
	Invitations *invitation.Authority
	Sessions    *session.Authority
	// Base is the public URL of the installation, whose own pages may exchange session login tokens, too.
	Base string
	Now  func() time.Time

	grid web.Grid
}

// Routes registers the door's routes.
func (d *Door) Routes(m *web.Mux) {
	for route, handle := range map[string]handler{
		"POST /services/saml-assertion":                d.absent,
		"POST /services/saml-assertion/verify-factor":  d.absent,
		"POST /services/login":                         d.login,
		"POST /services/login/verify-factor":           d.verifyLogin,
		"POST /services/users/{user}/logout":           d.logout,
		"POST /services/invitations":                   d.invite,
		"GET /services/users":                          d.listUsers,
		"POST /services/users":                         d.register,
		"GET /services/users/{user}":                   d.getUser,
		"PATCH /services/users/{user}":                 d.changeUser,
		"DELETE /services/users/{user}":                d.deleteUser,
		"POST /services/password":                      d.checkPassword,
		"POST /services/forgot-password":               d.forgot,
		"POST /services/verify-factor":                 d.verifyFactor,
		"GET /services/users/{user}/tokens":            d.listTokens,
		"DELETE /services/users/{user}/tokens":         d.revokeTokens,
		"DELETE /services/users/{user}/tokens/{token}": d.revokeToken,
	} {
		m.HandleFunc(route, d.serve(rule.Of(route), handle))
	}
	m.HandleFunc("POST /session", d.exchange)
	m.HandleFunc("OPTIONS /session", d.preflight)
}

// handler does what a route is for and returns what to answer. Its errors are those of the rooms, or a [refusal].
type handler func(c *call) (status int, body any, err error)

// call is one request that was let in.
type call struct {
	*caller.Caller
	w http.ResponseWriter
	r *http.Request
	// permission is what the route asks for. family says that it is only lent, because the caller's API family opens the
	// route: then the caller reaches its own users only.
	permission string
	family     bool
}

// refusal is an error with a word of its own for programs.
type refusal struct {
	error
	code string
}

func (r *refusal) Unwrap() error { return r.error }

// serve returns a handler that knows the caller, asks the permission table, and answers.
func (d *Door) serve(asked rule.Rule, handle handler) http.HandlerFunc {
	// Programs call here, not pages: a browser that remembers somebody's HTTP Basic or certificate must not be made to.
	var pages http.CrossOriginProtection
	return func(w http.ResponseWriter, r *http.Request) {
		web.NoStore(w.Header())
		web.Inert(w.Header())
		if pages.Check(r) != nil {
			fail(w, &refusal{fault.New(fault.Denied, "a page of another site sent this"), "origin_not_allowed"})
			return
		}
		terms := caller.Direct
		if asked.Guard == rule.Either {
			terms.OtherAPIs, terms.Itself = true, true
		}
		who, err := d.Guard.Admit(w, r, terms)
		if err != nil {
			fail(w, err)
			return
		}
		c := &call{Caller: who, w: w, r: r, permission: asked.Permission}
		if err := c.allow(asked); err != nil {
			fail(w, err)
			return
		}
		status, body, err := handle(c)
		if fault.Is(err, fault.Unauthenticated) {
			if _, person := err.(*refusal); !person { //nolint:errorlint // made here, never wrapped
				err = who.Outdated(w)
			}
		}
		if err != nil {
			fail(w, err)
			return
		}
		answer(w, status, body)
	}
}

// allow compares what the caller holds with what the permission table asks for.
func (c *call) allow(asked rule.Rule) error {
	switch {
	case !c.Elsewhere && c.Actor.May(asked.Permission):
		return nil
	// Who asked for a token of the management API said with its scopes what it is for: the family adds nothing to that.
	case asked.Guard != rule.Either || c.Kind != application.Service || c.Method == 0 && !c.Elsewhere:
		return caller.Lacks(c.w, asked.Permission)
	case !c.Actor.Families.Has(asked.Families):
		return fault.New(fault.Denied, "this needs the API family %s, or the scope %s", asked.Families, asked.Permission)
	}
	c.family = true
	c.Actor.Lend(asked.Families, asked.Permission)
	return nil
}

// lend lends a caller by its family further permissions for what is left of the operation.
func (c *call) lend(more ...string) {
	if c.family {
		c.Actor.Lend(access.FamilyUsers, append(more, c.permission)...)
	}
}

// read runs fn in a transaction in which the caller is still admitted.
func (d *Door) read(c *call, fn func(*db.Tx) error) error { return c.in(d.DB.Read, fn) }

// write is read for changes.
func (d *Door) write(c *call, fn func(*db.Tx) error) error { return c.in(d.DB.Write, fn) }

// mine returns the id of the user in the path, if the caller reaches that user: one by its family alone, only those that
// it made.
func (c *call) mine(tx *db.Tx) (uuid.UUID, error) {
	id, err := uuid.Parse(c.r.PathValue("user"))
	if err != nil || id.String() != c.r.PathValue("user") {
		return uuid.Nil, errNoUser
	}
	if c.family {
		if _, ok, err := link.Has(tx, c.Actor.Environment, c.Actor.Application, id); err != nil || !ok {
			return uuid.Nil, orElse(err, errNoUser)
		}
	}
	return id, nil
}

var errNoUser = fault.New(fault.NotFound, "there is no such user")

// orElse returns err, or otherwise if there is none.
func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// absent answers what is decided and not built yet.
func (d *Door) absent(*call) (int, any, error) {
	return 0, nil, &refusal{fault.New(fault.NotFound, "there is no federation yet"), "not_available"}
}

func fail(w http.ResponseWriter, err error) {
	code := fault.Of(err).String()
	if r, ok := err.(*refusal); ok { //nolint:errorlint // made here, never wrapped
		code = r.code
	}
	web.WriteCoded(w, err, code)
}

func answer(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	web.JSON(w.Header())
	if status >= http.StatusBadRequest {
		w.Header().Set("Content-Type", "application/problem+json")
	}
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(body) // the caller has gone
}
