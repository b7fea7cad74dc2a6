package schema

import (
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const columns = `id, urn, name, description, definition, version, created_at, updated_at`

const (
	selectSchemas = `SELECT ` + columns + ` FROM custom_schema WHERE environment_id = $1 ORDER BY created_at, id`
	selectSchema  = `SELECT ` + columns + ` FROM custom_schema WHERE environment_id = $1 AND id = $2`
	insertSchema  = `INSERT INTO custom_schema (environment_id, ` + columns + `, urn_folded, name_folded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	updateSchema  = `UPDATE custom_schema SET name = $3, description = $4, definition = $5, version = $6, updated_at = $7, name_folded = $8 WHERE environment_id = $1 AND id = $2`
	deleteSchema  = `DELETE FROM custom_schema WHERE environment_id = $1 AND id = $2`
)

func scanSchema(scan db.Scan) (*Custom, error) {
	var c Custom
	var id, text string
	var created, updated int64
	err := scan(&id, &c.URN, &c.Name, &c.Description, &text, &c.Version, &created, &updated)
	if err != nil {
		return nil, err
	}
	c.CreatedAt, c.UpdatedAt = db.Time(created), db.Time(updated)
	if c.ID, err = uuid.Parse(id); err != nil {
		return nil, err
	}
	c.Attributes, err = readDefinition(text)
	return &c, err
}

// List returns the custom schemas of an environment, oldest first.
func List(tx *db.Tx, environment uuid.UUID) ([]*Custom, error) {
	return db.All(tx, scanSchema, selectSchemas, environment.String())
}

// Get returns one custom schema of the actor's environment, or [fault.NotFound].
func Get(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Custom, error) {
	if err := access.Allow(tx, actor, access.ReadSchemas); err != nil {
		return nil, err
	}
	return get(tx, actor.Environment, id, "")
}

// Made is [Get] for whoever made the schema, and may write schemas without reading them.
func Made(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Custom, error) {
	if err := access.Allow(tx, actor, access.WriteSchemas); err != nil {
		return nil, err
	}
	return get(tx, actor.Environment, id, "")
}

func get(tx *db.Tx, environment, id uuid.UUID, lock string) (*Custom, error) {
	c, err := db.One(tx, scanSchema, selectSchema+lock, environment.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "there is no such schema")
	}
	return c, err
}

type loadedKey struct{ environment uuid.UUID }

// Load returns every schema of an environment as the transaction sees them. It reads them once in a transaction, and a
// transaction that changes schemas does not load them.
func Load(tx *db.Tx, environment uuid.UUID) (*Set, error) {
	loaded := tx.Local(loadedKey{environment}, func() any { return new(*Set) }).(**Set)
	if *loaded != nil {
		return *loaded, nil
	}
	custom, err := List(tx, environment)
	if err != nil {
		return nil, err
	}
	*loaded = core
	if len(custom) > 0 {
		*loaded = NewSet(custom)
	}
	return *loaded, nil
}

func (c *Custom) insert(tx *db.Tx, environment uuid.UUID) error {
	text, err := definition(c.Attributes)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertSchema, environment.String(), c.ID.String(), c.URN, c.Name, c.Description, text, c.Version,
		db.Micros(c.CreatedAt), db.Micros(c.UpdatedAt), strings.ToLower(c.URN), strings.ToLower(c.Name))
	return c.taken(err)
}

func (c *Custom) update(tx *db.Tx, environment uuid.UUID) error {
	text, err := definition(c.Attributes)
	if err != nil {
		return err
	}
	_, err = tx.Exec(updateSchema, environment.String(), c.ID.String(), c.Name, c.Description, text, c.Version,
		db.Micros(c.UpdatedAt), strings.ToLower(c.Name))
	return c.taken(err)
}

func (c *Custom) taken(err error) error {
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Conflict, "there is a schema named %s, or with its URN, already", c.Name)
	}
	return err
}

// facts is what the ledger keeps of a schema.
func (c *Custom) facts() map[string]any {
	return map[string]any{"urn": c.URN, "name": c.Name, "description": c.Description, "attributes": write(c.Attributes, false)}
}
