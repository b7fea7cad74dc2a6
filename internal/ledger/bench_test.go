package ledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// engines are the databases that are measured. PostgreSQL is as durable as its cluster: test/postgres.sh --durable.
var engines = map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.PostgreSQL}

// BenchmarkCommit measures commits of one event each on one environment's chain.
func BenchmarkCommit(b *testing.B) {
	for name, open := range engines {
		for _, writers := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/writers=%d", name, writers), func(b *testing.B) {
				d := open(b)
				environment := newEnvironment(b, d)
				var left atomic.Int64
				left.Store(int64(b.N))
				errs := make(chan error, writers)
				b.ResetTimer()
				for range writers {
					go func() {
						var err error
						for err == nil && left.Add(-1) >= 0 {
							err = d.Write(b.Context(), func(tx *db.Tx) error {
								ledger.Append(tx, root, disabled(environment, "a"))
								return nil
							})
						}
						errs <- err
					}()
				}
				for range writers {
					if err := <-errs; err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
			})
		}
	}
}

// BenchmarkBulk measures a transaction of 500 events, which holds the head for most of its time.
func BenchmarkBulk(b *testing.B) {
	for name, open := range engines {
		b.Run(name, func(b *testing.B) {
			d := open(b)
			environment := newEnvironment(b, d)
			for b.Loop() {
				write(b, d, func(tx *db.Tx) error {
					for range 500 {
						ledger.Append(tx, root, disabled(environment, "a"))
					}
					return nil
				})
			}
		})
	}
}

// BenchmarkVerify measures reading and checking a ledger of 10,000 events.
func BenchmarkVerify(b *testing.B) {
	for name, open := range engines {
		b.Run(name, func(b *testing.B) {
			d := open(b)
			environment := newEnvironment(b, d)
			for range 20 {
				write(b, d, func(tx *db.Tx) error {
					for range 500 {
						ledger.Append(tx, root, disabled(environment, "a"))
					}
					return nil
				})
			}
			for b.Loop() {
				verify(b, d, environment)
			}
			b.ReportMetric(float64(10_000*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
