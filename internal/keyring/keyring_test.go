package keyring_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// clock is a time that tests move. Databases read it from other goroutines.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is one environment on a database whose clock the test moves.
type fixture struct {
	*clock
	t     testing.TB
	db    *db.DB
	vault *seal.Vault
	ring  *keyring.Ring
	id    uuid.UUID
}

func newFixture(t testing.TB, d *db.DB, c *clock) *fixture {
	t.Helper()
	v, err := seal.Open(t.Context(), d, seal.Source{File: filepath.Join(t.TempDir(), "root.key")})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{clock: c, t: t, db: d, vault: v, ring: keyring.New(v)}
	f.id = f.environment()
	return f
}

// each runs test on both engines.
func each(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Helper()
	c := newClock()
	dbtest.EachAt(t, c.Now, func(t *testing.T, d *db.DB) { test(t, newFixture(t, d, c)) })
}

func onSQLite(t testing.TB) *fixture {
	t.Helper()
	c := newClock()
	return newFixture(t, dbtest.SQLiteAt(t, c.Now), c)
}

// environment makes an environment with handle keys.
func (f *fixture) environment() uuid.UUID {
	f.t.Helper()
	id := uuid.New()
	f.write(func(tx *db.Tx) error {
		organization := uuid.NewString()
		_, err := tx.Exec(`INSERT INTO organization (id, name, created_at) VALUES ($1, 'o', 0)`, organization)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`
INSERT INTO environment (id, organization_id, slug, name, is_default, enabled, epoch, incarnation, next_number, version, created_at, updated_at)
VALUES ($1, $2, NULL, 'e', $3, $3, 0, 0, 1, 1, 0, 0)`, id.String(), organization, true)
		if err != nil {
			return err
		}
		if err := f.vault.Enclose(tx, id); err != nil {
			return err
		}
		_, err = f.ring.EnsureHandles(tx, id)
		return err
	})
	return id
}

func (f *fixture) write(fn func(*db.Tx) error) {
	f.t.Helper()
	if err := f.db.Write(context.Background(), fn); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) ensure(algs ...keyring.Alg) *fixture {
	f.t.Helper()
	for _, alg := range algs {
		f.ring.Stock(f.t, alg)
		f.write(func(tx *db.Tx) error {
			_, err := f.ring.Ensure(tx, f.id, alg)
			return err
		})
	}
	return f
}

func (f *fixture) load() *keyring.Set {
	f.t.Helper()
	set, err := f.loadOf(f.id)
	if err != nil {
		f.t.Fatal(err)
	}
	return set
}

func (f *fixture) loadOf(environment uuid.UUID) (set *keyring.Set, err error) {
	err = f.db.Read(context.Background(), func(tx *db.Tx) error {
		set, err = f.ring.Load(tx, environment)
		return err
	})
	return set, err
}

func (f *fixture) rotate(alg keyring.Alg, force bool) (changed []keyring.Change, err error) {
	err = f.db.Write(context.Background(), func(tx *db.Tx) error {
		changed, err = f.ring.Rotate(tx, f.id, alg, force)
		return err
	})
	return changed, err
}

func (f *fixture) tend() (changed []keyring.Change) {
	f.t.Helper()
	f.write(func(tx *db.Tx) error {
		var err error
		changed, err = f.ring.Tend(tx, f.id)
		return err
	})
	return changed
}

// token signs a payload with the active key of alg.
func token(t testing.TB, set *keyring.Set, alg keyring.Alg, payload string) string {
	t.Helper()
	key := set.Active(alg)
	if key == nil {
		t.Fatalf("no active key for %s", alg)
	}
	text := append(append([]byte{}, key.Header()...), '.')
	text = append(text, payload...)
	signature, err := key.AppendSignature(nil, text)
	if err != nil {
		t.Fatal(err)
	}
	return string(append(append(text, '.'), signature...))
}
