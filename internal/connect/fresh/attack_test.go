package fresh_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/fresh"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestANodeThatHearsOfNoSwitchHandsOutNothing(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.gets(n, "token 0")
		n.deaf.Store(true)
		if got, err := h.token(n); !fault.Is(err, fault.Unavailable) {
			h.Errorf("%q, %v", got, err)
		}
		if _, err := n.Refresh(h.Context(), h.rooms.Home.ID, h.at.ID); !fault.Is(err, fault.Unavailable) {
			h.Error(err)
		}
		n.Rejected(h.Context(), h.rooms.Home.ID, h.at.ID, seal.NewSecret("token 0"))
		if calls := h.far.calls.Load(); calls != 0 {
			h.Errorf("%d calls", calls)
		}
		n.deaf.Store(false)
		h.gets(n, "token 0")
	})
}

func TestAProviderThatIsDownIsNotAskedMoreOftenByForce(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.gets(n, "token 0")
		h.far.says(func(context.Context, int64) error { return &exchange.Failure{Stage: "reach_host", Hint: "It is down."} })
		force := func(want int64) {
			h.Helper()
			h.clock.pass(11 * time.Second)
			for range 20 {
				if _, err := n.Refresh(h.Context(), h.rooms.Home.ID, h.at.ID); !fault.Is(err, fault.Unavailable) {
					h.Error(err)
				}
			}
			if calls := h.far.calls.Load(); calls != want {
				h.Errorf("%d calls, want %d", calls, want)
			}
		}
		force(1)
		force(2)
		h.tell(n)
		h.gets(n, "token 0") // which is still good
		h.clock.pass(11 * time.Second)
		for range 20 { // a system that refuses every token is no reason to ask more often
			n.Rejected(h.Context(), h.rooms.Home.ID, h.at.ID, seal.NewSecret("token 0"))
		}
		if calls := h.far.calls.Load(); calls != 2 {
			h.Errorf("%d calls after refusals of the system", calls)
		}
	})
}

func TestATokenThatWasRefreshedByForceIsOnEveryNodeThatHeard(t *testing.T) {
	h := build(t, dbtest.PostgreSQLDSN(t), "far")
	other := h.join(dbtest.Open(t, h.dsn, h.clock.Now))
	h.gets(other, "token 0")
	h.tell(other)
	h.clock.pass(time.Minute)
	if _, err := h.nodes[0].Refresh(t.Context(), h.rooms.Home.ID, h.at.ID); err != nil {
		t.Fatal(err)
	}
	h.tell(other)
	h.gets(other, "token 1")
}

func TestWhatStaysDueHoldsNobodyUp(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		operator := access.Operator(h.rooms.Home.ID)
		h.rooms.Write(func(tx *db.Tx) error {
			off, err := n.connect.CreateConnector(tx, &operator, connect.ConnectorSpec{Provider: "far", Name: "off"})
			if err != nil {
				return err
			}
			for range 120 {
				old := token(h.clock.Now().Add(-time.Hour), time.Hour, "old")
				if _, err = n.connect.Create(tx, operator.Who(), off, connect.Spec{}, connect.Filled{}, old, ""); err != nil {
					return err
				}
			}
			// Nobody can call a provider that is not in the catalogue any more.
			_, err = tx.Exec(`UPDATE connector SET provider = 'gone' WHERE name = 'off'`)
			return err
		})
		h.gets(n, "token 0")
		if err := n.Flush(h.Context()); err != nil {
			h.Fatal(err)
		}
		h.clock.pass(25 * time.Hour)
		h.ahead()
		if calls := h.far.calls.Load(); calls != 1 {
			h.Errorf("%d calls", calls)
		}
	})
}

func TestAThousandCallersReadAWayOnce(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.gets(n, "token 0")
		statements := func(callers int) int64 {
			n.Heard(uuid.Nil, ledger.Subject{})
			before, _ := n.db.Statements()
			var all sync.WaitGroup
			for range callers {
				all.Go(func() { h.gets(n, "token 0") })
			}
			all.Wait()
			after, _ := n.db.Statements()
			return int64(after - before)
		}
		if one, many := statements(1), statements(1000); one == 0 || many != one {
			h.Errorf("%d statements for one, %d for a thousand", one, many)
		}
	})
}

func TestARewrittenLedgerForgetsEverything(t *testing.T) {
	each(t, func(h *house) {
		n := h.nodes[0]
		h.gets(n, "token 0")
		h.rooms.Write(func(tx *db.Tx) error { // as a restore does, of which no event tells
			_, err := tx.Exec(`UPDATE connection SET enabled = $1`, false)
			return err
		})
		h.gets(n, "token 0")
		n.Heard(uuid.Nil, ledger.Subject{})
		if _, err := h.token(n); !fault.Is(err, fault.Conflict) {
			h.Error(err)
		}
	})
}

func TestATokenThatWasGotIsKeptThoughTheDatabaseStumbles(t *testing.T) {
	h := build(t, dbtest.PostgreSQLDSN(t), "far")
	cable := dbtest.Through(t, h.dsn)
	n := h.join(dbtest.Open(t, cable.DSN, h.clock.Now))
	h.gets(n, "token 0")
	h.clock.pass(2 * time.Hour)
	h.far.says(func(context.Context, int64) error {
		cable.Cut()
		time.AfterFunc(300*time.Millisecond, cable.Mend)
		return nil
	})
	h.gets(n, "token 1")
	h.far.says(nil)
	h.gets(h.nodes[0], "token 1")
	if calls := h.far.calls.Load(); calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

func TestABurstIsToldOnceAnHourAndOnlyAgainstWhatIsUsual(t *testing.T) {
	use := fresh.Traffic()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	told := 0
	minute := func(uses int) {
		for range uses {
			if _, _, burst := use(now); burst {
				told++
			}
		}
		now = now.Add(time.Minute)
	}
	minute(10_000) // nobody knows yet what is usual
	for range 120 {
		minute(50)
	}
	minute(400) // eight times as much
	if told != 0 {
		t.Errorf("told %d times", told)
	}
	minute(2000)
	minute(5000)
	if told != 1 {
		t.Errorf("told %d times, want once", told)
	}
	for range 90 {
		minute(50)
	}
	minute(5000)
	if told != 2 {
		t.Errorf("told %d times, want twice", told)
	}
}
