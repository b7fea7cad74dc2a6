package patch

import (
	"slices"

	"github.com/counterfoil/counterfoil/internal/directory/filter"
)

// chosen changes those values of an attribute that brackets choose, or a sub-attribute of them.
func (c *change) chosen(holder map[string]any, op *Op) *Error {
	a := &op.Path.Attribute
	l := c.values(a, listOf(holder[a.Name()]))
	var at []int
	for i, v := range l.kept {
		if op.Path.Values == nil || op.Path.Values.Match(v) {
			at = append(at, i)
		}
	}
	err := l.do(op, at)
	if err != nil {
		return err
	}
	l.settle()
	l.kept = slices.DeleteFunc(l.kept, func(v any) bool { return v == nil })
	if len(l.kept) == 0 && len(at) > 0 && a.Required {
		return wrong(Mutability, "%s is required", a.Path)
	}
	put(holder, a.Name(), l.kept)
	return nil
}

// do changes the values at these places. What goes is nil until the list is stored.
func (l *values) do(op *Op, at []int) *Error {
	sub := &op.Path.Sub
	nothing := op.Kind != Add && op.Value == nil // replacing by null removes
	switch {
	case len(at) == 0 && nothing && op.Path.Values == nil:
		return nil
	case len(at) == 0 && (nothing || sub.Path == "" && op.Kind == Replace) || len(at) == 0 && op.Kind == Remove && op.Path.Values != nil:
		return wrong(NoTarget, "no value of %s matches the path %s", l.of.Path, op.Path.String())
	case len(at) == 0 && op.Kind == Remove:
		return nil
	case len(at) == 0:
		return l.create(op)
	}
	for _, i := range at {
		var err *Error
		switch {
		case (op.Kind == Remove || nothing) && sub.Path == "":
			l.kept[i] = nil
		case op.Kind == Remove || nothing:
			err = l.strip(i, sub)
		case sub.Path != "":
			err = l.write(i, sub, op.Value)
		default:
			err = l.overwrite(i, op)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// create makes the value that brackets describe, when there is none: clients set emails[type eq "work"].value without
// asking whether there was an address for work before.
func (l *values) create(op *Op) *Error {
	made, ok := implied(op.Path.Values)
	if !ok {
		return wrong(NoTarget, "no value of %s matches the path %s", l.of.Path, op.Path.String())
	}
	if !l.of.Complex() {
		return l.add(op.Value)
	}
	given, err := l.value(l.of, unwrapped(op.Value))
	if sub := &op.Path.Sub; sub.Path != "" {
		given, err = map[string]any{sub.Name(): op.Value}, nil
	}
	if err != nil || given == nil {
		return err
	}
	fresh := map[string]any{}
	if err := l.merge(fresh, l.of, made); err != nil {
		return err
	}
	if err := l.merge(fresh, l.of, given.(map[string]any)); err != nil {
		return err
	}
	return l.add(fresh)
}

// implied returns the only value that matches, if the expression says what everything in it is.
func implied(n filter.Node) (map[string]any, bool) {
	switch n := n.(type) {
	case nil:
		return map[string]any{}, true
	case *filter.Compare:
		return map[string]any{n.Attribute.Name(): n.Value}, n.Operator == filter.Equal && n.Value != nil && n.Attribute.Known()
	case filter.And:
		all := map[string]any{}
		for _, part := range n {
			one, ok := implied(part)
			if !ok {
				return nil, false
			}
			for name, value := range one {
				if _, twice := all[name]; twice {
					return nil, false
				}
				all[name] = value
			}
		}
		return all, true
	}
	return nil, false
}

// strip takes a sub-attribute from a value. A value without its value proper is none.
func (l *values) strip(i int, sub *filter.Attribute) *Error {
	object, ok := l.kept[i].(map[string]any)
	if !ok || sub.Name() == "value" {
		l.kept[i] = nil
		return nil
	}
	if err := l.unset(object, sub); err != nil {
		return err
	}
	if len(object) == 0 {
		l.kept[i] = nil
	}
	return nil
}

// write sets a sub-attribute of a value.
func (l *values) write(i int, sub *filter.Attribute, v any) *Error {
	object, ok := l.kept[i].(map[string]any)
	if !ok {
		value, err := l.value(l.of, unwrapped(v))
		if value != nil {
			l.kept[i] = value
		}
		return err
	}
	if v == nil {
		return nil
	}
	if err := l.merge(object, l.of, map[string]any{sub.Name(): v}); err != nil {
		return err
	}
	if sub.Name() == "primary" {
		l.prefer(i, object)
	}
	return nil
}

// overwrite replaces a whole value, or, to add, writes into it.
func (l *values) overwrite(i int, op *Op) *Error {
	value, err := l.value(l.of, unwrapped(op.Value))
	if err != nil || value == nil {
		return err
	}
	was, isObject := l.kept[i].(map[string]any)
	if !isObject || !l.of.Complex() {
		l.kept[i] = value
		return nil
	}
	into := map[string]any{}
	for name, v := range was {
		if sub := l.of.Sub(l.in, name); op.Kind == Add || sub.Mutability == immutable || sub.Mutability == readOnly {
			into[name] = v
		}
	}
	if err := l.merge(into, l.of, value.(map[string]any)); err != nil {
		return err
	}
	l.kept[i] = into
	l.prefer(i, into)
	return nil
}
