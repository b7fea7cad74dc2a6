package environment_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestManyNodesThatStartAtOnceFoundOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		vault, err := seal.Open(t.Context(), d, seal.Source{File: filepath.Join(t.TempDir(), "root.key")})
		if err != nil {
			t.Fatal(err)
		}
		ring := keyring.New(vault)
		y := &environment.Authority{Vault: vault, Ring: ring, APIs: &access.Authority{Ring: ring}}
		type result struct {
			id    uuid.UUID
			fresh bool
			err   error
		}
		results := make(chan result, 8)
		for range cap(results) {
			go func() {
				var r result
				r.err = d.Write(t.Context(), func(tx *db.Tx) error {
					home, fresh, err := y.Found(tx)
					if err == nil {
						r.id, r.fresh = home.ID, fresh
					}
					return err
				})
				results <- r
			}()
		}
		founded, ids := 0, map[uuid.UUID]bool{}
		for range cap(results) {
			r := <-results
			if r.err != nil {
				t.Fatal(r.err)
			}
			if ids[r.id] = true; r.fresh {
				founded++
			}
		}
		if founded != 1 || len(ids) != 1 {
			t.Errorf("founded %d times: %v", founded, ids)
		}
	})
}

func TestSlugIsNeverAWordOfTheProgramNorAnID(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		home := r.Actor(access.WriteEnvironments)
		create := func(slug string) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := r.Environments.Create(tx, &home, environment.Spec{Name: "x", Slug: slug})
				return err
			}
		}
		for _, slug := range []string{
			"api", "oauth2", "healthz", "readyz", "metrics", "console", "docs", "scim", "connect", "leaks", "signin", ".well-known", "well-known",
			"Acme", "acme_1", "-acme", "acme-", "a--b", "1acme", "a/b", "..", ".", "%2e", "a b", "ä", "acme\n", strings.Repeat("a", 51), uuid.NewString(),
			"a" + strings.ReplaceAll(uuid.NewString(), "-", "")[1:], // an id without its hyphens is one too
		} {
			r.Refused(fmt.Sprintf("%q", slug), fault.Invalid, create(slug))
		}
		for _, slug := range []string{"acme", "a", "a-1-b", strings.Repeat("a", 50), "apis", "oauth"[:4] + "s", "", ""} {
			r.Write(create(slug))
		}
		r.Refused("a slug that is taken", fault.Conflict, create("acme"))
	})
}

func TestIssuerIsOneAndFollowsTheBaseURL(t *testing.T) {
	id := uuid.New()
	for want, e := range map[string]environment.Environment{
		"https://id.example":                {ID: id, Default: true},
		"https://id.example/acme":           {ID: id, Slug: "acme"},
		"https://id.example/" + id.String(): {ID: id},
	} {
		if got := e.Issuer("https://id.example"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestEnvironmentsAreAdministeredFromTheDefaultOne(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		home := r.Actor(access.WriteEnvironments, access.ReadEnvironments)
		var other *environment.Environment
		r.Write(func(tx *db.Tx) (err error) {
			other, err = r.Environments.Create(tx, &home, environment.Spec{Name: "other", Slug: "other"})
			return err
		})
		guest := access.Operator(other.ID)
		guest.Home = false
		for name, fn := range map[string]func(*db.Tx) error{
			"creates": func(tx *db.Tx) error {
				_, err := r.Environments.Create(tx, &guest, environment.Spec{Name: "x"})
				return err
			},
			"renames itself":  func(tx *db.Tx) error { _, err := environment.Rename(tx, &guest, other.ID, 0, "x"); return err },
			"disables itself": func(tx *db.Tx) error { _, err := environment.SetEnabled(tx, &guest, other.ID, false); return err },
		} {
			r.Refused("another environment "+name, fault.Denied, fn)
		}
		for name, fn := range map[string]func(*db.Tx) error{
			"sees":     func(tx *db.Tx) error { _, err := environment.Get(tx, &guest, r.Home.ID); return err },
			"renames":  func(tx *db.Tx) error { _, err := environment.Rename(tx, &guest, r.Home.ID, 0, "x"); return err },
			"disables": func(tx *db.Tx) error { _, err := environment.SetEnabled(tx, &guest, r.Home.ID, false); return err },
		} {
			r.Refused("another environment "+name+" the default one", fault.NotFound, fn)
		}
		r.Write(func(tx *db.Tx) error {
			seen, err := environment.List(tx, &guest)
			if len(seen) != 1 || seen[0].ID != other.ID {
				r.Errorf("another environment sees %v", seen)
			}
			return err
		})
		r.Refused("the default one disabled", fault.Conflict, func(tx *db.Tx) error { _, err := environment.SetEnabled(tx, &home, r.Home.ID, false); return err })
		reader := r.Actor(access.ReadEnvironments)
		r.Refused("by one who may only read", fault.Denied, func(tx *db.Tx) error { _, err := environment.SetEnabled(tx, &reader, other.ID, false); return err })
		r.Refused("a version that is old", fault.Stale, func(tx *db.Tx) error { _, err := environment.Rename(tx, &home, other.ID, 9, "x"); return err })
		r.Refused("a name of two lines", fault.Invalid, func(tx *db.Tx) error { _, err := environment.Rename(tx, &home, other.ID, 0, "a\nb"); return err })
		for i, step := range []struct {
			on    bool
			epoch uint32
		}{{true, 0}, {false, 1}, {false, 1}, {true, 1}} {
			r.Write(func(tx *db.Tx) error {
				e, err := environment.SetEnabled(tx, &home, other.ID, step.on)
				if err == nil && (e.Enabled != step.on || e.Epoch != step.epoch) {
					r.Errorf("step %d: %+v", i, e)
				}
				return err
			})
		}
	})
}

// What concerns another environment stands in its ledger and in that of whoever did it.
func TestBirthOfAnEnvironmentIsRecordedOnBothSides(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		home := r.Actor(access.WriteEnvironments)
		var other *environment.Environment
		r.Write(func(tx *db.Tx) (err error) {
			other, err = r.Environments.Create(tx, &home, environment.Spec{Name: "other"})
			return err
		})
		for _, e := range []uuid.UUID{r.Home.ID, other.ID} {
			r.Write(func(tx *db.Tx) error {
				n, err := db.Value[int](tx, `SELECT count(*) FROM ledger_event WHERE environment_id = $1 AND subject_id = $2 AND kind = 'environment.created'`, e.String(), other.ID.String())
				if n != 1 {
					r.Errorf("%d events in the ledger of %s", n, e)
				}
				return err
			})
		}
		inside := access.Operator(other.ID)
		r.Write(func(tx *db.Tx) error {
			catalogue, err := access.LoadCatalogue(tx, other.ID)
			if _, ok := catalogue.Number(access.WriteApplications); !ok {
				r.Error("born without a management API")
			}
			return err
		})
		r.Write(func(tx *db.Tx) error {
			_, err := application.Create(tx, &inside, application.Spec{Name: "app"})
			return err
		})
		r.Refused("seen from the default one", fault.NotFound, func(tx *db.Tx) error {
			all, err := application.List(tx, &inside, application.Wanted{Name: "app"}, application.Page{})
			if err != nil {
				return err
			}
			_, err = application.Get(tx, &r.Operator, all[0].ID)
			return err
		})
	})
}

func TestKeysRotateWhenTheyAreToldAndSayWhatBecameOfThem(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		rotate := func(force bool) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := r.Environments.RotateKeys(tx, &r.Operator, keyring.ES256, force)
				return err
			}
		}
		r.Refused("before verifiers can know the next key", fault.Conflict, rotate(false))
		r.Write(rotate(true))
		r.Refused("of an algorithm nobody uses", fault.NotFound, func(tx *db.Tx) error {
			_, err := r.Environments.RotateKeys(tx, &r.Operator, keyring.RS256, true)
			return err
		})
		clerk := r.Actor(access.ReadKeys)
		r.Refused("by one who may only look", fault.Denied, func(tx *db.Tx) error {
			_, err := r.Environments.RotateKeys(tx, &clerk, keyring.ES256, true)
			return err
		})
		states := map[keyring.State]int{}
		r.Write(func(tx *db.Tx) error {
			keys, err := r.Environments.Keys(tx, &clerk)
			for _, k := range keys {
				states[k.State]++
			}
			return err
		})
		if states[keyring.Next] != 1 || states[keyring.Active] != 1 || states[keyring.Retired] != 1 {
			r.Errorf("%v", states)
		}
		r.Write(func(tx *db.Tx) error {
			for _, state := range []string{"retired", "active", "next"} {
				if n, err := db.Value[int](tx, `SELECT count(*) FROM ledger_event WHERE kind = $1`, "key."+state); err != nil || n != 1 {
					r.Errorf("%d events key.%s, %v", n, state, err)
				}
			}
			return nil
		})
		if err := r.Environments.TendKeys(r.Context(), r.DB); err != nil {
			r.Error(err)
		}
	})
}
