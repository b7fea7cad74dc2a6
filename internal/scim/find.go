package scim

import (
	"fmt"
	"strings"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/directory/search"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func (c *call) listUsers() (*answer, error)  { return c.listed(c.set.User) }
func (c *call) listGroups() (*answer, error) { return c.listed(c.set.Group) }

func (c *call) listed(r *schema.Resource) (*answer, error) {
	p, err := c.find(r)
	if err != nil {
		return nil, err
	}
	return c.paged(p), nil
}

// listAll searches users and groups at once: first the users, then the groups. Of what the caller may not read there is
// nothing.
func (c *call) listAll() (*answer, error) {
	if c.list.byCursor {
		return nil, wrong(invalidCursor, "a search of every type is paged by startIndex; search /Users and /Groups by cursor")
	}
	var all page
	allowed := false
	for _, one := range []struct {
		permission string
		r          *schema.Resource
	}{{access.ReadUsers, c.set.User}, {access.ReadGroups, c.set.Group}} {
		err := access.AllowSomewhere(c.tx, c.actor(), one.permission)
		if fault.Is(err, fault.Denied) {
			continue
		}
		if err != nil {
			return nil, err
		}
		allowed = true
		part := *c
		part.list.startIndex = int(max(int64(c.list.startIndex)-all.total, 1))
		part.list.count = c.list.count - len(all.docs)
		p, err := part.find(one.r)
		if err != nil {
			return nil, err
		}
		all.total += p.total
		all.docs = append(all.docs, p.docs...)
	}
	if !allowed {
		return nil, fault.New(fault.Denied, "this needs the scope %s or %s", access.ReadUsers, access.ReadGroups)
	}
	return c.paged(all), nil
}

// find returns the page of a list that the request asks for.
func (c *call) find(r *schema.Resource) (p page, err error) {
	q, err := c.query(r)
	if err != nil {
		return p, err
	}
	shown := c.list.selection.in(r)
	name := c.listName(r)
	if c.list.byCursor && c.list.cursor != "" {
		if err := c.door.Cursors.Read(c.list.cursor, name, &q.After); err != nil {
			return p, as(invalidCursor, err)
		}
	}
	var next string
	if r == c.set.User {
		found, err := search.Users(c.tx, c.actor(), q)
		if err != nil {
			return p, tooDear(err)
		}
		p.total, next = found.Total, found.Next
		for _, u := range found.Items {
			doc, err := c.userDocument(u, shown)
			if err != nil {
				return p, err
			}
			p.docs = append(p.docs, shown.apply(r, doc))
		}
	} else {
		found, err := search.Groups(c.tx, c.actor(), q)
		if err != nil {
			return p, tooDear(err)
		}
		p.total, next = found.Total, found.Next
		if p.docs, err = c.groupDocuments(found.Items, shown); err != nil {
			return p, err
		}
	}
	if c.list.byCursor && next != "" {
		p.next = c.door.Cursors.Make(name, next)
	}
	return p, nil
}

func (c *call) groupDocuments(groups []*directory.Group, shown selection) (docs []any, err error) {
	room := membersShown
	for _, g := range groups {
		one := shown
		if g.Filter != "" {
			one = shown.without("members") // found by a search of their own, of which a list does not make hundreds
		}
		doc, err := c.groupDocument(g, one, &room)
		if err != nil {
			return nil, err
		}
		docs = append(docs, shown.apply(c.set.Group, doc))
	}
	return docs, nil
}

// query is what the request asks for as the search has it.
func (c *call) query(r *schema.Resource) (q search.Query, err error) {
	q = search.Query{Limit: c.list.count, Descending: c.list.descending, Total: !c.list.byCursor || c.list.cursor == ""}
	if !c.list.byCursor {
		q.Skip = c.list.startIndex - 1
	}
	if c.list.filter != "" {
		if q.Filter, err = filter.Parse(c.list.filter, r); err != nil {
			return q, err
		}
	}
	if c.list.sortBy != "" {
		q.Sort, err = search.SortBy(c.list.sortBy, r)
	}
	return q, err
}

// listName names the list that a cursor is good for: another filter or order makes another one.
func (c *call) listName(r *schema.Resource) string {
	return strings.Join([]string{"scim", r.Name, c.environment().String(), c.list.sortBy, fmt.Sprint(c.list.descending), c.list.filter}, "\x00")
}

// tooDear says of a search that would read too much that its filter is to blame (RFC 7644 table 9).
func tooDear(err error) error {
	if fault.Is(err, fault.TooLarge) {
		return &refusal{error: err, kind: tooMany, status: statuses[fault.Invalid]}
	}
	if field, _ := fault.Public(err); field == "cursor" {
		return as(invalidCursor, err)
	}
	return err
}
