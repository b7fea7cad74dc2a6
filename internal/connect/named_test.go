package connect_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/environment/furnish"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// called makes connections of those names, in that order.
func called(tx *db.Tx, vault *seal.Vault, actor *access.Actor, names ...string) error {
	catalogue, err := provider.Open("fresh/testdata/providers")
	if err != nil {
		return err
	}
	y := &connect.Authority{Vault: vault, Catalogue: catalogue}
	connector, err := y.CreateConnector(tx, actor, connect.ConnectorSpec{Provider: "far"})
	for _, name := range names {
		if err == nil {
			_, err = y.Create(tx, actor.Who(), connector, connect.Spec{Name: name}, connect.Filled{}, &connect.Token{FetchedAt: time.Now()}, "")
		}
	}
	return err
}

func TestConnectionsAreFoundByTheBeginningOfTheirNames(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		r.Write(func(tx *db.Tx) error {
			return called(tx, r.Vault, &r.Operator, "Ärzte Nord", "Acme payroll", "acme leave", "Payroll of acme", "100% of it", "")
		})
		for beginning, want := range map[string]string{
			"ACME":    "acme leave, Acme payroll",
			" acme p": "Acme payroll",
			"ärzte":   "Ärzte Nord",
			"%":       "",
			"100%":    "100% of it",
			"payroll": "Payroll of acme",
		} {
			var names []string
			r.Write(func(tx *db.Tx) error {
				names = nil
				found, err := connect.FindNamed(tx, &r.Operator, beginning, 10)
				for _, c := range found {
					names = append(names, c.Name)
				}
				return err
			})
			if got := strings.Join(names, ", "); got != want {
				r.Errorf("%q finds %q, want %q", beginning, got, want)
			}
		}
		r.Write(func(tx *db.Tx) error {
			if found, err := connect.FindNamed(tx, &r.Operator, "acme", 1); err != nil || len(found) != 1 || found[0].Connector != "far" || !found[0].Enabled {
				r.Errorf("the first of two: %+v %v", found, err)
			}
			return nil
		})
		elsewhere := access.Operator(r.Operator.Application) // no environment at all
		r.Write(func(tx *db.Tx) error {
			if found, err := connect.FindNamed(tx, &elsewhere, "acme", 10); err != nil || len(found) > 0 {
				r.Errorf("in another environment: %v %v", found, err)
			}
			return nil
		})
		stranger := r.Actor(access.ReadApplications)
		r.Refused("to whoever may not read connections", fault.Denied, func(tx *db.Tx) error {
			_, err := connect.FindNamed(tx, &stranger, "acme", 10)
			return err
		})
	})
}

// BenchmarkFindNamedAmongTenThousand finds nothing, which is the dearest: it looks at every name.
func BenchmarkFindNamedAmongTenThousand(b *testing.B) {
	for _, engine := range []struct {
		name string
		open func(testing.TB) *db.DB
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.PostgreSQL}} {
		b.Run(engine.name, func(b *testing.B) {
			d := engine.open(b)
			vault, err := seal.Open(b.Context(), d, seal.Source{File: filepath.Join(b.TempDir(), "root.key")})
			if err != nil {
				b.Fatal(err)
			}
			ring := keyring.New(vault)
			var actor access.Actor
			if err := d.Write(b.Context(), func(tx *db.Tx) error {
				home, _, err := furnish.Authority(vault, ring, &access.Authority{Ring: ring}).Found(tx)
				if err != nil {
					return err
				}
				actor = access.Operator(home.ID)
				names := make([]string, 10_000)
				for i := range names {
					names[i] = fmt.Sprint("customer ", i)
				}
				return called(tx, vault, &actor, names...)
			}); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := d.Read(b.Context(), func(tx *db.Tx) error {
					_, err := connect.FindNamed(tx, &actor, "nobody", 10)
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
