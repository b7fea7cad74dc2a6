package directoryapi

import (
	"context"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/directory/roll"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/directory/search"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// searchUsers lists the users whom a filter chooses.
func (r *Resources) searchUsers(ctx context.Context, asked UserQuery, q web.PageQuery, list string) (*rest.Listed[User], error) {
	which, err := asked.which()
	if err != nil {
		return nil, err
	}
	query := search.Query{Population: which.Population, Limit: q.Limit}
	if which.Population = query.Population; which != (roll.Which{Population: query.Population}) {
		return nil, fault.On("query.filter", "beside a filter only population selects users; say the rest in the filter")
	}
	out := &rest.Listed[User]{}
	err = r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		list := list + " " + c.Actor.Environment.String()
		if query.After = ""; q.Cursor != "" {
			if err := r.Cursors.Read(q.Cursor, list, &query.After); err != nil {
				return err
			}
		}
		known, err := schema.Load(tx, c.Actor.Environment)
		if err != nil {
			return err
		}
		if query.Filter, err = filter.Parse(asked.Filter, known.User); err != nil {
			return inQuery(err)
		}
		found, err := search.Users(tx, &c.Actor, query)
		if err != nil {
			return inQuery(err)
		}
		out.Body = web.Page[User]{Items: make([]User, len(found.Items))}
		for i, u := range found.Items {
			out.Body.Items[i] = showUser(tx, u)
		}
		if found.Next != "" {
			out.Body.Next = r.Cursors.Make(list, found.Next)
		}
		return nil
	})
	return out, err
}

// inQuery says of a fault about the filter that it stands in the query.
func inQuery(err error) error {
	if field, text := fault.Public(err); field == "filter" && fault.Is(err, fault.Invalid) {
		return fault.On("query.filter", "%s", text)
	}
	return err
}

// dynamicMembers lists the users who are in a group by its filter.
func (r *Resources) dynamicMembers(tx *db.Tx, c *rest.Call, g *directory.Group, q web.PageQuery, list string) (page web.Page[Member], err error) {
	list += " by filter " + c.Actor.Environment.String()
	query := search.Query{Limit: q.Limit}
	if q.Cursor != "" {
		if err := r.Cursors.Read(q.Cursor, list, &query.After); err != nil {
			return page, err
		}
	}
	known, err := schema.Load(tx, c.Actor.Environment)
	if err != nil {
		return page, err
	}
	found, err := search.Members(tx, &c.Actor, g, known.User, query)
	if err != nil {
		return page, err
	}
	page.Items = make([]Member, len(found.Items))
	for i, u := range found.Items {
		page.Items[i] = Member{u.ID.String(), string(directory.UserMember), u.Profile.Shown()}
	}
	if found.Next != "" {
		page.Next = r.Cursors.Make(list, found.Next)
	}
	return page, nil
}

// checkRule returns a filter that says who is in a group in its canonical form.
func checkRule(tx *db.Tx, c *rest.Call, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	known, err := schema.Load(tx, c.Actor.Environment)
	if err != nil {
		return "", err
	}
	rule, err := filter.ParseRule(text, known.User)
	if err != nil {
		return "", err
	}
	return rule.String(), nil
}
