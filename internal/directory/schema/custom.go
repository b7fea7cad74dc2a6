package schema

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Bounds of custom schemas.
const (
	SchemasMost    = 20 // in an environment
	AttributesMost = 50 // of a schema, sub-attributes included
	canonicalMost  = 100
)

// Custom is a schema that an environment added. It extends users.
type Custom struct {
	ID          uuid.UUID
	URN         string
	Name        string
	Description string
	Attributes  []*Attribute
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Spec is what can be said about a custom schema.
type Spec struct {
	Name string
	// URN is made of the name unless given. It cannot be changed.
	URN         string
	Description string
	Attributes  []*Attribute
}

// Schema returns the custom schema as any other.
func (c *Custom) Schema() *Schema {
	return &Schema{ID: c.URN, Name: c.Name, Description: c.Description, Attributes: c.Attributes}
}

// Authority makes and changes custom schemas.
type Authority struct {
	// InUse reports whether some user of the environment has a value under a schema, or under one of its attributes when
	// attribute is not empty. nil: nobody has.
	InUse func(tx *db.Tx, environment uuid.UUID, urn, attribute string) (bool, error)
}

var (
	namePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)
	urnPattern  = regexp.MustCompile(`^urn:[A-Za-z0-9][A-Za-z0-9-]{1,31}(:[A-Za-z0-9][A-Za-z0-9._-]*)+$`)
)

// defaultURN is that of a schema whose maker names none.
func defaultURN(name string) string {
	return "urn:counterfoil:scim:schemas:extension:" + name + ":1.0:User"
}

// Create adds a custom schema to the actor's environment. A name or URN that is taken is [fault.Conflict], and so is the
// schema after the twentieth.
func (y *Authority) Create(tx *db.Tx, actor *access.Actor, spec Spec) (*Custom, error) {
	if err := access.Allow(tx, actor, access.WriteSchemas); err != nil {
		return nil, err
	}
	c := &Custom{
		ID: newID(), Name: spec.Name, URN: spec.URN, Description: spec.Description, Attributes: spec.Attributes,
		Version: 1, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if c.URN == "" {
		c.URN = defaultURN(c.Name)
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	all, err := List(tx, actor.Environment)
	if err != nil {
		return nil, err
	}
	if len(all) >= SchemasMost {
		return nil, fault.New(fault.Conflict, "an environment has at most %d custom schemas; delete one that nobody uses", SchemasMost)
	}
	if err := c.distinct(all); err != nil {
		return nil, err
	}
	if err := c.insert(tx, actor.Environment); err != nil {
		return nil, err
	}
	record(tx, actor, "schema.created", c, nil, c.facts())
	return c, nil
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Change lets apply change a custom schema. While somebody has values under it, attributes may be added and described
// otherwise, and no longer be required; one that has values can be neither removed nor become something else, because
// values are not converted ([fault.Conflict]). version 0 is any.
func (y *Authority) Change(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, apply func(*Spec)) (*Custom, error) {
	c, err := y.writable(tx, actor, id, version)
	if err != nil {
		return nil, err
	}
	before, old := c.facts(), *c
	spec := Spec{Name: c.Name, URN: c.URN, Description: c.Description, Attributes: c.Attributes}
	apply(&spec)
	if spec.URN != c.URN {
		return nil, fault.On("urn", "the URN of a schema stays; make another schema")
	}
	c.Name, c.Description, c.Attributes = spec.Name, spec.Description, spec.Attributes
	if err := c.validate(); err != nil {
		return nil, err
	}
	all, err := List(tx, actor.Environment)
	if err != nil {
		return nil, err
	}
	if err := c.distinct(all); err != nil {
		return nil, err
	}
	if err := y.keeps(tx, actor.Environment, &old, c); err != nil {
		return nil, err
	}
	c.Version++
	c.UpdatedAt = tx.Now()
	if err := c.update(tx, actor.Environment); err != nil {
		return nil, err
	}
	record(tx, actor, "schema.changed", c, before, c.facts())
	return c, nil
}

// keeps refuses a change that values which users have would not fit.
func (y *Authority) keeps(tx *db.Tx, environment uuid.UUID, old, now *Custom) error {
	for _, was := range old.Attributes {
		is := find(now.Attributes, was.Name)
		if is != nil && is.Name == was.Name && compatible(was, is) {
			continue
		}
		if used, err := y.inUse(tx, environment, old.URN, was.Name); err != nil {
			return err
		} else if used {
			return fault.New(fault.Conflict, "users have values of %s: remove these first, or add an attribute under another name", was.Name)
		}
	}
	for _, is := range now.Attributes {
		if was := find(old.Attributes, is.Name); !is.Required || was != nil && was.Required {
			continue
		}
		if used, err := y.inUse(tx, environment, old.URN, ""); err != nil {
			return err
		} else if used {
			return fault.New(fault.Conflict, "users have values under this schema: %s cannot become required", is.Name)
		}
	}
	return nil
}

// compatible reports whether every value of one attribute is one of the other, and is found in the same way.
func compatible(was, is *Attribute) bool {
	same := was.Type == is.Type && was.MultiValued == is.MultiValued && was.CaseExact == is.CaseExact &&
		was.Filterable == is.Filterable && (!is.Closed || was.Closed && subset(was.CanonicalValues, is.CanonicalValues))
	for _, sub := range was.Sub {
		other := find(is.Sub, sub.Name)
		same = same && other != nil && other.Name == sub.Name && compatible(sub, other) && (!other.Required || sub.Required)
	}
	for _, sub := range is.Sub {
		same = same && (!sub.Required || find(was.Sub, sub.Name) != nil)
	}
	return same
}

func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(one string) bool { return !slices.Contains(all, one) })
}

func (y *Authority) inUse(tx *db.Tx, environment uuid.UUID, urn, attribute string) (bool, error) {
	if y.InUse == nil {
		return false, nil
	}
	return y.InUse(tx, environment, urn, attribute)
}

// Delete removes a custom schema. One that users have values under is [fault.Conflict]: a schema is a line and values are
// thousands, so these go by a change of their users, which the ledger tells of. version 0 is any.
func (y *Authority) Delete(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) error {
	c, err := y.writable(tx, actor, id, version)
	if err != nil {
		return err
	}
	if used, err := y.inUse(tx, actor.Environment, c.URN, ""); err != nil {
		return err
	} else if used {
		return fault.New(fault.Conflict, "users have values under this schema: remove these first")
	}
	if _, err := tx.Exec(deleteSchema, actor.Environment.String(), id.String()); err != nil {
		return err
	}
	record(tx, actor, "schema.deleted", c, c.facts(), nil)
	return nil
}

func (y *Authority) writable(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) (*Custom, error) {
	if err := access.Allow(tx, actor, access.WriteSchemas); err != nil {
		return nil, err
	}
	c, err := get(tx, actor.Environment, id, tx.ForUpdate())
	if err != nil {
		return nil, err
	}
	if version != 0 && version != c.Version {
		return nil, fault.New(fault.Stale, "the schema was changed by somebody else; read it again")
	}
	return c, nil
}

// distinct refuses a name or a URN that would be mistaken for another. A URN that another one begins with, up to a colon,
// would make the paths of the two ambiguous.
func (c *Custom) distinct(all []*Custom) error {
	known := []*Schema{User, Enterprise, Group, Definition, ResourceType, ServiceProviderConfig}
	for _, other := range all {
		if other.ID != c.ID {
			known = append(known, other.Schema())
		}
	}
	mine := strings.ToLower(c.URN) + ":"
	for _, other := range known {
		theirs := strings.ToLower(other.ID) + ":"
		if strings.HasPrefix(mine, theirs) || strings.HasPrefix(theirs, mine) {
			return fault.New(fault.Conflict, "the URN clashes with that of the schema %s", other.ID)
		}
		if strings.EqualFold(other.Name, c.Name) {
			return fault.New(fault.Conflict, "there is a schema named %s already", other.Name)
		}
	}
	return nil
}

func (c *Custom) validate() error {
	if !namePattern.MatchString(c.Name) {
		return fault.On("name", "a name is a letter and up to 63 more letters, digits, - and _")
	}
	if len(c.URN) > 200 || !urnPattern.MatchString(c.URN) || strings.HasPrefix(strings.ToLower(c.URN), "urn:ietf:") {
		return fault.On("urn", "a URN is such as urn:example:staff:1.0:User, has at most 200 characters and does not begin with urn:ietf:")
	}
	if utf8.RuneCountInString(c.Description) > 255 {
		return fault.On("description", "a description has at most 255 characters")
	}
	if len(c.Attributes) == 0 {
		return fault.On("attributes", "a schema has at least one attribute")
	}
	count := 0
	return define(c.Attributes, "attributes", &count)
}

// define checks attributes and gives them the characteristics that nobody chooses.
func define(all []*Attribute, field string, count *int) error {
	seen := map[string]bool{}
	for _, a := range all {
		if *count++; *count > AttributesMost {
			return fault.On(field, "a schema has at most %d attributes, those in complex ones included", AttributesMost)
		}
		name := strings.ToLower(a.Name)
		switch {
		case !namePattern.MatchString(a.Name):
			return fault.On(field, "the name of an attribute is a letter and up to 63 more letters, digits, - and _")
		case seen[name]:
			return fault.On(field, "the attribute %s is listed twice", a.Name)
		}
		seen[name] = true
		if err := a.define(field, count); err != nil {
			return err
		}
	}
	return nil
}

func (a *Attribute) define(field string, count *int) error {
	a.defaults()
	nested := strings.Contains(field, "sub_attributes")
	switch {
	case a.Type == Complex && nested:
		return fault.On(field, "%s: complex attributes do not nest (RFC 7643 §2.3.8)", a.Name)
	case a.Type == Complex && (len(a.Sub) == 0 || a.Filterable || len(a.CanonicalValues) > 0):
		return fault.On(field, "%s: a complex attribute has sub-attributes, no values of its own, and is not filterable", a.Name)
	case a.Type != Complex && len(a.Sub) > 0:
		return fault.On(field, "%s: only complex attributes have sub-attributes", a.Name)
	case nested && (a.MultiValued || a.Filterable):
		return fault.On(field, "%s: a sub-attribute has one value and is not filterable", a.Name)
	case a.Type == Binary && a.Filterable:
		return fault.On(field, "%s: binary values are not filterable", a.Name)
	case len(a.CanonicalValues) > canonicalMost || a.Type != String && len(a.CanonicalValues) > 0:
		return fault.On(field, "%s: texts have canonical values, %d at most", a.Name, canonicalMost)
	}
	for _, value := range a.CanonicalValues {
		if value == "" || len(value) > lineMost || !utf8.ValidString(value) {
			return fault.On(field, "%s: a canonical value has 1 to %d bytes", a.Name, lineMost)
		}
	}
	if err := a.known(field); err != nil || a.Type != Complex {
		return err
	}
	return define(a.Sub, field+".sub_attributes", count)
}

func (a *Attribute) defaults() {
	if a.Mutability == "" {
		a.Mutability = ReadWrite
	}
	if a.Returned == "" {
		a.Returned = ByDefault
	}
	a.Uniqueness = None
	a.Closed = len(a.CanonicalValues) > 0
	a.CaseExact = a.CaseExact || a.Type == Reference || a.Type == Binary
	if a.Type == Reference && len(a.ReferenceTypes) == 0 {
		a.ReferenceTypes = []string{"external"}
	}
}

// known refuses what is no characteristic, and those that a custom attribute cannot have: somebody must be able to write
// it, and to read what is kept.
func (a *Attribute) known(field string) error {
	switch a.Type {
	case String, Boolean, Decimal, Integer, DateTime, Binary, Reference, Complex:
	default:
		return fault.On(field, "%s: the type is string, boolean, decimal, integer, dateTime, binary, reference or complex", a.Name)
	}
	if a.Mutability != ReadWrite && a.Mutability != Immutable {
		return fault.On(field, "%s: the mutability is readWrite or immutable", a.Name)
	}
	if a.Returned != ByDefault && a.Returned != OnRequest {
		return fault.On(field, "%s: returned is default or request", a.Name)
	}
	if utf8.RuneCountInString(a.Description) > 255 {
		return fault.On(field, "%s: a description has at most 255 characters", a.Name)
	}
	return nil
}

func record(tx *db.Tx, actor *access.Actor, kind string, c *Custom, before, after any) {
	ledger.Append(tx, actor.Who(), ledger.Event{
		Environment: actor.Environment, Kind: kind, Subject: ledger.Subject{Kind: "schema", ID: c.ID.String()}, Before: before, After: after,
	})
}
