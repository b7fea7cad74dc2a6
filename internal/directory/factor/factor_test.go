package factor_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// desk is the factors of one user, at a clock that the test moves.
type desk struct {
	*roomtest.Rooms
	factors *factor.Authority
	user    uuid.UUID
	later   atomic.Int64
	mu      sync.Mutex
	mailed  []string // codes, in the order of their letters
}

func each(t *testing.T, test func(d *desk)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d := &desk{}
		d.Rooms = roomtest.Found(t, dbtest.Open(t, dsn, d.now), filepath.Join(t.TempDir(), "root.key"))
		d.factors = &factor.Authority{Vault: d.Vault, Tickets: &ticket.Authority{Vault: d.Vault}, Post: d.post}
		d.Write(func(tx *db.Tx) error {
			u, err := directory.Create(tx, &d.Operator, directory.Spec{Profile: directory.Profile{
				UserName: "ada", Emails: []directory.Email{{Value: "Ada@example.org"}, {Value: "ada@example.com"}},
			}})
			if err == nil {
				d.user = u.ID
			}
			return err
		})
		test(d)
	})
}

func (d *desk) now() time.Time { return time.Now().Add(time.Duration(d.later.Load())) }

func (d *desk) pass(t time.Duration) { d.later.Add(int64(t)) }

func (d *desk) post(tx *db.Tx, _ *directory.User, _ string, code seal.Secret, _ time.Time) error {
	tx.AfterCommit(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.mailed = append(d.mailed, code.Reveal())
	})
	return nil
}

func (d *desk) letter() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mailed[len(d.mailed)-1]
}

// app is a confirmed factor and the app that makes its codes. A step has passed since its last code.
func (d *desk) app() (*factor.Factor, []byte) {
	d.Helper()
	f, secret := d.pending()
	if v := d.confirm(f.ID, codeAt(secret, d.now())); v != factor.Right {
		d.Fatalf("first code: %s", v)
	}
	d.pass(time.Minute)
	return f, secret
}

func (d *desk) pending() (f *factor.Factor, secret []byte) {
	d.Helper()
	d.Write(func(tx *db.Tx) error {
		made, e, err := d.factors.EnrolTOTP(tx, &d.Operator, d.user, "Phone")
		if err != nil {
			return err
		}
		f = made
		secret, err = factor.Base32Text.DecodeString(e.Secret.Reveal())
		return err
	})
	return f, secret
}

func (d *desk) confirm(id uuid.UUID, code string) (v factor.Verdict) {
	d.Helper()
	d.Write(func(tx *db.Tx) (err error) {
		_, v, err = d.factors.Confirm(tx, &d.Operator, d.user, id, code)
		return err
	})
	return v
}

func (d *desk) verify(id uuid.UUID, code string) (v factor.Verdict) {
	d.Helper()
	d.Write(func(tx *db.Tx) (err error) {
		v, err = d.factors.Verify(tx, &d.Operator, d.user, id, code)
		return err
	})
	return v
}

// crowd answers twenty times at once, without the locks that administrators take, and counts what it heard.
func (d *desk) crowd(id uuid.UUID, code string) map[factor.Verdict]int {
	d.Helper()
	heard := map[factor.Verdict]int{}
	start := make(chan struct{})
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			<-start
			var v factor.Verdict
			err := d.DB.Write(d.Context(), func(tx *db.Tx) (err error) {
				v, err = d.factors.Check(tx, d.Home.ID, d.user, id, code)
				return err
			})
			if err != nil {
				d.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			heard[v]++
		})
	}
	close(start)
	all.Wait()
	return heard
}

func (d *desk) codes() (f *factor.Factor, codes []string) {
	d.Helper()
	d.Write(func(tx *db.Tx) error {
		made, secrets, err := d.factors.RenewCodes(tx, &d.Operator, d.user)
		f, codes = made, nil
		for _, s := range secrets {
			codes = append(codes, s.Reveal())
		}
		return err
	})
	return f, codes
}

func (d *desk) list() (all []*factor.Factor) {
	d.Helper()
	d.Write(func(tx *db.Tx) (err error) {
		all, err = factor.List(tx, &d.Operator, d.user)
		return err
	})
	return all
}

func TestAppCountsFromItsFirstRightCodeOn(t *testing.T) {
	each(t, func(d *desk) {
		f, secret := d.pending()
		if len(secret) != 20 {
			t.Errorf("a secret of %d bytes", len(secret))
		}
		d.Refused("verify before", fault.Conflict, func(tx *db.Tx) error {
			_, err := d.factors.Verify(tx, &d.Operator, d.user, f.ID, codeAt(secret, d.now()))
			return err
		})
		if v := d.confirm(f.ID, "000000"); v != factor.Wrong {
			t.Errorf("a wrong first code: %s", v)
		}
		code := codeAt(secret, d.now())
		if v := d.confirm(f.ID, code[:3]+" "+code[3:]); v != factor.Right {
			t.Errorf("the first code: %s", v)
		}
		d.Refused("confirm again", fault.Conflict, func(tx *db.Tx) error {
			_, _, err := d.factors.Confirm(tx, &d.Operator, d.user, f.ID, codeAt(secret, d.now()))
			return err
		})
		if v := d.verify(f.ID, code); v != factor.Wrong {
			t.Errorf("the code of the confirmation again: %s", v)
		}
		d.pass(time.Minute)
		if v := d.verify(f.ID, codeAt(secret, d.now())); v != factor.Right {
			t.Errorf("the next: %s", v)
		}
		if all := d.list(); len(all) != 1 || !all[0].Confirmed || all[0].UsedAt.IsZero() || all[0].Name != "Phone" {
			t.Errorf("%+v", all)
		}
	})
}

func TestFactorThatNobodyConfirmsIsGone(t *testing.T) {
	each(t, func(d *desk) {
		f, secret := d.pending()
		d.pass(61 * time.Minute)
		d.Refused("confirm", fault.Conflict, func(tx *db.Tx) error {
			_, _, err := d.factors.Confirm(tx, &d.Operator, d.user, f.ID, codeAt(secret, d.now()))
			return err
		})
		if again, _ := d.pending(); len(d.list()) != 1 || d.list()[0].ID != again.ID {
			t.Errorf("%+v", d.list())
		}
	})
}

// Two people read one code from one screen; or one person and a thief who looks over the shoulder.
func TestOneOfManyHasATimeStep(t *testing.T) {
	each(t, func(d *desk) {
		f, secret := d.app()
		code := codeAt(secret, d.now())
		if n := d.crowd(f.ID, code)[factor.Right]; n != 1 {
			t.Errorf("right %d times", n)
		}
	})
}

func TestFiveWrongCodesLockAFactorForAnHourAlsoInACrowd(t *testing.T) {
	each(t, func(d *desk) {
		f, secret := d.app()
		if heard := d.crowd(f.ID, "no code"); heard[factor.Wrong] != 5 || heard[factor.Locked] != 15 {
			t.Errorf("they heard %v", heard)
		}
		if v := d.verify(f.ID, codeAt(secret, d.now())); v != factor.Locked {
			t.Errorf("the right code: %s", v)
		}
		d.pass(time.Hour)
		if v := d.verify(f.ID, codeAt(secret, d.now())); v != factor.Right {
			t.Errorf("the right code an hour later: %s", v)
		}
	})
}

func TestHundredWrongCodesLockUntilTheUserIsUnlocked(t *testing.T) {
	each(t, func(d *desk) {
		f, secret := d.app()
		for range 100 {
			if d.verify(f.ID, "no code") == factor.Locked {
				t.Fatal("locked before")
			}
			if all := d.list(); all[0].Locked(d.now()) && all[0].LockedUntil != directory.Forever {
				d.pass(time.Hour)
			}
		}
		d.pass(10 * 365 * 24 * time.Hour)
		if v := d.verify(f.ID, codeAt(secret, d.now())); v != factor.Locked {
			t.Errorf("ten years later: %s", v)
		}
		d.Write(func(tx *db.Tx) error {
			_, err := directory.Unlock(tx, &d.Operator, d.user, factor.Forgive)
			return err
		})
		if v := d.verify(f.ID, codeAt(secret, d.now())); v != factor.Right {
			t.Errorf("after the user was unlocked: %s", v)
		}
	})
}

func TestRecoveryCodeIsRightOnceAndUntilThereAreNewOnes(t *testing.T) {
	each(t, func(d *desk) {
		f, codes := d.codes()
		if n := d.crowd(f.ID, codes[0])[factor.Right]; n != 1 || d.list()[0].Codes != 9 {
			t.Errorf("right %d times, %d are left", n, d.list()[0].Codes)
		}
		d.pass(time.Hour) // the others locked it
		if err := d.Environments.Rekey(t.Context(), d.DB); err != nil {
			t.Fatal(err)
		}
		if v := d.verify(f.ID, strings.ToUpper(codes[1])); v != factor.Right {
			t.Errorf("after a new sealing key: %s", v)
		}
		again, fresh := d.codes()
		if all := d.list(); len(all) != 1 || all[0].ID != again.ID || all[0].Codes != 10 {
			t.Errorf("%+v", all)
		}
		if v := d.verify(again.ID, codes[2]); v != factor.Wrong {
			t.Errorf("a code from before: %s", v)
		}
		if v := d.verify(again.ID, fresh[0]); v != factor.Right {
			t.Errorf("a new code: %s", v)
		}
	})
}

func TestCodesByMailGoToTheUsersOwnAddresses(t *testing.T) {
	each(t, func(d *desk) {
		enrol := func(address string) (f *factor.Factor, err error) {
			err = d.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
				f, err = d.factors.EnrolEmail(tx, &d.Operator, d.user, address)
				return err
			})
			return f, err
		}
		if _, err := enrol("eve@example.org"); !fault.Is(err, fault.Invalid) {
			t.Errorf("another's address: %v", err)
		}
		f, err := enrol("ADA@example.ORG")
		if err != nil || f.Address != "Ada@example.org" {
			t.Fatalf("%+v %v", f, err)
		}
		if _, err := enrol("ada@example.org"); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second time: %v", err)
		}
		if v := d.confirm(f.ID, d.letter()); v != factor.Right {
			t.Errorf("the first code: %s", v)
		}
		send := func() error {
			return d.DB.Write(t.Context(), func(tx *db.Tx) error { return d.factors.SendCode(tx, &d.Operator, d.user, f.ID) })
		}
		for i := range 4 {
			if err := send(); err != nil {
				t.Fatalf("code %d: %v", i, err)
			}
		}
		if err := send(); !fault.Is(err, fault.Exhausted) {
			t.Errorf("the sixth code in an hour: %v", err)
		}
		// The address goes to somebody else; its code must not.
		d.Write(func(tx *db.Tx) error {
			_, err := directory.Change(tx, &d.Operator, d.user, 0, func(s *directory.Spec) {
				s.Profile.Emails = []directory.Email{{Value: "ada@example.com"}}
			})
			return err
		})
		if v := d.verify(f.ID, d.letter()); v != factor.Wrong {
			t.Errorf("a code sent to an address that was the user's: %s", v)
		}
		d.pass(time.Hour)
		if err := send(); !fault.Is(err, fault.Conflict) {
			t.Errorf("to an address that was the user's: %v", err)
		}
	})
}

func TestWhoMayNotSignInHasNoRightCode(t *testing.T) {
	each(t, func(d *desk) {
		f, secret := d.app()
		d.Write(func(tx *db.Tx) error {
			_, err := directory.SetStatus(tx, &d.Operator, d.user, directory.Suspended)
			return err
		})
		if v := d.verify(f.ID, codeAt(secret, d.now())); v != factor.Wrong {
			t.Errorf("suspended: %s", v)
		}
		d.Write(func(tx *db.Tx) error { return directory.Delete(tx, &d.Operator, d.user, 0) })
		d.Refused("deleted", fault.NotFound, func(tx *db.Tx) error {
			_, err := d.factors.Check(tx, d.Home.ID, d.user, f.ID, codeAt(secret, d.now()))
			return err
		})
		d.Write(func(tx *db.Tx) error {
			if n, err := db.Value[int](tx, `SELECT count(*) FROM factor`); err != nil || n != 0 {
				t.Errorf("%d factors are left of a user who is gone (%v)", n, err)
			}
			return nil
		})
	})
}

func TestFactorsAreForThoseWhoMay(t *testing.T) {
	each(t, func(d *desk) {
		f, _ := d.app()
		reader, stranger := d.Actor(access.ReadFactors), d.Actor(access.ReadUsers, access.WriteUsers)
		d.Write(func(tx *db.Tx) error {
			all, err := factor.List(tx, &reader, d.user)
			if len(all) != 1 {
				t.Errorf("a reader sees %+v", all)
			}
			return err
		})
		for name, actor := range map[string]*access.Actor{"reader": &reader, "stranger": &stranger} {
			for what, fn := range map[string]func(tx *db.Tx) error{
				"enrol": func(tx *db.Tx) error { _, _, err := d.factors.EnrolTOTP(tx, actor, d.user, "x"); return err },
				"mail": func(tx *db.Tx) error {
					_, err := d.factors.EnrolEmail(tx, actor, d.user, "ada@example.org")
					return err
				},
				"codes":  func(tx *db.Tx) error { _, _, err := d.factors.RenewCodes(tx, actor, d.user); return err },
				"verify": func(tx *db.Tx) error { _, err := d.factors.Verify(tx, actor, d.user, f.ID, "1"); return err },
				"send":   func(tx *db.Tx) error { return d.factors.SendCode(tx, actor, d.user, f.ID) },
				"remove": func(tx *db.Tx) error { return d.factors.Remove(tx, actor, d.user, f.ID, 0) },
			} {
				d.Refused(name+" "+what, fault.Denied, fn)
			}
		}
		d.Refused("stranger list", fault.Denied, func(tx *db.Tx) error { _, err := factor.List(tx, &stranger, d.user); return err })
		for _, name := range []string{"", "\n", strings.Repeat("x", 81)} {
			d.Refused("name", fault.Invalid, func(tx *db.Tx) error { _, _, err := d.factors.EnrolTOTP(tx, &d.Operator, d.user, name); return err })
		}
		for range factor.MaxFactors - 1 {
			d.pending()
		}
		d.Refused("one more", fault.Conflict, func(tx *db.Tx) error { _, _, err := d.factors.EnrolTOTP(tx, &d.Operator, d.user, "x"); return err })
		d.Write(func(tx *db.Tx) error { return d.factors.Remove(tx, &d.Operator, d.user, f.ID, 0) })
		if len(d.list()) != factor.MaxFactors-1 {
			t.Errorf("%d factors", len(d.list()))
		}
	})
}

func TestSecretsStandInNoLedgerNoListAndNoPlainColumn(t *testing.T) {
	each(t, func(d *desk) {
		_, secret := d.app()
		_, codes := d.codes()
		d.Write(func(tx *db.Tx) error {
			_, err := d.factors.EnrolEmail(tx, &d.Operator, d.user, "ada@example.org")
			return err
		})
		hidden := append(codes, factor.Base32Text.EncodeToString(secret), string(secret), d.letter())
		var seen []string
		d.Write(func(tx *db.Tx) error {
			err := tx.Each(func(s db.Scan) error {
				var payload string
				err := s(&payload)
				seen = append(seen, payload)
				return err
			}, `SELECT payload FROM ledger_event`)
			if err != nil {
				return err
			}
			return tx.Each(func(s db.Scan) error {
				var name, data string
				var sealed []byte
				err := s(&name, &data, &sealed)
				seen = append(seen, name, data, string(sealed))
				return err
			}, `SELECT name, data, COALESCE(sealed, '') FROM factor`)
		})
		list, err := json.Marshal(d.list())
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Join(append(seen, string(list), fmt.Sprintf("%+v", d.list())), "\n")
		if !strings.Contains(all, "Phone") {
			t.Fatal("looked in the wrong place")
		}
		for _, h := range hidden {
			if strings.Contains(all, h) || strings.Contains(all, strings.ReplaceAll(h, "-", "")) {
				t.Errorf("%q can be read", h)
			}
		}
	})
}
