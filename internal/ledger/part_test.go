package ledger_test

import (
	"errors"
	"testing"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

func TestPartsShowTheirOwnFlawsOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		grow(t, d, environment, "a", 12)
		write(t, d, func(tx *db.Tx) error { return ledger.Erase(tx, root, environment, 2) })
		if p, err := ledger.VerifyPart(t.Context(), d, environment, 1, 5); err != nil || p.To != 5 || p.End != 13 || p.Erased != 1 {
			t.Errorf("%+v %v", p, err)
		}
		write(t, d, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE ledger_event SET actor_id = 'x' WHERE environment_id = $1 AND number = 6`, environment.String())
			return err
		})
		for _, c := range []struct {
			from, to, flaw int64
		}{{1, 5, 0}, {0, 0, 6}, {6, 6, 6}, {7, 0, 0}, {13, 13, 0}, {14, 0, 0}, {5, 999, 6}} {
			_, err := ledger.VerifyPart(t.Context(), d, environment, c.from, c.to)
			flaw, found := errors.AsType[*ledger.Problem](err)
			if found != (c.flaw != 0) || found && flaw.Number != c.flaw || !found && err != nil {
				t.Errorf("%d to %d: %v", c.from, c.to, err)
			}
		}
		if _, err := ledger.VerifyPart(t.Context(), d, environment, 15, 0); !fault.Is(err, fault.Invalid) {
			t.Errorf("past the end: %v", err)
		}
	})
}
