package signin

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/founder"
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// beginSetup returns the page of a link that makes the first administrator, or says which command prints another.
func (d *Door) beginSetup(w http.ResponseWriter, r *http.Request) (page, bool) {
	p := page{State: "setup", Language: language(r, ""), Form: &form{Up: "../"}}
	e := web.Of(w).Environment
	err := error(founder.ErrDead)
	if e.ID != uuid.Nil && e.Enabled {
		p.View = &recovery.View{Choose: true}
		p.View.Policy, err = d.Founder.Look(r.Context(), e.ID, seal.NewSecret(r.PathValue("ticket")))
	}
	if err != nil {
		d.failSetup(w, r, err)
	}
	return p, err == nil
}

func (d *Door) failSetup(w http.ResponseWriter, r *http.Request, err error) {
	if !fault.Is(err, fault.NotFound) {
		d.fail(w, r, err)
		return
	}
	web.Of(w).Fail(err)
	write(w, http.StatusNotFound, page{State: "unset", Language: language(r, "")})
}

func (d *Door) setupPage(w http.ResponseWriter, r *http.Request) {
	if p, ok := d.beginSetup(w, r); ok {
		write(w, http.StatusOK, p)
	}
}

// setup makes the first administrator and signs them in.
func (d *Door) setup(w http.ResponseWriter, r *http.Request) {
	p, ok := d.beginSetup(w, r)
	if !ok {
		return
	}
	sent, err := read(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	p.Form.Login, p.Form.Address = strings.TrimSpace(sent.Get("login")), strings.TrimSpace(sent.Get("email"))
	wrong := func(field, problem string) {
		p.Field, p.Problem = field, problem
		write(w, http.StatusUnprocessableEntity, p)
	}
	if sent.Get("password") != sent.Get("repeat") {
		wrong("repeat", "problem.repeat")
		return
	}
	profile := directory.Profile{UserName: p.Form.Login}
	if p.Form.Address != "" {
		profile.Emails = []directory.Email{{Value: p.Form.Address, Primary: true}}
	}
	x := web.Of(w)
	u, err := d.Founder.Finish(r.Context(), x.Environment.ID, seal.NewSecret(r.PathValue("ticket")), profile, seal.NewSecret(sent.Get("password")), x.Remote())
	switch field, _ := fault.Public(err); {
	case err == nil:
		d.welcome(w, r, u)
	case refusedPassword(err):
		wrong("password", problem(err))
	case fault.Is(err, fault.Invalid) && strings.HasPrefix(field, "emails"):
		wrong("email", "problem.email")
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict):
		wrong("login", "problem.name")
	default:
		d.failSetup(w, r, err)
	}
}

// welcome signs in the administrator who was just made, and leads to where factors are added.
func (d *Door) welcome(w http.ResponseWriter, r *http.Request, u *directory.User) {
	e := arriving(w, r, goal{})
	e.user, e.epoch, e.whole = u.ID, u.Epoch, true
	err := d.DB.Write(r.Context(), func(tx *db.Tx) error { return d.enter(tx, u.Environment, e) })
	d.answer(w, r, e, err, "../", func() { seeOther(w, speaking(r, "../signin")) })
}
