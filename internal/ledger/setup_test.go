package ledger_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

var vaults sync.Map // *db.DB → *seal.Vault

// vault is the one that seals in d.
func vault(t testing.TB, d *db.DB) *seal.Vault {
	t.Helper()
	if v, ok := vaults.Load(d); ok {
		return v.(*seal.Vault)
	}
	v, err := seal.Open(t.Context(), d, seal.Source{File: filepath.Join(t.TempDir(), "root.key")})
	if err != nil {
		t.Fatal(err)
	}
	vaults.Store(d, v)
	t.Cleanup(func() { vaults.Delete(d) })
	return v
}

// newEnvironment makes an environment with an empty ledger.
func newEnvironment(t testing.TB, d *db.DB) uuid.UUID {
	t.Helper()
	id := uuid.New()
	bear(t, d, id)
	return id
}

func bear(t testing.TB, d *db.DB, id uuid.UUID) {
	t.Helper()
	v := vault(t, d)
	write(t, d, func(tx *db.Tx) error {
		if err := insertEnvironment(tx, v, id); err != nil {
			return err
		}
		return ledger.Begin(tx, v, id)
	})
}

// insertEnvironment makes an environment that can seal and has no ledger.
func insertEnvironment(tx *db.Tx, v *seal.Vault, id uuid.UUID) error {
	if _, err := tx.Exec(`INSERT INTO organization (id, name, created_at) VALUES ($1, 'Acme', 1)`, id.String()); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO environment (id, organization_id, slug, name, is_default, enabled, epoch,
		incarnation, next_number, version, created_at, updated_at)
		VALUES ($1, $1, NULL, 'test', FALSE, TRUE, 1, 1, 1, 1, 1, 1)`, id.String())
	if err != nil {
		return err
	}
	return v.Enclose(tx, id)
}

func write(t testing.TB, d *db.DB, fn func(*db.Tx) error) {
	t.Helper()
	if err := d.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func read[T any](t testing.TB, d *db.DB, fn func(*db.Tx) (T, error)) T {
	t.Helper()
	var v T
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		var err error
		v, err = fn(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var root = ledger.Who{Kind: "operator", ID: "root", Address: "192.0.2.7", Request: "r-1"}

// disabled is an event about the application called id.
func disabled(environment uuid.UUID, id string) ledger.Event {
	return ledger.Event{
		Environment: environment, Kind: "application.disabled", Register: true,
		Subject: ledger.Subject{Kind: "application", ID: id},
		Before:  map[string]any{"enabled": true}, After: map[string]any{"enabled": false, "name": id},
	}
}

// grow appends count events, each in a transaction of its own, about subjects named prefix-1, prefix-2 …
func grow(t testing.TB, d *db.DB, environment uuid.UUID, prefix string, count int) {
	t.Helper()
	for i := range count {
		write(t, d, func(tx *db.Tx) error {
			ledger.Append(tx, root, disabled(environment, fmt.Sprintf("%s-%d", prefix, i+1)))
			return nil
		})
	}
}

func events(t testing.TB, d *db.DB, environment uuid.UUID, f ledger.Filter) []ledger.Record {
	t.Helper()
	return read(t, d, func(tx *db.Tx) ([]ledger.Record, error) { return ledger.Events(tx, environment, f) })
}

func head(t testing.TB, d *db.DB, environment uuid.UUID) ledger.Head {
	t.Helper()
	return read(t, d, func(tx *db.Tx) (ledger.Head, error) { return ledger.Last(tx, environment) })
}

func subjects(records []ledger.Record) []string {
	var ids []string
	for _, r := range records {
		ids = append(ids, r.Subject.ID)
	}
	return ids
}

func verify(t testing.TB, d *db.DB, environment uuid.UUID) ledger.Proof {
	t.Helper()
	proof, err := ledger.Verify(t.Context(), ledger.InDatabase(d, environment), nil)
	if err != nil {
		t.Fatalf("the ledger does not verify: %v", err)
	}
	return proof
}
