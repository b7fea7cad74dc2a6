package credential_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

// rooms are what a credential lives in: an installation with an API, and one application with scopes a and b of it.
type rooms struct {
	*roomtest.Rooms
	app *application.Application
}

func each(t *testing.T, test func(r *rooms)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(found(t, d, filepath.Join(t.TempDir(), "root.key"))) })
}

func found(t *testing.T, d *db.DB, rootKey string) *rooms {
	t.Helper()
	r := &rooms{Rooms: roomtest.Found(t, d, rootKey)}
	r.NewAPI("letters", "a", "b", "c")
	r.Write(func(tx *db.Tx) (err error) {
		r.app, err = application.Create(tx, &r.Operator, application.Spec{Name: "app", Scopes: []string{"a", "b"}})
		return err
	})
	return r
}

// add gives the application a secret.
func (r *rooms) add(spec credential.Spec) (c *credential.Credential, plain string) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		added, secret, err := r.Credentials.AddSecret(tx, &r.Operator, r.app.ID, credential.SecretSpec{Spec: spec})
		c, plain = added, secret.Reveal()
		return err
	})
	return c, plain
}

// candidates returns what the token path knows of the application's credentials.
func (r *rooms) candidates() (all []proof.Candidate) {
	r.Helper()
	err := r.DB.Read(r.Context(), func(tx *db.Tx) error {
		all = nil
		return credential.Each(tx, r.Home.ID, r.app.ID, func(_, _ uuid.UUID, c *proof.Candidate) error {
			all = append(all, *c)
			return nil
		})
	})
	if err != nil {
		r.Fatal(err)
	}
	return all
}

// clock is what a test tells the time.
type clock struct{ now time.Time }

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

// eachAt is [each] at a time that stands still unless the test makes it pass.
func eachAt(t *testing.T, test func(r *rooms, c *clock)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		c := &clock{time.Now().UTC().Truncate(time.Microsecond)}
		d := dbtest.Open(t, dsn, func() time.Time { return c.now })
		test(found(t, d, filepath.Join(t.TempDir(), "root.key")), c)
	})
}

// policy changes the policy of the environment.
func (r *rooms) policy(change func(p *environment.Policy)) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		_, _, err := environment.ChangePolicy(tx, &r.Operator, 0, change)
		return err
	})
}

// get returns a credential as it is now.
func (r *rooms) get(id uuid.UUID) (c *credential.Credential) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		c, err = credential.Load(tx, r.Home.ID, r.app.ID, id)
		return err
	})
	return c
}

func (r *rooms) change(id uuid.UUID, change func(*credential.Spec)) (c *credential.Credential) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		c, err = credential.Change(tx, &r.Operator, r.app.ID, id, 0, change)
		return err
	})
	return c
}

// events lists what the ledger keeps of the events of a kind, oldest first.
func (r *rooms) events(kind string) (after []map[string]any) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		after = nil
		records, err := ledger.Events(tx, r.Home.ID, ledger.Filter{Kind: kind})
		for _, e := range records {
			var p struct{ After map[string]any }
			if err := json.Unmarshal([]byte(e.Payload), &p); err != nil {
				return err
			}
			after = append(after, p.After)
		}
		return err
	})
	return after
}
