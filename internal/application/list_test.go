package application_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/roster"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/environment/furnish"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// names lists what is found, a page of two at a time.
func (r rooms) names(w application.Wanted) (found []string) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		found = nil
		for after := ""; ; {
			page, err := application.List(tx, &r.Operator, w, application.Page{After: after, Limit: 2})
			if err != nil || len(page) == 0 {
				return err
			}
			for _, a := range page {
				found, after = append(found, a.Name), application.Fold(a.Name)
			}
		}
	})
	return found
}

func TestApplicationsAreFoundByWordsLocksAndExpiry(t *testing.T) {
	each(t, func(r rooms) {
		soon, late := time.Now().Add(10*24*time.Hour), time.Now().Add(100*24*time.Hour)
		var billing *application.Application
		for _, name := range []string{"Billing Europe", "Billing Asia", "Reports of billing", "Mail", "100% mail_x"} {
			a := r.app(application.Spec{Name: name})
			if name == "Billing Europe" {
				billing = a
			}
			r.Write(func(tx *db.Tx) error {
				expires := late
				if name == "Mail" {
					expires = soon
				}
				_, _, err := r.Credentials.AddSecret(tx, &r.Operator, a.ID, credential.SecretSpec{Spec: credential.Spec{ExpiresAt: expires}})
				return err
			})
		}
		r.Write(func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO logon_failure (environment_id, application_id, network, failures, first_at, last_at, locked_until, told_at, updated_at)
VALUES ($1, $2, '', 5, 0, 0, $3, 0, 0)`, r.Home.ID.String(), billing.ID.String(), db.Micros(late))
			return err
		})
		for _, c := range []struct {
			wanted application.Wanted
			want   []string
		}{
			{application.Wanted{Search: "BILLING"}, []string{"Billing Asia", "Billing Europe", "Reports of billing"}},
			{application.Wanted{Search: " billing  of "}, []string{"Reports of billing"}},
			{application.Wanted{Search: "billing", Prefix: "billing"}, []string{"Billing Asia", "Billing Europe"}},
			{application.Wanted{Search: billing.ID.String()}, []string{"Billing Europe"}},
			{application.Wanted{Search: billing.ID.String()[:8]}, nil},
			{application.Wanted{Search: "0% mail_"}, []string{"100% mail_x"}},
			{application.Wanted{Search: "%"}, []string{"100% mail_x"}},
			{application.Wanted{Locked: true}, []string{"Billing Europe"}},
			{application.Wanted{Expiring: 30 * 24 * time.Hour}, []string{"Mail"}},
			{application.Wanted{Locked: true, Expiring: 30 * 24 * time.Hour}, nil},
			{application.Wanted{Prefix: "mail"}, []string{"Mail"}},
			{application.Wanted{Name: "mail", Locked: true}, nil},
		} {
			if got := r.names(c.wanted); !slices.Equal(got, c.want) {
				t.Errorf("%+v finds %v, want %v", c.wanted, got, c.want)
			}
		}
		reader := r.Actor(access.ReadApplications)
		r.Refused("whoever may not read credentials asks what expires", fault.Denied, func(tx *db.Tx) error {
			_, err := application.List(tx, &reader, application.Wanted{Expiring: time.Hour}, application.Page{Limit: 1})
			return err
		})
		r.Write(func(tx *db.Tx) error {
			for _, actor := range []*access.Actor{&reader, &r.Operator} {
				all, err := roster.Summaries(tx, actor, []*application.Application{billing})
				if err != nil {
					return err
				}
				s, may := all[billing.ID], actor == &r.Operator
				if s.LockedUntil.Unix() != late.Unix() || s.Told != may || (s.Credentials == 1) != may || s.NextExpiry.IsZero() == may {
					t.Errorf("the summary for one who may read credentials (%v): %+v", may, s)
				}
			}
			return nil
		})
	})
}

// crowded is an environment with 10,000 applications, each with two secrets.
func crowded(b *testing.B, d *db.DB) *access.Actor {
	b.Helper()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	vault, err := seal.Open(b.Context(), d, seal.Source{File: filepath.Join(b.TempDir(), "root.key")})
	must(err)
	ring := keyring.New(vault)
	credentials := &credential.Authority{Vault: vault}
	var actor access.Actor
	must(d.Write(b.Context(), func(tx *db.Tx) error {
		home, _, err := furnish.Authority(vault, ring, &access.Authority{Ring: ring}).Found(tx)
		actor = access.Operator(home.ID)
		return err
	}))
	for batch := range 20 {
		must(d.Write(b.Context(), func(tx *db.Tx) error {
			for i := range 500 {
				a, err := application.Create(tx, &actor, application.Spec{Name: fmt.Sprintf("app %d of %s", batch*500+i, uuid.NewString())})
				if err != nil {
					return err
				}
				for range 2 {
					spec := credential.SecretSpec{Spec: credential.Spec{ExpiresAt: tx.Now().Add(200 * 24 * time.Hour)}}
					if _, _, err := credentials.AddSecret(tx, &actor, a.ID, spec); err != nil {
						return err
					}
				}
			}
			return nil
		}))
	}
	return &actor
}

// BenchmarkPageOfTenThousand is a page of the console: 50 of 10,000 applications with their summaries. The searches that
// find nothing are the dearest: they look at every name.
func BenchmarkPageOfTenThousand(b *testing.B) {
	for _, engine := range []struct {
		name string
		open func(testing.TB) *db.DB
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.PostgreSQL}} {
		b.Run(engine.name, func(b *testing.B) {
			d := engine.open(b)
			actor := crowded(b, d)
			for _, c := range []struct {
				name   string
				wanted application.Wanted
			}{
				{"all", application.Wanted{}},
				{"search", application.Wanted{Search: "app 77"}},
				{"search_nothing", application.Wanted{Search: "nobody is called so"}},
				{"locked_nothing", application.Wanted{Locked: true}},
				{"expiring", application.Wanted{Expiring: 365 * 24 * time.Hour}},
				{"expiring_nothing", application.Wanted{Expiring: 24 * time.Hour}},
			} {
				b.Run(c.name, func(b *testing.B) {
					for b.Loop() {
						err := d.Read(b.Context(), func(tx *db.Tx) error {
							page, err := application.List(tx, actor, c.wanted, application.Page{Limit: 51})
							if err == nil {
								_, err = roster.Summaries(tx, actor, page)
							}
							return err
						})
						if err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
