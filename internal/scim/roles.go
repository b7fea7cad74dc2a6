package scim

import (
	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/role"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// giveRoles makes the roles of a user those that the request names, if it names any: a new one is granted over the
// environment, and one that is missing is taken away, whatever it was over. Who has just these keeps them, so that a client
// may send back what it read; everything else needs the scope to assign roles, and what the roles give.
func (c *call) giveRoles(u *directory.User, w *wanted) error {
	if !w.gives {
		return nil
	}
	held, err := access.UserRoles(c.tx, c.environment(), u.ID)
	if err != nil {
		return err
	}
	asked := map[access.Role]bool{}
	for _, one := range w.roles {
		value, _ := one.(object)
		asked[access.Role(text(value, "value"))] = true
	}
	has := map[access.Role]bool{}
	for _, h := range held {
		if has[h.Role] = true; asked[h.Role] {
			continue
		}
		if err := c.mayAssign(u); err != nil {
			return err
		}
		if err := role.Revoke(c.tx, c.actor(), u.ID, h.Assignment); err != nil {
			return err
		}
	}
	for name := range asked {
		if has[name] {
			continue
		}
		if err := c.mayAssign(u); err != nil {
			return err
		}
		if _, err := access.GetRole(c.tx, c.environment(), name); fault.Is(err, fault.NotFound) {
			return wrong(invalidValue, "roles: there is no role %.80q", string(name))
		} else if err != nil {
			return err
		}
		everywhere := access.RoleScope{Kind: access.OverEnvironment, ID: c.environment()}
		if err := role.Grant(c.tx, c.actor(), u.ID, access.Assignment{Role: name, Scope: everywhere}); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) mayAssign(u *directory.User) error {
	if !c.actor().MayOn(access.AssignRoles, access.OverPopulation, u.Population) {
		return fault.New(fault.Denied, "roles: this needs the scope %s", access.AssignRoles)
	}
	return nil
}
