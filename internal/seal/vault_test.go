package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestSealedValueOpensInItsPlaceOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := open(t, d, file(t))
		here, there := environment(t, d, v), environment(t, d, v)
		box := sealed(t, d, v, here, "plain text")
		opensAs(t, d, v, here, box, "plain text")
		if bytes.Contains(box, []byte("plain")) {
			t.Error("the sealed value shows what it holds")
		}
		elsewhere := []struct {
			environment        uuid.UUID
			table, row, column string
		}{
			{there, "table", "row", "column"},
			{here, "other", "row", "column"},
			{here, "table", "other", "column"},
			{here, "table", "row", "other"},
			{here, "table", "rowc", "olumn"}, // the same letters, cut elsewhere
			{here, "tabler", "ow", "column"},
			{here, "table", "", "rowcolumn"},
		}
		for _, e := range elsewhere {
			err := d.Read(t.Context(), func(tx *db.Tx) error {
				_, err := v.Unseal(tx, e.environment, e.table, e.row, e.column, box)
				return err
			})
			if fault.Of(err) != fault.Internal || err == nil {
				t.Errorf("a value moved to %v opens there: %v", e, err)
			}
		}
	})
}

func TestAlteredSealedValueIsRefusedAtEveryBit(t *testing.T) {
	d := dbtest.SQLite(t)
	v := open(t, d, file(t))
	e := environment(t, d, v)
	box := sealed(t, d, v, e, "short")
	for bit := range len(box) * 8 {
		altered := bytes.Clone(box)
		altered[bit/8] ^= 1 << (bit % 8)
		if got, err := unsealed(t, d, v, e, altered); err == nil {
			t.Fatalf("with bit %d flipped it opens as %q", bit, got)
		}
	}
	for length := range box {
		if _, err := unsealed(t, d, v, e, box[:length]); err == nil {
			t.Fatalf("cut to %d bytes it opens", length)
		}
	}
}

func TestKeysetMovedToAnotherEnvironmentIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := file(t)
		v := open(t, d, s)
		mine, theirs := environment(t, d, v), environment(t, d, v)
		box := sealed(t, d, v, mine, "mine")
		change(t, d, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE environment_key SET keyset = (SELECT keyset FROM environment_key WHERE environment_id = $1)
WHERE environment_id = $2`, mine.String(), theirs.String())
			return err
		})
		if got, err := unsealed(t, d, v, theirs, box); err == nil {
			t.Errorf("the keyset of one environment serves another, which reads %q", got)
		}
		if _, err := seal.Open(t.Context(), d, s); err == nil {
			t.Error("the vault opens with a keyset in the wrong place")
		}
	})
}

func TestEnvironmentWithoutKeysetSealsNothing(t *testing.T) {
	d := dbtest.SQLite(t)
	v := open(t, d, file(t))
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := v.Seal(tx, uuid.New(), "table", "row", "column", nil)
		return err
	})
	if fault.Of(err) != fault.Internal || err == nil {
		t.Errorf("Seal returned %v", err)
	}
}

// A transaction that is undone takes its keyset along. A vault that kept it would seal under a key that nobody has.
func TestKeysetOfAnUndoneTransactionIsNotUsed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := open(t, d, file(t))
		e := environment(t, d, v)
		before := sealed(t, d, v, e, "before")
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(`DELETE FROM environment_key WHERE environment_id = $1`, e.String()); err != nil {
				return err
			}
			if err := v.Enclose(tx, e); err != nil {
				return err
			}
			if _, err := v.Seal(tx, e, "table", "row", "column", []byte("lost")); err != nil {
				return err
			}
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			t.Fatal(err)
		}
		after := sealed(t, d, v, e, "after")
		opensAs(t, d, v, e, before, "before")
		opensAs(t, d, v, e, after, "after")
	})
}

func TestEnvironmentMadeByOneNodeIsReadByAnother(t *testing.T) {
	dsn := dbtest.PostgreSQLDSN(t)
	key := seal.GenerateRootKey()
	d1, d2 := dbtest.Open(t, dsn, nil), dbtest.Open(t, dsn, nil)
	v1, v2 := open(t, d1, withKeys(t, key)), open(t, d2, withKeys(t, key))
	e := environment(t, d1, v1)
	opensAs(t, d2, v2, e, sealed(t, d1, v1, e, "from one"), "from one")
	opensAs(t, d1, v1, e, sealed(t, d2, v2, e, "from two"), "from two")
}

func TestManyTransactionsSealAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := open(t, d, file(t))
		e := environment(t, d, v)
		done := make(chan error)
		for i := range 16 {
			go func() {
				plain := fmt.Sprint("value ", i)
				done <- d.Write(t.Context(), func(tx *db.Tx) error {
					box, err := v.Seal(tx, e, "table", "row", "column", []byte(plain))
					if err != nil {
						return err
					}
					got, err := v.Unseal(tx, e, "table", "row", "column", box)
					if err == nil && string(got) != plain {
						err = fmt.Errorf("got %q, want %q", got, plain)
					}
					return err
				})
			}()
		}
		for range 16 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}
