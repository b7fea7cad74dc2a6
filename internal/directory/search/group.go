package search

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// groupsMost is how many groups one search evaluates a filter over.
const groupsMost = 20_000

// gatherMost is how many are counted or put in order.
const gatherMost = 100_000

// Groups returns groups that the query describes and the actor may see. Members are compared by eq with an id, which
// asks for those added by hand. A search that would read too much is [fault.TooLarge] on the field filter.
func Groups(tx *db.Tx, actor *access.Actor, q Query) (*Page[*directory.Group], error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadGroups); err != nil {
		return nil, err
	}
	s := &groupSearch{tx: tx, actor: actor, query: &q}
	if q.Filter != nil {
		if err := s.members(q.Filter.Root()); err != nil {
			return nil, err
		}
	}
	if q.Sort != nil || q.After == "" && (q.Skip > 0 || q.Total) {
		return s.whole()
	}
	return s.page()
}

type groupSearch struct {
	tx    *db.Tx
	actor *access.Actor
	query *Query
	asked []string // ids that the filter compares members with
	any   bool     // whether it asks if there are members at all
	read  int
}

// members notes which members the filter asks for. Loading all of them, to look at each group, could be millions.
func (s *groupSearch) members(n filter.Node) error {
	switch n := n.(type) {
	case *filter.Compare:
		if len(n.Attribute.Steps) == 0 || n.Attribute.Steps[0] != "members" {
			return nil
		}
		id, isText := n.Value.(string)
		switch name := n.Attribute.Name(); {
		case n.Value == nil && (name == "value" || name == "members"):
			s.any = true
		case n.Operator == filter.Equal && isText && name == "value":
			s.asked = append(s.asked, id)
		default:
			return fault.On("filter", "members are compared by eq with an id")
		}
	case *filter.Within:
		return s.members(n.Node)
	case filter.Not:
		return s.members(n.Node)
	case filter.And:
		return s.each(n)
	case filter.Or:
		return s.each(n)
	}
	return nil
}

func (s *groupSearch) each(all []filter.Node) error {
	for _, n := range all {
		if err := s.members(n); err != nil {
			return err
		}
	}
	return nil
}

// matches evaluates the filter over a group.
func (s *groupSearch) matches(g *directory.Group) (bool, error) {
	if s.query.Population != uuid.Nil && g.Population != s.query.Population {
		return false, nil
	}
	if s.query.Filter == nil {
		return true, nil
	}
	if s.read++; s.read > groupsMost {
		return false, tooLarge("the filter leaves too many groups to look at: compare displayName, externalId or members by eq")
	}
	doc := groupDocument(g)
	var members []any
	for _, id := range s.asked {
		member, err := uuid.Parse(id)
		if err != nil || member.String() != id {
			continue
		}
		in, err := directory.IsMember(s.tx, g.Environment, g.ID, member)
		if err != nil {
			return false, err
		}
		if in {
			members = append(members, map[string]any{"value": id})
		}
	}
	if s.any && len(members) == 0 {
		some, err := directory.Members(s.tx, s.actor, g.ID, directory.Page{Limit: 1})
		if err != nil {
			return false, err
		}
		for _, m := range some {
			members = append(members, map[string]any{"value": m.ID.String()})
		}
	}
	doc["members"] = members
	return s.query.Filter.Eval(doc), nil
}

// few returns the groups that an index finds, if one condition that all have to meet is on one.
func (s *groupSearch) few() (all []*directory.Group, found bool, err error) {
	if s.query.Filter == nil {
		return nil, false, nil
	}
	parts, ok := s.query.Filter.Root().(filter.And)
	if !ok {
		parts = filter.And{s.query.Filter.Root()}
	}
	for _, n := range parts {
		if w, ok := n.(*filter.Within); ok {
			n = w.Node
		}
		c, ok := n.(*filter.Compare)
		text, isText := "", false
		if ok && c.Operator == filter.Equal {
			text, isText = c.Value.(string)
		}
		if !isText {
			continue
		}
		if all, found, err = s.lookUp(strings.ToLower(c.Attribute.Path), text); found || err != nil {
			return all, found, err
		}
	}
	return nil, false, nil
}

func (s *groupSearch) lookUp(path, text string) (all []*directory.Group, found bool, err error) {
	id, notID := uuid.Parse(text)
	isID := notID == nil && id.String() == text
	one := func(g *directory.Group, err error) ([]*directory.Group, bool, error) {
		if fault.Is(err, fault.NotFound) {
			return nil, true, nil
		}
		return []*directory.Group{g}, true, err
	}
	switch path {
	case "displayname":
		return one(directory.GroupNamed(s.tx, s.actor, text))
	case "id":
		if !isID {
			return nil, true, nil
		}
		return one(directory.GetGroup(s.tx, s.actor, id))
	case "externalid":
		all, err = s.found(selectGroupsCalled, text)
		return all, true, err
	case "members.value":
		if !isID {
			return nil, true, nil
		}
		all, err = s.found(selectGroupsWith, text)
		return all, true, err
	}
	return nil, false, nil
}

// page reads groups in the order of ids until the page is full.
func (s *groupSearch) page() (*Page[*directory.Group], error) {
	after := uuid.Nil
	if s.query.After != "" {
		var err error
		if after, err = uuid.Parse(s.query.After); err != nil || after.String() != s.query.After {
			return nil, errPosition
		}
	}
	page := &Page[*directory.Group]{}
	limit := max(s.query.Limit, 0)
	err := s.walk(after, func(g *directory.Group) bool {
		if len(page.Items) < limit {
			page.Items = append(page.Items, g)
			return true
		}
		if limit > 0 {
			page.Next = page.Items[limit-1].ID.String()
		}
		return false
	})
	return page, err
}

// walk calls visit for groups that match, in the order of ids, until it returns false.
func (s *groupSearch) walk(after uuid.UUID, visit func(*directory.Group) bool) error {
	few, found, err := s.few()
	if err != nil {
		return err
	}
	slices.SortFunc(few, func(a, b *directory.Group) int { return slices.Compare(a.ID[:], b.ID[:]) })
	const chunk = 500
	for {
		some := few
		if !found {
			if some, err = directory.Groups(s.tx, s.actor, directory.Page{After: after, Limit: chunk}); err != nil {
				return err
			}
		}
		for _, g := range some {
			if slices.Compare(g.ID[:], after[:]) <= 0 {
				continue
			}
			after = g.ID
			ok, err := s.matches(g)
			if err != nil || ok && !visit(g) {
				return err
			}
		}
		if found || len(some) < chunk {
			return nil
		}
	}
}

// whole gathers all groups that match, to count or to sort them. Positions are places in that list.
func (s *groupSearch) whole() (*Page[*directory.Group], error) {
	var all []*directory.Group
	over := false
	err := s.walk(uuid.Nil, func(g *directory.Group) bool {
		all = append(all, g)
		over = len(all) > gatherMost
		return !over
	})
	if err == nil && over {
		err = tooLarge("there are too many groups to count or to sort; choose some by a filter, or read them by cursor")
	}
	if err != nil {
		return nil, err
	}
	q := s.query
	if q.Sort != nil {
		s.arrange(all)
	}
	page := &Page[*directory.Group]{Total: int64(len(all))}
	from := max(q.Skip, 0)
	if q.After != "" {
		if from, err = strconv.Atoi(q.After); err != nil || from < 0 {
			return nil, errPosition
		}
	}
	from = min(from, len(all))
	to := min(from+max(q.Limit, 0), len(all))
	if page.Items = all[from:to]; to < len(all) && to > from {
		page.Next = strconv.Itoa(to)
		if q.Sort == nil {
			page.Next = all[to-1].ID.String()
		}
	}
	return page, nil
}

func (s *groupSearch) arrange(all []*directory.Group) {
	keys := make(map[uuid.UUID]any, len(all))
	for _, g := range all {
		keys[g.ID] = keyOf(s.query.Sort, groupDocument(g))
	}
	slices.SortFunc(all, func(a, b *directory.Group) int {
		same := slices.Compare(a.ID[:], b.ID[:])
		if keys[a.ID] == nil && keys[b.ID] == nil {
			return same
		}
		way := cmp.Or(compare(keys[a.ID], keys[b.ID]), same)
		if s.query.Descending {
			return -way
		}
		return way
	})
}

// groupDocument returns a group with the names of RFC 7643, without its members.
func groupDocument(g *directory.Group) map[string]any {
	doc := map[string]any{
		"schemas": []string{schema.GroupURN}, "id": g.ID.String(), "displayName": g.Name,
		"meta": map[string]any{"resourceType": "Group", "created": g.CreatedAt, "lastModified": g.UpdatedAt},
	}
	if g.ExternalID != "" {
		doc["externalId"] = g.ExternalID
	}
	return doc
}

// found returns the groups of a query that the actor may see.
func (s *groupSearch) found(query, argument string) ([]*directory.Group, error) {
	all, err := db.All(s.tx, directory.ScanGroup, query, s.actor.Environment.String(), argument)
	return slices.DeleteFunc(all, func(g *directory.Group) bool { return !g.Visible(s.actor, access.ReadGroups) }), err
}
