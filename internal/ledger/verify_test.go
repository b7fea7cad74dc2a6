package ledger_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

func TestVerifyNamesEveryManipulation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, c := range attacks {
			v := newVictim(t, d)
			verify(t, d, v.environment)
			write(t, d, func(tx *db.Tx) error { return c.attack(tx, v) })
			proof, err := ledger.Verify(t.Context(), ledger.InDatabase(d, v.environment), nil)
			found, _ := errors.AsType[*ledger.Problem](err)
			if found == nil || found.Flaw != c.flaw || found.Number != c.number || proof != (ledger.Proof{}) {
				t.Errorf("%s: found %v, want %s %d", name, err, c.flaw, c.number)
			}
		}
	})
}

func TestKeptCheckpointFindsWhatTheLedgerNoLongerShows(t *testing.T) {
	cases := map[string]struct {
		attack attack
		flaw   ledger.Flaw
		number int64
	}{
		"chain recomputed and checkpoints gone": {
			inTurn(edit(3, anotherStory), recompute, run(noCheckpoints)), ledger.RecomputedChain, 9},
		"chain recomputed and signed with a key that is shown instead": {
			inTurn(edit(3, anotherStory), recompute, resign(strangersKey), showKey(strangersKey)), ledger.ForgedCheckpoint, 9},
		"tail, head and checkpoints cut": {
			inTurn(cutAfter7, run(noCheckpoints)), ledger.CutTail, 8},
		"tail cut and grown again without checkpoints": {
			inTurn(cutAfter7, growAgain, run(noCheckpoints)), ledger.RecomputedChain, 9},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, c := range cases {
			v := newVictim(t, d)
			write(t, d, func(tx *db.Tx) error { return c.attack(tx, v) })
			ledgerNow := ledger.InDatabase(d, v.environment)
			if _, err := ledger.Verify(t.Context(), ledgerNow, nil); err != nil {
				t.Errorf("%s: the attack is not as good as it could be: %v", name, err)
			}
			_, err := ledger.Verify(t.Context(), ledgerNow, &v.last)
			found, _ := errors.AsType[*ledger.Problem](err)
			if found == nil || found.Flaw != c.flaw || found.Number != c.number {
				t.Errorf("%s: found %v, want %s %d", name, err, c.flaw, c.number)
			}
		}
	})
}

func TestThiefOfTheKeyIsFoundByAKeptCheckpoint(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v, sealer := newVictim(t, d), vault(t, d)
		write(t, d, func(tx *db.Tx) error {
			id := v.environment.String()
			sealed, err := db.Value[[]byte](tx, `SELECT sealed FROM ledger_key WHERE environment_id = $1`, id)
			if err != nil {
				return err
			}
			seed, err := sealer.Unseal(tx, v.environment, "ledger_key", id, "sealed", sealed)
			if err != nil {
				return err
			}
			return inTurn(edit(3, anotherStory), recompute, resign(ed25519.NewKeyFromSeed(seed)))(tx, v)
		})
		ledgerNow := ledger.InDatabase(d, v.environment)
		if _, err := ledger.Verify(t.Context(), ledgerNow, nil); err != nil {
			t.Errorf("the attack is not as good as it could be: %v", err)
		}
		_, err := ledger.Verify(t.Context(), ledgerNow, &v.first)
		found, _ := errors.AsType[*ledger.Problem](err)
		if found == nil || found.Flaw != ledger.RecomputedChain || found.Number != 5 {
			t.Errorf("found %v, want that two histories were signed at event 5", err)
		}
	})
}

// A liar is a server that may serve anything.
type liar struct {
	ledger.Source
	events      func(after int64, honest []ledger.Record) []ledger.Record
	checkpoints func(honest []ledger.Checkpoint) []ledger.Checkpoint
}

func (l liar) Events(ctx context.Context, after int64) ([]ledger.Record, error) {
	page, err := l.Source.Events(ctx, after)
	if l.events != nil {
		page = l.events(after, page)
	}
	return page, err
}

func (l liar) Checkpoints(ctx context.Context, after int64) ([]ledger.Checkpoint, error) {
	page, err := l.Source.Checkpoints(ctx, after)
	if l.checkpoints != nil {
		page = l.checkpoints(page)
	}
	return page, err
}

func TestVerifyTrustsNoServer(t *testing.T) {
	var firstPage []ledger.Record
	var firstCheckpoints []ledger.Checkpoint
	lies := map[string]struct {
		liar   liar
		flaw   ledger.Flaw
		number int64
	}{
		"the same events for ever": {liar{events: func(after int64, honest []ledger.Record) []ledger.Record {
			if after == 0 {
				firstPage = honest
			}
			return firstPage
		}}, ledger.ReorderedEvent, 1},
		"events backwards": {liar{events: func(_ int64, honest []ledger.Record) []ledger.Record {
			slices.Reverse(honest)
			return honest
		}}, ledger.RemovedEvent, 1},
		"no events": {liar{events: func(int64, []ledger.Record) []ledger.Record { return nil }}, ledger.CutTail, 1},
		"the same checkpoints for ever": {liar{checkpoints: func(honest []ledger.Checkpoint) []ledger.Checkpoint {
			if len(honest) > 0 {
				firstCheckpoints = honest
			}
			return firstCheckpoints
		}}, ledger.ForgedCheckpoint, 5},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := newVictim(t, d)
		for name, c := range lies {
			c.liar.Source = ledger.InDatabase(d, v.environment)
			_, err := ledger.Verify(t.Context(), c.liar, nil)
			found, _ := errors.AsType[*ledger.Problem](err)
			if found == nil || found.Flaw != c.flaw || found.Number != c.number {
				t.Errorf("%s: found %v, want %s %d", name, err, c.flaw, c.number)
			}
		}
	})
}

func TestWhatTheAPIShowsIsEnoughToVerify(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := newVictim(t, d)
		write(t, d, func(tx *db.Tx) error { return ledger.Erase(tx, root, v.environment, 2) })
		viaJSON := liar{
			Source: ledger.InDatabase(d, v.environment),
			events: func(_ int64, honest []ledger.Record) []ledger.Record {
				return throughJSON(t, honest[:min(2, len(honest))])
			},
		}
		h := head(t, d, v.environment)
		if diff := cmp.Diff(h, throughJSON(t, h)); diff != "" {
			t.Errorf("the head: %s", diff)
		}
		proof, err := ledger.Verify(t.Context(), viaJSON, &v.last)
		if diff := cmp.Diff(ledger.Proof{Events: 13, Signed: 9, Checkpoints: 3, Erased: 1}, proof); err != nil || diff != "" {
			t.Errorf("error %v, proof %s", err, diff)
		}
	})
}

func throughJSON[T any](t *testing.T, v T) (back T) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil {
		t.Error(err)
	}
	return back
}

func TestProofSaysHowFarItReaches(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := newVictim(t, d)
		want := ledger.Proof{Events: 12, Signed: 9, Checkpoints: 2}
		if diff := cmp.Diff(want, verify(t, d, v.environment)); diff != "" {
			t.Error(diff)
		}
		empty := newEnvironment(t, d)
		if diff := cmp.Diff(ledger.Proof{}, verify(t, d, empty)); diff != "" {
			t.Errorf("an empty ledger: %s", diff)
		}
		beginning := sign(t, d, empty)
		grow(t, d, empty, "a", 1)
		proof, err := ledger.Verify(t.Context(), ledger.InDatabase(d, empty), &beginning)
		if diff := cmp.Diff(ledger.Proof{Events: 1, Checkpoints: 1}, proof); err != nil || diff != "" {
			t.Errorf("with a checkpoint of the beginning: error %v, proof %s", err, diff)
		}
		_, err = ledger.Verify(t.Context(), ledger.InDatabase(d, empty), &v.first)
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("with a checkpoint of another environment: error %v, want an invalid one", err)
		}
	})
}

func TestHeadOfAnEmptyLedgerIsCheckedToo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		write(t, d, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE ledger_head SET hash = $2 WHERE environment_id = $1`, environment.String(), ledger.Hash{1})
			return err
		})
		_, err := ledger.Verify(t.Context(), ledger.InDatabase(d, environment), nil)
		found, _ := errors.AsType[*ledger.Problem](err)
		if found == nil || found.Flaw != ledger.EditedHead || found.Number != 0 {
			t.Errorf("found %v, want edited head 0", err)
		}
	})
}

func TestLedgerOfAnotherEnvironmentDoesNotPass(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v, other := newVictim(t, d), newEnvironment(t, d)
		write(t, d, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO ledger_event SELECT $2, number, at, kind, actor_kind, actor_id, subject_kind,
				subject_id, register, payload, salt, digest, hash FROM ledger_event WHERE environment_id = $1`,
				v.environment.String(), other.String())
			return err
		})
		_, err := ledger.Verify(t.Context(), ledger.InDatabase(d, other), nil)
		found, _ := errors.AsType[*ledger.Problem](err)
		if found == nil || found.Flaw != ledger.EditedEvent || found.Number != 1 {
			t.Errorf("found %v, want edited event 1", err)
		}
	})
}
