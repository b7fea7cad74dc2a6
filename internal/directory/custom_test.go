package directory_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/roll"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

func TestCustomAttributesAreThoseOfTheirSchema(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		schemas := schema.Authority{InUse: roll.SchemaInUse}
		var badge *schema.Custom
		r.Write(func(tx *db.Tx) (err error) {
			badge, err = schemas.Create(tx, &r.Operator, schema.Spec{Name: "Badge", URN: "urn:example:badge:2.0:User", Attributes: []*schema.Attribute{
				{Name: "colour", Type: schema.String, Filterable: true},
				{Name: "level", Type: schema.Integer},
				{Name: "issued", Type: schema.String, Mutability: schema.Immutable},
			}})
			return err
		})
		with := func(custom map[string]map[string]any) directory.Spec {
			s := spec("user " + uuid.NewString())
			s.Profile.Custom = custom
			return s
		}
		u := create(r, with(map[string]map[string]any{"URN:example:badge:2.0:user": {"COLOUR": "Blue", "level": 3.0}}))
		if got := u.Profile.Custom[badge.URN]; got["colour"] != "Blue" || len(u.Profile.Custom) != 1 {
			r.Errorf("%v", u.Profile.Custom)
		}
		for what, custom := range map[string]map[string]map[string]any{
			"of no schema":  {"urn:example:nothing": {"colour": "blue"}},
			"no attribute":  {badge.URN: {"size": "big"}},
			"of wrong type": {badge.URN: {"level": "high"}},
		} {
			r.Refused(what, fault.Invalid, func(tx *db.Tx) error {
				_, err := directory.Create(tx, &r.Operator, with(custom))
				return err
			})
		}
		fixed := create(r, with(map[string]map[string]any{badge.URN: {"issued": "B-1"}}))
		change := func(custom map[string]map[string]any) func(tx *db.Tx) error {
			return func(tx *db.Tx) error {
				now, err := directory.Change(tx, &r.Operator, fixed.ID, 0, func(s *directory.Spec) { s.Profile.Custom = custom })
				if err == nil && now.Profile.Custom[badge.URN]["issued"] != "B-1" {
					r.Errorf("%v leaves %v", custom, now.Profile.Custom)
				}
				return err
			}
		}
		r.Refused("another value of what is given once", fault.Invalid, change(map[string]map[string]any{badge.URN: {"issued": "B-2"}}))
		r.Write(change(map[string]map[string]any{badge.URN: {"level": 1.0}}))
		r.Write(change(nil))
		r.Write(func(tx *db.Tx) error { return directory.Delete(tx, &r.Operator, fixed.ID, 0) })
		r.Refused("deleting a schema with values", fault.Conflict, func(tx *db.Tx) error { return schemas.Delete(tx, &r.Operator, badge.ID, 0) })
		r.Write(func(tx *db.Tx) error {
			_, err := directory.Change(tx, &r.Operator, u.ID, 0, func(s *directory.Spec) { s.Profile.Custom = nil })
			return err
		})
		r.Write(func(tx *db.Tx) error { return schemas.Delete(tx, &r.Operator, badge.ID, 0) })
	})
}
