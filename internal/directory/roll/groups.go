package roll

import (
	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
)

// endOfNames comes after whatever a name may go on with: no name holds it, because it is not printable.
const endOfNames = "\U0010FFFF"

// GroupsCalled returns at most limit groups that the actor may see whose names begin so, as [directory.Fold] has them, in the
// order of their names. [fault.Denied]: the actor may read no group.
func GroupsCalled(tx *db.Tx, actor *access.Actor, beginning string, limit int) ([]*directory.Group, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadGroups); err != nil {
		return nil, err
	}
	from := directory.Fold(beginning)
	query, args := selectGroupsCalled, []any{actor.Environment.String(), from, from + endOfNames, limit}
	everything, some := actor.Over(access.ReadGroups, access.OverPopulation)
	if !everything && len(some) == 0 {
		return nil, nil // a role over something else
	}
	if !everything { // or whoever looks after one population would read through the groups of all others
		query += andPopulationAmong + db.Placeholders(len(args)+1, len(some)) + `)`
		for _, population := range some {
			args = append(args, population.String())
		}
	}
	return db.All(tx, directory.ScanGroup, query+inNamesOrder, args...)
}
