package credential_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func address(text string) netip.Addr { return netip.MustParseAddr(text) }

func (r *rooms) cannotRotate(what string, kind fault.Kind, id uuid.UUID, how credential.Rotation) {
	r.Helper()
	r.Refused(what, kind, func(tx *db.Tx) error {
		_, _, _, err := r.Credentials.Rotate(tx, &r.Operator, r.app.ID, id, 0, how)
		return err
	})
}

const day = 24 * time.Hour

func TestSuccessorInheritsWhatTheOldSecretWas(t *testing.T) {
	eachAt(t, func(r *rooms, c *clock) {
		viewable := true
		var old *credential.Credential
		r.Write(func(tx *db.Tx) (err error) {
			old, _, err = r.Credentials.AddSecret(tx, &r.Operator, r.app.ID, credential.SecretSpec{Viewable: &viewable, Spec: credential.Spec{
				Description: "billing", Scopes: []string{"application", "a"}, Networks: []string{"192.0.2.0/24"}, ExpiresAt: c.now.Add(30 * day),
			}})
			return err
		})
		r.policy(func(p *environment.Policy) { p.DefaultSecretScopes = environment.NoScopes })
		c.pass(10 * day)
		next := r.get(r.rotate(old, credential.Rotation{Retire: c.now.Add(day)}).ID)
		if next.Description != "billing" || r.reach(next) != "application true [a]" || next.Networks.Text() != old.Networks.Text() ||
			!next.Viewable || next.Replaces != old.ID || !next.ExpiresAt.Equal(c.now.Add(30*day)) || next.Grace >= 0 {
			r.Errorf("%+v", next)
		}
		unsaid, _ := r.add(credential.Spec{Scopes: []string{"application", "application-users", "openid"}})
		if got := r.reach(r.get(r.rotate(unsaid, credential.Rotation{Retire: c.now.Add(day)}).ID)); got != all+" false []" {
			r.Errorf("what could do everything has a successor with %s", got)
		}
	})
}

func TestOldSecretRetiresWhenItIsTold(t *testing.T) {
	eachAt(t, func(r *rooms, c *clock) {
		for name, k := range map[string]struct {
			life, retire time.Duration
			want         time.Duration
			epoch        uint32
		}{
			"at once":                         {0, 0, 0, 1},
			"at once, though it would expire": {day, 0, 0, 1},
			"in a day":                        {0, day, day, 0},
			"never later than its own end":    {time.Hour, day, time.Hour, 0},
		} {
			spec := credential.Spec{}
			if k.life > 0 {
				spec.ExpiresAt = c.now.Add(k.life)
			}
			old, _ := r.add(spec)
			how := credential.Rotation{}
			if k.retire > 0 {
				how.Retire = c.now.Add(k.retire)
			}
			r.rotate(old, how)
			if got := r.get(old.ID); !got.ExpiresAt.Equal(c.now.Add(k.want)) || got.Epoch != k.epoch || got.Usable(c.now) != (k.want > 0) {
				r.Errorf("%s: until %s, epoch %d", name, got.ExpiresAt.Sub(c.now), got.Epoch)
			}
		}
	})
}

func TestGraceBeginsWithTheFirstUseAndOnlyOnce(t *testing.T) {
	eachAt(t, func(r *rooms, c *clock) {
		old, _ := r.add(credential.Spec{})
		next := r.rotate(old, credential.Rotation{OnFirstUse: true, Grace: time.Hour})
		if got := r.get(old.ID); !got.ExpiresAt.IsZero() {
			r.Errorf("before the first use it expires at %s", got.ExpiresAt)
		}
		starts := func() (n int) {
			for _, k := range r.candidates() {
				if k.Aside != nil && k.Aside.StartsGrace {
					n++
				}
			}
			return n
		}
		if starts() != 1 {
			r.Errorf("%d candidates start a grace", starts())
		}
		activate := func() {
			r.Write(func(tx *db.Tx) error { return credential.Activate(tx, r.Home.ID, r.app.ID, next.ID) })
		}
		c.pass(day)
		activate()
		first := c.now
		c.pass(30 * time.Minute)
		activate()
		if got := r.get(old.ID); !got.ExpiresAt.Equal(first.Add(time.Hour)) || starts() != 0 {
			r.Errorf("it expires %s after the first use; %d candidates start a grace", got.ExpiresAt.Sub(first), starts())
		}
		if n := len(r.events("credential.activated")); n != 1 {
			r.Errorf("%d events", n)
		}
		// What is gone needs no grace.
		lonely, _ := r.add(credential.Spec{})
		heir := r.rotate(lonely, credential.Rotation{OnFirstUse: true})
		r.Write(func(tx *db.Tx) error { return credential.Delete(tx, &r.Operator, r.app.ID, lonely.ID, 0, false) })
		r.Write(func(tx *db.Tx) error { return credential.Activate(tx, r.Home.ID, r.app.ID, heir.ID) })
		r.Write(func(tx *db.Tx) error { return credential.Activate(tx, r.Home.ID, r.app.ID, uuid.New()) })
	})
}

func TestWhatCannotBeRotatedIsRefused(t *testing.T) {
	eachAt(t, func(r *rooms, c *clock) {
		old, _ := r.add(credential.Spec{})
		r.cannotRotate("a retirement in the past", fault.Invalid, old.ID, credential.Rotation{Retire: c.now.Add(-time.Second)})
		r.cannotRotate("a retirement in years", fault.Invalid, old.ID, credential.Rotation{Retire: c.now.Add(400 * day)})
		r.cannotRotate("a grace of years", fault.Invalid, old.ID, credential.Rotation{OnFirstUse: true, Grace: 400 * day})
		r.cannotRotate("a negative grace", fault.Invalid, old.ID, credential.Rotation{OnFirstUse: true, Grace: -1})
		r.cannotRotate("more quiet days than uses are kept", fault.Invalid, old.ID, credential.Rotation{QuietDays: usage.Days + 1})
		r.cannotRotate("a successor that has expired", fault.Invalid, old.ID, credential.Rotation{ExpiresAt: c.now.Add(-time.Hour)})
		r.cannotRotate("one that is not there", fault.NotFound, uuid.New(), credential.Rotation{})
		r.Refused("an old version", fault.Stale, func(tx *db.Tx) error {
			_, _, _, err := r.Credentials.Rotate(tx, &r.Operator, r.app.ID, old.ID, 7, credential.Rotation{})
			return err
		})
		r.Write(func(tx *db.Tx) error {
			_, err := credential.SetEnabled(tx, &r.Operator, r.app.ID, old.ID, false)
			return err
		})
		r.cannotRotate("a disabled one", fault.Conflict, old.ID, credential.Rotation{})
		short, _ := r.add(credential.Spec{ExpiresAt: c.now.Add(time.Hour)})
		c.pass(time.Hour)
		r.cannotRotate("an expired one", fault.Conflict, short.ID, credential.Rotation{})
		last, _ := r.add(credential.Spec{})
		for range 17 {
			r.add(credential.Spec{})
		}
		r.cannotRotate("one too many", fault.Conflict, last.ID, credential.Rotation{})
	})
}

func TestQuietSecretsRetire(t *testing.T) {
	eachAt(t, func(r *rooms, c *clock) {
		busy, _ := r.add(credential.Spec{})
		quiet, _ := r.add(credential.Spec{})
		for _, old := range []*credential.Credential{busy, quiet} {
			r.rotate(old, credential.Rotation{Retire: c.now.Add(300 * day), QuietDays: 3})
		}
		retire := func() {
			r.Helper()
			if err := credential.RetireQuiet(r.Context(), r.DB); err != nil {
				r.Fatal(err)
			}
		}
		c.pass(3*day - time.Minute)
		counter := &usage.Counter{}
		counter.Count(r.Home.ID, busy.ID, usage.Use{At: c.now})
		if err := counter.Flush(r.Context(), r.DB); err != nil {
			r.Fatal(err)
		}
		retire()
		if n := len(r.candidates()); n != 4 {
			r.Fatalf("%d credentials before it was quiet for three days, want 4", n)
		}
		c.pass(time.Minute)
		retire()
		left := r.candidates()
		for _, k := range left {
			if k.ID == quiet.ID {
				r.Error("the quiet one is still there")
			}
		}
		if len(left) != 3 || len(r.events("credential.retired")) != 1 {
			r.Errorf("%d credentials are left, want 3", len(left))
		}
	})
}

func TestLastUsableCredentialGoesByForceAlone(t *testing.T) {
	eachAt(t, func(r *rooms, c *clock) {
		one, _ := r.add(credential.Spec{})
		r.add(credential.Spec{NotBefore: c.now.Add(time.Hour)})
		expiring, _ := r.add(credential.Spec{ExpiresAt: c.now.Add(time.Hour)})
		off, _ := r.add(credential.Spec{})
		r.Write(func(tx *db.Tx) error {
			_, err := credential.SetEnabled(tx, &r.Operator, r.app.ID, off.ID, false)
			return err
		})
		remove := func(id uuid.UUID, force bool) func(*db.Tx) error {
			return func(tx *db.Tx) error { return credential.Delete(tx, &r.Operator, r.app.ID, id, 0, force) }
		}
		c.pass(30 * time.Minute)
		r.Write(remove(off.ID, false)) // what is of no use goes freely
		r.Write(remove(expiring.ID, false))
		r.Refused("the last one", fault.Conflict, remove(one.ID, false))
		r.Write(remove(one.ID, true))
		r.Refused("again", fault.NotFound, remove(one.ID, true))
	})
}
