package application

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Upgrade gives the applications of an environment that held everything the management API had, its administrators, what
// it has more now. Workers get what their roles say by now.
func Upgrade(tx *db.Tx, environment uuid.UUID, u access.Upgraded) error {
	if len(u.Former) == 0 || len(u.Fresh) == 0 {
		return nil
	}
	operator := access.Operator(environment)
	catalogue, err := access.LoadCatalogue(tx, environment)
	if err != nil {
		return err
	}
	all, err := list(tx, environment, Wanted{Kinds: Ordinary()}, Page{Limit: 1 << 30}, func(uuid.UUID) bool { return true })
	if err != nil {
		return err
	}
	for _, a := range all {
		before := a.factsFrom(catalogue)
		held := slices.Clone(a.Permissions)
		if a.Kind == Worker {
			err = a.takeRoles(tx, catalogue)
		} else if len(added(u.Former, a.Permissions)) == 0 {
			a.Permissions = append(a.Permissions, u.Fresh...)
			slices.Sort(a.Permissions)
		}
		if err != nil {
			return err
		}
		if slices.Equal(held, a.Permissions) {
			continue
		}
		if err := a.update(tx); err != nil {
			return err
		}
		record(tx, &operator, "application.changed", a, &before, a.factsFrom(catalogue))
	}
	return nil
}
