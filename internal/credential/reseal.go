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
	if err := vault.ResealRows(tx, environment, "credential", selectSealed, updateSealed); err != nil {
		return err
	}
	return vault.ResealRows(tx, environment, "handover", selectSealedHandover, updateSealedHandover)
}
