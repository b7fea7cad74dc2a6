package signin

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/founder"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/limit"
)

// Door serves the pages of every environment. All fields but Limits are required.
type Door struct {
	DB        *db.DB
	Sessions  *session.Authority
	Passwords *password.Authority
	Factors   *factor.Authority
	Recovery  *recovery.Authority
	Founder   *founder.Authority
	// Limits bound how often one network asks; nil is no bound.
	Limits *limit.Limiter

	grid web.Grid
}

// Routes registers the door's routes. Their patterns are what the request log says: a link never gets into it.
func (d *Door) Routes(m *web.Mux) {
	for pattern, serve := range map[string]http.HandlerFunc{
		"GET /activate/{ticket}":     d.ask(recovery.Activate),
		"POST /activate/{ticket}":    d.finish(recovery.Activate),
		"GET /activate/done":         d.say("activated"),
		"GET /reset/{ticket}":        d.ask(recovery.Reset),
		"POST /reset/{ticket}":       d.finish(recovery.Reset),
		"GET /reset/done":            d.say("changed"),
		"GET /forgot":                d.say("forgot"),
		"POST /forgot":               d.forgot,
		"GET /forgot/sent":           d.say("sent"),
		"GET /signin":                d.signInPage,
		"POST /signin":               d.signIn,
		"GET /signin/factor":         d.factorPage,
		"POST /signin/factor":        d.answerFactor,
		"GET /signin/change":         d.changePage,
		"POST /signin/change":        d.change,
		"GET /signin/step-up":        d.stepUpPage,
		"POST /signin/step-up":       d.stepUp,
		"GET /signin/passkey.js":     d.script,
		"POST /signin/passkey":       d.signInByPasskey,
		"POST /signin/passkey/begin": d.beginPasskey,
		"POST /signout":              d.signOut,
		"GET /account":               d.account,
		"POST /account/sessions":     d.does(d.signedIn, d.endSession),
		"POST /account/sessions/all": d.does(d.signedIn, d.endAll),
		"POST /account/devices":      d.does(d.signedIn, d.forgetDevice),
		"POST /account/factors":      d.does(d.fresh, d.removeFactor),
		"POST /account/apps":         d.makeApp,
		"POST /account/apps/confirm": d.confirmApp,
		"POST /account/codes":        d.renewCodes,
		"POST /account/passkeys":     d.addPasskey,
		"GET /setup/{ticket}":        d.setupPage,
		"POST /setup/{ticket}":       d.setup,
	} {
		m.Handle(pattern, d.guard(serve))
	}
}

// maxForm is how much of a form is read, in bytes: two passwords as long as they may be, each byte escaped.
const maxForm = 16 << 10

// guard lets nobody in whose browser says that another site sent it, nor a network that asks too often.
func (d *Door) guard(next http.HandlerFunc) http.Handler {
	var origin http.CrossOriginProtection
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := web.Of(w)
		if err := origin.Check(r); err != nil {
			x.Reason = "cross_site"
			write(w, http.StatusForbidden, page{State: "elsewhere", Language: language(r, "")})
			return
		}
		if _, _, err := d.Limits.Address(w.Header(), x.Remote()); err != nil {
			d.fail(w, r, err)
			return
		}
		next(w, r)
	})
}

// language is the one that the page is written in: what a link says, else what the address says, which is how one page hands
// it on to the next, else what the browser asks for.
func language(r *http.Request, known string) string {
	if known == "" {
		known = r.URL.Query().Get("lang")
	}
	if known == "" {
		known = strings.Join(r.Header["Accept-Language"], ",")
	}
	return letter.Speak(known)
}

// say returns a handler for a page without a link in its path.
func (d *Door) say(state string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		write(w, http.StatusOK, page{State: state, Language: language(r, "")})
	}
}

// look finds what the page of a link shows, or answers that it leads nowhere.
func (d *Door) look(w http.ResponseWriter, r *http.Request, to recovery.Page) (*recovery.View, bool) {
	e := web.Of(w).Environment
	if e.ID == uuid.Nil || !e.Enabled {
		d.fail(w, r, recovery.ErrDead)
		return nil, false
	}
	view, err := d.Recovery.Look(r.Context(), e.ID, to, seal.NewSecret(r.PathValue("ticket")))
	if err != nil {
		d.fail(w, r, err)
		return nil, false
	}
	return view, true
}

func (d *Door) ask(to recovery.Page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if view, ok := d.look(w, r, to); ok {
			write(w, http.StatusOK, choosing(r, to, view))
		}
	}
}

// choosing is the page with the form.
func choosing(r *http.Request, to recovery.Page, view *recovery.View) page {
	state := string(to)
	if !view.Choose {
		state = "accept"
	}
	return page{State: state, Language: language(r, view.Language), View: view}
}

func (d *Door) finish(to recovery.Page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := web.Of(w)
		view, ok := d.look(w, r, to) // first: who has no link hears nothing else
		if !ok {
			return
		}
		form, err := read(r)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		again := choosing(r, to, view)
		chosen, repeated := form.Get("password"), form.Get("repeat")
		if view.Choose && chosen != repeated && chosen != "" {
			again.Field, again.Problem = "repeat", "problem.repeat"
			write(w, http.StatusUnprocessableEntity, again)
			return
		}
		who := ledger.Who{Request: x.RequestID()}
		if remote := x.Remote(); remote.IsValid() {
			who.Address = remote.String()
		}
		_, err = d.Recovery.Finish(r.Context(), x.Environment.ID, to, seal.NewSecret(r.PathValue("ticket")), seal.NewSecret(chosen), who)
		if field, _ := fault.Public(err); fault.Is(err, fault.Invalid) && field == "password" {
			again.Field, again.Problem = "password", problem(err)
			write(w, http.StatusUnprocessableEntity, again)
			return
		}
		if err != nil {
			d.fail(w, r, err)
			return
		}
		next := "done?lang=" + again.Language // beside this page, wherever the environment's path begins
		if target, ok := address(view.Target); ok && to == recovery.Activate {
			next = target.String()
		}
		seeOther(w, next)
	}
}

func (d *Door) forgot(w http.ResponseWriter, r *http.Request) {
	x := web.Of(w)
	form, err := read(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	spoken := language(r, "")
	login := strings.TrimSpace(form.Get("login"))
	if login == "" {
		write(w, http.StatusUnprocessableEntity, page{State: "forgot", Language: spoken, Field: "login", Problem: "problem.login"})
		return
	}
	if x.Environment.ID != uuid.Nil && x.Environment.Enabled {
		network := netip.Prefix{}
		if remote := x.Remote(); remote.IsValid() {
			network = web.Network(remote)
		}
		d.Recovery.Ask(x.Environment.ID, login, spoken, network)
	}
	seeOther(w, "forgot/sent?lang="+spoken)
}

// read returns the form that was sent. Its values live as long as the request does.
func read(r *http.Request) (url.Values, error) {
	if err := web.CheckContentType(r, "application/x-www-form-urlencoded"); err != nil {
		return nil, err
	}
	body, err := web.ReadBody(r, nil, maxForm)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "the form cannot be read") // the cause would quote it
	}
	return form, nil
}

// seeOther sends the browser on (RFC 9110 §15.4.4), so that nothing is sent twice when a page is read again. to is relative
// to the page that was asked for: the environment's segment is no longer in the path here.
func seeOther(w http.ResponseWriter, to string) {
	web.HTML(w.Header(), policy(nil))
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// fail answers with the page for an error.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	web.Of(w).Fail(err)
	p := page{State: "broken", Language: language(r, "")}
	status := http.StatusInternalServerError
	switch fault.Of(err) { //nolint:exhaustive // the others are one page
	case fault.NotFound:
		p.State, status = "dead", http.StatusNotFound
	case fault.Invalid, fault.TooLarge:
		status = http.StatusBadRequest
	case fault.Conflict:
		status = http.StatusConflict
	case fault.Exhausted:
		p.State, status = "busy", http.StatusTooManyRequests
		if w.Header().Get("Retry-After") == "" {
			w.Header().Set("Retry-After", "5")
		}
	case fault.Unavailable:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "5")
	}
	write(w, status, p)
}
