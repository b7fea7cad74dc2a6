package directory

import (
	"iter"
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Bulk creates and changes many users in one transaction: what is the same for all of them is asked once.
type Bulk struct {
	tx    *db.Tx
	actor *access.Actor
	// known are populations that the actor may put users into; standard is the default one, once it is known.
	known    map[uuid.UUID]bool
	standard uuid.UUID
	// holders are the users who sign in with names, "" for nobody; nil until [Bulk.Foresee].
	holders map[string]string
}

// OpenBulk asks whether the actor may write users at all.
func OpenBulk(tx *db.Tx, actor *access.Actor) (*Bulk, error) {
	if err := access.AllowSomewhere(tx, actor, access.WriteUsers); err != nil {
		return nil, err
	}
	return &Bulk{tx: tx, actor: actor}, nil
}

// Create is the function [Create].
func (b *Bulk) Create(spec Spec) (*User, error) {
	tx := b.tx
	population, err := b.Into(spec.Population)
	if err != nil {
		return nil, err
	}
	u := &User{
		Environment: b.actor.Environment, Population: population, Status: spec.Status, Password: NoPassword,
		Profile: spec.Profile.clone(), Version: 1, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if u.Status == "" {
		u.Status = Active
	}
	if !u.Status.startable() {
		return nil, fault.On("status", "a user starts as active, staged, unapproved or suspended")
	}
	if u.Status == Active {
		u.ActivatedAt = tx.Now()
	}
	if err := u.Profile.tidy(); err != nil {
		return nil, err
	}
	if err := u.Profile.fit(tx, u.Environment, nil); err != nil {
		return nil, err
	}
	u.Profile.verify(nil, b.actor.MayOn(access.SetPasswords, access.OverPopulation, population))
	if u.ID, err = newID(tx); err != nil {
		return nil, err
	}
	if err := u.insert(tx); err != nil {
		return nil, err
	}
	b.moved(nil, u)
	record(tx, b.actor, "user.created", u, nil, u.facts())
	return u, nil
}

// Change is the function [Change], for a user that was read in this transaction. It reports whether anything differs; what
// changes nothing is no event and no new version.
func (b *Bulk) Change(u *User, change func(*Spec)) (changed bool, err error) {
	if !b.actor.MayOn(access.WriteUsers, access.OverPopulation, u.Population) {
		return false, errNoUser
	}
	before := u.Version
	err = b.change(u, change)
	return u.Version != before, err
}

func (b *Bulk) change(u *User, change func(*Spec)) (err error) {
	was := *u
	spec := Spec{Population: u.Population, Status: u.Status, Profile: u.Profile.clone()}
	change(&spec)
	if spec.Population != u.Population {
		if u.Population, err = b.Into(spec.Population); err != nil {
			return err
		}
	}
	if u.Population != was.Population {
		if err := b.allowMove(&was, u.Population); err != nil {
			return err
		}
	}
	u.Profile = spec.Profile
	if err := u.Profile.tidy(); err != nil {
		return err
	}
	if err := u.Profile.fit(b.tx, u.Environment, was.Profile.Custom); err != nil {
		return err
	}
	u.Profile.verify(was.Profile.Emails, b.actor.MayOn(access.SetPasswords, access.OverPopulation, u.Population))
	before, after := difference(&was, u)
	if len(before)+len(after) == 0 {
		return nil
	}
	if loginsDiffer(&was, u) {
		if err := AllowOver(b.tx, b.actor, &was); err != nil {
			return err
		}
	}
	if err := u.move(b.tx, &was); err != nil {
		return err
	}
	b.moved(&was, u)
	record(b.tx, b.actor, "user.changed", u, before, after)
	return nil
}

// Into returns the population that the actor may put a user into: the default one if wanted is zero.
func (b *Bulk) Into(wanted uuid.UUID) (uuid.UUID, error) {
	if wanted == uuid.Nil {
		wanted = b.standard
	}
	if b.known[wanted] {
		return wanted, nil
	}
	environment := b.actor.Environment.String()
	standard := wanted == uuid.Nil
	if standard {
		id, err := db.Value[string](b.tx, selectDefault, environment)
		if err != nil {
			return uuid.Nil, err
		}
		if wanted, err = uuid.Parse(id); err != nil {
			return uuid.Nil, err
		}
	}
	if !b.actor.MayOn(access.WriteUsers, access.OverPopulation, wanted) {
		return uuid.Nil, fault.New(fault.Denied, "you may not put users into this population; name one that you look after")
	}
	_, err := db.One(b.tx, scanPopulation, selectPopulation, environment, wanted.String())
	if fault.Is(err, fault.NotFound) {
		return uuid.Nil, fault.On("population", "there is no such population")
	}
	if err != nil {
		return uuid.Nil, err
	}
	if b.known == nil {
		b.known = map[uuid.UUID]bool{}
	}
	b.known[wanted] = true
	if standard {
		b.standard = wanted
	}
	return wanted, nil
}

// allowMove refuses to move a user to where the actor may do more to it than where it is, or out of a population whose
// groups it is in.
func (b *Bulk) allowMove(u *User, to uuid.UUID) error {
	for _, name := range b.actor.Held() {
		if b.actor.MayOn(name, access.OverPopulation, to) && !b.actor.MayOn(name, access.OverPopulation, u.Population) {
			return fault.New(fault.Denied, "you hold %s over the population that the user would come to, and not over the one that it is in", name)
		}
	}
	in, err := db.All(b.tx, scanGroup, selectGroupsOf, u.Environment.String(), u.ID.String())
	if err != nil {
		return err
	}
	for _, g := range in {
		if g.Population != uuid.Nil {
			return fault.New(fault.Conflict, "the user is in the group %q of its population; remove it there first", g.Name)
		}
	}
	return nil
}

// Taken returns the names and addresses of a profile that belong to a user other than except.
func (b *Bulk) Taken(p *Profile, except uuid.UUID) (taken []string, err error) {
	for _, l := range p.logins() {
		holder, err := b.Holder(l.folded)
		if err != nil {
			return nil, err
		}
		if holder != "" && holder != except.String() {
			taken = append(taken, l.folded)
		}
	}
	return taken, nil
}

// Holder returns the id of the user who signs in with a name, as [Fold] has it; empty: nobody does.
func (b *Bulk) Holder(folded string) (string, error) {
	if id, known := b.holders[folded]; known {
		return id, nil
	}
	id, err := db.Value[string](b.tx, selectLogin, b.actor.Environment.String(), folded)
	if fault.Is(err, fault.NotFound) {
		id, err = "", nil
	}
	if err == nil && b.holders != nil {
		b.holders[folded] = id
	}
	return id, err
}

// Foresee looks up many names at once, for users that are going to be created or changed.
func (b *Bulk) Foresee(profiles iter.Seq[*Profile]) error {
	b.holders = map[string]string{}
	var names []string
	for p := range profiles {
		for _, l := range p.logins() {
			if _, there := b.holders[l.folded]; !there {
				b.holders[l.folded] = ""
				names = append(names, l.folded)
			}
		}
	}
	const most = 400
	for chunk := range slices.Chunk(names, most) {
		args := make([]any, 1, len(chunk)+1)
		args[0] = b.actor.Environment.String()
		for _, name := range chunk {
			args = append(args, name)
		}
		err := b.tx.Each(func(s db.Scan) error {
			var folded, id string
			err := s(&folded, &id)
			b.holders[folded] = id
			return err
		}, selectLogins+db.Placeholders(2, len(chunk))+")", args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// moved notes who holds which names now.
func (b *Bulk) moved(was, is *User) {
	if b.holders == nil {
		return
	}
	if was != nil {
		for _, l := range was.Profile.logins() {
			b.holders[l.folded] = ""
		}
	}
	for _, l := range is.Profile.logins() {
		b.holders[l.folded] = is.ID.String()
	}
}

// ErrRaced says that a name was taken, or a user changed, between the look and the write: the transaction is run again from
// its beginning.
var ErrRaced = fault.New(fault.Unavailable, "somebody else changed these users at the same moment; try again")

// CheckProfile refuses ([fault.Invalid]) a profile that [Create] would refuse, and brings it into the form in which it is
// kept.
func CheckProfile(p *Profile) error {
	if err := p.tidy(); err != nil {
		return err
	}
	_, err := p.text()
	return err
}

// AllPopulations returns the populations of an environment, for rooms that have asked for permission already.
func AllPopulations(tx *db.Tx, environment uuid.UUID) ([]*Population, error) {
	return db.All(tx, scanPopulation, selectPopulations, environment.String())
}
