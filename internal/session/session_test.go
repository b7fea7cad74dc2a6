package session_test

import (
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/session"
)

// desk is sessions of one user, at a clock that the test moves.
type desk struct {
	*roomtest.Rooms
	*session.Authority
	user *directory.User
	app  uuid.UUID
	late atomic.Int64
}

func each(t *testing.T, test func(d *desk)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d := &desk{}
		now := func() time.Time { return time.Now().Add(time.Duration(d.late.Load())) }
		d.Rooms = roomtest.Found(t, dbtest.Open(t, dsn, now), filepath.Join(t.TempDir(), "root.key"))
		d.Authority = &session.Authority{Vault: d.Rooms.Vault}
		d.Write(func(tx *db.Tx) (err error) {
			if d.user, err = directory.Create(tx, &d.Operator, directory.Spec{Profile: directory.Profile{UserName: "ann"}}); err != nil {
				return err
			}
			app, err := application.Create(tx, &d.Operator, application.Spec{Name: "portal"})
			if err == nil {
				d.app = app.ID
			}
			return err
		})
		test(d)
	})
}

func (d *desk) move(by time.Duration) { d.late.Add(int64(by)) }

func (d *desk) start(spec session.Spec) (s *session.Session, cookie seal.Secret) {
	d.Helper()
	d.Write(func(tx *db.Tx) (err error) {
		u, err := directory.LoadForUpdate(tx, d.Home.ID, d.user.ID)
		if err == nil {
			s, cookie, err = d.Start(tx, u, spec)
		}
		return err
	})
	return s, cookie
}

func (d *desk) good(cookie seal.Secret) bool {
	d.Helper()
	err := d.DB.Read(d.Context(), func(tx *db.Tx) error {
		s, err := d.Check(tx, d.Home.ID, cookie)
		if err == nil && s.User != d.user.ID {
			d.Errorf("%+v", s)
		}
		return err
	})
	if err != nil && !fault.Is(err, fault.Unauthenticated) {
		d.Fatal(err)
	}
	return err == nil
}

func TestWhateverStopsAUserEndsItsSessionsForGood(t *testing.T) {
	each(t, func(d *desk) {
		stop := func(to directory.Status) func(tx *db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := directory.SetStatus(tx, &d.Operator, d.user.ID, to)
				return err
			}
		}
		for name, pair := range map[string][2]func(*db.Tx) error{
			"suspend": {stop(directory.Suspended), stop(directory.Active)},
			"lock": {func(tx *db.Tx) error {
				_, err := directory.LockByHand(tx, &d.Operator, d.user.ID, tx.Now().Add(time.Hour))
				return err
			}, func(tx *db.Tx) error {
				_, err := directory.Unlock(tx, &d.Operator, d.user.ID, nil)
				return err
			}},
			"log out everywhere": {func(tx *db.Tx) error { return session.EndAll(tx, &d.Operator, d.user.ID) }, nil},
		} {
			_, cookie := d.start(session.Spec{})
			if !d.good(cookie) {
				t.Fatal("a new session is no good")
			}
			d.Write(pair[0])
			if d.good(cookie) {
				t.Errorf("%s: the session lives", name)
			}
			if pair[1] != nil {
				d.Write(pair[1])
			}
			if d.good(cookie) {
				t.Errorf("%s: the session lives again", name)
			}
		}
		_, cookie := d.start(session.Spec{})
		d.Write(func(tx *db.Tx) error { return directory.Delete(tx, &d.Operator, d.user.ID, 0) })
		if d.good(cookie) {
			t.Error("a deleted user's session lives")
		}
	})
}

func TestASessionEndsWithTheApplicationThatLetItsUserIn(t *testing.T) {
	each(t, func(d *desk) {
		s, cookie := d.start(session.Spec{Application: d.app, Address: "192.0.2.7", Agent: "Browser\r\nSet-Cookie: x\x1b[31m" + strings.Repeat("ä", 300)})
		if !d.good(cookie) || strings.ContainsAny(s.Agent, "\r\n\x1b") || len([]rune(s.Agent)) != 256 {
			t.Errorf("%q", s.Agent)
		}
		set := func(on bool) {
			d.Write(func(tx *db.Tx) error {
				_, err := application.SetEnabled(tx, &d.Operator, d.app, on)
				return err
			})
		}
		set(false)
		if d.good(cookie) {
			t.Error("it outlives its application")
		}
		d.Refused("a session by a disabled application", fault.Unauthenticated, func(tx *db.Tx) error {
			u, err := directory.Load(tx, d.Home.ID, d.user.ID)
			if err == nil {
				_, _, err = d.Start(tx, u, session.Spec{Application: d.app})
			}
			return err
		})
		set(true)
		if d.good(cookie) {
			t.Error("it lives again")
		}
	})
}

func TestIdleAndAbsoluteLimitsEndASession(t *testing.T) {
	each(t, func(d *desk) {
		s, cookie := d.start(session.Spec{Idle: time.Hour, Absolute: 3 * time.Hour})
		touch := func() {
			err := d.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
				s, err = d.Check(tx, d.Home.ID, cookie)
				return err
			})
			if err == nil {
				err = d.Touch(t.Context(), d.DB, s, "192.0.2.8", time.Now().Add(time.Duration(d.late.Load())))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		was := s.SeenAt
		d.move(30 * time.Second)
		touch()
		touch()
		if !s.SeenAt.Equal(was) {
			t.Error("it is written more than once a minute")
		}
		for range 3 {
			d.move(50 * time.Minute)
			touch()
		}
		touch()
		if s.Address != "192.0.2.8" || s.SeenAt.Equal(was) {
			t.Errorf("%+v", s)
		}
		d.move(40 * time.Minute) // seen 40 minutes ago, begun more than three hours ago
		if d.good(cookie) {
			t.Error("it is older than it may be")
		}
		_, cookie = d.start(session.Spec{Idle: time.Hour})
		d.move(61 * time.Minute)
		if d.good(cookie) {
			t.Error("it was silent for longer than it may be")
		}
		d.move(60 * 24 * time.Hour)
		if err := session.Forget(t.Context(), d.DB); err != nil {
			t.Fatal(err)
		}
		d.Write(func(tx *db.Tx) error {
			if n, err := db.Value[int64](tx, `SELECT count(*) FROM session`); err != nil || n != 0 {
				t.Errorf("%d rows are kept, %v", n, err)
			}
			return nil
		})
		d.Refused("endless", fault.Invalid, func(tx *db.Tx) error {
			_, _, err := d.Start(tx, d.user, session.Spec{Absolute: 31 * 24 * time.Hour})
			return err
		})
	})
}

func TestACookieIsOneSessionsAndNobodyElses(t *testing.T) {
	each(t, func(d *desk) {
		one, first := d.start(session.Spec{})
		_, second := d.start(session.Spec{})
		a, b := first.Reveal(), second.Reveal()
		if len(a) != session.CookieLength || a[:20] == b[:20] {
			t.Fatal(a, b)
		}
		for _, forged := range []string{"", a[:21] + b[21:], a + "A", a[:63], strings.ToUpper(a), a[:32] + "\n" + a[33:], strings.Repeat("A", 64)} {
			if forged != a && d.good(seal.NewSecret(forged)) {
				t.Errorf("%q is taken", forged)
			}
		}
		var rotated seal.Secret
		d.Write(func(tx *db.Tx) (err error) {
			_, rotated, err = d.Rotate(tx, d.Home.ID, first)
			return err
		})
		if d.good(first) || !d.good(rotated) || !d.good(second) {
			t.Error("the old cookie lives, or the new one does not")
		}
		// Two at once: one gets the new cookie.
		var won atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				err := d.DB.Write(t.Context(), func(tx *db.Tx) error {
					_, _, err := d.Rotate(tx, d.Home.ID, rotated)
					return err
				})
				if err == nil {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d rotations of one cookie", won.Load())
		}
		d.Write(func(tx *db.Tx) error {
			rows, err := session.List(tx, &d.Operator, d.user.ID)
			if err != nil || len(rows) != 2 {
				t.Errorf("%v, %v", rows, err)
			}
			if err := session.End(tx, &d.Operator, d.user.ID, one.ID); err != nil {
				t.Error(err)
			}
			if err := session.End(tx, &d.Operator, d.user.ID, one.ID); !fault.Is(err, fault.NotFound) {
				t.Error(err)
			}
			return d.End(tx, d.Home.ID, second, ledger.System)
		})
		if d.good(second) {
			t.Error("it outlives its end")
		}
	})
}

func TestAProofIsFreshForFiveMinutesAndOfItsUserAlone(t *testing.T) {
	each(t, func(d *desk) {
		at := func(late time.Duration) time.Time { return time.Now().Add(time.Duration(d.late.Load())).Add(late) }
		s, _ := d.start(session.Spec{})
		if session.StepUpFresh(s, at(0)) {
			t.Error("a session without a proof is fresh")
		}
		if s, _ = d.start(session.Spec{Application: d.app, Proved: true}); session.StepUpFresh(s, at(0)) || s.Own() {
			t.Error("an application's session is fresh, or the person's own")
		}
		s, cookie := d.start(session.Spec{Proved: true})
		for late, want := range map[time.Duration]bool{0: true, session.StepUp - time.Second: true, session.StepUp + time.Second: false, -2 * time.Minute: false} {
			if session.StepUpFresh(s, at(late)) != want {
				t.Errorf("after %s: %v", late, !want)
			}
		}
		d.move(time.Hour)
		d.Refused("somebody else's proof", fault.Unauthenticated, func(tx *db.Tx) error {
			_, _, err := d.Prove(tx, d.Home.ID, cookie, uuid.New())
			return err
		})
		if !d.good(cookie) {
			t.Error("the refusal took the cookie")
		}
		d.Write(func(tx *db.Tx) error {
			var fresh seal.Secret
			s, fresh, _ = d.Prove(tx, d.Home.ID, cookie, d.user.ID)
			again, err := d.Check(tx, d.Home.ID, fresh)
			if err != nil || !session.StepUpFresh(s, tx.Now()) || !again.ProvedAt.Equal(s.ProvedAt) {
				t.Errorf("%+v, %+v, %v", s, again, err)
			}
			return err
		})
		if d.good(cookie) {
			t.Error("the cookie from before the proof lives")
		}
	})
}

func TestAUserHasFiftySessionsAndTheOldestGoes(t *testing.T) {
	each(t, func(d *desk) {
		_, oldest := d.start(session.Spec{})
		d.move(time.Second)
		_, next := d.start(session.Spec{})
		for range session.MaxPerUser - 1 {
			d.move(time.Second)
			d.start(session.Spec{})
		}
		if d.good(oldest) || !d.good(next) {
			t.Error("the oldest lives, or another went")
		}
	})
}

func TestSessionsAreForThoseWhoMaySeeThem(t *testing.T) {
	each(t, func(d *desk) {
		s, cookie := d.start(session.Spec{})
		stranger := access.Actor{Environment: d.Home.ID, Application: uuid.New()}
		for name, fn := range map[string]func(*db.Tx) error{
			"list":    func(tx *db.Tx) error { _, err := session.List(tx, &stranger, d.user.ID); return err },
			"end":     func(tx *db.Tx) error { return session.End(tx, &stranger, d.user.ID, s.ID) },
			"end all": func(tx *db.Tx) error { return session.EndAll(tx, &stranger, d.user.ID) },
		} {
			d.Refused(name, fault.Unauthenticated, fn)
		}
		d.Refused("another user's", fault.NotFound, func(tx *db.Tx) error { return session.End(tx, &d.Operator, uuid.New(), s.ID) })
		if !d.good(cookie) {
			t.Error("somebody ended it")
		}
		// What the database keeps opens nothing.
		d.Write(func(tx *db.Tx) error {
			return tx.Each(func(scan db.Scan) error {
				var mac []byte
				err := scan(&mac)
				if strings.Contains(cookie.Reveal(), string(mac)) {
					t.Error("the secret is stored")
				}
				return err
			}, `SELECT mac FROM session`)
		})
	})
}

func FuzzCookie(f *testing.F) {
	f.Add("")
	f.Add(strings.Repeat("A", session.CookieLength))
	f.Fuzz(func(t *testing.T, text string) {
		if id, secret, ok := session.Parse(seal.NewSecret(text)); ok && session.Cookie(id, secret).Reveal() != text {
			t.Fatalf("%q has two spellings", text)
		}
	})
}
