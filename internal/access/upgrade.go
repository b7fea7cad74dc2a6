package access

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

// Upgraded says what became of the management API of an environment: the numbers of the permissions that it had and of
// those that it got, and the names of those that it cannot have, because another API there has scopes of these names.
type Upgraded struct {
	Former, Fresh []uint32
	Taken         []string
}

// Upgrade gives the management API of an environment the permissions that it lacks because an earlier program made it.
func (y *Authority) Upgrade(tx *db.Tx, environment uuid.UUID) (u Upgraded, err error) {
	apis, err := APIs(tx, environment)
	if err != nil {
		return u, err
	}
	at := slices.IndexFunc(apis, func(a *API) bool { return a.Builtin })
	if at < 0 {
		return u, nil
	}
	api := apis[at]
	before := api.facts()
	known := map[string]*API{}
	for _, each := range apis {
		for _, p := range each.Permissions {
			known[p.Name] = each
			if each == api {
				u.Former = append(u.Former, p.Number)
			}
		}
	}
	lacking := slices.DeleteFunc(slices.Clone(management), func(p Permission) bool {
		if owner := known[p.Name]; owner != nil && owner != api {
			u.Taken = append(u.Taken, p.Name)
		}
		return known[p.Name] != nil
	})
	if len(lacking) == 0 {
		return u, nil
	}
	old := api.Permissions
	api.Permissions = append(slices.Clone(old), lacking...)
	if err := api.replacePermissions(tx, environment, old); err != nil {
		return u, err
	}
	for _, p := range api.Permissions[len(old):] {
		u.Fresh = append(u.Fresh, p.Number)
	}
	if err := api.update(tx, environment); err != nil {
		return u, err
	}
	operator := Operator(environment)
	record(tx, &operator, environment, "api.changed", api, before, api.facts())
	return u, nil
}
