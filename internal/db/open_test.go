package db_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestANewerSchemaIsRefusedUntouched(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d, err := db.Open(t.Context(), db.Options{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		run(t, d, `UPDATE installation SET id = '', oldest_program = $1`, db.Generation+1)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Open(t.Context(), db.Options{DSN: dsn}); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "too old") {
			t.Fatalf("a schema of the next generation gives %v", err)
		}
		pool, err := sql.Open(map[bool]string{true: "pgx", false: "sqlite"}[db.IsPostgreSQL(dsn)], dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = pool.Close() }()
		var id string
		if err := pool.QueryRowContext(t.Context(), `SELECT id FROM installation`).Scan(&id); err != nil || id != "" {
			t.Errorf("the refused database was written to: id %q (%v)", id, err)
		}
	})
}

// In a rolling upgrade the new program migrates first, and nodes of the old one are restarted on its schema.
func TestASchemaThatWasOnlyExpandedIsOpenedByTheOldProgram(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d, err := db.Open(t.Context(), db.Options{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		run(t, d, `INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, $2)`, 99999, true)
		run(t, d, `CREATE TABLE from_the_future (id TEXT PRIMARY KEY)`)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if d, err = db.Open(t.Context(), db.Options{DSN: dsn}); err != nil {
			t.Fatalf("the old program is refused: %v", err)
		}
		run(t, d, `UPDATE installation SET created_at = created_at`)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnInstallationKeepsItsIdentity(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		var born string
		for range 2 {
			d, err := db.Open(t.Context(), db.Options{DSN: dsn})
			if err != nil {
				t.Fatal(err)
			}
			id, err := d.Installation(t.Context())
			if err != nil || id == "" || born != "" && id != born {
				t.Errorf("identity %q (%v), born as %q", id, err, born)
			}
			born = id
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestBothEnginesHaveTheSameMigrations compares the two folders: the same names, and the same text but for types and how
// SQLite keeps a table.
func TestBothEnginesHaveTheSameMigrations(t *testing.T) {
	types := strings.NewReplacer(`BYTEA`, `BLOB`, ` COLLATE "C"`, ``, ` WITHOUT ROWID`, ``)
	read := func(folder string) map[string]string {
		entries, err := os.ReadDir(filepath.Join("migration", folder))
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join("migration", folder, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all[e.Name()] = strings.Join(strings.Fields(types.Replace(string(text))), " ")
		}
		return all
	}
	sqlite, postgres := read("sqlite"), read("postgres")
	if len(sqlite) == 0 || len(sqlite) != len(postgres) {
		t.Errorf("%d migrations for SQLite, %d for PostgreSQL", len(sqlite), len(postgres))
	}
	for name, text := range sqlite {
		if postgres[name] != text {
			t.Errorf("%s differs between the engines in more than types", name)
		}
	}
}

func TestNetworkFileSystemsAreKnownByTheirNumbers(t *testing.T) {
	for magic, want := range map[int64]string{
		0x6969:     "NFS",
		0xFF534D42: "CIFS",
		-0xACB2BE:  "CIFS", // the same, sign-extended from 32 bits
		0xFE534D42: "SMB2",
		0x01021997: "9P",
		0x00C36400: "Ceph",
		0xEF53:     "", // ext4
		0x01021994: "", // tmpfs
		0x794C7630: "", // overlayfs
		0x58465342: "", // XFS
		0x9123683E: "", // Btrfs
	} {
		if got := db.NetworkFileSystem(magic); got != want {
			t.Errorf("%#x is %q, want %q", magic, got, want)
		}
	}
}

func TestTheDatabaseFilesAreForTheirOwnerAlone(t *testing.T) {
	path := dbtest.SQLiteDSN(t)
	notes(t, dbtest.Open(t, path, nil))
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v (%v), want mode 0600", path+suffix, info, err)
		}
	}
}

func TestAPlaceThatCannotHoldADatabaseIsUnavailable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dsn := range []string{
		filepath.Join(file, "counterfoil.db"),
		"postgres://postgres@127.0.0.1:1/postgres",
	} {
		if _, err := db.Open(t.Context(), db.Options{DSN: dsn}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s gives %v", dsn, err)
		}
	}
}

func TestAFileThatIsNoDatabaseIsSaidToBeDamaged(t *testing.T) {
	path := dbtest.SQLiteDSN(t)
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database. ", 512)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(t.Context(), db.Options{DSN: path}); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("got %v", err)
	}
}

func TestAMisspeltURLIsInvalidAndKeepsItsPassword(t *testing.T) {
	_, err := db.Open(t.Context(), db.Options{DSN: "postgres://me:hunter2@host:port/name"})
	if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}
