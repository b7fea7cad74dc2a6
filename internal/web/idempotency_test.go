package web

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
)

var testAttempt = Attempt{Environment: "e", Principal: "p", Key: "k", Route: "POST /things", Body: []byte(`{"name":"s3cr3t"}`)}

// create does what a door does: it makes the resource unless an earlier attempt has.
func create(t *testing.T, d *db.DB, a Attempt, resource string) (got string, replayed bool, err error) {
	t.Helper()
	err = d.Write(t.Context(), func(tx *db.Tx) error {
		var err error
		if got, err = a.Recall(tx); err != nil || got != "" {
			replayed = true
			return err
		}
		got, replayed = resource, false
		return a.Remember(tx, resource)
	})
	return got, replayed, err
}

func TestRepeatedAttemptFindsWhatTheFirstMade(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if _, replayed, err := create(t, d, testAttempt, "/things/1"); err != nil || replayed {
			t.Fatal(replayed, err)
		}
		if got, replayed, err := create(t, d, testAttempt, "/things/2"); err != nil || !replayed || got != "/things/1" {
			t.Errorf("%q %v %v", got, replayed, err)
		}
		for name, alter := range map[string]func(*Attempt){
			"body":  func(a *Attempt) { a.Body = []byte(`{"name":"y"}`) },
			"route": func(a *Attempt) { a.Route = "POST /others" },
		} {
			a := testAttempt
			alter(&a)
			if _, _, err := create(t, d, a, "/things/3"); !fault.Is(err, fault.Invalid) {
				t.Errorf("another %s under the same key: %v", name, err)
			}
		}
		for name, alter := range map[string]func(*Attempt){
			"environment": func(a *Attempt) { a.Environment = "e2" },
			"principal":   func(a *Attempt) { a.Principal = "p2" },
			"key":         func(a *Attempt) { a.Key = "k2" },
			"no key":      func(a *Attempt) { a.Key = "" },
		} {
			a := testAttempt
			alter(&a)
			if got, replayed, err := create(t, d, a, "/things/4"); err != nil || replayed || got != "/things/4" {
				t.Errorf("another %s: %q %v %v", name, got, replayed, err)
			}
		}
	})
}

func TestFailedAttemptLeavesItsKeyFree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		oops := errors.New("oops")
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return errors.Join(testAttempt.Remember(tx, "/things/1"), oops)
		})
		if !errors.Is(err, oops) {
			t.Fatal(err)
		}
		if got, replayed, err := create(t, d, testAttempt, "/things/2"); err != nil || replayed {
			t.Errorf("%q %v %v", got, replayed, err)
		}
	})
}

func TestKeysAreForgottenAfterADay(t *testing.T) {
	var offset atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	dbtest.EachAt(t, now, func(t *testing.T, d *db.DB) {
		offset.Store(0)
		rows := func() int64 {
			var n int64
			if err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
				n, err = db.Value[int64](tx, "SELECT count(*) FROM idempotency")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if _, _, err := create(t, d, testAttempt, "/things/1"); err != nil {
			t.Fatal(err)
		}
		var i Idempotency
		offset.Store(int64(IdempotencyLife - time.Minute))
		if err := i.Forget(t.Context(), d); err != nil || rows() != 1 {
			t.Errorf("%d rows before the time, %v", rows(), err)
		}
		offset.Store(int64(IdempotencyLife + time.Minute))
		if got, replayed, err := create(t, d, testAttempt, "/things/2"); err != nil || replayed || got != "/things/2" {
			t.Errorf("past its time, before the chore: %q %v %v", got, replayed, err)
		}
		offset.Store(int64(2*IdempotencyLife + 2*time.Minute))
		if err := i.Forget(t.Context(), d); err != nil || rows() != 0 {
			t.Errorf("%d rows after the time, %v", rows(), err)
		}
	})
}

func TestAttemptIsAConflictWhileTheSameRuns(t *testing.T) {
	var i Idempotency
	done, err := i.Begin(testAttempt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Begin(testAttempt); !fault.Is(err, fault.Conflict) {
		t.Errorf("the same again: %v", err)
	}
	other := testAttempt
	other.Principal = "q"
	if done, err := i.Begin(other); err != nil {
		t.Errorf("somebody else's: %v", err)
	} else {
		done()
	}
	done()
	if done, err := i.Begin(testAttempt); err != nil {
		t.Errorf("after the end: %v", err)
	} else {
		done()
	}
}

func TestAttemptsOnTwoNodesMakeOneResource(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		type result struct {
			got string
			err error
		}
		results := make(chan result)
		const nodes = 4
		for n := range nodes {
			go func() {
				got, _, err := create(t, d, testAttempt, "/things/"+string(rune('a'+n)))
				results <- result{got, err}
			}()
		}
		made := map[string]bool{}
		for range nodes {
			if r := <-results; r.err == nil {
				made[r.got] = true
			} else if !fault.Is(r.err, fault.Conflict) {
				t.Error(r.err)
			}
		}
		if len(made) != 1 {
			t.Errorf("made %v", made)
		}
	})
}

func TestKeyIsVisibleASCII(t *testing.T) {
	var i Idempotency
	for key, fits := range map[string]bool{
		"8e03978e-40d5-43dd-bc93-6894a57f9324": true, `"quoted"`: true, strings.Repeat("k", 255): true,
		strings.Repeat("k", 256): false, "with space": false, "naïve": false, "tab\t": false,
	} {
		done, err := i.Begin(Attempt{Key: key})
		if (err == nil) != fits {
			t.Errorf("%q: %v", key, err)
		}
		if err == nil {
			done()
		}
	}
}
