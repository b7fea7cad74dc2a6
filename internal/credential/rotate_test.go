package credential_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// rotate rotates a secret of the application.
func (r *rooms) rotate(old *credential.Credential, how credential.Rotation) (next *credential.Credential) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		next, _, _, err = r.Credentials.Rotate(tx, &r.Operator, r.app.ID, old.ID, 0, how)
		return err
	})
	return next
}

func (r *rooms) all() (all []*credential.Credential) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		all, err = credential.List(tx, &r.Operator, r.app.ID, "")
		return err
	})
	return all
}

func TestSuccessionTellsHowFarARotationHasCome(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	made := now.Add(-48 * time.Hour)
	old := &credential.Credential{ID: uuid.New(), Enabled: true, ExpiresAt: now.Add(time.Hour), Grace: -1}
	used := func(at time.Time) usage.LastUse { return usage.LastUse{At: at} }
	for name, c := range map[string]struct {
		heir credential.Credential
		last usage.LastUse
		want credential.Succession
	}{
		"never used":                {credential.Credential{Enabled: true, Grace: -1}, used(time.Time{}), credential.Succession{Retiring: true, Safe: true}},
		"used before it":            {credential.Credential{Enabled: true, Grace: -1}, used(made.Add(-time.Hour)), credential.Succession{Retiring: true, Safe: true}},
		"used long ago, but since":  {credential.Credential{Enabled: true, Grace: -1}, used(now.Add(-24 * time.Hour)), credential.Succession{Retiring: true, StillUsed: true, Safe: true}},
		"used just now":             {credential.Credential{Enabled: true, Grace: -1}, used(now.Add(-23 * time.Hour)), credential.Succession{Retiring: true, StillUsed: true}},
		"successor disabled":        {credential.Credential{Grace: -1}, used(time.Time{}), credential.Succession{Retiring: true}},
		"successor to come":         {credential.Credential{Enabled: true, Grace: -1, NotBefore: now.Add(1)}, used(time.Time{}), credential.Succession{Retiring: true}},
		"waiting for its first use": {credential.Credential{Enabled: true, Grace: time.Hour}, used(time.Time{}), credential.Succession{Safe: true}},
	} {
		heir := c.heir
		heir.ID, heir.Replaces, heir.CreatedAt = uuid.New(), old.ID, made
		c.want.By = heir.ID
		if got := old.Succession([]*credential.Credential{old, &heir}, c.last, now); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if got := old.Succession([]*credential.Credential{old}, used(now), now); got != (credential.Succession{}) {
		t.Errorf("without a successor: %+v", got)
	}
}

func TestRotationKeepsToThePolicyOfExpiry(t *testing.T) {
	each(t, func(r *rooms) {
		old, _ := r.add(credential.Spec{})
		r.Write(func(tx *db.Tx) error {
			_, _, err := environment.ChangePolicy(tx, &r.Operator, 0, func(p *environment.Policy) { p.LeastDays, p.MostDays = 1, 90 })
			return err
		})
		for _, expires := range []time.Time{{}, time.Now().AddDate(0, 0, 92), time.Now().Add(time.Hour)} {
			err := r.DB.Write(r.Context(), func(tx *db.Tx) error {
				_, _, _, err := r.Credentials.Rotate(tx, &r.Operator, r.app.ID, old.ID, 0, credential.Rotation{ExpiresAt: expires})
				return err
			})
			if !fault.Is(err, fault.Invalid) {
				r.Errorf("an expiry on %v: %v", expires, err)
			}
		}
		if n := len(r.all()); n != 1 {
			r.Errorf("%d secrets after refused rotations", n)
		}
		r.rotate(old, credential.Rotation{ExpiresAt: time.Now().AddDate(0, 0, 30)})
	})
}

func TestQuietSecretIsRetiredOnlyWhereAnotherTakesItsPlace(t *testing.T) {
	var later atomic.Int64
	clock := func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	dbtest.EachAt(t, clock, func(t *testing.T, d *db.DB) {
		later.Store(0)
		r := found(t, d, filepath.Join(t.TempDir(), "root.key"))
		old, _ := r.add(credential.Spec{})
		next := r.rotate(old, credential.Rotation{Retire: time.Now().AddDate(0, 0, 90), QuietDays: 7})
		retired := func() bool {
			r.Helper()
			if err := credential.RetireQuiet(r.Context(), r.DB); err != nil {
				r.Fatal(err)
			}
			return len(r.all()) == 1
		}
		if retired() {
			r.Fatal("it was deleted before its days were over")
		}
		later.Store(int64(8 * 24 * time.Hour))
		disable := func(enabled bool) {
			r.Write(func(tx *db.Tx) error {
				_, err := credential.SetEnabled(tx, &r.Operator, r.app.ID, next.ID, enabled)
				return err
			})
		}
		disable(false)
		if retired() {
			r.Fatal("it was deleted although its successor is disabled")
		}
		disable(true)
		if !retired() {
			r.Fatal("it was not deleted after its days were over")
		}
	})
}
