package lock_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/dbtest"
)

// benched returns a book that holds 100,000 networks, or nothing.
func benched(b *testing.B, full, remembers bool) (*lock.Book, lock.Logon, time.Time) {
	b.Helper()
	book := lock.New(lock.Options{DB: dbtest.SQLite(b)})
	now := time.Now()
	if remembers {
		book.Remember()
	}
	l := lock.Logon{Environment: uuid.New(), Application: uuid.New(), Address: netip.MustParseAddr("203.0.113.1"), Mode: lock.ClientNetwork}
	if full {
		book.Away(now.Add(time.Hour))
		for i := range lock.MaxNetworks {
			other := l
			other.Address = netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1})
			book.Failed(b.Context(), other, now)
		}
		other := l
		other.Mode = lock.On
		book.Failed(b.Context(), other, now)
	}
	return book, l, now
}

func BenchmarkVerdict(b *testing.B) {
	for _, full := range []bool{false, true} {
		name := map[bool]string{false: "empty", true: "full"}[full]
		book, l, now := benched(b, full, true)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				book.Verdict(l, now)
			}
		})
		b.Run(name+"/parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					book.Verdict(l, now)
				}
			})
		})
	}
}

func BenchmarkSucceeded(b *testing.B) {
	for _, c := range []struct {
		name            string
		full, remembers bool
	}{{"alone", false, false}, {"empty", false, true}, {"full", true, true}} {
		book, l, now := benched(b, c.full, c.remembers)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(time.Microsecond)
				book.Succeeded(l, now, true)
			}
		})
	}
}

func BenchmarkFailed(b *testing.B) {
	book, l, now := benched(b, false, true)
	l.Mode = lock.On
	for b.Loop() {
		l.Application = uuid.New()
		book.Failed(b.Context(), l, now)
	}
}
