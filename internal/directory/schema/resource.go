package schema

import (
	"strings"
)

// Resource is a type of resource: the schema that each has, and those that extend it.
type Resource struct {
	Name, Endpoint, Description string

	Base       *Schema
	Extensions []*Schema

	places map[string]Place // by path in lower case
}

// Place is where an attribute stands in a document.
type Place struct {
	// Schema is the one that defines the attribute; nil for those that every resource has.
	Schema *Schema
	// Attribute is the one that the path ends at, and Within the complex attribute that it is part of, if any.
	Attribute, Within *Attribute
	// Steps are the keys to it from the root of a document, as they are spelled there.
	Steps []string
	// Path is its canonical path (RFC 7644 §3.10): that of an extension begins with the URN.
	Path string
}

func newResource(name, endpoint, description string, base *Schema, extensions ...*Schema) *Resource {
	r := &Resource{Name: name, Endpoint: endpoint, Description: description, Base: base, Extensions: extensions, places: map[string]Place{}}
	for _, a := range common {
		r.put(nil, nil, "", a)
	}
	for _, a := range base.Attributes {
		r.put(base, nil, "", a)
	}
	for _, x := range extensions {
		container := x.Container()
		r.places[strings.ToLower(x.ID)] = Place{Schema: x, Attribute: container, Steps: []string{x.ID}, Path: x.ID}
		for _, a := range x.Attributes {
			r.put(x, []string{x.ID}, x.ID+":", a)
		}
	}
	return r
}

// put makes an attribute and its sub-attributes known under their paths. Those of the base schema may also be written
// with its URN.
func (r *Resource) put(s *Schema, steps []string, prefix string, a *Attribute) {
	r.name(Place{Schema: s, Attribute: a, Steps: append(steps[:len(steps):len(steps)], a.Name), Path: prefix + a.Name})
	for _, sub := range a.Sub {
		r.name(Place{
			Schema: s, Attribute: sub, Within: a, Steps: append(steps[:len(steps):len(steps)], a.Name, sub.Name),
			Path: prefix + a.Name + "." + sub.Name,
		})
	}
}

func (r *Resource) name(p Place) {
	r.places[strings.ToLower(p.Path)] = p
	if p.Schema == nil || p.Schema == r.Base {
		r.places[strings.ToLower(r.Base.ID+":"+p.Path)] = p
	}
}

// Find returns where the attribute of that path stands. A path is a name, a name and a sub-attribute's behind a dot,
// either one behind the URN of its schema and a colon, or the URN of an extension. Case does not count.
func (r *Resource) Find(path string) (Place, bool) {
	p, ok := r.places[strings.ToLower(path)]
	return p, ok
}

// Schemas lists the schemas of the resource, the base first.
func (r *Resource) Schemas() []*Schema { return append([]*Schema{r.Base}, r.Extensions...) }

func (r *Resource) extension(urn string) *Schema {
	for _, x := range r.Extensions {
		if strings.EqualFold(x.ID, urn) {
			return x
		}
	}
	return nil
}

// Set is every schema of an environment.
type Set struct {
	User, Group *Resource
	// Custom are the schemas that the environment added.
	Custom []*Custom
}

var core = NewSet(nil)

// Core returns the set without custom schemas.
func Core() *Set { return core }

// NewSet returns the core schemas with some custom ones.
func NewSet(custom []*Custom) *Set {
	extensions := []*Schema{Enterprise}
	for _, c := range custom {
		extensions = append(extensions, c.Schema())
	}
	return &Set{
		Custom: custom,
		User:   newResource("User", "/Users", User.Description, User, extensions...),
		Group:  newResource("Group", "/Groups", Group.Description, Group),
	}
}

// Resources lists the types of resource.
func (s *Set) Resources() []*Resource { return []*Resource{s.User, s.Group} }

// All lists every schema: those of the resources, and those that describe the service.
func (s *Set) All() []*Schema {
	return append(append(s.User.Schemas(), s.Group.Schemas()...), Definition, ResourceType, ServiceProviderConfig)
}

// Find returns the schema of that URN, in whatever case, or nil.
func (s *Set) Find(urn string) *Schema {
	for _, one := range s.All() {
		if strings.EqualFold(one.ID, urn) {
			return one
		}
	}
	return nil
}
