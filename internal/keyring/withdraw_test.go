package keyring_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
)

func (f *fixture) withdraw(environment uuid.UUID, kid string) (changed []keyring.Change, err error) {
	err = f.db.Write(f.t.Context(), func(tx *db.Tx) error {
		changed, err = f.ring.Withdraw(tx, environment, kid)
		return err
	})
	return changed, err
}

func TestWithdrawnKeyIsReplacedInEveryState(t *testing.T) {
	for _, c := range []struct {
		state   keyring.State
		changed []keyring.State
		left    string
	}{
		{keyring.Retired, []keyring.State{keyring.Withdrawn}, "active next"},
		{keyring.Active, []keyring.State{keyring.Withdrawn, keyring.Active, keyring.Next}, "retired active next"},
		{keyring.Next, []keyring.State{keyring.Withdrawn, keyring.Next}, "retired active next"},
	} {
		t.Run(string(c.state), func(t *testing.T) {
			each(t, func(t *testing.T, f *fixture) {
				f.ensure(keyring.ES256, keyring.EdDSA)
				if _, err := f.rotate(keyring.ES256, true); err != nil {
					t.Fatal(err)
				}
				before := keysByState(f.load(), keyring.ES256)
				gone := before[c.state]
				changed, err := f.withdraw(f.id, gone.ID)
				if err != nil {
					t.Fatal(err)
				}
				var became []keyring.State
				for _, change := range changed {
					became = append(became, change.State)
				}
				if !slices.Equal(became, c.changed) || changed[0] != (keyring.Change{Key: gone.ID, Alg: keyring.ES256, State: keyring.Withdrawn}) {
					t.Errorf("changed %+v", changed)
				}
				set := f.load()
				if got := states(set, keyring.ES256); got != c.left {
					t.Errorf("keys are %s, want %s", got, c.left)
				}
				if got := states(set, keyring.EdDSA); got != "active next" {
					t.Errorf("keys of another algorithm are %s", got)
				}
				if set.ByHeader(gone.Header()) != nil || len(cacheOf(t, set).Key(gone.ID)) != 0 {
					t.Error("the key is still known or published")
				}
				after := keysByState(set, keyring.ES256)
				if c.state == keyring.Active && after[keyring.Active].ID != before[keyring.Next].ID {
					t.Error("another key than the next one is active")
				}
				if after[keyring.Active].ActivatedAt.IsZero() {
					t.Error("the active key was never activated")
				}
				if err := verify(cacheOf(t, set), token(t, set, keyring.ES256, payload)); err != nil {
					t.Errorf("a new token: %v", err)
				}
				f.write(func(tx *db.Tx) error {
					left, err := db.Value[int64](tx, `SELECT COUNT(*) FROM signing_key WHERE id = $1`, gone.ID)
					if left != 0 {
						t.Error("the row with the private half is still there")
					}
					return err
				})
			})
		})
	}
}

// keysByState returns one key of alg for each state that one is in.
func keysByState(set *keyring.Set, alg keyring.Alg) map[keyring.State]*keyring.Key {
	all := map[keyring.State]*keyring.Key{}
	for _, key := range set.Keys() {
		if key.Alg == alg {
			all[key.State] = key
		}
	}
	return all
}

func TestUnknownAndForeignKeysCannotBeWithdrawn(t *testing.T) {
	f := onSQLite(t).ensure(keyring.ES256)
	kid := f.load().Active(keyring.ES256).ID
	for name, attempt := range map[string]struct {
		environment uuid.UUID
		kid         string
	}{
		"unknown": {f.id, "unknown"}, "empty": {f.id, ""}, "of another environment": {f.environment(), kid},
	} {
		if changed, err := f.withdraw(attempt.environment, attempt.kid); !fault.Is(err, fault.NotFound) || changed != nil {
			t.Errorf("%s: %+v, %v", name, changed, err)
		}
	}
	if _, err := f.withdraw(f.id, kid); err != nil {
		t.Fatal(err)
	}
	if _, err := f.withdraw(f.id, kid); !fault.Is(err, fault.NotFound) {
		t.Errorf("a second time: %v", err)
	}
	if got := states(f.load(), keyring.ES256); got != "active next" {
		t.Errorf("keys are %s", got)
	}
}

// Whoever stole the active key stole the next one as well, so every key is withdrawn, in whichever order.
func TestAllKeysCanBeWithdrawn(t *testing.T) {
	f := onSQLite(t).ensure(keyring.ES256, keyring.EdDSA)
	stolen := f.load().Keys()
	for _, key := range stolen {
		if _, err := f.withdraw(f.id, key.ID); err != nil {
			t.Fatal(err)
		}
	}
	set := f.load()
	for _, key := range stolen {
		if set.ByHeader(key.Header()) != nil {
			t.Errorf("a stolen key is %s", key.State)
		}
	}
	for _, alg := range []keyring.Alg{keyring.ES256, keyring.EdDSA} {
		if got := states(set, alg); got != "active next" {
			t.Errorf("%s: keys are %s", alg, got)
		}
	}
}
