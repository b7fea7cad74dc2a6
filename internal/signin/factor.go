package signin

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// stateLife is how long a browser keeps the state's cookie: as long as the state works.
const stateLife = 2 * time.Minute

// waiting is a state whose cookie a browser came with.
type waiting struct {
	goal
	state *factor.State
	codes []*factor.Factor
	// passkey says that one of the factors signs, and that browsers make passkeys for this address.
	passkey bool
}

func attempt(w http.ResponseWriter, r *http.Request) factor.Attempt {
	return factor.Attempt{Environment: web.Of(w).Environment.ID, For: forSignin, Token: web.StateCookie.Kept(w, r)}
}

// resume finds the state that a browser is in. Whoever is in none is sent back to where it begins.
func (d *Door) resume(w http.ResponseWriter, r *http.Request) (*waiting, bool) {
	e := &waiting{}
	try := attempt(w, r)
	err := ticket.ErrDead
	if web.Of(w).Environment.Enabled && !try.Token.Empty() {
		err = d.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
			e.state, e.codes, err = d.Factors.Pending(tx, try)
			return err
		})
	}
	if err == nil {
		err = json.Unmarshal(e.state.Data, &e.goal)
	}
	if ticket.Dead(err) {
		web.StateCookie.Drop(w, r)
		seeOther(w, speaking(r, "../signin?over"))
		return nil, false
	}
	if err != nil {
		d.fail(w, r, err)
		return nil, false
	}
	_, able := d.party(w)
	e.passkey = able && slices.ContainsFunc(e.codes, isPasskey)
	e.codes = slices.DeleteFunc(e.codes, isPasskey)
	return e, true
}

func isPasskey(f *factor.Factor) bool { return f.Kind == factor.Passkey }

func (d *Door) factorPage(w http.ResponseWriter, r *http.Request) {
	if e, ok := d.resume(w, r); ok {
		write(w, http.StatusOK, e.page(r))
	}
}

// page asks for a factor; first for the code of an app, which most people have.
func (e *waiting) page(r *http.Request) page {
	p := page{State: "factor", Language: language(r, ""), Form: &form{
		Up: "../", Codes: e.codes, Passkeys: e.passkey, ReturnTo: e.ReturnTo, StepUp: e.StepUp,
	}}
	if r.URL.Query().Has("mailed") {
		p.Form.Notice = "factor.notice.mailed"
	}
	for _, f := range e.codes {
		if p.Form.Chosen == "" || f.Kind == factor.TOTP {
			p.Form.Chosen = f.ID.String()
		}
	}
	return p
}

// answerFactor takes the code of a factor, or mails one.
func (d *Door) answerFactor(w http.ResponseWriter, r *http.Request) {
	waits, ok := d.resume(w, r)
	if !ok {
		return
	}
	sent, err := read(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	try := attempt(w, r)
	if s, ok := signature(sent); ok {
		d.answerPasskey(w, r, waits, s, sent.Has("remember"))
		return
	}
	mail, chosen := sent.Get("send"), sent.Get("factor")
	if mail != "" {
		chosen = mail
	}
	again := func() {
		p := waits.page(r)
		p.Field, p.Problem = "code", "problem.code"
		if chosen != "" {
			p.Form.Chosen = chosen
		}
		write(w, http.StatusUnprocessableEntity, p)
	}
	if try.Factor, err = uuid.Parse(chosen); err != nil || mail == "" && sent.Get("code") == "" {
		again()
		return
	}
	if mail != "" {
		err = d.DB.Write(r.Context(), func(tx *db.Tx) error { return d.Factors.Challenge(tx, try) })
		d.mailed(w, r, err)
		return
	}
	try.Code = sent.Get("code")
	e := arriving(w, r, waits.goal)
	err = d.DB.Write(r.Context(), func(tx *db.Tx) error {
		state, v, err := d.Factors.Answer(tx, try)
		return d.settle(tx, e, state, v, err, sent.Has("remember"))
	})
	d.answer(w, r, e, err, "../", again)
}

// answerPasskey takes the signature of a passkey as the factor.
func (d *Door) answerPasskey(w http.ResponseWriter, r *http.Request, waits *waiting, s signed, remember bool) {
	again := func() {
		p := waits.page(r)
		p.Field, p.Problem = "passkey", "problem.passkey"
		write(w, http.StatusUnprocessableEntity, p)
	}
	at, ok := d.party(w)
	if !ok {
		d.refuse(w, r, again)
		return
	}
	e := arriving(w, r, waits.goal)
	err := d.DB.Write(r.Context(), func(tx *db.Tx) error {
		state, v, err := d.Factors.AnswerSignature(tx, at, attempt(w, r), s.token, s.response)
		return d.settle(tx, e, state, v, err, remember)
	})
	d.answer(w, r, e, err, "../", again)
}

func (d *Door) mailed(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.Conflict):
		seeOther(w, speaking(r, "../signin?over"))
	case err != nil:
		d.fail(w, r, err)
	default:
		seeOther(w, speaking(r, "factor?mailed"))
	}
}

// settle lets in whose factor was right. A wrong one is no error: what was counted stays.
func (d *Door) settle(tx *db.Tx, e *entry, state *factor.State, v factor.Verdict, err error, remember bool) error {
	if ticket.Dead(err) {
		err, v = nil, factor.Wrong
	}
	if e.refused = v != factor.Right; err != nil || e.refused {
		return err
	}
	u, err := loadActive(tx, state.Environment, state.User)
	if err != nil {
		return err
	}
	e.user, e.epoch, e.whole = u.ID, u.Epoch, true
	if err := json.Unmarshal(state.Data, &e.goal); err != nil {
		return err
	}
	if err := d.enter(tx, u.Environment, e); err != nil || e.refused || !remember || e.goal.StepUp {
		return err
	}
	e.known, err = d.Sessions.Remember(tx, u, e.spec.Address, e.spec.Agent)
	return err
}
