package credential_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// rooms are what a credential lives in: an environment with an API, and one application with scopes a and b of it.
type rooms struct {
	*testing.T
	db          *db.DB
	vault       *seal.Vault
	credentials *credential.Authority
	home        *environment.Environment
	operator    access.Actor
	app         *application.Application
}

func each(t *testing.T, test func(r *rooms)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(found(t, d, filepath.Join(t.TempDir(), "root.key"))) })
}

func found(t *testing.T, d *db.DB, rootKey string) *rooms {
	t.Helper()
	vault, err := seal.Open(t.Context(), d, seal.Source{File: rootKey})
	if err != nil {
		t.Fatal(err)
	}
	ring := keyring.New(vault)
	apis := &access.Authority{Ring: ring}
	environments := &environment.Authority{Vault: vault, Ring: ring, APIs: apis}
	r := &rooms{T: t, db: d, vault: vault, credentials: &credential.Authority{Vault: vault}}
	r.write(func(tx *db.Tx) error {
		if r.home, _, err = environments.Found(tx); err != nil {
			return err
		}
		r.operator = access.Operator(r.home.ID)
		if _, err = apis.CreateAPI(tx, &r.operator, access.APISpec{
			Name: "letters", Audience: "https://letters.example", Permissions: []access.Permission{{Name: "a"}, {Name: "b"}, {Name: "c"}},
		}); err != nil {
			return err
		}
		r.app, err = application.Create(tx, &r.operator, application.Spec{Name: "app", Scopes: []string{"a", "b"}})
		return err
	})
	return r
}

func (r *rooms) write(fn func(*db.Tx) error) {
	r.Helper()
	if err := r.db.Write(r.Context(), fn); err != nil {
		r.Fatal(err)
	}
}

// refused fails the test unless a change is refused with that kind.
func (r *rooms) refused(what string, kind fault.Kind, fn func(*db.Tx) error) {
	r.Helper()
	if err := r.db.Write(r.Context(), fn); !fault.Is(err, kind) {
		r.Errorf("%s: %v, want %s", what, err, kind)
	}
}

// add gives the application a secret.
func (r *rooms) add(spec credential.Spec) (c *credential.Credential, plain string) {
	r.Helper()
	r.write(func(tx *db.Tx) error {
		added, secret, err := r.credentials.AddSecret(tx, &r.operator, r.app.ID, spec)
		c, plain = added, secret.Reveal()
		return err
	})
	return c, plain
}

// candidates returns what the token path knows of the application's credentials.
func (r *rooms) candidates() (all []credential.Candidate) {
	r.Helper()
	err := r.db.Read(r.Context(), func(tx *db.Tx) error {
		all = nil
		return credential.Each(tx, r.home.ID, r.app.ID, func(_, _ uuid.UUID, c *credential.Candidate) error {
			all = append(all, *c)
			return nil
		})
	})
	if err != nil {
		r.Fatal(err)
	}
	return all
}

// actor is somebody with a token of the management API who holds the given permissions.
func (r *rooms) actor(permissions ...string) (a access.Actor) {
	r.Helper()
	r.write(func(tx *db.Tx) error {
		app, err := application.Create(tx, &r.operator, application.Spec{Name: "actor " + uuid.NewString(), Scopes: permissions})
		if err != nil {
			return err
		}
		c, _, err := r.credentials.AddSecret(tx, &r.operator, app.ID, credential.Spec{})
		if err != nil {
			return err
		}
		a = access.Actor{
			Environment: r.home.ID, Home: true, Application: app.ID, Credential: c.ID, Permissions: permissions,
			Epochs: access.Epochs{Incarnation: r.home.Incarnation}, Expires: time.Now().Add(time.Hour),
		}
		return nil
	})
	return a
}
