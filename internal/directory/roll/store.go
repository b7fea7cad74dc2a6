package roll

import (
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
)

const (
	selectUsers = `SELECT ` + directory.RowColumns + ` FROM directory_user u WHERE u.environment_id = $1 AND u.id > $2`

	// A group's members are in the order of their ids, too.
	selectUsersOfGroup = `SELECT ` + directory.RowColumns + ` FROM directory_member m
JOIN directory_user u ON u.environment_id = m.environment_id AND u.id = m.member_id
WHERE m.environment_id = $1 AND m.member_id > $2 AND m.group_id = $4`

	// What follows a selection is said as the partial indexes have it; the number of the parameter comes after it.
	andPopulation  = ` AND u.population_id = $`
	andExternalID  = ` AND u.external_id <> '' AND u.external_id = $`
	andStatus      = ` AND u.status = $`
	andOtherStatus = ` AND u.status <> 'active' AND u.status = $`
	inOrder        = ` ORDER BY u.id LIMIT $3`
	inGroupsOrder  = ` ORDER BY m.member_id LIMIT $3`

	selectGroupsCalled = `SELECT ` + directory.GroupColumns + ` FROM directory_group g
WHERE g.environment_id = $1 AND g.name_folded >= $2 AND g.name_folded < $3`
	andPopulationAmong = ` AND g.population_id IN (`
	inNamesOrder       = ` ORDER BY g.name_folded LIMIT $4`

	selectMembers = `SELECT m.member_id, m.kind, COALESCE(u.population_id, g.population_id, ''), COALESCE(u.profile, ''), COALESCE(g.name, '')
FROM directory_member m
LEFT JOIN directory_user u ON m.kind = 'user' AND u.environment_id = m.environment_id AND u.id = m.member_id
LEFT JOIN directory_group g ON m.kind = 'group' AND g.environment_id = m.environment_id AND g.id = m.member_id
WHERE m.environment_id = $1 AND m.group_id = $2 AND m.member_id > $3 ORDER BY m.member_id LIMIT $4`
)

func scanUser(s db.Scan) (*directory.User, error) {
	row, err := directory.ScanRow(s)
	if err != nil {
		return nil, err
	}
	return row.User()
}
