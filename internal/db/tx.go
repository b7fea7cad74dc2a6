package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// runner is what sql.Tx and sql.Conn have in common.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Tx is one transaction. It is used by one goroutine and not after the function that was given it returns.
type Tx struct {
	ctx    context.Context
	db     *DB
	run    runner
	now    time.Time
	failed error // the first error of the engine; the transaction cannot commit after it

	local map[any]any
	last  []func(*Tx) error
	after []func()
}

// Now is the one time of the transaction, in UTC and whole microseconds.
func (tx *Tx) Now() time.Time { return tx.now }

// Context is the context that the transaction runs under.
func (tx *Tx) Context() context.Context { return tx.ctx }

// ForUpdate is the clause that locks the rows a SELECT returns until the transaction ends: empty on SQLite,
// where there is one writer.
func (tx *Tx) ForUpdate() string {
	if tx.db.engine == PostgreSQL {
		return " FOR UPDATE"
	}
	return ""
}

// Unhurried lifts the bound on how long a statement may take, for one that reads whole tables.
func (tx *Tx) Unhurried() error {
	if tx.db.engine != PostgreSQL {
		return nil
	}
	_, err := tx.Exec("SET LOCAL statement_timeout = 0")
	return err
}

// Exec runs a statement and returns how many rows it changed. A broken unique constraint is [fault.Conflict].
func (tx *Tx) Exec(query string, args ...any) (rows int64, err error) {
	tx.db.count(tx.ctx)
	result, err := tx.run.ExecContext(tx.ctx, query, args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	return result.RowsAffected()
}

// Scan is the Scan method of the current row.
type Scan func(targets ...any) error

// Each calls row for every row of the query, in order, until row returns an error.
func (tx *Tx) Each(row func(Scan) error, query string, args ...any) error {
	tx.db.count(tx.ctx)
	rows, err := tx.run.QueryContext(tx.ctx, query, args...)
	if err != nil {
		return tx.fail(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return tx.fail(err)
	}
	return nil
}

// All returns what scan makes of every row of the query.
func All[T any](tx *Tx, scan func(Scan) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := tx.Each(func(s Scan) error {
		one, err := scan(s)
		all = append(all, one)
		return err
	}, query, args...)
	return all, err
}

// errNoRow is the [fault.NotFound] that [One] returns; rooms replace it by one that names the thing.
var errNoRow = fault.New(fault.NotFound, "not found")

// One returns what scan makes of the query's first row, and [fault.NotFound] when there is none.
func One[T any](tx *Tx, scan func(Scan) (T, error), query string, args ...any) (T, error) {
	var one T
	found := false
	err := tx.Each(func(s Scan) error {
		if found {
			return nil
		}
		var err error
		found = true
		one, err = scan(s)
		return err
	}, query, args...)
	if err == nil && !found {
		err = errNoRow
	}
	return one, err
}

// Value scans the single column of a query's first row.
func Value[T any](tx *Tx, query string, args ...any) (T, error) {
	return One(tx, func(s Scan) (T, error) {
		var v T
		return v, s(&v)
	}, query, args...)
}

// Local returns the value kept in the transaction under key, made by fresh on first use.
func (tx *Tx) Local(key any, fresh func() any) any {
	if v, ok := tx.local[key]; ok {
		return v
	}
	if tx.local == nil {
		tx.local = map[any]any{}
	}
	v := fresh()
	tx.local[key] = v
	return v
}

// BeforeCommit runs fn as the last thing in the transaction; an error from it undoes the transaction.
func (tx *Tx) BeforeCommit(fn func(*Tx) error) { tx.last = append(tx.last, fn) }

// AfterCommit runs fn once the transaction is on disk, before [DB.Write] returns. It runs only for the attempt
// that is committed.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

// perform runs fn and what it left for the end of the transaction. A panic becomes an error, because on SQLite
// it would take the writer, and with it every later write, down.
func (tx *Tx) perform(fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	for _, last := range tx.last {
		if err := last(tx); err != nil {
			return err
		}
	}
	return tx.failed
}

func (tx *Tx) fail(err error) error {
	err = translate(err)
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

func (tx *Tx) committed() {
	for _, fn := range tx.after {
		fn()
	}
}

// translate gives an engine's error its [fault] kind. Errors that have one, and those of the context, pass.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(fault.Unavailable, err, "the database did not answer in time")
	}
	if f := translateSQLite(err); f != nil {
		return f
	}
	if f := translatePostgreSQL(err); f != nil {
		return f
	}
	return err
}
