package patch

import (
	"strings"

	"github.com/counterfoil/counterfoil/internal/directory/filter"
)

// Member is one member of a group as an operation names it.
type Member struct {
	// Value is its id, as the caller wrote it.
	Value string
	// Type is User, Group, or empty if the operation does not say.
	Type string
}

// Change is one operation on the members of a group.
type Change struct {
	Kind Kind
	// Members are those to add, to remove, or, for [Replace], all that there shall be.
	Members []Member
	// Where, for [Remove], chooses members instead: by its Match on objects such as {"value": "…", "type": "User"}.
	Where filter.Node
	// All, for [Remove], means every member.
	All bool
}

// Split takes the operations on one attribute, that of a group's members, apart from the rest. They keep their order. To
// add a member that is there, or to remove one that is not, is no error: clients repeat themselves. Members are not
// changed in place, which is an [Error] of type [Mutability].
func Split(ops []Op, attribute string) (rest []Op, changes []Change, err error) {
	for _, op := range ops {
		if !op.on(attribute) {
			rest = append(rest, op)
			continue
		}
		c, err := membership(&op)
		if err != nil {
			return nil, nil, err.at(op.index)
		}
		if c != nil {
			changes = append(changes, *c)
		}
	}
	return rest, changes, nil
}

func membership(op *Op) (*Change, *Error) {
	path := &op.Path
	if path.Sub.Path != "" || path.Values != nil && op.Kind != Remove {
		return nil, wrong(Mutability, "members are added and removed, not changed")
	}
	c := &Change{Kind: op.Kind}
	if path.Values != nil {
		var ok bool
		if c.Members, ok = ids(path.Values); !ok {
			c.Members, c.Where = nil, path.Values
		}
		return c, nil
	}
	if op.Kind == Remove && op.Value == nil {
		c.All = true
		return c, nil
	}
	for _, v := range aslist(op.Value) {
		m, err := memberOf(v)
		if err != nil {
			return nil, err
		}
		c.Members = append(c.Members, m)
	}
	if len(c.Members) == 0 && op.Kind != Replace {
		return nil, nil
	}
	return c, nil
}

// ids returns whom an expression means that lists ids.
func ids(n filter.Node) (all []Member, ok bool) {
	switch n := n.(type) {
	case *filter.Compare:
		id, isText := n.Value.(string)
		return []Member{{Value: id}}, isText && n.Operator == filter.Equal && n.Attribute.Name() == "value"
	case filter.Or:
		for _, one := range n {
			m, ok := ids(one)
			if !ok {
				return nil, false
			}
			all = append(all, m...)
		}
		return all, true
	}
	return nil, false
}

// memberOf reads a member: an object, or just its id.
func memberOf(v any) (m Member, err *Error) {
	switch v := v.(type) {
	case string:
		m.Value = v
	case map[string]any:
		reference, _ := member(v, "$ref").(string)
		parts := strings.Split(reference, "/")
		m.Value, _ = member(v, "value").(string)
		m.Type, _ = member(v, "type").(string)
		if m.Value == "" {
			m.Value = parts[len(parts)-1]
		}
		if len(parts) > 1 && m.Type == "" {
			m.Type = map[string]string{"Users": "User", "Groups": "Group"}[parts[len(parts)-2]]
		}
		for _, known := range []string{"User", "Group"} {
			if strings.EqualFold(m.Type, known) {
				m.Type = known
			}
		}
	}
	if m.Value == "" {
		return m, wrong(InvalidValue, "a member is an object whose value is the id of a user or group")
	}
	return m, nil
}
