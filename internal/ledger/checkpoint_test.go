package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

func sign(t testing.TB, d *db.DB, environment uuid.UUID) ledger.Checkpoint {
	t.Helper()
	c, err := ledger.Sign(t.Context(), d, vault(t, d), environment)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func checkpoints(t testing.TB, d *db.DB, environment uuid.UUID, after int64, limit int) []ledger.Checkpoint {
	t.Helper()
	return read(t, d, func(tx *db.Tx) ([]ledger.Checkpoint, error) {
		return ledger.Checkpoints(tx, environment, after, limit)
	})
}

func TestHeadIsSignedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment, v := newEnvironment(t, d), vault(t, d)
		grow(t, d, environment, "a", 3)
		var made [8]ledger.Checkpoint
		var wait sync.WaitGroup
		for i := range made {
			wait.Go(func() {
				var err error
				if made[i], err = ledger.Sign(t.Context(), d, v, environment); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		for _, c := range made {
			if diff := cmp.Diff(made[0], c); diff != "" {
				t.Errorf("two checkpoints of one head: %s", diff)
			}
		}
		h := head(t, d, environment)
		if c := made[0]; c.Number != h.Number || c.Hash != h.Hash || !c.SignedBy(h.Public) {
			t.Errorf("checkpoint %v does not vouch for head %v", c, h)
		}
		if diff := cmp.Diff(made[:1], checkpoints(t, d, environment, 0, 0)); diff != "" {
			t.Errorf("made (-) and stored (+): %s", diff)
		}
		grow(t, d, environment, "b", 1)
		next := sign(t, d, environment)
		if diff := cmp.Diff([]ledger.Checkpoint{next}, checkpoints(t, d, environment, 3, 1)); diff != "" {
			t.Errorf("after the first: %s", diff)
		}
		if diff := cmp.Diff(made[:1], checkpoints(t, d, environment, 0, 1)); diff != "" {
			t.Errorf("the first page of one: %s", diff)
		}
	})
}

func TestSlowerOfTwoSignersReturnsTheCheckpointOfTheFaster(t *testing.T) {
	d := dbtest.PostgreSQL(t) // SQLite has one writer
	environment, v := newEnvironment(t, d), vault(t, d)
	grow(t, d, environment, "a", 1)
	h := head(t, d, environment)
	faster := ledger.Checkpoint{Environment: environment, Number: h.Number, Hash: h.Hash, At: time.UnixMicro(1).UTC(), Signature: []byte("the faster one's")}
	var slower ledger.Checkpoint
	var wait sync.WaitGroup
	write(t, d, func(tx *db.Tx) error {
		if _, err := tx.Exec(`INSERT INTO ledger_checkpoint (environment_id, number, hash, at, signature)
			VALUES ($1, $2, $3, 1, $4)`, environment.String(), faster.Number, faster.Hash, faster.Signature); err != nil {
			return err
		}
		wait.Go(func() {
			var err error
			if slower, err = ledger.Sign(t.Context(), d, v, environment); err != nil {
				t.Error(err)
			}
		})
		for waiting := 0; waiting == 0; { // until the slower one has found no checkpoint and waits to write its own
			// Within a transaction pg_stat_activity is what it was at first sight, without a connection made since.
			if _, err := tx.Exec(`SELECT pg_stat_clear_snapshot()`); err != nil {
				return err
			}
			var err error
			if waiting, err = db.Value[int](tx, `SELECT COUNT(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
				WHERE NOT l.granted AND a.datname = current_database()`); err != nil {
				return err
			}
		}
		return nil
	})
	wait.Wait()
	if diff := cmp.Diff(faster, slower); diff != "" {
		t.Error(diff)
	}
}

func TestCheckpointsAreDueAfterAMinuteOrAThousandEvents(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var passed atomic.Int64
	now := func() time.Time { return start.Add(time.Duration(passed.Load())) }
	dbtest.EachAt(t, now, func(t *testing.T, d *db.DB) {
		busy, idle := newEnvironment(t, d), newEnvironment(t, d)
		grow(t, d, idle, "a", 1)
		add := func(count int) {
			t.Helper()
			write(t, d, func(tx *db.Tx) error {
				for range count {
					ledger.Append(tx, root, disabled(busy, "a"))
				}
				return nil
			})
		}
		signed := func(want ...int64) {
			t.Helper()
			if err := ledger.SignDue(t.Context(), d, vault(t, d), slog.New(slog.DiscardHandler)); err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, c := range checkpoints(t, d, busy, 0, 0) {
				got = append(got, c.Number)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("signed heads: %s", diff)
			}
		}
		signed()
		add(1)
		signed(1) // the first event does not wait
		add(1)
		passed.Add(int64(59 * time.Second))
		signed(1)
		passed.Add(int64(time.Second))
		signed(1, 2)
		add(999)
		signed(1, 2)
		add(1)
		signed(1, 2, 1002)
		passed.Add(int64(time.Hour))
		signed(1, 2, 1002)
		if n := len(checkpoints(t, d, idle, 0, 0)); n != 1 {
			t.Errorf("%d checkpoints of the idle environment, want 1", n)
		}
	})
}

func TestCheckpointsArePublishedInTheLog(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		grow(t, d, environment, "a", 1)
		var log bytes.Buffer
		if err := ledger.SignDue(t.Context(), d, vault(t, d), slog.New(slog.NewJSONHandler(&log, nil))); err != nil {
			t.Fatal(err)
		}
		var record map[string]any
		if err := json.Unmarshal(log.Bytes(), &record); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{slog.TimeKey, slog.LevelKey, slog.MessageKey} {
			delete(record, key)
		}
		text, _ := json.Marshal(record)
		c, err := ledger.ParseCheckpoint(text)
		if err != nil || !c.SignedBy(head(t, d, environment).Public) {
			t.Errorf("the log record is no signed checkpoint (%v): %s", err, log.String())
		}
	})
}

func TestOneFailingEnvironmentDoesNotKeepOthersFromBeingSigned(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for i := range 3 {
			environment := newEnvironment(t, d)
			grow(t, d, environment, "a", 1)
			if i == 1 {
				write(t, d, func(tx *db.Tx) error {
					_, err := tx.Exec(`UPDATE ledger_key SET sealed = $2 WHERE environment_id = $1`, environment.String(), []byte("x"))
					return err
				})
			}
		}
		if err := ledger.SignDue(t.Context(), d, vault(t, d), slog.New(slog.DiscardHandler)); err == nil {
			t.Error("a key that does not open was no error")
		}
		signed := read(t, d, func(tx *db.Tx) (int, error) {
			return db.Value[int](tx, `SELECT COUNT(*) FROM ledger_checkpoint`)
		})
		if signed != 2 {
			t.Errorf("%d environments were signed, want 2", signed)
		}
	})
}

func TestCutOrRewrittenLedgerIsNotSigned(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		grow(t, d, environment, "a", 2)
		second := head(t, d, environment)
		grow(t, d, environment, "lost", 3)
		sign(t, d, environment)
		write(t, d, func(tx *db.Tx) error { return cutTo(tx, environment, second.Position) })
		for range 2 { // at 2 and at 5, before and at what was signed
			if _, err := ledger.Sign(t.Context(), d, vault(t, d), environment); !fault.Is(err, fault.Conflict) {
				t.Errorf("at %d: error %v, want a conflict", head(t, d, environment).Number, err)
			}
			grow(t, d, environment, "new", 3)
		}
	})
}

func TestKeyOfAnotherEnvironmentSignsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one, other, v := newEnvironment(t, d), newEnvironment(t, d), vault(t, d)
		grow(t, d, one, "a", 1)
		write(t, d, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE ledger_key SET sealed = (SELECT sealed FROM ledger_key WHERE environment_id = $2)
				WHERE environment_id = $1`, one.String(), other.String())
			return err
		})
		if c, err := ledger.Sign(t.Context(), d, v, one); err == nil {
			t.Errorf("signed %v", c)
		}
		write(t, d, func(tx *db.Tx) error { // sealed in the right place, but not the half of what is published
			sealed, err := v.Seal(tx, one, "ledger_key", one.String(), "sealed", make([]byte, 32))
			if err == nil {
				_, err = tx.Exec(`UPDATE ledger_key SET sealed = $2 WHERE environment_id = $1`, one.String(), sealed)
			}
			return err
		})
		if c, err := ledger.Sign(t.Context(), d, v, one); err == nil {
			t.Errorf("signed %v with a key nobody knows", c)
		}
	})
}

func TestKeyThatWasSealedAnewGoesOnSigning(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment, v := newEnvironment(t, d), vault(t, d)
		grow(t, d, environment, "a", 1)
		sign(t, d, environment)
		err := v.Rekey(t.Context(), environment, func(ctx context.Context) error {
			return d.Write(ctx, func(tx *db.Tx) error { return ledger.Reseal(tx, v, environment) })
		})
		if err != nil {
			t.Fatal(err)
		}
		grow(t, d, environment, "b", 1)
		if c := sign(t, d, environment); !c.SignedBy(head(t, d, environment).Public) {
			t.Error("the checkpoint is not signed by the environment's key")
		}
		verify(t, d, environment)
	})
}

func TestCheckpointSurvivesBeingKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		grow(t, d, environment, "a", 1)
		c := sign(t, d, environment)
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ledger.ParseCheckpoint(text)
		if diff := cmp.Diff(c, back); err != nil || diff != "" {
			t.Errorf("error %v, difference %s", err, diff)
		}
		good := string(text)
		for name, bad := range map[string]string{
			"nothing":         ``,
			"null":            `null`,
			"an empty object": `{}`,
			"two":             good + good,
			"a short hash":    strings.Replace(good, c.Hash.String(), c.Hash.String()[2:], 1),
			"no hexadecimal":  strings.Replace(good, c.Hash.String()[:2], "xx", 1),
			"unknown member":  strings.Replace(good, `{`, `{"alg":"none",`, 1),
			"negative number": strings.Replace(good, `"number":1`, `"number":-1`, 1),
			"huge number":     strings.Replace(good, `"number":1`, `"number":1e99`, 1),
		} {
			if c, err := ledger.ParseCheckpoint([]byte(bad)); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v, error %v, want an invalid one", name, c, err)
			}
		}
	})
}
