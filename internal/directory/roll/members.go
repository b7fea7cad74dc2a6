package roll

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/directory/search"
)

// Member is a member of a group with its name, which is empty for a reader who may not see what it names.
type Member struct {
	directory.Member
	Name string
}

// Members returns members that were added by hand to a group that the actor may see, by id.
func Members(tx *db.Tx, actor *access.Actor, group uuid.UUID, page directory.Page) ([]Member, error) {
	g, err := directory.GetGroup(tx, actor, group)
	if err != nil {
		return nil, err
	}
	scan := func(s db.Scan) (m Member, err error) {
		var id, population, profile string
		if err = s(&id, (*string)(&m.Kind), &population, &profile, &m.Name); err != nil {
			return m, err
		}
		if m.ID, err = uuid.Parse(id); err != nil {
			return m, err
		}
		if !mayName(actor, m.Kind, population) {
			m.Name = ""
			return m, nil
		}
		if profile != "" {
			var p directory.Profile
			err = json.Unmarshal([]byte(profile), &p)
			m.Name = p.Shown()
		}
		return m, err
	}
	return db.All(tx, scan, selectMembers, g.Environment.String(), g.ID.String(), page.After.String(), page.Limit)
}

// mayName reports whether the actor may know what a member of a population is called; a group may be in none.
func mayName(actor *access.Actor, kind directory.MemberKind, population string) bool {
	permission := access.ReadUsers
	if kind == directory.GroupMember {
		permission = access.ReadGroups
	}
	id, err := uuid.Parse(population)
	if err != nil {
		return actor.May(permission)
	}
	return actor.MayOn(permission, access.OverPopulation, id)
}

// Membership is a group that a user is in, and how: directly, through another group, or because its filter says so.
type Membership struct {
	Group           *directory.Group
	Direct, Dynamic bool
}

// GroupsOf returns the groups that a user is in and the actor may see: first those that it was added to by hand, then those
// around these, then those with a filter. The actor must be allowed to read users and groups.
func GroupsOf(tx *db.Tx, actor *access.Actor, user uuid.UUID) ([]Membership, error) {
	u, err := directory.Get(tx, actor, user)
	if err != nil {
		return nil, err
	}
	if err := access.AllowSomewhere(tx, actor, access.ReadGroups); err != nil {
		return nil, err
	}
	in, err := directory.GroupsOf(tx, u.Environment, u.ID)
	if err != nil {
		return nil, err
	}
	var all []Membership
	for _, m := range in {
		if m.Group.Visible(actor, access.ReadGroups) {
			all = append(all, Membership{Group: m.Group, Direct: m.Direct})
		}
	}
	dynamic, err := dynamicOf(tx, actor, u)
	return append(all, dynamic...), err
}

// dynamicOf returns the groups whose filters choose a user.
func dynamicOf(tx *db.Tx, actor *access.Actor, u *directory.User) (all []Membership, err error) {
	known, err := schema.Load(tx, u.Environment)
	if err != nil {
		return nil, err
	}
	rules, err := search.Rules(tx, u.Environment, known.User)
	if err != nil {
		return nil, err
	}
	in, err := search.GroupsOf(rules, u)
	for _, g := range in {
		if g.Visible(actor, access.ReadGroups) {
			all = append(all, Membership{Group: g, Dynamic: true})
		}
	}
	return all, err
}
