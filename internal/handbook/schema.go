package handbook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// schema is the part of JSON Schema (2020-12) that the document uses.
type schema struct {
	Ref                  string `json:"$ref"`
	Type                 any    // a word or several
	Format               string
	Description          string
	Properties           map[string]*schema
	Required             []string
	Items                *schema
	AdditionalProperties json.RawMessage
	Enum                 []any
	Default              any
	Minimum, Maximum     *json.Number
	MinLength, MaxLength *json.Number
	MinItems, MaxItems   *json.Number
	ReadOnly, WriteOnly  bool
}

// follow returns what a schema refers to, and the name of that; a schema that is missing allows everything.
func (d *document) follow(s *schema) (*schema, string) {
	name := ""
	for s != nil && s.Ref != "" {
		next := strings.TrimPrefix(s.Ref, "#/components/schemas/")
		if next == name {
			break
		}
		name = next
		s = d.Components.Schemas[name]
	}
	if s == nil {
		s = &schema{}
	}
	return s, name
}

// deepest is how many names within each other are still listed: what is below speaks for itself in an answer.
const deepest = 4

// members lists what an object may hold, those that must be there first, and what is in them as a.b and a[].b. above are
// the names of the schemas on the way here, of which none is listed within itself.
func (d *document) members(s *schema, within string, above []string) (all []member) {
	s, name := d.follow(s)
	if name != "" && slices.Contains(above, name) || strings.Count(within, ".") >= deepest {
		return nil
	}
	above = append(slices.Clone(above), name)
	if s.Items != nil {
		return d.members(s.Items, within+"[]", above)
	}
	if within != "" {
		within += "."
	}
	if extra := s.extra(); extra != nil {
		all = append(all, d.members(extra, within+"*", above)...)
	}
	names := slices.SortedFunc(maps.Keys(s.Properties), func(a, b string) int {
		if x, y := slices.Contains(s.Required, a), slices.Contains(s.Required, b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for _, n := range names {
		all = append(all, d.member(within+n, s.Properties[n], slices.Contains(s.Required, n)))
		all = append(all, d.members(s.Properties[n], within+n, above)...)
	}
	return all
}

// member is one name with what its value may be.
func (d *document) member(name string, s *schema, required bool) member {
	target, _ := d.follow(s)
	words := target.Description
	if s != nil && s.Description != "" {
		words = s.Description
	}
	return member{Name: name, Type: d.kind(s), Description: words, Required: required}
}

// kind says in words what a value may be.
func (d *document) kind(s *schema) string {
	s, _ = d.follow(s)
	words := typeWords(s.Type)
	switch {
	case len(s.Enum) > 0:
		var values []string
		for _, v := range s.Enum {
			if v != nil {
				values = append(values, fmt.Sprint(v))
			}
		}
		words = "one of " + strings.Join(values, ", ")
	case s.Items != nil:
		words = strings.Replace(words, "array", "list of "+d.kind(s.Items), 1)
	case s.Format != "" && s.Format != "int64":
		words = strings.Replace(words, "string", s.Format, 1)
	}
	for _, bound := range []struct {
		low, high *json.Number
		unit      string
	}{{s.Minimum, s.Maximum, ""}, {s.MinLength, s.MaxLength, " characters"}, {s.MinItems, s.MaxItems, " items"}} {
		switch {
		case bound.low != nil && bound.high != nil:
			words += fmt.Sprintf(", %s to %s%s", *bound.low, *bound.high, bound.unit)
		case bound.low != nil:
			words += fmt.Sprintf(", at least %s%s", *bound.low, bound.unit)
		case bound.high != nil:
			words += fmt.Sprintf(", at most %s%s", *bound.high, bound.unit)
		}
	}
	if s.Default != nil {
		words += fmt.Sprintf(", else %v", s.Default)
	}
	return words
}

// typeWords returns the type of a schema as words; one without a type takes anything.
func typeWords(t any) string {
	switch t := t.(type) {
	case string:
		return t
	case []any:
		var all []string
		for _, one := range t {
			all = append(all, fmt.Sprint(one))
		}
		return strings.Join(all, " or ")
	default:
		return "anything"
	}
}

// extra returns the schema of members whose names are not given.
func (s *schema) extra() *schema {
	if !bytes.HasPrefix(s.AdditionalProperties, []byte("{")) {
		return nil
	}
	var extra schema
	if json.Unmarshal(s.AdditionalProperties, &extra) != nil {
		return nil
	}
	return &extra
}
