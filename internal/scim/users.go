package scim

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/scim/patch"
)

// wanted is what a request says about a user.
type wanted struct {
	profile directory.Profile
	active  *bool // nil: says nothing
	roles   []any
	// gives says that roles are given at all; nobody loses one because a client does not know of them.
	gives bool
}

// want reads a normalised document.
func want(doc object) (*wanted, error) {
	w := &wanted{}
	if active, ok := doc["active"].(bool); ok {
		w.active = &active
	}
	w.roles, w.gives = doc["roles"].([]any)
	kept := maps.Clone(doc)
	for _, name := range []string{"schemas", "active", "roles", "password", "id", "meta", "groups"} {
		delete(kept, name)
	}
	if emails, ok := kept["emails"].([]any); ok {
		kept["emails"] = distinct(emails)
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	return w, json.Unmarshal(text, &w.profile)
}

// distinct drops addresses that are there before, which some clients send under two types.
func distinct(emails []any) []any {
	seen := map[string]int{}
	var list []any
	for _, one := range emails {
		email, _ := one.(object)
		value, _ := email["value"].(string)
		at, again := seen[directory.Fold(value)]
		if !again {
			seen[directory.Fold(value)] = len(list)
			list = append(list, email)
			continue
		}
		if email["primary"] == true {
			first := maps.Clone(list[at].(object))
			first["primary"] = true
			list[at] = first
		}
	}
	return list
}

func (c *call) createUser() (*answer, error) {
	doc, err := c.set.User.Normalise(c.body, schema.Rules{Tolerant: true})
	if err != nil {
		return nil, err
	}
	w, err := want(doc)
	if err != nil {
		return nil, err
	}
	spec := directory.Spec{Population: c.population(access.WriteUsers), Profile: w.profile}
	if w.active != nil && !*w.active {
		spec.Status = directory.Suspended
	}
	u, err := directory.Create(c.tx, c.actor(), spec)
	if err != nil {
		return nil, taken(err)
	}
	if err := c.setFirstPassword(u); err != nil {
		return nil, err
	}
	if err := c.giveRoles(u, w); err != nil {
		return nil, err
	}
	return c.show(u, c.created)
}

func (c *call) getUser() (*answer, error) {
	id, err := c.identifier()
	if err != nil {
		return nil, err
	}
	u, err := directory.Get(c.tx, c.actor(), id)
	if err != nil {
		return nil, err
	}
	return c.show(u, c.found)
}

func (c *call) replaceUser() (*answer, error) {
	u, err := c.locked()
	if err != nil {
		return nil, err
	}
	if err := c.sameID(u.ID.String()); err != nil {
		return nil, err
	}
	old, err := profile(&u.Profile)
	if err != nil {
		return nil, err
	}
	doc, err := c.set.User.Normalise(c.body, schema.Rules{Tolerant: true, Old: old})
	if err != nil {
		return nil, err
	}
	return c.update(u, doc)
}

// sameID refuses a body that is about another resource. The id is read-only and otherwise ignored, but who sends another
// one has mistaken the resource.
func (c *call) sameID(id string) error {
	given, there := members(c.body)["id"]
	if text, ok := given.(string); there && ok && text != "" && text != id {
		return wrong(mutability, "the body has the id of another resource")
	}
	return nil
}

func (c *call) patchUser() (*answer, error) {
	u, err := c.locked()
	if err != nil {
		return nil, err
	}
	ops, err := patch.Read(c.body, c.set.User)
	if err != nil {
		return nil, err
	}
	ops = slices.DeleteFunc(ops, func(op patch.Op) bool { return patch.Touches([]patch.Op{op}, "password") }) // set by itself
	old, err := c.writable(u)
	if err != nil {
		return nil, err
	}
	rolesTouched := patch.Touches(ops, "roles")
	if rolesTouched {
		if err := c.mayAssign(u); err != nil {
			return nil, err
		}
	}
	made, err := patch.Apply(old, ops, c.set.User)
	if err != nil {
		return nil, err
	}
	doc, err := c.set.User.Normalise(made, schema.Rules{Tolerant: true, Old: old})
	if err != nil {
		return nil, err
	}
	if !rolesTouched {
		delete(doc, "roles")
	} else if doc["roles"] == nil {
		doc["roles"] = []any{}
	}
	return c.update(u, doc)
}

// writable returns what of a user a caller could write, as a document.
func (c *call) writable(u *directory.User) (object, error) {
	doc, err := profile(&u.Profile)
	if err != nil {
		return nil, err
	}
	doc["schemas"], doc["active"] = []any{schema.UserURN}, u.Status == directory.Active
	return doc, c.addRoles(doc, u.ID)
}

// update makes a user what a normalised document says. Nothing that is so already is changed: a client that repeats itself
// makes no new version, and no event.
func (c *call) update(u *directory.User, doc object) (*answer, error) {
	w, err := want(doc)
	if err != nil {
		return nil, err
	}
	if u, err = directory.Change(c.tx, c.actor(), u.ID, u.Version, func(s *directory.Spec) { s.Profile = w.profile }); err != nil {
		return nil, taken(err)
	}
	if u, err = c.setActive(u, w.active); err != nil {
		return nil, err
	}
	if u, err = c.setPassword(u); err != nil {
		return nil, err
	}
	if err := c.giveRoles(u, w); err != nil {
		return nil, err
	}
	return c.show(u, c.changed)
}

// setActive lets a user sign in, or not. Who has never been let in stays as it is.
func (c *call) setActive(u *directory.User, active *bool) (*directory.User, error) {
	switch is := u.Status == directory.Active; {
	case active == nil || *active == is:
		return u, nil
	case *active:
		return directory.SetStatus(c.tx, c.actor(), u.ID, directory.Active)
	}
	return directory.SetStatus(c.tx, c.actor(), u.ID, directory.Suspended)
}

func (c *call) deleteUser() (*answer, error) {
	u, err := c.locked()
	if err != nil {
		return nil, err
	}
	if err := directory.Delete(c.tx, c.actor(), u.ID, u.Version); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}
