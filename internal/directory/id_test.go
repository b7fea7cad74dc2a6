package directory

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
)

// TestIDsAreInTheOrderOfTheirTransactions has a clock of its own, which goes on by a microsecond at a time.
func TestIDsAreInTheOrderOfTheirTransactions(t *testing.T) {
	now := time.UnixMicro(1_700_000_000_000_990)
	d := dbtest.SQLiteAt(t, func() time.Time { now = now.Add(time.Microsecond); return now })
	var last string
	var before uint32
	steps := map[uint32]bool{}
	for range 30 {
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			for range 3 {
				id, err := newID(tx)
				if err != nil {
					return err
				}
				floor, ceiling := IDAt(tx.Now()).String(), IDAt(tx.Now().Add(time.Millisecond)).String()
				if s := id.String(); s <= last || s < floor || s >= ceiling || id.Version() != 7 || id.Variant().String() != "RFC4122" {
					t.Errorf("%s after %s at %s", s, last, tx.Now())
				}
				last = id.String()
				at := binary.BigEndian.Uint32(id[8:12])
				steps[at-before], before = true, at
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(steps) < 40 {
		t.Errorf("of 90 steps %d differ: who sees two ids can count what was made between them", len(steps))
	}
}
