package chosen

import (
	"context"
	"net/netip"
	"sync"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// ErrBusy is that too many slow checks wait, here or for this source: [fault.Exhausted], which doors answer with 429
// and a Retry-After. One that was waiting may still hear it, when it gives way to a source that asks for less.
var ErrBusy error = fault.New(fault.Exhausted, "too many secrets are being checked at the moment: try again later")

// queue lets a bounded number of slow checks run, and lets the sources take turns, so that a source that sends
// thousands delays the others by one check each.
type queue struct {
	mu        sync.Mutex
	free      int // workers
	limit     int // of all that wait
	perSource int // of those of one source that run or wait
	waiting   int
	sources   map[origin]*source
	turns     []*source // those that have somebody waiting, next first
}

// crowd is how many times as much people may ask for at once as applications, from one network: behind it may be an
// office, or the server through which all users of an application sign in. Networks take turns all the same.
const crowd = 4

// origin is a network, as far as it asks for people or for applications: neither uses up what the other may.
type origin struct {
	network netip.Prefix
	people  bool
}

// source is an origin that has somebody running or waiting.
type source struct {
	origin
	count   int // running and waiting
	waiting []*ticket
}

type ticket struct {
	called  chan struct{} // closed when admitted or dropped is decided
	dropped bool
}

// enter returns when a worker is free and it is the network's turn; the caller then owes [queue.leave]. On
// [ErrBusy], and on [fault.Unavailable] when ctx ends first, nothing is owed and the place is free again.
func (q *queue) enter(ctx context.Context, from origin) (*source, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx)
	}
	s, t, err := q.queueUp(from)
	if err != nil || t == nil {
		return s, err
	}
	select {
	case <-t.called:
	case <-ctx.Done():
		if q.giveUp(s, t) {
			return nil, ended(ctx)
		}
	}
	if t.dropped {
		return nil, ErrBusy
	}
	if ctx.Err() != nil {
		q.leave(s)
		return nil, ended(ctx)
	}
	return s, nil
}

func ended(ctx context.Context) error {
	return fault.Wrap(fault.Unavailable, context.Cause(ctx), "the request ended before its secret was checked")
}

// queueUp takes a worker, or a ticket when none is free.
func (q *queue) queueUp(from origin) (*source, *ticket, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.sources[from]
	if s == nil {
		s = &source{origin: from}
	}
	most := q.perSource
	if from.people {
		most *= crowd
	}
	if s.count >= most || (q.free == 0 && q.waiting >= q.limit && !q.displace(s)) {
		return nil, nil, ErrBusy
	}
	s.count++
	q.sources[from] = s
	if q.free > 0 { // then nobody waits
		q.free--
		return s, nil, nil
	}
	t := &ticket{called: make(chan struct{})}
	if len(s.waiting) == 0 {
		q.turns = append(q.turns, s)
	}
	s.waiting = append(s.waiting, t)
	q.waiting++
	return s, t, nil
}

// displace makes room in a full queue for one more of s: the source with the most waiting loses its last, unless s
// would have as many. It reports whether there is room.
func (q *queue) displace(s *source) bool {
	var longest *source
	for _, other := range q.turns {
		if longest == nil || len(other.waiting) > len(longest.waiting) {
			longest = other
		}
	}
	if longest == nil || len(longest.waiting) <= len(s.waiting)+1 {
		return false
	}
	last := longest.waiting[len(longest.waiting)-1]
	q.remove(longest, len(longest.waiting)-1)
	last.dropped = true
	close(last.called)
	return true
}

// giveUp takes t out of the queue, and reports false when it was called already.
func (q *queue) giveUp(s *source, t *ticket) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for at, other := range s.waiting {
		if other == t {
			q.remove(s, at)
			return true
		}
	}
	<-t.called // closed under the lock
	return false
}

// remove ends the waiting of one of s and what it counts for.
func (q *queue) remove(s *source, at int) {
	q.dequeue(s, at)
	q.uncount(s)
}

// dequeue takes one of s out of the queue, and s out of the turns when it was the last.
func (q *queue) dequeue(s *source, at int) *ticket {
	t := s.waiting[at]
	s.waiting = append(s.waiting[:at], s.waiting[at+1:]...)
	q.waiting--
	if len(s.waiting) == 0 {
		for i, other := range q.turns {
			if other == s {
				q.turns = append(q.turns[:i], q.turns[i+1:]...)
				break
			}
		}
	}
	return t
}

func (q *queue) uncount(s *source) {
	if s.count--; s.count == 0 {
		delete(q.sources, s.origin)
	}
}

// leave hands the worker to the oldest of the source whose turn it is.
func (q *queue) leave(s *source) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.uncount(s)
	if len(q.turns) == 0 {
		q.free++
		return
	}
	next := q.turns[0]
	called := q.dequeue(next, 0)
	if len(next.waiting) > 0 {
		q.turns = append(q.turns[1:], next)
	}
	close(called.called)
}

// networkOf returns what one caller is likely to have all of: the /24 of an IPv4 address, the /64 of an IPv6 address.
// All addresses that are not known are one network.
func networkOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	bits := 64
	if addr.Is4() {
		bits = 24
	}
	network, _ := addr.WithZone("").Prefix(bits)
	return network
}
