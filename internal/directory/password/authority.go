package password

import (
	"context"
	"net/netip"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/password/breach"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Authority is everything that happens to passwords. Its methods may be called at the same time. Those that take no
// transaction hash, and must not be called inside of one.
type Authority struct {
	DB     *db.DB
	Vault  *seal.Vault
	Hasher *Hasher
	// Breached is the operator's list; nil for none.
	Breached *breach.Filter
}

// Prepared is a password that was checked and hashed, for one user or for one who is still to be made.
type Prepared struct {
	environment uuid.UUID
	user        uuid.UUID // zero: for a new one
	number      int64     // of the password that there was
	hash        seal.Secret
	temporary   bool
	history     int
}

// State is what the user's password state will be: for [directory.PasswordComes] and its like.
func (p *Prepared) State() directory.PasswordState {
	if p.temporary {
		return directory.ResetRequired
	}
	return directory.PasswordSet
}

// Prepare makes a password ready for [Authority.Set]: it asks whether the actor may set it ([access.SetPasswords], and
// [directory.AllowOver]), checks it against policy and lists, and hashes it. It is not compared with passwords that the user
// had: the answer would tell whoever may set passwords what the user's own one is, guess by guess, with a condition or a
// conflict that keeps the change from happening. [fault.Invalid] on password, hash, format or salt for what cannot be one;
// [fault.Exhausted] when too many are hashed at the moment.
func (a *Authority) Prepare(ctx context.Context, actor *access.Actor, user uuid.UUID, n New) (*Prepared, error) {
	var t *target
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		u, err := directory.Guardable(tx, actor, access.SetPasswords, user)
		if err != nil {
			return err
		}
		t, err = a.target(tx, actor.Environment, u)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.earlier = nil
	return a.prepare(ctx, addressOf(actor), t, n)
}

// PrepareNew makes a password ready for a user that is to be made ([Authority.SetInCreate]); about are texts about the
// person. Whether the actor may set passwords somewhere is asked now, and of whom then.
func (a *Authority) PrepareNew(ctx context.Context, actor *access.Actor, n New, about ...string) (*Prepared, error) {
	t := &target{environment: actor.Environment, about: about}
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if err := access.AllowSomewhere(tx, actor, access.SetPasswords); err != nil {
			return err
		}
		t.policy, err = PolicyOf(tx, actor.Environment)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.prepare(ctx, addressOf(actor), t, n)
}

// PrepareHash is [Authority.PrepareNew] for a hash from elsewhere, without the database: imports call it a million times.
func PrepareHash(environment uuid.UUID, n New) (*Prepared, error) {
	h, err := ParseHash(n.Format, n.Hash, n.Salt)
	if err != nil {
		return nil, err
	}
	return &Prepared{environment: environment, hash: seal.NewSecret(h.Text()), temporary: n.Temporary}, nil
}

// PrepareOwn is [Authority.Prepare] for somebody who proved to be the user: by a link, or by the password that there is.
// Neither that one nor the earlier ones that the policy speaks of may come back.
func (a *Authority) PrepareOwn(ctx context.Context, environment, user uuid.UUID, password seal.Secret, source netip.Addr) (*Prepared, error) {
	var t *target
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		u, err := directory.Load(tx, environment, user)
		if err != nil {
			return err
		}
		t, err = a.target(tx, environment, u)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.prepare(ctx, source, t, New{Password: password})
}

// target is whom a password is for, as it was read before hashing.
type target struct {
	environment, user uuid.UUID
	about             []string
	policy            Policy
	row               row
	// earlier are the passwords that may not come back, the present one first.
	earlier []*chosen.Imported
}

func (a *Authority) target(tx *db.Tx, environment uuid.UUID, u *directory.User) (*target, error) {
	t := &target{environment: environment, user: u.ID, about: About(&u.Profile)}
	k, err := keyOf(tx, a.Vault, environment)
	if err != nil {
		return nil, err
	}
	if t.policy, err = PolicyOf(tx, environment); err != nil {
		return nil, err
	}
	if t.row, err = loadRow(tx, k, u); err != nil {
		return nil, err
	}
	if t.earlier, err = loadHistory(tx, k, u, t.policy.History); t.row.hash != nil {
		t.earlier = append([]*chosen.Imported{t.row.hash}, t.earlier...)
	}
	return t, err
}

// About returns the texts about a person that do not belong into the person's password.
func About(p *directory.Profile) []string {
	about := []string{p.UserName, p.Name.GivenName, p.Name.FamilyName, p.Name.MiddleName, p.DisplayName, p.NickName}
	for _, e := range p.Emails {
		about = append(about, e.Value)
	}
	return about
}

func (a *Authority) prepare(ctx context.Context, source netip.Addr, t *target, n New) (*Prepared, error) {
	p := &Prepared{environment: t.environment, user: t.user, number: t.row.number, temporary: n.Temporary, history: t.policy.History}
	if n.Password.Empty() == n.Hash.Empty() {
		return nil, fault.On("password", "either a password or a hash is needed")
	}
	if !n.Hash.Empty() {
		h, err := ParseHash(n.Format, n.Hash, n.Salt)
		if err == nil {
			p.hash = seal.NewSecret(h.Text())
		}
		return p, err
	}
	if n.Format != Recognised || !n.Salt.Empty() {
		return nil, fault.On("format", "format and salt go with a hash")
	}
	normal, err := Normal(n.Password)
	if err != nil {
		return nil, err
	}
	var refused error
	err = a.Hasher.Checker.Run(ctx, source, func() {
		if !n.Unchecked {
			if refused = a.check(t, normal); refused != nil {
				return
			}
		}
		p.hash = a.Hasher.hash([]byte(normal.Reveal()))
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// check is everything that can be wrong with a password, the cheap first.
func (a *Authority) check(t *target, normal seal.Secret) error {
	if err := t.policy.Check(normal, t.about...); err != nil {
		return err
	}
	text := []byte(normal.Reveal())
	if !t.policy.Breached && a.Breached != nil {
		found, err := a.Breached.Has(text)
		if err != nil {
			return fault.Wrap(fault.Unavailable, err, "the list of breached passwords cannot be read")
		}
		if found {
			return fault.On("password", "the password is in a list of passwords that became known elsewhere: choose another one")
		}
	}
	for _, earlier := range t.earlier {
		if earlier.Verify(text) {
			return fault.On("password", "the password was used before: choose one that is new")
		}
	}
	return nil
}

// Set gives a user a prepared password. version is that of the user which the caller saw, or 0. [fault.Conflict] if the
// user's password changed since it was prepared. Sessions and tickets of the user are dead.
func (a *Authority) Set(tx *db.Tx, actor *access.Actor, user uuid.UUID, version int64, p *Prepared) (*directory.User, error) {
	u, err := directory.Guarded(tx, actor, access.SetPasswords, user, version)
	if err != nil {
		return nil, err
	}
	return u, a.replace(tx, actor.Who(), u, p, "user.password_set")
}

// SetOwn is [Authority.Set] for somebody who proved to be the user, and was locked with [directory.LoadForUpdate]. kind
// is the event's, such as "user.password_reset".
func (a *Authority) SetOwn(tx *db.Tx, who ledger.Who, u *directory.User, p *Prepared, kind string) error {
	return a.replace(tx, who, u, p, kind)
}

// SetInCreate gives a user a prepared password in the transaction that makes the user, as part of that event. The actor
// needs [access.SetPasswords] over the user's population, else [fault.Denied].
func (a *Authority) SetInCreate(tx *db.Tx, actor *access.Actor, u *directory.User, p *Prepared) error {
	if !actor.MayOn(access.SetPasswords, access.OverPopulation, u.Population) { // admitted when the user was made
		return fault.New(fault.Denied, "to set a password needs the scope %s", access.SetPasswords)
	}
	if p.environment != u.Environment || p.user != uuid.Nil {
		return errForAnother
	}
	k, err := keyFor(tx, a.Vault, u.Environment)
	if err != nil {
		return err
	}
	if err := insert(tx, u, k.seal(u.ID, p.hash.Reveal())); err != nil {
		return err
	}
	return directory.PasswordComes(tx, u, p.State())
}

func (a *Authority) replace(tx *db.Tx, who ledger.Who, u *directory.User, p *Prepared, kind string) error {
	if err := a.store(tx, u, p); err != nil {
		return err
	}
	return directory.SetPasswordState(tx, who, u, p.State(), true, kind)
}

var errForAnother = fault.New(fault.Internal, "a password that was prepared for another user")

var errOvertaken = fault.New(fault.Conflict, "the password was changed by somebody else meanwhile; try again")

func (a *Authority) store(tx *db.Tx, u *directory.User, p *Prepared) error {
	if p.environment != u.Environment || p.user != uuid.Nil && p.user != u.ID {
		return errForAnother
	}
	k, err := keyFor(tx, a.Vault, u.Environment)
	if err != nil {
		return err
	}
	r, err := loadRow(tx, k, u)
	if err != nil {
		return err
	}
	if r.number != p.number {
		return errOvertaken
	}
	return put(tx, u.Environment, u.ID, k.seal(u.ID, p.hash.Reveal()), p.history)
}

// Remove takes a user's password away; the user signs in by other means, or not at all. Sessions and tickets are dead.
func (a *Authority) Remove(tx *db.Tx, actor *access.Actor, user uuid.UUID, version int64) (*directory.User, error) {
	u, err := directory.Guarded(tx, actor, access.SetPasswords, user, version)
	if err != nil {
		return nil, err
	}
	removed, err := remove(tx, u)
	if err != nil || removed == 0 && u.Password == directory.NoPassword {
		return u, err
	}
	return u, directory.SetPasswordState(tx, actor.Who(), u, directory.NoPassword, true, "user.password_removed")
}

// Forget forgets the failures of a user, in the transaction that ends the lock: for [directory.Unlock].
func Forget(tx *db.Tx, u *directory.User) error {
	_, err := tx.Exec(updateForgotten, u.Environment.String(), u.ID.String(), db.Micros(tx.Now()))
	return err
}

func addressOf(actor *access.Actor) netip.Addr {
	source, _ := netip.ParseAddr(actor.Address) // all that are not known are one
	return source
}
