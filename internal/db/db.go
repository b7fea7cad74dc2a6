package db

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Engine names one of the two databases.
type Engine string

// The engines, by the names of their migration folders.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgres"
)

// Options say which database to open.
type Options struct {
	// DSN is a PostgreSQL URL (postgres://…) or the path of a SQLite file, which is made when it is missing.
	DSN string
	// Now is the clock of every transaction; nil means [time.Now].
	Now func() time.Time
	// Log receives what no caller can be told, such as a lost notification connection; nil discards it.
	Log *slog.Logger
}

// DB is an open database whose schema fits this program.
type DB struct {
	engine Engine
	dsn    string
	config *pgx.ConnConfig // PostgreSQL only.
	now    func() time.Time
	log    *slog.Logger

	pool   *sql.DB // PostgreSQL: everything. SQLite: readers only.
	writer *writer // SQLite only.
	claim  *claim  // SQLite only: this process's hold on the file.

	statements, chores atomic.Uint64
}

// Open opens the database, brings its schema up to date and checks that the schema does not say that this
// program is too old for it ([fault.Conflict]). A SQLite file on a network file system, or one that another
// process has open, is refused with [fault.Conflict] and says which.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d := &DB{dsn: o.DSN, now: o.Now, log: o.Log}
	var err error
	if IsPostgreSQL(o.DSN) {
		err = d.openPostgreSQL(ctx)
	} else {
		err = d.openSQLite(ctx)
	}
	if err == nil {
		err = d.migrate(ctx)
	}
	if err == nil && d.engine == SQLite {
		err = d.startWriter(ctx)
	}
	if err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// IsPostgreSQL reports whether dsn names a PostgreSQL database rather than a SQLite file.
func IsPostgreSQL(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// Engine returns which database this is.
func (d *DB) Engine() Engine { return d.engine }

// Now returns the time on the database's clock, in UTC and whole microseconds, as rows keep it.
func (d *DB) Now() time.Time { return d.now().UTC().Truncate(time.Microsecond) }

// Statements returns how many statements ran on behalf of callers, and how many on behalf of chores ([Chore]).
func (d *DB) Statements() (callers, chores uint64) {
	return d.statements.Load(), d.chores.Load()
}

// Close waits for running writes, then closes every connection and lets go of the file.
func (d *DB) Close() error {
	if d.writer != nil {
		d.writer.stop()
	}
	var err error
	if d.pool != nil {
		err = d.pool.Close()
	}
	if d.claim != nil {
		d.claim.release()
	}
	return err
}

type choreKey struct{}

// Chore marks the statements run under ctx as housekeeping (tailing the ledger, writing usage behind), which
// [DB.Statements] counts apart from those that a request waits for.
func Chore(ctx context.Context) context.Context { return context.WithValue(ctx, choreKey{}, true) }

func (d *DB) count(ctx context.Context) {
	if ctx.Value(choreKey{}) != nil {
		d.chores.Add(1)
	} else {
		d.statements.Add(1)
	}
}

// Read runs fn in a read-only transaction that sees one state of the database. Errors of fn are returned as
// they are; those of the engine carry a [fault] kind, [fault.Unavailable] when the database is away.
func (d *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if d.engine == PostgreSQL {
		options.Isolation = sql.LevelRepeatableRead
		var cancel context.CancelFunc
		ctx, cancel = d.bounded(ctx)
		defer cancel()
	}
	inner, err := d.begin(ctx, options)
	if err != nil {
		return translate(err)
	}
	defer func() { _ = inner.Rollback() }()
	return fn(&Tx{ctx: ctx, db: d, run: inner, now: d.Now()})
}

// Write runs fn in a transaction and returns once it is on disk, or with an error and nothing changed. fn may
// be run again after a clash with other writers. On SQLite it shares one commit with its neighbours, and ctx
// is not cancelled inside it; a ctx that ends before fn starts is honoured.
func (d *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	if d.engine == SQLite {
		return d.writer.submit(ctx, fn)
	}
	ctx, cancel := d.bounded(ctx)
	defer cancel()
	return d.writePostgreSQL(ctx, fn)
}

// WriteBatches runs change in one transaction after another, each of which does at most that many rows, until one does
// fewer: nobody else waits for long, and what is done stays done.
func (d *DB) WriteBatches(ctx context.Context, most int64, change func(*Tx) (rows int64, err error)) error {
	for {
		var done int64
		err := d.Write(ctx, func(tx *Tx) (err error) {
			done, err = change(tx)
			return err
		})
		if err != nil || done < most {
			return err
		}
	}
}

// callerTime bounds what somebody waits for a transaction. PostgreSQL's own time-outs do not help against a network
// that swallows packets.
const callerTime = 10 * time.Second

// bounded gives ctx a deadline unless it is a chore's, which sets its own.
func (d *DB) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Value(choreKey{}) != nil {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, callerTime)
}

// Micros returns t as rows keep it: microseconds since 1970, and 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the reverse of [Micros].
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// Lease takes or renews the lease called name for holder until now + length, and reports whether holder has it.
// Chores that one node alone should do are run under one.
func (d *DB) Lease(ctx context.Context, name, holder string, length time.Duration) (bool, error) {
	const take = `
INSERT INTO lease (name, holder, until) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE lease.holder = excluded.holder OR lease.until < $4`
	var taken bool
	err := d.Write(ctx, func(tx *Tx) error {
		rows, err := tx.Exec(take, name, holder, Micros(tx.Now().Add(length)), Micros(tx.Now()))
		taken = rows == 1
		return err
	})
	return taken, err
}

// Unlease removes the lease called name, whoever holds it: for things that are gone, whose leases nobody takes again.
func (tx *Tx) Unlease(name string) error {
	_, err := tx.Exec(`DELETE FROM lease WHERE name = $1`, name)
	return err
}

// errStopped is what a writer answers that has been closed.
var errStopped = fault.New(fault.Unavailable, "the server is shutting down")
