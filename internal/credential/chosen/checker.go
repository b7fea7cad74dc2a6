package chosen

import (
	"context"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Options of a [Checker]. The zero value of each is its default.
type Options struct {
	// Workers is how many slow checks run at the same time: half of the processors, at least one. Each needs the
	// memory of its parameters, at most 64 MiB.
	Workers int
	// Queue is how many may wait for a worker: 64 for each worker, which is two seconds of work with the default
	// parameters, but at least 256, so that strangers on 200 networks cannot fill it.
	Queue int
	// PerSource is how many of one network (IPv4 /24, IPv6 /64) may run or wait: 16.
	PerSource int
	// Now is the clock of the memory; default time.Now.
	Now func() time.Time
}

// Checker runs slow checks on bounded workers, and remembers which secrets were right. There is one in a process. It
// has no goroutine of its own: callers do the work when it is their turn.
type Checker struct {
	queue queue
	keyed *keyed
	memo  *memo

	mu      sync.Mutex
	flights map[[32]byte]*flight
}

// flight is a computation that several callers may wait for.
type flight struct {
	done     chan struct{}
	finished bool // or it was given up, and somebody else has to do it
	outcome  outcome
}

type outcome struct {
	derived [32]byte
	right   bool
}

// New returns a Checker that remembers nothing.
func New(o Options) *Checker {
	if o.Workers <= 0 {
		o.Workers = max(1, runtime.GOMAXPROCS(0)/2) // which knows of a container's limit, other than NumCPU
	}
	if o.Queue <= 0 {
		o.Queue = max(256, 64*o.Workers)
	}
	if o.PerSource <= 0 {
		o.PerSource = 16
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	k := newKeyed()
	return &Checker{
		queue: queue{free: o.Workers, limit: o.Queue, perSource: o.PerSource, sources: map[origin]*source{}},
		keyed: k, memo: newMemo(k, memoEntries, o.Now), flights: map[[32]byte]*flight{},
	}
}

// Waiting returns how many checks wait for a worker, for the metrics.
func (c *Checker) Waiting() int {
	c.queue.mu.Lock()
	defer c.queue.mu.Unlock()
	return c.queue.waiting
}

// Derive is [Params.Derive] on a worker. source is who asks, after the list of trusted proxies. Equal questions at the
// same time are computed once and use up one place. It returns [ErrBusy] over a quota, [fault.Unavailable] when ctx
// ends while it waits, and [fault.Unauthenticated], before anything slow, for what is not [Worthwhile]. A computation
// that has begun is not cut short.
func (c *Checker) Derive(ctx context.Context, source netip.Addr, environment, application uuid.UUID, p *Params, secret []byte) ([32]byte, error) {
	if !Worthwhile(secret) {
		return [32]byte{}, fault.New(fault.Unauthenticated, "this is not a chosen secret")
	}
	if !p.Valid() {
		return [32]byte{}, fault.New(fault.Internal, "the parameters of chosen secrets are out of bounds")
	}
	o, err := c.run(ctx, source, c.keyed.sum(forFlights, environment, application, p.String(), secret), func() outcome {
		return outcome{derived: p.Derive(secret)}
	})
	return o.derived, err
}

// VerifyImported is [Imported.Verify] under the same rules. Hashes that are checked as fast as generated secrets need
// no worker. What is not [Worthwhile] is not right.
func (c *Checker) VerifyImported(ctx context.Context, source netip.Addr, environment, application uuid.UUID, h *Imported, secret []byte) (bool, error) {
	if !Worthwhile(secret) {
		return false, nil
	}
	if h.quick() {
		return h.Verify(secret), nil
	}
	o, err := c.run(ctx, source, c.keyed.sum(forFlights, environment, application, h.text, secret), func() outcome {
		return outcome{right: h.Verify(secret)}
	})
	return o.right, err
}

// run computes once for all who ask under the same key at the same time. A client that starts on many machines at
// once, or after we did, asks the same question many times before the first answer is remembered.
func (c *Checker) run(ctx context.Context, from netip.Addr, key [32]byte, compute func() outcome) (outcome, error) {
	for {
		c.mu.Lock()
		f, flying := c.flights[key]
		if !flying {
			f = &flight{done: make(chan struct{})}
			c.flights[key] = f
			c.mu.Unlock()
			return c.lead(ctx, from, key, f, compute)
		}
		c.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return outcome{}, ended(ctx)
		}
		if f.finished {
			return f.outcome, nil
		}
	}
}

func (c *Checker) lead(ctx context.Context, from netip.Addr, key [32]byte, f *flight, compute func() outcome) (outcome, error) {
	defer func() { // also when compute panics: then the others try for themselves
		c.mu.Lock()
		delete(c.flights, key)
		c.mu.Unlock()
		close(f.done)
	}()
	s, err := c.queue.enter(ctx, origin{network: networkOf(from)})
	if err != nil {
		return outcome{}, err
	}
	defer c.queue.leave(s)
	f.outcome = compute()
	f.finished = true
	return f.outcome, nil
}

// Remember keeps that secret was right: the next [Checker.Recall] of it returns credential and stored, what the
// database holds for it. Only for secrets that were just verified.
func (c *Checker) Remember(environment, application, credential uuid.UUID, secret []byte, stored [32]byte) {
	if Worthwhile(secret) {
		c.memo.remember(environment, application, credential, secret, stored)
	}
}

// Recall returns what [Checker.Remember] was told of a secret, unless that has not been asked for in an hour or gave
// way to others. The caller must compare stored, in constant time, with what the credential has now; only if they are
// equal is the secret right. It costs about one check of a generated secret and allocates nothing.
func (c *Checker) Recall(environment, application uuid.UUID, secret []byte) (credential uuid.UUID, stored [32]byte, ok bool) {
	if !Worthwhile(secret) {
		return uuid.UUID{}, [32]byte{}, false
	}
	return c.memo.recall(environment, application, secret)
}

// Forget drops what is remembered of an application. Call it when one of its credentials changes or goes.
func (c *Checker) Forget(environment, application uuid.UUID) { c.memo.forget(environment, application) }

// Sweep drops what has not been asked for in an hour. A chore calls it every few minutes; Recall obeys the hour
// anyway, but a secret that nobody presents leaves the memory only so.
func (c *Checker) Sweep() { c.memo.sweep() }
