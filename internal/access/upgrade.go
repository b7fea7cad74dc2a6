package access

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

// Upgrade gives the management API of an environment the permissions that it lacks because an earlier program made it.
// It returns the numbers of those that were there before and of those that are new; the second list is empty when
// there was nothing to do.
func (y *Authority) Upgrade(tx *db.Tx, environment uuid.UUID) (former, fresh []uint32, err error) {
	apis, err := APIs(tx, environment)
	if err != nil {
		return nil, nil, err
	}
	at := slices.IndexFunc(apis, func(a *API) bool { return a.Builtin })
	if at < 0 {
		return nil, nil, nil
	}
	api := apis[at]
	before := api.facts()
	known := map[string]bool{}
	for _, p := range api.Permissions {
		known[p.Name] = true
		former = append(former, p.Number)
	}
	lacking := slices.DeleteFunc(slices.Clone(management), func(p Permission) bool { return known[p.Name] })
	if len(lacking) == 0 {
		return former, nil, nil
	}
	old := api.Permissions
	api.Permissions = append(slices.Clone(old), lacking...)
	if err := api.replacePermissions(tx, environment, old); err != nil {
		return nil, nil, err
	}
	for _, p := range api.Permissions[len(old):] {
		fresh = append(fresh, p.Number)
	}
	if err := api.update(tx, environment); err != nil {
		return nil, nil, err
	}
	operator := Operator(environment)
	record(tx, &operator, environment, "api.changed", api, before, api.facts())
	return former, fresh, nil
}
