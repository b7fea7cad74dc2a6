package lock

// entry is what a node knows of one key. Times are microseconds since 1970, 0 for never. It holds no pointers.
type entry struct {
	failures uint32 // as the row has them
	flying   uint32 // counted here, being written
	pending  uint32 // counted here, not yet written

	first, last int64 // of the failures
	until       int64 // locked until, as the row has it
	alone       int64 // locked until, as this node has it while its count is not written
	reset       int64 // the last success that the row does not know of
	updated     int64 // the row's version

	writes uint32 // failures written at once since
	since  int64
}

const lockMicros = int64(For / 1000)

// prompt reports whether the last failure is to be written at once. Successes in between would let a stranger cause
// any number of writes; from the sixth within the hour on they are written together, by [Book.Flush]. A lock never
// waits.
func (e *entry) prompt(now int64) bool {
	if e.since <= now-lockMicros {
		e.writes, e.since = 0, now
	}
	if e.writes >= MaxFailures && e.alone == 0 {
		return false
	}
	e.writes++
	return true
}

func (e *entry) sum() uint32 { return e.failures + e.flying + e.pending }

func (e *entry) locked(now int64) bool { return e.until > now || e.alone > now }

// idle reports that the entry may be forgotten: it locks nothing, counts nothing and has nothing to write.
func (e *entry) idle(now int64) bool {
	return e.sum() == 0 && e.reset == 0 && !e.locked(now)
}

// age forgets what is over: a lock, or a count after a silence.
func (e *entry) age(now int64) {
	if e.locked(now) {
		return
	}
	if e.until != 0 || e.alone != 0 || e.last <= now-lockMicros {
		e.failures, e.pending, e.until, e.alone, e.first = 0, 0, 0, 0, 0
	}
}

// count adds a failure to an entry that is not locked, and locks it here if that was the last one allowed.
func (e *entry) count(now int64) {
	if e.sum() == 0 {
		e.first = now
	}
	e.pending++
	e.last = max(e.last, now, e.reset+1) // later than the success before it, on any clock
	if e.sum() >= MaxFailures {
		e.alone = e.last + lockMicros
	}
}

// forgive takes the failures back that a success at now made harmless, and reports whether the row must hear of it.
func (e *entry) forgive(now int64) bool {
	heard := e.failures+e.flying > 0
	e.failures, e.pending, e.first = 0, 0, 0
	if heard {
		e.reset = max(now, e.last)
	}
	return heard
}

// take moves what is not written yet into flight, with the client's last success here. Nothing is taken while
// something flies.
func (e *entry) take(k key, success int64) (d delta, ok bool) {
	if e.flying > 0 || e.pending == 0 && e.reset == 0 {
		return d, false
	}
	d = delta{key: k, count: e.pending, first: e.first, last: e.last, own: e.reset, reset: max(e.reset, success)}
	e.flying, e.pending = e.pending, 0
	return d, true
}

// crash takes back what could not be written.
func (e *entry) crash() { e.flying, e.pending = 0, e.pending+e.flying }

// land takes over what the row says after d was written to it.
func (e *entry) land(d delta, r row, now int64) {
	e.flying = 0
	if e.reset == d.own {
		e.reset = 0
	}
	if r.updated != 0 { // a reset that changed no row returns none
		e.follow(r, now, e.reset)
	}
}

// follow takes over what the row says; success is when the client was last seen to be the rightful one here.
func (e *entry) follow(r row, now, success int64) {
	over := r.until <= now
	if over && r.failures == 0 && e.last <= r.last {
		e.pending = 0 // it was unlocked since
	}
	e.failures, e.first, e.until, e.updated = r.failures, r.first, r.until, r.updated
	if e.pending == 0 {
		e.last = r.last
	} else {
		e.last = max(e.last, r.last)
	}
	if over && r.failures > 0 && r.last <= success {
		e.failures, e.reset = 0, max(e.reset, success)
	}
	if !over || e.sum() < MaxFailures {
		e.alone = 0
	}
}
