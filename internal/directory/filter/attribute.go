package filter

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

// name is the last key.
func (a *Attribute) name() string {
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

func lookup(in Attributes, path string) (Attribute, bool) {
	a, ok := in.Lookup(path)
	a.known = ok
	return a, ok
}
