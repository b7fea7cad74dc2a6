package schema

import "strings"

// Type is what values of an attribute are (RFC 7643 §2.3).
type Type string

// The types.
const (
	String    Type = "string"
	Boolean   Type = "boolean"
	Decimal   Type = "decimal"
	Integer   Type = "integer"
	DateTime  Type = "dateTime"
	Binary    Type = "binary"
	Reference Type = "reference"
	Complex   Type = "complex"
)

// Mutability is who may write an attribute, and when.
type Mutability string

// The mutabilities.
const (
	ReadWrite Mutability = "readWrite"
	ReadOnly  Mutability = "readOnly"
	Immutable Mutability = "immutable" // given with the resource, or once while it is empty
	WriteOnly Mutability = "writeOnly"
)

// Returned is when an answer shows an attribute.
type Returned string

// The rules of return.
const (
	Always    Returned = "always"
	ByDefault Returned = "default"
	OnRequest Returned = "request"
	Never     Returned = "never"
)

// Uniqueness is among what a value occurs once.
type Uniqueness string

// The kinds of uniqueness. Server means unique in the environment, which is a server of its own to its clients.
const (
	None   Uniqueness = "none"
	Server Uniqueness = "server"
	Global Uniqueness = "global"
)

// Attribute is one attribute with all its characteristics (RFC 7643 §7).
type Attribute struct {
	Name            string
	Type            Type
	MultiValued     bool
	Description     string
	Required        bool
	CaseExact       bool
	CanonicalValues []string
	// Closed says that no values but the canonical ones are taken; else they are suggestions, whose spelling is adopted.
	Closed         bool
	ReferenceTypes []string
	Mutability     Mutability
	Returned       Returned
	Uniqueness     Uniqueness
	Sub            []*Attribute
	// Filterable says that values are indexed, so that looking for one by eq or sw does not read every user.
	Filterable bool

	longest int    // of a text, in bytes; 0: textMost
	shape   string // what a text must look like, by name; "": anything
}

// Find returns the sub-attribute of that name, in whatever case, or nil.
func (a *Attribute) Find(name string) *Attribute { return find(a.Sub, name) }

func find(list []*Attribute, name string) *Attribute {
	for _, a := range list {
		if strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return nil
}

// Writable reports whether callers may write the attribute at all.
func (a *Attribute) Writable() bool { return a.Mutability != ReadOnly }

// Schema is a set of attributes under one URN.
type Schema struct {
	ID          string // the URN
	Name        string
	Description string
	Attributes  []*Attribute
}

// Find returns the attribute of that name, in whatever case, or nil.
func (s *Schema) Find(name string) *Attribute { return find(s.Attributes, name) }

// Container returns the schema as the complex attribute that it is in the document of a resource it extends, whose name
// is the URN.
func (s *Schema) Container() *Attribute {
	return &Attribute{Name: s.ID, Type: Complex, Description: s.Description, Mutability: ReadWrite, Returned: ByDefault,
		Uniqueness: None, Sub: s.Attributes}
}

// The URNs of the core schemas (RFC 7643 §10.3).
const (
	UserURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	EnterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	GroupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	SchemaURN     = "urn:ietf:params:scim:schemas:core:2.0:Schema"
	TypeURN       = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	ConfigURN     = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
)

// container reports whether the attribute is what [Schema.Container] returns.
func (a *Attribute) container() bool { return strings.Contains(a.Name, ":") }

// option sets characteristics that differ from those most attributes have.
type option func(*Attribute)

// attribute returns a definition with the defaults of RFC 7643 §2.2.
func attribute(name string, t Type, description string, options ...option) *Attribute {
	a := &Attribute{Name: name, Type: t, Description: description, Mutability: ReadWrite, Returned: ByDefault, Uniqueness: None}
	if t == Reference || t == Binary {
		a.CaseExact = true // RFC 7643 §2.3.6, §2.3.7
	}
	for _, o := range options {
		o(a)
	}
	return a
}

func required(a *Attribute)   { a.Required = true }
func caseExact(a *Attribute)  { a.CaseExact = true }
func readOnly(a *Attribute)   { a.Mutability = ReadOnly }
func immutable(a *Attribute)  { a.Mutability = Immutable }
func unique(a *Attribute)     { a.Uniqueness = Server }
func filterable(a *Attribute) { a.Filterable = true }
func always(a *Attribute)     { a.Returned = Always }
func onRequest(a *Attribute)  { a.Returned = OnRequest }

func many(sub ...*Attribute) option {
	return func(a *Attribute) { a.MultiValued, a.Sub = true, sub }
}

func parts(sub ...*Attribute) option { return func(a *Attribute) { a.Sub = sub } }

func canonical(values ...string) option {
	return func(a *Attribute) { a.CanonicalValues = values }
}

func refers(types ...string) option { return func(a *Attribute) { a.ReferenceTypes = types } }

func most(bytes int) option { return func(a *Attribute) { a.longest = bytes } }

func shaped(shape string) option { return func(a *Attribute) { a.shape = shape } }
