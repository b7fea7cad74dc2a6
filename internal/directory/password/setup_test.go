package password_test

import (
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// desk is passwords in an environment, at a clock that the test moves.
type desk struct {
	*roomtest.Rooms
	*password.Authority
	later atomic.Int64
}

func each(t *testing.T, test func(d *desk)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d := &desk{}
		now := func() time.Time { return time.Now().Add(time.Duration(d.later.Load())) }
		d.Rooms = roomtest.Found(t, dbtest.Open(t, dsn, now), filepath.Join(t.TempDir(), "root.key"))
		d.Authority = &password.Authority{DB: d.Rooms.DB, Vault: d.Rooms.Vault, Hasher: &password.Hasher{
			Checker: chosen.New(chosen.Options{Queue: 1000, PerSource: 1000, Workers: 1}),
			Params: func() *chosen.Params { // the cheapest: what is tested here is not argon2
				p := chosen.NewParams()
				p.Memory, p.Time = 8, 1
				return p
			},
		}}
		test(d)
	})
}

func (d *desk) write(fn func(*db.Tx) error) { d.Helper(); d.Write(fn) }

// user makes a user, with a password if one is given; a single word is enough.
func (d *desk) user(name, text string) (u *directory.User) {
	d.Helper()
	d.write(func(tx *db.Tx) (err error) {
		u, err = directory.Create(tx, &d.Operator, directory.Spec{Profile: directory.Profile{
			UserName: name, Emails: []directory.Email{{Value: name + "@example.com"}},
		}})
		return err
	})
	if text != "" {
		u = d.set(u.ID, password.New{Password: seal.NewSecret(text), Unchecked: true})
	}
	return u
}

func (d *desk) set(id uuid.UUID, n password.New) (u *directory.User) {
	d.Helper()
	p, err := d.Prepare(d.Context(), &d.Operator, id, n)
	if err != nil {
		d.Fatal(err)
	}
	d.write(func(tx *db.Tx) (err error) {
		u, err = d.Set(tx, &d.Operator, id, 0, p)
		return err
	})
	return u
}

func (d *desk) policy(change func(*password.Policy)) {
	d.Helper()
	d.write(func(tx *db.Tx) error {
		_, _, err := password.ChangePolicy(tx, &d.Operator, 0, change)
		return err
	})
}

func (d *desk) load(id uuid.UUID) (u *directory.User) {
	d.Helper()
	if err := d.Rooms.DB.Read(d.Context(), func(tx *db.Tx) (err error) { u, err = directory.Load(tx, d.Home.ID, id); return err }); err != nil {
		d.Fatal(err)
	}
	return u
}

// try verifies a password and fails the test unless that comes of it.
func (d *desk) try(login, text string, want password.Outcome) password.Result {
	d.Helper()
	r, err := d.Verify(d.Context(), d.Home.ID, login, seal.NewSecret(text), netip.MustParseAddr("192.0.2.7"))
	if err != nil || r.Outcome != want {
		d.Errorf("%s with %q: %s (%v), want %s", login, text, r.Outcome, err, want)
	}
	known := map[password.Outcome]bool{password.Right: true, password.Disabled: true, password.MustChange: true, password.Expired: true}
	if (r.User != nil) != known[r.Outcome] {
		d.Errorf("%s: user %v", r.Outcome, r.User)
	}
	return r
}

func (d *desk) events(kind string) (n int) {
	d.Helper()
	err := d.Rooms.DB.Read(d.Context(), func(tx *db.Tx) (err error) {
		n, err = db.Value[int](tx, `SELECT count(*) FROM ledger_event WHERE environment_id = $1 AND kind = $2`, d.Home.ID.String(), kind)
		return err
	})
	if err != nil {
		d.Fatal(err)
	}
	return n
}
