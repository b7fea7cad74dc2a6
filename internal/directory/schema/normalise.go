package schema

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// DocumentMost is how long a document may be as JSON, in bytes; members of groups do not count.
const DocumentMost = 64 << 10

// ErrImmutable is in the chain of the fault that a change of an immutable attribute gets (mutability in RFC 7644,
// table 9).
var ErrImmutable = errors.New("the attribute is immutable")

// Rules say how a document is read.
type Rules struct {
	// Tolerant takes what provisioning clients really send: booleans and numbers as text, single values where a list
	// belongs, bare texts for complex values, and attributes and schemas that nobody defined, which are left out. A
	// strict reader refuses all of it.
	Tolerant bool
	// Old is the document that the new one takes the place of, in canonical form; nil when there is none. Immutable
	// attributes keep its values.
	Old map[string]any
	// Lax lets required attributes be missing, for documents that are put together from several sources.
	Lax bool
}

// Normalise returns a copy of doc in the form that is kept: attributes are spelled as their schemas spell them, values
// are of their types, times in UTC, values that say nothing (null, empty texts and lists) are gone, and so are read-only
// attributes, which callers may send and nobody reads (RFC 7644 §3.3). schemas lists what the document has attributes of.
//
// It faults [fault.Invalid] on a value that is wrong, a required one that is missing and, with [ErrImmutable] in the
// chain, on an immutable one that would change; [fault.TooLarge] past [DocumentMost]. The result shares nothing with doc.
func (r *Resource) Normalise(doc map[string]any, rules Rules) (map[string]any, error) {
	n := &normaliser{Rules: rules, resource: r}
	out := map[string]any{}
	if err := n.top(doc, out); err != nil {
		return nil, err
	}
	if !rules.Lax {
		if err := lacks(r.Base.Attributes, "", out); err != nil {
			return nil, err
		}
	}
	out["schemas"] = n.schemas(out)
	return out, size(out)
}

type normaliser struct {
	Rules
	resource *Resource
}

// top reads the members of a whole document.
func (n *normaliser) top(doc, out map[string]any) error {
	seen := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(doc)) { // in order, so that the same fault is found every time
		name := strings.ToLower(key)
		if seen[name] {
			return fault.On(key, "%s is there twice, in different letters", cut(key))
		}
		seen[name] = true
		if err := n.member(key, doc[key], out); err != nil {
			return err
		}
	}
	for _, x := range n.resource.Extensions {
		inner, err := n.extension(x.Attributes, x.ID, objectOf(out, x.ID))
		if err != nil {
			return err
		}
		if len(inner) > 0 {
			out[x.ID] = inner
		}
	}
	return n.immutables(n.resource.Base.Attributes, "", out, n.Old)
}

func (n *normaliser) member(key string, value any, out map[string]any) error {
	if strings.EqualFold(key, "schemas") {
		return n.listsBase(value)
	}
	place, ok := n.resource.Find(key)
	switch {
	case !ok && n.Tolerant:
		return nil
	case !ok || place.Within != nil:
		return fault.On(key, "there is no attribute %s", cut(key))
	}
	v, err := n.attribute(place.Attribute, place.Path, value)
	if err != nil || v == nil {
		return err
	}
	at := out
	for _, step := range place.Steps[:len(place.Steps)-1] {
		inner, _ := at[step].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			at[step] = inner
		}
		at = inner
	}
	last := place.Steps[len(place.Steps)-1]
	if had, ok := at[last].(map[string]any); ok && place.Attribute.Type == Complex {
		maps.Copy(had, v.(map[string]any)) // an extension of which a part came under its full path before
		return nil
	}
	at[last] = v
	return nil
}

// listsBase refuses a document that does not say what it is (RFC 7643 §3).
func (n *normaliser) listsBase(value any) error {
	list, ok := value.([]any)
	if text, single := value.(string); single && n.Tolerant {
		list, ok = []any{text}, true
	}
	if !ok || len(list) > valuesMost {
		return fault.On("schemas", "schemas is a list of URNs")
	}
	base := false
	for _, one := range list {
		urn, ok := one.(string)
		if !ok {
			return fault.On("schemas", "schemas is a list of URNs")
		}
		is := strings.EqualFold(urn, n.resource.Base.ID)
		base = base || is
		if !is && !n.Tolerant && n.resource.extension(urn) == nil {
			return fault.On("schemas", "a %s has no schema %s", n.resource.Name, cut(urn))
		}
	}
	if !base {
		return fault.On("schemas", "schemas lists %s", n.resource.Base.ID)
	}
	return nil
}

// schemas lists the URNs of what a document has attributes of, the base first.
func (n *normaliser) schemas(out map[string]any) []any {
	list := []any{n.resource.Base.ID}
	for _, x := range n.resource.Extensions {
		if out[x.ID] != nil {
			list = append(list, x.ID)
		}
	}
	return list
}

// Attribute brings the value of one attribute into the form that is kept, as [Resource.Normalise] does; nil for one
// that says nothing or that is read-only. An extension as a whole is an attribute, too, whose immutable values are those
// that [Rules.Old] has under its URN.
func (r *Resource) Attribute(place Place, value any, rules Rules) (any, error) {
	n := &normaliser{Rules: rules, resource: r}
	v, err := n.attribute(place.Attribute, place.Path, value)
	if err != nil || !place.Attribute.container() {
		return v, err
	}
	inner, _ := v.(map[string]any)
	if inner, err = n.extension(place.Attribute.Sub, place.Path, inner); err != nil || len(inner) == 0 {
		return nil, err
	}
	return inner, nil
}

// extension keeps what does not change of the values under the URN of an extension, and refuses them if others are missing.
func (n *normaliser) extension(attributes []*Attribute, urn string, inner map[string]any) (map[string]any, error) {
	if inner == nil {
		inner = map[string]any{}
	}
	if err := n.immutables(attributes, urn+":", inner, objectOf(n.Old, urn)); err != nil || len(inner) == 0 || n.Lax {
		return inner, err
	}
	return inner, lacks(attributes, urn+":", inner)
}

func (n *normaliser) attribute(a *Attribute, path string, value any) (any, error) {
	if value == nil || !a.Writable() {
		return nil, nil
	}
	if !a.MultiValued {
		return n.one(a, path, value)
	}
	list, ok := value.([]any)
	if !ok {
		if !n.Tolerant {
			return nil, fault.On(path, "%s is a list", path)
		}
		list = []any{value}
	}
	return n.list(a, path, list)
}

// one reads a single value.
func (n *normaliser) one(a *Attribute, path string, value any) (any, error) {
	if a.Type != Complex {
		return n.simple(a, path, value)
	}
	object, ok := value.(map[string]any)
	if text, isText := value.(string); isText && n.Tolerant && a.Find("value") != nil {
		object, ok = map[string]any{"value": text}, true
	}
	if !ok {
		return nil, fault.On(path, "%s is an object", path)
	}
	prefix := path + "."
	if a.container() {
		prefix = path + ":"
	}
	out, seen := map[string]any{}, map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		sub := a.Find(key)
		if sub == nil {
			if n.Tolerant {
				continue
			}
			return nil, fault.On(path, "%s has no part %s", path, cut(key))
		}
		if seen[sub.Name] {
			return nil, fault.On(path, "%s of %s is there twice, in different letters", sub.Name, path)
		}
		seen[sub.Name] = true
		v, err := n.attribute(sub, prefix+sub.Name, object[key])
		if err != nil {
			return nil, err
		}
		if v != nil {
			out[sub.Name] = v
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	if !n.Lax && !a.container() {
		return out, lacks(a.Sub, prefix, out)
	}
	return out, nil
}

// list reads the values of a multi-valued attribute. Values that say nothing and repetitions are left out.
func (n *normaliser) list(a *Attribute, path string, values []any) (any, error) {
	if len(values) > valuesMost && a.Name != "members" {
		return nil, fault.On(path, "%s has at most %d values", path, valuesMost)
	}
	out, seen, primaries := []any{}, map[string]bool{}, 0
	for _, value := range values {
		v, err := n.one(a, path, value)
		if err != nil {
			return nil, err
		}
		object, isObject := v.(map[string]any)
		if v == nil || isObject && a.Find("value") != nil && object["value"] == nil && object["$ref"] == nil {
			continue
		}
		key, err := json.Marshal(v) // members are in order
		if err != nil {
			return nil, err
		}
		if seen[string(key)] {
			continue
		}
		seen[string(key)] = true
		if object["primary"] == true {
			primaries++
		}
		out = append(out, v)
	}
	if primaries > 1 {
		return nil, fault.On(path, "%s has one primary value at most", path) // RFC 7643 §2.4
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// lacks reports the first required attribute that has no value.
func lacks(attributes []*Attribute, prefix string, doc map[string]any) error {
	for _, a := range attributes {
		if a.Required && a.Writable() && doc[a.Name] == nil {
			return fault.On(prefix+a.Name, "%s is required", prefix+a.Name)
		}
	}
	return nil
}

// immutables keeps the values that immutable attributes of the old document have, and refuses others.
func (n *normaliser) immutables(attributes []*Attribute, prefix string, doc, old map[string]any) error {
	for _, a := range attributes {
		if a.Mutability != Immutable || old[a.Name] == nil {
			continue
		}
		if doc[a.Name] == nil {
			doc[a.Name] = old[a.Name]
			continue
		}
		if !reflect.DeepEqual(doc[a.Name], old[a.Name]) {
			err := fault.Wrap(fault.Invalid, ErrImmutable, "%s cannot be changed once it is set", prefix+a.Name)
			err.Field = prefix + a.Name
			return err
		}
	}
	return nil
}

// size measures a document without the members of a group, of which there are bounds elsewhere.
func size(doc map[string]any) error {
	measured := doc
	if doc["members"] != nil {
		measured = maps.Clone(doc)
		delete(measured, "members")
	}
	text, err := json.Marshal(measured)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "the document is no JSON")
	}
	if len(text) > DocumentMost {
		return fault.New(fault.TooLarge, "the document has at most %d bytes", DocumentMost)
	}
	return nil
}

func objectOf(doc map[string]any, key string) map[string]any {
	inner, _ := doc[key].(map[string]any)
	return inner
}

// cut shortens a name that a caller made up, for a message.
func cut(name string) string {
	if len(name) > 80 {
		return strconv.QuoteToASCII(name[:80]) + "…"
	}
	return strconv.QuoteToASCII(name)
}
