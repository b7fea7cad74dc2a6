package signin

import (
	"net/http"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// knocking returns who is asked to prove again who they are: a person who is signed in. Everybody else is sent to sign in, and
// is as fresh then as can be.
func (d *Door) knocking(w http.ResponseWriter, r *http.Request, back string) (*session.Session, *directory.User, bool) {
	s, _, err := d.visitor(w, r)
	if fault.Is(err, fault.Unauthenticated) {
		to := "../signin"
		if web.OwnPath(back) {
			to += "?return_to=" + escape(back)
		}
		seeOther(w, speaking(r, to))
		return nil, nil, false
	}
	var u *directory.User
	if err == nil {
		err = d.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
			u, err = directory.Load(tx, s.Environment, s.User)
			return err
		})
	}
	if err != nil {
		d.fail(w, r, err)
		return nil, nil, false
	}
	return s, u, true
}

func (d *Door) stepUpPage(w http.ResponseWriter, r *http.Request) {
	back := r.URL.Query().Get("return_to")
	if _, u, ok := d.knocking(w, r, back); ok {
		d.showStepUp(w, r, http.StatusOK, u, back, page{})
	}
}

func (d *Door) showStepUp(w http.ResponseWriter, r *http.Request, status int, u *directory.User, back string, p page) {
	p.State, p.Language = "stepup", language(r, "")
	p.Form = &form{Up: "../", Login: u.Profile.UserName, StepUp: true}
	if web.OwnPath(back) {
		p.Form.ReturnTo = back
	}
	_, p.Form.Passkeys = d.party(w)
	write(w, status, p)
}

// stepUp takes the password of a person who is signed in, and asks for the factor if there is one: a remembered device stands
// for none here. The cookie is new afterwards, so that a copy of the old one gains nothing by waiting.
func (d *Door) stepUp(w http.ResponseWriter, r *http.Request) {
	s, u, ok := d.knocking(w, r, r.URL.Query().Get("return_to"))
	if !ok {
		return
	}
	sent, err := read(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	back := sent.Get("return_to")
	again := func() {
		d.showStepUp(w, r, http.StatusUnprocessableEntity, u, back, page{Field: "password", Problem: "problem.wrong"})
	}
	if signed, ok := signature(sent); ok {
		e := arriving(w, r, goal{ReturnTo: back, StepUp: true})
		err := d.DB.Write(r.Context(), func(tx *db.Tx) error { return d.prove(tx, w, e, signed, s.User) })
		d.answer(w, r, e, err, "../", func() {
			d.showStepUp(w, r, http.StatusUnprocessableEntity, u, back, page{Field: "passkey", Problem: "problem.passkey"})
		})
		return
	}
	result, err := d.Passwords.Verify(r.Context(), s.Environment, s.User.String(), seal.NewSecret(sent.Get("password")), web.Of(w).Remote())
	switch {
	case err != nil:
		d.fail(w, r, err)
	case result.Outcome == password.Right && result.User.ID == s.User:
		d.provenAt(w, r, result.User, goal{ReturnTo: back, StepUp: true}, "../", again)
	case result.Outcome == password.MustChange, result.Outcome == password.Expired:
		seeOther(w, speaking(r, "change?return_to="+escape(back)))
	default:
		d.refuse(w, r, again)
	}
}
