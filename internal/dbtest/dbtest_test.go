package dbtest_test

import (
	"testing"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
)

func TestEveryDatabaseIsFreshAndHasItsOwnIdentity(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			id, err := d.Installation(t.Context())
			if err != nil || id == "" || seen[id] {
				t.Fatalf("installation %q (%v), want a new one", id, err)
			}
			seen[id] = true
			taken, err := d.Lease(t.Context(), "chore", "me", 1)
			if err != nil || !taken {
				t.Fatalf("lease taken %v (%v): left over from another database?", taken, err)
			}
		})
	}
}

func TestTheEnginesAreWhatTheirNamesSay(t *testing.T) {
	if e := dbtest.SQLite(t).Engine(); e != db.SQLite {
		t.Errorf("SQLite opened %s", e)
	}
	if e := dbtest.PostgreSQL(t).Engine(); e != db.PostgreSQL {
		t.Errorf("PostgreSQL opened %s", e)
	}
}
