package invitation

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/link"
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// State is what became of an invitation.
type State string

// The states. An invitation whose link died otherwise, because its user was suspended or got a password, is Expired.
const (
	Pending   State = "pending"
	Accepted  State = "accepted"
	Withdrawn State = "withdrawn"
	Expired   State = "expired"
)

// Invitation is a record of somebody who was asked to join.
type Invitation struct {
	Environment, ID  uuid.UUID
	User, Population uuid.UUID
	Address          string
	// Application is what the person is let into, zero for none; InvitedBy is the application, or the user, that asked.
	Application, InvitedBy    uuid.UUID
	Inviter, Language, Target string
	State                     State
	CreatedAt, ExpiresAt      time.Time

	ticket        uuid.UUID
	alive, active bool
}

// settle finds out the state.
func (i *Invitation) settle(now time.Time) *Invitation {
	switch {
	case i.State == Withdrawn:
	case i.alive && now.Before(i.ExpiresAt):
		i.State = Pending
	case i.active && !i.alive:
		i.State = Accepted
	default:
		i.State = Expired
	}
	return i
}

// Spec says whom to invite, and to what.
type Spec struct {
	// User is somebody who is a user already; else Address is whom the letter goes to, and becomes a user's.
	User    uuid.UUID
	Address string
	// Name is that of somebody who is no user yet, and Population where it is put: the default one if it is zero.
	Name       directory.Name
	Population uuid.UUID
	// Application is what the letter names and whose list the target must be in; zero is none.
	Application uuid.UUID
	Target      string
	// Inviter, Language, Header and Footer go into the letter.
	Inviter, Language, Header, Footer string
	// Life is how long the link works; zero is seven days.
	Life time.Duration
	// Shown makes a link to be shown in place of a letter. It is shown to those who could set the user's password anyway, or
	// to the application that has just made the user: it makes whoever follows it the user.
	Shown bool
	// Family says that the actor calls by its API family alone: a user whom it makes by inviting is its own from then on.
	Family bool
}

// justMade is how long after making a user its application may be shown the user's link.
const justMade = 24 * time.Hour

// maxLetters is how many invitations one address gets in a day, from everybody together: an inbox is not a stranger's to
// fill.
const maxLetters = 5

// Authority invites. All fields are required.
type Authority struct {
	Vault    *seal.Vault
	Tickets  *ticket.Authority
	Recovery *recovery.Authority
}

// Invite asks somebody to join. The actor needs [access.WriteInvitations] over the person's population and, for an address
// that is nobody's, [access.WriteUsers]. The link is returned only if the spec says so. Faults: [fault.Conflict] for a user
// who cannot accept, [fault.Exhausted] for an address that was written to too often, [fault.Denied] for a link that the
// actor may not see, which is also that of a user who may do more than the actor.
func (y *Authority) Invite(tx *db.Tx, actor *access.Actor, spec Spec) (i *Invitation, shown seal.Secret, err error) {
	if err := access.AllowSomewhere(tx, actor, access.WriteInvitations); err != nil {
		return nil, shown, err
	}
	app, err := goal(tx, actor, &spec)
	if err != nil {
		return nil, shown, err
	}
	u, made, err := guest(tx, actor, &spec)
	if err == nil && made && spec.Family {
		err = link.Add(tx, u.Environment, actor.Application, u.ID)
	}
	if err == nil && spec.Shown {
		err = mayShow(tx, actor, u, &spec)
	}
	if err != nil {
		return nil, shown, err
	}
	sent, err := db.Value[int64](tx, countSince, u.Environment.String(), directory.Fold(spec.Address), db.Micros(tx.Now().Add(-24*time.Hour)))
	if err == nil && sent >= maxLetters {
		err = fault.New(fault.Exhausted, "this address was invited %d times within a day; wait", maxLetters)
	}
	if err != nil {
		return nil, shown, err
	}
	t, shown, err := y.link(tx, u, app, &spec, letter.Invitation, ticket.Invitation)
	if err != nil {
		return nil, shown, err
	}
	by := actor.Application
	if actor.Person != nil {
		by = actor.Person.User
	}
	id, err := uuid.NewV7()
	i = &Invitation{
		Environment: u.Environment, ID: id, User: u.ID, Population: u.Population, Address: spec.Address, Application: spec.Application,
		InvitedBy: by, Inviter: spec.Inviter, Language: letter.Speak(cmp.Or(u.Profile.PreferredLanguage, spec.Language)),
		Target: spec.Target, State: Pending, CreatedAt: tx.Now(), ExpiresAt: t.Expires, ticket: t.ID,
	}
	if err == nil {
		err = i.insert(tx)
	}
	i.record(tx, actor, "invitation.created")
	return i, shown, err
}

// mayShow refuses to show the link of a user to an actor who could not set its password.
func mayShow(tx *db.Tx, actor *access.Actor, u *directory.User, spec *Spec) error {
	if !spec.Family {
		if !actor.MayOn(access.SetPasswords, access.OverPopulation, u.Population) {
			return fault.New(fault.Denied, "to be shown the link needs the scope %s; have it mailed instead", access.SetPasswords)
		}
		return directory.AllowOver(tx, actor, u)
	}
	since, mine, err := link.Has(tx, u.Environment, actor.Application, u.ID)
	if err == nil && (!mine || u.Status != directory.Staged || tx.Now().Sub(since) > justMade) {
		err = fault.New(fault.Denied, "the link is shown only for a user that the application has just made; have it mailed instead")
	}
	return err
}

// goal returns the application that a person is invited to, if any, and checks where it sends people.
func goal(tx *db.Tx, actor *access.Actor, spec *Spec) (*application.Application, error) {
	if spec.Application == uuid.Nil {
		if spec.Target != "" {
			return nil, fault.On("target_url", "a target is one of an application: name it")
		}
		return &application.Application{}, nil
	}
	app, err := application.Load(tx, actor.Environment, spec.Application)
	if fault.Is(err, fault.NotFound) || err == nil && !app.Enabled {
		return nil, fault.On("application", "there is no such application, or it is disabled")
	}
	if err != nil {
		return nil, err
	}
	if spec.Target == "" {
		spec.Target = app.Links.Home
	}
	if spec.Target != "" && !app.Links.MayReach(spec.Target) {
		return nil, fault.On("target_url", "is not in the application's list of target URLs")
	}
	return app, nil
}

// guest returns the user who is invited, made if there was none.
func guest(tx *db.Tx, actor *access.Actor, spec *Spec) (u *directory.User, made bool, err error) {
	if spec.User == uuid.Nil && spec.Address == "" {
		return nil, false, fault.On("email", "whom to invite is missing: send email or user")
	}
	if spec.User == uuid.Nil {
		u, err = directory.Find(tx, actor.Environment, spec.Address)
		if fault.Is(err, fault.NotFound) {
			u, err = directory.Create(tx, actor, directory.Spec{
				Population: spec.Population, Status: directory.Staged, Profile: directory.Profile{
					UserName: spec.Address, Name: spec.Name, PreferredLanguage: spec.Language, Emails: []directory.Email{{Value: spec.Address}},
				},
			})
			return u, true, err
		}
		if err != nil {
			return nil, false, err
		}
		spec.User = u.ID
	}
	if u, err = directory.Keep(tx, actor, access.WriteInvitations, spec.User); err != nil {
		return nil, false, err
	}
	at := slices.IndexFunc(u.Profile.Emails, func(e directory.Email) bool {
		return spec.Address == "" && e.Primary || directory.Fold(e.Value) == directory.Fold(spec.Address)
	})
	switch {
	case at < 0:
		return nil, false, fault.On("email", "the user has no such address")
	case u.Status != directory.Staged && u.Status != directory.Active:
		return nil, false, fault.New(fault.Conflict, "a user who is %s is not invited", u.Status)
	}
	spec.Address = u.Profile.Emails[at].Value
	return u, false, nil
}

// link makes the link, and the letter that carries it.
func (y *Authority) link(tx *db.Tx, u *directory.User, app *application.Application, spec *Spec, kind letter.Kind, purpose ticket.Purpose) (*ticket.Ticket, seal.Secret, error) {
	if !spec.Shown {
		t, err := y.Recovery.Send(tx, u, recovery.Mail{
			To: spec.Address, Kind: kind, Life: spec.Life, Application: spec.Application, ApplicationName: app.Name,
			Target: spec.Target, Language: spec.Language, Inviter: spec.Inviter, Header: spec.Header, Footer: spec.Footer,
		})
		return t, seal.Secret{}, err
	}
	env, err := environment.Load(tx, u.Environment)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	t, secret, err := y.Tickets.Make(tx, ticket.Spec{
		Environment: u.Environment, Purpose: purpose, User: u.ID, Application: spec.Application, Life: spec.Life,
		Data: recovery.Data{Target: spec.Target, Language: letter.Speak(cmp.Or(u.Profile.PreferredLanguage, spec.Language)), Application: app.Name},
	})
	if err != nil {
		return nil, seal.Secret{}, err
	}
	return t, recovery.Link(y.Recovery.Base, env, recovery.Activate, secret), nil
}

func (i *Invitation) insert(tx *db.Tx) error {
	app := ""
	if i.Application != uuid.Nil {
		app = i.Application.String()
	}
	_, err := tx.Exec(insertInvitation, i.Environment.String(), i.ID.String(), i.ticket.String(), i.User.String(), directory.Fold(i.Address),
		i.Population.String(), app, i.InvitedBy.String(), i.Inviter, i.Language, i.Target, string(i.State), db.Micros(i.CreatedAt),
		db.Micros(i.ExpiresAt), 0)
	return err
}

func (i *Invitation) record(tx *db.Tx, actor *access.Actor, kind string) {
	ledger.Append(tx, actor.Who(), ledger.Event{
		Environment: i.Environment, Kind: kind, Subject: ledger.Subject{Kind: "user", ID: i.User.String()},
		After: map[string]any{"invitation": i.ID.String(), "email": i.Address, "target_url": i.Target, "expires_at": i.ExpiresAt.UTC().Format(time.RFC3339)},
	})
}

var errGone = fault.New(fault.NotFound, "there is no such invitation")

// Get returns one invitation over whose population the actor holds [access.ReadInvitations]; another is [fault.NotFound].
func Get(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Invitation, error) {
	return get(tx, actor, access.ReadInvitations, id)
}

// Made is [Get] for whoever made the invitation, and may write invitations without reading them.
func (y *Authority) Made(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Invitation, error) {
	return get(tx, actor, access.WriteInvitations, id)
}

func get(tx *db.Tx, actor *access.Actor, permission string, id uuid.UUID) (*Invitation, error) {
	if err := access.AllowSomewhere(tx, actor, permission); err != nil {
		return nil, err
	}
	i, err := db.One(tx, scan(actor.Environment), selectInvitation, actor.Environment.String(), id.String())
	if fault.Is(err, fault.NotFound) || err == nil && !actor.MayOn(permission, access.OverPopulation, i.Population) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	return i.settle(tx.Now()), nil
}

// List returns invitations that the actor may see, in the order of their creation, at most limit after one.
func List(tx *db.Tx, actor *access.Actor, after uuid.UUID, limit int) ([]*Invitation, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadInvitations); err != nil {
		return nil, err
	}
	everywhere, some := actor.Over(access.ReadInvitations, access.OverPopulation)
	var all []*Invitation
	read := func(query string, more ...any) error {
		in, err := db.All(tx, scan(actor.Environment), query, append([]any{actor.Environment.String(), after.String(), limit}, more...)...)
		all = append(all, in...)
		return err
	}
	if everywhere {
		if err := read(selectInvitations); err != nil {
			return nil, err
		}
	}
	for _, population := range some {
		if err := read(selectIn, population.String()); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b *Invitation) int { return slices.Compare(a.ID[:], b.ID[:]) })
	all = all[:min(len(all), limit)]
	for _, i := range all {
		i.settle(tx.Now())
	}
	return all, nil
}

// Withdraw ends an invitation: its link is dead. The actor needs [access.WriteInvitations] over the population. One that
// was accepted already is [fault.Conflict]; the user stays.
func (y *Authority) Withdraw(tx *db.Tx, actor *access.Actor, id uuid.UUID) error {
	i, err := get(tx, actor, access.WriteInvitations, id)
	if err != nil || i.State == Withdrawn {
		return err
	}
	if i.State == Accepted {
		return fault.New(fault.Conflict, "the invitation was accepted already")
	}
	if err := y.Tickets.WithdrawOne(tx, i.Environment, i.ticket); err != nil {
		return err
	}
	if _, err := tx.Exec(updateWithdrawn, i.Environment.String(), i.ID.String(), db.Micros(tx.Now())); err != nil {
		return err
	}
	i.record(tx, actor, "invitation.withdrawn")
	return nil
}

// Welcome makes the link by which a user who was just made activates itself: mailed, or returned if the spec says so. It
// asks nobody's permission and leaves no record: the user's own creation is one.
func (y *Authority) Welcome(tx *db.Tx, u *directory.User, spec Spec) (shown seal.Secret, err error) {
	actor := access.Operator(u.Environment)
	app, err := goal(tx, &actor, &spec)
	if err != nil {
		return shown, err
	}
	spec.Address = u.Profile.Email().Value
	_, shown, err = y.link(tx, u, app, &spec, letter.Activation, ticket.Activation)
	return shown, err
}
