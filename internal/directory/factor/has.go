package factor

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

// Needed reports whether a user has a factor that must be asked at sign-in, whether it can be used now or is locked: a
// factor that somebody locked by guessing must not be left out for that. It asks nobody's permission.
func Needed(tx *db.Tx, environment, user uuid.UUID) (bool, error) {
	all, err := list(tx, environment, user)
	for _, f := range all {
		if f.Confirmed && (f.Kind != Recovery || f.Codes > 0) {
			return true, err
		}
	}
	return false, err
}
