package ledger_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Every filter, with every page and in both directions, chooses what one would who reads the whole ledger and looks.
func TestFiltersChooseWhatAReaderWouldChoose(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment, other := newEnvironment(t, d), newEnvironment(t, d)
		kinds := []string{"application.disabled", "application.enabled", "application_secret.made", "api.created", "applications"}
		write(t, d, func(tx *db.Tx) error {
			for i := range 60 {
				for _, at := range []ledger.Event{{Environment: environment}, {Environment: other}} {
					at.Kind, at.Subject = kinds[i*7%len(kinds)], ledger.Subject{Kind: "x", ID: fmt.Sprint("s", i%4)}
					ledger.Append(tx, ledger.Who{Kind: "user", ID: fmt.Sprint("u", i%3)}, at)
				}
			}
			return nil
		})
		// Half a minute each, and some a little out of order, as those of transactions are.
		const half = 30 * time.Second
		begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		write(t, d, func(tx *db.Tx) error {
			for i := range int64(60) {
				at := begin.Add(time.Duration(i+[]int64{0, 2, -2, 4}[i%4]) * half)
				if _, err := tx.Exec(`UPDATE ledger_event SET at = $1 WHERE number = $2`, db.Micros(at), i+1); err != nil {
					return err
				}
			}
			_, err := tx.Exec(`DELETE FROM ledger_event WHERE number IN (15, 30, 31)`) // somebody did, and the rest must still be found
			return err
		})
		all := events(t, d, environment, ledger.Filter{})
		for _, kind := range []string{"", "application.", "applications", "a.", "nothing"} {
			for _, actor := range []string{"", "u1", "nobody"} {
				for _, span := range [][2]int{{}, {0, 20}, {15, 0}, {29, 31}, {100, 200}} {
					f := ledger.Filter{Kind: kind, Actor: actor, Limit: 9}
					if actor == "u1" && span[0] < 20 {
						f.Subject = "s2"
					}
					if span[0] != 0 {
						f.From = begin.Add(time.Duration(span[0]) * half)
					}
					if span[1] != 0 {
						f.To = begin.Add(time.Duration(span[1]) * half)
					}
					compareFilter(t, all, f, func(f ledger.Filter) []ledger.Record { return events(t, d, environment, f) })
				}
			}
		}
	})
}

func compareFilter(t *testing.T, all []ledger.Record, f ledger.Filter, page func(ledger.Filter) []ledger.Record) {
	t.Helper()
	want := []int64{}
	for _, r := range all {
		fits := f.Kind == "" || r.Kind == f.Kind || f.Kind[len(f.Kind)-1] == '.' && len(r.Kind) > len(f.Kind) && r.Kind[:len(f.Kind)] == f.Kind
		fits = fits && (f.Actor == "" || r.Actor.ID == f.Actor) && (f.Subject == "" || r.Subject.ID == f.Subject)
		if fits && (f.From.IsZero() || !r.At.Before(f.From)) && (f.To.IsZero() || r.At.Before(f.To)) {
			want = append(want, r.Number)
		}
	}
	for _, f.Descending = range []bool{false, true} {
		got := []int64{}
		for {
			rows := page(f)
			for _, r := range rows {
				got = append(got, r.Number)
			}
			if len(rows) < f.Limit {
				break
			}
			if last := rows[len(rows)-1].Number; f.Descending {
				f.Before = last
			} else {
				f.After = last
			}
		}
		if f.Descending {
			slices.Reverse(got)
		}
		f.After, f.Before = 0, 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: %s", f, diff)
		}
	}
}
