package main

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/counterfoil/counterfoil/internal/db"
)

func TestSeedCopiesAnApplicationAndItsSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counterfoil.db")
	inspect(t, path, func(tx *db.Tx) error {
		for _, statement := range []string{
			`INSERT INTO organization VALUES ('o', 'o', 0)`,
			`INSERT INTO environment (id, organization_id, slug, name, is_default, enabled, epoch, incarnation, next_number, version, created_at, updated_at)
VALUES ('e', 'o', NULL, 'e', TRUE, TRUE, 1, 1, 1, 1, 0, 0)`,
			`INSERT INTO application (environment_id, id, name, name_folded, description, enabled, epoch, token_lifetime, auth_methods, permissions,
introspects, version, created_by, created_at, updated_at) VALUES ('e', 'a', 'A', 'a', '', TRUE, 1, 0, '', '[1]', '[]', 1, 'x', 0, 0)`,
			`INSERT INTO credential (environment_id, application_id, id, kind, description, hint, enabled, epoch, not_before, expires_at, permissions,
mac, peppers, version, created_by, created_at, updated_at) VALUES ('e', 'a', 'c', 'secret', '', 'cfs_', TRUE, 1, 0, 0, '', x'00', '[1]', 1, 'x', 0, 0)`,
		} {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err := seed(t.Context(), path, "a", batch+1); err != nil {
		t.Fatal(err)
	}
	inspect(t, path, func(tx *db.Tx) error {
		for query, want := range map[string]int64{
			`SELECT count(*) FROM application WHERE permissions = '[1]' AND enabled`:                 batch + 2,
			`SELECT count(DISTINCT mac) FROM credential WHERE kind = 'secret'`:                       batch + 2,
			`SELECT count(*) FROM credential JOIN application ON application.id = application_id`:    batch + 2,
			`SELECT count(*) FROM credential WHERE length(mac) = 32 AND application_id = id`:         batch + 1,
			`SELECT count(*) FROM application WHERE name = id AND name_folded = id AND length(id)>9`: batch + 1,
		} {
			if got, err := db.Value[int64](tx, query); err != nil || got != want {
				t.Errorf("%s: got %d, %v; want %d", query, got, err, want)
			}
		}
		return nil
	})
}

func TestSeedWantsAnApplicationToCopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counterfoil.db")
	inspect(t, path, func(*db.Tx) error { return nil })
	if seed(t.Context(), path, "nobody", 1) == nil {
		t.Fatal("wrote copies of nothing")
	}
	if seed(t.Context(), path+".missing", "nobody", 1) == nil {
		t.Fatal("made a database")
	}
}

func inspect(t *testing.T, path string, fn func(*db.Tx) error) {
	t.Helper()
	d, err := db.Open(context.Background(), db.Options{DSN: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}
