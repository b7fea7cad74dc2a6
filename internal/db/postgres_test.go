package db_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/pressly/goose/v3/lock"
	"golang.org/x/sync/errgroup"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// clash makes the server report a serialization failure.
const clash = `DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`

func TestATransactionThatClashesIsRunAgain(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	notes(t, d)
	attempts, after := 0, 0
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		attempts++
		tx.AfterCommit(func() { after++ })
		if err := inserts(int64(attempts))(tx); err != nil {
			return err
		}
		if attempts < 3 {
			if _, err := tx.Exec(clash); err != nil {
				return fault.New(fault.Stale, "the room's own words must not hide the clash")
			}
		}
		return nil
	})
	if err != nil || attempts != 3 || after != 1 || ids(t, d) != "3" {
		t.Errorf("%v after %d attempts and %d AfterCommits, notes %s", err, attempts, after, ids(t, d))
	}
}

func TestATransactionThatAlwaysClashesGivesUp(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	attempts := 0
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		attempts++
		_, err := tx.Exec(clash)
		return err
	})
	if !fault.Is(err, fault.Unavailable) || attempts != 5 {
		t.Errorf("%v after %d attempts", err, attempts)
	}
}

func TestALostConnectionIsUnavailableAndUndone(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	notes(t, d)
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		if err := inserts(1)(tx); err != nil {
			return err
		}
		_, err := tx.Exec(`SELECT pg_terminate_backend(pg_backend_pid())`)
		return err
	})
	if !fault.Is(err, fault.Unavailable) || ids(t, d) != "" {
		t.Errorf("got %v, notes %q", err, ids(t, d))
	}
}

func TestADatabaseThatIsAwayIsUnavailableAndComesBack(t *testing.T) {
	cable := dbtest.Through(t, dbtest.PostgreSQLDSN(t))
	d := dbtest.Open(t, cable.DSN, nil)
	notes(t, d)
	one := func(tx *db.Tx) error { _, err := db.Value[int64](tx, `SELECT 1`); return err }

	cut := d.Write(t.Context(), func(tx *db.Tx) error {
		if err := inserts(1)(tx); err != nil {
			return err
		}
		cable.Cut()
		return nil
	})
	for range 20 { // every pooled connection finds out for itself
		for name, err := range map[string]error{
			"cut before the commit": cut, "write": d.Write(t.Context(), one), "read": d.Read(t.Context(), one),
		} {
			if !fault.Is(err, fault.Unavailable) {
				t.Fatalf("%s gives %v", name, err)
			}
		}
	}
	cable.Mend()
	if err := errors.Join(d.Write(t.Context(), inserts(2)), d.Read(t.Context(), one)); err != nil {
		t.Errorf("with the database back: %v", err)
	}
	if got := ids(t, d); got != "2" {
		t.Errorf("notes %s, want 2", got)
	}
}

func TestACancelledWriteIsUndone(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	notes(t, d)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := d.Write(ctx, func(tx *db.Tx) error {
		if err := inserts(1)(tx); err != nil {
			return err
		}
		_, err := tx.Exec(`SELECT pg_sleep(4)`)
		return err
	})
	if !fault.Is(err, fault.Unavailable) || ids(t, d) != "" {
		t.Errorf("got %v, notes %q", err, ids(t, d))
	}
}

func TestARowLockedForUpdateMakesOthersWait(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	notes(t, d)
	run(t, d, `INSERT INTO note (id, body) VALUES (1, '')`)
	add := func(tx *db.Tx) error {
		body, err := db.Value[string](tx, `SELECT body FROM note WHERE id = 1`+tx.ForUpdate())
		if err == nil {
			_, err = tx.Exec(`UPDATE note SET body = $1 WHERE id = 1`, body+"x")
		}
		return err
	}
	var all errgroup.Group
	for range 8 {
		all.Go(func() error {
			for range 10 {
				if err := d.Write(t.Context(), add); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := value[int64](t, d, `SELECT length(body) FROM note`); n != 80 {
		t.Errorf("%d of 80 updates are there", n)
	}
}

func TestNodesThatStartTogetherMigrateOnce(t *testing.T) {
	dsn := dbtest.PostgreSQLDSN(t)
	maintenance(t, dsn, `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	var all errgroup.Group
	for range 3 {
		all.Go(func() error {
			d, err := db.Open(t.Context(), db.Options{DSN: dsn})
			if err != nil {
				return err
			}
			return d.Close()
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	d := dbtest.Open(t, dsn, nil)
	if n := value[int64](t, d, `SELECT count(*) FROM installation WHERE id <> ''`); n != 1 {
		t.Errorf("%d installations", n)
	}
}

func TestANodeWithNothingToMigrateWaitsForNobody(t *testing.T) {
	dsn := dbtest.PostgreSQLDSN(t)
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	other, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := other.ExecContext(t.Context(), `SELECT pg_advisory_lock($1)`, lock.DefaultLockID); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	d, err := db.Open(ctx, db.Options{DSN: dsn})
	if err != nil {
		t.Fatalf("while another node holds the lock of the migrations: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestANotificationWakesAListener also breaks the listening connection, which must mend itself.
func TestANotificationWakesAListener(t *testing.T) {
	dsn := dbtest.PostgreSQLDSN(t)
	d := dbtest.Open(t, dsn, nil)
	ctx, cancel := context.WithCancel(t.Context())
	woken, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		d.Listen(ctx, func() {
			select {
			case woken <- struct{}{}:
			default:
			}
		})
	}()
	for range 2 {
		// Nobody says when it listens, so it is told until it hears.
		for deaf := true; deaf; {
			d.Notify(ctx)
			select {
			case <-woken:
				deaf = false
			case <-time.After(10 * time.Millisecond):
			}
		}
		maintenance(t, dsn, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE query LIKE 'LISTEN%' AND datname = current_database()`)
	}
	cancel()
	<-ended
}

func TestListeningOnSQLiteOnlyWaits(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.Notify(ctx)
	d.Listen(ctx, func() { t.Error("woken") })
}

// maintenance runs statements on the database at dsn behind the back of [db.DB].
func maintenance(t *testing.T, dsn, statements string) {
	t.Helper()
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	if _, err := pool.ExecContext(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}
