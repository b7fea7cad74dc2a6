package web

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// A batch is written when it is this old or this long, whichever comes first. One write(2) per request
	// would cost more than everything else that this package does.
	batchAge  = 100 * time.Millisecond
	batchSize = 64 << 10
	// queueLimit is how much may wait while the output is stuck; past it, info records are dropped.
	queueLimit = 1 << 20
	// mustLimit is where even a warning waits for room, so that a stuck output cannot eat the memory.
	mustLimit = 4 << 20
)

// Log is the program's log: JSON lines, written in batches by one goroutine. While its output is stuck, records
// below warning level are dropped and counted; warnings and errors are kept, and wait when there is no room.
type Log struct {
	out     io.Writer
	handler slog.Handler

	mu      sync.Mutex
	room    sync.Cond // a batch was taken
	pending []byte
	closed  bool

	writing sync.Mutex // held while a batch is on its way, so that batches keep their order
	spare   []byte

	some, full chan struct{} // something is pending; enough is pending
	stop, done chan struct{}
	dropped    atomic.Uint64
}

// OpenLog returns a log that writes records of at least level to out. It must be closed.
func OpenLog(out io.Writer, level slog.Leveler) *Log {
	l := &Log{
		out: out, some: make(chan struct{}, 1), full: make(chan struct{}, 1),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	l.room.L = &l.mu
	o := &slog.HandlerOptions{Level: level}
	l.handler = &lanes{slog.NewJSONHandler(lane{l, false}, o), slog.NewJSONHandler(lane{l, true}, o)}
	go l.run()
	return l
}

// Handler returns the handler for all records of the program, such as [slog.New] wants.
func (l *Log) Handler() slog.Handler { return l.handler }

// Logger returns a logger that writes to the log.
func (l *Log) Logger() *slog.Logger { return slog.New(l.handler) }

// Dropped returns how many records were dropped since the start.
func (l *Log) Dropped() uint64 { return l.dropped.Load() }

// Close writes what is pending. Records that come later are written one by one.
func (l *Log) Close() error {
	l.mu.Lock()
	closed := l.closed
	l.closed = true
	l.mu.Unlock()
	if !closed {
		close(l.stop)
	}
	<-l.done
	return nil
}

// Flush writes what is pending now.
func (l *Log) Flush() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	batch := l.pending
	l.pending = l.spare[:0]
	l.room.Broadcast()
	l.mu.Unlock()
	if len(batch) > 0 {
		_, _ = l.out.Write(batch) // there is nobody left to tell
	}
	l.spare = batch
	if cap(batch) > 2*queueLimit { // grown by a stuck output
		l.spare = nil
	}
}

func (l *Log) run() {
	defer close(l.done)
	age := time.NewTimer(0)
	for {
		select {
		case <-l.some:
		case <-l.stop:
			l.Flush()
			return
		}
		age.Reset(batchAge)
		select {
		case <-age.C:
		case <-l.full:
		case <-l.stop:
		}
		l.Flush()
	}
}

// append adds one record, which it copies, to the batch. One that must not be lost waits for room.
func (l *Log) append(record []byte, must bool) {
	l.mu.Lock()
	for must && len(l.pending) >= mustLimit && !l.closed {
		l.room.Wait()
	}
	if !must && len(l.pending)+len(record) > queueLimit {
		l.mu.Unlock()
		l.dropped.Add(1)
		return
	}
	before := len(l.pending)
	l.pending = append(l.pending, record...)
	after, closed := len(l.pending), l.closed
	l.mu.Unlock()
	switch {
	case closed:
		l.Flush()
	case before == 0:
		signal(l.some)
	case before < batchSize && after >= batchSize:
		signal(l.full)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// lane is the way into a log for records that may be dropped, or for those that must not.
type lane struct {
	log  *Log
	must bool
}

func (w lane) Write(record []byte) (int, error) {
	w.log.append(record, w.must)
	return len(record), nil
}

// lanes is a handler that chooses the lane by level.
type lanes struct{ may, must slog.Handler }

func (h *lanes) Enabled(ctx context.Context, level slog.Level) bool { return h.may.Enabled(ctx, level) }

func (h *lanes) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		return h.must.Handle(ctx, r)
	}
	return h.may.Handle(ctx, r)
}

func (h *lanes) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lanes{h.may.WithAttrs(attrs), h.must.WithAttrs(attrs)}
}

func (h *lanes) WithGroup(name string) slog.Handler {
	return &lanes{h.may.WithGroup(name), h.must.WithGroup(name)}
}
