package usage_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// uses returns what is written about a credential: uses by hour of each day, and the last of them.
func uses(t *testing.T, d *db.DB, environment, id uuid.UUID) (byDay map[int64][24]uint32, last time.Time) {
	t.Helper()
	byDay = map[int64][24]uint32{}
	err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
		use, err := usage.LastUsed(tx, environment, id)
		if last = use.At; err != nil {
			return err
		}
		return tx.Each(func(scan db.Scan) error {
			var day int64
			var text string
			if err := scan(&day, &text); err != nil {
				return err
			}
			var hours [24]uint32
			err := json.Unmarshal([]byte(text), &hours)
			byDay[day] = hours
			return err
		}, `SELECT day, hours FROM credential_usage WHERE environment_id = $1 AND credential_id = $2`, environment.String(), id.String())
	})
	if err != nil {
		t.Fatal(err)
	}
	return byDay, last
}

var midnight = time.Date(2030, 5, 7, 0, 0, 0, 0, time.UTC)

func TestUsesAreWrittenByTheHour(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		u := &usage.Counter{}
		environment, id, other := uuid.New(), uuid.New(), uuid.New()
		for _, at := range []time.Duration{-time.Hour, -time.Microsecond, 0, 0, time.Hour - 1, time.Hour, 23 * time.Hour} {
			u.Count(environment, id, usage.Use{At: midnight.Add(at)})
		}
		u.Count(environment, other, usage.Use{At: midnight})
		if err := u.Flush(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		u.Count(environment, id, usage.Use{At: midnight.Add(time.Minute)}) // late, and of an hour that is written
		u.Count(environment, id, usage.Use{At: midnight})
		if err := u.Flush(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		got, last := uses(t, d, environment, id)
		day := midnight.Unix() / 86400
		want := map[int64][24]uint32{day - 1: {23: 2}, day: {0: 5, 1: 1, 23: 1}}
		if fmt.Sprint(got) != fmt.Sprint(want) || !last.Equal(midnight.Add(23*time.Hour)) {
			t.Errorf("%v until %s, want %v", got, last, want)
		}
		if _, last := uses(t, d, uuid.New(), id); !last.IsZero() {
			t.Errorf("in another environment: %s", last)
		}
	})
}

func TestUsesThatCannotBeWrittenAreKept(t *testing.T) {
	d := dbtest.SQLite(t)
	u := &usage.Counter{}
	environment := uuid.New()
	var ids []uuid.UUID
	for range 40 {
		ids = append(ids, uuid.New())
		u.Count(environment, ids[len(ids)-1], usage.Use{At: midnight})
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := u.Flush(ended, d); err == nil {
		t.Fatal("written although the context has ended")
	}
	for _, id := range ids {
		u.Count(environment, id, usage.Use{At: midnight.Add(-time.Minute)})
		u.Count(environment, id, usage.Use{At: midnight.Add(time.Second)})
	}
	if err := u.Flush(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		got, last := uses(t, d, environment, id)
		if fmt.Sprint(got) != fmt.Sprint(map[int64][24]uint32{midnight.Unix()/86400 - 1: {23: 1}, midnight.Unix() / 86400: {0: 2}}) || !last.Equal(midnight.Add(time.Second)) {
			t.Fatalf("%v until %s", got, last)
		}
	}
}

// More credentials than one transaction takes, counted while they are being written, by several nodes at once.
func TestNoUseIsLostBetweenFlushes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := uuid.New()
		ids := make([]uuid.UUID, 300)
		for i := range ids {
			ids[i] = uuid.New()
			ids[i][15] = 0 // all in one shard
		}
		nodes := []*usage.Counter{{}, {}}
		var counting, flushing sync.WaitGroup
		stop := make(chan struct{})
		for _, u := range nodes {
			counting.Go(func() {
				for range 5 {
					for _, id := range ids {
						u.Count(environment, id, usage.Use{At: midnight})
					}
				}
			})
			flushing.Go(func() {
				for {
					if err := u.Flush(t.Context(), d); err != nil && !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Conflict) {
						t.Errorf("flush: %v", err)
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		counting.Wait()
		close(stop)
		flushing.Wait()
		for _, u := range nodes {
			if err := u.Flush(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range ids {
			if got, _ := uses(t, d, environment, id); got[midnight.Unix()/86400][0] != 10 {
				t.Fatalf("%s: %v, want 10", id, got)
			}
		}
		if got := totals(t, d, environment); fmt.Sprint(got) != fmt.Sprint([][3]int64{{midnight.Unix() / 3600, int64(10 * len(ids)), 0}}) {
			t.Errorf("in all %v", got)
		}
	})
}

func TestUsesAreForgottenAfterNinetyDays(t *testing.T) {
	now := midnight
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		d := dbtest.Open(t, dsn, func() time.Time { return now })
		u := &usage.Counter{}
		environment, id := uuid.New(), uuid.New()
		for _, days := range []int{0, 89, 90, 91, 400} {
			u.Count(environment, id, usage.Use{At: midnight.AddDate(0, 0, -days)})
			u.Failed(environment, environment, midnight.AddDate(0, 0, -days))
		}
		if err := u.Flush(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if err := usage.Forget(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if got, _ := uses(t, d, environment, id); len(got) != 3 {
			t.Errorf("%d days are left, want 3", len(got))
		}
		if got := totals(t, d, environment); len(got) != 3 {
			t.Errorf("%d days of the environment are left, want 3", len(got))
		}
		if err := d.Read(t.Context(), func(tx *db.Tx) error {
			left, err := db.Value[int64](tx, `SELECT count(*) FROM application_usage`)
			if left != 3 {
				t.Errorf("%d hours of an application are left, want 3", left)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
