package lock

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	recentBits = 16
	// recentFor is how far back a success is remembered: well over the time that a failure on another node takes to be
	// heard of here.
	recentFor = time.Minute
)

// recent remembers when clients last proved themselves on this node, for failures of theirs on other nodes that this
// one has not heard of yet. It forgets: two clients may share a slot, and the later one has it. Nothing is lost by
// that but a reset, which the next success makes up for. A slot is 32 bits of the key's hash and the lower 32 of the
// time in milliseconds, so that noting is one store; 16 more bits of the hash choose the slot, so that a success of one
// client is not taken for another's. 512 KiB.
type recent [1 << recentBits]atomic.Uint64

func (r *recent) place(k *key) (slot *atomic.Uint64, tag uint32) {
	const odd = 0x9E3779B97F4A7C15 // 2^64 / φ: spreads what differs in a few bits only
	a, b := binary.LittleEndian.Uint64(k.application[:8]), binary.LittleEndian.Uint64(k.application[8:])
	e := binary.LittleEndian.Uint64(k.environment[8:])
	high, low := bits.Mul64(a^e^odd, b^(k.network.bits+uint64(k.network.family))*odd)
	hash := (high ^ low) * odd
	return &r[hash>>(64-recentBits)], uint32(hash)
}

func (r *recent) note(k *key, now time.Time) {
	slot, tag := r.place(k)
	value := uint64(tag)<<32 | uint64(uint32(now.UnixMilli())) // wraps after 49 days
	if slot.Load() != value {                                  // a busy client on many cores would pass the line of memory around
		slot.Store(value)
	}
}

// last returns when the client last proved itself, or up to 2 ms before that: microseconds since 1970, or 0.
func (r *recent) last(k *key, now time.Time) int64 {
	if r == nil {
		return 0
	}
	slot, tag := r.place(k)
	value := slot.Load()
	ago := time.Duration(uint32(now.UnixMilli())-uint32(value)) * time.Millisecond
	if value == 0 || uint32(value>>32) != tag || ago >= recentFor {
		return 0
	}
	return now.Add(-ago - time.Millisecond).UnixMicro()
}
