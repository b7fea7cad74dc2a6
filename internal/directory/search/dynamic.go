package search

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// CheckRule returns the canonical form of a filter that says who is in a group. It asks for what is in a user's own
// document only: with groups or roles in it, a group could hang on itself. Everything else is as [filter.Parse] has it.
func CheckRule(text string, users filter.Attributes) (string, error) {
	f, err := filter.Parse(text, users)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(attributesOf(f.Root()), dear) {
		return "", fault.On("filter", "who is in a group does not follow from groups or roles")
	}
	return f.String(), nil
}

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

// Has reports whether a user, who has this document, is in the group.
func (r *Rule) Has(u *directory.User, document map[string]any) bool {
	return (r.Group.Population == uuid.Nil || r.Group.Population == u.Population) && r.filter.Eval(document)
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
		if rules[i].Has(u, document) {
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
	q.Filter, q.Population = f, g.Population
	return Users(tx, actor, q)
}
