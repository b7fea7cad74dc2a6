package credential_test

import (
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
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
func (r *rooms) candidates() (all []credential.Candidate) {
	r.Helper()
	err := r.DB.Read(r.Context(), func(tx *db.Tx) error {
		all = nil
		return credential.Each(tx, r.Home.ID, r.app.ID, func(_, _ uuid.UUID, c *credential.Candidate) error {
			all = append(all, *c)
			return nil
		})
	})
	if err != nil {
		r.Fatal(err)
	}
	return all
}
