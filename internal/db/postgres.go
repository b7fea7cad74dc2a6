package db

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// channel is the notification that says "the ledger grew"; it carries nothing and only wakes a poll early.
const channel = "counterfoil"

// maxAttempts bounds how often a transaction that clashes with another is run.
const maxAttempts = 5

func (d *DB) openPostgreSQL(ctx context.Context) error {
	d.engine = PostgreSQL
	config, err := pgx.ParseConfig(d.dsn)
	if err != nil {
		return fault.New(fault.Invalid, "the database URL cannot be read (a PostgreSQL URL looks like postgres://user@host:5432/name)")
	}
	// A transaction that nobody ends must not stall the ledger's head, so every wait is bounded.
	for name, value := range map[string]string{
		"statement_timeout": "5000", "lock_timeout": "3000", "idle_in_transaction_session_timeout": "5000",
		"application_name": "counterfoil", "timezone": "UTC",
	} {
		config.RuntimeParams[name] = value
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 3 * time.Second
	}
	d.config = config
	d.pool = stdlib.OpenDB(*config)
	d.pool.SetMaxOpenConns(poolSize)
	d.pool.SetMaxIdleConns(poolSize)
	d.pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := d.pool.PingContext(ctx); err != nil {
		return fault.Wrap(fault.Unavailable, err, "PostgreSQL at %s:%d does not answer", config.Host, config.Port)
	}
	return nil
}

func (d *DB) writePostgreSQL(ctx context.Context, fn func(*Tx) error) error {
	for attempt := 1; ; attempt++ {
		tx, err := d.attempt(ctx, fn)
		if err == nil {
			tx.committed()
			return nil
		}
		if attempt == maxAttempts || !isClash(err) && !isClash(tx.failed) {
			return translate(err)
		}
		select {
		case <-ctx.Done():
			return translate(ctx.Err())
		case <-time.After(time.Duration(attempt*attempt) * 2 * time.Millisecond):
		}
	}
}

// attempt runs fn once. The transaction it returns tells a clash even when fn put the engine's error into words
// of its own.
func (d *DB) attempt(ctx context.Context, fn func(*Tx) error) (*Tx, error) {
	tx := &Tx{ctx: ctx, db: d, now: d.Now()}
	inner, err := d.begin(ctx, nil)
	if err != nil {
		return tx, err
	}
	defer func() { _ = inner.Rollback() }()
	tx.run = inner
	if err := tx.perform(fn); err != nil {
		return tx, err
	}
	return tx, inner.Commit()
}

// poolSize is how many connections a node has to PostgreSQL.
const poolSize = 16

// begin begins a transaction. Connections that broke while they lay in the pool, as all do in an outage, are passed over:
// the first callers after one must not pay for it. Only a connection that cannot be made says that the database is away.
func (d *DB) begin(ctx context.Context, o *sql.TxOptions) (*sql.Tx, error) {
	for attempt := 1; ; attempt++ {
		tx, err := d.pool.BeginTx(ctx, o)
		if err == nil || attempt > poolSize || ctx.Err() != nil || !isBroken(err) {
			return tx, err
		}
	}
}

// isBroken reports a connection that was lost, as opposed to one that could not be made or does not answer in time.
func isBroken(err error) bool {
	if _, isConnect := errors.AsType[*pgconn.ConnectError](err); isConnect || pgconn.Timeout(err) {
		return false
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "57P01" || e.Code == "57P02" // the server went down with the connection open
	}
	return translatePostgreSQL(err) != nil
}

// isClash reports a serialization failure or a deadlock, after which the same transaction may well succeed.
func isClash(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}

func translatePostgreSQL(err error) *fault.Error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case e.Code == "23505":
			return fault.Wrap(fault.Conflict, err, "already exists")
		case e.Code == "53100":
			return fault.Wrap(fault.Unavailable, err, "the disk of the database is full")
		case e.Code == "55P03", e.Code == "57014", e.Code == "40001", e.Code == "40P01", e.Code == "25006",
			strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57P"),
			strings.HasPrefix(e.Code, "58"), e.Code == "25P03":
			return fault.Wrap(fault.Unavailable, err, "the database cannot serve this now")
		}
		return nil
	}
	_, isNet := errors.AsType[net.Error](err)
	_, isConnect := errors.AsType[*pgconn.ConnectError](err)
	if isNet || isConnect || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) ||
		strings.Contains(err.Error(), "conn closed") {
		return fault.Wrap(fault.Unavailable, err, "the database does not answer")
	}
	return nil
}

// Notify tells the other nodes, if there are any, that the ledger grew. It is best effort: they poll as well.
func (d *DB) Notify(ctx context.Context) {
	if d.engine != PostgreSQL {
		return
	}
	d.count(ctx)
	if _, err := d.pool.ExecContext(ctx, "SELECT pg_notify('"+channel+"', '')"); err != nil {
		d.log.Debug("notification not sent; the other nodes will see the change at their next poll", "error", err)
	}
}

// Listen calls wake for every notification until ctx ends, on a connection of its own that it mends when it
// breaks. On SQLite it only waits for ctx.
func (d *DB) Listen(ctx context.Context, wake func()) {
	for d.engine == PostgreSQL && ctx.Err() == nil {
		err := d.listenOnce(ctx, wake)
		if ctx.Err() == nil {
			d.log.Warn("notification connection lost; polling goes on", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	<-ctx.Done()
}

func (d *DB) listenOnce(ctx context.Context, wake func()) error {
	conn, err := pgx.ConnectConfig(ctx, d.config.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		wake()
	}
}
