package directory

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// MemberKind says what a member is.
type MemberKind string

// The kinds of members.
const (
	UserMember  MemberKind = "user"
	GroupMember MemberKind = "group"
)

// Member is a user or a group in a group.
type Member struct {
	ID   uuid.UUID
	Kind MemberKind
}

const (
	// maxDepth is how deep groups may lie in groups.
	maxDepth = 10
	// MaxMembersAtOnce is how many members one change may add and remove.
	MaxMembersAtOnce = 20_000
	// maxTold is how many members the event of a change names.
	maxTold = 1000
)

const (
	insertMember = `INSERT INTO directory_member (environment_id, group_id, member_id, kind) VALUES ($1, $2, $3, $4)
ON CONFLICT (environment_id, group_id, member_id) DO NOTHING`
	deleteMember   = `DELETE FROM directory_member WHERE environment_id = $1 AND group_id = $2 AND member_id = $3`
	selectMembers  = `SELECT member_id, kind FROM directory_member WHERE environment_id = $1 AND group_id = $2 AND member_id > $3 ORDER BY member_id LIMIT $4`
	selectMember   = `SELECT member_id, kind FROM directory_member WHERE environment_id = $1 AND group_id = $2 AND member_id = $3`
	selectGroupsOf = `SELECT ` + prefixedGroupColumns + ` FROM directory_member m
JOIN directory_group g ON g.environment_id = m.environment_id AND g.id = m.group_id
WHERE m.environment_id = $1 AND m.member_id = $2 ORDER BY g.id`

	prefixedGroupColumns = `g.environment_id, g.id, g.name, g.description, g.external_id, g.population_id, g.filter, g.version, g.created_at, g.updated_at`
)

func scanMember(s db.Scan) (m Member, err error) {
	var id string
	if err = s(&id, (*string)(&m.Kind)); err == nil {
		m.ID, err = uuid.Parse(id)
	}
	return m, err
}

// ChangeMembers adds members to a group and removes others, whatever its size, and returns the group, at its next
// version if anything changed. version is the one the caller saw, or 0. Adding who is there already, and removing who is
// not, changes nothing. A user or group that the actor may not see is [fault.Invalid], and so is a group in itself.
func ChangeMembers(tx *db.Tx, actor *access.Actor, group uuid.UUID, version int64, add []Member, remove []uuid.UUID) (*Group, error) {
	g, err := writableGroup(tx, actor, group, version)
	if err != nil {
		return nil, err
	}
	if g.Filter != "" {
		return nil, fault.New(fault.Conflict, "who is in this group follows from its filter; change that")
	}
	if len(add)+len(remove) > MaxMembersAtOnce {
		return nil, fault.On("members", "at most %d members are added and removed at once", MaxMembersAtOnce)
	}
	var added, removed []string
	for _, id := range remove {
		n, err := tx.Exec(deleteMember, g.Environment.String(), g.ID.String(), id.String())
		if err != nil {
			return nil, err
		}
		if n > 0 {
			removed = append(removed, id.String())
		}
	}
	for _, m := range add {
		if err := g.admits(tx, actor, m); err != nil {
			return nil, err
		}
		n, err := tx.Exec(insertMember, g.Environment.String(), g.ID.String(), m.ID.String(), string(m.Kind))
		if err != nil {
			return nil, err
		}
		if n > 0 {
			added = append(added, m.ID.String())
		}
	}
	if len(added)+len(removed) == 0 {
		return g, nil
	}
	g.Version, g.UpdatedAt = g.Version+1, tx.Now()
	if _, err := tx.Exec(touchGroup, g.Environment.String(), g.ID.String(), g.Version, db.Micros(g.UpdatedAt)); err != nil {
		return nil, err
	}
	recordGroup(tx, actor, "group.members_changed", g, told(removed), told(added))
	return g, nil
}

// told is what the ledger keeps of a list of members.
func told(ids []string) any {
	if len(ids) == 0 {
		return nil
	}
	return facts{"members": ids[:min(len(ids), maxTold)], "count": len(ids)}
}

// ReplaceMembers makes the members of a group just those given, as [ChangeMembers] does.
func ReplaceMembers(tx *db.Tx, actor *access.Actor, group uuid.UUID, version int64, members []Member) (*Group, error) {
	wanted := make(map[uuid.UUID]bool, len(members))
	for _, m := range members {
		wanted[m.ID] = true
	}
	var remove []uuid.UUID
	for after := uuid.Nil; ; {
		page, err := members1000(tx, actor.Environment, group, after)
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			if after = m.ID; wanted[m.ID] {
				delete(wanted, m.ID)
			} else {
				remove = append(remove, m.ID)
			}
		}
		if len(page) < 1000 {
			break
		}
	}
	var add []Member
	for _, m := range members {
		if wanted[m.ID] {
			add = append(add, m)
			delete(wanted, m.ID)
		}
	}
	return ChangeMembers(tx, actor, group, version, add, remove)
}

func members1000(tx *db.Tx, environment, group, after uuid.UUID) ([]Member, error) {
	return db.All(tx, scanMember, selectMembers, environment.String(), group.String(), after.String(), 1000)
}

// admits refuses a member that does not exist, that the actor may not see or that would put the group into itself.
func (g *Group) admits(tx *db.Tx, actor *access.Actor, m Member) error {
	switch m.Kind {
	case UserMember:
		u, err := Load(tx, g.Environment, m.ID)
		if fault.Is(err, fault.NotFound) || err == nil && !actor.MayOn(access.ReadUsers, access.OverPopulation, u.Population) {
			return fault.On("members", "there is no user %s", m.ID)
		}
		if err == nil && g.Population != uuid.Nil && u.Population != g.Population {
			return fault.On("members", "the user %s is in another population than the group", m.ID)
		}
		return err
	case GroupMember:
		inner, err := GetGroup(tx, actor, m.ID)
		if err != nil {
			return fault.On("members", "there is no group %s", m.ID)
		}
		if g.Population != uuid.Nil && inner.Population != g.Population {
			return fault.On("members", "the group %s is not of the population that this group is of", m.ID)
		}
		return g.above(tx, m.ID)
	}
	return fault.On("members", "a member is a user or a group")
}

// above refuses a group that contains g, however deep, and one that would lie too deep. Rows are locked by nobody: two
// changes at once could still close a circle, so whoever walks groups counts its steps.
func (g *Group) above(tx *db.Tx, inner uuid.UUID) error {
	level := []uuid.UUID{g.ID}
	for range maxDepth {
		var up []uuid.UUID
		for _, id := range level {
			if id == inner {
				return fault.On("members", "the group %s contains this one; a group cannot be in itself", inner)
			}
			in, err := db.All(tx, scanGroup, selectGroupsOf, g.Environment.String(), id.String())
			if err != nil {
				return err
			}
			for _, outer := range in {
				up = append(up, outer.ID)
			}
		}
		if len(up) == 0 {
			return nil
		}
		level = up
	}
	return fault.On("members", "groups lie in groups at most %d deep", maxDepth)
}

// Members returns members of a group that the actor may see, by id. Those of a dynamic group follow from its filter and
// are not here.
func Members(tx *db.Tx, actor *access.Actor, group uuid.UUID, page Page) ([]Member, error) {
	g, err := GetGroup(tx, actor, group)
	if err != nil {
		return nil, err
	}
	return db.All(tx, scanMember, selectMembers, g.Environment.String(), g.ID.String(), page.After.String(), page.Limit)
}

// IsMember reports whether a user or group is directly in a group.
func IsMember(tx *db.Tx, environment, group, member uuid.UUID) (bool, error) {
	_, err := db.One(tx, scanMember, selectMember, environment.String(), group.String(), member.String())
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Membership is a group that a user is in, and whether directly.
type Membership struct {
	Group  *Group
	Direct bool
}

// GroupsOf returns the groups that a user or group is in by hand, first the direct ones, then those around these.
func GroupsOf(tx *db.Tx, environment, member uuid.UUID) ([]Membership, error) {
	var all []Membership
	seen := map[uuid.UUID]bool{}
	level := []uuid.UUID{member}
	for depth := 0; len(level) > 0 && depth <= maxDepth; depth++ {
		var up []uuid.UUID
		for _, id := range level {
			in, err := db.All(tx, scanGroup, selectGroupsOf, environment.String(), id.String())
			if err != nil {
				return nil, err
			}
			for _, g := range in {
				if seen[g.ID] {
					continue
				}
				seen[g.ID] = true
				all = append(all, Membership{g, depth == 0})
				up = append(up, g.ID)
			}
		}
		level = up
	}
	return all, nil
}
