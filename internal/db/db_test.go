package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// run runs one statement in a transaction of its own.
func run(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// value reads one value in a transaction of its own.
func value[T any](t *testing.T, d *db.DB, query string, args ...any) T {
	t.Helper()
	var v T
	err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
		v, err = db.Value[T](tx, query, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// notes makes the table that the tests write to.
func notes(t *testing.T, d *db.DB) {
	t.Helper()
	run(t, d, `CREATE TABLE note (id BIGINT PRIMARY KEY, body TEXT, flag BOOLEAN)`)
}

// ids returns the ids of all notes as text, in order.
func ids(t *testing.T, d *db.DB) string {
	t.Helper()
	var all []int64
	err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
		all, err = db.All(tx, func(scan db.Scan) (id int64, err error) {
			return id, scan(&id)
		}, `SELECT id FROM note ORDER BY id`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(fmt.Sprint(all), "[]")
}

func TestPlaceholdersBindByNumber(t *testing.T) {
	const word = `CAST($%d AS TEXT)`
	texts := func(numbers ...int) string {
		var all []string
		for _, n := range numbers {
			all = append(all, fmt.Sprintf(word, n))
		}
		return `SELECT ` + strings.Join(all, ` || `)
	}
	for _, c := range []struct {
		name, query string
		args        []any
		want        string
	}{
		{"in order", texts(1, 2, 3), []any{"a", "b", "c"}, "abc"},
		{"out of order", texts(3, 1, 2), []any{"a", "b", "c"}, "cab"},
		{"used twice", texts(1, 2, 1), []any{"a", "b"}, "aba"},
		{"used twice, out of order", texts(2, 1, 2, 1), []any{"a", "b"}, "baba"},
		{"more than nine", texts(11, 1, 10, 2, 9, 3, 8, 4, 7, 5, 6),
			[]any{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}, "kajbichdgef"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				if got := value[string](t, d, c.query, c.args...); got != c.want {
					t.Errorf("reading: %s gives %q, want %q", c.query, got, c.want)
				}
				// Writing goes through prepared statements, so twice, with other values in between.
				notes(t, d)
				run(t, d, `INSERT INTO note (body, id) VALUES ($2, $1)`, 1, "first")
				run(t, d, `INSERT INTO note (body, id) VALUES ($2, $1)`, 2, "second")
				if got := value[string](t, d, `SELECT body FROM note WHERE id = $1`, 2); got != "second" {
					t.Errorf("writing: note 2 says %q", got)
				}
			})
		})
	}
}

func TestValuesMeanTheSameOnBothEngines(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		bytes := map[db.Engine]string{db.SQLite: "BLOB", db.PostgreSQL: "BYTEA"}[d.Engine()]
		run(t, d, `CREATE TABLE sample (id BIGINT PRIMARY KEY, flag BOOLEAN, raw `+bytes+`, body TEXT, at BIGINT)`)
		const insert = `INSERT INTO sample (id, flag, raw, body, at) VALUES ($1, $2, $3, $4, $5)`
		at := time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
		run(t, d, insert, 1, true, []byte{0, 1, 255}, "é\x01", db.Micros(at))
		run(t, d, insert, 2, false, []byte{}, "", db.Micros(time.Time{}))
		run(t, d, insert, 3, nil, []byte(nil), nil, nil)
		for _, c := range []struct {
			where string
			args  []any
			want  string
		}{
			{`flag`, nil, "1"},
			{`NOT flag`, nil, "2"},
			{`flag = $1`, []any{true}, "1"},
			{`flag = $1`, []any{false}, "2"},
			{`flag IS NULL`, nil, "3"},
			{`raw IS NULL`, nil, "3"},
			{`body IS NULL AND at IS NULL`, nil, "3"},
			{`raw = $1`, []any{[]byte{0, 1, 255}}, "1"},
			{`body = $1`, []any{""}, "2"},
			{`at = $1`, []any{db.Micros(at)}, "1"},
		} {
			query := `SELECT CAST(min(id) AS TEXT) || CAST(CASE count(*) WHEN 1 THEN '' ELSE ' and more' END AS TEXT) FROM sample WHERE ` + c.where
			if got := value[string](t, d, query, c.args...); got != c.want {
				t.Errorf("WHERE %s %v finds %s, want %s", c.where, c.args, got, c.want)
			}
		}
		checkSample(t, d, at)
	})
}

func checkSample(t *testing.T, d *db.DB, at time.Time) {
	t.Helper()
	type sample struct {
		flag sql.NullBool
		raw  []byte
		body sql.NullString
		at   sql.NullInt64
	}
	var got []sample
	err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
		got, err = db.All(tx, func(scan db.Scan) (s sample, err error) {
			return s, scan(&s.flag, &s.raw, &s.body, &s.at)
		}, `SELECT flag, raw, body, at FROM sample ORDER BY id`)
		return err
	})
	if err != nil || len(got) != 3 {
		t.Fatalf("%d samples (%v), want 3", len(got), err)
	}
	if one := got[0]; !one.flag.Bool || string(one.raw) != "\x00\x01\xff" || one.body.String != "é\x01" || !db.Time(one.at.Int64).Equal(at) {
		t.Errorf("the full row comes back as %+v", one)
	}
	if two := got[1]; two.flag.Bool || !two.flag.Valid || len(two.raw) != 0 || !two.body.Valid || !db.Time(two.at.Int64).IsZero() {
		t.Errorf("the row of zero values comes back as %+v", two)
	}
	if three := got[2]; three.flag.Valid || three.raw != nil || three.body.Valid || three.at.Valid {
		t.Errorf("the row of NULLs comes back as %+v", three)
	}
}

func TestAMissingRowIsNotFoundAndADuplicateIsAConflict(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		notes(t, d)
		run(t, d, `CREATE UNIQUE INDEX note_by_body ON note (body)`)
		run(t, d, `INSERT INTO note (id, body) VALUES (1, 'one')`)
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			_, err := db.Value[string](tx, `SELECT body FROM note WHERE id = 2`)
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("a missing row gives %v", err)
		}
		for _, duplicate := range []string{
			`INSERT INTO note (id, body) VALUES (1, 'two')`,
			`INSERT INTO note (id, body) VALUES (2, 'one')`,
		} {
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(duplicate)
				return err
			})
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("%s gives %v", duplicate, err)
			}
		}
	})
}

func TestATransactionHasOneTime(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.FixedZone("elsewhere", 3600))
	ticks := 0
	clock := func() time.Time { ticks++; return start.Add(time.Duration(ticks) * time.Second) }
	dbtest.EachAt(t, clock, func(t *testing.T, d *db.DB) {
		check := func(tx *db.Tx) error {
			if first := tx.Now(); !first.Equal(tx.Now()) || first.Nanosecond() != 678901000 || first.Location() != time.UTC {
				t.Errorf("the transaction's time is %v, then %v", first, tx.Now())
			}
			return nil
		}
		if err := errors.Join(d.Write(t.Context(), check), d.Read(t.Context(), check)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAReadSeesOneStateAndWritesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		notes(t, d)
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			for range 2 {
				count, err := db.Value[int64](tx, `SELECT count(*) FROM note`)
				if err != nil || count != 0 {
					return fmt.Errorf("saw %d notes (%w)", count, err)
				}
				run(t, d, `INSERT INTO note (id) SELECT count(*) FROM note`)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		err = d.Read(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`DELETE FROM note`)
			return err
		})
		if err == nil || ids(t, d) != "0 1" {
			t.Errorf("a read wrote (%v): notes %s", err, ids(t, d))
		}
	})
}

func TestTheEndOfATransactionRunsInItsPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		notes(t, d)
		var order []string
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			tx.AfterCommit(func() {
				run(t, d, `INSERT INTO note (id) VALUES (3)`) // it may write: the transaction is over
				order = append(order, "after")
			})
			tx.BeforeCommit(func(tx *db.Tx) error {
				order = append(order, "before")
				_, err := tx.Exec(`INSERT INTO note (id) VALUES (2)`)
				return err
			})
			order = append(order, "body")
			_, err := tx.Exec(`INSERT INTO note (id) VALUES (1)`)
			return err
		})
		if err != nil || fmt.Sprint(order) != "[body before after]" || ids(t, d) != "1 2 3" {
			t.Errorf("order %v, notes %s (%v)", order, ids(t, d), err)
		}
		err = d.Write(t.Context(), func(tx *db.Tx) error {
			tx.AfterCommit(func() { t.Error("AfterCommit ran for a transaction that was undone") })
			tx.BeforeCommit(func(*db.Tx) error { return fault.New(fault.Denied, "no") })
			_, err := tx.Exec(`INSERT INTO note (id) VALUES (4)`)
			return err
		})
		if !fault.Is(err, fault.Denied) || ids(t, d) != "1 2 3" {
			t.Errorf("an error before the commit gives %v, notes %s", err, ids(t, d))
		}
	})
}

func TestAPanicUndoesItsTransactionOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		notes(t, d)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(`INSERT INTO note (id) VALUES (1)`); err != nil {
				return err
			}
			panic("a defect")
		})
		if fault.Of(err) != fault.Internal || !strings.Contains(err.Error(), "a defect") {
			t.Errorf("a panic gives %v", err)
		}
		run(t, d, `INSERT INTO note (id) VALUES (2)`)
		if got := ids(t, d); got != "2" {
			t.Errorf("notes %s, want 2", got)
		}
	})
}

func TestASwallowedEngineErrorStillUndoesTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		notes(t, d)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, _ = tx.Exec(`INSERT INTO note (id) VALUES (1)`)
			_, _ = tx.Exec(`INSERT INTO note (id) VALUES (1)`)
			return nil
		})
		if !fault.Is(err, fault.Conflict) || ids(t, d) != "" {
			t.Errorf("got %v, notes %q", err, ids(t, d))
		}
	})
}

func TestALocalLivesAsLongAsItsTransaction(t *testing.T) {
	type key struct{}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for range 2 {
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				for want := 1; want <= 2; want++ {
					count := tx.Local(key{}, func() any { return new(int) }).(*int)
					if *count++; *count != want {
						return fmt.Errorf("counted %d, want %d", *count, want)
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func TestALeaseHasOneHolderUntilItEnds(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	dbtest.EachAt(t, func() time.Time { return now }, func(t *testing.T, d *db.DB) {
		now = time.Unix(1_800_000_000, 0)
		for _, step := range []struct {
			later  time.Duration
			holder string
			want   bool
		}{
			{0, "a", true},
			{0, "b", false},
			{50 * time.Second, "a", true}, // renewed
			{50 * time.Second, "b", false},
			{11 * time.Second, "b", true},
			{0, "a", false},
		} {
			now = now.Add(step.later)
			got, err := d.Lease(t.Context(), "chore", step.holder, time.Minute)
			if err != nil || got != step.want {
				t.Fatalf("%s asks after %v: %v (%v), want %v", step.holder, step.later, got, err, step.want)
			}
		}
	})
}

func TestStatementsOfChoresAreCountedApart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		callers, chores := d.Statements()
		one := func(tx *db.Tx) error { _, err := db.Value[int64](tx, `SELECT 1`); return err }
		for _, ctx := range []context.Context{t.Context(), db.Chore(t.Context()), db.Chore(t.Context())} {
			if err := errors.Join(d.Read(ctx, one), d.Write(ctx, one)); err != nil {
				t.Fatal(err)
			}
		}
		nowCallers, nowChores := d.Statements()
		if nowCallers-callers != 2 || nowChores-chores != 4 {
			t.Errorf("counted %d for callers and %d for chores, want 2 and 4", nowCallers-callers, nowChores-chores)
		}
	})
}
