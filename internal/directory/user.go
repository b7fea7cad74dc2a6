package directory

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/administrator"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
)

// User is a person of an environment.
type User struct {
	Environment uuid.UUID
	ID          uuid.UUID
	// Number is a stable second id, for systems that know only numbers: 1 to 2^48-1, unique in the environment.
	Number     int64
	Population uuid.UUID
	Status     Status
	Password   PasswordState
	// LockedUntil is when a lock ends; zero: there is none, [Forever]: somebody must end it.
	LockedUntil time.Time
	Profile     Profile
	Epoch       uint32
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ActivatedAt time.Time // zero: never
	LastLoginAt time.Time // zero: never
}

// Spec is what can be said about a user.
type Spec struct {
	// Population is the default one if it is zero.
	Population uuid.UUID
	// Status counts only at creation; empty is [Active].
	Status  Status
	Profile Profile
}

// Create adds a user. The actor must be allowed to write users of the population; a user name or an address that is
// somebody's already is [fault.Conflict]. Addresses are verified if the actor may set passwords, because only then nothing
// is gained by giving a user one's own address.
func Create(tx *db.Tx, actor *access.Actor, spec Spec) (*User, error) {
	b, err := OpenBulk(tx, actor)
	if err != nil {
		return nil, err
	}
	return b.Create(spec)
}

// Change applies change to a user. version is the one the caller saw, or 0; another is [fault.Stale]. A new user name or
// address is for those only who may do all that the user may ([AllowOver]): mail to it could reset the password.
func Change(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, change func(*Spec)) (*User, error) {
	u, err := writable(tx, actor, access.WriteUsers, id, version)
	if err != nil {
		return nil, err
	}
	b := Bulk{tx: tx, actor: actor}
	return u, b.change(u, change)
}

// Delete removes a user with everything that hangs on it, letters that wait included; its sessions and tickets are dead. The ledger keeps its history.
func Delete(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) error {
	u, err := writable(tx, actor, access.WriteUsers, id, version)
	if err != nil {
		return err
	}
	if err := AllowOver(tx, actor, u); err != nil {
		return err
	}
	if err := administrator.Leave(tx, actor, u.ID); err != nil {
		return err
	}
	if err := u.delete(tx); err != nil {
		return err
	}
	for _, e := range u.Profile.Emails {
		if err := letter.Erase(tx, u.Environment, e.Value); err != nil {
			return err
		}
	}
	record(tx, actor, "user.deleted", u, u.facts(), nil)
	return nil
}

// Get returns one user of the actor's environment. One that does not exist, or that the actor may not see, is
// [fault.NotFound].
func Get(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*User, error) {
	return seen(tx, actor, access.ReadUsers, id, selectUser)
}

// Made is [Get] for whoever made the user, and may write users without reading them.
func Made(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*User, error) {
	return seen(tx, actor, access.WriteUsers, id, selectUser)
}

// Reach is [Get] for those who hold another permission over the user, in a transaction that reads.
func Reach(tx *db.Tx, actor *access.Actor, permission string, id uuid.UUID) (*User, error) {
	return seen(tx, actor, permission, id, selectUser)
}

// Keep is [Reach] in a transaction that writes: the user stays as it is until the end.
func Keep(tx *db.Tx, actor *access.Actor, permission string, id uuid.UUID) (*User, error) {
	return seen(tx, actor, permission, id, selectUser+tx.ForUpdate())
}

// Find returns the user who signs in with login: a user name or an address. It asks nobody's permission and is for those
// who go on to prove who is there; nobody is [fault.NotFound].
func Find(tx *db.Tx, environment uuid.UUID, login string) (*User, error) {
	id, err := db.Value[string](tx, selectLogin, environment.String(), Fold(login))
	if err != nil {
		return nil, err
	}
	return db.One(tx, scanUser, selectUser, environment.String(), id)
}

// Load returns a user for rooms that have asked for permission already.
func Load(tx *db.Tx, environment, id uuid.UUID) (*User, error) {
	return db.One(tx, scanUser, selectUser, environment.String(), id.String())
}

// LoadNumbered is [Load] by the user's number.
func LoadNumbered(tx *db.Tx, environment uuid.UUID, number int64) (*User, error) {
	return db.One(tx, scanUser, selectNumber, environment.String(), number)
}

// LoadForUpdate is [Load] with a lock on the row until the transaction ends.
func LoadForUpdate(tx *db.Tx, environment, id uuid.UUID) (*User, error) {
	return db.One(tx, scanUser, selectUser+tx.ForUpdate(), environment.String(), id.String())
}

// writable returns the user whom the actor may change by permission, locked.
func writable(tx *db.Tx, actor *access.Actor, permission string, id uuid.UUID, version int64) (*User, error) {
	u, err := seen(tx, actor, permission, id, selectUser+tx.ForUpdate())
	if err != nil {
		return nil, err
	}
	if version != 0 && version != u.Version {
		return nil, fault.New(fault.Stale, "the user was changed by somebody else; read it again")
	}
	return u, nil
}

var errNoUser = fault.New(fault.NotFound, "there is no such user")

// seen returns a user over whom the actor holds permission. Others look missing: who looks after one population does
// not learn who is in the next.
func seen(tx *db.Tx, actor *access.Actor, permission string, id uuid.UUID, query string) (*User, error) {
	return shown(tx, actor, permission, query, id.String())
}

// shown is [seen] by whatever key the query has.
func shown(tx *db.Tx, actor *access.Actor, permission, query string, key any) (*User, error) {
	if err := access.AllowSomewhere(tx, actor, permission); err != nil {
		return nil, err
	}
	u, err := db.One(tx, scanUser, query, actor.Environment.String(), key)
	if fault.Is(err, fault.NotFound) || err == nil && !actor.MayOn(permission, access.OverPopulation, u.Population) {
		return nil, errNoUser
	}
	return u, err
}

// AllowOver refuses ([fault.Denied]) an actor who may do less than the user, by whatever roles the user holds: whoever may
// change a user's password, addresses, factors or state could else become that user, or keep it out.
func AllowOver(tx *db.Tx, actor *access.Actor, u *User) error {
	held, err := access.UserRoles(tx, u.Environment, u.ID)
	if err != nil {
		return err
	}
	return access.AllowHolder(actor, held)
}

// made orders the ids that one transaction makes. It begins anywhere and goes on in uneven steps, so that nobody learns
// from two ids how many were made between them; after a million at least it begins anew.
var made = func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(mathrand.Uint32N(1 << 29))
	return &n
}()

// newID returns an id whose order is that of the transactions' times, to the microsecond (RFC 9562 §5.7, and §6.2 with
// method 3 for what is less than a millisecond), and within one transaction that of the calls (method 2).
func newID(tx *db.Tx) (uuid.UUID, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return id, fmt.Errorf("make an id: %w", err)
	}
	const version, variant, step = 7 << 12, 2 << 30, 512
	at := uint64(tx.Now().UnixMicro())
	binary.BigEndian.PutUint64(id[:8], at/1000<<16|version|at%1000<<2)
	binary.BigEndian.PutUint32(id[8:12], variant|made.Add(1+mathrand.Uint32N(step))&(1<<30-1))
	return id, nil
}

// IDAt returns the least id that a user or group made at that time can have, for ranges of creation times.
func IDAt(at time.Time) uuid.UUID {
	var id uuid.UUID
	var stamp [8]byte
	binary.BigEndian.PutUint64(stamp[:], uint64(at.UnixMilli())<<16)
	copy(id[:6], stamp[:6])
	return id
}

// newNumber returns a random number of 48 bits, which tells nothing of how many users there are.
func newNumber() int64 {
	var b [8]byte
	_, _ = rand.Read(b[2:])
	return int64(max(binary.BigEndian.Uint64(b[:]), 1))
}
