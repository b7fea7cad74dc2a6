package register_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

// rooms are an installation's rooms on a database, with one node's register that has been loaded and not more.
type rooms struct {
	*roomtest.Rooms
	register *register.Register
	now      time.Time
}

func each(t *testing.T, test func(r *rooms)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(found(t, d)) })
}

func found(t *testing.T, d *db.DB) *rooms {
	t.Helper()
	r := &rooms{Rooms: roomtest.Found(t, d, filepath.Join(t.TempDir(), "root.key")), now: time.Now()}
	r.register = r.node()
	return r
}

// node returns the register of one more node, loaded.
func (r *rooms) node() *register.Register {
	r.Helper()
	n := register.New(register.Options{
		DB: r.DB, Ring: r.Ring, BaseURL: "https://id.example", Now: func() time.Time { return r.now }, Log: slog.New(slog.DiscardHandler),
	})
	if err := n.Load(r.Context()); err != nil {
		r.Fatal(err)
	}
	return n
}

// follow makes a register follow the ledger until the test ends, and returns once it has everybody.
func (r *rooms) follow(n *register.Register) {
	r.Helper()
	ctx, end := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { n.Follow(ctx) })
	r.Cleanup(func() { end(); following.Wait() })
	for deadline := time.Now().Add(10 * time.Second); !n.Loaded(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.Fatal("the register does not fill")
		}
	}
}

// client makes an application with a secret.
func (r *rooms) client(name string) (app, secret uuid.UUID) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		a, err := application.Create(tx, &r.Operator, application.Spec{Name: name})
		if err != nil {
			return err
		}
		c, _, err := r.Credentials.AddSecret(tx, &r.Operator, a.ID, credential.SecretSpec{})
		if err == nil {
			app, secret = a.ID, c.ID
		}
		return err
	})
	return app, secret
}

func (r *rooms) find(n *register.Register, id uuid.UUID) (c register.Client, ok bool) {
	r.Helper()
	ok, err := n.Client(r.Context(), n.Home(), id, &c)
	if err != nil {
		r.Fatal(err)
	}
	return c, ok
}

func TestClientsAreReadThroughUntilAllAreThere(t *testing.T) {
	each(t, func(r *rooms) {
		app, secret := r.client("early")
		for _, loaded := range []bool{false, true} {
			if r.register.Loaded() != loaded {
				r.Fatalf("loaded: %v", !loaded)
			}
			if c, ok := r.find(r.register, app); !ok || !c.Enabled || len(c.Candidates) != 1 || c.Candidate(secret) == nil || c.Candidate(uuid.New()) != nil {
				r.Errorf("loaded %v: %+v", loaded, c)
			}
			if _, ok := r.find(r.register, uuid.New()); ok {
				r.Errorf("loaded %v: somebody unknown is there", loaded)
			}
			if !loaded {
				r.follow(r.register)
			}
		}
		before, _ := r.DB.Statements()
		for range 100 {
			r.find(r.register, app)
			r.find(r.register, uuid.New())
		}
		if after, _ := r.DB.Statements(); after != before {
			r.Errorf("%d statements for a full register", after-before)
		}
	})
}

// A node that is not loaded and cannot read says so; it does not say that there is nobody.
func TestNodeThatKnowsNobodySaysThatItCannotTell(t *testing.T) {
	each(t, func(r *rooms) {
		app, _ := r.client("early")
		if err := r.DB.Close(); err != nil {
			r.Fatal(err)
		}
		var c register.Client
		if found, err := r.register.Client(r.Context(), r.register.Home(), app, &c); err == nil || found {
			r.Errorf("found %v, %v", found, err)
		}
	})
}

func TestChangesOfEveryKindAreFollowed(t *testing.T) {
	each(t, func(r *rooms) {
		r.follow(r.register)
		home := r.register.Home().ID
		settle := func() {
			r.Helper()
			if !r.register.Settle(r.Context(), home) {
				r.Error("not settled")
			}
		}
		app, secret := r.client("app")
		settle()
		if c, ok := r.find(r.register, app); !ok || len(c.Candidates) != 1 {
			r.Fatalf("%+v", c)
		}
		steps := map[string]struct {
			do   func(tx *db.Tx) error
			seen func(c register.Client, ok bool) bool
		}{
			"1 secret disabled": {
				func(tx *db.Tx) error {
					_, err := credential.SetEnabled(tx, &r.Operator, app, secret, false)
					return err
				},
				func(c register.Client, ok bool) bool {
					return ok && !c.Candidates[0].Enabled && c.Candidates[0].Epoch == 1
				},
			},
			"2 application disabled": {
				func(tx *db.Tx) error { _, err := application.SetEnabled(tx, &r.Operator, app, false); return err },
				func(c register.Client, ok bool) bool { return ok && !c.Enabled && c.Epoch == 1 },
			},
			"3 secret deleted": {
				func(tx *db.Tx) error { return credential.Delete(tx, &r.Operator, app, secret, 0, true) },
				func(c register.Client, ok bool) bool { return ok && len(c.Candidates) == 0 },
			},
			"4 application deleted": {
				func(tx *db.Tx) error { return application.Delete(tx, &r.Operator, app, 0) },
				func(_ register.Client, ok bool) bool { return !ok },
			},
		}
		for _, name := range []string{"1 secret disabled", "2 application disabled", "3 secret deleted", "4 application deleted"} {
			r.Write(steps[name].do)
			settle()
			if c, ok := r.find(r.register, app); !steps[name].seen(c, ok) {
				r.Errorf("%s: %v %+v", name, ok, c)
			}
		}
	})
}

func TestStaleNodeRefusesForThoseWhoWantItTo(t *testing.T) {
	r := found(t, dbtest.PostgreSQL(t))
	serve, refuse := &access.API{OnStale: access.Serve}, &access.API{OnStale: access.Refuse}
	for _, c := range []struct {
		age           time.Duration
		serve, refuse bool
	}{
		{0, true, true}, {5 * time.Second, true, true}, {5*time.Second + 1, true, false}, {time.Hour, true, false},
		{72*time.Hour - 1, true, false}, {72 * time.Hour, false, false}, {1000 * time.Hour, false, false},
	} {
		for _, now := range []time.Time{r.now.Add(c.age), r.now.Add(c.age).Round(0)} { // with and without monotonic time
			for api, want := range map[*access.API]bool{serve: c.serve, refuse: c.refuse, nil: c.refuse} {
				if err := r.register.Fresh(now, api); (err == nil) != want || err != nil && !fault.Is(err, fault.Unavailable) {
					t.Errorf("after %s, %+v: %v", c.age, api, err)
				}
			}
		}
	}
	lite := found(t, dbtest.SQLite(t))
	if err := lite.register.Fresh(lite.now.Add(1000*time.Hour), refuse); err != nil {
		t.Errorf("SQLite, where this process makes every change: %v", err)
	}
}

func TestNodeCatchesUpWithWhatItHasNotHeard(t *testing.T) {
	r := found(t, dbtest.PostgreSQL(t))
	other := r.node()
	if other.CatchUp(t.Context()) {
		t.Error("caught up before it was filled")
	}
	r.follow(other)
	for range 3 { // each is at least askEvery after the one before
		app, _ := r.client(uuid.NewString())
		for deadline := time.Now().Add(5 * time.Second); !other.CatchUp(t.Context()); {
			if time.Now().After(deadline) {
				t.Fatal("does not catch up")
			}
		}
		if _, ok := r.find(other, app); !ok {
			t.Error("caught up, and still does not know the client")
		}
	}
	// Strangers can make the node read ten times a second and no oftener, one after the other or all at once.
	began := time.Now()
	for range 8 {
		other.CatchUp(t.Context())
	}
	if took := time.Since(began); took < 400*time.Millisecond {
		t.Errorf("read the ledger 8 times in %s", took)
	}
	_, before := r.DB.Statements()
	began = time.Now()
	var strangers sync.WaitGroup
	for range 500 {
		strangers.Go(func() { other.CatchUp(t.Context()) })
	}
	strangers.Wait()
	_, after := r.DB.Statements()
	if seconds := time.Since(began).Seconds(); float64(after-before) > 30+seconds*100 {
		t.Errorf("500 strangers in %.1f s made %d statements", seconds, after-before)
	}
}

func TestSettlingWaitsForTheOtherNodes(t *testing.T) {
	r := found(t, dbtest.PostgreSQL(t))
	one := r.node()
	r.follow(one)
	// The rooms' own node has loaded and does not follow: it counts from the moment it could know something stale.
	if one.Settle(t.Context(), one.Home().ID) {
		t.Error("settled, and a node that has just begun has not heard of it")
	}
	if err := r.register.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	two := r.node()
	r.follow(two)
	for range 20 {
		app, _ := r.client(uuid.NewString())
		if !one.Settle(t.Context(), one.Home().ID) {
			t.Fatal("not settled although both nodes follow")
		}
		if _, ok := r.find(two, app); !ok {
			t.Fatal("settled, and the other node has not heard of it")
		}
	}
}
