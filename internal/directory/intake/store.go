package intake

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

const importColumns = `environment_id, id, source, name, mode, state, created_by, created_at, updated_at`

const (
	insertImport   = `INSERT INTO intake (` + importColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	updateState    = `UPDATE intake SET state = $3, updated_at = $4 WHERE environment_id = $1 AND id = $2`
	selectImport   = `SELECT ` + importColumns + ` FROM intake WHERE environment_id = $1 AND id = $2`
	selectImports  = `SELECT ` + importColumns + ` FROM intake WHERE environment_id = $1 ORDER BY created_at DESC, id LIMIT 200`
	selectBySource = `SELECT ` + importColumns + ` FROM intake WHERE environment_id = $1 AND source = $2 ORDER BY created_at DESC`

	insertBatch = `INSERT INTO intake_batch (environment_id, intake_id, sequence, digest, created, changed, unchanged, rejected) VALUES ($1, $2, $3, $4, 0, 0, 0, 0)
ON CONFLICT (environment_id, intake_id, sequence) DO NOTHING`
	updateBatch = `UPDATE intake_batch SET created = $4, changed = $5, unchanged = $6, rejected = $7 WHERE environment_id = $1 AND intake_id = $2 AND sequence = $3`
	selectBatch = `SELECT digest, created, changed, unchanged, rejected FROM intake_batch WHERE environment_id = $1 AND intake_id = $2 AND sequence = $3`
	selectDone  = `SELECT sequence FROM intake_batch WHERE environment_id = $1 AND intake_id = $2 AND sequence > $3 ORDER BY sequence LIMIT 1000`

	selectCounts  = `SELECT created, changed, unchanged, rejected FROM intake_batch WHERE environment_id = $1 AND intake_id = $2`
	insertReject  = `INSERT INTO intake_reject (environment_id, intake_id, line, reason) VALUES ($1, $2, $3, $4)`
	selectRejects = `SELECT line, reason FROM intake_reject WHERE environment_id = $1 AND intake_id = $2 AND line > $3 ORDER BY line LIMIT 1000`
)

func scanImport(s db.Scan) (*Import, error) {
	var i Import
	var environment, id string
	var created, updated int64
	err := s(&environment, &id, &i.Source, &i.Name, (*string)(&i.Mode), (*string)(&i.State), &i.CreatedBy, &created, &updated)
	if err != nil {
		return nil, err
	}
	i.CreatedAt, i.UpdatedAt = db.Time(created), db.Time(updated)
	if i.Environment, err = uuid.Parse(environment); err != nil {
		return nil, err
	}
	i.ID, err = uuid.Parse(id)
	return &i, err
}

func (i *Import) insert(tx *db.Tx) error {
	_, err := tx.Exec(insertImport, i.Environment.String(), i.ID.String(), i.Source, i.Name, string(i.Mode), string(i.State), i.CreatedBy,
		db.Micros(i.CreatedAt), db.Micros(i.UpdatedAt))
	return err
}
