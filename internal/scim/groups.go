package scim

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/scim/patch"
)

func (c *call) createGroup() (*answer, error) {
	doc, err := c.set.Group.Normalise(c.body, schema.Rules{Tolerant: true})
	if err != nil {
		return nil, err
	}
	spec := directory.GroupSpec{Name: text(doc, "displayName"), ExternalID: text(doc, "externalId"), Population: c.population(access.WriteGroups)}
	g, err := directory.CreateGroup(c.tx, c.actor(), spec)
	if err != nil {
		return nil, taken(err)
	}
	if list, ok := doc["members"].([]any); ok {
		add, err := c.membersIn(list)
		if err != nil {
			return nil, err
		}
		if g, err = directory.ChangeMembers(c.tx, c.actor(), g.ID, 0, add, nil); err != nil {
			return nil, err
		}
	}
	made, err := c.shownGroup(g)
	if err != nil {
		return nil, err
	}
	return c.created(c.set.Group, made), nil
}

func text(doc object, name string) string {
	value, _ := doc[name].(string)
	return value
}

// shownGroup returns the document of a single group.
func (c *call) shownGroup(g *directory.Group) (object, error) {
	room := membersShown
	return c.groupDocument(g, c.list.selection.in(c.set.Group), &room)
}

// membersIn reads a normalised list of members.
func (c *call) membersIn(list []any) ([]directory.Member, error) {
	if len(list) > directory.MaxMembersAtOnce {
		return nil, errTooManyMembers
	}
	all := make([]directory.Member, 0, len(list))
	for _, one := range list {
		m, _ := one.(object)
		value, kind, reference := text(m, "value"), text(m, "type"), text(m, "$ref")
		if value == "" {
			value = reference[strings.LastIndexByte(reference, '/')+1:]
		}
		if kind == "" && strings.Contains(reference, c.set.Group.Endpoint+"/") {
			kind = c.set.Group.Name
		}
		member, err := c.member(value, kind)
		if err != nil {
			return nil, err
		}
		all = append(all, member)
	}
	return all, nil
}

// errTooManyMembers comes before anybody is looked up: that takes the database's time.
var errTooManyMembers = fault.On("members", "at most %d members are added and removed at once", directory.MaxMembersAtOnce)

// member finds out what a member is; a kind that is not given is looked up.
func (c *call) member(value, kind string) (m directory.Member, err error) {
	if m.ID, err = uuid.Parse(value); err != nil {
		return m, wrong(invalidValue, "members: there is no user or group %.80q", value)
	}
	switch {
	case strings.EqualFold(kind, c.set.User.Name):
		m.Kind = directory.UserMember
	case strings.EqualFold(kind, c.set.Group.Name):
		m.Kind = directory.GroupMember
	case kind != "":
		return m, wrong(invalidValue, "members: the type of a member is User or Group")
	default:
		m.Kind = directory.UserMember
		_, err = directory.Load(c.tx, c.environment(), m.ID)
		if fault.Is(err, fault.NotFound) {
			m.Kind, err = directory.GroupMember, nil
		}
	}
	return m, err
}

func (c *call) getGroup() (*answer, error) {
	id, err := c.identifier()
	if err != nil {
		return nil, err
	}
	g, err := directory.GetGroup(c.tx, c.actor(), id)
	if err != nil {
		return nil, err
	}
	doc, err := c.shownGroup(g)
	if err != nil {
		return nil, err
	}
	return c.found(c.set.Group, doc), nil
}

// lockedGroup returns a group whose version is the one that the caller saw. That it may be changed by the caller is asked
// by the function that changes it, before anything of it is told.
func (c *call) lockedGroup() (*directory.Group, error) {
	id, err := c.identifier()
	if err != nil {
		return nil, err
	}
	g, err := directory.GroupForUpdate(c.tx, c.actor(), id)
	if err != nil {
		return nil, err
	}
	return g, checkMatch(c.ifMatch, version(g.Version))
}

func (c *call) replaceGroup() (*answer, error) {
	g, err := c.lockedGroup()
	if err != nil {
		return nil, err
	}
	if err := c.sameID(g.ID.String()); err != nil {
		return nil, err
	}
	doc, err := c.set.Group.Normalise(c.body, schema.Rules{Tolerant: true})
	if err != nil {
		return nil, err
	}
	if g, err = c.rename(g, doc); err != nil {
		return nil, err
	}
	// A body without members leaves them: a client that does not know them all would take them out else.
	if given, there := members(c.body)["members"]; there && given != nil {
		list, _ := doc["members"].([]any)
		all, err := c.membersIn(list)
		if err != nil {
			return nil, err
		}
		if g, err = directory.ReplaceMembers(c.tx, c.actor(), g.ID, 0, all); err != nil {
			return nil, err
		}
	}
	made, err := c.shownGroup(g)
	if err != nil {
		return nil, err
	}
	return c.changed(c.set.Group, made), nil
}

// rename gives a group the name and external id of a document, if they are others.
func (c *call) rename(g *directory.Group, doc object) (*directory.Group, error) {
	name, external := text(doc, "displayName"), text(doc, "externalId")
	if name == g.Name && external == g.ExternalID {
		return g, nil
	}
	g, err := directory.ChangeGroup(c.tx, c.actor(), g.ID, 0, func(s *directory.GroupSpec) { s.Name, s.ExternalID = name, external })
	return g, taken(err)
}

// patchGroup changes a group without reading its members; the answer shows them if they are few.
func (c *call) patchGroup() (*answer, error) {
	g, err := c.lockedGroup()
	if err != nil {
		return nil, err
	}
	ops, err := patch.Read(c.body, c.set.Group)
	if err != nil {
		return nil, err
	}
	rest, changes, err := patch.Split(ops, "members")
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		old := object{"schemas": []any{schema.GroupURN}, "displayName": g.Name}
		if g.ExternalID != "" {
			old["externalId"] = g.ExternalID
		}
		made, err := patch.Apply(old, rest, c.set.Group)
		if err != nil {
			return nil, err
		}
		doc, err := c.set.Group.Normalise(made, schema.Rules{Tolerant: true})
		if err != nil {
			return nil, err
		}
		if g, err = c.rename(g, doc); err != nil {
			return nil, err
		}
	}
	for _, change := range changes {
		if g, err = c.changeMembers(g, change); err != nil {
			return nil, err
		}
	}
	room := membersPatched
	made, err := c.groupDocument(g, c.list.selection.in(c.set.Group), &room)
	if err != nil {
		return nil, err
	}
	return c.changed(c.set.Group, made), nil
}

func (c *call) changeMembers(g *directory.Group, change patch.Change) (*directory.Group, error) {
	if len(change.Members) > directory.MaxMembersAtOnce {
		return nil, errTooManyMembers
	}
	named := make([]directory.Member, 0, len(change.Members))
	var ids []uuid.UUID
	for _, m := range change.Members {
		if change.Kind == patch.Remove {
			if id, err := uuid.Parse(m.Value); err == nil { // what is no id is no member
				ids = append(ids, id)
			}
			continue
		}
		member, err := c.member(m.Value, m.Type)
		if err != nil {
			return nil, err
		}
		named = append(named, member)
	}
	switch {
	case change.Kind == patch.Replace:
		return directory.ReplaceMembers(c.tx, c.actor(), g.ID, 0, named)
	case change.All:
		return directory.ReplaceMembers(c.tx, c.actor(), g.ID, 0, nil)
	case change.Where != nil:
		return c.removeWhere(g, change)
	}
	return directory.ChangeMembers(c.tx, c.actor(), g.ID, 0, named, ids)
}

// removeWhere removes the members that an expression chooses, which means looking at them all.
func (c *call) removeWhere(g *directory.Group, change patch.Change) (*directory.Group, error) {
	var chosen []uuid.UUID
	for after := uuid.Nil; ; {
		page, err := directory.Members(c.tx, c.actor(), g.ID, directory.Page{After: after, Limit: 1000})
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			if after = m.ID; change.Where.Match(c.memberDocument(m)) {
				chosen = append(chosen, m.ID)
			}
		}
		if len(chosen) > directory.MaxMembersAtOnce {
			return nil, wrong(tooMany, "at most %d members are removed at once", directory.MaxMembersAtOnce)
		}
		if len(page) < 1000 {
			return directory.ChangeMembers(c.tx, c.actor(), g.ID, 0, nil, chosen)
		}
	}
}

func (c *call) deleteGroup() (*answer, error) {
	g, err := c.lockedGroup()
	if err != nil {
		return nil, err
	}
	if err := directory.DeleteGroup(c.tx, c.actor(), g.ID, g.Version); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}
