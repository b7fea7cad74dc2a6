package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

func attribute(name string, t schema.Type) *schema.Attribute {
	return &schema.Attribute{Name: name, Type: t}
}

func TestCustomSchemasAreMadeChangedAndDeleted(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		used := map[string]bool{}
		y := &schema.Authority{InUse: func(_ *db.Tx, _ uuid.UUID, urn, attribute string) (bool, error) {
			return used[urn+":"+attribute] || attribute == "" && len(used) > 0, nil
		}}
		writer := r.Actor(access.ReadSchemas, access.WriteSchemas)
		var made *schema.Custom
		r.Write(func(tx *db.Tx) (err error) {
			made, err = y.Create(tx, &writer, schema.Spec{Name: "staff", Attributes: []*schema.Attribute{attribute("badge", schema.String), attribute("level", schema.Integer)}})
			return err
		})
		r.Write(func(tx *db.Tx) error {
			set, err := schema.Load(tx, r.Home.ID)
			if err != nil {
				return err
			}
			if p, ok := set.User.Find(made.URN + ":BADGE"); !ok || p.Attribute.Mutability != schema.ReadWrite {
				r.Errorf("the attribute is not there: %v", p)
			}
			return nil
		})
		used[made.URN+":badge"] = true
		change := func(attributes ...*schema.Attribute) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := y.Change(tx, &writer, made.ID, 0, func(s *schema.Spec) { s.Attributes = attributes })
				return err
			}
		}
		badge, level := attribute("badge", schema.String), attribute("level", schema.Integer)
		r.Refused("dropping a used attribute", fault.Conflict, change(level))
		r.Refused("another type", fault.Conflict, change(attribute("badge", schema.Integer)))
		r.Refused("a new required attribute", fault.Conflict, change(badge, &schema.Attribute{Name: "desk", Type: schema.String, Required: true}))
		r.Refused("another URN", fault.Invalid, func(tx *db.Tx) error {
			_, err := y.Change(tx, &writer, made.ID, 0, func(s *schema.Spec) { s.URN = "urn:example:other" })
			return err
		})
		r.Refused("a stale version", fault.Stale, func(tx *db.Tx) error {
			_, err := y.Change(tx, &writer, made.ID, 7, func(*schema.Spec) {})
			return err
		})
		r.Write(change(badge, attribute("desk", schema.Boolean)))
		r.Refused("deleting a used schema", fault.Conflict, func(tx *db.Tx) error { return y.Delete(tx, &writer, made.ID, 0) })
		clear(used)
		reader := r.Actor(access.ReadSchemas)
		r.Refused("deleting without the scope", fault.Denied, func(tx *db.Tx) error { return y.Delete(tx, &reader, made.ID, 0) })
		r.Refused("creating without the scope", fault.Denied, func(tx *db.Tx) error {
			_, err := y.Create(tx, &reader, schema.Spec{Name: "other", Attributes: []*schema.Attribute{attribute("a", schema.String)}})
			return err
		})
		r.Write(func(tx *db.Tx) error { return y.Delete(tx, &writer, made.ID, 2) })
		r.Refused("reading what is gone", fault.NotFound, func(tx *db.Tx) error {
			_, err := schema.Get(tx, &reader, made.ID)
			return err
		})
	})
}

func TestCustomSchemasAreWithinBounds(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		y := &schema.Authority{}
		create := func(s schema.Spec) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				if s.Attributes == nil {
					s.Attributes = []*schema.Attribute{attribute("a", schema.String)}
				}
				_, err := y.Create(tx, &r.Operator, s)
				return err
			}
		}
		var many []*schema.Attribute
		for i := range schema.AttributesMost {
			many = append(many, attribute(fmt.Sprint("a", i), schema.String))
		}
		with := func(list ...*schema.Attribute) schema.Spec { return schema.Spec{Name: "x", Attributes: list} }
		nested := &schema.Attribute{Name: "in", Type: schema.Complex, Sub: []*schema.Attribute{attribute("a", schema.String)}}
		for name, s := range map[string]schema.Spec{
			"a name with a space":        {Name: "my staff"},
			"a long name":                {Name: strings.Repeat("a", 65)},
			"a core URN":                 {Name: "x", URN: schema.UserURN},
			"a URN with a space":         {Name: "x", URN: "urn:example:a b"},
			"a URN like a path":          {Name: "x", URN: "urn:example:a[b"},
			"no attribute":               {Name: "x", Attributes: []*schema.Attribute{}},
			"too many attributes":        with(append(many, attribute("more", schema.String))...),
			"an attribute twice":         with(attribute("a", schema.String), attribute("A", schema.Integer)),
			"an attribute with a dot":    with(attribute("a.b", schema.String)),
			"an unknown type":            with(attribute("a", "text")),
			"a filterable certificate":   with(&schema.Attribute{Name: "a", Type: schema.Binary, Filterable: true}),
			"complex without parts":      with(attribute("a", schema.Complex)),
			"simple with parts":          with(&schema.Attribute{Name: "a", Type: schema.String, Sub: []*schema.Attribute{attribute("b", schema.String)}}),
			"complex in complex":         with(&schema.Attribute{Name: "a", Type: schema.Complex, Sub: []*schema.Attribute{nested}}),
			"nobody may write it":        with(&schema.Attribute{Name: "a", Type: schema.String, Mutability: schema.ReadOnly}),
			"nobody may read it":         with(&schema.Attribute{Name: "a", Type: schema.String, Returned: schema.Never}),
			"a complex nobody may write": with(&schema.Attribute{Name: "a", Type: schema.Complex, Mutability: schema.ReadOnly, Sub: nested.Sub}),
		} {
			r.Refused(name, fault.Invalid, create(s))
		}
		r.Write(create(schema.Spec{Name: "first", URN: "urn:example:a:first", Attributes: many}))
		r.Refused("the same name", fault.Conflict, create(schema.Spec{Name: "FIRST", URN: "urn:example:second"}))
		r.Refused("the same URN", fault.Conflict, create(schema.Spec{Name: "second", URN: "urn:EXAMPLE:a:FIRST"}))
		r.Refused("a URN that is a path of another", fault.Conflict, create(schema.Spec{Name: "second", URN: "urn:example:a:first:a1"}))
		r.Refused("a URN that another begins with", fault.Conflict, create(schema.Spec{Name: "second", URN: "urn:example:a"}))
		r.Refused("the name of a core schema", fault.Conflict, create(schema.Spec{Name: "user"}))
		for i := 1; i < schema.SchemasMost; i++ {
			r.Write(create(schema.Spec{Name: fmt.Sprint("s", i)}))
		}
		r.Refused("one too many", fault.Conflict, create(schema.Spec{Name: "last"}))
	})
}
