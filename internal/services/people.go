package services

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// errPerson is all that is heard of a person who did not prove who they are: no such user, a wrong password, a wrong code,
// a lock and a user who may not sign in are told in the same words.
var errPerson = &refusal{fault.New(fault.Unauthenticated, "user name, password or code is wrong"), "not_verified"}

// personChallenge marks a 401 as one about the person: the caller's own credential is good.
const personChallenge = `Bearer realm="counterfoil"`

// refusePerson waits for the grid, so that the time of the answer tells nothing either.
func (d *Door) refusePerson(c *call) error {
	if busy := d.grid.Wait(c.r.Context(), web.Of(c.w).Began()); busy != nil {
		return busy
	}
	web.Of(c.w).Reason = errPerson.code
	c.w.Header().Set("WWW-Authenticate", personChallenge)
	return errPerson
}

// choice is one factor that a person may answer with.
type choice struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Name string `json:"name"`
}

func choices(all []*factor.Factor) []choice {
	list := []choice{}
	for _, f := range all {
		list = append(list, choice{f.ID.String(), string(f.Kind), f.Name})
	}
	return list
}

// verify checks a name and a password. A person who is not let in is errPerson; one who proved the password and has to
// change it is told so.
func (d *Door) verify(c *call, login, secret string) (*directory.User, error) {
	if login == "" || secret == "" {
		return nil, fault.On("user_name", "user_name and password are both needed")
	}
	// Whom the caller's role does not cover is nobody: neither verified nor locked by it, after the same work.
	err := d.read(c, func(tx *db.Tx) error {
		u, err := findUser(tx, c.Actor.Environment, "", login)
		if fault.Is(err, fault.NotFound) {
			u, err = findUser(tx, c.Actor.Environment, login, "")
		}
		if err == nil && !c.Actor.MayOn(c.permission, access.OverPopulation, u.Population) {
			login = uuid.NewString()
		}
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	result, err := d.Passwords.Verify(c.r.Context(), c.Actor.Environment, login, seal.NewSecret(secret), web.Of(c.w).Remote())
	if err != nil {
		return nil, err
	}
	switch result.Outcome { //nolint:exhaustive // the others are one answer
	case password.Right:
		return result.User, nil
	case password.MustChange:
		return nil, &refusal{fault.New(fault.Denied, "the password must be changed before anything else"), "password_change_required"}
	case password.Expired:
		return nil, &refusal{fault.New(fault.Denied, "the password has expired: it must be changed"), "password_expired"}
	}
	return nil, d.refusePerson(c)
}

// credentials is the body of a question about a person.
type credentials struct {
	UserName string `json:"user_name"`
	Password string `json:"password"`
	Factor   string `json:"factor"`
	Code     string `json:"code"`
}

// verified is the answer to one.
type verified struct {
	Verified bool   `json:"verified"`
	User     string `json:"user,omitempty"`
	UserName string `json:"user_name,omitempty"`
}

// needed is the problem of a right password when a code is still missing.
type needed struct {
	web.Problem
	Factors []choice `json:"factors"`
}

func (d *Door) missing(c *call, usable []*factor.Factor) (int, any, error) {
	x := web.Of(c.w)
	x.Reason = "factor_required"
	return http.StatusForbidden, needed{web.Problem{
		Type: "about:blank", Title: http.StatusText(http.StatusForbidden), Status: http.StatusForbidden, Code: x.Reason, RequestID: x.RequestID(),
		Detail: "the password is right, and the code of a second factor is needed, too",
	}, choices(usable)}, nil
}

// checkPassword verifies a person's name and password, and the code of a second factor if the person has one.
func (d *Door) checkPassword(c *call) (int, any, error) {
	var in credentials
	if err := decode(c.r, &in); err != nil {
		return 0, nil, err
	}
	u, err := d.verify(c, in.UserName, in.Password)
	if err != nil {
		return 0, nil, err
	}
	var usable []*factor.Factor
	var must bool
	err = d.read(c, func(tx *db.Tx) (err error) {
		usable, must, err = factorsOf(tx, u)
		return err
	})
	switch {
	case err != nil:
		return 0, nil, err
	case !must:
		return http.StatusOK, verified{true, u.ID.String(), u.Profile.UserName}, nil
	case len(usable) == 0:
		return 0, nil, d.refusePerson(c)
	case in.Code == "":
		return d.missing(c, usable)
	}
	id, err := pick(usable, in.Factor)
	if err != nil {
		return 0, nil, err
	}
	var verdict factor.Verdict
	err = d.write(c, func(tx *db.Tx) (err error) {
		verdict, err = d.Factors.Check(tx, u.Environment, u.ID, id, in.Code)
		return err
	})
	if fault.Is(err, fault.NotFound) || err == nil && verdict != factor.Right {
		return 0, nil, d.refusePerson(c)
	}
	return http.StatusOK, verified{true, u.ID.String(), u.Profile.UserName}, err
}

// factorsOf returns the factors that a person may answer with, and whether one must be.
func factorsOf(tx *db.Tx, u *directory.User) (usable []*factor.Factor, must bool, err error) {
	if usable, err = factor.Usable(tx, u.Environment, u.ID); err != nil {
		return nil, false, err
	}
	must, err = factor.Needed(tx, u.Environment, u.ID)
	return usable, must, err
}

// pick returns the factor that a code is for: the one named, else the only app that makes codes, else the only one.
func pick(usable []*factor.Factor, named string) (uuid.UUID, error) {
	if named != "" {
		id, err := uuid.Parse(named)
		if err != nil {
			return uuid.Nil, fault.On("factor", "there is no such factor")
		}
		return id, nil
	}
	var apps []uuid.UUID
	for _, f := range usable {
		if f.Kind == factor.TOTP {
			apps = append(apps, f.ID)
		}
	}
	switch {
	case len(apps) == 1:
		return apps[0], nil
	case len(usable) == 1:
		return usable[0].ID, nil
	}
	return uuid.Nil, fault.On("factor", "the user has several factors: say which one the code is of")
}

// forgotten is the body of somebody who forgot a password.
type forgotten struct {
	UserName string `json:"user_name"`
	Language string `json:"language"`
}

// forgot mails a link to whoever signs in so, if there is somebody. The answer is the same and comes as fast in any case.
func (d *Door) forgot(c *call) (int, any, error) {
	var in forgotten
	if err := decode(c.r, &in); err != nil {
		return 0, nil, err
	}
	if in.UserName == "" {
		return 0, nil, fault.On("user_name", "whose password was forgotten is missing: a user name or an address")
	}
	if err := d.read(c, func(*db.Tx) error { return nil }); err != nil {
		return 0, nil, err
	}
	d.Recovery.Ask(c.Actor.Environment, in.UserName, in.Language, web.Network(web.Of(c.w).Remote()))
	return http.StatusAccepted, map[string]string{"detail": "if there is such a user, a link is on its way"}, nil
}

// answered is the body of a code for a factor.
type answered struct {
	User     string `json:"user"`
	UserName string `json:"user_name"`
	Factor   string `json:"factor"`
	Code     string `json:"code"`
	Send     bool   `json:"send"`
}

// verifyFactor says whether a code of a user's factor is right, and uses it up; or mails one, for a factor by e-mail.
func (d *Door) verifyFactor(c *call) (int, any, error) {
	var in answered
	if err := decode(c.r, &in); err != nil {
		return 0, nil, err
	}
	if (in.User == "") == (in.UserName == "") {
		return 0, nil, fault.On("user", "whose factor it is: send user or user_name")
	}
	if (in.Code == "") != in.Send {
		return 0, nil, fault.On("code", "send a code, or ask for one with send")
	}
	var verdict factor.Verdict
	err := d.write(c, func(tx *db.Tx) error {
		u, err := findUser(tx, c.Actor.Environment, in.User, in.UserName)
		if err != nil {
			return err
		}
		usable, err := factor.Usable(tx, u.Environment, u.ID)
		if err != nil {
			return err
		}
		if len(usable) == 0 {
			verdict = factor.Wrong
			return nil
		}
		id, err := pick(usable, in.Factor)
		if err != nil {
			return err
		}
		if in.Send {
			return d.Factors.SendCode(tx, &c.Actor, u.ID, id)
		}
		verdict, err = d.Factors.Verify(tx, &c.Actor, u.ID, id, in.Code)
		return err
	})
	switch {
	case fault.Is(err, fault.NotFound), err == nil && !in.Send && verdict != factor.Right, err == nil && in.Send && verdict == factor.Wrong:
		return 0, nil, d.refusePerson(c)
	case err != nil:
		return 0, nil, err
	case in.Send:
		return http.StatusAccepted, map[string]string{"detail": "a code is on its way"}, nil
	}
	return http.StatusOK, verified{Verified: true}, nil
}

// findUser returns a user by id or by what it signs in with.
func findUser(tx *db.Tx, environment uuid.UUID, id, login string) (*directory.User, error) {
	if login != "" {
		return directory.Find(tx, environment, login)
	}
	parsed, err := uuid.Parse(id)
	if err != nil {
		return nil, errNoUser
	}
	return directory.Load(tx, environment, parsed)
}
