package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

func TestEventsAreNumberedInTheOrderTheyWereAppended(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one, other := newEnvironment(t, d), newEnvironment(t, d)
		write(t, d, func(tx *db.Tx) error {
			ledger.Append(tx, root, disabled(one, "a"))
			ledger.Append(tx, root, disabled(other, "b"))
			ledger.Append(tx, root, disabled(one, "c"))
			return nil
		})
		write(t, d, func(tx *db.Tx) error {
			ledger.Append(tx, root, disabled(one, "d"))
			return nil
		})
		got := events(t, d, one, ledger.Filter{})
		if diff := cmp.Diff([]string{"a", "c", "d"}, subjects(got)); diff != "" {
			t.Errorf("events of one environment: %s", diff)
		}
		for i, r := range got {
			if r.Number != int64(i+1) {
				t.Errorf("event %s has number %d, want %d", r.Subject.ID, r.Number, i+1)
			}
		}
		if diff := cmp.Diff([]string{"b"}, subjects(events(t, d, other, ledger.Filter{}))); diff != "" {
			t.Errorf("events of the other environment: %s", diff)
		}
		if h, last := head(t, d, one), got[2]; h.Number != 3 || h.Hash != last.Hash {
			t.Errorf("the head is at %d %s, the last event at %d %s", h.Number, h.Hash, last.Number, last.Hash)
		}
		verify(t, d, one)
		verify(t, d, other)
	})
}

func TestEventKeepsWhatItWasGiven(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		write(t, d, func(tx *db.Tx) error {
			ledger.Append(tx, ledger.Who{Kind: "application", ID: "cli", Credential: "s1", Address: "192.0.2.7", Request: "r-9"},
				ledger.Event{
					Environment: environment, Kind: "api.changed", Subject: ledger.Subject{Kind: "api", ID: "a1"},
					Before: map[string]any{"name": "<a>"}, After: map[string]any{"name": "b", "enabled": true},
				})
			ledger.Append(tx, ledger.System, ledger.Event{
				Environment: environment, Kind: "key.rotated", Subject: ledger.Subject{Kind: "key", ID: "k1"}, Register: true,
			})
			return nil
		})
		got := events(t, d, environment, ledger.Filter{})
		type fields struct {
			Kind     string
			Actor    ledger.Actor
			Subject  ledger.Subject
			Register bool
			Payload  string
		}
		var kept []fields
		for _, r := range got {
			kept = append(kept, fields{r.Kind, r.Actor, r.Subject, r.Register, r.Payload})
		}
		want := []fields{
			{"api.changed", ledger.Actor{Kind: "application", ID: "cli"}, ledger.Subject{Kind: "api", ID: "a1"}, false,
				`{"actor":{"credential":"s1","address":"192.0.2.7","request":"r-9"},"before":{"name":"<a>"},"after":{"enabled":true,"name":"b"}}`},
			{"key.rotated", ledger.Actor{Kind: "system", ID: "counterfoil"}, ledger.Subject{Kind: "key", ID: "k1"}, true, `{}`},
		}
		if diff := cmp.Diff(want, kept); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNamesFullOfControlCharactersStayPrintable(t *testing.T) {
	name := "a\x00\x1b[2J\r\n\x7f\u009b31m\u202e\U000E0041\ufeff\xff <é>\U0001F600"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		write(t, d, func(tx *db.Tx) error {
			e := disabled(environment, "a")
			e.After = map[string]any{"name": name, name: json.RawMessage(`"` + "\u009b\xff" + `"`)}
			ledger.Append(tx, ledger.Who{Kind: "operator", ID: "root", Request: name}, e)
			return nil
		})
		text := events(t, d, environment, ledger.Filter{})[0].Payload
		for _, r := range text {
			if !unicode.IsPrint(r) {
				t.Errorf("the payload holds %U: %q", r, text)
			}
		}
		var payload struct{ After map[string]string }
		if err := json.Unmarshal([]byte(text), &payload); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(name, "\ufffd"); payload.After["name"] != want {
			t.Errorf("the name comes back as %q, want %q", payload.After["name"], want)
		}
		verify(t, d, environment)
	})
}

func TestMalformedEventUndoesItsTransaction(t *testing.T) {
	environment := uuid.New()
	good := disabled(environment, "a")
	events := map[string]func(*ledger.Who, *ledger.Event){
		"kind with an escape":    func(_ *ledger.Who, e *ledger.Event) { e.Kind = "a\x1b[2J" },
		"kind in capitals":       func(_ *ledger.Who, e *ledger.Event) { e.Kind = "Application" },
		"no kind":                func(_ *ledger.Who, e *ledger.Event) { e.Kind = "" },
		"line end behind a kind": func(_ *ledger.Who, e *ledger.Event) { e.Kind = "a\n" },
		"endless kind":           func(_ *ledger.Who, e *ledger.Event) { e.Kind = strings.Repeat("a", 65) },
		"subject kind":           func(_ *ledger.Who, e *ledger.Event) { e.Subject.Kind = "an api" },
		"subject id":             func(_ *ledger.Who, e *ledger.Event) { e.Subject.ID = "a\x00" },
		"no subject id":          func(_ *ledger.Who, e *ledger.Event) { e.Subject.ID = "" },
		"actor kind":             func(w *ledger.Who, _ *ledger.Event) { w.Kind = "" },
		"actor id":               func(w *ledger.Who, _ *ledger.Event) { w.ID = "müller" },
		"unwritable payload":     func(_ *ledger.Who, e *ledger.Event) { e.After = func() {} },
		"no ledger":              func(_ *ledger.Who, e *ledger.Event) { e.Environment = uuid.New() },
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		bear(t, d, environment)
		for name, spoil := range events {
			who, e := root, good
			spoil(&who, &e)
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				if _, err := tx.Exec(`INSERT INTO node (id, seen_at) VALUES ($1, 1)`, name); err != nil {
					return err
				}
				ledger.Append(tx, root, good)
				ledger.Append(tx, who, e)
				return nil
			})
			if fault.Of(err) != fault.Internal || err == nil {
				t.Errorf("%s: error %v, want an internal one", name, err)
			}
		}
		if n := read(t, d, func(tx *db.Tx) (int, error) { return db.Value[int](tx, `SELECT COUNT(*) FROM node`) }); n != 0 {
			t.Errorf("%d changes were kept without their event", n)
		}
		if h := head(t, d, environment); h.Number != 0 {
			t.Errorf("%d events were kept", h.Number)
		}
	})
}

func TestRolledBackTransactionLeavesNoNumber(t *testing.T) {
	changedMyMind := errors.New("changed my mind")
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		grow(t, d, environment, "before", 1)
		inMidst := func(tx *db.Tx) error {
			ledger.Append(tx, root, disabled(environment, "never"))
			return changedMyMind
		}
		atTheEnd := func(tx *db.Tx) error {
			ledger.Append(tx, root, disabled(environment, "never"))
			tx.BeforeCommit(func(*db.Tx) error { return changedMyMind })
			return nil
		}
		for _, fn := range []func(*db.Tx) error{inMidst, atTheEnd} {
			if err := d.Write(t.Context(), fn); !errors.Is(err, changedMyMind) {
				t.Fatalf("error %v, want the transaction's own", err)
			}
		}
		grow(t, d, environment, "after", 1)
		if diff := cmp.Diff([]string{"before-1", "after-1"}, subjects(events(t, d, environment, ledger.Filter{}))); diff != "" {
			t.Error(diff)
		}
		if proof := verify(t, d, environment); proof.Events != 2 {
			t.Errorf("%d events, want 2", proof.Events)
		}
	})
}

func TestTransactionThatRunsAgainAppendsOnce(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		d := dbtest.PostgreSQL(t)
		environment := newEnvironment(t, d)
		runs := 0
		write(t, d, func(tx *db.Tx) error {
			runs++
			ledger.Append(tx, root, disabled(environment, "once"))
			if runs == 1 {
				return &pgconn.PgError{Code: "40001"} // serialization failure
			}
			return nil
		})
		if h := head(t, d, environment); h.Number != 1 || runs != 2 {
			t.Errorf("%d events after %d runs, want 1 after 2", h.Number, runs)
		}
	})
	t.Run("sqlite", func(t *testing.T) {
		d := dbtest.SQLite(t)
		environment := newEnvironment(t, d)
		var runs atomic.Int64
		writes := int64(0)
		for runs.Load() <= writes { // until a broken neighbour made a transaction run again
			var wait sync.WaitGroup
			for range 8 {
				writes++
				wait.Go(func() {
					if err := d.Write(t.Context(), func(tx *db.Tx) error {
						runs.Add(1)
						ledger.Append(tx, root, disabled(environment, "once"))
						return nil
					}); err != nil {
						t.Error(err)
					}
				})
				wait.Go(func() {
					if err := d.Write(t.Context(), func(tx *db.Tx) error {
						ledger.Append(tx, root, disabled(environment, "never"))
						_, err := tx.Exec(`INSERT INTO installation (one) VALUES (2)`)
						return err
					}); err == nil {
						t.Error("a statement that breaks the schema succeeded")
					}
				})
			}
			wait.Wait()
		}
		if proof := verify(t, d, environment); proof.Events != writes {
			t.Errorf("%d events after %d writes and %d runs", proof.Events, writes, runs.Load())
		}
	})
}

func TestAppendAfterTheEventsWereWrittenPanics(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		var said any
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			ledger.Append(tx, root, disabled(environment, "a"))
			tx.BeforeCommit(func(tx *db.Tx) error {
				defer func() { said = recover() }()
				ledger.Append(tx, root, disabled(environment, "lost"))
				return nil
			})
			return nil
		})
		if err != nil || !strings.Contains(fmt.Sprint(said), "would be lost") {
			t.Errorf("panic %v, error %v", said, err)
		}
	})
}

func TestLedgerBeginsOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment, v := newEnvironment(t, d), vault(t, d)
		grow(t, d, environment, "a", 1)
		err := d.Write(t.Context(), func(tx *db.Tx) error { return ledger.Begin(tx, v, environment) })
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("error %v, want a conflict", err)
		}
		if h := head(t, d, environment); h.Number != 1 {
			t.Errorf("the head is at %d, want 1", h.Number)
		}
	})
}

func TestEnvironmentIsBornWithItsFirstEvent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment, v := uuid.New(), vault(t, d)
		write(t, d, func(tx *db.Tx) error {
			ledger.Append(tx, ledger.System, disabled(environment, "a"))
			if err := insertEnvironment(tx, v, environment); err != nil {
				return err
			}
			return ledger.Begin(tx, v, environment)
		})
		if proof := verify(t, d, environment); proof.Events != 1 {
			t.Errorf("%d events, want 1", proof.Events)
		}
	})
}
