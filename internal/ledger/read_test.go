package ledger_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

func TestFilterChoosesEvents(t *testing.T) {
	cases := map[string]struct {
		filter ledger.Filter
		want   []int64
	}{
		"all":                    {ledger.Filter{}, []int64{1, 2, 3, 4, 5, 6}},
		"after":                  {ledger.Filter{After: 4}, []int64{5, 6}},
		"before":                 {ledger.Filter{Before: 3}, []int64{1, 2}},
		"between":                {ledger.Filter{After: 2, Before: 5}, []int64{3, 4}},
		"subject":                {ledger.Filter{Subject: "odd"}, []int64{1, 3, 5}},
		"kind":                   {ledger.Filter{Kind: "third"}, []int64{3, 6}},
		"kind and subject":       {ledger.Filter{Kind: "third", Subject: "odd"}, []int64{3}},
		"limit":                  {ledger.Filter{Limit: 2}, []int64{1, 2}},
		"newest":                 {ledger.Filter{Limit: 2, Descending: true}, []int64{6, 5}},
		"newest before a number": {ledger.Filter{Subject: "odd", Before: 5, Limit: 1, Descending: true}, []int64{3}},
		"nothing":                {ledger.Filter{After: 6}, nil},
		"an unknown subject":     {ledger.Filter{Subject: "' OR 1=1 --"}, nil},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment, other := newEnvironment(t, d), newEnvironment(t, d)
		grow(t, d, other, "odd", 3)
		write(t, d, func(tx *db.Tx) error {
			for n := 1; n <= 6; n++ {
				e := disabled(environment, []string{"even", "odd"}[n%2])
				if n%3 == 0 {
					e.Kind = "third"
				}
				ledger.Append(tx, root, e)
			}
			return nil
		})
		for name, c := range cases {
			var got []int64
			for _, r := range events(t, d, environment, c.filter) {
				got = append(got, r.Number)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	})
}

func TestPagesAreBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		write(t, d, func(tx *db.Tx) error {
			for range ledger.MaxPage + 1 {
				ledger.Append(tx, root, disabled(environment, "a"))
			}
			return nil
		})
		for _, limit := range []int{0, -1, ledger.MaxPage + 1} {
			if n := len(events(t, d, environment, ledger.Filter{Limit: limit})); n != ledger.MaxPage {
				t.Errorf("limit %d: %d events, want %d", limit, n, ledger.MaxPage)
			}
		}
		if proof := verify(t, d, environment); proof.Events != ledger.MaxPage+1 {
			t.Errorf("%d events were verified", proof.Events)
		}
	})
}

func TestLedgerThatNeverBeganIsNotFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			_, err := ledger.Last(tx, uuid.New())
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("error %v, want not found", err)
		}
	})
}

func TestRegisterIsToldOnlyOfWhatConcernsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		write(t, d, func(tx *db.Tx) error {
			for n := range 100 {
				e := disabled(environment, fmt.Sprint(n+1))
				e.Register = n%50 == 0
				ledger.Append(tx, root, e)
			}
			return nil
		})
		before, _ := d.Statements()
		var got []ledger.Change
		at := read(t, d, func(tx *db.Tx) (ledger.Position, error) {
			head, changes, err := ledger.Since(tx, environment, ledger.Genesis(environment))
			got = changes
			return head, err
		})
		if after, _ := d.Statements(); after-before != 1 {
			t.Errorf("%d statements, want 1", after-before)
		}
		want := []ledger.Change{
			{Number: 1, Kind: "application.disabled", Subject: ledger.Subject{Kind: "application", ID: "1"}},
			{Number: 51, Kind: "application.disabled", Subject: ledger.Subject{Kind: "application", ID: "51"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if at != head(t, d, environment).Position {
			t.Errorf("the tail is at %v, the head at %v", at, head(t, d, environment))
		}
		again, more, err := since(t, d, environment, at)
		if again != at || more != nil || err != nil {
			t.Errorf("nothing happened, and the tail says %v, %v, %v", again, more, err)
		}
	})
}

func since(t *testing.T, d *db.DB, environment uuid.UUID, from ledger.Position) (head ledger.Position, changes []ledger.Change, err error) {
	t.Helper()
	err = d.Read(t.Context(), func(tx *db.Tx) error {
		var err error
		head, changes, err = ledger.Since(tx, environment, from)
		return err
	})
	return head, changes, err
}

func TestTailNoticesThatThePastChanged(t *testing.T) {
	attacks := map[string][]string{
		"hash at the position": {`UPDATE ledger_event SET hash = $2 WHERE environment_id = $1 AND number = 5`},
		"event gone":           {`DELETE FROM ledger_event WHERE environment_id = $1 AND number = 5 AND hash <> $2`},
		"head gone":            {`DELETE FROM ledger_head WHERE environment_id = $1 AND hash <> $2`},
		"head went back":       {`UPDATE ledger_head SET number = 4, hash = $2 WHERE environment_id = $1`},
		"head is another":      {`UPDATE ledger_head SET hash = $2 WHERE environment_id = $1`},
		"older backup": {
			`DELETE FROM ledger_event WHERE environment_id = $1 AND number > 3 AND hash <> $2`,
			`UPDATE ledger_head SET number = 3, hash = $2 WHERE environment_id = $1`,
		},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, statements := range attacks {
			environment := newEnvironment(t, d)
			grow(t, d, environment, "a", 5)
			at := head(t, d, environment).Position
			if _, _, err := since(t, d, environment, at); err != nil {
				t.Fatal(err)
			}
			write(t, d, func(tx *db.Tx) error {
				for _, s := range statements {
					if rows, err := tx.Exec(s, environment.String(), ledger.Hash{}); err != nil {
						return fmt.Errorf("%s: %w", s, err)
					} else if rows == 0 {
						return fmt.Errorf("%s: no rows", s)
					}
				}
				return nil
			})
			head, changes, err := since(t, d, environment, at)
			if !errors.Is(err, ledger.ErrRewritten) || changes != nil || head != (ledger.Position{}) {
				t.Errorf("%s: %v, %v, %v, want ErrRewritten", name, head, changes, err)
			}
		}
	})
}

func TestRestoredLedgerThatGrewAgainIsNoticed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		grow(t, d, environment, "first", 3)
		third := head(t, d, environment)
		grow(t, d, environment, "lost", 2)
		at := head(t, d, environment).Position
		write(t, d, func(tx *db.Tx) error { return cutTo(tx, environment, third.Position) })
		grow(t, d, environment, "second", 4)
		if _, _, err := since(t, d, environment, at); !errors.Is(err, ledger.ErrRewritten) {
			t.Errorf("error %v, want ErrRewritten", err)
		}
		other := newEnvironment(t, d)
		if _, _, err := since(t, d, environment, ledger.Genesis(other)); !errors.Is(err, ledger.ErrRewritten) {
			t.Errorf("from another environment's beginning: error %v, want ErrRewritten", err)
		}
	})
}

// cutTo takes everything after p from a ledger, and puts its head there.
func cutTo(tx *db.Tx, environment uuid.UUID, p ledger.Position) error {
	_, err := tx.Exec(`DELETE FROM ledger_event WHERE environment_id = $1 AND number > $2`, environment.String(), p.Number)
	if err == nil {
		_, err = tx.Exec(`UPDATE ledger_head SET number = $2, hash = $3 WHERE environment_id = $1`,
			environment.String(), p.Number, p.Hash)
	}
	return err
}
