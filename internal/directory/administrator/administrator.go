package administrator

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	administering = ` AND r.role IN ($2, $3) AND r.scope_kind IN ($4, $5)`

	selectHeld = `SELECT r.user_id FROM user_role r WHERE r.environment_id = $1` + administering + ` ORDER BY r.user_id, r.role, r.scope_kind, r.scope_id`
	countAble  = `SELECT count(DISTINCT r.user_id) FROM user_role r JOIN directory_user u ON u.environment_id = r.environment_id AND u.id = r.user_id
WHERE r.environment_id = $1` + administering + ` AND u.status = 'active'`
	countOthers = countAble + ` AND u.locked_until <= $6 AND u.id <> $7`
)

func arguments(environment uuid.UUID, more ...any) []any {
	return append([]any{
		environment.String(), string(access.OrganizationAdmin), string(access.EnvironmentAdmin), string(access.OverOrganization), string(access.OverEnvironment),
	}, more...)
}

// Count returns how many active users hold the role organization-admin or environment-admin over all of an environment. It asks
// nobody's permission.
func Count(tx *db.Tx, environment uuid.UUID) (int64, error) {
	return db.Value[int64](tx, countAble, arguments(environment)...)
}

// Leave refuses ([fault.Conflict]) a person to stop, delete or lock a user, or to take its last such role from it, when nobody
// else administers the environment who is active and not locked: whoever locks the door from outside stands before it, too. It is
// asked before the change, in the same transaction, and of two administrators who remove each other one stays. Applications may
// do it: they administer the environment themselves, and on an ugly night somebody must be stopped at once.
func Leave(tx *db.Tx, actor *access.Actor, user uuid.UUID) error {
	if actor.Person == nil {
		return nil
	}
	held, err := db.All(tx, scanID, selectHeld+tx.ForUpdate(), arguments(actor.Environment)...)
	if err != nil {
		return err
	}
	one := user.String()
	among := false
	for _, id := range held {
		among = among || id == one
	}
	if !among {
		return nil
	}
	others, err := db.Value[int64](tx, countOthers, arguments(actor.Environment, db.Micros(tx.Now()), one)...)
	if err == nil && others == 0 {
		err = fault.New(fault.Conflict, "nobody else administers this environment: give somebody the role %s first", access.EnvironmentAdmin)
	}
	return err
}

func scanID(scan db.Scan) (id string, err error) {
	err = scan(&id)
	return id, err
}
