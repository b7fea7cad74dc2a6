package ledger_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

func TestErasingAPayloadLeavesTheChainWhole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		grow(t, d, environment, "a", 4)
		kept := sign(t, d, environment)
		before := events(t, d, environment, ledger.Filter{})
		for range 2 { // the second time there is nothing left to erase
			write(t, d, func(tx *db.Tx) error { return ledger.Erase(tx, root, environment, 2) })
		}
		after := events(t, d, environment, ledger.Filter{})
		if len(after) != 5 {
			t.Fatalf("%d events, want 5", len(after))
		}
		want := before[1]
		want.Payload, want.Salt = "", nil
		if diff := cmp.Diff(want, after[1]); diff != "" {
			t.Errorf("the erased event: %s", diff)
		}
		if !after[1].Erased() || before[1].Erased() {
			t.Error("Erased does not tell the two apart")
		}
		last := after[4]
		if last.Kind != ledger.ErasedKind || last.Subject != (ledger.Subject{Kind: ledger.EventSubject, ID: "2"}) || last.Actor.ID != "root" {
			t.Errorf("the event that says so is %+v", last)
		}
		proof, err := ledger.Verify(t.Context(), ledger.InDatabase(d, environment), &kept)
		if diff := cmp.Diff(ledger.Proof{Events: 5, Signed: 4, Checkpoints: 2, Erased: 1}, proof); err != nil || diff != "" {
			t.Errorf("error %v, proof %s", err, diff)
		}
	})
}

func TestErasedPayloadCannotBeGuessedFromItsDigest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		grow(t, d, environment, "a", 1)
		grow(t, d, environment, "a", 1) // the same payload once more
		both := events(t, d, environment, ledger.Filter{})
		if one, other := both[0], both[1]; one.Payload != other.Payload || one.Digest == other.Digest || len(one.Salt) < 16 {
			t.Errorf("salt %x tells %q apart as %s and %s", one.Salt, one.Payload, one.Digest, other.Digest)
		}
	})
}

func TestEraseOfWhatIsNotThereIsNotFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment, other := newEnvironment(t, d), newEnvironment(t, d)
		grow(t, d, environment, "a", 2)
		for _, c := range []struct {
			environment uuid.UUID
			number      int64
		}{{environment, 0}, {environment, 3}, {environment, -1}, {other, 1}} {
			err := d.Write(t.Context(), func(tx *db.Tx) error { return ledger.Erase(tx, root, c.environment, c.number) })
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("event %d: error %v, want not found", c.number, err)
			}
		}
		if proof := verify(t, d, environment); proof.Erased != 0 || proof.Events != 2 {
			t.Errorf("something was erased: %+v", proof)
		}
	})
}
