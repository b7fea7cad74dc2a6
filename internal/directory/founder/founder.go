package founder

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/role"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/administrator"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Life is how long a link works.
const Life = 30 * time.Minute

// Authority makes links for the first administrator, and does what they are for. All fields are required.
type Authority struct {
	DB        *db.DB
	Tickets   *ticket.Authority
	Passwords *password.Authority
	// Base is the configured base URL, which links begin with.
	Base string
}

// ErrDead is all that is heard of a link that is no good: it never existed, has expired, was used, or there is an administrator
// by now.
var ErrDead = fault.New(fault.NotFound, "the link is not valid: it has expired or was used, or there is an administrator already")

// Needed reports whether an environment has nobody who administers it: an active user with the role organization-admin or
// environment-admin over all of it.
func Needed(tx *db.Tx, environment uuid.UUID) (bool, error) {
	n, err := administrator.Count(tx, environment)
	return n == 0, err
}

// Link makes a link for the first administrator of an environment. It is [fault.Conflict] when there is one.
func (a *Authority) Link(tx *db.Tx, env *environment.Environment) (seal.Secret, time.Time, error) {
	needed, err := Needed(tx, env.ID)
	if err == nil && !needed {
		err = fault.New(fault.Conflict, "there is an administrator already, who adds others; one who is locked out gets in again by: counterfoil admin reset USER")
	}
	if err != nil {
		return seal.Secret{}, time.Time{}, err
	}
	t, secret, err := a.Tickets.Make(tx, ticket.Spec{Environment: env.ID, Purpose: ticket.Setup})
	if err != nil {
		return seal.Secret{}, time.Time{}, err
	}
	ledger.Append(tx, ledger.System, ledger.Event{
		Environment: env.ID, Kind: "environment.setup_link_made", Subject: ledger.Subject{Kind: "environment", ID: env.ID.String()},
		After: map[string]any{"ticket": t.ID.String(), "expires_at": t.Expires},
	})
	return seal.NewSecret(env.Issuer(a.Base) + "/setup/" + secret.Reveal()), t.Expires, nil
}

// Look returns what passwords must be like, for the page of a link that works; any other is [ErrDead].
func (a *Authority) Look(ctx context.Context, environment uuid.UUID, secret seal.Secret) (p password.Policy, err error) {
	err = a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if _, err = a.Tickets.Peek(tx, presented(environment, secret)); ticket.Dead(err) {
			return ErrDead
		}
		if err != nil {
			return err
		}
		needed, err := Needed(tx, environment)
		if err == nil && !needed {
			err = ErrDead
		}
		if err == nil {
			p, err = password.PolicyOf(tx, environment)
		}
		return err
	})
	return p, err
}

func presented(environment uuid.UUID, secret seal.Secret) ticket.Presented {
	return ticket.Presented{Environment: environment, Purpose: ticket.Setup, Secret: secret}
}

// Finish uses a link up: it makes the user of that profile, with a password and the role organization-admin. A password that is
// refused is [fault.Invalid] on password, a profile on its field, and the link goes on working.
func (a *Authority) Finish(ctx context.Context, env uuid.UUID, secret seal.Secret, p directory.Profile, chosen seal.Secret, from netip.Addr) (*directory.User, error) {
	if _, err := a.Look(ctx, env, secret); err != nil { // before the hashing, which is not for strangers
		return nil, err
	}
	actor := access.Operator(env)
	if from.IsValid() {
		actor.Address = from.String()
	}
	about := append(password.About(&p), p.UserName)
	prepared, err := a.Passwords.PrepareNew(ctx, &actor, password.New{Password: chosen}, about...)
	if err != nil {
		return nil, err
	}
	var made *directory.User
	err = a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		made, err = a.finish(tx, &actor, secret, p, prepared)
		return err
	})
	return made, err
}

func (a *Authority) finish(tx *db.Tx, actor *access.Actor, secret seal.Secret, p directory.Profile, prepared *password.Prepared) (*directory.User, error) {
	// Locked first: of two links at the same time one makes an administrator, the other finds one.
	env, err := environment.Keep(tx, actor.Environment)
	if err != nil {
		return nil, err
	}
	t, err := a.Tickets.Hold(tx, presented(env.ID, secret))
	needed := false
	if err == nil {
		needed, err = Needed(tx, env.ID)
	}
	if ticket.Dead(err) || err == nil && !needed {
		return nil, ErrDead
	}
	if err != nil {
		return nil, err
	}
	u, err := directory.Create(tx, actor, directory.Spec{Profile: p})
	if err != nil {
		return nil, err
	}
	if err := a.Passwords.SetInCreate(tx, actor, u, prepared); err != nil {
		return nil, err
	}
	owner := access.Assignment{Role: access.OrganizationAdmin, Scope: access.RoleScope{Kind: access.OverOrganization, ID: env.Organization}}
	if err := role.Grant(tx, actor, u.ID, owner); err != nil {
		return nil, err
	}
	return u, a.Tickets.Spend(tx, t)
}

// Readmit is break-glass: it lets a person in again who is locked out of everything. It ends locks and the suspension, all
// sessions and remembered devices, removes every second factor, and returns a link with which a new password is chosen. Roles
// stay as they are. Who is not found is [fault.NotFound].
func (a *Authority) Readmit(tx *db.Tx, env *environment.Environment, login string) (seal.Secret, time.Time, error) {
	none := seal.Secret{}
	operator := access.Operator(env.ID)
	u, err := directory.Find(tx, env.ID, login)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "no user of the environment %s signs in as %q", env.Name, login)
	}
	if err != nil {
		return none, time.Time{}, err
	}
	if u, err = directory.LoadForUpdate(tx, env.ID, u.ID); err != nil {
		return none, time.Time{}, err
	}
	if u.Status != directory.Active {
		if _, err = directory.SetStatus(tx, &operator, u.ID, directory.Active); err != nil {
			return none, time.Time{}, err
		}
	}
	if u, err = directory.Unlock(tx, &operator, u.ID, forgive); err != nil {
		return none, time.Time{}, err
	}
	if err = a.strip(tx, &operator, u); err != nil {
		return none, time.Time{}, err
	}
	t, secret, err := a.Tickets.Make(tx, ticket.Spec{Environment: env.ID, Purpose: ticket.Reset, User: u.ID, Life: Life, Data: recovery.Data{}})
	if err != nil {
		return none, time.Time{}, err
	}
	ledger.Append(tx, ledger.System, ledger.Event{
		Environment: env.ID, Kind: "user.readmitted", Subject: ledger.Subject{Kind: "user", ID: u.ID.String()},
		After: map[string]any{"by": "counterfoil admin reset", "expires_at": t.Expires},
	})
	return recovery.Link(a.Base, env, recovery.Reset, secret), t.Expires, nil
}

func forgive(tx *db.Tx, u *directory.User) error {
	if err := password.Forget(tx, u); err != nil {
		return err
	}
	return factor.Forgive(tx, u)
}

// strip takes from a user what could stand for somebody else by now, or keeps the user out: factors, sessions, devices.
func (a *Authority) strip(tx *db.Tx, operator *access.Actor, u *directory.User) error {
	all, err := factor.List(tx, operator, u.ID)
	if err != nil {
		return err
	}
	for _, f := range all {
		factors := factor.Authority{Tickets: a.Tickets}
		if err := factors.Remove(tx, operator, u.ID, f.ID, 0); err != nil {
			return err
		}
	}
	return directory.Expel(tx, operator.Who(), u)
}
