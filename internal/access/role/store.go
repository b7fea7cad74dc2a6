package role

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	insertRole = `INSERT INTO custom_role (environment_id, id, name, name_folded, description, permissions, version, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	updateRole = `UPDATE custom_role SET name = $3, name_folded = $4, description = $5, permissions = $6, version = $7, updated_at = $8
WHERE environment_id = $1 AND id = $2`
	deleteRole = `DELETE FROM custom_role WHERE environment_id = $1 AND id = $2`
	countRoles = `SELECT count(*) FROM custom_role WHERE environment_id = $1`

	insertHolder = `INSERT INTO user_role (environment_id, user_id, role, scope_kind, scope_id, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	deleteHolder = `DELETE FROM user_role WHERE environment_id = $1 AND user_id = $2 AND role = $3 AND scope_kind = $4 AND scope_id = $5`
	dropHolders  = `DELETE FROM user_role WHERE environment_id = $1 AND role = $2`

	// A role is held by many users over few things.
	selectScopes  = `SELECT DISTINCT scope_kind, scope_id FROM user_role WHERE environment_id = $1 AND role = $2`
	selectHolders = `SELECT r.user_id, r.scope_kind, r.scope_id, u.population_id
FROM user_role r JOIN directory_user u ON u.environment_id = r.environment_id AND u.id = r.user_id
WHERE r.environment_id = $1 AND r.role = $2 AND r.user_id > $3 ORDER BY r.user_id, r.scope_kind, r.scope_id LIMIT $4`
)

func write(tx *db.Tx, statement string, environment uuid.UUID, d *access.Definition) error {
	permissions, err := json.Marshal(d.Permissions)
	if err != nil {
		return err
	}
	args := []any{environment.String(), string(d.Role), d.Name, fold(d.Name), d.Description, string(permissions), d.Version}
	if statement == insertRole {
		args = append(args, db.Micros(d.CreatedAt))
	}
	_, err = tx.Exec(statement, append(args, db.Micros(d.UpdatedAt))...)
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Conflict, "there is a role called %q already", d.Name)
	}
	return err
}

// facts is what the ledger keeps of a role.
type facts struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Scopes      []string `json:"scopes"`
}

func factsOf(d *access.Definition) facts { return facts{d.Name, d.Description, d.Permissions} }

func scopeOf(kind, id string) (access.RoleScope, error) {
	parsed, err := uuid.Parse(id)
	return access.RoleScope{Kind: access.ScopeKind(kind), ID: parsed}, err
}

func scanScope(scan db.Scan) (access.RoleScope, error) {
	var kind, id string
	if err := scan(&kind, &id); err != nil {
		return access.RoleScope{}, err
	}
	return scopeOf(kind, id)
}
