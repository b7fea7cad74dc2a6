package server_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/server"
)

// operate opens the installation of a house that is closed, as the commands at the machine do.
func operate(t *testing.T, dsn, rootKey string, do func(context.Context, *server.House) error) {
	t.Helper()
	if err := server.Operate(t.Context(), housetest.Config(t, dsn, rootKey, "http://127.0.0.1:1"), do); err != nil {
		t.Fatal(err)
	}
}

func TestNewRootAndSealingKeysLoseNoSecretAndNoToken(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		rootKey := filepath.Join(t.TempDir(), "root.key")
		clock := &housetest.Clock{}
		h := housetest.StartOn(t, dsn, rootKey, clock, nil)
		h.NewAPI("invoices", housetest.O{"token_format": "handle"}, "invoices:read")
		app := h.NewApp("billing", nil, "invoices:read")
		issued := h.Token(app)
		h.Stop()

		before, err := os.ReadFile(rootKey)
		if err != nil {
			t.Fatal(err)
		}
		if err := (seal.Source{File: rootKey}).AddRoot(); err != nil {
			t.Fatal(err)
		}
		operate(t, dsn, rootKey, func(ctx context.Context, h *server.House) error { return h.Rekey(ctx) })

		again := housetest.StartOn(t, dsn, rootKey, clock, h)
		if !again.Active(app, issued) {
			t.Error("a token from before is dead")
		}
		again.Token(app)
		again.Stop()

		operate(t, dsn, rootKey, func(ctx context.Context, h *server.House) error {
			roots, err := h.Roots(ctx)
			if err == nil && (len(roots) != 2 || roots[0].Environments != 0 || !roots[1].Newest) {
				t.Errorf("roots: %+v", roots)
			}
			return err
		})
		// Secrets are wrapped in both, so a thief of the old root key alone gets nowhere, and neither do we.
		if err := os.WriteFile(rootKey, before, 0o600); err != nil {
			t.Fatal(err)
		}
		err = server.Operate(t.Context(), housetest.Config(t, dsn, rootKey, "http://127.0.0.1:1"), func(context.Context, *server.House) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "root key version 2") {
			t.Errorf("the old root key alone: %v", err)
		}
	})
}

func TestRestoredDatabaseResurrectsNoToken(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		rootKey := filepath.Join(t.TempDir(), "root.key")
		clock := &housetest.Clock{}
		h := housetest.StartOn(t, dsn, rootKey, clock, nil)
		h.NewAPI("invoices", nil, "invoices:read")
		app := h.NewApp("billing", nil, "invoices:read")
		issued := h.Token(app)
		h.Stop()
		operate(t, dsn, rootKey, func(ctx context.Context, h *server.House) error { return h.Restored(ctx) })
		again := housetest.StartOn(t, dsn, rootKey, clock, h)
		if again.Active(app, issued) {
			t.Error("a token from before the restore lives")
		}
		if !again.Active(app, again.Token(app)) {
			t.Error("a token from after the restore is dead")
		}
	})
}

func TestAdminResetLetsSomebodyInAgain(t *testing.T) {
	dsn, rootKey := dbtest.SQLiteDSN(t), filepath.Join(t.TempDir(), "root.key")
	clock := &housetest.Clock{}
	h := housetest.StartOn(t, dsn, rootKey, clock, nil)
	other := h.NewApp("other", nil, "applications:write", "applications:read")
	if a := h.CallAs(h.Token(other), "POST", "/api/v1/applications/"+h.Admin.ID+"/disable", nil); a.Status != 200 {
		t.Fatalf("disable: %d %s", a.Status, a.Text)
	}
	h.Stop()
	var admin housetest.Client
	operate(t, dsn, rootKey, func(ctx context.Context, house *server.House) error {
		made, err := house.ResetAdmin(ctx)
		if err == nil {
			admin = housetest.Client{ID: made.ClientID, Secret: made.Secret.Reveal()}
		}
		return err
	})
	again := housetest.StartOn(t, dsn, rootKey, clock, h)
	if admin.ID != h.Admin.ID {
		t.Errorf("the administrator is another application now")
	}
	again.Token(admin)
}

func TestAdminResetLetsInWhomARestrictedMethodShutOut(t *testing.T) {
	dsn, rootKey := dbtest.SQLiteDSN(t), filepath.Join(t.TempDir(), "root.key")
	clock := &housetest.Clock{}
	h := housetest.StartOn(t, dsn, rootKey, clock, nil)
	h.Must("PATCH", "/applications/"+h.Admin.ID, map[string]any{"auth_methods": []string{"private_key_jwt"}})
	h.Stop()
	var admin housetest.Client
	operate(t, dsn, rootKey, func(ctx context.Context, house *server.House) error {
		made, err := house.ResetAdmin(ctx)
		if err == nil {
			admin = housetest.Client{ID: made.ClientID, Secret: made.Secret.Reveal()}
		}
		return err
	})
	housetest.StartOn(t, dsn, rootKey, clock, h).Token(admin)
}

func TestSecretInTooManyRootKeysIsNamedByDoctor(t *testing.T) {
	dsn, rootKey := dbtest.SQLiteDSN(t), filepath.Join(t.TempDir(), "root.key")
	clock := &housetest.Clock{}
	h := housetest.StartOn(t, dsn, rootKey, clock, nil)
	app := h.NewApp("billing", nil)
	h.Stop()
	for range 3 {
		if err := (seal.Source{File: rootKey}).AddRoot(); err != nil {
			t.Fatal(err)
		}
		operate(t, dsn, rootKey, func(ctx context.Context, h *server.House) error { return h.Rekey(ctx) })
	}
	again := housetest.StartOn(t, dsn, rootKey, clock, h)
	if a := again.Form("/oauth2/introspect", app, "token", "x"); a.Status != 200 {
		t.Errorf("the secret in three root keys: %d %s", a.Status, a.Text)
	}
	if a := again.Must("GET", "/installation/diagnosis", nil); !strings.Contains(a.Text, "cannot be wrapped") || !strings.Contains(a.Text, "billing ") {
		t.Errorf("diagnosis: %s", a.Text)
	}
}
