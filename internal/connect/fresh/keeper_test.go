package fresh_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func each(t *testing.T, test func(h *house)) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) { test(build(t, dsn, "far")) })
}

func TestAFreshTokenCostsNoStatement(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.gets(n, "token 0")
		before, _ := n.db.Statements()
		for range 100 {
			h.gets(n, "token 0")
		}
		if after, _ := n.db.Statements(); after != before {
			h.Errorf("%d statements", after-before)
		}
		if n := h.far.calls.Load(); n != 0 {
			h.Errorf("%d calls", n)
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = n.Token(h.Context(), &h.actor, h.at.ID) }); n > 0 {
			h.Errorf("%v allocations", n)
		}
	})
}

func TestAHundredProgramsOnThreeNodesCauseOneRefresh(t *testing.T) {
	h := build(t, dbtest.PostgreSQLDSN(t), "far")
	for range 2 {
		h.join(dbtest.Open(t, h.dsn, h.clock.Now))
	}
	for _, n := range h.nodes {
		h.gets(n, "token 0")
	}
	h.clock.pass(2 * time.Hour)
	h.far.says(func(context.Context, int64) error { time.Sleep(200 * time.Millisecond); return nil })
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() { h.gets(h.nodes[i%3], "token 1") })
	}
	all.Wait()
	if n := h.far.calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestATokenThatIsStillValidIsServedWhileItsSuccessorIsFetched(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.gets(n, "token 0")
		h.clock.pass(58 * time.Minute)
		called, release := make(chan struct{}), make(chan struct{})
		h.far.says(func(_ context.Context, call int64) error {
			if call == 1 {
				close(called)
				<-release
			}
			return nil
		})
		h.gets(n, "token 0")
		<-called
		h.gets(n, "token 0")
		close(release)
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if got, _ := h.token(n); got == "token 1" {
				break
			}
		}
		h.gets(n, "token 1")
	})
}

func TestANodeThatDiesInMidRefreshDelaysNobodyForLongAndCostsOneCall(t *testing.T) {
	t.Parallel() // it waits most of the time
	h := build(t, dbtest.PostgreSQLDSN(t), "far")
	cable := dbtest.Through(t, h.dsn)
	dying := h.join(dbtest.Open(t, cable.DSN, h.clock.Now))
	h.gets(dying, "token 0")
	h.clock.pass(2 * time.Hour)
	called := make(chan struct{})
	h.far.says(func(ctx context.Context, call int64) error {
		if call == 1 {
			close(called)
			<-ctx.Done() // it never learns how this ended
			return ctx.Err()
		}
		return nil
	})
	go func() { _, _ = h.token(dying) }()
	<-called
	cable.Cut()
	began := time.Now()
	h.gets(h.nodes[0], "token 2")
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("it took %v", took)
	}
	if n := h.far.calls.Load(); n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestAProviderThatIsDownIsOutlived(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.gets(n, "token 0")
		down := &exchange.Failure{Stage: "reach_host", Hint: "The host does not answer."}
		h.far.says(func(context.Context, int64) error { return down })
		h.clock.pass(58 * time.Minute)
		for range 10 {
			h.gets(n, "token 0")
			h.ahead()
			h.clock.pass(10 * time.Second)
		}
		h.tell(n)
		h.gets(n, "token 0")
		h.clock.pass(10 * time.Minute)
		h.tell(n)
		if _, err := h.token(n); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "The host does not answer.") {
			h.Errorf("%v", err)
		}
		_, _ = h.token(n) // whatever was still under way is over
		calls := h.far.calls.Load()
		for range 50 { // which cost the provider nothing while it rests
			if _, err := h.token(n); !fault.Is(err, fault.Unavailable) {
				h.Errorf("%v", err)
			}
		}
		if more := h.far.calls.Load() - calls; more > 0 {
			h.Errorf("%d more calls", more)
		}
		if c := h.load(); c.State != connect.Failing || c.Stage != "reach_host" || c.Since.IsZero() {
			h.Errorf("%+v", c.Health)
		}
		h.far.says(nil)
		h.clock.pass(15 * time.Minute)
		h.ahead()
		h.tell(n)
		if _, err := h.token(n); err != nil {
			h.Error(err)
		}
		if c := h.load(); c.State != connect.Healthy || c.Reason != "" || !c.Since.IsZero() {
			h.Errorf("%+v", c.Health)
		}
		want := []string{"connection.created", "connection.new_caller", "connection.failing", "connection.recovered"}
		if diff := cmp.Diff(want, h.kinds()); diff != "" {
			h.Error(diff)
		}
	})
}

func (h *house) ahead() {
	h.Helper()
	if err := h.nodes[0].Ahead(h.Context()); err != nil {
		h.Fatal(err)
	}
}

func TestASwitchCountsOnEveryNodeThatHeardOfIt(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		operator := access.Operator(h.rooms.Home.ID)
		set := func(what string, fn func(tx *db.Tx, on bool) error) {
			h.gets(n, "token 0")
			h.rooms.Write(func(tx *db.Tx) error { return fn(tx, false) })
			h.tell(n)
			if got, err := h.token(n); !fault.Is(err, fault.Conflict) {
				h.Errorf("%s is off: %q, %v", what, got, err)
			}
			h.rooms.Write(func(tx *db.Tx) error { return fn(tx, true) })
			h.tell(n)
			h.gets(n, "token 0")
		}
		set("the connection", func(tx *db.Tx, on bool) error {
			_, err := n.connect.SetEnabled(tx, &operator, h.at.ID, 0, on)
			return err
		})
		set("the connector", func(tx *db.Tx, on bool) error {
			_, err := n.connect.SetConnectorEnabled(tx, &operator, h.at.Connector.ID, 0, on)
			return err
		})
		set("the provider", func(tx *db.Tx, on bool) error { return n.connect.StopProvider(tx, &operator, "far", !on) })
		h.rooms.Write(func(tx *db.Tx) error { return n.connect.Delete(tx, &operator, h.at.ID, 0, connect.NotRevoked) })
		h.tell(n)
		if got, err := h.token(n); !fault.Is(err, fault.NotFound) {
			h.Errorf("deleted: %q, %v", got, err)
		}
	})
}

func TestAnAnswerForACredentialThatWasReplacedIsThrownAway(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.gets(n, "token 0")
		h.clock.pass(2 * time.Hour)
		h.far.says(func(context.Context, int64) error {
			h.far.says(nil)
			return h.rooms.DB.Write(context.Background(), func(tx *db.Tx) error {
				filled := connect.Filled{Values: map[string]string{"client_id": "me"}, Secrets: map[string]seal.Secret{"client_secret": seal.NewSecret("new")}}
				_, err := n.connect.Reconnect(tx, h.rooms.Operator.Who(), h.at.ID, h.rooms.Home.ID, filled, token(h.clock.Now(), time.Hour, "of the new one"), "")
				return err
			})
		})
		h.gets(n, "of the new one")
	})
}

func TestARefreshTokenThatMayBeUsedUpIsNotTriedForever(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		h := build(t, dsn, "rotating")
		n := h.nodes[0]
		h.gets(n, "token 0")
		h.clock.pass(2 * time.Hour)
		for range 3 { // holders that died
			h.rooms.Write(func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE connection_token SET holder = 'dead', held_until = $1, lost = lost + 1`, db.Micros(tx.Now())-1)
				return err
			})
		}
		if _, err := h.token(n); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "Uncertain") {
			t.Errorf("%v", err)
		}
		if c := h.load(); c.State != connect.Exhausted || h.far.calls.Load() != 0 {
			t.Errorf("%+v, %d calls", c.Health, h.far.calls.Load())
		}
		h.tell(n)
		if _, err := n.Refresh(t.Context(), h.rooms.Home.ID, h.at.ID); err != nil { // a person may dare it
			t.Error(err)
		}
		if c := h.load(); c.State != connect.Healthy {
			t.Errorf("%+v", c.Health)
		}
	})
}

func TestAFinalRefusalGivesTheConnectionUp(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.far.says(func(context.Context, int64) error {
			return &exchange.Failure{Stage: "client_known", Hint: "The grant is gone.", Final: true}
		})
		h.clock.pass(2 * time.Hour)
		for range 3 {
			if _, err := h.token(n); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "The grant is gone.") {
				h.Errorf("%v", err)
			}
			h.clock.pass(time.Hour)
			h.ahead()
		}
		if c := h.load(); c.State != connect.Exhausted || h.far.calls.Load() != 1 {
			h.Errorf("%+v, %d calls", c.Health, h.far.calls.Load())
		}
	})
}

func TestAfterFourDaysOfFailuresAConnectionIsGivenUp(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.far.says(func(context.Context, int64) error { return errors.New("no answer") })
		for range 4 {
			h.clock.pass(24 * time.Hour)
			h.ahead()
			_, _ = h.token(n)
		}
		if c := h.load(); c.State != connect.Failing {
			h.Errorf("%+v", c.Health)
		}
		h.clock.pass(25 * time.Hour)
		h.ahead()
		if c := h.load(); c.State != connect.Exhausted {
			h.Errorf("%+v", c.Health)
		}
		calls := h.far.calls.Load()
		h.clock.pass(48 * time.Hour)
		h.ahead()
		if h.far.calls.Load() != calls {
			h.Error("it is tried again")
		}
	})
}

func TestAForcedRefreshIsNotRepeatedWithinTenSeconds(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.clock.pass(time.Minute)
		for range 5 {
			w, err := n.Refresh(h.Context(), h.rooms.Home.ID, h.at.ID)
			if err != nil || w.Token.Access.Reveal() != "token 1" {
				h.Fatalf("%v", err)
			}
		}
		h.clock.pass(11 * time.Second)
		if w, err := n.Refresh(h.Context(), h.rooms.Home.ID, h.at.ID); err != nil || w.Token.Access.Reveal() != "token 2" {
			h.Errorf("%v", err)
		}
	})
}

func TestATokenThatTheSystemRefusedIsReplacedOnce(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.gets(n, "token 0")
		h.clock.pass(time.Minute)
		for range 3 {
			n.Rejected(h.Context(), h.rooms.Home.ID, h.at.ID, seal.NewSecret("token 0"))
		}
		h.gets(n, "token 1")
		if calls := h.far.calls.Load(); calls != 1 {
			h.Errorf("%d calls", calls)
		}
	})
}

func TestWhatNobodyUsesIsLookedAtOnceADay(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.clock.pass(2 * time.Hour)
		h.ahead()
		if calls := h.far.calls.Load(); calls != 0 {
			h.Errorf("%d calls for nobody", calls)
		}
		h.gets(n, "token 1")
		if err := n.Flush(h.Context()); err != nil {
			h.Fatal(err)
		}
		h.clock.pass(2 * time.Hour)
		h.ahead()
		h.gets(n, "token 2")
		h.clock.pass(25 * time.Hour)
		h.ahead()
		if calls := h.far.calls.Load(); calls != 3 {
			h.Errorf("%d calls", calls)
		}
	})
}

func TestIdsThatNobodyHasLeaveNothingBehind(t *testing.T) {
	each(t, func(h *house) {
		other := h.actor
		other.Environment = h.at.ID // an environment that is none
		if _, err := h.nodes[0].Token(h.Context(), &other, h.at.ID); !fault.Is(err, fault.NotFound) {
			h.Errorf("%v", err)
		}
		if n := h.nodes[0].Resident(); n != 0 {
			h.Errorf("%d entries", n)
		}
	})
}
