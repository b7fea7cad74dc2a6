package patch

import (
	"maps"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// URN is the schema of a body.
const URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// maxOperations bounds one body. Its length is bounded before.
const maxOperations = 1000

// Kind is what an operation does.
type Kind string

// The kinds.
const (
	Add     Kind = "add"
	Remove  Kind = "remove"
	Replace Kind = "replace"
)

// Op is one change at one path. An operation without a path is one Op for each attribute in its value.
type Op struct {
	Kind Kind
	// Path is known to the resource.
	Path filter.Path
	// Value is as it came from JSON; nil also if there was none.
	Value any

	quiet bool // a path that the caller did not spell: what is read-only there is passed over
	index int  // of the operation in the body
}

// Parse reads the body of a PATCH of a resource that has these attributes. What is no such body is an [Error], or what
// [web.Strict] says of it; more than 1,000 operations are [fault.TooLarge].
func Parse(body []byte, in filter.Attributes) ([]Op, error) {
	var message map[string]any
	if err := web.Strict(body, &message); err != nil {
		if fault.Is(err, fault.Invalid) {
			_, detail := fault.Public(err)
			return nil, wrong(InvalidSyntax, "%s", detail)
		}
		return nil, err
	}
	return Read(message, in)
}

// Read is [Parse] of a body that was decoded already, as part of a bulk request is.
func Read(message map[string]any, in filter.Attributes) ([]Op, error) {
	if schemas, _ := member(message, "schemas").([]any); !slices.ContainsFunc(schemas, isURN) {
		return nil, wrong(InvalidSyntax, "the body of a PATCH has the schema %s", URN)
	}
	operations, ok := member(message, "Operations").([]any)
	if !ok {
		return nil, wrong(InvalidSyntax, "Operations is a list")
	}
	if len(operations) > maxOperations {
		return nil, fault.New(fault.TooLarge, "one PATCH has at most %d operations; send several", maxOperations)
	}
	r := reader{in: in}
	for i, o := range operations {
		r.index = i
		if err := r.operation(o); err != nil {
			return nil, err.at(i)
		}
	}
	return r.ops, nil
}

func isURN(v any) bool {
	text, _ := v.(string)
	return strings.EqualFold(text, URN)
}

// member returns a member of an object, whose name some clients spell in other letters.
func member(of map[string]any, name string) any {
	if v, ok := of[name]; ok {
		return v
	}
	for _, key := range slices.Sorted(maps.Keys(of)) {
		if strings.EqualFold(key, name) {
			return of[key]
		}
	}
	return nil
}

func has(of map[string]any, name string) bool {
	for key := range of {
		if strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}

type reader struct {
	in    filter.Attributes
	ops   []Op
	index int
}

func (r *reader) operation(o any) *Error {
	operation, ok := o.(map[string]any)
	if !ok {
		return wrong(InvalidSyntax, "an operation is an object with op, path and value")
	}
	word, _ := member(operation, "op").(string)
	op := Op{Kind: Kind(strings.ToLower(word)), Value: member(operation, "value"), index: r.index}
	if op.Kind != Add && op.Kind != Remove && op.Kind != Replace {
		return wrong(InvalidSyntax, "op is add, remove or replace")
	}
	if op.Kind != Remove && !has(operation, "value") {
		return wrong(InvalidValue, "%s takes a value", op.Kind)
	}
	path := member(operation, "path")
	text, isText := path.(string)
	switch {
	case path != nil && !isText:
		return wrong(InvalidPath, "path is a text")
	case text != "":
		return r.at(op, text)
	case op.Kind == Remove:
		return wrong(NoTarget, "remove takes a path")
	}
	return r.all(op, "")
}

// all makes one Op of each member of a value without a path. Prefix is the URN that its keys belong to.
func (r *reader) all(op Op, prefix string) *Error {
	value, ok := op.Value.(map[string]any)
	if !ok {
		return wrong(InvalidValue, "without a path, the value of %s is an object of attributes", op.Kind)
	}
	for _, key := range slices.Sorted(maps.Keys(value)) {
		if prefix != "" && strings.EqualFold(key, "schemas") {
			continue // some clients say in an extension, too, what it is
		}
		one := op
		one.Value, one.quiet = value[key], true
		if err := r.at(one, prefix+key); err != nil {
			return err
		}
	}
	return nil
}

// at adds the Op at a path, or those inside of it if it is an extension, or the schema of the resource itself.
func (r *reader) at(op Op, text string) *Error {
	path, err := filter.ParsePath(text, r.in)
	object, isObject := op.Value.(map[string]any)
	deeper := op.Kind != Remove && isObject && strings.Contains(text, ":")
	switch {
	case err == nil && path.Known() && deeper && path.Attribute.Extension() && path.Values == nil && path.Sub.Path == "":
		return r.all(op, path.Attribute.Path+":")
	case err == nil && path.Known():
		op.Path = path
		r.ops = append(r.ops, op)
		return nil
	case deeper && r.isSchema(text, object):
		return r.all(op, text+":")
	case err == nil:
		return wrong(InvalidPath, "the resource has no attribute %s", path.Target().Path)
	}
	kind := InvalidPath
	if strings.Contains(text, "[") {
		kind = InvalidFilter
	}
	_, detail := fault.Public(err)
	return wrong(kind, "%s", detail)
}

// isSchema reports whether a URN is one that all keys of object belong to. Nested URNs would nest calls; they are none.
func (r *reader) isSchema(urn string, object map[string]any) bool {
	for key := range object {
		if strings.Contains(key, ":") {
			return false
		}
		if path, err := filter.ParsePath(urn+":"+key, r.in); err != nil || !path.Known() {
			return false
		}
	}
	return len(object) > 0
}

// Touches reports whether one of the operations is at an attribute, or inside of it. Doors ask it for attributes that
// need a permission of their own.
func Touches(ops []Op, attribute string) bool {
	return slices.ContainsFunc(ops, func(op Op) bool { return op.on(attribute) })
}

func (op *Op) on(attribute string) bool { return strings.EqualFold(op.Path.Attribute.Path, attribute) }
