package lock

import (
	"context"
	"net/netip"
	"time"
)

// PollAnyway polls on SQLite, too, where tests have two books on one database.
func (b *Book) PollAnyway(ctx context.Context) error { return b.poll(ctx) }

// Remember makes a book on SQLite remember successes as one on PostgreSQL does.
func (b *Book) Remember() {
	if b.recent == nil {
		b.recent = &recent{}
	}
}

// SetLimit sets how many networks fit into the book.
func (b *Book) SetLimit(networks int64) { b.limit = networks }

// NetworkName returns the name of an address's network.
func NetworkName(a netip.Addr) string { return networkOf(a).String() }

// ReadsNetwork reports whether the name of an address's network is read back as that network.
func ReadsNetwork(a netip.Addr) bool {
	n, err := parseNetwork(networkOf(a).String())
	return err == nil && n == networkOf(a)
}

// LastSuccess notes that a client succeeded at that time and returns what is remembered of it, and of another client.
func LastSuccess(l, other Logon, at, now time.Time) (its, others int64) {
	r := &recent{}
	one, two := l.counted(), other.counted()
	r.note(&one, at)
	return r.last(&one, now), r.last(&two, now)
}

// Patient makes Failed wait until its failure is written, however slow the machine.
func (b *Book) Patient() { b.patience = time.Minute }

// Away makes the book take the database for away until then.
func (b *Book) Away(until time.Time) { b.away.Store(until.UnixMicro()) }
