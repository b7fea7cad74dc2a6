package application_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

// rooms are those of an installation, with what these tests do in them again and again.
type rooms struct{ *roomtest.Rooms }

func each(t *testing.T, test func(r rooms)) {
	roomtest.Each(t, func(r *roomtest.Rooms) { test(rooms{r}) })
}

func (r rooms) app(spec application.Spec) (made *application.Application) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		made, err = application.Create(tx, &r.Operator, spec)
		return err
	})
	return made
}

func (r rooms) get(id uuid.UUID) (a *application.Application) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		a, err = application.Get(tx, &r.Operator, id)
		return err
	})
	return a
}

func TestApplicationIsReadAsItWasWritten(t *testing.T) {
	each(t, func(r rooms) {
		r.NewAPI("letters", "b", "a")
		made := r.app(application.Spec{
			Name: "  Büro 2 ", Description: "two\nlines", Scopes: []string{"a", "b", "a"}, Introspects: []string{"letters", "letters"},
			Lifetime: 2 * time.Minute, Methods: []string{application.Post, application.Post},
		})
		got := r.get(made.ID)
		if got.Name != "Büro 2" || got.Description != "two\nlines" || !got.Enabled || got.Lifetime != 2*time.Minute || !slices.Equal(got.Methods, []string{application.Post}) ||
			len(got.Permissions) != 2 || !slices.IsSorted(got.Permissions) || len(got.Introspects) != 1 || got.Version != 1 || got.Epoch != 0 || !got.CreatedAt.Equal(made.CreatedAt) {
			r.Errorf("%+v", got)
		}
		// The token path reads the same.
		r.Write(func(tx *db.Tx) error {
			return application.Each(tx, r.Home.ID, made.ID, func(lean *application.Application) error {
				if lean.ID != got.ID || !slices.Equal(lean.Permissions, got.Permissions) || !slices.Equal(lean.Introspects, got.Introspects) ||
					!slices.Equal(lean.Methods, got.Methods) || lean.Lifetime != got.Lifetime || lean.Epoch != got.Epoch || !lean.Enabled {
					r.Errorf("%+v", lean)
				}
				return nil
			})
		})
		if off := r.app(application.Spec{Name: "off", Enabled: new(bool)}); r.get(off.ID).Enabled {
			r.Error("created disabled, and enabled")
		}
	})
}

func TestNamesAreTakenWhateverTheirCase(t *testing.T) {
	each(t, func(r rooms) {
		first := r.app(application.Spec{Name: "Billing"})
		second := r.app(application.Spec{Name: "other"})
		for _, name := range []string{"Billing", "billing", "BILLING", " billing\t"} {
			r.Refused(fmt.Sprintf("%q again", name), fault.Conflict, func(tx *db.Tx) error {
				_, err := application.Create(tx, &r.Operator, application.Spec{Name: name})
				return err
			})
			r.Refused(fmt.Sprintf("renamed to %q", name), fault.Conflict, func(tx *db.Tx) error {
				_, err := application.Change(tx, &r.Operator, second.ID, 0, func(s *application.Spec) { s.Name = name })
				return err
			})
			r.Write(func(tx *db.Tx) error {
				found, err := application.List(tx, &r.Operator, application.Wanted{Name: name}, application.Page{})
				if len(found) != 1 || found[0].ID != first.ID {
					r.Errorf("%q finds %v", name, found)
				}
				return err
			})
		}
		r.Write(func(tx *db.Tx) error { return application.Delete(tx, &r.Operator, first.ID, 0) })
		if again := r.app(application.Spec{Name: "billing"}); again.ID == first.ID {
			r.Error("a client_id was used again")
		}
	})
}

// Names in many scripts come page by page in one order on both engines, none twice and none left out.
func TestPagesAreWhole(t *testing.T) {
	each(t, func(r rooms) {
		want := []string{}
		for i := range 37 {
			name := fmt.Sprintf("%c-%02d", []rune("aZäßΩ京_0😀")[i%9], i)
			want = append(want, application.Fold(name))
			r.app(application.Spec{Name: name})
		}
		slices.Sort(want) // by bytes
		for _, limit := range []int{1, 5, 36, 37, 100} {
			var got []string
			for after := ""; ; {
				var page []*application.Application
				r.Write(func(tx *db.Tx) (err error) {
					page, err = application.List(tx, &r.Operator, application.Wanted{}, application.Page{After: after, Limit: limit})
					return err
				})
				for _, a := range page {
					after = application.Fold(a.Name)
					got = append(got, after)
				}
				if len(page) < limit {
					break
				}
			}
			if !slices.Equal(got, want) {
				r.Errorf("by %d: %v, want %v", limit, got, want)
			}
		}
	})
}

func TestWhatCannotBeMeantIsRefused(t *testing.T) {
	each(t, func(r rooms) {
		for name, spec := range map[string]application.Spec{
			"no name":                 {Name: ""},
			"a name of spaces":        {Name: " \t"},
			"a name of two lines":     {Name: "a\r\nb"},
			"an escape in the name":   {Name: "a\x1b[31mb"},
			"a name without end":      {Name: strings.Repeat("x", 101)},
			"a long description":      {Name: "x", Description: strings.Repeat("x", 256)},
			"broken text":             {Name: "x", Description: "\xff"},
			"an unknown scope":        {Name: "x", Scopes: []string{"nope"}},
			"an unknown API":          {Name: "x", Introspects: []string{"nope"}},
			"an unknown method":       {Name: "x", Methods: []string{"none"}},
			"a method of browsers":    {Name: "x", Methods: []string{"none", application.Basic}},
			"a method that is none":   {Name: "x", Methods: []string{"client_secret_basic", ""}},
			"a kind that is none":     {Name: "x", Kind: "robot"},
			"a short life":            {Name: "x", Lifetime: time.Second},
			"a long life":             {Name: "x", Lifetime: 25 * time.Hour},
			"a life that ends before": {Name: "x", Lifetime: -time.Minute},
		} {
			r.Refused(name, fault.Invalid, func(tx *db.Tx) error {
				_, err := application.Create(tx, &r.Operator, spec)
				return err
			})
		}
	})
}

func TestDeletedApplicationLeavesNothingBehind(t *testing.T) {
	each(t, func(r rooms) {
		a := r.app(application.Spec{Name: "gone"})
		r.Write(func(tx *db.Tx) error {
			_, _, err := r.Credentials.AddSecret(tx, &r.Operator, a.ID, credential.SecretSpec{})
			return err
		})
		r.Refused("an old version", fault.Stale, func(tx *db.Tx) error { return application.Delete(tx, &r.Operator, a.ID, 7) })
		r.Write(func(tx *db.Tx) error { return application.Delete(tx, &r.Operator, a.ID, 1) })
		r.Write(func(tx *db.Tx) error {
			n, err := db.Value[int](tx, `SELECT count(*) FROM credential WHERE application_id = $1`, a.ID.String())
			if n != 0 {
				r.Errorf("%d credentials are left", n)
			}
			return err
		})
		for name, fn := range map[string]func(*db.Tx) error{
			"get":     func(tx *db.Tx) error { _, err := application.Get(tx, &r.Operator, a.ID); return err },
			"disable": func(tx *db.Tx) error { _, err := application.SetEnabled(tx, &r.Operator, a.ID, false); return err },
			"delete":  func(tx *db.Tx) error { return application.Delete(tx, &r.Operator, a.ID, 0) },
			"a secret": func(tx *db.Tx) error {
				_, _, err := r.Credentials.AddSecret(tx, &r.Operator, a.ID, credential.SecretSpec{})
				return err
			},
		} {
			r.Refused(name, fault.NotFound, fn)
		}
		self := r.Actor(access.WriteApplications)
		r.Refused("itself", fault.Conflict, func(tx *db.Tx) error { return application.Delete(tx, &self, self.Application, 0) })
	})
}

func TestDisablingRaisesTheEpochAndEnablingDoesNot(t *testing.T) {
	each(t, func(r rooms) {
		a := r.app(application.Spec{Name: "app"})
		for i, step := range []struct {
			on      bool
			epoch   uint32
			version int64
		}{{true, 0, 1}, {false, 1, 2}, {false, 1, 2}, {true, 1, 3}, {false, 2, 4}} {
			r.Write(func(tx *db.Tx) error { _, err := application.SetEnabled(tx, &r.Operator, a.ID, step.on); return err })
			if got := r.get(a.ID); got.Enabled != step.on || got.Epoch != step.epoch || got.Version != step.version {
				r.Errorf("step %d: %+v", i, got)
			}
		}
	})
}

// Who may edit applications but not look into tokens may edit one that does, and not make one.
func TestKeepingWhatIsThereIsNoGrant(t *testing.T) {
	each(t, func(r rooms) {
		auditor := r.app(application.Spec{Name: "auditor", Introspects: []string{"counterfoil"}, Scopes: []string{access.ReadLedger}})
		plain := r.app(application.Spec{Name: "plain"})
		clerk := r.Actor(access.WriteApplications)
		rename := func(id uuid.UUID, change func(*application.Spec)) func(*db.Tx) error {
			return func(tx *db.Tx) error { _, err := application.Change(tx, &clerk, id, 0, change); return err }
		}
		r.Write(rename(auditor.ID, func(s *application.Spec) { s.Name = "renamed" }))
		r.Refused("making another", fault.Denied, rename(plain.ID, func(s *application.Spec) { s.Introspects = []string{"counterfoil"} }))
		r.Refused("granting", fault.Denied, rename(plain.ID, func(s *application.Spec) { s.Scopes = []string{access.ReadLedger} }))
	})
}

func TestTwoEditorsOfOneVersionDoNotBothWin(t *testing.T) {
	each(t, func(r rooms) {
		a := r.app(application.Spec{Name: "app"})
		results := make(chan error, 8)
		for i := range cap(results) {
			go func() {
				results <- r.DB.Write(r.Context(), func(tx *db.Tx) error {
					_, err := application.Change(tx, &r.Operator, a.ID, 1, func(s *application.Spec) { s.Description = fmt.Sprint(i) })
					return err
				})
			}()
		}
		won := 0
		for range cap(results) {
			switch err := <-results; {
			case err == nil:
				won++
			case !fault.Is(err, fault.Stale):
				r.Errorf("%v", err)
			}
		}
		if won != 1 || r.get(a.ID).Version != 2 {
			r.Errorf("%d editors won", won)
		}
	})
}
