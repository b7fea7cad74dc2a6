package filter

import "strings"

// Attribute is what filters and changes must know about one attribute (RFC 7643 §7). The words are those of the RFC.
type Attribute struct {
	// Path is its canonical path: name.givenName, or urn:…:enterprise:2.0:User:department.
	Path string
	// Steps are the keys from the root of a document to it.
	Steps []string
	Type  string
	Multi bool
	// CaseExact says that the case of letters counts.
	CaseExact bool
	Required  bool
	// Filterable says that values are indexed.
	Filterable bool
	// Mutability and Returned are empty where nobody knows the attribute.
	Mutability, Returned string

	known bool
}

// Known reports whether the resource has the attribute. One that it has not is an attribute without a value.
func (a *Attribute) Known() bool { return a.known }

// The types that are treated in a way of their own.
const (
	typeBoolean  = "boolean"
	typeBinary   = "binary"
	typeComplex  = "complex"
	typeDateTime = "dateTime"
	typeDecimal  = "decimal"
	typeInteger  = "integer"
)

// Complex reports whether values have sub-attributes.
func (a *Attribute) Complex() bool { return a.Type == typeComplex }

// Boolean reports whether values are true or false.
func (a *Attribute) Boolean() bool { return a.Type == typeBoolean }

// Elsewhere reports whether it is one of a user's groups or roles, which follow from other things than the user.
func (a *Attribute) Elsewhere() bool {
	return len(a.Steps) > 0 && (a.Steps[0] == "groups" || a.Steps[0] == "roles")
}

// Name is the last part of the path: a key in a document, or in a value of a complex attribute.
func (a *Attribute) Name() string {
	if len(a.Steps) == 0 {
		return a.Path
	}
	return a.Steps[len(a.Steps)-1]
}

// Attributes are those of a type of resource.
type Attributes interface {
	// Lookup returns the attribute at path: a name, or a name and a sub-attribute's behind a dot; either one alone or
	// behind the URN of its schema and a colon; or the URN of an extension alone, which is a complex attribute. Case
	// does not count.
	Lookup(path string) (Attribute, bool)
}

// Extension reports whether it is an extension as a whole, whose sub-attributes are the attributes of that schema.
func (a *Attribute) Extension() bool {
	return a.known && len(a.Steps) == 1 && strings.Contains(a.Steps[0], ":")
}

// Sub returns the sub-attribute of that name. Many values without any have "value", which is each of them. One that there is
// not is not [Attribute.Known].
func (a *Attribute) Sub(in Attributes, name string) Attribute {
	joint := "."
	if a.Extension() {
		joint = ":"
	}
	if sub, ok := lookup(in, a.Path+joint+name); ok {
		return sub
	}
	if a.known && a.Multi && !a.Complex() && strings.EqualFold(name, "value") {
		sub := *a
		sub.Path, sub.Multi = a.Path+".value", false
		sub.Steps = append(a.Steps[:len(a.Steps):len(a.Steps)], "value")
		return sub
	}
	return Attribute{Path: a.Path + joint + name, Steps: []string{name}}
}

func lookup(in Attributes, path string) (Attribute, bool) {
	a, ok := in.Lookup(path)
	a.known = ok
	return a, ok
}
