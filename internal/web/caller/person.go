package caller

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// ConsoleHeader is what our own pages send with every call, with the value [Console]. A form, an image or a link of another site
// cannot, and a script of another site would have to ask first, which nobody here answers (Fetch §4.8). So a cookie alone never
// is a credential: that is the first of three bars against forged requests, beside the cookie's SameSite and [ownPage].
const (
	ConsoleHeader = "X-Counterfoil"
	Console       = "console"
)

// FromConsole reports whether a request says that it comes from our own pages.
func FromConsole(r *http.Request) bool {
	return slices.Equal(r.Header.Values(ConsoleHeader), []string{Console})
}

// Words for the console: what a person can do about a refusal differs more than the status does.
const (
	CodeOver    = "session_over"
	CodeForeign = "origin_not_allowed"
	CodeStepUp  = "step_up_required"
)

var (
	errOver    = fault.New(fault.Unauthenticated, "nobody is signed in with this browser, or no longer: sign in")
	errForeign = fault.New(fault.Denied, "a page of another site sent this")
	errStepUp  = fault.New(fault.Denied, "prove again who you are: this needs a proof that is at most %d minutes old", int(session.StepUp.Minutes()))
)

// over refuses somebody who is not signed in, or is no longer.
func over(w http.ResponseWriter) error {
	w.Header().Set("WWW-Authenticate", noToken) // RFC 9110 §15.5.2 wants one, and with this scheme no browser asks for a password
	return web.Coded(errOver, CodeOver)
}

// ownPage reports whether a request comes from a page of this very origin, also one that only reads. Browsers that do not say
// where from are held to the Origin of what changes things.
func (g *Guard) ownPage(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "" || site == "same-origin") && g.pages.Check(r) == nil
}

// admitPerson lets a person in whose browser holds the cookie of a living session of this environment, which began at our own
// sign-in: of one that an application opened, the application knows the cookie. What the person may do their roles say, now.
func (g *Guard) admitPerson(w http.ResponseWriter, r *http.Request, c *Caller) error {
	x := web.Of(w)
	if !FromConsole(r) || !g.ownPage(r) {
		if len(r.Header["Authorization"]) > 0 || !web.SessionCookie.Shown(w, r) {
			return over(w)
		}
		return web.Coded(errForeign, CodeForeign)
	}
	cookie := web.SessionCookie.Kept(w, r)
	if len(r.Header["Authorization"]) > 0 || cookie.Empty() || x.Environment == nil || x.Environment.ID == uuid.Nil {
		return over(w)
	}
	var s *session.Session
	environment := x.Environment.ID
	still := func(tx *db.Tx) (err error) {
		if s, err = g.Sessions.Check(tx, environment, cookie); err == nil && !s.Own() {
			err = errOver
		}
		return err
	}
	c.Environment = x.Environment
	c.Actor = access.Actor{
		Environment: environment, Home: x.Environment.Default, Request: x.RequestID(), Permissions: []string{}, Person: &access.Person{Still: still},
	}
	if remote := x.Remote(); remote.IsValid() {
		c.Actor.Address = remote.String()
	}
	err := g.DB.Read(r.Context(), func(tx *db.Tx) error {
		if err := still(tx); err != nil {
			return err
		}
		c.Actor.Person.User, c.Actor.Issued = s.User, s.ProvedAt
		return access.Admit(tx, &c.Actor)
	})
	switch {
	case fault.Is(err, fault.Unauthenticated):
		x.Reason = CodeOver
		return over(w)
	case err != nil:
		return err
	}
	c.Session = s
	return g.allowPerson(w, r, c)
}

// allowPerson asks a person who was let in for what the operation needs.
func (g *Guard) allowPerson(w http.ResponseWriter, r *http.Request, c *Caller) error {
	now := g.Now()
	held := c.Actor.Held()
	if scope := c.terms.Scope; scope != "" && !slices.Contains(held, scope) {
		return fault.New(fault.Denied, "your roles do not include %s", scope)
	}
	if some := c.terms.OneOf; len(some) > 0 && !slices.ContainsFunc(some, func(scope string) bool { return slices.Contains(held, scope) }) {
		return fault.New(fault.Denied, "your roles include none of %s", strings.Join(some, ", "))
	}
	if c.terms.StepUp && !session.StepUpFresh(c.Session, now) {
		web.Of(w).Reason = CodeStepUp
		return web.Coded(errStepUp, CodeStepUp)
	}
	return g.Sessions.Touch(r.Context(), g.DB, c.Session, c.Actor.Address, now)
}
