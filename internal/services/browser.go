package services

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// ticketBody is what a browser shows, as a form or as JSON.
type ticketBody struct {
	SessionToken string `json:"session_token"`
	TargetURL    string `json:"target_url"`
}

// began is the answer to a page that asked with a script, or when there is nowhere to go on to.
type began struct {
	User      string    `json:"user"`
	ExpiresAt time.Time `json:"expires_at"`
	TargetURL string    `json:"target_url,omitempty"`
}

var errOrigin = &refusal{fault.New(fault.Denied, "this page may not open sessions: its origin is not in the application's list"), "origin_not_allowed"}

// exchange turns a session login token into a session, once. The cookie is new whatever the browser held, and ends the
// session that the browser had here: nobody goes on in a session that somebody else planted.
func (d *Door) exchange(w http.ResponseWriter, r *http.Request) {
	web.NoStore(w.Header())
	web.Inert(w.Header())
	x := web.Of(w)
	if _, _, err := d.Guard.Limits.Address(w.Header(), x.Remote()); err != nil {
		fail(w, err)
		return
	}
	in, script, err := readTicket(r)
	if err != nil {
		fail(w, err)
		return
	}
	e := &entry{ticketBody: in, script: script, origin: origin(r), environment: x.Environment.ID, own: d.origins(x.Environment.Issuer)}
	e.before = web.SessionCookie.All(w, r)
	e.spec = session.Spec{Agent: r.UserAgent()}
	if x.Remote().IsValid() {
		e.spec.Address = x.Remote().String()
	}
	if !x.Environment.Enabled {
		err = ticket.ErrDead
	} else {
		err = d.DB.Write(r.Context(), func(tx *db.Tx) error { return d.enter(tx, e) })
	}
	if err == nil {
		err = e.refused
	}
	if err != nil {
		fail(w, err)
		return
	}
	web.SessionCookie.Keep(w, r, e.cookie, 0)
	if e.origin != "" && script {
		allowOrigin(w.Header(), e.origin)
	}
	if script || e.TargetURL == "" {
		answer(w, http.StatusOK, began{e.made.User.String(), e.made.ExpiresAt, e.TargetURL})
		return
	}
	w.Header().Set("Location", e.TargetURL)
	w.WriteHeader(http.StatusSeeOther)
}

// entry is one exchange.
type entry struct {
	ticketBody
	script      bool
	origin      string
	own         []string
	environment uuid.UUID
	before      []seal.Secret
	spec        session.Spec

	made    *session.Session
	cookie  seal.Secret
	refused error
}

// enter does it in one transaction: of all who show a token, one gets the session. A page that may not ask uses the token
// up all the same, because a token that came there is nobody's secret any more.
func (d *Door) enter(tx *db.Tx, e *entry) error {
	e.refused = nil
	t, err := d.Tickets.Hold(tx, ticket.Presented{Environment: e.environment, Purpose: ticket.SessionLogin, Secret: seal.NewSecret(e.SessionToken)})
	if err != nil {
		return err
	}
	app, err := application.Load(tx, e.environment, t.Application)
	if fault.Is(err, fault.NotFound) {
		return ticket.ErrDead
	}
	if err != nil {
		return err
	}
	if !e.mayAsk(&app.Links) {
		e.refused = errOrigin
		return d.Tickets.Spend(tx, t)
	}
	var g goal
	if err := t.Read(&g); err != nil {
		return err
	}
	target := cmp.Or(e.TargetURL, g.Target, app.Links.Home)
	if target != "" && !app.Links.MayReach(target) {
		return errTarget
	}
	u, err := directory.LoadForUpdate(tx, e.environment, t.User)
	if err != nil {
		return err
	}
	if err := d.Tickets.Spend(tx, t); err != nil {
		return err
	}
	for _, old := range e.before {
		if err := d.Sessions.End(tx, e.environment, old, ledger.Who{Kind: "user", ID: u.ID.String(), Address: e.spec.Address}); err != nil {
			return err
		}
	}
	spec := e.spec
	spec.Application = app.ID
	e.TargetURL = target
	e.made, e.cookie, err = d.Sessions.Start(tx, u, spec)
	if fault.Is(err, fault.Unauthenticated) {
		return ticket.ErrDead // the same as for a token that is no good
	}
	return err
}

// mayAsk reports whether the page that asks may. A browser says where a form or a script came from; what is no browser
// says nothing, and cannot be led astray by somebody else's page. A script has to say.
func (e *entry) mayAsk(links *application.Links) bool {
	if e.origin == "" {
		return !e.script
	}
	for _, own := range e.own {
		if e.origin == own {
			return true
		}
	}
	return links.MayAsk(e.origin)
}

// origin returns what a browser says; several are none that is allowed.
func origin(r *http.Request) string { return strings.Join(r.Header["Origin"], " ") }

// origins are those of our own pages.
func (d *Door) origins(issuer string) (own []string) {
	for _, text := range []string{d.Base, issuer} {
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			own = append(own, u.Scheme+"://"+u.Host)
		}
	}
	return own
}

// readTicket reads the form or the JSON of a browser.
func readTicket(r *http.Request) (in ticketBody, script bool, err error) {
	const formType = "application/x-www-form-urlencoded"
	if web.CheckContentType(r, formType) != nil {
		return in, true, decode(r, &in)
	}
	text, err := web.ReadBody(r, nil, 8<<10)
	if err != nil {
		return in, false, err
	}
	form, err := url.ParseQuery(string(text))
	if err != nil {
		return in, false, fault.New(fault.Invalid, "the form cannot be read")
	}
	for name, all := range form {
		if len(all) > 1 || name != "session_token" && name != "target_url" {
			return in, false, fault.On("session_token", "the form has session_token and target_url, once each")
		}
	}
	return ticketBody{form.Get("session_token"), form.Get("target_url")}, false, nil
}

// preflight lets browsers ask whether a script of another origin may post here at all. Which one may is said when it does,
// because only the token says whose list counts.
func (d *Door) preflight(w http.ResponseWriter, r *http.Request) {
	if from := origin(r); from != "" {
		allowOrigin(w.Header(), from)
		w.Header().Set("Access-Control-Allow-Methods", http.MethodPost)
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
		w.Header().Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusOK)
}

func allowOrigin(h http.Header, from string) {
	h.Set("Access-Control-Allow-Origin", from)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Add("Vary", "Origin")
}
