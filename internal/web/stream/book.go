package stream

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	// perCaller is how many streams one caller has on this node: a browser with many tabs, or a few programs.
	perCaller = 8
	// perNode is how many there are at all. Each costs two goroutines and a reading when something happens.
	perNode = 256
	// readers is how many streams read the database at a time, so that those who make changes always find a connection.
	readers = 4
)

// Book knows the streams of one node. Its methods may be called from many goroutines.
type Book struct {
	mu      sync.Mutex
	callers map[uuid.UUID]int
	all     int
	turns   chan struct{}
	ended   chan struct{}
	end     func()
}

// NewBook returns a book without streams.
func NewBook() *Book {
	b := &Book{callers: map[uuid.UUID]int{}, turns: make(chan struct{}, readers), ended: make(chan struct{})}
	b.end = sync.OnceFunc(func() { close(b.ended) })
	return b
}

var (
	errMine    = fault.New(fault.Exhausted, "there are %d streams of this caller: close one first", perCaller)
	errAll     = fault.New(fault.Unavailable, "this node has as many streams as it can: try again later")
	errLeaving = fault.New(fault.Unavailable, "this node is leaving: open the stream again, on another")
)

// Open notes a stream of a caller, until release is called. One too many is [fault.Exhausted]; [fault.Unavailable] when the
// node has enough, or is leaving.
func (b *Book) Open(caller uuid.UUID) (release func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.left():
		return nil, errLeaving
	case b.callers[caller] >= perCaller:
		return nil, errMine
	case b.all >= perNode:
		return nil, errAll
	}
	b.all++
	b.callers[caller]++
	return sync.OnceFunc(func() { b.close(caller) }), nil
}

func (b *Book) close(caller uuid.UUID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.callers[caller]--; b.callers[caller] == 0 {
		delete(b.callers, caller)
	}
}

// Count returns how many streams there are.
func (b *Book) Count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all
}

// Turn waits until a stream may read the database, for which it then has until done is called. It fails when ctx ends.
func (b *Book) Turn(ctx context.Context) (done func(), err error) {
	select {
	case b.turns <- struct{}{}:
		return func() { <-b.turns }, nil
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "nobody waits for this any more")
	}
}

// End ends all streams and lets nobody open another.
func (b *Book) End() { b.end() }

func (b *Book) left() bool {
	select {
	case <-b.ended:
		return true
	default:
		return false
	}
}
