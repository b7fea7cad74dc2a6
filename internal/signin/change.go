package signin

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// rules returns a view that says what passwords must be like here.
func (d *Door) rules(r *http.Request, environment uuid.UUID) (*recovery.View, error) {
	v := &recovery.View{Choose: true}
	err := d.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		v.Policy, err = password.PolicyOf(tx, environment)
		return err
	})
	return v, err
}

// loadActive returns a user who may sign in.
func loadActive(tx *db.Tx, environment, user uuid.UUID) (*directory.User, error) {
	u, err := directory.LoadForUpdate(tx, environment, user)
	if fault.Is(err, fault.NotFound) || err == nil && u.State(tx.Now()) != directory.State(directory.Active) {
		return nil, errPerson
	}
	return u, err
}

// changePage asks whose password has expired, or was given by somebody else, for a new one.
func (d *Door) changePage(w http.ResponseWriter, r *http.Request) {
	d.showChange(w, r, http.StatusOK, page{Form: &form{ReturnTo: r.URL.Query().Get("return_to")}})
}

func (d *Door) showChange(w http.ResponseWriter, r *http.Request, status int, p page) {
	view, err := d.rules(r, web.Of(w).Environment.ID)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	p.State, p.Language, p.View, p.Form.Up = "change", language(r, ""), view, "../"
	if !web.OwnPath(p.Form.ReturnTo) {
		p.Form.ReturnTo = ""
	}
	write(w, status, p)
}

func (d *Door) change(w http.ResponseWriter, r *http.Request) {
	sent, err := read(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	in := &form{Login: strings.TrimSpace(sent.Get("login")), ReturnTo: sent.Get("return_to")}
	wrong := func(field, problem string) {
		d.showChange(w, r, http.StatusUnprocessableEntity, page{Form: in, Field: field, Problem: problem})
	}
	again := func() { wrong("person", "problem.person") }
	x := web.Of(w)
	switch {
	case in.Login == "":
		wrong("login", "problem.login")
		return
	case sent.Get("password") == "":
		wrong("password", "problem.empty")
		return
	case sent.Get("password") != sent.Get("repeat"):
		wrong("repeat", "problem.repeat")
		return
	case x.Environment.ID == uuid.Nil || !x.Environment.Enabled:
		d.refuse(w, r, again)
		return
	}
	old := seal.NewSecret(sent.Get("old"))
	if !d.mayChange(w, r, in.Login, old, again) {
		return
	}
	result, err := d.Passwords.Change(r.Context(), x.Environment.ID, in.Login, old, seal.NewSecret(sent.Get("password")), x.Remote())
	switch {
	case refusedPassword(err):
		wrong("password", problem(err))
	case err != nil:
		d.fail(w, r, err)
	case result.Outcome == password.Right, result.Outcome == password.MustChange, result.Outcome == password.Expired:
		to := "../signin?changed"
		if web.OwnPath(in.ReturnTo) {
			to += "&return_to=" + escape(in.ReturnTo)
		}
		seeOther(w, speaking(r, to))
	default:
		d.refuse(w, r, again)
	}
}

// mayChange answers everybody who may not change a password with the old one alone. Whose password is good has to be signed in:
// else whoever learns a password would shut its owner out, second factor or not. Whose password has expired cannot be.
func (d *Door) mayChange(w http.ResponseWriter, r *http.Request, login string, old seal.Secret, again func()) bool {
	x := web.Of(w)
	result, err := d.Passwords.Verify(r.Context(), x.Environment.ID, login, old, x.Remote())
	if err != nil {
		d.fail(w, r, err)
		return false
	}
	switch result.Outcome { //nolint:exhaustive // the others are one answer
	case password.MustChange, password.Expired:
		return true
	case password.Right:
		s, _, err := d.visitor(w, r)
		if err == nil && s.User == result.User.ID {
			return true
		}
		if err != nil && !fault.Is(err, fault.Unauthenticated) {
			d.fail(w, r, err)
			return false
		}
		seeOther(w, speaking(r, "../signin?return_to="+escape(strings.TrimSuffix(here(w), "account")+"signin/change")))
		return false
	}
	d.refuse(w, r, again)
	return false
}

// refusedPassword reports whether an error is about the new password.
func refusedPassword(err error) bool {
	field, _ := fault.Public(err)
	return fault.Is(err, fault.Invalid) && field == "password"
}
