package directory

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Population is a set of users that somebody looks after. Every user is in exactly one.
type Population struct {
	Environment uuid.UUID
	ID          uuid.UUID
	Name        string
	Description string
	// Default is the one that new users are in unless somebody says otherwise; every environment has one.
	Default   bool
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// PopulationSpec is what can be said about a population.
type PopulationSpec struct{ Name, Description string }

// maxPopulations keeps the list of an environment short enough to be shown at once.
const maxPopulations = 1000

const populationColumns = `environment_id, id, name, description, is_default, version, created_at, updated_at`

const (
	insertPopulation  = `INSERT INTO directory_population (` + populationColumns + `, name_folded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	updatePopulation  = `UPDATE directory_population SET name = $3, description = $4, version = $5, updated_at = $6, name_folded = $7 WHERE environment_id = $1 AND id = $2`
	deletePopulation  = `DELETE FROM directory_population WHERE environment_id = $1 AND id = $2`
	selectPopulation  = `SELECT ` + populationColumns + ` FROM directory_population WHERE environment_id = $1 AND id = $2`
	selectPopulations = `SELECT ` + populationColumns + ` FROM directory_population WHERE environment_id = $1 ORDER BY name_folded`
	selectDefault     = `SELECT id FROM directory_population WHERE environment_id = $1 AND is_default`
	selectSomebodyIn  = `SELECT id FROM directory_user WHERE environment_id = $1 AND population_id = $2 LIMIT 1`
	selectGroupIn     = `SELECT id FROM directory_group WHERE environment_id = $1 AND population_id = $2 LIMIT 1`
)

func scanPopulation(s db.Scan) (*Population, error) {
	var p Population
	var environment, id string
	var created, updated int64
	err := s(&environment, &id, &p.Name, &p.Description, &p.Default, &p.Version, &created, &updated)
	if err != nil {
		return nil, err
	}
	p.CreatedAt, p.UpdatedAt = db.Time(created), db.Time(updated)
	if p.Environment, err = uuid.Parse(environment); err != nil {
		return nil, err
	}
	p.ID, err = uuid.Parse(id)
	return &p, err
}

// Install gives an environment its default population, unless it has one.
func Install(tx *db.Tx, environment uuid.UUID) error {
	_, err := db.Value[string](tx, selectDefault, environment.String())
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	p := &Population{Environment: environment, ID: uuid.New(), Name: "Default", Default: true, Version: 1, CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
	if err := p.insert(tx); err != nil {
		return err
	}
	e := event("population.created", "population", environment, p.ID)
	e.After = p.facts()
	ledger.Append(tx, ledger.System, e)
	return nil
}

// CreatePopulation adds a population. A name that is taken, whatever its case, is [fault.Conflict].
func CreatePopulation(tx *db.Tx, actor *access.Actor, spec PopulationSpec) (*Population, error) {
	if err := access.Allow(tx, actor, access.WritePopulations); err != nil {
		return nil, err
	}
	all, err := db.All(tx, scanPopulation, selectPopulations, actor.Environment.String())
	if err != nil {
		return nil, err
	}
	if len(all) >= maxPopulations {
		return nil, fault.New(fault.Conflict, "an environment has at most %d populations", maxPopulations)
	}
	p := &Population{Environment: actor.Environment, ID: uuid.New(), Version: 1, CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
	if err := p.apply(spec); err != nil {
		return nil, err
	}
	if err := p.insert(tx); err != nil {
		return nil, err
	}
	recordPopulation(tx, actor, "population.created", p, nil, p.facts())
	return p, nil
}

// ChangePopulation renames or describes a population. version is the one the caller saw, or 0; another is [fault.Stale].
func ChangePopulation(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, change func(*PopulationSpec)) (*Population, error) {
	p, err := writablePopulation(tx, actor, id, version)
	if err != nil {
		return nil, err
	}
	before := p.facts()
	spec := PopulationSpec{p.Name, p.Description}
	change(&spec)
	if err := p.apply(spec); err != nil {
		return nil, err
	}
	p.Version, p.UpdatedAt = p.Version+1, tx.Now()
	_, err = tx.Exec(updatePopulation, p.Environment.String(), p.ID.String(), p.Name, p.Description, p.Version, db.Micros(p.UpdatedAt), Fold(p.Name))
	if err != nil {
		return nil, p.taken(err)
	}
	recordPopulation(tx, actor, "population.changed", p, before, p.facts())
	return p, nil
}

// DeletePopulation removes a population in which nobody is. The default one stays ([fault.Conflict]).
func DeletePopulation(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) error {
	p, err := writablePopulation(tx, actor, id, version)
	if err != nil {
		return err
	}
	if p.Default {
		return fault.New(fault.Conflict, "the default population cannot be deleted")
	}
	for query, what := range map[string]string{selectSomebodyIn: "users", selectGroupIn: "groups"} {
		_, err := db.Value[string](tx, query, p.Environment.String(), p.ID.String())
		if err == nil {
			return fault.New(fault.Conflict, "the population has %s; move or delete them first", what)
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	if _, err := tx.Exec(deletePopulation, p.Environment.String(), p.ID.String()); err != nil {
		return err
	}
	recordPopulation(tx, actor, "population.deleted", p, p.facts(), nil)
	return nil
}

// GetPopulation returns one population of the actor's environment. One that it may not see is [fault.NotFound].
func GetPopulation(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Population, error) {
	return seenPopulation(tx, actor, access.ReadPopulations, id, selectPopulation)
}

// MadePopulation is [GetPopulation] for whoever made it, and may write populations without reading them.
func MadePopulation(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Population, error) {
	return seenPopulation(tx, actor, access.WritePopulations, id, selectPopulation)
}

func seenPopulation(tx *db.Tx, actor *access.Actor, permission string, id uuid.UUID, query string) (*Population, error) {
	if err := access.AllowSomewhere(tx, actor, permission); err != nil {
		return nil, err
	}
	if !actor.MayOn(permission, access.OverPopulation, id) {
		return nil, errNoPopulation
	}
	p, err := db.One(tx, scanPopulation, query, actor.Environment.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		err = errNoPopulation
	}
	return p, err
}

var errNoPopulation = fault.New(fault.NotFound, "there is no such population")

// Populations returns those of the actor's environment that it may see, by name.
func Populations(tx *db.Tx, actor *access.Actor) ([]*Population, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadPopulations); err != nil {
		return nil, err
	}
	all, err := db.All(tx, scanPopulation, selectPopulations, actor.Environment.String())
	if err != nil {
		return nil, err
	}
	shown := all[:0]
	for _, p := range all {
		if actor.MayOn(access.ReadPopulations, access.OverPopulation, p.ID) {
			shown = append(shown, p)
		}
	}
	return shown, nil
}

func writablePopulation(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) (*Population, error) {
	p, err := seenPopulation(tx, actor, access.WritePopulations, id, selectPopulation+tx.ForUpdate())
	if err == nil && version != 0 && version != p.Version {
		err = fault.New(fault.Stale, "the population was changed by somebody else; read it again")
	}
	return p, err
}

func (p *Population) apply(spec PopulationSpec) error {
	p.Name, p.Description = strings.TrimSpace(spec.Name), spec.Description
	if err := access.ValidName("name", p.Name); err != nil {
		return err
	}
	return validText("description", p.Description, 255)
}

func (p *Population) insert(tx *db.Tx) error {
	_, err := tx.Exec(insertPopulation, p.Environment.String(), p.ID.String(), p.Name, p.Description, p.Default, p.Version,
		db.Micros(p.CreatedAt), db.Micros(p.UpdatedAt), Fold(p.Name))
	return p.taken(err)
}

func (p *Population) taken(err error) error {
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Conflict, "a population with the name %q exists already", p.Name)
	}
	return err
}

func (p *Population) facts() facts {
	f := facts{"name": p.Name}
	if p.Description != "" {
		f["description"] = p.Description
	}
	return f
}

func recordPopulation(tx *db.Tx, actor *access.Actor, kind string, p *Population, before, after any) {
	e := event(kind, "population", p.Environment, p.ID)
	e.Before, e.After = before, after
	ledger.Append(tx, actor.Who(), e)
}
