package usage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// totals returns the rows of an environment: hour, uses, refused.
func totals(t *testing.T, d *db.DB, environment uuid.UUID) (all [][3]int64) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
		all, err = db.All(tx, func(s db.Scan) (r [3]int64, err error) { return r, s(&r[0], &r[1], &r[2]) },
			`SELECT hour, uses, refused FROM environment_usage WHERE environment_id = $1 ORDER BY hour`, environment.String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// secret makes a secret of an application.
func (r *rooms) secret(app uuid.UUID) (id uuid.UUID) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		c, _, err := r.Credentials.AddSecret(tx, &r.Operator, app, credential.SecretSpec{})
		if err == nil {
			id = c.ID
		}
		return err
	})
	return id
}

func (r *rooms) sums(of usage.Subject, since time.Time) (text string) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		sums, err := usage.Sums(tx, &r.Operator, of, since)
		for _, s := range sums {
			text += fmt.Sprintf("%s %d/%d ", s.At.Format("02T15"), s.Uses, s.Refused)
		}
		return err
	})
	return text
}

func TestUsesAreSummedByWhatIsAskedFor(t *testing.T) {
	each(t, func(r *rooms) {
		var other uuid.UUID
		r.Write(func(tx *db.Tx) error {
			a, err := application.Create(tx, &r.Operator, application.Spec{Name: "other"})
			if err == nil {
				other = a.ID
			}
			return err
		})
		first, second, third := r.secret(r.app.ID), r.secret(r.app.ID), r.secret(other)
		u := &usage.Counter{}
		count := func(id uuid.UUID, after time.Duration, refused bool) {
			u.Count(r.Home.ID, id, usage.Use{At: midnight.Add(after), Refused: refused})
		}
		count(first, 0, false)
		count(first, 23*time.Hour, true)
		count(second, time.Hour-1, false)
		count(second, 25*time.Hour, false)
		count(third, 0, true)
		count(third, 25*time.Hour, false)
		u.Count(uuid.New(), uuid.New(), usage.Use{At: midnight}) // of another environment
		if err := u.Flush(r.Context(), r.DB); err != nil {
			r.Fatal(err)
		}
		for _, c := range []struct {
			of    usage.Subject
			since time.Time
			want  string
		}{
			{usage.Subject{}, midnight, "07T00 2/1 07T23 0/1 08T01 2/0 "},
			{usage.Subject{}, midnight.Add(23*time.Hour + time.Minute), "07T23 0/1 08T01 2/0 "},
			{usage.Subject{Application: &r.app.ID}, midnight, "07T00 2/0 07T23 0/1 08T01 1/0 "},
			{usage.Subject{Application: &r.app.ID}, midnight.Add(time.Hour), "07T23 0/1 08T01 1/0 "},
			{usage.Subject{Application: &other}, midnight, "07T00 0/1 08T01 1/0 "},
			{usage.Subject{Credential: &first}, midnight, "07T00 1/0 07T23 0/1 "},
			{usage.Subject{Application: &r.app.ID, Credential: &second}, midnight, "07T00 1/0 08T01 1/0 "},
		} {
			if got := r.sums(c.of, c.since); got != c.want {
				r.Errorf("%+v since %s: %s, want %s", c.of, c.since, got, c.want)
			}
		}
		// What is deleted is gone from its application, and not from the environment.
		r.Write(func(tx *db.Tx) error { return credential.Delete(tx, &r.Operator, r.app.ID, first, 0, false) })
		if got := r.sums(usage.Subject{}, midnight); got != "07T00 2/1 07T23 0/1 08T01 2/0 " {
			r.Errorf("after a deletion %s", got)
		}
		if got := r.sums(usage.Subject{Application: &r.app.ID}, midnight); got != "07T00 1/0 08T01 1/0 " {
			r.Errorf("after a deletion the application has %s", got)
		}
		stranger := r.Actor(access.ReadApplications)
		nobody := uuid.Nil
		for name, of := range map[string]usage.Subject{"all": {}, "an application": {Application: &other}, "a credential": {Credential: &third}} {
			r.Refused(name+" without the permission", fault.Denied, func(tx *db.Tx) error {
				_, err := usage.Sums(tx, &stranger, of, midnight)
				return err
			})
		}
		for name, of := range map[string]usage.Subject{
			"a deleted credential": {Credential: &first}, "another's credential": {Application: &other, Credential: &second},
			"the zero application": {Application: &nobody}, "the zero credential": {Credential: &nobody},
		} {
			r.Refused(name, fault.NotFound, func(tx *db.Tx) error {
				_, err := usage.Sums(tx, &r.Operator, of, midnight)
				return err
			})
		}
	})
}

func TestRateIsThatOfTheBusiestHourAndOfAll(t *testing.T) {
	sums := []usage.Sum{{At: midnight, Uses: 7200, Refused: 9000}, {At: midnight.Add(3 * time.Hour), Uses: 36000}}
	if got := usage.RateOf(sums, midnight, midnight.Add(4*time.Hour)); got.Highest != 10 || got.Mean != 3 {
		t.Errorf("%+v", got)
	}
	if got := usage.RateOf(sums[:1], midnight, midnight.Add(time.Second)); got.Highest != 2 || got.Mean != 2 {
		t.Errorf("in the first second %+v", got)
	}
	if got := usage.RateOf(nil, midnight, midnight); got != (usage.Rate{}) {
		t.Errorf("of nothing %+v", got)
	}
}

func TestWhatProvedNothingIsCountedForItsApplication(t *testing.T) {
	each(t, func(r *rooms) {
		u, other := &usage.Counter{}, uuid.New()
		one := r.secret(r.app.ID)
		u.Count(r.Home.ID, one, usage.Use{At: midnight})
		for _, after := range []time.Duration{0, time.Minute, time.Hour} {
			u.Failed(r.Home.ID, r.app.ID, midnight.Add(after))
		}
		u.Failed(r.Home.ID, other, midnight)
		flush := func() {
			r.Helper()
			if err := u.Flush(r.Context(), r.DB); err != nil {
				r.Fatal(err)
			}
		}
		flush()
		u.Failed(r.Home.ID, r.app.ID, midnight) // of another flush, it is added
		flush()
		failed := func(of usage.Subject) (text string) {
			r.Write(func(tx *db.Tx) error {
				sums, err := usage.Sums(tx, &r.Operator, of, midnight)
				for _, s := range sums {
					text += fmt.Sprintf("%s %d/%d/%d ", s.At.Format("02T15"), s.Uses, s.Refused, s.Failed)
				}
				return err
			})
			return text
		}
		for what, c := range map[string]struct {
			of   usage.Subject
			want string
		}{
			"the environment": {usage.Subject{}, "07T00 1/0/4 07T01 0/0/1 "},
			"the application": {usage.Subject{Application: &r.app.ID}, "07T00 1/0/3 07T01 0/0/1 "},
			"a credential":    {usage.Subject{Credential: &one}, "07T00 1/0/0 "},
		} {
			if got := failed(c.of); got != c.want {
				r.Errorf("%s: %s, want %s", what, got, c.want)
			}
		}
	})
}
