package usage_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// refusal is the one of that number, a second after the one before.
func refusal(number int) usage.Refusal {
	return usage.Refusal{
		At: midnight.Add(time.Duration(number) * time.Second), Reason: fmt.Sprint("reason ", number), Method: application.Basic,
		Address: netip.MustParseAddr("192.0.2.7"),
	}
}

func (r *rooms) flush(n *usage.Refusals) {
	r.Helper()
	if err := n.Flush(r.Context(), r.DB); err != nil {
		r.Fatal(err)
	}
}

func (r *rooms) refusals(app uuid.UUID) (all []usage.Refusal) {
	r.Helper()
	err := r.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		all, err = usage.ListRefusals(tx, &r.Operator, app)
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return all
}

// rows counts the refusals of all applications, those that nobody can list any more among them.
func (r *rooms) rows() (count int) {
	r.Helper()
	err := r.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		count, err = db.Value[int](tx, `SELECT count(*) FROM application_refusal`)
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return count
}

// lists fails the test unless the application's refusals are those of these numbers, newest first.
func (r *rooms) lists(first, last int) {
	r.Helper()
	all := r.refusals(r.app.ID)
	if len(all) != first-last+1 {
		r.Fatalf("%d refusals, want %d", len(all), first-last+1)
	}
	for i, got := range all {
		if want := refusal(first - i); got != want {
			r.Fatalf("%d: %+v, want %+v", i, got, want)
		}
	}
}

func TestOnlyTheLatestRefusalsAreKept(t *testing.T) {
	each(t, func(r *rooms) {
		n := &usage.Refusals{}
		for i := range 1000 {
			n.Note(r.Home.ID, r.app.ID, refusal(i))
		}
		r.flush(n)
		r.lists(999, 980)
		for i := 1000; i < 1007; i++ { // these take the places of the oldest, however often something is written
			n.Note(r.Home.ID, r.app.ID, refusal(i))
			r.flush(n)
			r.lists(i, i-19)
		}
		if rows := r.rows(); rows != usage.MaxRefusals || n.Dropped() != 0 {
			r.Errorf("%d rows, %d dropped", rows, n.Dropped())
		}
	})
}

func TestRefusalComesBackAsItWasNoted(t *testing.T) {
	each(t, func(r *rooms) {
		n := &usage.Refusals{}
		full := usage.Refusal{
			At: midnight, Reason: "credential_expired", Method: application.Post, Address: netip.MustParseAddr("2001:db8::1"), Credential: uuid.New(),
		}
		bare := usage.Refusal{At: midnight.Add(-time.Microsecond), Reason: "client_authentication_failed", Method: application.Basic}
		n.Note(r.Home.ID, r.app.ID, bare)
		n.Note(r.Home.ID, r.app.ID, full)
		r.flush(n)
		if got := r.refusals(r.app.ID); !slices.Equal(got, []usage.Refusal{full, bare}) {
			r.Errorf("%+v", got)
		}
		stranger, reader := r.Actor(access.ReadCredentials), r.Actor(access.ReadApplications)
		list := func(actor *access.Actor, app uuid.UUID) func(*db.Tx) error {
			return func(tx *db.Tx) error { _, err := usage.ListRefusals(tx, actor, app); return err }
		}
		r.Write(list(&reader, r.app.ID))
		r.Refused("without the permission", fault.Denied, list(&stranger, r.app.ID))
		r.Refused("of nobody", fault.NotFound, list(&reader, uuid.New()))
	})
}

func TestDeletedApplicationTakesItsRefusalsAlong(t *testing.T) {
	each(t, func(r *rooms) {
		n := &usage.Refusals{}
		n.Note(r.Home.ID, r.app.ID, refusal(1))
		r.flush(n)
		n.Note(r.Home.ID, r.app.ID, refusal(2)) // not written yet
		r.Write(func(tx *db.Tx) error { return application.Delete(tx, &r.Operator, r.app.ID, 0) })
		r.flush(n)
		if rows := r.rows(); rows != 0 {
			r.Errorf("%d rows are left", rows)
		}
	})
}

func TestRefusalsThatCannotBeWrittenAreKept(t *testing.T) {
	each(t, func(r *rooms) {
		n := &usage.Refusals{}
		for i := range 15 {
			n.Note(r.Home.ID, r.app.ID, refusal(i))
		}
		ended, end := context.WithCancel(r.Context())
		end()
		if err := n.Flush(ended, r.DB); err == nil {
			r.Fatal("written although the context has ended")
		}
		for i := 15; i < 30; i++ {
			n.Note(r.Home.ID, r.app.ID, refusal(i))
		}
		r.flush(n)
		r.lists(29, 10)
	})
}

// More rows than one transaction takes, noted while they are being written, by two nodes at once.
func TestNodesShareTheRingOfAnApplication(t *testing.T) {
	each(t, func(r *rooms) {
		apps := make([]uuid.UUID, 30)
		r.Write(func(tx *db.Tx) error {
			for i := range apps {
				a, err := application.Create(tx, &r.Operator, application.Spec{Name: fmt.Sprint("app ", i)})
				if err != nil {
					return err
				}
				apps[i] = a.ID
			}
			return nil
		})
		nodes := []*usage.Refusals{{}, {}}
		var work sync.WaitGroup
		for _, n := range nodes {
			work.Go(func() {
				for i := range 10 {
					for _, app := range apps {
						n.Note(r.Home.ID, app, refusal(i))
					}
					if err := n.Flush(r.Context(), r.DB); err != nil && !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Conflict) {
						r.Errorf("flush: %v", err)
					}
				}
			})
		}
		work.Wait()
		for _, n := range nodes {
			r.flush(n)
		}
		for _, app := range apps {
			if got := len(r.refusals(app)); got != usage.MaxRefusals {
				r.Fatalf("%d refusals, want those of both nodes", got)
			}
		}
	})
}

func TestRefusalsTakeLittleMemory(t *testing.T) {
	n := &usage.Refusals{}
	environment, first := uuid.New(), uuid.New()
	n.Note(environment, first, refusal(0))
	for range 30_000 {
		n.Note(environment, uuid.New(), refusal(0))
	}
	before := n.Dropped()
	if kept := n.Waiting(); kept > 10_000 || kept < 9_500 || before != uint64(30_001-kept) {
		t.Errorf("those of %d applications are kept, %d dropped", kept, before)
	}
	n.Note(environment, first, refusal(1)) // one that has some already goes on
	if n.Dropped() != before {
		t.Error("a refusal of an application that is kept was dropped")
	}
}

func TestRefusalsAreForgottenAfterNinetyDays(t *testing.T) {
	each(t, func(r *rooms) {
		n := &usage.Refusals{}
		now := time.Now()
		for _, days := range []int{400, 91, 89, 0} {
			n.Note(r.Home.ID, r.app.ID, usage.Refusal{At: now.AddDate(0, 0, -days), Reason: "r", Method: application.Basic})
		}
		r.flush(n)
		if err := usage.ForgetRefusals(r.Context(), r.DB); err != nil {
			r.Fatal(err)
		}
		if rows := r.rows(); rows != 2 {
			r.Errorf("%d rows are left, want 2", rows)
		}
	})
}

// What of somebody's token differs from what a trust wants may be kilobytes, and whoever has an issuer and a trust can
// cause it as often as they like.
func TestDetailOfARefusalIsCutShort(t *testing.T) {
	each(t, func(r *rooms) {
		var n usage.Refusals
		long := refusal(0)
		long.Detail = strings.Repeat("ä", 5_000)
		n.Note(r.app.Environment, r.app.ID, long)
		r.flush(&n)
		if all := r.refusals(r.app.ID); len(all) != 1 || len(all[0].Detail) > 510 || !strings.HasPrefix(all[0].Detail, "ääää") || !utf8.ValidString(all[0].Detail) {
			t.Errorf("%d bytes are kept: %v", len(all[0].Detail), all)
		}
	})
}
