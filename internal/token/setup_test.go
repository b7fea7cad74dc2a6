package token_test

import (
	"log/slog"
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
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/token"
)

// office is a node that issues tokens: one environment with an API of each format and one client that may use both.
type office struct {
	testing.TB
	db          *db.DB
	apis        *access.Authority
	credentials *credential.Authority
	register    *register.Register
	tokens      *token.Authority
	operator    access.Actor
	app, secret uuid.UUID
	jwt, handle uuid.UUID // the APIs
	now         time.Time
}

func each(t *testing.T, test func(o *office)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(open(t, d)) })
}

func open(t testing.TB, d *db.DB) *office {
	t.Helper()
	vault, err := seal.Open(t.Context(), d, seal.Source{File: filepath.Join(t.TempDir(), "root.key")})
	if err != nil {
		t.Fatal(err)
	}
	ring := keyring.New(vault)
	o := &office{TB: t, db: d, apis: &access.Authority{Ring: ring}, credentials: &credential.Authority{Vault: vault}, now: time.Now()}
	environments := &environment.Authority{Vault: vault, Ring: ring, APIs: o.apis}
	o.write(func(tx *db.Tx) error {
		home, _, err := environments.Found(tx)
		if err != nil {
			return err
		}
		o.operator = access.Operator(home.ID)
		o.jwt = o.api(tx, "invoices", access.JWT)
		o.handle = o.api(tx, "parcels", access.Handle)
		app, err := application.Create(tx, &o.operator, application.Spec{Name: "app", Scopes: []string{"invoices:read", "invoices:write", "parcels:read", "parcels:write"}})
		if err != nil {
			return err
		}
		c, _, err := o.credentials.AddSecret(tx, &o.operator, app.ID, credential.SecretSpec{})
		if err == nil {
			o.app, o.secret = app.ID, c.ID
		}
		return err
	})
	o.register = register.New(register.Options{
		DB: d, Ring: ring, BaseURL: "https://id.example", Now: func() time.Time { return o.now }, Log: slog.New(slog.DiscardHandler),
	})
	if err := o.register.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.tokens = token.New(o.register)
	return o
}

func (o *office) api(tx *db.Tx, name string, format access.Format) uuid.UUID {
	api, err := o.apis.CreateAPI(tx, &o.operator, access.APISpec{
		Name: name, Audience: "https://" + name + ".example", Format: format, OnStale: access.Serve,
		Permissions: []access.Permission{{Name: name + ":read"}, {Name: name + ":write"}},
	})
	if err != nil {
		o.Fatal(err)
	}
	return api.ID
}

func (o *office) write(fn func(*db.Tx) error) {
	o.Helper()
	if err := o.db.Write(o.Context(), fn); err != nil {
		o.Fatal(err)
	}
	if o.register != nil && !o.register.Settle(o.Context(), o.operator.Environment) {
		o.Fatal("not settled")
	}
}

// mint makes a token with these scopes.
func (o *office) mint(scope string) string {
	o.Helper()
	e := o.register.Home()
	var client register.Client
	if found, err := o.register.Client(o.Context(), e, o.app, &client); err != nil || !found {
		o.Fatalf("client: %v, %v", found, err)
	}
	with := client.Candidate(o.secret)
	grant, short := e.Catalogue.Attenuate(access.Asked{Application: client.Permissions, Scope: scope})
	if short != access.Enough {
		o.Fatalf("scope %q: %d", scope, short)
	}
	text, _, err := o.tokens.Mint([]byte("x"), &token.Minting{Client: &client, With: with, Grant: grant}, o.now)
	if err != nil {
		o.Fatal(err)
	}
	return string(text[1:])
}

// examine returns what is found out about a token.
func (o *office) examine(text string) *token.Examined {
	o.Helper()
	var x token.Examined
	if err := o.tokens.Examine(o.Context(), o.register.Home(), []byte(text), o.now, &x); err != nil {
		o.Fatal(err)
	}
	return &x
}
