package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"

	"github.com/counterfoil/counterfoil/internal/db"
)

// MACSize is the length of what [Peppers.MAC] appends, in bytes.
const MACSize = sha256.Size

// Peppers are the keys of keyed hashes, one per root key version. A value of this type never changes; a later
// [Vault.Peppers] may know more versions.
type Peppers struct {
	newest    int64
	byVersion map[int64]*pepper
}

// pepper lends out HMAC states, whose key schedule costs more than hashing a secret does.
type pepper struct{ states sync.Pool }

type state struct {
	mac hash.Hash
	// input collects the parts: handing them to the interface one by one would move each to the heap.
	input []byte
}

func newPepper(key []byte) *pepper {
	return &pepper{states: sync.Pool{New: func() any {
		return &state{mac: hmac.New(sha256.New, key), input: make([]byte, 0, 256)}
	}}}
}

// Newest returns the version that new hashes are made with.
func (p *Peppers) Newest() int64 { return p.newest }

// MAC appends HMAC-SHA-256 (RFC 2104) of the parts under the pepper of version to dst. Every part is preceded by
// its length, so that bytes cannot move from one part to the next unnoticed. It returns dst unchanged and false
// when the version is not known here; [Vault.Refresh] may know it. It allocates only when dst is too short for
// [MACSize] more bytes.
func (p *Peppers) MAC(version int64, dst []byte, parts ...[]byte) ([]byte, bool) {
	pepper, ok := p.byVersion[version]
	if !ok {
		return dst, false
	}
	s := pepper.states.Get().(*state)
	for _, part := range parts {
		s.input = binary.BigEndian.AppendUint32(s.input, uint32(len(part)))
		s.input = append(s.input, part...)
	}
	s.mac.Reset()
	s.mac.Write(s.input)
	dst = s.mac.Sum(dst)
	clear(s.input)
	s.input = s.input[:0]
	pepper.states.Put(s)
	return dst, true
}

// PeppersIn adds the versions that a query returns to used, for rooms that say which peppers their hashes still hang on.
func PeppersIn(tx *db.Tx, used map[int64]bool, query string, args ...any) error {
	return tx.Each(func(s db.Scan) error {
		var version int64
		err := s(&version)
		used[version] = true
		return err
	}, query, args...)
}
