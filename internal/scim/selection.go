package scim

import (
	"maps"
	"strings"

	"github.com/counterfoil/counterfoil/internal/directory/schema"
)

// selection is which attributes an answer shows (RFC 7644 §3.9).
type selection struct {
	named    map[string]bool // canonical paths in lower case
	excluded bool            // the named ones are left out; else only they are shown
}

// selectionMost bounds how many attributes a request may name.
const selectionMost = 200

func selected(attributes, excluded []string) (selection, error) {
	if len(attributes) > 0 && len(excluded) > 0 {
		return selection{}, wrong(invalidValue, "a request has attributes or excludedAttributes, not both (RFC 7644 §3.9)")
	}
	if len(attributes)+len(excluded) > selectionMost {
		return selection{}, wrong(invalidValue, "a request names at most %d attributes", selectionMost)
	}
	s := selection{excluded: len(excluded) > 0}
	for _, name := range append(attributes, excluded...) {
		if name = strings.ToLower(strings.TrimSpace(name)); name == "" {
			continue
		}
		if s.named == nil {
			s.named = map[string]bool{}
		}
		s.named[name] = true
	}
	return s, nil
}

// split reads a list of names as URLs have it.
func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// in brings the names into the spelling of a resource. Names that it does not know select nothing.
func (s selection) in(r *schema.Resource) selection {
	canonical := selection{excluded: s.excluded}
	if s.named == nil {
		return canonical
	}
	canonical.named = map[string]bool{}
	for name := range s.named {
		if place, ok := r.Find(name); ok {
			canonical.named[strings.ToLower(place.Path)] = true
		}
	}
	return canonical
}

// shows reports whether any of an attribute is to be shown. It is for what costs something to find out.
func (s selection) shows(name string) bool {
	switch {
	case s.named == nil:
		return true
	case s.excluded:
		return !s.named[name]
	}
	if s.named[name] {
		return true
	}
	for path := range s.named {
		if strings.HasPrefix(path, name+".") {
			return true
		}
	}
	return false
}

// without is the selection with one more attribute left out. It is for what costs something to find out.
func (s selection) without(name string) selection {
	if s.named == nil {
		s.excluded = true
	}
	named := maps.Clone(s.named)
	if named == nil {
		named = map[string]bool{}
	}
	if s.excluded {
		named[name] = true
	} else {
		delete(named, name)
	}
	s.named = named
	return s
}

// apply returns the document with just what is to be shown. s is in the spelling of r.
func (s selection) apply(r *schema.Resource, doc object) object {
	out := make(object, len(doc))
	for name, value := range doc {
		place, ok := r.Find(name)
		if !ok {
			continue
		}
		if v, shown := s.value(place.Attribute, place.Path, value); shown {
			out[name] = v
		}
	}
	return out
}

func (s selection) value(a *schema.Attribute, path string, v any) (any, bool) {
	key := strings.ToLower(path)
	named := s.named[key]
	switch {
	case a.Returned == schema.Never:
		return nil, false
	case a.Returned == schema.Always:
		return v, true
	case s.excluded && named:
		return nil, false
	case a.Returned == schema.OnRequest && (s.excluded || !named && !s.below(key)):
		return nil, false
	case named || len(a.Sub) == 0:
		return v, s.excluded || s.named == nil || named
	}
	if s.named != nil && !s.excluded && !s.below(key) {
		return nil, false
	}
	separator := "."
	if strings.HasPrefix(a.Name, "urn:") {
		separator = ":"
	}
	return s.parts(a, path+separator, v)
}

// below reports whether a part of the attribute is named.
func (s selection) below(path string) bool {
	for name := range s.named {
		if strings.HasPrefix(name, path) && len(name) > len(path) && (name[len(path)] == '.' || name[len(path)] == ':') {
			return true
		}
	}
	return false
}

// parts shows what is to be shown of a complex value, or of each of several.
func (s selection) parts(a *schema.Attribute, prefix string, v any) (any, bool) {
	switch v := v.(type) {
	case []any:
		list := make([]any, 0, len(v))
		for _, one := range v {
			if shown, ok := s.parts(a, prefix, one); ok {
				list = append(list, shown)
			}
		}
		return list, len(list) > 0
	case object:
		out := make(object, len(v))
		for name, value := range v {
			if sub := a.Find(name); sub != nil {
				if shown, ok := s.value(sub, prefix+sub.Name, value); ok {
					out[name] = shown
				}
			}
		}
		return out, len(out) > 0
	}
	return v, true
}
