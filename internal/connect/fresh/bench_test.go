package fresh_test

import (
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/fresh"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/environment/furnish"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// crowd is a keeper that remembers many connections.
type crowd struct {
	*fresh.Keeper
	db    *db.DB
	actor access.Actor
	ids   []uuid.UUID
}

// newCrowd makes connections, each with a token as long as a JWT, and has them remembered.
func newCrowd(b *testing.B, count int) *crowd {
	b.Helper()
	c := &crowd{db: dbtest.SQLite(b)}
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	vault, err := seal.Open(b.Context(), c.db, seal.Source{File: filepath.Join(b.TempDir(), "root.key")})
	must(err)
	ring := keyring.New(vault)
	catalogue, err := provider.Open("testdata/providers")
	must(err)
	authority := &connect.Authority{Vault: vault, Catalogue: catalogue}
	c.Keeper = fresh.New(fresh.Options{DB: c.db, Connect: authority, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	var connector *connect.Connector
	must(c.db.Write(b.Context(), func(tx *db.Tx) error {
		home, _, err := furnish.Authority(vault, ring, &access.Authority{Ring: ring}).Found(tx)
		if err != nil {
			return err
		}
		operator := access.Operator(home.ID)
		c.actor = access.Actor{Environment: home.ID, Application: uuid.New()}
		connector, err = authority.CreateConnector(tx, &operator, connect.ConnectorSpec{Provider: "far"})
		return err
	}))
	operator := access.Operator(c.actor.Environment)
	for len(c.ids) < count {
		var some []uuid.UUID
		must(c.db.Write(b.Context(), func(tx *db.Tx) error {
			some = some[:0]
			for range min(500, count-len(c.ids)) {
				filled := connect.Filled{
					Values:  map[string]string{"client_id": uuid.NewString(), "environment_id": uuid.NewString(), "region": "eu"},
					Secrets: map[string]seal.Secret{"client_secret": seal.NewSecret("s3cret")},
				}
				made, err := authority.Create(tx, operator.Who(), connector, connect.Spec{Name: "A customer"}, filled,
					token(time.Now(), 24*time.Hour, strings.Repeat("t", 900)), "")
				if err != nil {
					return err
				}
				some = append(some, made.ID)
			}
			return nil
		}))
		c.ids = append(c.ids, some...)
	}
	before := heap()
	for _, id := range c.ids {
		must(c.Remember(b.Context(), c.actor.Environment, id, c.actor.Application))
	}
	b.Logf("%d connections are resident in %.0f bytes each", count, float64(heap()-before)/float64(count))
	return c
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkToken hands out tokens that are fresh: one connection's to everybody, and those of many in turn.
func BenchmarkToken(b *testing.B) {
	for _, which := range []struct {
		name  string
		count int
	}{{"one", 1}, {"100000", 100_000}} {
		b.Run(which.name, func(b *testing.B) {
			c := newCrowd(b, which.count)
			before, _ := c.db.Statements()
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(p *testing.PB) {
				for i := 0; p.Next(); i++ {
					if _, err := c.Token(b.Context(), &c.actor, c.ids[i*7919%len(c.ids)]); err != nil {
						b.Error(err)
						return
					}
				}
			})
			after, _ := c.db.Statements()
			b.ReportMetric(float64(after-before), "statements")
		})
	}
}
