package recovery

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
)

// maxSent is how many letters of a kind administrators may cause for an address within [Window].
const maxSent = 10

// SendActivation mails a user the link to set a first password with, and to become active with it if the user is staged. The
// link is in the mail alone, so whoever may invite may send it; see [access.WriteInvitations]. A user who has a password, or
// who is not to be activated, is [fault.Conflict], and so is one without an address.
func (a *Authority) SendActivation(tx *db.Tx, actor *access.Actor, user uuid.UUID) error {
	u, err := within(tx, actor, access.WriteInvitations, user)
	if err != nil {
		return err
	}
	if !welcome(u, Activate) || u.Status == directory.Active && !passwordless(u) {
		return fault.New(fault.Conflict, "this user is %s and needs no activation", u.State(tx.Now()))
	}
	e := u.Profile.Email()
	if e == nil {
		return fault.New(fault.Conflict, "the user has no e-mail address")
	}
	return a.sendFor(tx, actor, u, Mail{To: e.Value, Kind: letter.Activation}, "user.activation_sent")
}

// SendReset mails a user the link to choose a new password with, to an address that the user is known to read. A user who is
// not active, or of whom no address is known to be right, is [fault.Conflict].
func (a *Authority) SendReset(tx *db.Tx, actor *access.Actor, user uuid.UUID) error {
	u, err := within(tx, actor, access.WriteUsers, user)
	if err != nil {
		return err
	}
	if u.Status != directory.Active {
		return fault.New(fault.Conflict, "a user who is %s gets no new password by mail", u.Status)
	}
	to := mailable(u, "")
	if to == "" {
		return fault.New(fault.Conflict, "the user has no e-mail address that is verified")
	}
	return a.sendFor(tx, actor, u, Mail{To: to, Kind: letter.PasswordReset}, "user.reset_sent")
}

func (a *Authority) sendFor(tx *db.Tx, actor *access.Actor, u *directory.User, m Mail, kind string) error {
	sent, err := letter.CountSince(tx, u.Environment, m.To, m.Kind, tx.Now().Add(-Window))
	if err != nil {
		return err
	}
	if sent >= maxSent {
		return fault.New(fault.Exhausted, "%d such mails went to this address today: try again tomorrow", sent)
	}
	if _, err := a.Send(tx, u, m); err != nil {
		return err
	}
	ledger.Append(tx, actor.Who(), ledger.Event{
		Environment: u.Environment, Kind: kind, Subject: ledger.Subject{Kind: "user", ID: u.ID.String()}, After: map[string]string{"to": m.To},
	})
	return nil
}

// within returns a user over whom the actor holds permission, locked until the transaction ends.
func within(tx *db.Tx, actor *access.Actor, permission string, user uuid.UUID) (*directory.User, error) {
	if err := access.AllowSomewhere(tx, actor, permission); err != nil {
		return nil, err
	}
	u, err := directory.LoadForUpdate(tx, actor.Environment, user)
	if fault.Is(err, fault.NotFound) || err == nil && !actor.MayOn(permission, access.OverPopulation, u.Population) {
		return nil, fault.New(fault.NotFound, "there is no such user")
	}
	return u, err
}
