package credential

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const (
	selectSealed         = `SELECT id, sealed FROM credential WHERE environment_id = $1 AND sealed IS NOT NULL`
	updateSealed         = `UPDATE credential SET sealed = $3 WHERE environment_id = $1 AND id = $2`
	selectSealedHandover = `SELECT id, sealed FROM handover WHERE environment_id = $1`
	updateSealedHandover = `UPDATE handover SET sealed = $3 WHERE environment_id = $1 AND id = $2`
)

// Reseal seals the secrets that an environment keeps, for viewing and for handing over, under its present sealing key;
// see [seal.Vault.Rekey].
func Reseal(tx *db.Tx, vault *seal.Vault, environment uuid.UUID) error {
	if err := resealTable(tx, vault, environment, "credential", selectSealed, updateSealed); err != nil {
		return err
	}
	return resealTable(tx, vault, environment, "handover", selectSealedHandover, updateSealedHandover)
}

func resealTable(tx *db.Tx, vault *seal.Vault, environment uuid.UUID, table, query, update string) error {
	type row struct {
		id     string
		sealed []byte
	}
	rows, err := db.All(tx, func(s db.Scan) (r row, err error) { return r, s(&r.id, &r.sealed) }, query, environment.String())
	if err != nil {
		return err
	}
	for _, r := range rows {
		sealed, err := vault.Reseal(tx, environment, table, r.id, "sealed", r.sealed)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(update, environment.String(), r.id, sealed); err != nil {
			return err
		}
	}
	return nil
}
