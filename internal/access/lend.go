package access

import "slices"

// loan is what a door lends an actor for one operation.
type loan struct {
	by          Families
	permissions []string
}

// Lend gives an actor permissions for one operation that an API family opens: rooms know permissions only. The door has
// to bound what the actor reaches with them. They are gone as soon as the actor's credential loses the family, cannot be
// granted to anybody ([AllowGrant]) and make nobody as mighty as who holds them ([AllowHolder]).
func (a *Actor) Lend(by Families, permissions ...string) {
	a.lent = loan{by, permissions}
}

// Lent reports whether a permission is there only because it was lent.
func (a *Actor) Lent(permission string) bool {
	return slices.Contains(a.lent.permissions, permission)
}

// takeLoan adds what was lent to what the actor holds.
func (a *Actor) takeLoan() {
	if a.lent.permissions == nil || !a.Families.Has(a.lent.by) {
		return
	}
	for _, name := range a.lent.permissions {
		if !slices.Contains(a.Permissions, name) {
			a.Permissions = append(slices.Clone(a.Permissions), name)
		}
	}
}
