package seal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestAddedRootKeyWrapsEverythingAndTheOldOneCanGo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := file(t)
		v := open(t, d, s)
		var all []uuid.UUID
		var boxes [][]byte
		for range 3 {
			e := environment(t, d, v)
			all, boxes = append(all, e), append(boxes, sealed(t, d, v, e, "text"))
		}
		first := read(t, s.File)
		if err := s.AddRoot(); err != nil {
			t.Fatal(err)
		}
		if text := read(t, s.File); !strings.HasSuffix(text, "\n"+first) || strings.Count(text, "\n") != 2 {
			t.Fatalf("the new key is not on a line above the old one: %d bytes", len(text))
		}
		v = open(t, d, s)
		roots := listed(t, d, v)
		if len(roots) != 2 || roots[0].Environments != 0 || roots[1].Environments != 3 || !roots[1].Newest {
			t.Fatalf("the database knows %+v", roots)
		}
		retire := func(version int64, inUse ...int64) error {
			return d.Write(t.Context(), func(tx *db.Tx) error { return v.Retire(tx, version, inUse) })
		}
		for name, err := range map[string]error{"one that a credential needs": retire(1, 1, 2), "the newest": retire(2)} {
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("retiring %s returned %v", name, err)
			}
		}
		if err := retire(7); !fault.Is(err, fault.NotFound) {
			t.Errorf("retiring an unknown version returned %v", err)
		}
		if err := retire(1, 2); err != nil {
			t.Fatal(err)
		}
		newest, _, _ := strings.Cut(read(t, s.File), "\n")
		write(t, s.File, newest+"\n")
		v = open(t, d, s)
		for i, e := range all {
			opensAs(t, d, v, e, boxes[i], "text")
		}
		if _, ok := v.Peppers().MAC(1, nil); ok {
			t.Error("the retired pepper is still there")
		}
		write(t, s.File, first+newest+"\n")
		v = open(t, d, s)
		if _, ok := v.Peppers().MAC(1, nil); ok || v.Peppers().Newest() != 2 || len(listed(t, d, v)) != 1 {
			t.Error("a retired root key came back")
		}
	})
}

func TestOldRootKeyMayNotVanishBeforeItIsRetired(t *testing.T) {
	d := dbtest.SQLite(t)
	s := file(t)
	open(t, d, s)
	if err := s.AddRoot(); err != nil {
		t.Fatal(err)
	}
	open(t, d, s)
	newest, _, _ := strings.Cut(read(t, s.File), "\n")
	write(t, s.File, newest+"\n")
	refused(t, d, s, "version 1")
}

func TestMoreEnvironmentsThanOneBatchAreWrappedAnew(t *testing.T) {
	d := dbtest.SQLite(t)
	s := file(t)
	v := open(t, d, s)
	for range 200 {
		environment(t, d, v)
	}
	if err := s.AddRoot(); err != nil {
		t.Fatal(err)
	}
	if roots := listed(t, d, open(t, d, s)); roots[0].Environments != 0 || roots[1].Environments != 200 {
		t.Errorf("the database knows %+v", roots)
	}
}

func TestRunningNodeReadsItsSourceAgainWhenAnotherRotated(t *testing.T) {
	dsn := dbtest.PostgreSQLDSN(t)
	old, fresh := seal.GenerateRootKey(), seal.GenerateRootKey()
	s1, s2 := withKeys(t, old), withKeys(t, old)
	d1, d2 := dbtest.Open(t, dsn, nil), dbtest.Open(t, dsn, nil)
	v1, v2 := open(t, d1, s1), open(t, d2, s2)
	e := environment(t, d1, v1)

	write(t, s1.File, revealed(fresh, old))
	if err := v1.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	box := sealed(t, d1, v1, e, "text")
	if _, err := unsealed(t, d2, v2, e, box); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a node without the newest root key says %v", err)
	}
	write(t, s2.File, revealed(old, fresh)) // in the wrong order: the database knows better
	opensAs(t, d2, v2, e, box, "text")
	if v2.Peppers().Newest() != 2 {
		t.Error("the pepper of the new root key is not known")
	}
	made := environment(t, d2, v2)
	opensAs(t, d1, v1, made, sealed(t, d2, v2, made, "more"), "more")
	if roots := listed(t, d1, v1); roots[0].Needed() {
		t.Errorf("the old root key is still needed: %+v", roots)
	}
}

func TestNodeWithTheOldRootKeyMakesNoEnvironment(t *testing.T) {
	dsn := dbtest.PostgreSQLDSN(t)
	old := seal.GenerateRootKey()
	d1, d2 := dbtest.Open(t, dsn, nil), dbtest.Open(t, dsn, nil)
	v2 := open(t, d2, withKeys(t, old))
	open(t, d1, withKeys(t, seal.GenerateRootKey(), old))
	err := d2.Write(t.Context(), func(tx *db.Tx) error { return v2.Enclose(tx, uuid.New()) })
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("Enclose returned %v", err)
	}
	refused(t, d2, withKeys(t, old), "version 2")
}

func TestTwoRotationsAtOnceLoseNoRootKey(t *testing.T) {
	s := withKeys(t, seal.GenerateRootKey())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := s.AddRoot(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := strings.Count(read(t, s.File), "\n"); n != 9 {
		t.Errorf("the file holds %d root keys, want 9", n)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(s.File), "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("files left in the folder: %v, %v", left, err)
	}
}

func TestInterruptedRotationDoesNotBlockTheNext(t *testing.T) {
	s := withKeys(t, seal.GenerateRootKey())
	write(t, s.File+".new", "cfk_half")
	if err := s.AddRoot(); err != nil {
		t.Fatal(err)
	}
	open(t, dbtest.SQLite(t), s)
	if _, err := os.Stat(s.File + ".new"); !os.IsNotExist(err) {
		t.Error("the interrupted rotation's file is still there")
	}
}

func TestNoRootKeyIsAddedWhereThereIsNone(t *testing.T) {
	if err := file(t).AddRoot(); !fault.Is(err, fault.Conflict) {
		t.Errorf("AddRoot returned %v", err)
	}
}

func TestRekeyedEnvironmentForgetsItsFormerKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := file(t)
		v := open(t, d, s)
		e := environment(t, d, v)
		box, left := sealed(t, d, v, e, "kept"), sealed(t, d, v, e, "left out")

		failed := errors.New("the owner failed")
		if err := v.Rekey(t.Context(), e, func(context.Context) error { return failed }); !errors.Is(err, failed) {
			t.Fatalf("Rekey returned %v", err)
		}
		opensAs(t, d, v, e, box, "kept") // nothing is lost by a failure

		err := v.Rekey(t.Context(), e, func(ctx context.Context) error {
			return d.Write(ctx, func(tx *db.Tx) error {
				fresh, err := v.Reseal(tx, e, "table", "row", "column", box)
				box = fresh
				return err
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		opensAs(t, d, v, e, box, "kept")
		opensAs(t, d, open(t, d, s), e, box, "kept")
		if _, err := unsealed(t, d, v, e, left); err == nil {
			t.Error("the former key still opens values")
		}
	})
}

// A transaction that sealed before the new key came must not commit after the old one is gone.
func TestRekeyWaitsForThoseWhoAreSealing(t *testing.T) {
	d := dbtest.PostgreSQL(t)
	v := open(t, d, file(t))
	e := environment(t, d, v)
	isSealing, commit, done := make(chan struct{}), make(chan struct{}), make(chan error, 2)
	go func() {
		done <- d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := v.Seal(tx, e, "table", "row", "column", []byte("x"))
			close(isSealing)
			<-commit
			return err
		})
	}()
	<-isSealing
	var committing atomic.Bool
	rekeyed := make(chan struct{})
	go func() {
		defer close(rekeyed)
		done <- v.Rekey(t.Context(), e, func(context.Context) error {
			if !committing.Load() {
				return errors.New("the new key came while somebody sealed under the old one")
			}
			return nil
		})
	}()
	waitForLock(t, d, rekeyed)
	committing.Store(true)
	close(commit)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// waitForLock returns once a session of the database waits for a lock, or over is closed.
func waitForLock(t *testing.T, d *db.DB, over <-chan struct{}) {
	t.Helper()
	for waiting := int64(0); waiting == 0; {
		select {
		case <-over:
			return
		default:
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			var err error
			waiting, err = db.Value[int64](tx, `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
