package password_test

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/password/breach"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const (
	phrase  = "seven purple bicycles"
	another = "eleven quiet lighthouses"
)

func TestUserIsVerifiedByEveryNameThatItHas(t *testing.T) {
	each(t, func(d *desk) {
		u := d.user("ada", phrase)
		for _, login := range []string{"ada", " ADA", "ada@example.com", u.ID.String()} {
			if r := d.try(login, phrase, password.Right); r.User != nil && (r.User.ID != u.ID || r.User.Epoch != 1) {
				d.Errorf("%+v", r.User)
			}
		}
		d.try("ada", "Seven purple bicycles", password.Wrong)
		d.try("ada", "", password.Wrong)
		d.try("bob", phrase, password.Wrong)
		d.try(strings.ToUpper(u.ID.String()), phrase, password.Wrong)
		d.try(strings.Repeat("a", 1<<20), phrase, password.Wrong)
		d.user("eve", "")
		d.try("eve", phrase, password.NoPassword)
		if u := d.load(u.ID); u.Password != directory.PasswordSet || u.Epoch != 1 || d.events("user.password_set") != 1 {
			d.Errorf("%+v", u)
		}
	})
}

func TestHashIsSealedForItsUserAndOutlivesANewSealingKey(t *testing.T) {
	each(t, func(d *desk) {
		ada, eve := d.user("ada", phrase), d.user("eve", another)
		d.write(func(tx *db.Tx) error {
			sealed, err := db.Value[[]byte](tx, `SELECT hash FROM user_password WHERE user_id = $1`, ada.ID.String())
			if err != nil || strings.Contains(string(sealed), "argon2") {
				d.Errorf("%q, %v", sealed, err)
			}
			return err
		})
		if err := d.Environments.Rekey(d.Context(), d.Rooms.DB); err != nil {
			d.Fatal(err)
		}
		d.try("ada", phrase, password.Right)
		// Whoever can write the database, but has no root key, cannot give a user somebody else's hash.
		d.write(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE user_password SET hash = (SELECT hash FROM user_password WHERE user_id = $1) WHERE user_id = $2`, eve.ID.String(), ada.ID.String())
			return err
		})
		if r, err := d.Verify(d.Context(), d.Home.ID, "ada", seal.NewSecret(another), here); err == nil || r.Outcome == password.Right {
			d.Errorf("a moved hash opens: %v", r)
		}
	})
}

func TestFiveFailuresLockForAnHour(t *testing.T) {
	each(t, func(d *desk) {
		u := d.user("ada", phrase)
		for range 4 {
			d.try("ada", "wrong", password.Wrong)
		}
		d.try("ada", phrase, password.Right) // which takes the four back
		for range 4 {
			d.try("ada@example.com", "wrong", password.Wrong)
		}
		d.try("ada", "no\x00guess", password.Wrong)
		if d.load(u.ID).Locked(time.Now()) {
			d.Error("locked after four")
		}
		d.try("ada", "wrong", password.Wrong)
		for _, guess := range []string{"wrong", phrase} {
			d.try("ada", guess, password.Locked)
		}
		if now := d.load(u.ID); now.Epoch != u.Epoch+1 || now.State(time.Now()) != directory.Locked || now.LockedUntil.After(time.Now().Add(time.Hour)) || d.events("user.locked") != 1 {
			d.Errorf("%+v", now)
		}
		d.later.Store(int64(time.Hour + time.Second))
		d.try("ada", phrase, password.Right)
		for range 5 {
			d.try("ada", "wrong", password.Wrong)
		}
		d.write(func(tx *db.Tx) error { _, err := directory.Unlock(tx, &d.Operator, u.ID, password.Forget); return err })
		d.try("ada", phrase, password.Right)
		// Failures that are longer ago than a lock takes are forgotten.
		for range 4 {
			d.try("ada", "wrong", password.Wrong)
		}
		d.later.Store(int64(3 * time.Hour))
		d.try("ada", "wrong", password.Wrong)
		d.try("ada", phrase, password.Right)
	})
}

func TestStrangersWriteTheLedgerOnceAnHour(t *testing.T) {
	each(t, func(d *desk) {
		d.policy(func(p *password.Policy) { p.MaxFailures, p.LockMinutes = 1, 1 })
		u := d.user("ada", phrase)
		for i := range 10 {
			d.later.Store(int64(i) * int64(61*time.Second))
			d.try("ada", "wrong", password.Wrong)
			d.try("ada", phrase, password.Locked)
		}
		if n := d.events("user.locked"); n != 1 {
			d.Errorf("%d events", n)
		}
		d.policy(func(p *password.Policy) { p.LockMinutes = 0 })
		d.later.Store(int64(2 * time.Hour))
		d.try("ada", "wrong", password.Wrong)
		d.later.Store(int64(1000 * time.Hour))
		d.try("ada", phrase, password.Locked)
		if u := d.load(u.ID); !u.LockedUntil.Equal(directory.Forever) || d.events("user.locked") != 2 {
			d.Errorf("%+v", u)
		}
	})
}

func TestFiftyGuessesAtOnceAreFive(t *testing.T) {
	each(t, func(d *desk) {
		d.user("ada", phrase)
		var mu sync.Mutex
		heard := map[password.Outcome]int{}
		var wait sync.WaitGroup
		for i := range 50 {
			wait.Go(func() {
				r, err := d.Verify(context.Background(), d.Home.ID, "ada", seal.NewSecret("wrong "+strings.Repeat("x", i)), here)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				heard[r.Outcome]++
			})
		}
		wait.Wait()
		if heard[password.Wrong] != 5 || heard[password.Locked] != 45 || d.events("user.locked") != 1 {
			d.Errorf("%v, %d events", heard, d.events("user.locked"))
		}
		d.try("ada", phrase, password.Locked)
	})
}

func TestRightGuessThatLostTheRaceAgainstTheLockIsLocked(t *testing.T) {
	each(t, func(d *desk) {
		u := d.user("ada", phrase)
		inside, leave, heard := make(chan struct{}), make(chan struct{}), make(chan password.Outcome)
		go func() { _ = d.Hasher.Checker.Run(context.Background(), here, func() { close(inside); <-leave }) }()
		<-inside
		go func() {
			r, _ := d.Verify(context.Background(), d.Home.ID, "ada", seal.NewSecret(phrase), here)
			heard <- r.Outcome
		}()
		for d.Hasher.Checker.Waiting() == 0 { // it has read that the user is not locked, and waits for the worker
			runtime.Gosched()
		}
		d.write(func(tx *db.Tx) error {
			u, err := directory.LoadForUpdate(tx, d.Home.ID, u.ID)
			if err != nil {
				return err
			}
			return directory.Lock(tx, ledger.System, u, tx.Now().Add(time.Hour))
		})
		close(leave)
		if outcome := <-heard; outcome != password.Locked {
			d.Error(outcome)
		}
	})
}

func TestHangingUpDoesNotMakeAGuessFree(t *testing.T) {
	each(t, func(d *desk) {
		d.policy(func(p *password.Policy) { p.MaxFailures = 1 })
		d.user("ada", phrase)
		ctx, hangUp := context.WithCancel(d.Context())
		d.Hasher.Params = func() *chosen.Params { // called when the guess is on the worker
			hangUp()
			return chosen.NewParams()
		}
		_, _ = d.Verify(ctx, d.Home.ID, "ada", seal.NewSecret("wrong"), here)
		d.try("ada", phrase, password.Locked)
	})
}

func TestReasonsAreToldWithTheRightPasswordOnly(t *testing.T) {
	each(t, func(d *desk) {
		d.policy(func(p *password.Policy) { p.MaxFailures, p.MaxAgeDays = 20, 30 })
		suspended := d.user("sue", phrase)
		d.write(func(tx *db.Tx) error {
			_, err := directory.SetStatus(tx, &d.Operator, suspended.ID, directory.Suspended)
			return err
		})
		temporary := d.user("tim", "")
		d.set(temporary.ID, password.New{Password: seal.NewSecret(phrase), Temporary: true})
		old := d.user("olga", phrase)
		d.try("olga", phrase, password.Right)
		d.later.Store(int64(31 * 24 * time.Hour))
		for login, outcome := range map[string]password.Outcome{"sue": password.Disabled, "tim": password.MustChange, "olga": password.Expired} {
			d.try(login, "wrong", password.Wrong)
			d.try(login, phrase, outcome)
			d.try(login, phrase, outcome)
		}
		if u := d.load(old.ID); u.Password != directory.PasswordExpired || d.events("user.password_expired") != 1 {
			d.Errorf("%+v", u)
		}
		for _, login := range []string{"tim", "olga"} {
			r, err := d.Change(d.Context(), d.Home.ID, login, seal.NewSecret(phrase), seal.NewSecret(another), here)
			if err != nil || r.User.Password != directory.PasswordSet {
				d.Errorf("%s: %v, %v", login, r, err)
			}
			d.try(login, another, password.Right)
		}
		if r, err := d.Change(d.Context(), d.Home.ID, "sue", seal.NewSecret(phrase), seal.NewSecret(another), here); err != nil || r.Outcome != password.Disabled {
			d.Errorf("sue: %v, %v", r, err)
		}
		d.try("sue", phrase, password.Disabled)
	})
}

func TestOwnerChangesThePasswordWithTheOldOne(t *testing.T) {
	each(t, func(d *desk) {
		u := d.user("ada", phrase)
		change := func(old, fresh string) (password.Outcome, error) {
			r, err := d.Change(d.Context(), d.Home.ID, "ada", seal.NewSecret(old), seal.NewSecret(fresh), here)
			return r.Outcome, err
		}
		if outcome, err := change("wrong", another); outcome != password.Wrong || err != nil {
			d.Errorf("%s, %v", outcome, err)
		}
		for _, weak := range []string{"short", "password12345", "Ada@example.com!", phrase} {
			if _, err := change(phrase, weak); !fault.Is(err, fault.Invalid) {
				d.Errorf("%q: %v", weak, err)
			}
		}
		if outcome, err := change(phrase, another); outcome != password.Right || err != nil {
			d.Errorf("%s, %v", outcome, err)
		}
		d.try("ada", phrase, password.Wrong)
		if r := d.try("ada", another, password.Right); r.User.Epoch != u.Epoch+1 || d.events("user.password_changed") != 1 {
			d.Errorf("%+v", r.User)
		}
		d.policy(func(p *password.Policy) { p.MinAgeHours = 24 })
		if _, err := change(another, "twelve green umbrellas"); !fault.Is(err, fault.Conflict) {
			d.Errorf("at once: %v", err)
		}
		d.later.Store(int64(25 * time.Hour))
		if _, err := change(another, "twelve green umbrellas"); err != nil {
			d.Error(err)
		}
	})
}

func TestOldPasswordsDoNotComeBack(t *testing.T) {
	each(t, func(d *desk) {
		d.policy(func(p *password.Policy) { p.History = 2 })
		u := d.user("ada", "")
		used := func(text string) bool {
			_, err := d.PrepareOwn(d.Context(), d.Home.ID, u.ID, seal.NewSecret(text), here)
			if err != nil && !fault.Is(err, fault.Invalid) {
				d.Fatal(err)
			}
			return err != nil
		}
		texts := []string{"seven purple bicycles", "eight purple bicycles", "nine purple bicycles", "eleven purple bicycles"}
		for _, text := range texts {
			d.set(u.ID, password.New{Password: seal.NewSecret(text)})
		}
		for i, text := range texts {
			if used(text) != (i > 0) {
				d.Errorf("%q is used: %v", text, i <= 0)
			}
		}
		// An administrator hears nothing of it: else guesses at the user's own password could be tried on the answer, with a
		// version that keeps the change from happening.
		for _, text := range texts {
			if _, err := d.Prepare(d.Context(), &d.Operator, u.ID, password.New{Password: seal.NewSecret(text)}); err != nil {
				d.Errorf("%q: %v", text, err)
			}
		}
		d.write(func(tx *db.Tx) error { _, err := d.Remove(tx, &d.Operator, u.ID, 0); return err })
		d.try("ada", texts[3], password.NoPassword)
		if !used(texts[3]) || d.events("user.password_removed") != 1 || d.load(u.ID).Password != directory.NoPassword {
			d.Error("a removed password comes back")
		}
	})
}

func TestBreachedPasswordsAreRefused(t *testing.T) {
	each(t, func(d *desk) {
		path := filepath.Join(t.TempDir(), "breached")
		if _, err := breach.Build(strings.NewReader(phrase+"\n"), path, breach.Options{FalsePositives: 0.001, Count: 100}); err != nil {
			d.Fatal(err)
		}
		var err error
		if d.Breached, err = breach.Open(path); err != nil {
			d.Fatal(err)
		}
		u := d.user("ada", "")
		prepare := func(n password.New) error {
			_, err := d.Prepare(d.Context(), &d.Operator, u.ID, n)
			return err
		}
		if _, words := fault.Public(prepare(password.New{Password: seal.NewSecret(phrase)})); !strings.Contains(words, "became known") {
			d.Errorf("%q", words)
		}
		if err := prepare(password.New{Password: seal.NewSecret(another)}); err != nil {
			d.Error(err)
		}
		d.policy(func(p *password.Policy) { p.Breached = true })
		if err := prepare(password.New{Password: seal.NewSecret(phrase)}); err != nil {
			d.Error(err)
		}
		d.policy(func(p *password.Policy) { p.Breached = false })
		_ = d.Breached.Close()
		if err := prepare(password.New{Password: seal.NewSecret(another)}); !fault.Is(err, fault.Unavailable) {
			d.Errorf("a list that cannot be read: %v", err)
		}
	})
}

func TestImportedHashIsUpgradedOnce(t *testing.T) {
	each(t, func(d *desk) {
		u := d.user("ada", "")
		n := password.New{Hash: seal.NewSecret("b1c788abac15390de987ad17b65ac73c9b475d428a51f245c645a442fddd078b"), Salt: seal.NewSecret("hello"), Format: password.SaltSHA256}
		d.set(u.ID, n)
		d.try("ada", "hellopassword", password.Wrong)
		var wait sync.WaitGroup
		for range 5 { // at once: one of them stores its upgrade, and all are right
			wait.Go(func() {
				if r, err := d.Verify(context.Background(), d.Home.ID, "ada", seal.NewSecret("password"), here); err != nil || r.Outcome != password.Right {
					t.Errorf("%v, %v", r.Outcome, err)
				}
			})
		}
		wait.Wait()
		d.try("ada", "password", password.Right)
		if u := d.load(u.ID); u.Epoch != 1 {
			d.Errorf("an upgrade ended sessions: %+v", u)
		}
		for _, bad := range []password.New{
			{}, {Password: seal.NewSecret(phrase), Hash: n.Hash}, {Password: seal.NewSecret(phrase), Salt: n.Salt}, {Hash: n.Hash, Salt: n.Salt},
			{Hash: n.Hash, Salt: n.Salt, Format: "md5"}, {Hash: n.Hash, Format: password.Bcrypt}, {Hash: n.Hash, Format: password.SaltSHA256},
		} {
			if _, err := d.Prepare(d.Context(), &d.Operator, u.ID, bad); !fault.Is(err, fault.Invalid) {
				d.Errorf("%s %v: %v", bad.Format, bad.Salt.Empty(), err)
			}
		}
		if _, err := d.Prepare(d.Context(), &d.Operator, u.ID, password.New{Hash: n.Hash, Format: password.SHA256}); err != nil {
			d.Error(err)
		}
	})
}

func TestPasswordComesWithANewUserInOneEvent(t *testing.T) {
	each(t, func(d *desk) {
		p, err := d.PrepareNew(d.Context(), &d.Operator, password.New{Password: seal.NewSecret(phrase)}, "ada")
		if err != nil {
			d.Fatal(err)
		}
		d.write(func(tx *db.Tx) error {
			u, err := directory.Create(tx, &d.Operator, directory.Spec{Profile: directory.Profile{UserName: "ada"}})
			if err != nil {
				return err
			}
			return d.SetInCreate(tx, &d.Operator, u, p)
		})
		r := d.try("ada", phrase, password.Right)
		if r.User.Epoch != 0 || r.User.Version != 1 || d.events("user.password_set") != 0 {
			d.Errorf("%+v", r.User)
		}
		if _, err := d.PrepareNew(d.Context(), &d.Operator, password.New{Password: seal.NewSecret("ada.byron@exa")}, "ada.byron@example.com"); !fault.Is(err, fault.Invalid) {
			d.Errorf("words about the person: %v", err)
		}
		imported, err := password.PrepareHash(d.Home.ID, password.New{Hash: seal.NewSecret("{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3"), Temporary: true})
		if err != nil {
			d.Fatal(err)
		}
		without := d.Actor(access.WriteUsers)
		d.Refused("a password without users:password", fault.Denied, func(tx *db.Tx) error {
			u, err := directory.Create(tx, &without, directory.Spec{Profile: directory.Profile{UserName: "eve"}})
			if err != nil {
				return err
			}
			return d.SetInCreate(tx, &without, u, imported)
		})
	})
}

func TestOnlyThoseWhoMaySetPasswordsDo(t *testing.T) {
	each(t, func(d *desk) {
		u := d.user("ada", phrase)
		n := password.New{Password: seal.NewSecret(another)}
		mine := d.set(d.user("eve", "").ID, n)
		p, err := d.Prepare(d.Context(), &d.Operator, u.ID, n)
		if err != nil {
			d.Fatal(err)
		}
		for _, actor := range []access.Actor{d.Actor(access.WriteUsers, access.ReadUsers), d.Actor()} {
			if _, err := d.Prepare(d.Context(), &actor, u.ID, n); !fault.Is(err, fault.Denied) {
				d.Errorf("prepare: %v", err)
			}
			if _, err := d.PrepareNew(d.Context(), &actor, n); !fault.Is(err, fault.Denied) {
				d.Errorf("prepare for a new one: %v", err)
			}
			d.Refused("set", fault.Denied, func(tx *db.Tx) error { _, err := d.Set(tx, &actor, u.ID, 0, p); return err })
			d.Refused("remove", fault.Denied, func(tx *db.Tx) error { _, err := d.Remove(tx, &actor, u.ID, 0); return err })
		}
		setter := d.Actor(access.SetPasswords)
		d.Refused("unlock", fault.Denied, func(tx *db.Tx) error { _, err := directory.Unlock(tx, &setter, u.ID, password.Forget); return err })
		d.Refused("another user's", fault.Internal, func(tx *db.Tx) error { _, err := d.Set(tx, &setter, mine.ID, 0, p); return err })
		d.Refused("nobody's", fault.NotFound, func(tx *db.Tx) error { _, err := d.Set(tx, &setter, uuid.New(), 0, p); return err })
		d.Refused("a stale one", fault.Stale, func(tx *db.Tx) error { _, err := d.Set(tx, &setter, u.ID, 77, p); return err })
		d.write(func(tx *db.Tx) error { _, err := d.Set(tx, &setter, u.ID, 0, p); return err })
		d.Refused("twice", fault.Conflict, func(tx *db.Tx) error { _, err := d.Set(tx, &setter, u.ID, 0, p); return err })
		d.try("ada", another, password.Right)
	})
}

func TestDeletedUserLeavesNoPassword(t *testing.T) {
	each(t, func(d *desk) {
		u := d.user("ada", phrase)
		d.set(u.ID, password.New{Password: seal.NewSecret(another)})
		d.write(func(tx *db.Tx) error { return directory.Delete(tx, &d.Operator, u.ID, 0) })
		d.try("ada", another, password.Wrong)
		d.write(func(tx *db.Tx) error {
			for _, query := range []string{`SELECT count(*) FROM user_password`, `SELECT count(*) FROM user_password_history`} {
				if n, err := db.Value[int](tx, query); n != 0 || err != nil {
					d.Errorf("%s: %d, %v", query, n, err)
				}
			}
			return nil
		})
	})
}

func TestPolicyOfAnEnvironmentIsChangedByWhoMay(t *testing.T) {
	each(t, func(d *desk) {
		reader, writer := d.Actor(access.ReadPolicy), d.Actor(access.WritePolicy)
		d.write(func(tx *db.Tx) error {
			p, version, err := password.GetPolicy(tx, &reader)
			if p != password.DefaultPolicy() || version != 1 {
				d.Errorf("%+v, %d", p, version)
			}
			return err
		})
		longer := func(p *password.Policy) { p.MinLength = 15 }
		d.Refused("by a reader", fault.Denied, func(tx *db.Tx) error { _, _, err := password.ChangePolicy(tx, &reader, 0, longer); return err })
		d.Refused("nonsense", fault.Invalid, func(tx *db.Tx) error {
			_, _, err := password.ChangePolicy(tx, &writer, 0, func(p *password.Policy) { p.MinLength = 1 })
			return err
		})
		d.write(func(tx *db.Tx) error {
			p, version, err := password.ChangePolicy(tx, &writer, 1, longer)
			if p.MinLength != 15 || version != 2 {
				d.Errorf("%+v, %d", p, version)
			}
			return err
		})
		d.Refused("a stale one", fault.Stale, func(tx *db.Tx) error {
			_, _, err := password.ChangePolicy(tx, &writer, 1, func(p *password.Policy) { p.MinLength = 20 })
			return err
		})
		d.write(func(tx *db.Tx) error { // nothing changes
			_, version, err := password.ChangePolicy(tx, &writer, 2, longer)
			if version != 2 {
				d.Error(version)
			}
			return err
		})
		if n := d.events("password_policy.changed"); n != 1 {
			d.Errorf("%d events", n)
		}
	})
}
