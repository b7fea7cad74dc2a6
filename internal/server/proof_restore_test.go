package server_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/server"
)

// TestRestoredBackupResurrectsNothingFromBetween puts a copy of the database in place of what became of it: tokens
// from before the backup, and from between it and the restore, are dead, also those of what the backup brought back.
func TestRestoredBackupResurrectsNothingFromBetween(t *testing.T) {
	dsn, rootKey, clock := dbtest.SQLiteDSN(t), filepath.Join(t.TempDir(), "root.key"), &housetest.Clock{}
	backup := filepath.Join(t.TempDir(), "backup.db")
	h := housetest.StartOn(t, dsn, rootKey, clock, nil)
	s := newStand(h, "kept", nil)
	environment := uuid.MustParse(h.Must("GET", "/ledger/head", nil).String("environment"))
	tokens := []string{h.Token(s.client, "scope", "kept:jwt"), h.Token(s.client, "scope", "kept:handle")}
	h.Stop()
	copyDatabase(t, dsn, backup)

	h = housetest.StartOn(t, dsn, rootKey, clock, h)
	tokens = append(tokens, h.Token(s.client, "scope", "kept:jwt"), h.Token(s.client, "scope", "kept:handle"))
	if a := h.Form("/oauth2/revoke", s.client, "token", tokens[0]); a.Status != http.StatusOK {
		t.Fatalf("revocation: %d %s", a.Status, a.Text)
	}
	h.Must("DELETE", "/applications/"+s.client.ID, nil)
	late := h.NewApp("late", nil, "kept:handle")
	tokens = append(tokens, h.Token(late))
	h.Stop()
	copyDatabase(t, backup, dsn)

	operate(t, dsn, rootKey, func(ctx context.Context, h *server.House) error { return h.Restored(ctx) })
	h = housetest.StartOn(t, dsn, rootKey, clock, h)
	for i, token := range tokens {
		if h.Active(s.gateway, token) {
			t.Errorf("token %d lives after the restore", i)
		}
	}
	if a := h.Form("/oauth2/token", late, "grant_type", "client_credentials"); a.Status != http.StatusUnauthorized {
		t.Errorf("an application that the backup does not know: %d %s", a.Status, a.Text)
	}
	if !h.Active(s.gateway, h.Token(s.client, "scope", "kept:jwt")) {
		t.Error("a token from after the restore is dead")
	}
	h.Stop()
	verify(t, dsn, environment)
}

// copyDatabase copies a database file that nobody has open over another one.
func copyDatabase(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(to + suffix)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
