package register

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// sets keeps each distinct list of numbers once and calls it by a number of its own, so that a client costs
// four bytes for its permissions instead of a slice, and the collector sees one array instead of a million.
// Lists are never removed; there are as many as administrators have thought up.
type sets struct {
	mu    sync.Mutex
	index map[string]uint32
	lists atomic.Pointer[[][]uint32]
}

func newSets() *sets {
	s := &sets{index: map[string]uint32{}}
	s.lists.Store(&[][]uint32{})
	return s
}

// put returns the number of a list.
func (s *sets) put(list []uint32) uint32 {
	var buffer [256]byte
	key := buffer[:0]
	for _, n := range list {
		key = binary.BigEndian.AppendUint32(key, n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if number, ok := s.index[string(key)]; ok {
		return number
	}
	lists := *s.lists.Load()
	number := uint32(len(lists))
	// Readers hold an earlier, shorter header of the same array, so the new element is out of their sight.
	lists = append(lists, append([]uint32(nil), list...))
	s.lists.Store(&lists)
	s.index[string(key)] = number
	return number
}

// get returns the list with that number; it must not be changed.
func (s *sets) get(number uint32) []uint32 { return (*s.lists.Load())[number] }
