package lock

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
)

const shards = 64

// Options make a [Book].
type Options struct {
	DB *db.DB
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
	// Log hears once when the database is away and counting goes on alone; nil discards it.
	Log *slog.Logger
}

// Book is what one node knows of failed logons and locks. Its methods may be called at the same time.
type Book struct {
	db     *db.DB
	now    func() time.Time
	log    *slog.Logger
	recent *recent // nil on SQLite, where every failure is this process's own

	// How many entries there are, of clients and of networks: while there are none, a verdict costs two loads. Only
	// networks are bounded; clients are as many as the register holds anyway.
	clients, networks atomic.Int64
	limit             int64
	shards            [shards]shard

	flights  flights
	patience time.Duration // how long Failed waits
	away     atomic.Int64  // until when the database is not tried for a single failure
	swept    atomic.Int64
	mu       sync.Mutex // one Poll at a time
	polled   time.Time
	wide     time.Time
	deaf     bool
}

type shard struct {
	mu      sync.RWMutex
	entries map[key]entry
	dirty   bool // some entry has something to write
	_       [64]byte
}

// New returns a book that knows nothing yet; see [Book.Load].
func New(o Options) *Book {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	b := &Book{db: o.DB, now: o.Now, log: o.Log, limit: MaxNetworks, patience: failedWait}
	if o.DB.Engine() == db.PostgreSQL {
		b.recent = &recent{}
	}
	b.flights.open = map[key]*flight{}
	b.flights.slots = make(chan struct{}, maxWrites)
	for i := range b.shards {
		b.shards[i].entries = map[key]entry{}
	}
	return b
}

// Entries returns how many clients and networks the node keeps count of, for metrics.
func (b *Book) Entries() (clients, networks int) {
	return int(b.clients.Load()), int(b.networks.Load())
}

// Verdict says whether a logon with a secret may go on. It reads no database. A door asks before it compares the
// secret, and again once the secret turned out right: see the package's comment.
func (b *Book) Verdict(l Logon, now time.Time) Verdict {
	clients, networks := b.clients.Load(), b.networks.Load()
	if clients|networks == 0 {
		return Open
	}
	// A lock counts whatever the mode is now: changing the mode lifts none.
	micros := now.UnixMicro()
	if clients > 0 {
		client := l.client()
		if e, _ := b.look(&client); e.locked(micros) {
			return Locked
		}
	}
	if networks == 0 {
		return Open
	}
	k := l.client()
	k.network = networkOf(l.Address)
	e, found := b.look(&k)
	switch {
	case e.locked(micros):
		return Locked
	case !found && l.Mode == ClientNetwork && networks >= b.limit:
		return Slow
	}
	return Open
}

// Succeeded notes a logon with a right secret, after the second verdict. resets says whether it takes back the
// failures before it, those of its own network only in the mode [ClientNetwork]: see [Resets]. The database hears of
// it later, and only if it knew of failures.
func (b *Book) Succeeded(l Logon, now time.Time, resets bool) {
	if !resets || l.Mode == Off {
		return
	}
	entries := b.clients.Load()
	if l.Mode == ClientNetwork {
		entries = b.networks.Load()
	}
	if b.recent == nil && entries == 0 {
		return
	}
	k := l.counted()
	if b.recent != nil {
		b.recent.note(&k, now)
	}
	if entries == 0 {
		return
	}
	if e, _ := b.look(&k); e.sum() == 0 {
		return
	}
	micros := now.UnixMicro()
	s := b.shard(&k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, found := s.entries[k]; found && !e.locked(micros) && e.sum() > 0 {
		s.dirty = e.forgive(micros) || s.dirty
		s.entries[k] = e
	}
}

// Resets reports whether a right secret proves that the failures before it were no guesses at another one. chosen
// counts the application's secrets that people chose or imported, and withChosen says that the right one is of them.
// Generated secrets are beyond guessing; but whoever holds one secret must not buy five guesses at a chosen one with
// every logon.
func Resets(chosen int, withChosen bool) bool {
	return chosen == 0 || chosen == 1 && withChosen
}

func (b *Book) shard(k *key) *shard {
	return &b.shards[(k.application[15]^byte(k.network.bits)^byte(k.network.bits>>16))%shards]
}

func (b *Book) look(k *key) (entry, bool) {
	s := b.shard(k)
	s.mu.RLock()
	e, found := s.entries[*k]
	s.mu.RUnlock()
	return e, found
}

// admit makes room for an entry and reports whether there is any. The shard is locked.
func (b *Book) admit(k *key) bool {
	if k.network.family == 0 {
		b.clients.Add(1)
		return true
	}
	if b.networks.Add(1) > b.limit {
		b.networks.Add(-1)
		return false
	}
	return true
}

// remove forgets an entry. The shard is locked.
func (b *Book) remove(s *shard, k key) {
	delete(s.entries, k)
	if k.network.family == 0 {
		b.clients.Add(-1)
	} else {
		b.networks.Add(-1)
	}
}

// learn takes over a row.
func (b *Book) learn(r row, now time.Time) {
	micros := now.UnixMicro()
	s := b.shard(&r.key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e, found := s.entries[r.key]
	if e.flying > 0 || r.updated < e.updated {
		return // what flies returns with a later row
	}
	if !found && (r.until <= micros && (r.failures == 0 || r.last <= micros-lockMicros) || !b.admit(&r.key)) {
		return
	}
	e.follow(r, micros, max(e.reset, b.recent.last(&r.key, now)))
	if e.idle(micros) {
		b.remove(s, r.key)
		return
	}
	s.dirty = s.dirty || e.reset > 0
	s.entries[r.key] = e
}

// sweep forgets what is over.
func (b *Book) sweep(now time.Time) {
	micros := now.UnixMicro()
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		for k, e := range s.entries {
			e.age(micros)
			if e.idle(micros) {
				b.remove(s, k)
			}
		}
		s.mu.Unlock()
	}
}
