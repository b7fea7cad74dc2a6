package ledger_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

func TestFollowingReadsEveryEventOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		grow(t, d, environment, "a", 5)
		at, seen := ledger.Genesis(environment), []string{}
		var more bool
		pass := func(f ledger.Filter) {
			t.Helper()
			at = read(t, d, func(tx *db.Tx) (to ledger.Position, err error) {
				var rows []ledger.Record
				rows, to, more, err = ledger.Follow(tx, environment, at, f)
				seen = append(seen, subjects(rows)...)
				return to, err
			})
		}
		for more = true; more; {
			pass(ledger.Filter{Limit: 2})
		}
		grow(t, d, environment, "b", 3)
		pass(ledger.Filter{Subject: "b-2"})
		pass(ledger.Filter{Subject: "b-2"}) // what was passed over counts as read
		if got := strings.Join(seen, " "); got != "a-1 a-2 a-3 a-4 a-5 b-2" || at.Number != 8 {
			t.Errorf("%s, then at %d", got, at.Number)
		}
		for name, was := range map[string]ledger.Position{
			"another past": {Number: 3, Hash: at.Hash}, "another end": {Number: 8}, "past the end": {Number: 9, Hash: at.Hash}, "another beginning": {},
		} {
			err := d.Read(t.Context(), func(tx *db.Tx) error {
				_, _, _, err := ledger.Follow(tx, environment, was, ledger.Filter{})
				return err
			})
			if !errors.Is(err, ledger.ErrRewritten) {
				t.Errorf("%s: %v", name, err)
			}
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			_, err := ledger.At(tx, environment, 9)
			return err
		})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("a number that is not there: %v", err)
		}
	})
}
