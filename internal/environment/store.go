package environment

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const columns = `id, organization_id, slug, name, is_default, enabled, epoch, incarnation, version, created_at, updated_at, region`

const (
	lockInstallation   = `SELECT id FROM installation`
	insertOrganization = `INSERT INTO organization (id, name, created_at) VALUES ($1, $2, $3)`
	insertEnvironment  = `INSERT INTO environment (` + columns + `, next_number) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)`
	selectEnvironments = `SELECT ` + columns + ` FROM environment ORDER BY created_at, id`
	selectEnvironment  = `SELECT ` + columns + ` FROM environment WHERE id = $1`
	updateEnvironment  = `UPDATE environment SET name = $2, enabled = $3, epoch = $4, incarnation = $5, version = $6, updated_at = $7 WHERE id = $1`
)

var errMissing = fault.New(fault.NotFound, "there is no such environment")

func scan(s db.Scan) (*Environment, error) {
	var e Environment
	var id, organization string
	var slug *string
	var incarnation, created, updated int64
	err := s(&id, &organization, &slug, &e.Name, &e.Default, &e.Enabled, &e.Epoch, &incarnation, &e.Version, &created, &updated, &e.Region)
	if err != nil {
		return nil, err
	}
	if slug != nil {
		e.Slug = *slug
	}
	e.Incarnation, e.CreatedAt, e.UpdatedAt = uint64(incarnation), db.Time(created), db.Time(updated)
	if e.Organization, err = uuid.Parse(organization); err != nil {
		return nil, err
	}
	e.ID, err = uuid.Parse(id)
	return &e, err
}

func list(tx *db.Tx) ([]*Environment, error) { return db.All(tx, scan, selectEnvironments) }

// All returns every environment, oldest first, for the register and for chores; doors use [List].
func All(tx *db.Tx) ([]*Environment, error) { return list(tx) }

// Load returns one environment for the register, or [fault.NotFound]; doors use [Get].
func Load(tx *db.Tx, id uuid.UUID) (*Environment, error) { return get(tx, id) }

func get(tx *db.Tx, id uuid.UUID) (*Environment, error) { return one(tx, selectEnvironment, id) }

func getForUpdate(tx *db.Tx, id uuid.UUID) (*Environment, error) {
	return one(tx, selectEnvironment+tx.ForUpdate(), id)
}

func one(tx *db.Tx, query string, id uuid.UUID) (*Environment, error) {
	e, err := db.One(tx, scan, query, id.String())
	if fault.Is(err, fault.NotFound) {
		return nil, errMissing
	}
	return e, err
}

func (e *Environment) insert(tx *db.Tx) error {
	var slug *string
	if e.Slug != "" {
		slug = &e.Slug
	}
	_, err := tx.Exec(insertEnvironment, e.ID.String(), e.Organization.String(), slug, e.Name, e.Default, e.Enabled,
		e.Epoch, int64(e.Incarnation), e.Version, db.Micros(e.CreatedAt), db.Micros(e.UpdatedAt), e.Region)
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Conflict, "an environment with the slug %q exists already", e.Slug)
	}
	return err
}

func (e *Environment) update(tx *db.Tx) error {
	e.Version++
	e.UpdatedAt = tx.Now()
	_, err := tx.Exec(updateEnvironment, e.ID.String(), e.Name, e.Enabled, e.Epoch, int64(e.Incarnation), e.Version, db.Micros(e.UpdatedAt))
	return err
}
