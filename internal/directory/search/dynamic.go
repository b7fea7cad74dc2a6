package search

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
)

// Rule is a group whose members follow from a filter.
type Rule struct {
	Group  *directory.Group
	filter *filter.Filter
}

// Rules reads the groups of an environment whose members follow from a filter, to ask for one user after the other. A
// filter that can no longer be read, because a custom schema has gone, has no members.
func Rules(tx *db.Tx, environment uuid.UUID, users filter.Attributes) ([]Rule, error) {
	groups, err := directory.DynamicGroups(tx, environment)
	var all []Rule
	for _, g := range groups {
		if f, err := filter.Parse(g.Filter, users); err == nil {
			all = append(all, Rule{g, f})
		}
	}
	return all, err
}

// has reports whether a user of a population, who has this document, is in the group.
func (r *Rule) has(population uuid.UUID, document map[string]any) bool {
	return (r.Group.Population == uuid.Nil || r.Group.Population == population) && r.filter.Eval(document)
}

// GroupsOf returns the groups that a user is in by their filters.
func GroupsOf(rules []Rule, u *directory.User) ([]*directory.Group, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	document, err := u.Document()
	if err != nil {
		return nil, err
	}
	var in []*directory.Group
	for i := range rules {
		if rules[i].has(u.Population, document) {
			in = append(in, rules[i].Group)
		}
	}
	return in, nil
}

// Members returns the users who are in a group by its filter and whom the actor may see. Of the query, filter and
// population are those of the group.
func Members(tx *db.Tx, actor *access.Actor, g *directory.Group, users filter.Attributes, q Query) (*Page[*directory.User], error) {
	f, err := filter.Parse(g.Filter, users)
	if err != nil {
		return &Page[*directory.User]{}, nil //nolint:nilerr // as in Rules
	}
	q.Filter, q.Population, q.rule = f, g.Population, true
	return Users(tx, actor, q)
}
