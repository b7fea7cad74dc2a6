// Package roomtest founds an installation on a database without a server around it, for tests that call rooms
// directly. Tests that call over HTTP use housetest.
package roomtest

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
	"github.com/counterfoil/counterfoil/internal/environment/furnish"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Rooms are a new installation: one environment, with its management API and nothing else in it.
type Rooms struct {
	*testing.T
	DB           *db.DB
	Vault        *seal.Vault
	Ring         *keyring.Ring
	APIs         *access.Authority
	Environments *environment.Authority
	Credentials  *credential.Authority
	Home         *environment.Environment
	Operator     access.Actor
}

// Each runs test with new rooms on each engine, as subtests.
func Each(t *testing.T, test func(r *Rooms)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(Found(t, d, filepath.Join(t.TempDir(), "root.key"))) })
}

// Found founds an installation on an empty database, with the root key in that file.
func Found(t *testing.T, d *db.DB, rootKey string) *Rooms {
	t.Helper()
	vault, err := seal.Open(t.Context(), d, seal.Source{File: rootKey})
	if err != nil {
		t.Fatal(err)
	}
	r := &Rooms{T: t, DB: d, Vault: vault, Ring: keyring.New(vault), Credentials: &credential.Authority{Vault: vault}}
	r.APIs = &access.Authority{Ring: r.Ring}
	r.Environments = furnish.Authority(vault, r.Ring, r.APIs)
	r.Write(func(tx *db.Tx) (err error) {
		r.Home, _, err = r.Environments.Found(tx)
		return err
	})
	r.Operator = access.Operator(r.Home.ID)
	return r
}

// Write makes a change that has to succeed.
func (r *Rooms) Write(fn func(*db.Tx) error) {
	r.Helper()
	if err := r.DB.Write(r.Context(), fn); err != nil {
		r.Fatal(err)
	}
}

// Refused fails the test unless a change is refused with that kind.
func (r *Rooms) Refused(what string, kind fault.Kind, fn func(*db.Tx) error) {
	r.Helper()
	if err := r.DB.Write(r.Context(), fn); !fault.Is(err, kind) {
		r.Errorf("%s: %v, want %s", what, err, kind)
	}
}

// Actor is somebody with a fresh token of the management API who holds the given permissions.
func (r *Rooms) Actor(permissions ...string) (a access.Actor) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		app, err := application.Create(tx, &r.Operator, application.Spec{Name: "actor " + uuid.NewString(), Scopes: permissions})
		if err != nil {
			return err
		}
		c, _, err := r.Credentials.AddSecret(tx, &r.Operator, app.ID, credential.SecretSpec{})
		if err != nil {
			return err
		}
		a = access.Actor{
			Environment: r.Home.ID, Home: true, Application: app.ID, Credential: c.ID, Permissions: permissions,
			Epochs: access.Epochs{Incarnation: r.Home.Incarnation}, Issued: time.Now(), Expires: time.Now().Add(time.Hour),
		}
		return nil
	})
	return a
}

// NewAPI makes an API with these scopes.
func (r *Rooms) NewAPI(name string, scopes ...string) (made *access.API) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		made, err = r.APIs.CreateAPI(tx, &r.Operator, API(name, scopes...))
		return err
	})
	return made
}

// API describes an API with these scopes.
func API(name string, scopes ...string) access.APISpec {
	s := access.APISpec{Name: name, Audience: "https://" + name + ".example"}
	for _, scope := range scopes {
		s.Permissions = append(s.Permissions, access.Permission{Name: scope})
	}
	return s
}
