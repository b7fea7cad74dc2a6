package seal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// file returns a source whose file does not exist yet.
func file(t testing.TB) seal.Source {
	t.Helper()
	return seal.Source{File: filepath.Join(t.TempDir(), "root.key")}
}

// withKeys returns a source whose file holds the keys, newest first.
func withKeys(t *testing.T, keys ...seal.Secret) seal.Source {
	t.Helper()
	s := file(t)
	write(t, s.File, revealed(keys...))
	return s
}

func revealed(keys ...seal.Secret) string {
	var text strings.Builder
	for _, key := range keys {
		text.WriteString(key.Reveal() + "\n")
	}
	return text.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func open(t testing.TB, d *db.DB, s seal.Source) *seal.Vault {
	t.Helper()
	v, err := seal.Open(t.Context(), d, s)
	if err != nil {
		t.Fatalf("open the vault: %v", err)
	}
	return v
}

// refused fails the test unless Open refuses with a message that has every one of the words.
func refused(t *testing.T, d *db.DB, s seal.Source, words ...string) {
	t.Helper()
	_, err := seal.Open(t.Context(), d, s)
	if !fault.Is(err, fault.Conflict) {
		t.Fatalf("Open returned %v, want a conflict", err)
	}
	_, message := fault.Public(err)
	for _, word := range words {
		if !strings.Contains(message, word) {
			t.Errorf("the refusal does not say %q: %s", word, message)
		}
	}
}

// environment makes an environment with a keyset.
func environment(t *testing.T, d *db.DB, v *seal.Vault) uuid.UUID {
	t.Helper()
	id := uuid.New()
	change(t, d, func(tx *db.Tx) error {
		organization := uuid.NewString()
		_, err := tx.Exec(`INSERT INTO organization (id, name, created_at) VALUES ($1, 'o', 0)`, organization)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`
INSERT INTO environment (id, organization_id, slug, name, is_default, enabled, epoch, incarnation, next_number, version, created_at, updated_at)
VALUES ($1, $2, NULL, 'e', $3, $3, 0, 0, 1, 1, 0, 0)`, id.String(), organization, true)
		if err != nil {
			return err
		}
		return v.Enclose(tx, id)
	})
	return id
}

func change(t *testing.T, d *db.DB, fn func(*db.Tx) error) {
	t.Helper()
	if err := d.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func sealed(t *testing.T, d *db.DB, v *seal.Vault, environment uuid.UUID, plain string) (box []byte) {
	t.Helper()
	change(t, d, func(tx *db.Tx) error {
		var err error
		box, err = v.Seal(tx, environment, "table", "row", "column", []byte(plain))
		return err
	})
	return box
}

func unsealed(t *testing.T, d *db.DB, v *seal.Vault, environment uuid.UUID, box []byte) (string, error) {
	t.Helper()
	var plain []byte
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		var err error
		plain, err = v.Unseal(tx, environment, "table", "row", "column", box)
		return err
	})
	return string(plain), err
}

func opensAs(t *testing.T, d *db.DB, v *seal.Vault, environment uuid.UUID, box []byte, want string) {
	t.Helper()
	if got, err := unsealed(t, d, v, environment, box); err != nil || got != want {
		t.Errorf("the sealed value opens as %q, %v; want %q", got, err, want)
	}
}

// listed returns what the database knows of its root keys.
func listed(t *testing.T, d *db.DB, v *seal.Vault, inUse ...int64) (all []seal.Root) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		var err error
		all, err = v.Roots(tx, inUse)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// errUndo makes a transaction undo itself.
var errUndo = errors.New("undo")
