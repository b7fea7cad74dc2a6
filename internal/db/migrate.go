package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Generation is what this program knows of the schema. A migration that an older program cannot live with
// writes its own generation into installation.oldest_program; those that only expand leave it alone, so that
// old and new nodes run side by side during an upgrade.
const Generation = 1

//go:embed migration
var migrations embed.FS

func (d *DB) migrate(ctx context.Context) error {
	pool, dialect := d.pool, goose.DialectPostgres
	options := []goose.ProviderOption{goose.WithVerbose(false)}
	if d.engine == SQLite {
		dialect = goose.DialectSQLite3
		var err error
		if pool, err = sql.Open("sqlite", sqliteDSN(d.dsn)); err != nil {
			return translate(err)
		}
		defer func() { _ = pool.Close() }()
		pool.SetMaxOpenConns(1)
	} else {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // every second, five minutes long
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	if err := refuseIfTooOld(ctx, pool); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migration/"+string(d.engine))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, pool, files, options...)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return translate(fmt.Errorf("bring the schema up to date: %w", err))
	}
	const baptise = `UPDATE installation SET id = $1, created_at = $2 WHERE id = ''`
	_, err = pool.ExecContext(ctx, baptise, uuid.NewString(), Micros(d.Now()))
	return translate(err)
}

// refuseIfTooOld stops a program that the schema has left behind before it touches anything. A database
// without the table is new.
func refuseIfTooOld(ctx context.Context, pool *sql.DB) error {
	var oldest int64
	err := pool.QueryRowContext(ctx, `SELECT oldest_program FROM installation`).Scan(&oldest)
	if err != nil && !isMissingTable(err) {
		return translate(fmt.Errorf("read the schema's generation: %w", err))
	}
	if oldest > Generation {
		return fault.New(fault.Conflict, "this program is too old for the database: it knows schema generation %d, "+
			"the database needs %d or later; install the newer program", Generation, oldest)
	}
	return nil
}

func isMissingTable(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "42P01"
	}
	return strings.Contains(err.Error(), "no such table") // SQLite has no code for it
}

// Installation returns the identifier that the installation was born with.
func (d *DB) Installation(ctx context.Context) (string, error) {
	var id string
	err := d.Read(ctx, func(tx *Tx) error {
		var err error
		id, err = Value[string](tx, `SELECT id FROM installation`)
		return err
	})
	return id, err
}
