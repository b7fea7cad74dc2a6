package factor_test

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func (d *desk) begin(app uuid.UUID) factor.Attempt {
	d.Helper()
	a := factor.Attempt{Environment: d.Home.ID, Application: app, For: "login"}
	d.Write(func(tx *db.Tx) error {
		token, until, choice, err := d.factors.Begin(tx, factor.State{
			Environment: d.Home.ID, User: d.user, Application: app, For: "login", Data: json.RawMessage(`{"session":true}`),
		})
		if err == nil && (len(choice) == 0 || until.Sub(tx.Now()) != 120*time.Second) {
			d.Errorf("until %s with %v", until, choice)
		}
		a.Token = token
		return err
	})
	return a
}

func (d *desk) answer(a factor.Attempt) (s *factor.State, v factor.Verdict, err error) {
	err = d.DB.Write(d.Context(), func(tx *db.Tx) (err error) {
		s, v, err = d.factors.Answer(tx, a)
		return err
	})
	return s, v, err
}

func TestStateIsTriedAgainUntilItIsRightAndThenUsedUp(t *testing.T) {
	each(t, func(d *desk) {
		f, secret := d.app()
		a := d.begin(uuid.New())
		a.Factor, a.Code = f.ID, "000000"
		if _, v, err := d.answer(a); v != factor.Wrong || err != nil {
			t.Errorf("wrong: %s %v", v, err)
		}
		a.Code = codeAt(secret, d.now())
		s, v, err := d.answer(a)
		if v != factor.Right || err != nil || s.User != d.user || s.Application != a.Application || string(s.Data) != `{"session":true}` {
			t.Errorf("right: %+v %s %v", s, v, err)
		}
		d.pass(time.Minute)
		a.Code = codeAt(secret, d.now())
		if _, _, err := d.answer(a); !ticket.Dead(err) {
			t.Errorf("again: %v", err)
		}
	})
}

func TestStateIsBoundToItsUserPurposeApplicationAndTime(t *testing.T) {
	each(t, func(d *desk) {
		f, secret := d.app()
		good := d.begin(uuid.New())
		good.Factor, good.Code = f.ID, codeAt(secret, d.now())
		for what, change := range map[string]func(*factor.Attempt){
			"another application": func(a *factor.Attempt) { a.Application = uuid.New() },
			"no application":      func(a *factor.Attempt) { a.Application = uuid.Nil },
			"another purpose":     func(a *factor.Attempt) { a.For = "saml" },
			"another environment": func(a *factor.Attempt) { a.Environment = uuid.New() },
			"no token":            func(a *factor.Attempt) { a.Token = seal.Secret{} },
		} {
			a := good
			change(&a)
			if _, _, err := d.answer(a); !ticket.Dead(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
		d.pass(2 * time.Minute)
		if _, _, err := d.answer(good); !ticket.Dead(err) {
			t.Errorf("after 120 seconds: %v", err)
		}
		late := d.begin(uuid.New())
		late.Factor, late.Code = f.ID, codeAt(secret, d.now())
		d.Write(func(tx *db.Tx) error {
			_, err := directory.LockByHand(tx, &d.Operator, d.user, d.now().Add(time.Hour))
			return err
		})
		if _, _, err := d.answer(late); !ticket.Dead(err) {
			t.Errorf("of a user who was locked: %v", err)
		}
	})
}

func TestFactorThatCameLaterAnswersNoEarlierState(t *testing.T) {
	each(t, func(d *desk) {
		f, secret := d.app()
		a := d.begin(uuid.Nil)
		recovery, codes := d.codes()
		a.Factor, a.Code = recovery.ID, codes[0]
		if _, v, err := d.answer(a); v != factor.Wrong || err != nil {
			t.Errorf("a factor that came later: %s %v", v, err)
		}
		if d.list()[1].Codes != 10 {
			t.Error("its code is spent")
		}
		d.Write(func(tx *db.Tx) error { return d.factors.Remove(tx, &d.Operator, d.user, f.ID, 0) })
		a.Factor, a.Code = f.ID, codeAt(secret, d.now())
		if _, v, err := d.answer(a); v != factor.Wrong || err != nil {
			t.Errorf("a factor that is gone: %s %v", v, err)
		}
	})
}

func TestFiveWrongAnswersBurnAStateAlsoInACrowd(t *testing.T) {
	each(t, func(d *desk) {
		f, secret := d.app()
		a := d.begin(uuid.New())
		a.Factor, a.Code = uuid.New(), "000000" // not the user's, so that the factor is not locked by it
		var wrong, dead atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				switch _, v, err := d.answer(a); {
				case v == factor.Wrong:
					wrong.Add(1)
				case ticket.Dead(err):
					dead.Add(1)
				}
			})
		}
		all.Wait()
		if wrong.Load() != 5 || dead.Load() != 15 {
			t.Errorf("%d looked at, %d not", wrong.Load(), dead.Load())
		}
		a.Factor, a.Code = f.ID, codeAt(secret, d.now())
		if _, _, err := d.answer(a); !ticket.Dead(err) {
			t.Errorf("the right answer: %v", err)
		}
		fresh := d.begin(uuid.New())
		fresh.Factor, fresh.Code = a.Factor, a.Code
		if _, v, err := d.answer(fresh); v != factor.Right || err != nil {
			t.Errorf("a new state: %s %v", v, err)
		}
	})
}

func TestCodeByMailIsRightForTheStateItWasSentFor(t *testing.T) {
	each(t, func(d *desk) {
		var f *factor.Factor
		d.Write(func(tx *db.Tx) (err error) {
			f, err = d.factors.EnrolEmail(tx, &d.Operator, d.user, "ada@example.org")
			return err
		})
		d.confirm(f.ID, d.letter())
		mine, other := d.begin(uuid.New()), d.begin(uuid.New())
		mine.Factor, other.Factor = f.ID, f.ID
		d.Write(func(tx *db.Tx) error { return d.factors.Challenge(tx, mine) })
		other.Code, mine.Code = d.letter(), d.letter()
		if _, v, err := d.answer(other); v != factor.Wrong || err != nil {
			t.Errorf("for another state: %s %v", v, err)
		}
		if _, v, err := d.answer(mine); v != factor.Right || err != nil {
			t.Errorf("for its own: %s %v", v, err)
		}
		app, _ := d.app()
		byApp := d.begin(uuid.New())
		byApp.Factor = app.ID
		d.Refused("a challenge for an app", fault.Conflict, func(tx *db.Tx) error { return d.factors.Challenge(tx, byApp) })
	})
}

func TestUserWithoutFactorsHasNoState(t *testing.T) {
	each(t, func(d *desk) {
		d.pending()
		d.Refused("begin", fault.Conflict, func(tx *db.Tx) error {
			_, _, _, err := d.factors.Begin(tx, factor.State{Environment: d.Home.ID, User: d.user, For: "login"})
			return err
		})
	})
}
