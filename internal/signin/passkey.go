package signin

import (
	_ "embed"
	"encoding/json"
	"net/http"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// The one script of these pages. Without it nothing is missing but passkeys, which no form can ask for.
//
//go:embed passkey.js
var script []byte

func (d *Door) script(w http.ResponseWriter, _ *http.Request) {
	web.NoStore(w.Header())
	web.Inert(w.Header())
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(script) // who has gone is gone
}

// party is the site that passkeys of an environment are for; ok is false where browsers make none.
func (d *Door) party(w http.ResponseWriter) (at factor.Party, ok bool) {
	e := web.Of(w).Environment
	at, err := factor.PartyAt(e.Issuer, e.Name)
	return at, err == nil
}

// ceremony is what the script hands to the browser.
type ceremony struct {
	Token   string          `json:"token"`
	Options json.RawMessage `json:"options"`
}

var errNoParty = fault.New(fault.Conflict, "passkeys need a server with a name and https")

// beginPasskey starts what a passkey is asked for: to sign in with it alone, as the factor of a sign-in that has begun, to prove
// again who one is, or to be made.
func (d *Door) beginPasskey(w http.ResponseWriter, r *http.Request) {
	sent, err := read(r)
	at, ok := d.party(w)
	if err == nil && !ok {
		err = errNoParty
	}
	e := web.Of(w).Environment
	if err == nil && (e.ID == uuid.Nil || !e.Enabled) {
		err = ticket.ErrDead
	}
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	user := uuid.Nil
	purpose := sent.Get("for")
	switch purpose {
	case "signin":
	case "factor":
		err = d.DB.Read(r.Context(), func(tx *db.Tx) error {
			state, _, err := d.Factors.Pending(tx, attempt(w, r))
			if err == nil {
				user = state.User
			}
			return err
		})
	case "step-up", "add":
		var s *session.Session
		if s, _, err = d.visitor(w, r); err == nil {
			user = s.User
		}
		if err == nil && purpose == "add" && !session.StepUpFresh(s, d.DB.Now()) {
			err = web.Coded(fault.New(fault.Denied, "prove again who you are"), "step_up_required")
		}
	default:
		err = fault.On("for", "is signin, factor, step-up or add")
	}
	var begun *factor.Ceremony
	if err == nil {
		err = d.DB.Write(r.Context(), func(tx *db.Tx) (err error) {
			if purpose == "add" {
				begun, err = d.Factors.BeginPasskey(tx, at, e.ID, user, sent.Get("name"))
			} else {
				begun, err = d.Factors.BeginSignature(tx, at, e.ID, user)
			}
			return err
		})
	}
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	web.NoStore(w.Header())
	web.Inert(w.Header())
	web.JSON(w.Header())
	_ = json.NewEncoder(w).Encode(ceremony{begun.Token.Reveal(), begun.Options}) // who has gone is gone
}

// signed is a passkey's answer in a form.
type signed struct {
	token    seal.Secret
	response []byte
}

// signature returns the answer of a passkey that a form carries, if any.
func signature(sent map[string][]string) (signed, bool) {
	token, response := sent["token"], sent["response"]
	if len(token) != 1 || len(response) != 1 || token[0] == "" {
		return signed{}, false
	}
	return signed{seal.NewSecret(token[0]), []byte(response[0])}, true
}

// prove takes a passkey that knew the person by a finger or a number: two factors in one. It lets in whom must is, or anybody
// if that is zero.
func (d *Door) prove(tx *db.Tx, w http.ResponseWriter, e *entry, s signed, must uuid.UUID) error {
	at, ok := d.party(w)
	if !ok {
		return errNoParty
	}
	found, v, err := d.Factors.FinishSignature(tx, at, web.Of(w).Environment.ID, s.token, s.response)
	if ticket.Dead(err) {
		err, v = nil, factor.Wrong
	}
	if e.refused = v != factor.Right; err != nil || e.refused {
		return err
	}
	if !found.Verified || must != uuid.Nil && found.User.ID != must {
		e.refused = true
		return nil
	}
	e.user, e.epoch, e.whole = found.User.ID, found.User.Epoch, true
	return d.enter(tx, found.User.Environment, e)
}

// signInByPasskey lets in whose passkey it is.
func (d *Door) signInByPasskey(w http.ResponseWriter, r *http.Request) {
	sent, err := read(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	again := func() {
		d.showSignIn(w, r, http.StatusUnprocessableEntity, page{Form: &form{Up: "../", ReturnTo: sent.Get("return_to")}, Field: "passkey", Problem: "problem.passkey"})
	}
	s, ok := signature(sent)
	if !ok || !web.Of(w).Environment.Enabled {
		d.refuse(w, r, again)
		return
	}
	e := arriving(w, r, goal{ReturnTo: sent.Get("return_to")})
	err = d.DB.Write(r.Context(), func(tx *db.Tx) error { return d.prove(tx, w, e, s, uuid.Nil) })
	d.answer(w, r, e, err, "../", again)
}
