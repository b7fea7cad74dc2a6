package signin

import (
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// account is what the pages of a person who is signed in show.
type account struct {
	User *directory.User
	// Session is the one in which the person looks; Sessions are all, Devices those that are remembered, Factors all but pending.
	Session  *session.Session
	Sessions []*session.Session
	Devices  []*session.Device
	Factors  []*factor.Factor
	// Enrolled is an app's secret that was just made, Pending the factor that waits for its first code, and Codes are recovery
	// codes; all are shown once.
	Enrolled *factor.Enrolment
	Pending  *factor.Factor
	Codes    []seal.Secret
	// Administers says that some role lets the person do something in the console.
	Administers bool
}

// owner is a person who is signed in, and asks for something of their own.
type owner struct {
	*session.Session
	factor.Own
}

// signedIn returns whoever asks for one of its own pages. Whoever is not signed in is sent to do so, and back to the account
// afterwards. up leads from the page to the root of the environment.
func (d *Door) signedIn(w http.ResponseWriter, r *http.Request, up string) (*owner, bool) {
	s, _, err := d.visitor(w, r)
	if err == nil {
		err = d.Sessions.Touch(r.Context(), d.DB, s, addressOf(w), d.DB.Now())
	}
	switch {
	case fault.Is(err, fault.Unauthenticated):
		seeOther(w, speaking(r, up+"signin"))
		return nil, false
	case err != nil:
		d.fail(w, r, err)
		return nil, false
	}
	who := ledger.Who{Kind: "user", ID: s.User.String(), Address: addressOf(w), Request: web.Of(w).RequestID()}
	return &owner{s, factor.Own{Environment: s.Environment, User: s.User, Who: who}}, true
}

// fresh is signedIn for what only a person at the keyboard should do: others prove again who they are, and come back.
func (d *Door) fresh(w http.ResponseWriter, r *http.Request, up string) (*owner, bool) {
	o, ok := d.signedIn(w, r, up)
	if !ok || session.StepUpFresh(o.Session, d.DB.Now()) {
		return o, ok
	}
	seeOther(w, speaking(r, up+"signin/step-up?return_to="+escape(here(w))))
	return nil, false
}

// here is the path of the account in its environment.
func here(w http.ResponseWriter) string {
	issuer, err := url.Parse(web.Of(w).Environment.Issuer)
	if err != nil {
		return "/account"
	}
	return issuer.Path + "/account"
}

func (d *Door) account(w http.ResponseWriter, r *http.Request) {
	if o, ok := d.signedIn(w, r, ""); ok {
		d.showAccount(w, r, http.StatusOK, o, "account", page{Account: &account{}, Form: &form{}})
	}
}

// showAccount answers with a page of the account; p has what is particular.
func (d *Door) showAccount(w http.ResponseWriter, r *http.Request, status int, o *owner, state string, p page) {
	a := p.Account
	err := d.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		if a.User, err = directory.Load(tx, o.Own.Environment, o.Own.User); err != nil {
			return err
		}
		if a.Sessions, err = session.OfOwn(tx, o.Own.Environment, o.Own.User); err != nil {
			return err
		}
		if a.Devices, err = session.Devices(tx, o.Own.Environment, o.Own.User); err != nil {
			return err
		}
		if a.Factors, err = factor.OfOwn(tx, o.Own); err != nil {
			return err
		}
		may, err := access.UserPermissions(tx, o.Own.Environment, o.Own.User)
		a.Administers = len(may) > 0
		return err
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	known := a.Factors[:0:0]
	for _, f := range a.Factors {
		if f.Confirmed {
			known = append(known, f)
		}
	}
	a.Factors, a.Session = known, o.Session
	p.State, p.Language, p.Here = state, language(r, ""), here(w)
	if p.Form.Notice == "" && r.URL.Query().Has("done") {
		p.Form.Notice = "account.done"
	}
	_, p.Form.Passkeys = d.party(w)
	write(w, status, p)
}

// own is something that a person does to their own account. It returns what to show instead of the account, if anything.
type own func(w http.ResponseWriter, tx *db.Tx, o *owner, sent url.Values) error

// does returns a handler for a form of the account: it does that, and leads back there.
func (d *Door) does(admit func(http.ResponseWriter, *http.Request, string) (*owner, bool), do own) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		o, ok := admit(w, r, "../")
		if !ok {
			return
		}
		sent, err := read(r)
		if err == nil {
			err = d.DB.Write(r.Context(), func(tx *db.Tx) error { return do(w, tx, o, sent) })
		}
		if fault.Is(err, fault.NotFound) { // it is gone already
			err = nil
		}
		if err != nil {
			d.fail(w, r, err)
			return
		}
		seeOther(w, speaking(r, "../account?done"))
	}
}

// named reads the id in a field of a form; what is none is nobody's.
func named(sent url.Values, field string) uuid.UUID {
	id, err := uuid.Parse(sent.Get(field))
	if err != nil || id == uuid.Nil {
		return uuid.Max
	}
	return id
}

func (d *Door) endSession(_ http.ResponseWriter, tx *db.Tx, o *owner, sent url.Values) error {
	return session.EndOwn(tx, o.Who, o.Own.Environment, o.Own.User, named(sent, "session"))
}

// endAll ends every session, this one too, and makes every device forgotten.
func (d *Door) endAll(_ http.ResponseWriter, tx *db.Tx, o *owner, _ url.Values) error {
	u, err := directory.LoadForUpdate(tx, o.Own.Environment, o.Own.User)
	if err != nil {
		return err
	}
	if err := session.ForgetDevice(tx, o.Who, u.Environment, u.ID, uuid.Nil); err != nil {
		return err
	}
	return directory.Expel(tx, o.Who, u)
}

func (d *Door) forgetDevice(_ http.ResponseWriter, tx *db.Tx, o *owner, sent url.Values) error {
	return session.ForgetDevice(tx, o.Who, o.Own.Environment, o.Own.User, named(sent, "device"))
}

func (d *Door) removeFactor(_ http.ResponseWriter, tx *db.Tx, o *owner, sent url.Values) error {
	return d.Factors.RemoveOwn(tx, o.Own, named(sent, "factor"))
}
