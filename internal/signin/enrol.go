package signin

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// What is shown once – an app's secret, recovery codes – is in the answer to the form itself, and not behind a redirect: there
// is no place that could show it again.

// posted reads a form of somebody who has proven a short while ago who they are; everybody else has been answered.
func (d *Door) posted(w http.ResponseWriter, r *http.Request) (*owner, url.Values, bool) {
	o, ok := d.fresh(w, r, "../")
	if !ok {
		return nil, nil, false
	}
	sent, err := read(r)
	if err != nil {
		d.fail(w, r, err)
		return nil, nil, false
	}
	return o, sent, true
}

// makeApp gives a person an app's secret, which counts from its first right code on.
func (d *Door) makeApp(w http.ResponseWriter, r *http.Request) {
	o, sent, ok := d.posted(w, r)
	if !ok {
		return
	}
	shown := &account{}
	err := d.DB.Write(r.Context(), func(tx *db.Tx) (err error) {
		shown.Pending, shown.Enrolled, err = d.Factors.EnrolOwnTOTP(tx, o.Own, nameOf(sent.Get("name"), "App"))
		return err
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.showAccount(w, r, http.StatusOK, o, "app", page{Account: shown, Form: &form{Up: "../"}})
}

// nameOf is what a person calls a factor, or what it is called otherwise.
func nameOf(typed, otherwise string) string {
	if typed = strings.TrimSpace(typed); typed == "" {
		return otherwise
	}
	return typed
}

// confirmApp takes the first code of an app.
func (d *Door) confirmApp(w http.ResponseWriter, r *http.Request) {
	o, sent, ok := d.posted(w, r)
	if !ok {
		return
	}
	v := factor.Wrong
	shown := &account{Pending: &factor.Factor{ID: named(sent, "factor")}}
	err := d.DB.Write(r.Context(), func(tx *db.Tx) (err error) {
		_, v, err = d.Factors.ConfirmOwn(tx, o.Own, shown.Pending.ID, sent.Get("code"))
		return err
	})
	switch {
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.Conflict):
		seeOther(w, speaking(r, "../account"))
	case err != nil:
		d.fail(w, r, err)
	case v != factor.Right:
		d.showAccount(w, r, http.StatusUnprocessableEntity, o, "app", page{Account: shown, Form: &form{Up: "../"}, Field: "code", Problem: "problem.code"})
	default:
		seeOther(w, speaking(r, "../account?done"))
	}
}

// renewCodes gives a person ten new recovery codes.
func (d *Door) renewCodes(w http.ResponseWriter, r *http.Request) {
	o, ok := d.fresh(w, r, "../")
	if !ok {
		return
	}
	shown := &account{}
	err := d.DB.Write(r.Context(), func(tx *db.Tx) (err error) {
		_, shown.Codes, err = d.Factors.RenewOwnCodes(tx, o.Own)
		return err
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.showAccount(w, r, http.StatusOK, o, "codes", page{Account: shown, Form: &form{Up: "../"}})
}

// addPasskey takes the passkey that a browser has made.
func (d *Door) addPasskey(w http.ResponseWriter, r *http.Request) {
	o, sent, ok := d.posted(w, r)
	if !ok {
		return
	}
	at, able := d.party(w)
	s, signed := signature(sent)
	err := ticket.ErrDead
	if able && signed {
		err = d.DB.Write(r.Context(), func(tx *db.Tx) error {
			// The ceremony is a user's: one who signed in here meanwhile gets nobody else's passkey.
			f, err := d.Factors.FinishPasskey(tx, at, o.Own.Environment, s.token, s.response, o.Who)
			if err == nil && f.User != o.Own.User {
				err = ticket.ErrDead
			}
			return err
		})
	}
	switch {
	case ticket.Dead(err), fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict):
		d.showAccount(w, r, http.StatusUnprocessableEntity, o, "account", page{
			Account: &account{}, Form: &form{Up: "../"}, Field: "passkey", Problem: "problem.passkey",
		})
	case err != nil:
		d.fail(w, r, err)
	default:
		seeOther(w, speaking(r, "../account?done"))
	}
}
