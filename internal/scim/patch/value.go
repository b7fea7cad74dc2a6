package patch

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/directory/filter"
)

// value brings what an operation gives into the form of one value of an attribute: nil for nothing, an object for a
// complex one. Types of simple values are for the schema to judge, but for booleans that come as texts.
func (c *change) value(a *filter.Attribute, v any) (any, *Error) {
	object, isObject := v.(map[string]any)
	_, isList := v.([]any)
	switch {
	case v == nil, a.Complex() && v == "":
		return nil, nil
	case isList:
		return nil, wrong(InvalidValue, "%s takes one value here", a.Path)
	case a.Complex() && isObject:
		return object, nil
	case a.Complex():
		if proper := a.Sub(c.in, "value"); !proper.Known() {
			return nil, wrong(InvalidValue, "%s takes an object", a.Path)
		}
		return map[string]any{"value": v}, nil
	case isObject && has(object, "value"):
		return c.value(a, member(object, "value"))
	case isObject:
		return nil, wrong(InvalidValue, "%s takes a simple value", a.Path)
	}
	if text, ok := v.(string); ok && a.Boolean() {
		switch {
		case strings.EqualFold(text, "true"):
			return true, nil
		case strings.EqualFold(text, "false"):
			return false, nil
		}
	}
	return v, nil
}

// merge writes the members of given into a complex value. What is read-only there is passed over, null removes.
func (c *change) merge(object map[string]any, of *filter.Attribute, given map[string]any) *Error {
	for _, key := range slices.Sorted(maps.Keys(given)) {
		sub := of.Sub(c.in, key)
		if !sub.Known() {
			return wrong(InvalidValue, "%s has no sub-attribute %s", of.Path, key)
		}
		if sub.Mutability == readOnly {
			continue
		}
		if sub.Multi {
			list := aslist(given[key])
			put(object, sub.Name(), clone(list).([]any))
			continue
		}
		value, err := c.value(&sub, unwrapped(given[key]))
		switch {
		case err != nil:
			return err
		case value == nil && object[sub.Name()] == nil:
			delete(object, sub.Name())
		case value == nil:
			err = c.unset(object, &sub)
		case sub.Complex(): // of an extension
			err = c.single(object, &sub, value, Replace)
		default:
			err = set(object, &sub, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// valuesMost is how many values of one attribute a PATCH may make. Each that it adds is compared with all of them.
const valuesMost = 200

// values is the list of an attribute while an operation changes it.
type values struct {
	*change
	of   *filter.Attribute
	kept []any
	// proper and kind are the sub-attributes that say what a value is about.
	proper, kind filter.Attribute
	// preferred are the values that the operation made primary.
	preferred []int
}

func (c *change) values(of *filter.Attribute, kept []any) *values {
	return &values{change: c, of: of, kept: kept, proper: of.Sub(c.in, "value"), kind: of.Sub(c.in, "type")}
}

// add appends a value. One that is there already, by value proper and type, takes over what is new of it.
func (l *values) add(v any) *Error {
	value, err := l.value(l.of, v)
	if err != nil || value == nil {
		return err
	}
	if len(l.kept) >= valuesMost {
		return wrong(InvalidValue, "%s has at most %d values", l.of.Path, valuesMost)
	}
	if !l.of.Complex() {
		if !slices.ContainsFunc(l.kept, func(k any) bool { return same(l.of, k, value) }) {
			l.kept = append(l.kept, value)
		}
		return nil
	}
	fresh := map[string]any{}
	if err := l.merge(fresh, l.of, value.(map[string]any)); err != nil {
		return err
	}
	at := slices.IndexFunc(l.kept, func(k any) bool { return l.twins(k, fresh) })
	if at < 0 {
		if len(fresh) == 0 {
			return nil
		}
		at = len(l.kept)
		l.kept = append(l.kept, fresh)
	} else if err := l.merge(l.kept[at].(map[string]any), l.of, fresh); err != nil {
		return err
	}
	l.prefer(at, fresh)
	return nil
}

// twins reports whether two complex values are about the same thing.
func (l *values) twins(a any, b map[string]any) bool {
	object, ok := a.(map[string]any)
	if !ok {
		return false
	}
	if b["value"] == nil || object["value"] == nil {
		return reflect.DeepEqual(object, b)
	}
	return same(&l.proper, object["value"], b["value"]) && same(&l.kind, object["type"], b["type"])
}

// prefer notes that the operation made the value primary, if given says so.
func (l *values) prefer(at int, given map[string]any) {
	if given["primary"] == true {
		l.preferred = append(l.preferred, at)
	}
}

// settle takes the preference from all values but those that the operation gave it to (RFC 7644 §3.5.2).
func (l *values) settle() {
	for i, v := range l.kept {
		if object, ok := v.(map[string]any); ok && len(l.preferred) > 0 && !slices.Contains(l.preferred, i) && object["primary"] != nil {
			object["primary"] = false
		}
	}
}

// same compares two simple values as the attribute has it.
func same(a *filter.Attribute, x, y any) bool {
	one, isText := x.(string)
	other, both := y.(string)
	if isText && both && !a.CaseExact {
		return filter.Fold(one) == filter.Fold(other)
	}
	return reflect.DeepEqual(x, y)
}

// named reports whether an operation that removes values means this one: by its value proper and type, or, where it has
// none, by everything that the operation says of it. Nothing said means no value rather than all of them.
func (c *change) named(a *filter.Attribute, given, v any) bool {
	said, isObject := given.(map[string]any)
	if !isObject {
		said = map[string]any{"value": given}
	}
	object, isObject := v.(map[string]any)
	if !isObject {
		object = map[string]any{"value": v}
	}
	proper := member(said, "value") != nil
	compared := 0
	for key, want := range said {
		sub := a.Sub(c.in, key)
		if want == nil || proper && !strings.EqualFold(key, "value") && !strings.EqualFold(key, "type") {
			continue
		}
		if want, err := c.value(&sub, want); err != nil || !same(&sub, object[sub.Name()], want) {
			return false
		}
		compared++
	}
	return compared > 0
}
