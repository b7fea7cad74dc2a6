package services

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// signIn is the body of a person who signs in.
type signIn struct {
	UserName  string `json:"user_name"`
	Password  string `json:"password"`
	TargetURL string `json:"target_url"`
}

// signedIn is what comes of it: a session login token, or the state in which a factor is still asked.
type signedIn struct {
	SessionToken string   `json:"session_token,omitempty"`
	StateToken   string   `json:"state_token,omitempty"`
	Factors      []choice `json:"factors,omitempty"`
	ExpiresIn    int64    `json:"expires_in"`
	User         string   `json:"user,omitempty"`
}

// forLogin names what a factor state from here leads to.
const forLogin = "session-login"

// goal is what a session login token remembers.
type goal struct {
	Target string `json:"target,omitempty"`
}

func (d *Door) login(c *call) (int, any, error) {
	var in signIn
	if err := decode(c.r, &in); err != nil {
		return 0, nil, err
	}
	if err := d.mayReach(c, in.TargetURL); err != nil {
		return 0, nil, err
	}
	u, err := d.verify(c, in.UserName, in.Password)
	if err != nil {
		return 0, nil, err
	}
	epoch := u.Epoch
	var out signedIn
	refused := false
	err = d.write(c, func(tx *db.Tx) error {
		out, refused = signedIn{}, false
		u, err := directory.LoadForUpdate(tx, c.Actor.Environment, u.ID)
		if fault.Is(err, fault.NotFound) || err == nil && (u.Epoch != epoch || !c.Actor.MayOn(c.permission, access.OverPopulation, u.Population)) {
			refused = true // it is no longer what was proven, or nobody whom the caller may sign in
			return nil
		}
		if err != nil {
			return err
		}
		usable, must, err := factorsOf(tx, u)
		switch {
		case err != nil:
			return err
		case !must:
			out, err = d.sessionToken(tx, c, u, goal{in.TargetURL})
			return err
		case len(usable) == 0:
			refused = true
			return nil
		}
		keep, err := json.Marshal(goal{in.TargetURL})
		if err != nil {
			return err
		}
		token, ends, factors, err := d.Factors.Begin(tx, factor.State{
			Environment: u.Environment, User: u.ID, Application: c.Actor.Application, For: forLogin, Data: keep,
		})
		out = signedIn{StateToken: token.Reveal(), Factors: choices(factors), ExpiresIn: seconds(ends.Sub(tx.Now()))}
		return err
	})
	if err == nil && refused {
		err = d.refusePerson(c)
	}
	return http.StatusOK, out, err
}

// sessionToken makes a session login token for a user who has proven all that is asked.
func (d *Door) sessionToken(tx *db.Tx, c *call, u *directory.User, g goal) (signedIn, error) {
	t, token, err := d.Tickets.Make(tx, ticket.Spec{
		Environment: u.Environment, Purpose: ticket.SessionLogin, User: u.ID, Application: c.Actor.Application, Data: g,
	})
	if err != nil {
		return signedIn{}, err
	}
	return signedIn{SessionToken: token.Reveal(), ExpiresIn: seconds(t.Expires.Sub(tx.Now())), User: u.ID.String()}, nil
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// loginAnswer is the body of the second step of a sign-in.
type loginAnswer struct {
	StateToken string `json:"state_token"`
	Factor     string `json:"factor"`
	Code       string `json:"code"`
	Send       bool   `json:"send"`
}

// verifyLogin takes the code that a sign-in still lacks. Whatever is wrong with state, factor or code is told in the words
// for a wrong password.
func (d *Door) verifyLogin(c *call) (int, any, error) {
	var in loginAnswer
	if err := decode(c.r, &in); err != nil {
		return 0, nil, err
	}
	if (in.Code == "") != in.Send {
		return 0, nil, fault.On("code", "send a code, or ask for one with send")
	}
	id, err := uuid.Parse(in.Factor)
	if err != nil {
		return 0, nil, fault.On("factor", "say which of the factors the code is of")
	}
	try := factor.Attempt{
		Environment: c.Actor.Environment, Application: c.Actor.Application, For: forLogin, Token: seal.NewSecret(in.StateToken), Factor: id, Code: in.Code,
	}
	var out signedIn
	verdict := factor.Right
	err = d.write(c, func(tx *db.Tx) error {
		if in.Send {
			return d.Factors.Challenge(tx, try)
		}
		state, v, err := d.Factors.Answer(tx, try)
		if verdict = v; err != nil || v != factor.Right {
			return err
		}
		var g goal
		if err := json.Unmarshal(state.Data, &g); err != nil {
			return err
		}
		u, err := directory.LoadForUpdate(tx, state.Environment, state.User)
		if err != nil {
			return err
		}
		out, err = d.sessionToken(tx, c, u, g)
		return err
	})
	switch {
	case fault.Is(err, fault.NotFound), err == nil && verdict != factor.Right:
		return 0, nil, d.refusePerson(c)
	case err != nil:
		return 0, nil, err
	case in.Send:
		return http.StatusAccepted, map[string]string{"detail": "a code is on its way"}, nil
	}
	return http.StatusOK, out, nil
}

// logout ends all sessions of a user, and the tickets that would open more.
func (d *Door) logout(c *call) (int, any, error) {
	return http.StatusNoContent, nil, d.write(c, func(tx *db.Tx) error {
		id, err := c.mine(tx)
		if err != nil {
			return err
		}
		u, err := directory.Keep(tx, &c.Actor, c.permission, id)
		if err != nil {
			return err
		}
		return directory.Expel(tx, c.Actor.Who(), u)
	})
}

// mayReach refuses a target that is not in the caller's list.
func (d *Door) mayReach(c *call, target string) error {
	if target == "" {
		return nil
	}
	return d.read(c, func(tx *db.Tx) error {
		app, err := application.Load(tx, c.Actor.Environment, c.Actor.Application)
		if err != nil {
			return err
		}
		if !app.Links.MayReach(target) {
			return errTarget
		}
		return nil
	})
}

var errTarget = fault.On("target_url", "is not in the application's list of target URLs")
