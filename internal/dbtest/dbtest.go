package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

// variable is the environment variable with the address of PostgreSQL's maintenance database.
const variable = "COUNTERFOIL_TEST_POSTGRES"

// only is the environment variable with the one engine that shall be tested; without it, both are. The race detector's run sets
// it where the engine makes no difference to memory that goroutines share.
const only = "COUNTERFOIL_TEST_ENGINE"

// Each runs test on a fresh database of each engine, as subtests "sqlite" and "postgres".
func Each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachAt(t, nil, test)
}

// EachAt is [Each] with now as the databases' clock.
func EachAt(t *testing.T, now func() time.Time, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachDSN(t, func(t *testing.T, dsn string) { test(t, Open(t, dsn, now)) })
}

// EachDSN runs test with the address of a fresh database of each engine, for tests that open it more than once.
func EachDSN(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	engine := os.Getenv(only)
	switch engine {
	case "", string(db.SQLite), string(db.PostgreSQL):
	default:
		t.Fatalf("%s is %q, which is no engine", only, engine)
	}
	if engine != string(db.PostgreSQL) {
		t.Run(string(db.SQLite), func(t *testing.T) { test(t, SQLiteDSN(t)) })
	}
	if engine != string(db.SQLite) {
		t.Run(string(db.PostgreSQL), func(t *testing.T) { test(t, PostgreSQLDSN(t)) })
	}
}

// SQLite returns a fresh SQLite database that is closed when the test ends.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return SQLiteAt(t, nil)
}

// SQLiteAt is [SQLite] with now as the database's clock.
func SQLiteAt(t testing.TB, now func() time.Time) *db.DB {
	t.Helper()
	return Open(t, SQLiteDSN(t), now)
}

// PostgreSQL returns a fresh PostgreSQL database that is closed and dropped when the test ends.
func PostgreSQL(t testing.TB) *db.DB {
	t.Helper()
	return PostgreSQLAt(t, nil)
}

// PostgreSQLAt is [PostgreSQL] with now as the database's clock.
func PostgreSQLAt(t testing.TB, now func() time.Time) *db.DB {
	t.Helper()
	return Open(t, PostgreSQLDSN(t), now)
}

// Open opens the database at dsn until the test ends; a nil clock is the real one.
func Open(t testing.TB, dsn string, now func() time.Time) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), db.Options{DSN: dsn, Now: now})
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return d
}

// SQLiteDSN returns the path of a SQLite file that does not exist yet, in a folder of the test's own.
func SQLiteDSN(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "counterfoil.db")
}

// PostgreSQLDSN returns the URL of a fresh, migrated PostgreSQL database that is dropped when the test ends,
// whoever is still connected to it.
func PostgreSQLDSN(t testing.TB) string {
	t.Helper()
	from, err := template()
	if err != nil {
		t.Fatalf("make the template database: %v", err)
	}
	name := fmt.Sprintf("%s_%d", from, serial.Add(1))
	if err := maintain("CREATE DATABASE " + name + " TEMPLATE " + from); err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := maintain("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return address(name)
}

var serial atomic.Int64

// template makes the database that this process's test databases are copies of, once. It stays until the
// cluster ends, because nothing tells a package that its process's last test is over.
var template = sync.OnceValues(func() (string, error) {
	if os.Getenv(variable) == "" {
		return "", fmt.Errorf("%s is not set: run make test, or eval \"$(test/postgres.sh start)\" first", variable)
	}
	name := "test_" + uuid.NewString()[:8]
	if err := maintain("CREATE DATABASE " + name); err != nil {
		return "", err
	}
	d, err := db.Open(context.Background(), db.Options{DSN: address(name)})
	if err != nil {
		return "", err
	}
	// A row the migration wrote is the same in every copy; the next Open gives each copy an identity of its own.
	err = d.Write(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE installation SET id = '', created_at = 0`)
		return err
	})
	if err != nil {
		return "", err
	}
	return name, d.Close()
})

// maintain runs one statement on the maintenance database. It is called when a test's own context has ended.
func maintain(statement string) error {
	pool, err := sql.Open("pgx", os.Getenv(variable))
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }()
	_, err = pool.ExecContext(context.Background(), statement)
	return err
}

// address returns the URL of the database called name, in the cluster that the tests use.
func address(name string) string {
	u, err := url.Parse(os.Getenv(variable))
	if err != nil {
		panic(fmt.Sprintf("%s is not a URL: %v", variable, err)) // maintain has connected to it
	}
	u.Path = "/" + name
	return u.String()
}
