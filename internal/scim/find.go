package scim

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
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
		if access.AllowSomewhere(c.tx, c.actor(), one.permission) != nil {
			continue
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

func (c *call) rows(r *schema.Resource, after uuid.UUID, room *int) (rows []row, err error) {
	shown := c.list.selection.in(r)
	if r == c.set.Group {
		groups, err := directory.Groups(c.tx, c.actor(), directory.Page{After: after, Limit: 500})
		for _, g := range groups {
			doc, err := c.groupDocument(g, shown, room)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row{g.ID, doc})
		}
		return rows, err
	}
	users, err := directory.List(c.tx, c.actor(), uuid.Nil, directory.Page{After: after, Limit: 500})
	for _, u := range users {
		doc, err := c.userDocument(u, shown)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{u.ID, doc})
	}
	return rows, err
}

type row struct {
	id  uuid.UUID
	doc object
}

func (c *call) find(r *schema.Resource) (p page, err error) {
	if _, err := c.sortable(r); err != nil {
		return p, err
	}
	var f *filter.Filter
	if c.list.filter != "" {
		if f, err = filter.Parse(c.list.filter, r); err != nil {
			return p, err
		}
	}
	var from uuid.UUID
	if c.list.byCursor && c.list.cursor != "" {
		var last string
		if err := c.door.Cursors.Read(c.list.cursor, "scim", &last); err != nil {
			return p, as(invalidCursor, err)
		}
		if from, err = uuid.Parse(last); err != nil {
			return p, fault.New(fault.Invalid, "no cursor")
		}
	}
	var lastShown uuid.UUID
	room := membersShown
	for after := uuid.Nil; ; {
		rows, err := c.rows(r, after, &room)
		if err != nil {
			return p, err
		}
		for _, one := range rows {
			after = one.id
			if f != nil && !f.Eval(one.doc) {
				continue
			}
			p.total++
			past := one.id.String() > from.String()
			switch {
			case c.list.byCursor && !past, !c.list.byCursor && p.total < int64(c.list.startIndex):
			case len(p.docs) < c.list.count:
				lastShown = one.id
				p.docs = append(p.docs, c.list.selection.in(r).apply(r, one.doc))
			case p.next == "" && c.list.count > 0:
				p.next = c.door.Cursors.Make("scim", lastShown.String())
			}
		}
		if len(rows) < 500 {
			return p, nil
		}
	}
}
