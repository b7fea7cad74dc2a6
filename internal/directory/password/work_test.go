package password_test

import (
	"runtime"
	"testing"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// A guess costs the same whoever it is about, and whether it is right if the user is locked: one slow hash for each way to
// read it. Slow hashes are counted by the 19 MiB that each takes, because a busy machine makes a clock say anything.
func TestGuessCostsTheSameWhoeverItIsAbout(t *testing.T) {
	d := &desk{Rooms: roomtest.Found(t, dbtest.SQLite(t), t.TempDir()+"/root.key")}
	d.Authority = &password.Authority{DB: d.Rooms.DB, Vault: d.Rooms.Vault, Hasher: &password.Hasher{Checker: chosen.New(chosen.Options{})}}
	weak := password.New{Hash: seal.NewSecret("{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3")} // of "secret"
	d.user("nothing", "")
	d.user("wrong", phrase)
	d.set(d.user("weak", "").ID, weak)
	suspended, locked, weakly := d.user("suspended", phrase), d.user("locked", phrase), d.user("weakly-locked", "")
	d.set(weakly.ID, weak)
	d.write(func(tx *db.Tx) error {
		for _, u := range []*directory.User{locked, weakly} {
			if _, err := directory.LockByHand(tx, &d.Operator, u.ID, directory.Forever); err != nil {
				return err
			}
		}
		_, err := directory.SetStatus(tx, &d.Operator, suspended.ID, directory.Suspended)
		return err
	})
	hashes := func(login, guess string) float64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := d.Verify(t.Context(), d.Home.ID, login, seal.NewSecret(guess), here); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc-before.TotalAlloc) / (19 << 20)
	}
	for _, k := range []struct {
		login, guess string
		want         float64
	}{
		{"unknown", "guess", 1}, {"wrong", "guess", 1}, {"wrong", phrase, 1}, {"nothing", "guess", 1}, {"suspended", "guess", 1}, {"suspended", phrase, 1},
		{"locked", "guess", 1}, {"locked", phrase, 1}, {"weakly-locked", "guess", 1}, {"weakly-locked", "secret", 1}, {"weak", "guess", 1}, {"weak", "secret", 1},
		{"unknown", "gue\u0301ss", 2}, {"wrong", "gue\u0301ss", 2}, {"locked", "gue\u0301ss", 2}, {"nothing", "gue\u0301ss", 2}, // which has two readings
		{"unknown", "gu\x00ess", 0}, {"wrong", "gu\x00ess", 0}, {"locked", "", 0}, // which nobody's password can be
	} {
		if got := hashes(k.login, k.guess); got < k.want-0.05 || got > k.want+0.2 {
			t.Errorf("%s with %q: %.2f slow hashes, want %.0f", k.login, k.guess, got, k.want)
		}
	}
}
