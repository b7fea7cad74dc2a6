package ledger_test

import (
	"crypto/ed25519"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// A victim is a ledger of 12 events that was signed at 5 and at 9.
type victim struct {
	environment uuid.UUID
	at7         ledger.Position
	first, last ledger.Checkpoint
}

func newVictim(t *testing.T, d *db.DB) victim {
	t.Helper()
	v := victim{environment: newEnvironment(t, d)}
	grow(t, d, v.environment, "a", 5)
	v.first = sign(t, d, v.environment)
	grow(t, d, v.environment, "b", 2)
	v.at7 = head(t, d, v.environment).Position
	grow(t, d, v.environment, "c", 2)
	v.last = sign(t, d, v.environment)
	grow(t, d, v.environment, "d", 3)
	return v
}

// An attack is done by somebody who writes the database.
type attack func(tx *db.Tx, v victim) error

// run is an attack by statements that may use the environment's id as $1.
func run(statements ...string) attack {
	return func(tx *db.Tx, v victim) error {
		for _, s := range statements {
			rows, err := tx.Exec(s, v.environment.String())
			if err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
			if rows == 0 {
				return fmt.Errorf("%s: no rows", s)
			}
		}
		return nil
	}
}

func inTurn(attacks ...attack) attack {
	return func(tx *db.Tx, v victim) error {
		for _, a := range attacks {
			if err := a(tx, v); err != nil {
				return err
			}
		}
		return nil
	}
}

// edit is an attack that changes columns of one event.
func edit(number int64, set string) attack {
	return run(fmt.Sprintf(`UPDATE ledger_event SET %s WHERE environment_id = $1 AND number = %d`, set, number))
}

// recompute is the attack of somebody who knows the format: it makes digests, hashes and head fit what is there.
func recompute(tx *db.Tx, v victim) error {
	page, err := ledger.Events(tx, v.environment, ledger.Filter{})
	if err != nil {
		return err
	}
	id := v.environment.String()
	at := ledger.Position{Hash: outsidersGenesis(id)}
	for _, r := range page {
		r.Digest = outsidersDigest(r.Salt, r.Payload)
		at = ledger.Position{Number: r.Number, Hash: outsidersHash(id, at.Hash, r)}
		if _, err := tx.Exec(`UPDATE ledger_event SET digest = $3, hash = $4 WHERE environment_id = $1 AND number = $2`,
			id, at.Number, r.Digest, at.Hash); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`UPDATE ledger_head SET number = $2, hash = $3 WHERE environment_id = $1`, id, at.Number, at.Hash)
	return err
}

// resign signs both checkpoints anew, over what stands there now, with the key given.
func resign(key ed25519.PrivateKey) attack {
	return func(tx *db.Tx, v victim) error {
		for _, c := range []ledger.Checkpoint{v.first, v.last} {
			page, err := ledger.Events(tx, v.environment, ledger.Filter{After: c.Number - 1, Limit: 1})
			if err != nil {
				return err
			}
			c.Hash = page[0].Hash
			if _, err := tx.Exec(`UPDATE ledger_checkpoint SET hash = $3, signature = $4 WHERE environment_id = $1 AND number = $2`,
				c.Environment.String(), c.Number, c.Hash, outsidersSignature(key, c)); err != nil {
				return err
			}
		}
		return nil
	}
}

// showKey replaces the environment's public key.
func showKey(key ed25519.PrivateKey) attack {
	return func(tx *db.Tx, v victim) error {
		_, err := tx.Exec(`UPDATE ledger_key SET public = $2 WHERE environment_id = $1`,
			v.environment.String(), []byte(key.Public().(ed25519.PublicKey)))
		return err
	}
}

func cutAfter7(tx *db.Tx, v victim) error { return cutTo(tx, v.environment, v.at7) }

// growAgain appends what nobody but the attacker wanted there.
func growAgain(tx *db.Tx, v victim) error {
	for range 5 {
		ledger.Append(tx, root, disabled(v.environment, "other"))
	}
	return nil
}

const (
	swapPayloads = `UPDATE ledger_event SET payload = (SELECT o.payload FROM ledger_event o
		WHERE o.environment_id = $1 AND o.number = 11) WHERE environment_id = $1 AND number = 4`
	noCheckpoints = `DELETE FROM ledger_checkpoint WHERE environment_id = $1`
	anotherStory  = `payload = '{"after":{"enabled":true}}'`
)

var strangersKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// attacks are those that the ledger itself shows, to anybody.
var attacks = map[string]struct {
	attack attack
	flaw   ledger.Flaw
	number int64
}{
	"payload":                          {edit(3, anotherStory), ledger.EditedPayload, 3},
	"payload by one space":             {edit(3, `payload = payload || ' '`), ledger.EditedPayload, 3},
	"payload of the last event":        {edit(12, anotherStory), ledger.EditedPayload, 12},
	"payload of another event":         {run(swapPayloads), ledger.EditedPayload, 4},
	"salt":                             {edit(3, `salt = hash`), ledger.EditedPayload, 3},
	"time":                             {edit(3, `at = at + 1`), ledger.EditedEvent, 3},
	"kind":                             {edit(3, `kind = 'application.enabled'`), ledger.EditedEvent, 3},
	"actor":                            {edit(3, `actor_id = 'somebody-else'`), ledger.EditedEvent, 3},
	"actor kind":                       {edit(3, `actor_kind = 'system'`), ledger.EditedEvent, 3},
	"subject":                          {edit(3, `subject_id = 'something-else'`), ledger.EditedEvent, 3},
	"subject kind":                     {edit(3, `subject_kind = 'api'`), ledger.EditedEvent, 3},
	"border between two fields":        {edit(3, `subject_kind = 'applicationa', subject_id = '-3'`), ledger.EditedEvent, 3},
	"register flag":                    {edit(3, `register = NOT register`), ledger.EditedEvent, 3},
	"digest":                           {edit(3, `digest = hash`), ledger.EditedEvent, 3},
	"hash":                             {edit(3, `hash = digest`), ledger.EditedEvent, 3},
	"hash cut short":                   {edit(3, `hash = salt`), ledger.EditedEvent, 3},
	"hash of the last event":           {edit(12, `hash = digest`), ledger.EditedEvent, 12},
	"erased silently":                  {edit(3, `payload = NULL, salt = NULL`), ledger.UnrecordedErasure, 3},
	"payload emptied":                  {edit(12, `payload = ''`), ledger.UnrecordedErasure, 12},
	"event removed":                    {run(`DELETE FROM ledger_event WHERE environment_id = $1 AND number = 4`), ledger.RemovedEvent, 4},
	"first event removed":              {run(`DELETE FROM ledger_event WHERE environment_id = $1 AND number = 1`), ledger.RemovedEvent, 1},
	"events removed":                   {run(`DELETE FROM ledger_event WHERE environment_id = $1 AND number BETWEEN 4 AND 11`), ledger.RemovedEvent, 4},
	"last event removed":               {run(`DELETE FROM ledger_event WHERE environment_id = $1 AND number = 12`), ledger.CutTail, 12},
	"all events removed":               {run(`DELETE FROM ledger_event WHERE environment_id = $1`), ledger.CutTail, 1},
	"tail and head cut":                {cutAfter7, ledger.CutTail, 8},
	"tail cut and grown again":         {inTurn(cutAfter7, growAgain), ledger.RecomputedChain, 9},
	"head set back":                    {run(`UPDATE ledger_head SET number = 11, hash = (SELECT hash FROM ledger_event WHERE environment_id = $1 AND number = 11) WHERE environment_id = $1`), ledger.EditedHead, 11},
	"head set forward":                 {run(`UPDATE ledger_head SET number = 13 WHERE environment_id = $1`), ledger.CutTail, 13},
	"head's hash":                      {run(`UPDATE ledger_head SET hash = (SELECT digest FROM ledger_event WHERE environment_id = $1 AND number = 1) WHERE environment_id = $1`), ledger.EditedHead, 12},
	"chain recomputed":                 {inTurn(edit(3, anotherStory), recompute), ledger.RecomputedChain, 5},
	"chain recomputed after 5":         {inTurn(edit(6, `actor_id = 'somebody-else'`), recompute), ledger.RecomputedChain, 9},
	"chain recomputed, strange key":    {inTurn(edit(3, anotherStory), recompute, resign(strangersKey)), ledger.ForgedCheckpoint, 5},
	"strange key shown":                {showKey(strangersKey), ledger.ForgedCheckpoint, 5},
	"checkpoint's signature":           {run(`UPDATE ledger_checkpoint SET signature = hash WHERE environment_id = $1 AND number = 9`), ledger.ForgedCheckpoint, 9},
	"checkpoint's number":              {run(`UPDATE ledger_checkpoint SET number = 4 WHERE environment_id = $1 AND number = 5`), ledger.ForgedCheckpoint, 4},
	"checkpoint's time":                {run(`UPDATE ledger_checkpoint SET at = at + 1 WHERE environment_id = $1 AND number = 5`), ledger.ForgedCheckpoint, 5},
	"two events swapped":               {inTurn(renumber(3, -1), renumber(6, 3), renumber(-1, 6)), ledger.ReorderedEvent, 3},
	"event moved to the front":         {inTurn(renumber(12, 0), shift("number < 12", 1)), ledger.ReorderedEvent, 1},
	"event removed and the gap closed": {inTurn(run(`DELETE FROM ledger_event WHERE environment_id = $1 AND number = 4`), shift("number > 4", -1)), ledger.EditedEvent, 4},
}

func renumber(from, to int64) attack { return edit(from, fmt.Sprintf("number = %d", to)) }

// shift adds by to the numbers of some events, by way of numbers that are free.
func shift(which string, by int) attack {
	return run(`UPDATE ledger_event SET number = -1000 - number WHERE environment_id = $1 AND `+which,
		fmt.Sprintf(`UPDATE ledger_event SET number = -1000 - number + %d WHERE environment_id = $1 AND number < -900`, by))
}
