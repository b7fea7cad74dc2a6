package ticket_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// desk is tickets for one user, at a clock that the test moves.
type desk struct {
	*roomtest.Rooms
	*ticket.Authority
	user  uuid.UUID
	later atomic.Int64
}

func each(t *testing.T, test func(d *desk)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d := &desk{}
		now := func() time.Time { return time.Now().Add(time.Duration(d.later.Load())) }
		d.Rooms = roomtest.Found(t, dbtest.Open(t, dsn, now), filepath.Join(t.TempDir(), "root.key"))
		d.Authority = &ticket.Authority{Vault: d.Rooms.Vault}
		d.user = d.newUser("ada")
		test(d)
	})
}

func (d *desk) newUser(name string) (id uuid.UUID) {
	d.Helper()
	d.Write(func(tx *db.Tx) error {
		u, err := directory.Create(tx, &d.Operator, directory.Spec{Profile: directory.Profile{UserName: name}})
		if err == nil {
			id = u.ID
		}
		return err
	})
	return id
}

func (d *desk) expel() {
	d.Helper()
	d.Write(func(tx *db.Tx) error {
		u, err := directory.LoadForUpdate(tx, d.Home.ID, d.user)
		if err != nil {
			return err
		}
		return directory.Expel(tx, ledger.System, u)
	})
}

func (d *desk) make(s ticket.Spec) (made *ticket.Ticket, secret string) {
	d.Helper()
	if s.Environment == uuid.Nil {
		s.Environment = d.Home.ID
	}
	if s.User == uuid.Nil {
		s.User = d.user
	}
	d.Write(func(tx *db.Tx) error {
		t, shown, err := d.Make(tx, s)
		made, secret = t, shown.Reveal()
		return err
	})
	return made, secret
}

func (d *desk) shown(p ticket.Purpose, secret string) ticket.Presented {
	return ticket.Presented{Environment: d.Home.ID, Purpose: p, Secret: seal.NewSecret(secret)}
}

func (d *desk) use(p ticket.Presented) (used *ticket.Ticket, err error) {
	err = d.DB.Write(d.Context(), func(tx *db.Tx) (err error) {
		used, err = d.Use(tx, p)
		return err
	})
	return used, err
}

func (d *desk) dead(what string, p ticket.Presented) {
	d.Helper()
	if _, err := d.use(p); !ticket.Dead(err) || !fault.Is(err, fault.NotFound) {
		d.Errorf("%s: %v, want the one answer for strangers", what, err)
	}
}

func (d *desk) enter(holder uuid.UUID, code string) (right bool) {
	d.Helper()
	d.Write(func(tx *db.Tx) (err error) {
		_, right, err = d.Enter(tx, holder, d.shown(ticket.EmailCode, code))
		return err
	})
	return right
}

func TestTicketGivesBackWhatItWasMadeWithAndOnlyOnce(t *testing.T) {
	each(t, func(d *desk) {
		app := uuid.New()
		for _, p := range ticket.Purposes() {
			if p.Rule().Digits > 0 {
				continue
			}
			made, secret := d.make(ticket.Spec{Purpose: p, Application: app, Data: map[string]string{"target": "https://shop.example"}})
			if len(secret) != ticket.Length || !strings.HasPrefix(secret, ticket.Prefix) {
				t.Errorf("%s: %s", p, secret)
			}
			got, err := d.use(d.shown(p, strings.ToUpper(secret[:1])+secret[1:]))
			if err != nil {
				t.Fatalf("%s: %v", p, err)
			}
			var data map[string]string
			if err := got.Read(&data); err != nil || data["target"] != "https://shop.example" || got.User != d.user ||
				got.Application != app || got.ID != made.ID || !got.Expires.Equal(made.Created.Add(p.Rule().Life)) {
				t.Errorf("%s: %+v %v %v", p, got, data, err)
			}
			d.dead(string(p)+" a second time", d.shown(p, secret))
		}
	})
}

func TestOneOfFiftyUsesATicket(t *testing.T) {
	each(t, func(d *desk) {
		_, secret := d.make(ticket.Spec{Purpose: ticket.SessionLogin})
		var won, dead atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				switch _, err := d.use(d.shown(ticket.SessionLogin, secret)); {
				case err == nil:
					won.Add(1)
				case ticket.Dead(err):
					dead.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || dead.Load() != 49 {
			t.Errorf("%d won, %d heard that it is dead", won.Load(), dead.Load())
		}
	})
}

func TestUseThatIsUndoneLeavesTheTicket(t *testing.T) {
	each(t, func(d *desk) {
		_, secret := d.make(ticket.Spec{Purpose: ticket.Reset})
		refused := errors.New("the password is too short")
		err := d.DB.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := d.Use(tx, d.shown(ticket.Reset, secret)); err != nil {
				return err
			}
			return refused
		})
		if !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if _, err := d.use(d.shown(ticket.Reset, secret)); err != nil {
			t.Errorf("the link went with a password that was refused: %v", err)
		}
	})
}

func TestStrangersHearOneAnswer(t *testing.T) {
	each(t, func(d *desk) {
		app := uuid.New()
		made, secret := d.make(ticket.Spec{Purpose: ticket.Activation, Application: app})
		_, other := d.make(ticket.Spec{Purpose: ticket.Activation})
		id, _, _ := ticket.Parse(secret)
		_, proof, _ := ticket.Parse(other)
		if id != made.ID {
			t.Fatalf("%s does not name %s", secret, made.ID)
		}
		d.dead("another ticket's proof", d.shown(ticket.Activation, ticket.Format(id, proof)))
		d.dead("another purpose", d.shown(ticket.Reset, secret))
		d.dead("a code's purpose", d.shown(ticket.EmailCode, secret))
		d.dead("nothing", d.shown(ticket.Activation, ""))
		d.dead("no purpose", d.shown("", secret))
		p := d.shown(ticket.Activation, secret)
		p.By = uuid.New()
		d.dead("another application", p)
		p = d.shown(ticket.Activation, secret)
		p.Environment = uuid.New()
		d.dead("another environment", p)
		d.later.Store(int64(ticket.Activation.Rule().Life))
		d.dead("expired", d.shown(ticket.Activation, secret))
		d.later.Store(int64(ticket.Activation.Rule().Life - time.Minute))
		p.Environment, p.By = d.Home.ID, app
		if _, err := d.use(p); err != nil {
			d.Errorf("none of that was the ticket's fault: %v", err)
		}
		_, secret = d.make(ticket.Spec{Purpose: ticket.Activation})
		d.expel()
		d.dead("an earlier epoch", d.shown(ticket.Activation, secret))
		_, secret = d.make(ticket.Spec{Purpose: ticket.Activation})
		d.Write(func(tx *db.Tx) error { return directory.Delete(tx, &d.Operator, d.user, 0) })
		d.dead("a user who is gone", d.shown(ticket.Activation, secret))
	})
}

func TestWhoMayNotSignInHoldsNoTicketToSignInWith(t *testing.T) {
	each(t, func(d *desk) {
		d.Write(func(tx *db.Tx) error {
			_, err := directory.LockByHand(tx, &d.Operator, d.user, directory.Forever)
			return err
		})
		_, session := d.make(ticket.Spec{Purpose: ticket.SessionLogin})
		_, activation := d.make(ticket.Spec{Purpose: ticket.Activation})
		d.dead("of a locked user", d.shown(ticket.SessionLogin, session))
		if _, err := d.use(d.shown(ticket.Activation, activation)); err != nil {
			d.Error(err)
		}
	})
}

func TestInvitationKnowsNoUserAndKeepsAnAddressSealed(t *testing.T) {
	each(t, func(d *desk) {
		var secret string
		d.Write(func(tx *db.Tx) error {
			_, s, err := d.Make(tx, ticket.Spec{Environment: d.Home.ID, Purpose: ticket.Invitation, Data: "ada@example.org"})
			secret = s.Reveal()
			return err
		})
		err := d.DB.Read(t.Context(), func(tx *db.Tx) error {
			text, err := db.Value[string](tx, `SELECT data FROM ticket`)
			if err == nil && text != "" {
				t.Errorf("the database holds %s", text)
			}
			p, err := d.Peek(tx, d.shown(ticket.Invitation, secret))
			if err == nil && string(p.Data) != `"ada@example.org"` {
				t.Errorf("data %s", p.Data)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		// A new sealing key, and withdrawing everything of nobody: both leave it.
		if err := d.Environments.Rekey(t.Context(), d.DB); err != nil {
			t.Fatal(err)
		}
		d.Write(func(tx *db.Tx) error { return d.Withdraw(tx, d.Home.ID, uuid.Nil) })
		if got, err := d.use(d.shown(ticket.Invitation, secret)); err != nil || string(got.Data) != `"ada@example.org"` {
			t.Errorf("%+v %v", got, err)
		}
	})
}

func TestFailuresBurnATicketAlsoInACrowd(t *testing.T) {
	each(t, func(d *desk) {
		_, secret := d.make(ticket.Spec{Purpose: ticket.FactorState})
		p := d.shown(ticket.FactorState, secret)
		var tried, burnt atomic.Int64
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				var had, last bool
				err := d.DB.Write(t.Context(), func(tx *db.Tx) error {
					had, last = false, false
					held, err := d.Hold(tx, p)
					if ticket.Dead(err) {
						return nil
					}
					if err != nil {
						return err
					}
					had = true
					last, err = d.Fail(tx, held)
					return err
				})
				if err != nil {
					t.Error(err)
				}
				if had {
					tried.Add(1)
				}
				if last {
					burnt.Add(1)
				}
			})
		}
		all.Wait()
		if tried.Load() != 5 || burnt.Load() != 1 {
			t.Errorf("%d tries before it was burnt %d times", tried.Load(), burnt.Load())
		}
		d.dead("burnt", p)
	})
}

func TestCodeIsRightForItsHolderAloneAndOnce(t *testing.T) {
	each(t, func(d *desk) {
		holder := uuid.New()
		_, code := d.make(ticket.Spec{Purpose: ticket.EmailCode, Holder: holder})
		if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			t.Fatalf("code %q", code)
		}
		if d.enter(uuid.New(), code) {
			t.Error("right for another holder")
		}
		if !d.enter(holder, code) || d.enter(holder, code) {
			t.Error("not right, or right twice")
		}
		_, first := d.make(ticket.Spec{Purpose: ticket.EmailCode, Holder: holder})
		_, second := d.make(ticket.Spec{Purpose: ticket.EmailCode, Holder: holder})
		if first != second && d.enter(holder, first) {
			t.Error("a code that was replaced is right")
		}
		d.expel()
		if d.enter(holder, second) {
			t.Error("a code of an earlier epoch is right")
		}
	})
}

func TestFiveWrongCodesBurnTheRightOneAlsoInACrowd(t *testing.T) {
	each(t, func(d *desk) {
		holder := uuid.New()
		_, code := d.make(ticket.Spec{Purpose: ticket.EmailCode, Holder: holder})
		wrong := "000000"
		if code == wrong {
			wrong = "000001"
		}
		var all sync.WaitGroup
		for _, bad := range []string{wrong, "", code + "0", code[:5], " " + code} {
			all.Go(func() {
				if d.enter(holder, bad) {
					t.Errorf("%q is right", bad)
				}
			})
		}
		all.Wait()
		if d.enter(holder, code) {
			t.Error("the sixth try was heard")
		}
	})
}

func TestWithdrawEndsTicketsByPurposeOrAll(t *testing.T) {
	each(t, func(d *desk) {
		_, reset := d.make(ticket.Spec{Purpose: ticket.Reset})
		_, session := d.make(ticket.Spec{Purpose: ticket.SessionLogin})
		one, single := d.make(ticket.Spec{Purpose: ticket.Activation})
		d.Write(func(tx *db.Tx) error {
			if err := d.WithdrawOne(tx, d.Home.ID, one.ID); err != nil {
				return err
			}
			return d.Withdraw(tx, d.Home.ID, d.user, ticket.Reset)
		})
		d.dead("withdrawn", d.shown(ticket.Reset, reset))
		d.dead("withdrawn by id", d.shown(ticket.Activation, single))
		d.Write(func(tx *db.Tx) error {
			if _, err := d.Peek(tx, d.shown(ticket.SessionLogin, session)); err != nil {
				return err
			}
			return d.Withdraw(tx, d.Home.ID, d.user)
		})
		d.dead("withdrawn with all", d.shown(ticket.SessionLogin, session))
	})
}

func TestTicketsThatAreAgainstTheRuleAreNotMade(t *testing.T) {
	each(t, func(d *desk) {
		for what, s := range map[string]ticket.Spec{
			"too long":             {Purpose: ticket.FactorState, User: d.user, Life: 3 * time.Minute},
			"backwards":            {Purpose: ticket.Reset, User: d.user, Life: -time.Hour},
			"no purpose":           {User: d.user},
			"nobody":               {Purpose: ticket.Reset},
			"a code for no holder": {Purpose: ticket.EmailCode, User: d.user},
			"a link with a holder": {Purpose: ticket.Reset, User: d.user, Holder: uuid.New()},
		} {
			s.Environment = d.Home.ID
			d.Refused(what, fault.Invalid, func(tx *db.Tx) error { _, _, err := d.Make(tx, s); return err })
		}
		d.Refused("a stranger", fault.NotFound, func(tx *db.Tx) error {
			_, _, err := d.Make(tx, ticket.Spec{Environment: d.Home.ID, Purpose: ticket.Reset, User: uuid.New()})
			return err
		})
		d.Refused("a novel", fault.TooLarge, func(tx *db.Tx) error {
			_, _, err := d.Make(tx, ticket.Spec{Environment: d.Home.ID, Purpose: ticket.Reset, User: d.user, Data: strings.Repeat("x", ticket.MaxData)})
			return err
		})
	})
}

func TestForgetRemovesWhatHasExpiredAndNothingElse(t *testing.T) {
	each(t, func(d *desk) {
		_, secret := d.make(ticket.Spec{Purpose: ticket.Activation})
		d.Write(func(tx *db.Tx) error {
			for range 1100 {
				if _, _, err := d.Make(tx, ticket.Spec{Environment: d.Home.ID, Purpose: ticket.FactorState, User: d.user}); err != nil {
					return err
				}
			}
			return nil
		})
		d.later.Store(int64(3 * time.Minute))
		if err := ticket.Forget(t.Context(), d.DB); err != nil {
			t.Fatal(err)
		}
		d.Write(func(tx *db.Tx) error {
			if n, err := db.Value[int](tx, `SELECT count(*) FROM ticket`); err != nil || n != 1 {
				t.Errorf("%d left (%v)", n, err)
			}
			return nil
		})
		if _, err := d.use(d.shown(ticket.Activation, secret)); err != nil {
			t.Error(err)
		}
	})
}

// Root keys come and go; a link in a mailbox outlives the day on which one came.
func TestTicketSurvivesANewRootKeyAndHoldsOnToTheOld(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		file := filepath.Join(t.TempDir(), "root.key")
		d := &desk{}
		d.Rooms = roomtest.Found(t, dbtest.Open(t, dsn, nil), file)
		d.Authority = &ticket.Authority{Vault: d.Rooms.Vault}
		d.user = d.newUser("ada")
		_, secret := d.make(ticket.Spec{Purpose: ticket.Activation, Data: json.RawMessage(`{"a":1}`)})
		if err := (seal.Source{File: file}).AddRoot(); err != nil {
			t.Fatal(err)
		}
		if err := d.Rooms.Vault.Refresh(t.Context()); err != nil || d.Rooms.Vault.Peppers().Newest() != 2 {
			t.Fatal(err)
		}
		d.Write(func(tx *db.Tx) error {
			used := map[int64]bool{}
			if err := ticket.PeppersInUse(tx, used); err != nil || !used[1] || len(used) != 1 {
				t.Errorf("in use: %v (%v)", used, err)
			}
			return nil
		})
		if _, err := d.use(d.shown(ticket.Activation, secret)); err != nil {
			t.Error(err)
		}
	})
}

func FuzzParse(f *testing.F) {
	id := uuid.New()
	f.Add(ticket.Format(id, make([]byte, 24)))
	f.Add("cfu_")
	f.Add("cfu_" + strings.Repeat("\n", 64))
	f.Add("CFU_" + strings.Repeat("K", 20) + strings.Repeat("a", 4))
	f.Fuzz(func(t *testing.T, text string) {
		id, secret, ok := ticket.Parse(text)
		if !ok {
			return
		}
		if again := ticket.Format(id, secret); again != strings.ToLower(text) {
			t.Errorf("%q is read as %q", text, again)
		}
	})
}
