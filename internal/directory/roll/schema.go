package roll

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
)

const (
	selectHavingSchema = `SELECT u.profile FROM directory_value v JOIN directory_user u ON u.environment_id = v.environment_id AND u.id = v.user_id
WHERE v.environment_id = $1 AND v.attribute = $2 AND v.folded = $3 ORDER BY v.user_id LIMIT $4`
	// mostLookedAt bounds how many users are asked whether they have an attribute.
	mostLookedAt = 10_000
)

// SchemaInUse reports whether some user of an environment has a value under a custom schema, or, when attribute is not
// empty, under that attribute of it. Past 10,000 users with the schema it says yes without having found one.
func SchemaInUse(tx *db.Tx, environment uuid.UUID, urn, attribute string) (bool, error) {
	most := mostLookedAt + 1
	if attribute == "" {
		most = 1
	}
	looked, used := 0, false
	err := tx.Each(func(s db.Scan) error {
		var text string
		if err := s(&text); err != nil {
			return err
		}
		looked++
		var p directory.Profile
		if attribute != "" && !used && looked <= mostLookedAt {
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				return err
			}
			_, used = p.Custom[urn][attribute]
		}
		return nil
	}, selectHavingSchema, environment.String(), directory.SchemasAttribute, directory.Fold(urn), most)
	return used || looked == most, err
}
