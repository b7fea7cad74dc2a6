package search

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Query says which users or groups are wanted, in which order, and which part of them.
type Query struct {
	// Filter chooses; nil: everybody.
	Filter *filter.Filter
	// Sort orders, as [SortBy] returns it; nil: in the order that costs least, which stays the same from page to page.
	Sort       *filter.Attribute
	Descending bool
	// Population bounds to one; zero: all that the actor may see.
	Population uuid.UUID
	// After is [Page.Next] of the page before; empty: from the start. It fits the same query only.
	After string
	// Skip is how many to leave out from the start, where there is no After.
	Skip int
	// Limit is how many are wanted, 0 for the total alone.
	Limit int
	rule  bool // Filter is that of a group, which sees no groups and roles

	// Total asks how many there are in all. Without an index to count by, all that match are read for it.
	Total bool
}

// Page is a part of what was found.
type Page[T any] struct {
	Items []T
	// Next is where the next page begins; empty on the last one.
	Next string
	// Total is how many there are in all, if the query asked for it.
	Total int64
}

// limits bound one search.
type limits struct {
	scan int // users read whose documents are looked at
	dear int // the same when groups or roles of each are needed
	sort int // users put in an order that no index has
	join int // users that each part of an "or" can find
	time time.Duration
}

var standard = limits{scan: 100_000, dear: 5_000, sort: 10_000, join: 1_000, time: 2 * time.Second}

// Users returns users that the query describes and the actor may see. A search that would read too much is
// [fault.TooLarge] on the field filter, or sortBy; a position that is none of this query's is [fault.Invalid] on cursor.
func Users(tx *db.Tx, actor *access.Actor, q Query) (*Page[*directory.User], error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadUsers); err != nil {
		return nil, err
	}
	s := &search{tx: tx, actor: actor, query: &q, limits: standard, began: time.Now()}
	s.populations = seen(actor, q.Population)
	if err := s.needs(q.Filter); err != nil {
		return nil, err
	}
	found, err := s.run()
	if err != nil {
		return nil, err
	}
	page := &Page[*directory.User]{Total: found.Total, Next: found.Next}
	for i := range found.Items {
		u, err := found.Items[i].user(tx, actor.Environment)
		if fault.Is(err, fault.NotFound) {
			continue // has gone since
		}
		if err != nil {
			return nil, err
		}
		page.Items = append(page.Items, u)
	}
	return page, nil
}

// seen returns the populations to look in; an empty text means all, nothing none.
func seen(actor *access.Actor, wanted uuid.UUID) []string {
	everywhere, some := actor.Over(access.ReadUsers, access.OverPopulation)
	if everywhere && wanted == uuid.Nil {
		return []string{""}
	}
	if everywhere {
		return []string{wanted.String()}
	}
	var all []string
	for _, p := range some {
		if wanted == uuid.Nil || wanted == p {
			all = append(all, p.String())
		}
	}
	return all
}

// SortBy returns the attribute of that path, to sort by: of several values, that of the primary or first one. What the
// resource does not have, what is never shown, and what has no order is [fault.Invalid] on sortBy.
func SortBy(path string, in filter.Attributes) (*filter.Attribute, error) {
	p, err := filter.ParsePath(path, in)
	if err != nil || !p.Known() || p.Values != nil {
		return nil, fault.On("sortBy", "sortBy is the path of an attribute")
	}
	a := *p.Target()
	if a.Complex() {
		a = a.Sub(in, "value")
	}
	switch {
	case p.Attribute.Returned == "never" || a.Returned == "never":
		return nil, fault.On("sortBy", "%s cannot be searched", a.Path)
	case !a.Known() || a.Type == "binary" || a.Elsewhere():
		return nil, fault.On("sortBy", "%s has no order", p.Target().Path)
	}
	return &a, nil
}

// search is one run of a query.
type search struct {
	tx          *db.Tx
	actor       *access.Actor
	query       *Query
	limits      limits
	populations []string
	began       time.Time
	read        int

	groups, roles bool // are asked for by the filter
	rules         []Rule
}

// needs notes what the filter asks for that costs queries.
func (s *search) needs(f *filter.Filter) error {
	if f == nil || s.query.rule {
		return nil
	}
	for _, a := range f.Attributes() {
		if a.Elsewhere() {
			s.groups = s.groups || a.Steps[0] == "groups"
			s.roles = s.roles || a.Steps[0] == "roles"
		}
	}
	if !s.groups {
		return nil
	}
	known, err := schema.Load(s.tx, s.actor.Environment)
	if err == nil {
		s.rules, err = Rules(s.tx, s.actor.Environment, known.User)
	}
	return err
}

// spend counts a user that is looked at, and ends searches that look at too many.
func (s *search) spend() error {
	s.read++
	most := s.limits.scan
	if s.groups || s.roles {
		most = s.limits.dear
	}
	if s.read > most || s.read%256 == 0 && time.Since(s.began) > s.limits.time {
		return tooLarge("the filter leaves too many users to look at: compare one of %s by eq or sw as well", indexed)
	}
	return nil
}

func tooLarge(format string, args ...any) error {
	e := fault.On("filter", format, args...)
	e.Kind = fault.TooLarge
	return e
}

// document returns what filters see of a user: only groups and roles that the actor may see are in it.
func (s *search) document(row *directory.Row) (map[string]any, error) {
	doc, err := row.Document()
	if err != nil || !s.groups && !s.roles {
		return doc, err
	}
	id, err := uuid.Parse(doc["id"].(string))
	if err != nil {
		return nil, err
	}
	if s.groups {
		if doc["groups"], err = s.groupsOf(row, id, doc); err != nil {
			return nil, err
		}
	}
	if s.roles && s.actor.May(access.ReadRoles) {
		held, err := access.UserRoles(s.tx, s.actor.Environment, id)
		if err != nil {
			return nil, err
		}
		var list []any
		for _, h := range held {
			list = append(list, map[string]any{"value": string(h.Role), "display": h.Name, "type": string(h.Scope.Kind)})
		}
		doc["roles"] = list
	}
	return doc, nil
}

// groupsOf lists the groups of a user: by hand, around these, and by their filters.
func (s *search) groupsOf(row *directory.Row, id uuid.UUID, doc map[string]any) (list []any, err error) {
	in, err := directory.GroupsOf(s.tx, s.actor.Environment, id)
	if err != nil {
		return nil, err
	}
	for i := range s.rules {
		if s.rules[i].has(row.Population(), doc) {
			in = append(in, directory.Membership{Group: s.rules[i].Group, Direct: true})
		}
	}
	for _, m := range in {
		kind := "indirect"
		if m.Direct {
			kind = "direct"
		}
		if m.Group.Seen(s.actor) {
			list = append(list, map[string]any{"value": m.Group.ID.String(), "display": m.Group.Name, "type": kind})
		}
	}
	return list, nil
}
