package patch

import (
	"reflect"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/directory/filter"
)

// Apply returns what the operations make of a document of a resource that has these attributes. The document stays as it
// is: all operations are done, or none. Whether the result may be kept is for the schema to say; an operation that cannot
// be done is an [Error]. Read-only attributes are refused at a path, and passed over inside a value without one.
func Apply(document map[string]any, ops []Op, in filter.Attributes) (map[string]any, error) {
	c := change{document: clone(document).(map[string]any), in: in}
	for _, op := range ops {
		if err := c.apply(op); err != nil {
			return nil, err.at(op.index)
		}
	}
	return c.document, nil
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for key, value := range v {
			c[key] = clone(value)
		}
		return c
	case []any:
		return cloneList(v)
	case []map[string]any:
		return cloneList(v)
	case []string:
		return cloneList(v)
	}
	return v
}

func cloneList[V any](list []V) []any {
	c := make([]any, len(list))
	for i, v := range list {
		c[i] = clone(v)
	}
	return c
}

type change struct {
	document map[string]any
	in       filter.Attributes
}

const (
	readOnly  = "readOnly"
	immutable = "immutable"
)

func (c *change) apply(op Op) *Error {
	a := &op.Path.Attribute
	for _, part := range []*filter.Attribute{a, op.Path.Target()} {
		if part.Mutability == readOnly && op.quiet {
			return nil
		}
		if part.Mutability == readOnly {
			return wrong(Mutability, "%s is read-only", part.Path)
		}
	}
	holder := c.holder(a, op.Kind != Remove)
	if holder == nil {
		return nil // removes what is not there
	}
	defer c.tidy(a)
	switch {
	case a.Multi && (op.Path.Values != nil || op.Path.Sub.Path != ""):
		return c.chosen(holder, &op)
	case op.Path.Values != nil:
		return wrong(InvalidPath, "%s has one value: there is nothing to choose among with brackets", a.Path)
	case op.Path.Sub.Path != "":
		return c.part(holder, &op)
	case op.Kind == Remove:
		return c.remove(holder, &op)
	case a.Multi:
		return c.list(holder, &op)
	}
	return c.single(holder, a, op.Value, op.Kind)
}

// holder returns what an attribute is a key of: the document, or the object of an extension, made if create says so.
func (c *change) holder(a *filter.Attribute, create bool) map[string]any {
	if len(a.Steps) < 2 {
		return c.document
	}
	object, ok := c.document[a.Steps[0]].(map[string]any)
	if !ok && create {
		object = map[string]any{}
		c.document[a.Steps[0]] = object
	}
	return object
}

// tidy removes an extension in which nothing is left.
func (c *change) tidy(a *filter.Attribute) {
	if object, ok := c.document[a.Steps[0]].(map[string]any); ok && len(object) == 0 && len(a.Steps) > 1 {
		delete(c.document, a.Steps[0])
	}
}

// remove does so with an attribute, or with those of its values that the operation names, as some clients do.
func (c *change) remove(holder map[string]any, op *Op) *Error {
	a := &op.Path.Attribute
	if a.Multi && op.Value != nil {
		named := aslist(op.Value)
		if len(named) > valuesMost {
			return wrong(InvalidValue, "at most %d values of %s are removed at once", valuesMost, a.Path)
		}
		left := slices.DeleteFunc(listOf(holder[a.Name()]), func(v any) bool {
			return slices.ContainsFunc(named, func(n any) bool { return c.named(a, n, v) })
		})
		if len(left) == 0 && a.Required {
			return wrong(Mutability, "%s is required", a.Path)
		}
		put(holder, a.Name(), left)
		return nil
	}
	return c.unset(holder, a)
}

// unset removes an attribute from what holds it.
func (c *change) unset(holder map[string]any, a *filter.Attribute) *Error {
	_, there := holder[a.Name()]
	if a.Required {
		return wrong(Mutability, "%s is required", a.Path)
	}
	if there && a.Mutability == immutable {
		return wrong(Mutability, "%s does not change once it is given", a.Path)
	}
	delete(holder, a.Name())
	return nil
}

// single adds or replaces the value of an attribute that has one. Complex ones keep the sub-attributes that the value
// does not name (RFC 7644 §3.5.2.3).
func (c *change) single(holder map[string]any, a *filter.Attribute, given any, kind Kind) *Error {
	value, err := c.value(a, unwrapped(given))
	if err != nil {
		return err
	}
	if value == nil && kind == Add {
		return nil
	}
	if value == nil {
		return c.unset(holder, a)
	}
	if a.Complex() {
		object, _ := holder[a.Name()].(map[string]any)
		if object == nil {
			object = map[string]any{}
		}
		if err := c.merge(object, a, value.(map[string]any)); err != nil {
			return err
		}
		holder[a.Name()] = object
		if len(object) == 0 {
			delete(holder, a.Name())
		}
		return nil
	}
	return set(holder, a, value)
}

// set gives a simple attribute its value.
func set(holder map[string]any, a *filter.Attribute, value any) *Error {
	if was := holder[a.Name()]; was != nil && a.Mutability == immutable && !same(a, was, value) {
		return wrong(Mutability, "%s does not change once it is given", a.Path)
	}
	holder[a.Name()] = value
	return nil
}

// part changes a sub-attribute of an attribute that has one value.
func (c *change) part(holder map[string]any, op *Op) *Error {
	a := &op.Path.Attribute
	object, _ := holder[a.Name()].(map[string]any)
	if op.Kind == Remove {
		if object == nil {
			return nil
		}
		if err := c.unset(object, &op.Path.Sub); err != nil {
			return err
		}
		if len(object) == 0 {
			delete(holder, a.Name())
		}
		return nil
	}
	if op.Value == nil && op.Kind == Add {
		return nil
	}
	return c.single(holder, a, map[string]any{op.Path.Sub.Name(): unwrapped(op.Value)}, op.Kind)
}

// list adds values to an attribute that has many, or replaces them all.
func (c *change) list(holder map[string]any, op *Op) *Error {
	a := &op.Path.Attribute
	was := listOf(holder[a.Name()])
	l := c.values(a, was)
	if op.Kind == Replace {
		l.kept = nil
	}
	for _, v := range aslist(op.Value) {
		if err := l.add(v); err != nil {
			return err
		}
	}
	if op.Kind == Add {
		l.settle()
	}
	if a.Mutability == immutable && len(was) > 0 && !reflect.DeepEqual(was, l.kept) {
		return wrong(Mutability, "%s does not change once it is given", a.Path)
	}
	if len(l.kept) == 0 && len(was) > 0 && a.Required {
		return wrong(Mutability, "%s is required", a.Path)
	}
	put(holder, a.Name(), l.kept)
	return nil
}

// put stores a list. An empty one is no value (RFC 7643 §2.5).
func put(holder map[string]any, name string, list []any) {
	if len(list) == 0 {
		delete(holder, name)
		return
	}
	holder[name] = list
}

// listOf returns the values of an attribute that has many. A single value from elsewhere counts as a list of one.
func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return slices.Clone(v)
	}
	return []any{v}
}

// aslist returns what an operation gives: one value may come without a list around it.
func aslist(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

// unwrapped is a value proper, of clients that send [{"$ref": null, "value": "…"}] for it.
func unwrapped(v any) any {
	list, ok := v.([]any)
	if !ok || len(list) != 1 {
		return v
	}
	object, ok := list[0].(map[string]any)
	if !ok {
		return list[0]
	}
	for key := range object {
		if !strings.EqualFold(key, "value") && !strings.EqualFold(key, "$ref") {
			return object
		}
	}
	return member(object, "value")
}
