package seal

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

const (
	// With [db.Tx.ForUpdate] this is the lock under which root keys are made and numbered: two nodes that start at
	// once on one database decide one after the other.
	selectInstallation = `SELECT id FROM installation`

	selectRoots = `
SELECT version, fingerprint, created_at, retired_at,
       (SELECT COUNT(*) FROM environment_key k WHERE k.root_fingerprint = r.fingerprint)
FROM root_key r ORDER BY version`
	selectNewestVersion = `SELECT coalesce(max(version), 0) FROM root_key`
	selectNewest        = `SELECT fingerprint FROM root_key ORDER BY version DESC LIMIT 1`
	insertRoot          = `INSERT INTO root_key (version, fingerprint, created_at, retired_at) VALUES ($1, $2, $3, 0)`
	retireRoot          = `UPDATE root_key SET retired_at = $2 WHERE version = $1`

	insertKeyset = `INSERT INTO environment_key (environment_id, root_fingerprint, keyset, updated_at) VALUES ($1, $2, $3, $4)`
	updateKeyset = `UPDATE environment_key SET root_fingerprint = $2, keyset = $3, updated_at = $4 WHERE environment_id = $1`
	selectKeyset = `SELECT environment_id, root_fingerprint, keyset FROM environment_key WHERE environment_id = $1`
	selectAll    = `SELECT environment_id, root_fingerprint, keyset FROM environment_key`
	selectUnder  = `
SELECT environment_id, root_fingerprint, keyset FROM environment_key
WHERE root_fingerprint = $1 ORDER BY environment_id LIMIT $2`
)

// record is a row of root_key.
type record struct {
	version      int64
	fingerprint  string
	created      time.Time
	retired      time.Time // zero while something may need it
	environments int64     // how many keysets it wraps
}

func scanRecord(scan db.Scan) (record, error) {
	var r record
	var created, retired int64
	err := scan(&r.version, &r.fingerprint, &created, &retired, &r.environments)
	r.created, r.retired = db.Time(created), db.Time(retired)
	return r, err
}

// wrapped is a row of environment_key.
type wrapped struct {
	environment uuid.UUID
	fingerprint string // of the root key it is wrapped under
	keyset      []byte
}

func scanWrapped(scan db.Scan) (wrapped, error) {
	var w wrapped
	err := scan(&w.environment, &w.fingerprint, &w.keyset)
	return w, err
}

func (w *wrapped) update(tx *db.Tx) error {
	_, err := tx.Exec(updateKeyset, w.environment.String(), w.fingerprint, w.keyset, db.Micros(tx.Now()))
	return err
}
