// Command seed writes many clients into the SQLite file of a stopped Counterfoil, for the benchmark's scale rows.
//
// The new applications and their one secret each are copies of an existing application with ids and keyed hashes
// drawn at random: a server has to carry them, but nobody can log in as one. The ledger does not mention them.
// It is a tool for benchmarks and for nothing else.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

// batch is how many applications one transaction writes.
const batch = 20_000

// One statement writes a whole batch, handed over as one JSON array of ids.
const (
	copyApplications = `
INSERT INTO application (environment_id, id, name, name_folded, description, enabled, epoch, token_lifetime, auth_methods,
    permissions, introspects, version, created_by, created_at, updated_at)
SELECT pattern.environment_id, fresh.value, fresh.value, fresh.value, pattern.description, pattern.enabled, pattern.epoch,
    pattern.token_lifetime, pattern.auth_methods, pattern.permissions, pattern.introspects, pattern.version,
    pattern.created_by, pattern.created_at, pattern.updated_at
FROM application AS pattern, json_each($1) AS fresh WHERE pattern.environment_id = $2 AND pattern.id = $3`

	// The id of a credential is that of its application: unique, and in order.
	copyCredentials = `
INSERT INTO credential (environment_id, application_id, id, kind, description, hint, enabled, epoch, not_before, expires_at,
    permissions, mac, peppers, version, created_by, created_at, updated_at)
SELECT pattern.environment_id, fresh.value, fresh.value, pattern.kind, pattern.description, pattern.hint, pattern.enabled,
    pattern.epoch, pattern.not_before, pattern.expires_at, pattern.permissions, randomblob(32), pattern.peppers,
    pattern.version, pattern.created_by, pattern.created_at, pattern.updated_at
FROM credential AS pattern, json_each($1) AS fresh WHERE pattern.environment_id = $2 AND pattern.application_id = $3
    AND pattern.id = $4`

	findPattern = `
SELECT environment_id, application_id, id FROM credential WHERE application_id = $1 ORDER BY id LIMIT 1`
)

func main() {
	path := flag.String("database", "", "path of counterfoil.db; its server must be stopped")
	like := flag.String("like", "", "client id of the application to copy, which has a secret")
	count := flag.Int("applications", 0, "how many applications to write")
	flag.Parse()
	if err := seed(context.Background(), *path, *like, *count); err != nil {
		fmt.Fprintln(os.Stderr, "seed:", err)
		os.Exit(1)
	}
}

func seed(ctx context.Context, path, like string, count int) error {
	if path == "" || like == "" || count < 1 {
		return errors.New("-database, -like and -applications are needed")
	}
	if _, err := os.Stat(path); err != nil {
		return err // rather than make a new database
	}
	d, err := db.Open(ctx, db.Options{DSN: path})
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()

	var pattern struct{ environment, application, credential string }
	err = d.Read(ctx, func(tx *db.Tx) error {
		return tx.Each(func(scan db.Scan) error {
			return scan(&pattern.environment, &pattern.application, &pattern.credential)
		}, findPattern, like)
	})
	if err != nil {
		return err
	}
	if pattern.credential == "" {
		return fmt.Errorf("there is no application %s with a secret", like)
	}
	for ids := range slices.Chunk(sortedIDs(count), batch) {
		list, err := json.Marshal(ids)
		if err != nil {
			return err
		}
		err = d.Write(ctx, func(tx *db.Tx) error {
			if _, err := tx.Exec(copyApplications, string(list), pattern.environment, pattern.application); err != nil {
				return err
			}
			_, err := tx.Exec(copyCredentials, string(list), pattern.environment, pattern.application, pattern.credential)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sortedIDs draws n ids. Sorted, they are appended to every index, which is ten times as fast as dropping each row
// on a page of its own.
func sortedIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = uuid.NewString()
	}
	slices.Sort(ids)
	return ids
}
