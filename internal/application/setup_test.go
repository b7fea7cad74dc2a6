package application_test

import (
	"path/filepath"
	"testing"

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

// rooms are a new installation without a server around it.
type rooms struct {
	*testing.T
	db           *db.DB
	apis         *access.Authority
	environments *environment.Authority
	credentials  *credential.Authority
	home         *environment.Environment
	operator     access.Actor
}

func each(t *testing.T, test func(r *rooms)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		vault, err := seal.Open(t.Context(), d, seal.Source{File: filepath.Join(t.TempDir(), "root.key")})
		if err != nil {
			t.Fatal(err)
		}
		ring := keyring.New(vault)
		r := &rooms{T: t, db: d, apis: &access.Authority{Ring: ring}, credentials: &credential.Authority{Vault: vault}}
		r.environments = &environment.Authority{Vault: vault, Ring: ring, APIs: r.apis}
		r.write(func(tx *db.Tx) error {
			r.home, _, err = r.environments.Found(tx)
			return err
		})
		r.operator = access.Operator(r.home.ID)
		test(r)
	})
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

// actor is somebody with a fresh token of the management API who holds the given permissions.
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
			Epochs: access.Epochs{Incarnation: r.home.Incarnation},
		}
		return nil
	})
	return a
}

// api makes an API with these scopes.
func (r *rooms) api(name string, scopes ...string) (made *access.API) {
	r.Helper()
	r.write(func(tx *db.Tx) (err error) {
		made, err = r.apis.CreateAPI(tx, &r.operator, spec(name, scopes...))
		return err
	})
	return made
}

func spec(name string, scopes ...string) access.APISpec {
	s := access.APISpec{Name: name, Audience: "https://" + name + ".example"}
	for _, scope := range scopes {
		s.Permissions = append(s.Permissions, access.Permission{Name: scope})
	}
	return s
}
