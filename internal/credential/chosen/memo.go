package chosen

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/maphash"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// memoEntries bounds the memory: at most 16 MiB.
	memoEntries = 65536
	memoShards  = 64
	// idle is when a secret that nobody presents is forgotten.
	idle = time.Hour
	// touch is how precise that is, so that a busy secret writes seldom.
	touch = time.Minute
)

// purpose keeps the uses of one key apart.
type purpose byte

const (
	forMemo purpose = iota
	forFlights
)

// keyed is HMAC-SHA-256 under a key that this process drew and nobody else knows. It lends out states, whose key
// schedule costs more than hashing a secret does.
type keyed struct{ states sync.Pool }

type keyedState struct {
	mac hash.Hash
	// input collects the parts and out takes the sum: what is handed to the interface moves to the heap.
	input, out []byte
}

func newKeyed() *keyed {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	return &keyed{states: sync.Pool{New: func() any {
		return &keyedState{mac: hmac.New(sha256.New, key[:]), input: make([]byte, 0, 512+MaxLength), out: make([]byte, 0, sha256.Size)}
	}}}
}

// sum hashes its arguments; only detail and secret vary in length, so that the length of one keeps them apart.
func (k *keyed) sum(p purpose, environment, application uuid.UUID, detail string, secret []byte) (sum [32]byte) {
	s := k.states.Get().(*keyedState)
	s.input = append(s.input, byte(p))
	s.input = append(s.input, environment[:]...)
	s.input = append(s.input, application[:]...)
	s.input = binary.BigEndian.AppendUint32(s.input, uint32(len(detail)))
	s.input = append(s.input, detail...)
	s.input = append(s.input, secret...)
	s.mac.Reset()
	s.mac.Write(s.input)
	s.out = s.mac.Sum(s.out[:0])
	copy(sum[:], s.out)
	clear(s.input)
	s.input = s.input[:0]
	k.states.Put(s)
	return sum
}

// memo remembers secrets that were right: never the secret itself, nor anything that helps outside of this process.
// Wrong ones leave no trace, so that guessing cannot push out what is right.
type memo struct {
	keyed  *keyed
	now    func() time.Time
	began  time.Time
	seed   maphash.Seed
	shards [memoShards]shard
}

// shard holds what is remembered of some applications; all of one application is in one, so that forgetting it looks
// nowhere else. It has two generations: when the young one is full it becomes the old one, and the old one goes. What
// is asked for moves to the young one. The maps hold no pointers, so that the garbage collector does not walk them.
type shard struct {
	mu         sync.Mutex
	generation int // the most entries of one
	young, old map[[32]byte]remembered
}

type remembered struct {
	environment, application, credential uuid.UUID
	stored                               [32]byte
	used                                 time.Duration // since began, by the monotonic clock
}

func newMemo(k *keyed, entries int, now func() time.Time) *memo {
	m := &memo{keyed: k, now: now, began: now(), seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].generation = max(1, entries/memoShards/2)
		m.shards[i].young = map[[32]byte]remembered{}
	}
	return m
}

// of returns the shard of an application. Seeded, because an import may bring client_ids that somebody picked.
func (m *memo) of(application uuid.UUID) *shard {
	return &m.shards[maphash.Bytes(m.seed, application[:])%memoShards]
}

func (m *memo) remember(environment, application, credential uuid.UUID, secret []byte, stored [32]byte) {
	key := m.keyed.sum(forMemo, environment, application, "", secret)
	s := m.of(application)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(key, remembered{environment: environment, application: application, credential: credential, stored: stored, used: m.now().Sub(m.began)})
}

func (s *shard) put(key [32]byte, r remembered) {
	if _, known := s.young[key]; !known && len(s.young) >= s.generation {
		s.old, s.young = s.young, map[[32]byte]remembered{}
	}
	s.young[key] = r
}

// recall looks up by a hash under a key that nobody outside knows, so that what a comparison in the map takes tells
// nothing about the secret.
func (m *memo) recall(environment, application uuid.UUID, secret []byte) (credential uuid.UUID, stored [32]byte, ok bool) {
	key := m.keyed.sum(forMemo, environment, application, "", secret)
	now := m.now().Sub(m.began)
	s := m.of(application)
	s.mu.Lock()
	defer s.mu.Unlock()
	r, young := s.young[key]
	if !young {
		if r, ok = s.old[key]; !ok {
			return uuid.UUID{}, [32]byte{}, false
		}
		delete(s.old, key)
	}
	if now-r.used >= idle {
		delete(s.young, key)
		return uuid.UUID{}, [32]byte{}, false
	}
	if !young || now-r.used >= touch {
		r.used = now
		s.put(key, r)
	}
	return r.credential, r.stored, true
}

func (m *memo) forget(environment, application uuid.UUID) {
	m.of(application).drop(func(_ [32]byte, r remembered) bool {
		return r.environment == environment && r.application == application
	})
}

func (m *memo) sweep() {
	now := m.now().Sub(m.began)
	for i := range m.shards {
		m.shards[i].drop(func(_ [32]byte, r remembered) bool { return now-r.used >= idle })
	}
}

func (s *shard) drop(gone func([32]byte, remembered) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.young, gone)
	maps.DeleteFunc(s.old, gone)
}

// size counts what is remembered.
func (m *memo) size() (n int) {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		n += len(s.young) + len(s.old)
		s.mu.Unlock()
	}
	return n
}
