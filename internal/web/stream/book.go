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
	// perEnvironment is how many those of one environment have together, so that no tenant takes all of a node's.
	perEnvironment = 64
	// perNode is how many there are at all. Each costs two goroutines and a reading when something happens.
	perNode = 256
	// readers is how many streams read the database at a time, so that those who make changes always find a connection.
	readers = 4
)

// Book knows the streams of one node. Its methods may be called from many goroutines.
type Book struct {
	mu    sync.Mutex
	open  map[uuid.UUID]int // by caller, and by environment
	all   int
	turns chan struct{}
	long  chan struct{}
	ended chan struct{}
	end   func()
}

// NewBook returns a book without streams.
func NewBook() *Book {
	b := &Book{open: map[uuid.UUID]int{}, turns: make(chan struct{}, readers), long: make(chan struct{}, 1), ended: make(chan struct{})}
	b.end = sync.OnceFunc(func() { close(b.ended) })
	return b
}

var (
	errMine    = fault.New(fault.Exhausted, "there are %d streams of this caller: close one first", perCaller)
	errTheirs  = fault.New(fault.Exhausted, "there are %d streams of this environment: close one first", perEnvironment)
	errAll     = fault.New(fault.Unavailable, "this node has as many streams as it can: try again later")
	errLeaving = fault.New(fault.Unavailable, "this node is leaving: open the stream again, on another")
)

// Open notes a stream of a caller in an environment, until release is called. One too many of either is [fault.Exhausted];
// [fault.Unavailable] when the node has enough, or is leaving.
func (b *Book) Open(environment, caller uuid.UUID) (release func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.left():
		return nil, errLeaving
	case b.open[caller] >= perCaller:
		return nil, errMine
	case b.open[environment] >= perEnvironment:
		return nil, errTheirs
	case b.all >= perNode:
		return nil, errAll
	}
	b.all++
	b.open[caller]++
	b.open[environment]++
	return sync.OnceFunc(func() { b.close(environment, caller) }), nil
}

func (b *Book) close(ids ...uuid.UUID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	for _, id := range ids {
		if b.open[id]--; b.open[id] == 0 {
			delete(b.open, id)
		}
	}
}

// Count returns how many streams there are.
func (b *Book) Count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all
}

// Turn waits until a stream may read the database, for which it then has until done is called. It fails when ctx ends.
func (b *Book) Turn(ctx context.Context) (done func(), err error) { return wait(ctx, b.turns) }

// Long is Turn for one who reads much at once, of which there is one at a time: it keeps no stream waiting.
func (b *Book) Long(ctx context.Context) (done func(), err error) { return wait(ctx, b.long) }

func wait(ctx context.Context, turns chan struct{}) (done func(), err error) {
	select {
	case turns <- struct{}{}:
		return func() { <-turns }, nil
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "nobody waits for this any more")
	}
}

// End ends all streams and lets nobody open another.
func (b *Book) End() { b.end() }

// Leaving is a [fault.Unavailable] once the node leaves, for an answer that is long and does not follow anything.
func (b *Book) Leaving() error {
	if b.left() {
		return errLeaving
	}
	return nil
}

func (b *Book) left() bool {
	select {
	case <-b.ended:
		return true
	default:
		return false
	}
}
