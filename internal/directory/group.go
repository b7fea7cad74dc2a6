package directory

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Group is a set of users and of other groups.
type Group struct {
	Environment uuid.UUID
	ID          uuid.UUID
	// Name is unique in the environment, whatever its case.
	Name        string
	Description string
	ExternalID  string
	// Population is where all of its users are; zero: anywhere.
	Population uuid.UUID
	// Filter, when it is not empty, says who is a member (RFC 7644 §3.4.2.2); nobody is added to such a group by hand.
	Filter    string
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// GroupSpec is what can be said about a group.
type GroupSpec struct {
	Name, Description, ExternalID string
	// Population counts only at creation. Whether a group is dynamic is decided then, too; its filter can change.
	Population uuid.UUID
	Filter     string
}

const groupColumns = `environment_id, id, name, description, external_id, population_id, filter, version, created_at, updated_at`

const (
	insertGroup = `INSERT INTO directory_group (` + groupColumns + `, name_folded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	updateGroup = `UPDATE directory_group SET name = $3, description = $4, external_id = $5, filter = $6, version = $7, updated_at = $8, name_folded = $9
WHERE environment_id = $1 AND id = $2`
	touchGroup  = `UPDATE directory_group SET version = $3, updated_at = $4 WHERE environment_id = $1 AND id = $2`
	deleteGroup = `DELETE FROM directory_group WHERE environment_id = $1 AND id = $2`

	selectGroup   = `SELECT ` + groupColumns + ` FROM directory_group WHERE environment_id = $1 AND id = $2`
	selectGroups  = `SELECT ` + groupColumns + ` FROM directory_group WHERE environment_id = $1 AND id > $2 ORDER BY id LIMIT $3`
	selectNamed   = `SELECT ` + groupColumns + ` FROM directory_group WHERE environment_id = $1 AND name_folded = $2`
	selectDynamic = `SELECT ` + groupColumns + ` FROM directory_group WHERE environment_id = $1 AND filter <> '' ORDER BY id`
)

// maxDynamic bounds the groups whose filters are asked for each user that is shown with its groups.
const maxDynamic = 100

func scanGroup(s db.Scan) (*Group, error) {
	var g Group
	var environment, id, population string
	var created, updated int64
	err := s(&environment, &id, &g.Name, &g.Description, &g.ExternalID, &population, &g.Filter, &g.Version, &created, &updated)
	if err != nil {
		return nil, err
	}
	g.CreatedAt, g.UpdatedAt = db.Time(created), db.Time(updated)
	if g.Environment, err = uuid.Parse(environment); err != nil {
		return nil, err
	}
	if g.ID, err = uuid.Parse(id); err != nil {
		return nil, err
	}
	if population != "" {
		if g.Population, err = uuid.Parse(population); err != nil {
			return nil, err
		}
	}
	return &g, err
}

// CreateGroup adds a group without members. A name that is taken, whatever its case, is [fault.Conflict].
func CreateGroup(tx *db.Tx, actor *access.Actor, spec GroupSpec) (*Group, error) {
	if err := access.AllowSomewhere(tx, actor, access.WriteGroups); err != nil {
		return nil, err
	}
	g := &Group{Environment: actor.Environment, Population: spec.Population, Version: 1, CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
	if !g.Visible(actor, access.WriteGroups) {
		return nil, fault.New(fault.Denied, "you may not make groups here; name a population that you look after")
	}
	if g.Population != uuid.Nil {
		if _, err := db.One(tx, scanPopulation, selectPopulation, g.Environment.String(), g.Population.String()); err != nil {
			return nil, fault.On("population", "there is no such population")
		}
	}
	if spec.Filter != "" {
		dynamic, err := db.All(tx, scanGroup, selectDynamic, g.Environment.String())
		if err != nil {
			return nil, err
		}
		if len(dynamic) >= maxDynamic {
			return nil, fault.New(fault.Conflict, "an environment has at most %d groups with a filter", maxDynamic)
		}
	}
	g.Filter = spec.Filter
	if err := g.apply(tx, spec); err != nil {
		return nil, err
	}
	var err error
	if g.ID, err = newID(tx); err != nil {
		return nil, err
	}
	if err := g.insert(tx); err != nil {
		return nil, err
	}
	recordGroup(tx, actor, "group.created", g, nil, g.facts())
	return g, nil
}

// ChangeGroup applies change to a group. version is the one the caller saw, or 0; another is [fault.Stale].
func ChangeGroup(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, change func(*GroupSpec)) (*Group, error) {
	g, err := writableGroup(tx, actor, id, version)
	if err != nil {
		return nil, err
	}
	before := g.facts()
	spec := GroupSpec{g.Name, g.Description, g.ExternalID, g.Population, g.Filter}
	change(&spec)
	if (spec.Filter == "") != (g.Filter == "") {
		return nil, fault.On("filter", "whether a group has a filter is decided when it is made")
	}
	if spec.Population != g.Population {
		return nil, fault.On("population", "a group stays in its population")
	}
	if err := g.apply(tx, spec); err != nil {
		return nil, err
	}
	g.Version, g.UpdatedAt = g.Version+1, tx.Now()
	_, err = tx.Exec(updateGroup, g.Environment.String(), g.ID.String(), g.Name, g.Description, g.ExternalID, g.Filter, g.Version,
		db.Micros(g.UpdatedAt), Fold(g.Name))
	if err != nil {
		return nil, g.taken(err)
	}
	recordGroup(tx, actor, "group.changed", g, before, g.facts())
	return g, nil
}

// DeleteGroup removes a group; its members lose the membership and nothing else.
func DeleteGroup(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) error {
	g, err := writableGroup(tx, actor, id, version)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(deleteMemberships, g.Environment.String(), g.ID.String()); err != nil {
		return err
	}
	if _, err := tx.Exec(deleteGroup, g.Environment.String(), g.ID.String()); err != nil {
		return err
	}
	recordGroup(tx, actor, "group.deleted", g, g.facts(), nil)
	return nil
}

// GetGroup returns one group of the actor's environment. One that the actor may not see is [fault.NotFound].
func GetGroup(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Group, error) {
	return seenGroup(tx, actor, access.ReadGroups, id, selectGroup)
}

// MadeGroup is [GetGroup] for whoever made it, and may write groups without reading them.
func MadeGroup(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Group, error) {
	return seenGroup(tx, actor, access.WriteGroups, id, selectGroup)
}

// GroupNamed returns the group called so, whatever the case.
func GroupNamed(tx *db.Tx, actor *access.Actor, name string) (*Group, error) {
	return shownGroup(tx, actor, access.ReadGroups, selectNamed, Fold(name))
}

// Groups returns groups that the actor may see, in the order of their creation.
func Groups(tx *db.Tx, actor *access.Actor, page Page) ([]*Group, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadGroups); err != nil {
		return nil, err
	}
	var shown []*Group
	for after := page.After; ; {
		all, err := db.All(tx, scanGroup, selectGroups, actor.Environment.String(), after.String(), page.Limit)
		if err != nil {
			return nil, err
		}
		for _, g := range all {
			if after = g.ID; g.Visible(actor, access.ReadGroups) {
				shown = append(shown, g)
			}
		}
		if len(all) < page.Limit || len(shown) >= page.Limit {
			return shown[:min(len(shown), page.Limit)], nil
		}
	}
}

// DynamicGroups returns the groups of an environment whose members follow from a filter, at most [maxDynamic].
func DynamicGroups(tx *db.Tx, environment uuid.UUID) ([]*Group, error) {
	return db.All(tx, scanGroup, selectDynamic, environment.String())
}

// Visible reports whether the actor holds permission over the group. A group of the whole environment is for those
// only who hold it everywhere.
func (g *Group) Visible(actor *access.Actor, permission string) bool {
	if g.Population == uuid.Nil {
		return actor.May(permission)
	}
	return actor.MayOn(permission, access.OverPopulation, g.Population)
}

func seenGroup(tx *db.Tx, actor *access.Actor, permission string, id uuid.UUID, query string) (*Group, error) {
	return shownGroup(tx, actor, permission, query, id.String())
}

// shownGroup is [seenGroup] by whatever key the query has.
func shownGroup(tx *db.Tx, actor *access.Actor, permission, query string, key any) (*Group, error) {
	if err := access.AllowSomewhere(tx, actor, permission); err != nil {
		return nil, err
	}
	g, err := db.One(tx, scanGroup, query, actor.Environment.String(), key)
	if fault.Is(err, fault.NotFound) || err == nil && !g.Visible(actor, permission) {
		return nil, fault.New(fault.NotFound, "there is no such group")
	}
	return g, err
}

func writableGroup(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) (*Group, error) {
	g, err := seenGroup(tx, actor, access.WriteGroups, id, selectGroup+tx.ForUpdate())
	if err != nil {
		return nil, err
	}
	if version != 0 && version != g.Version {
		return nil, fault.New(fault.Stale, "the group was changed by somebody else; read it again")
	}
	return g, nil
}

func (g *Group) apply(tx *db.Tx, spec GroupSpec) error {
	g.Name, g.Description, g.ExternalID = strings.TrimSpace(spec.Name), spec.Description, spec.ExternalID
	g.Filter = spec.Filter
	if g.Name == "" || strings.ContainsAny(g.Name, "\n\t") {
		return fault.On("name", "a group has a name in one line")
	}
	if err := validText("name", g.Name, maxUserName); err != nil {
		return err
	}
	if err := validText("description", g.Description, maxText); err != nil {
		return err
	}
	if err := validText("external_id", g.ExternalID, maxText); err != nil || g.Filter == "" {
		return err
	}
	known, err := schema.Load(tx, g.Environment)
	if err == nil {
		_, err = filter.ParseRule(g.Filter, known.User)
	}
	return err
}

func (g *Group) insert(tx *db.Tx) error {
	population := ""
	if g.Population != uuid.Nil {
		population = g.Population.String()
	}
	_, err := tx.Exec(insertGroup, g.Environment.String(), g.ID.String(), g.Name, g.Description, g.ExternalID, population, g.Filter,
		g.Version, db.Micros(g.CreatedAt), db.Micros(g.UpdatedAt), Fold(g.Name))
	return g.taken(err)
}

func (g *Group) taken(err error) error {
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Conflict, "a group with the name %q exists already", g.Name)
	}
	return err
}

func (g *Group) facts() facts {
	f := facts{"name": g.Name}
	for name, text := range map[string]string{"description": g.Description, "external_id": g.ExternalID, "filter": g.Filter} {
		if text != "" {
			f[name] = text
		}
	}
	if g.Population != uuid.Nil {
		f["population"] = g.Population.String()
	}
	return f
}

func recordGroup(tx *db.Tx, actor *access.Actor, kind string, g *Group, before, after any) {
	e := event(kind, "group", g.Environment, g.ID)
	e.Before, e.After = before, after
	ledger.Append(tx, actor.Who(), e)
}
