package directory

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/administrator"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Status is where a user is in life, whatever password and locks say.
type Status string

// The statuses. Only [Active] signs in.
const (
	// Unapproved waits for somebody to approve or reject it.
	Unapproved Status = "unapproved"
	Rejected   Status = "rejected"
	// Staged was made and has not been activated yet.
	Staged    Status = "staged"
	Active    Status = "active"
	Suspended Status = "suspended"
)

// Statuses lists all of them.
func Statuses() []Status { return []Status{Unapproved, Rejected, Staged, Active, Suspended} }

func (s Status) startable() bool { return slices.Contains(Statuses(), s) && s != Rejected }

// next says which statuses can follow one.
var next = map[Status][]Status{
	Unapproved: {Staged, Active, Rejected},
	Rejected:   {Unapproved, Staged, Active},
	Staged:     {Active, Suspended, Rejected},
	Active:     {Suspended},
	Suspended:  {Active},
}

// PasswordState is what is to be done about a user's password.
type PasswordState string

// The states of passwords.
const (
	// NoPassword is a user who signs in by other means, or not at all.
	NoPassword PasswordState = "none"
	// PasswordPending waits for the user to set one.
	PasswordPending PasswordState = "pending"
	PasswordSet     PasswordState = "set"
	PasswordExpired PasswordState = "expired"
	// ResetRequired is a password that its user must replace at the next sign-in.
	ResetRequired PasswordState = "reset_required"
)

// State is everything about whether a user may sign in, in one word.
type State string

// The states beside the statuses, which come first.
const (
	Locked                State = "locked"
	StatePasswordPending  State = "password_pending"
	StatePasswordExpired  State = "password_expired"
	StatePasswordRequired State = "password_reset_required"
)

// Forever is the end of a lock that somebody must end.
var Forever = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// State returns the user's state: its status, unless that is active and a lock or the password says otherwise.
func (u *User) State(now time.Time) State {
	switch {
	case u.Status != Active:
		return State(u.Status)
	case u.Locked(now):
		return Locked
	case u.Password == PasswordPending:
		return StatePasswordPending
	case u.Password == PasswordExpired:
		return StatePasswordExpired
	case u.Password == ResetRequired:
		return StatePasswordRequired
	}
	return State(Active)
}

// Locked reports whether a lock holds.
func (u *User) Locked(now time.Time) bool { return now.Before(u.LockedUntil) }

// SetStatus moves a user to another status; one that cannot follow is [fault.Conflict]. Whatever stops a user kills its
// sessions and tickets for good, and not the last administrator ([administrator.Leave]). It is for those only who may do all that the user may ([AllowOver]): bringing one back
// could give it to somebody else, and stopping one could leave an environment without its owner.
func SetStatus(tx *db.Tx, actor *access.Actor, id uuid.UUID, to Status) (*User, error) {
	u, err := writable(tx, actor, access.WriteUsers, id, 0)
	if err != nil || u.Status == to {
		return u, err
	}
	if err := AllowStatus(tx, actor, u, to); err != nil {
		return nil, err
	}
	was := *u
	u.Status = to
	if was.Status == Active {
		u.Epoch++
	}
	if to == Active && u.ActivatedAt.IsZero() {
		u.ActivatedAt = tx.Now()
	}
	return u, u.put(tx, &was, actor.Who(), "user."+verbs[to])
}

// AllowStatus returns what [SetStatus] would refuse, for those who change something else of the user first.
func AllowStatus(tx *db.Tx, actor *access.Actor, u *User, to Status) error {
	switch {
	case !actor.MayOn(access.WriteUsers, access.OverPopulation, u.Population):
		return errNoUser
	case u.Status == to:
		return nil
	case !slices.Contains(next[u.Status], to):
		return fault.New(fault.Conflict, "a user who is %s cannot become %s", u.Status, to)
	}
	if err := AllowOver(tx, actor, u); err != nil || u.Status != Active {
		return err
	}
	return administrator.Leave(tx, actor, u.ID)
}

// verbs are what happened when a user became something.
var verbs = map[Status]string{
	Unapproved: "reconsidered", Rejected: "rejected", Staged: "approved", Active: "activated", Suspended: "suspended",
}

// Activate makes a staged user active, on the user's own behalf: a link was followed that proves it.
func Activate(tx *db.Tx, who ledger.Who, u *User) error {
	if u.Status == Active {
		return nil
	}
	if u.Status != Staged {
		return fault.New(fault.Conflict, "a user who is %s is not activated by a link", u.Status)
	}
	was := *u
	u.Status, u.ActivatedAt = Active, tx.Now()
	return u.put(tx, &was, who, "user.activated")
}

// Verify notes that the user reads mail at address, which is one of its own, by itself.
func Verify(tx *db.Tx, who ledger.Who, u *User, address string) error {
	was := *u
	u.Profile = u.Profile.clone()
	for i := range u.Profile.Emails {
		if e := &u.Profile.Emails[i]; Fold(e.Value) == Fold(address) && !e.Verified {
			e.Verified = true
			return u.put(tx, &was, who, "user.email_verified")
		}
	}
	return nil
}

// Lock keeps a user from signing in until then, or until somebody unlocks it ([Forever]), and kills its sessions. A lock
// that ends later stays as it is.
func Lock(tx *db.Tx, who ledger.Who, u *User, until time.Time) error {
	if !until.After(u.LockedUntil) {
		return nil
	}
	was := *u
	u.LockedUntil = until
	u.Epoch++
	return u.put(tx, &was, who, "user.locked")
}

// LockByHand is [Lock] at the hands of an administrator.
func LockByHand(tx *db.Tx, actor *access.Actor, id uuid.UUID, until time.Time) (*User, error) {
	u, err := writable(tx, actor, access.WriteUsers, id, 0)
	if err != nil {
		return nil, err
	}
	if err := AllowOver(tx, actor, u); err != nil {
		return nil, err
	}
	if !until.After(tx.Now()) {
		return nil, fault.On("until", "a lock ends in the future")
	}
	if err := administrator.Leave(tx, actor, u.ID); err != nil {
		return nil, err
	}
	return u, Lock(tx, actor.Who(), u, until)
}

// Unlock ends a lock. forget is called inside the transaction to forget the failures that led to it.
func Unlock(tx *db.Tx, actor *access.Actor, id uuid.UUID, forget func(*db.Tx, *User) error) (*User, error) {
	u, err := writable(tx, actor, access.WriteUsers, id, 0)
	if err != nil {
		return nil, err
	}
	if err := AllowOver(tx, actor, u); err != nil {
		return nil, err
	}
	if forget != nil {
		if err := forget(tx, u); err != nil {
			return nil, err
		}
	}
	if u.LockedUntil.IsZero() {
		return u, nil
	}
	was := *u
	u.LockedUntil = time.Time{}
	return u, u.put(tx, &was, actor.Who(), "user.unlocked")
}

// SetPasswordState notes what is to be done about a user's password. A password that is new kills sessions and tickets.
func SetPasswordState(tx *db.Tx, who ledger.Who, u *User, to PasswordState, fresh bool, kind string) error {
	was := *u
	u.Password = to
	if fresh {
		u.Epoch++
	}
	return u.put(tx, &was, who, kind)
}

// Expel starts the user's next epoch: every session and ticket is dead.
func Expel(tx *db.Tx, who ledger.Who, u *User) error {
	was := *u
	u.Epoch++
	return u.put(tx, &was, who, "user.logged_out")
}

// LogOut is [Expel] at the hands of somebody who may end sessions. It is allowed over mightier users, too: they sign in
// again.
func LogOut(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*User, error) {
	u, err := writable(tx, actor, access.WriteSessions, id, 0)
	if err != nil {
		return nil, err
	}
	return u, Expel(tx, actor.Who(), u)
}

// SignedIn notes that the user signed in now. It is no event and no new version: it happens too often.
func SignedIn(tx *db.Tx, u *User) error {
	u.LastLoginAt = tx.Now()
	_, err := tx.Exec(updateLogin, u.Environment.String(), u.ID.String(), db.Micros(u.LastLoginAt))
	return err
}

// put writes a change that concerns neither names nor population, and its event.
func (u *User) put(tx *db.Tx, was *User, who ledger.Who, kind string) error {
	if err := u.update(tx); err != nil {
		return err
	}
	before, after := difference(was, u)
	e := event(kind, "user", u.Environment, u.ID)
	e.Before, e.After = before, after
	ledger.Append(tx, who, e)
	return nil
}
