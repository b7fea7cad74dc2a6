package signin

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// form is what the pages show of a person who signs in.
type form struct {
	// Up leads from the page to the root of the environment: empty, or as many "../" as the page is deep.
	Up string
	// Login is what was typed, ReturnTo where the person wanted to go, Notice the name of what is said before the form.
	Login, ReturnTo, Notice string
	// Address is an e-mail address that was typed.
	Address string
	// Codes are the factors with codes; Chosen is the one that was answered with.
	Codes  []*factor.Factor
	Chosen string
	// Passkeys says that a passkey will do.
	Passkeys bool
	// StepUp says that the person is signed in, and asked again.
	StepUp bool
}

// goal is what a person signs in for; it waits in the state while the factor is asked.
type goal struct {
	ReturnTo string `json:"return_to,omitempty"`
	StepUp   bool   `json:"step_up,omitempty"`
}

// forSignin names what a factor state from here leads to.
const forSignin = "signin"

// errPerson is all that is heard of a person who did not prove who they are: no such user, a wrong password, a wrong code, a
// lock, and a user who may not sign in.
var errPerson = fault.New(fault.Unauthenticated, "user name, password or code is wrong")

func (d *Door) signInPage(w http.ResponseWriter, r *http.Request) {
	back := r.URL.Query().Get("return_to")
	if s, _, err := d.visitor(w, r); err == nil && s != nil {
		seeOther(w, place("", back, false))
		return
	}
	d.showSignIn(w, r, http.StatusOK, page{Form: &form{ReturnTo: back, Notice: notice(r)}})
}

// notices are what the sign-in page may have to say because of where somebody comes from.
var notices = []string{"over", "out", "changed", "reset"}

func notice(r *http.Request) string {
	for _, name := range notices {
		if r.URL.Query().Has(name) {
			return "signin.notice." + name
		}
	}
	return ""
}

func (d *Door) showSignIn(w http.ResponseWriter, r *http.Request, status int, p page) {
	p.State, p.Language = "signin", language(r, "")
	if !web.OwnPath(p.Form.ReturnTo) {
		p.Form.ReturnTo = ""
	}
	_, p.Form.Passkeys = d.party(w)
	write(w, status, p)
}

// place is where somebody goes who is signed in: where they wanted to, if that is one of our own, or to their account; who may
// do something about the environment, to the console. up leads from the page that answers to the root of the environment.
func place(up, back string, administers bool) string {
	switch {
	case web.OwnPath(back):
		return back
	case administers:
		return up + "console/"
	default:
		return up + "account"
	}
}

// speaking adds to a place of ours the language that the address asks for.
func speaking(r *http.Request, to string) string {
	spoken := r.URL.Query().Get("lang")
	if spoken == "" {
		return to
	}
	separator := "?"
	if strings.Contains(to, "?") {
		separator = "&"
	}
	return to + separator + "lang=" + escape(spoken)
}

func escape(text string) string { return url.QueryEscape(text) }

// signIn takes a name and a password.
func (d *Door) signIn(w http.ResponseWriter, r *http.Request) {
	sent, err := read(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	in := form{Login: strings.TrimSpace(sent.Get("login")), ReturnTo: sent.Get("return_to")}
	switch {
	case in.Login == "":
		d.showSignIn(w, r, http.StatusUnprocessableEntity, page{Form: &in, Field: "login", Problem: "problem.login"})
		return
	case sent.Get("password") == "":
		d.showSignIn(w, r, http.StatusUnprocessableEntity, page{Form: &in, Field: "password", Problem: "problem.empty"})
		return
	}
	again := func() {
		d.showSignIn(w, r, http.StatusUnprocessableEntity, page{Form: &in, Field: "person", Problem: "problem.person"})
	}
	x := web.Of(w)
	if x.Environment.ID == uuid.Nil || !x.Environment.Enabled {
		d.refuse(w, r, again)
		return
	}
	result, err := d.Passwords.Verify(r.Context(), x.Environment.ID, in.Login, seal.NewSecret(sent.Get("password")), x.Remote())
	if err != nil {
		d.fail(w, r, err)
		return
	}
	switch result.Outcome {
	case password.Right:
		d.proven(w, r, result.User, goal{ReturnTo: in.ReturnTo}, again)
	case password.MustChange, password.Expired:
		seeOther(w, speaking(r, "signin/change?return_to="+escape(in.ReturnTo)))
	default:
		d.refuse(w, r, again)
	}
}

// refuse says that somebody did not prove who they are, on the grid, so that the time of the answer says no more.
func (d *Door) refuse(w http.ResponseWriter, r *http.Request, again func()) {
	x := web.Of(w)
	if busy := d.grid.Wait(r.Context(), x.Began()); busy != nil {
		d.fail(w, r, busy)
		return
	}
	x.Reason = "not_verified"
	again()
}

// entry is somebody who has shown the right password, or more.
type entry struct {
	user   uuid.UUID
	epoch  uint32
	goal   goal
	whole  bool // every factor was shown, too
	device seal.Secret
	before []seal.Secret // the cookies that the browser came with
	spec   session.Spec

	refused     bool
	administers bool        // some role lets the person do something here
	cookie      seal.Secret // the session's; empty: a factor is asked
	state       seal.Secret
	known       seal.Secret // the new device's
}

// arriving describes who comes.
func arriving(w http.ResponseWriter, r *http.Request, g goal) *entry {
	return &entry{
		goal: g, device: web.DeviceCookie.Kept(w, r), before: web.SessionCookie.All(w, r),
		spec: session.Spec{Agent: r.UserAgent(), Address: addressOf(w)},
	}
}

func addressOf(w http.ResponseWriter) string {
	if remote := web.Of(w).Remote(); remote.IsValid() {
		return remote.String()
	}
	return ""
}

// proven goes on with a person whose password was right.
func (d *Door) proven(w http.ResponseWriter, r *http.Request, u *directory.User, g goal, again func()) {
	d.provenAt(w, r, u, g, "", again)
}

// provenAt is proven for a page that is deeper.
func (d *Door) provenAt(w http.ResponseWriter, r *http.Request, u *directory.User, g goal, up string, again func()) {
	e := arriving(w, r, g)
	e.user, e.epoch = u.ID, u.Epoch
	err := d.DB.Write(r.Context(), func(tx *db.Tx) error { return d.enter(tx, web.Of(w).Environment.ID, e) })
	d.answer(w, r, e, err, up, again)
}

// answer sends the browser on.
func (d *Door) answer(w http.ResponseWriter, r *http.Request, e *entry, err error, up string, again func()) {
	switch {
	case err == nil && e.refused, fault.Is(err, fault.Unauthenticated):
		d.refuse(w, r, again)
		return
	case err != nil:
		d.fail(w, r, err)
		return
	case e.cookie.Empty():
		web.StateCookie.Keep(w, r, e.state, stateLife)
		seeOther(w, speaking(r, up+"signin/factor"))
		return
	}
	web.SessionCookie.Keep(w, r, e.cookie, 0)
	web.StateCookie.Drop(w, r)
	if !e.known.Empty() {
		web.DeviceCookie.Keep(w, r, e.known, session.Remembered)
	}
	seeOther(w, place(up, e.goal.ReturnTo, e.administers))
}

// enter lets in who has proven all that is asked, or makes the state in which a factor is still asked.
func (d *Door) enter(tx *db.Tx, environment uuid.UUID, e *entry) error {
	e.refused, e.cookie, e.state = false, seal.Secret{}, seal.Secret{}
	u, err := directory.LoadForUpdate(tx, environment, e.user)
	if fault.Is(err, fault.NotFound) || err == nil && u.Epoch != e.epoch {
		e.refused = true // it is no longer what was proven
		return nil
	}
	if err != nil {
		return err
	}
	whole, err := d.whole(tx, u, e)
	if err != nil {
		return err
	}
	if whole {
		return d.begin(tx, u, e)
	}
	keep, err := json.Marshal(e.goal)
	if err != nil {
		return err
	}
	e.state, _, _, err = d.Factors.Begin(tx, factor.State{Environment: u.Environment, User: u.ID, For: forSignin, Data: keep})
	if fault.Is(err, fault.Conflict) { // every factor is locked
		e.refused = true
		return nil
	}
	return err
}

// whole reports whether a person has shown all that is asked. A device that is remembered stands for the factor at a sign-in,
// and never for a fresh proof.
func (d *Door) whole(tx *db.Tx, u *directory.User, e *entry) (bool, error) {
	if e.whole {
		e.spec.Proved = true
		return true, nil
	}
	must, err := factor.Needed(tx, u.Environment, u.ID)
	if err != nil || !must {
		e.spec.Proved = true
		return !must, err
	}
	e.spec.Proved = false
	if e.goal.StepUp {
		return false, nil
	}
	return d.Sessions.Knows(tx, u, e.device, e.spec.Address)
}

// begin begins a session, or renews the proof of the one that there is. At a sign-in the cookie is new whatever the browser
// held, and ends the session that it had here: nobody goes on in a session that somebody else planted.
func (d *Door) begin(tx *db.Tx, u *directory.User, e *entry) (err error) {
	if e.goal.StepUp {
		if len(e.before) != 1 {
			return errPerson
		}
		_, e.cookie, err = d.Sessions.Prove(tx, u.Environment, e.before[0], u.ID)
		return err
	}
	who := ledger.Who{Kind: "user", ID: u.ID.String(), Address: e.spec.Address}
	for _, old := range e.before {
		if err := d.Sessions.End(tx, u.Environment, old, who); err != nil {
			return err
		}
	}
	may, err := access.UserPermissions(tx, u.Environment, u.ID)
	if err != nil {
		return err
	}
	e.administers = len(may) > 0
	_, e.cookie, err = d.Sessions.Start(tx, u, e.spec)
	return err
}

// visitor returns the session of a browser, with its cookie, if its person signed in here and may still: else
// [fault.Unauthenticated].
func (d *Door) visitor(w http.ResponseWriter, r *http.Request) (s *session.Session, cookie seal.Secret, err error) {
	cookie = web.SessionCookie.Kept(w, r)
	e := web.Of(w).Environment.ID
	if cookie.Empty() || e == uuid.Nil {
		return nil, cookie, errPerson
	}
	err = d.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		s, err = d.Sessions.Check(tx, e, cookie)
		return err
	})
	if err == nil && !s.Own() {
		return nil, cookie, errPerson
	}
	return s, cookie, err
}

func (d *Door) signOut(w http.ResponseWriter, r *http.Request) {
	e, address := web.Of(w).Environment.ID, addressOf(w)
	err := d.DB.Write(r.Context(), func(tx *db.Tx) error {
		for _, value := range web.SessionCookie.All(w, r) {
			who := ledger.Who{Kind: "user", Address: address}
			if s, err := d.Sessions.Check(tx, e, value); err == nil {
				who.ID = s.User.String()
			}
			if err := d.Sessions.End(tx, e, value, who); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	web.SessionCookie.Drop(w, r)
	seeOther(w, speaking(r, "signin?out"))
}
