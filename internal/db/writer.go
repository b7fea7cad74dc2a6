package db

import (
	"context"
	"database/sql"
	"sync"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// maxGroup bounds how many transactions share a commit: enough to hide the disk, few enough that one slow
// member does not hold up a crowd.
const maxGroup = 64

// writer is SQLite's only writer. It takes waiting transactions together, runs each inside a savepoint and
// commits them at once, so that a crowd pays for one sync of the disk.
type writer struct {
	db    *DB
	pool  *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt

	mu      sync.RWMutex // held for reading while a member is being queued
	closed  bool
	queue   chan *member
	drained chan struct{}

	broken error // set once a sync failed; nothing is written afterwards
}

// member is one transaction in a group.
type member struct {
	ctx  context.Context
	fn   func(*Tx) error
	tx   *Tx
	err  error
	done chan struct{}
}

func newWriter(d *DB, pool *sql.DB, conn *sql.Conn) *writer {
	w := &writer{
		db: d, pool: pool, conn: conn, stmts: map[string]*sql.Stmt{},
		queue: make(chan *member, maxGroup), drained: make(chan struct{}),
	}
	go w.loop()
	return w
}

// submit queues fn and waits for its outcome, which is always told: a caller that gives up waiting would not
// know whether its write is there.
func (w *writer) submit(ctx context.Context, fn func(*Tx) error) error {
	m := &member{ctx: ctx, fn: fn, done: make(chan struct{})}
	w.mu.RLock()
	if w.closed {
		w.mu.RUnlock()
		return errStopped
	}
	w.queue <- m
	w.mu.RUnlock()
	<-m.done
	if m.err == nil {
		m.tx.committed() // here, not in the loop: it may write, and its panic is its caller's
	}
	return m.err
}

func (w *writer) stop() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.drained
}

func (w *writer) loop() {
	defer close(w.drained)
	defer w.release()
	for first := range w.queue {
		group := []*member{first}
	gather:
		for len(group) < maxGroup {
			select {
			case next, open := <-w.queue:
				if !open {
					break gather
				}
				group = append(group, next)
			default:
				break gather
			}
		}
		w.commit(group)
		for _, m := range group {
			close(m.done)
		}
	}
}

// release closes the connection, statements first: SQLite moves its log into the file when the last connection
// closes, so that whoever then copies the file alone has everything, but it waits for statements for ever.
func (w *writer) release() {
	for _, s := range w.stmts {
		_ = s.Close()
	}
	_, _ = w.conn.Close(), w.pool.Close()
}

// commit runs a group in one transaction. Any error of the engine spoils the whole transaction for certain
// only in the engine's own view, so the group is undone and every member runs again by itself.
func (w *writer) commit(group []*member) {
	if w.together(group) {
		return
	}
	if len(group) == 1 {
		return
	}
	for _, m := range group {
		w.together([]*member{m})
	}
}

// together runs the members and commits them at once; false means that nothing was committed.
func (w *writer) together(group []*member) bool {
	ctx := context.Background()
	fail := func(err error) bool {
		_, _ = w.conn.ExecContext(ctx, "ROLLBACK")
		if isLostSync(err) && w.broken == nil {
			w.broken = fault.Wrap(fault.Unavailable, err, "the disk failed to store a write; nothing more is written until the server is restarted")
			w.db.log.Error("disk failed to store a write; writing stops until restart", "error", err)
		}
		for _, m := range group {
			m.err = translate(err)
		}
		return false
	}
	if w.broken != nil {
		for _, m := range group {
			m.err = w.broken
		}
		return true
	}
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fail(err)
	}
	for _, m := range group {
		m.err = m.ctx.Err()
		if m.err != nil {
			m.err = translate(m.err)
			continue
		}
		if _, err := w.conn.ExecContext(ctx, "SAVEPOINT member"); err != nil {
			return fail(err)
		}
		m.tx = &Tx{ctx: context.WithoutCancel(m.ctx), db: w.db, run: w, now: w.db.Now()}
		m.err = m.tx.perform(m.fn)
		if m.tx.failed != nil {
			said := m.err // the room's own words for what the engine refused
			fail(m.tx.failed)
			if said != nil {
				m.err = said
			}
			return false
		}
		end := "RELEASE member"
		if m.err != nil {
			end = "ROLLBACK TO member; RELEASE member"
		}
		if _, err := w.conn.ExecContext(ctx, end); err != nil {
			return fail(err)
		}
	}
	if _, err := w.conn.ExecContext(ctx, "COMMIT"); err != nil {
		return fail(err)
	}
	return true
}

// statement returns query prepared on the writing connection; the set of texts is that of the rooms' constants.
func (w *writer) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := w.stmts[query]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(ctx, query)
	if err == nil {
		w.stmts[query] = s
	}
	return s, err
}

// ExecContext implements runner with prepared statements.
func (w *writer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := w.statement(ctx, query) //nolint:sqlclosecheck // kept for the next use
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// QueryContext implements runner with prepared statements.
func (w *writer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := w.statement(ctx, query) //nolint:sqlclosecheck // kept for the next use
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}
