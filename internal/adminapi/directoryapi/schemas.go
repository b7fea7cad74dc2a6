package directoryapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Schema is a [schema.Custom] on the wire.
type Schema struct {
	rest.Row
	ID          string            `json:"id" format:"uuid"`
	URN         string            `json:"urn" doc:"What its attributes stand under in a user, in SCIM and here."`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Attributes  []SchemaAttribute `json:"attributes" nullable:"false"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
}

// SchemaAttribute is a [schema.Attribute] on the wire, with the characteristics of RFC 7643 §7.
type SchemaAttribute struct {
	SchemaPart
	MultiValued   bool         `json:"multi_valued,omitempty" doc:"Whether there can be many values."`
	SubAttributes []SchemaPart `json:"sub_attributes,omitempty" doc:"The parts of a complex attribute."`
	Filterable    bool         `json:"filterable,omitempty" doc:"Whether values are indexed, so that looking for one by eq or sw does not read every user."`
}

// SchemaPart is a sub-attribute, and what every attribute has.
type SchemaPart struct {
	Name            string   `json:"name" doc:"A letter and up to 63 more letters, digits, - and _; unique in the schema whatever its case."`
	Type            string   `json:"type" enum:"string,boolean,decimal,integer,dateTime,binary,reference,complex"`
	Description     string   `json:"description,omitempty" maxLength:"255"`
	Required        bool     `json:"required,omitempty" doc:"Whether a user with attributes of the schema must have it."`
	CaseExact       bool     `json:"case_exact,omitempty" doc:"Whether the case of letters counts."`
	CanonicalValues []string `json:"canonical_values,omitempty" maxItems:"100" doc:"The only texts that it takes; any, if there are none."`
	Mutability      string   `json:"mutability,omitempty" enum:"readWrite,immutable" doc:"readWrite unless given; immutable is given once and stays."`
	Returned        string   `json:"returned,omitempty" enum:"default,request" doc:"default unless given; request is shown to those only who ask for it."`
}

// NewSchema is the body that makes a custom schema.
type NewSchema struct {
	Name        string            `json:"name" doc:"A letter and up to 63 more letters, digits, - and _."`
	URN         string            `json:"urn,omitempty" maxLength:"200" doc:"Such as urn:example:staff:1.0:User; made of the name unless given, and never changed."`
	Description string            `json:"description,omitempty" maxLength:"255"`
	Attributes  []SchemaAttribute `json:"attributes" minItems:"1" maxItems:"50" doc:"At most 50, sub-attributes included."`
}

// SchemaChange is a merge patch.
type SchemaChange struct {
	Name        rest.Patch[string]            `json:"name,omitzero"`
	Description rest.Patch[string]            `json:"description,omitzero" maxLength:"255"`
	Attributes  rest.Patch[[]SchemaAttribute] `json:"attributes,omitzero" doc:"All of them. One that users have values of can be described otherwise, but neither left out nor become something else."`
}

// SchemaPath names a custom schema.
type SchemaPath struct {
	Schema string `path:"schema" doc:"Its id."`
}

func (r *Resources) schemaOperations(api huma.API) {
	const list, one = "/schemas", "/schemas/{schema}"
	huma.Register(api, rest.Operation("GET "+list, "list-schemas", "List custom schemas, oldest first"), r.listSchemas)
	huma.Register(api, rest.Creation("POST "+list, "create-schema", "Create a custom schema; an environment has at most 20"), r.createSchema)
	huma.Register(api, rest.Operation("GET "+one, "get-schema", "Show a custom schema"), r.getSchema)
	huma.Register(api, rest.Operation("PATCH "+one, "change-schema", "Change a custom schema; what users have values of stays what it is"), r.changeSchema)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-schema", "Delete a custom schema that no user has values under"), r.deleteSchema)
}

func (r *Resources) listSchemas(ctx context.Context, in *struct{ web.PageQuery }) (*rest.Listed[Schema], error) {
	out := &rest.Listed[Schema]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := schema.List(tx, c.Actor.Environment)
		if err != nil {
			return err
		}
		out.Body, err = rest.PageOf(r.Desk, in.PageQuery, c, "schemas", all,
			func(s *schema.Custom) (int64, string) { return db.Micros(s.CreatedAt), s.ID.String() }, showSchema)
		return err
	})
	return out, err
}

func (r *Resources) createSchema(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewSchema
}) (*rest.Created[Schema], error) {
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[Schema]{
		Make: func(tx *db.Tx, c *rest.Call) (Schema, string, error) {
			made, err := r.Schemas.Create(tx, &c.Actor, schema.Spec{
				Name: in.Body.Name, URN: in.Body.URN, Description: in.Body.Description, Attributes: attributes(in.Body.Attributes),
			})
			if err != nil {
				return Schema{}, "", err
			}
			return showSchema(made), made.ID.String(), nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Schema, error) {
			return shownSchema(schema.Made(tx, &c.Actor, rest.ID(name)))
		},
	})
}

func (r *Resources) getSchema(ctx context.Context, in *struct {
	SchemaPath
	rest.Conditional
}) (*rest.Found[Schema], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Schema, error) {
		return shownSchema(schema.Get(tx, &c.Actor, rest.ID(in.Schema)))
	})
}

func (r *Resources) changeSchema(ctx context.Context, in *struct {
	SchemaPath
	rest.Precondition
	Body SchemaChange
}) (*rest.Changed[Schema], error) {
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Schema, error) {
		return shownSchema(r.Schemas.Change(tx, &c.Actor, rest.ID(in.Schema), version, in.Body.apply))
	})
}

func (r *Resources) deleteSchema(ctx context.Context, in *struct {
	SchemaPath
	rest.Precondition
}) (*rest.Done, error) {
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return r.Schemas.Delete(tx, &c.Actor, rest.ID(in.Schema), version)
	})
}

func (p *SchemaChange) apply(s *schema.Spec) {
	p.Name.Apply(&s.Name, "")
	p.Description.Apply(&s.Description, "")
	rest.Mapped(p.Attributes, attributes).Apply(&s.Attributes, nil)
}

func attributes(list []SchemaAttribute) []*schema.Attribute {
	all := make([]*schema.Attribute, len(list))
	for i := range list {
		a := list[i].room()
		a.MultiValued, a.Filterable = list[i].MultiValued, list[i].Filterable
		for _, sub := range list[i].SubAttributes {
			a.Sub = append(a.Sub, sub.room())
		}
		all[i] = a
	}
	return all
}

func (p *SchemaPart) room() *schema.Attribute {
	return &schema.Attribute{
		Name: p.Name, Type: schema.Type(p.Type), Description: p.Description, Required: p.Required, CaseExact: p.CaseExact,
		CanonicalValues: p.CanonicalValues, Mutability: schema.Mutability(p.Mutability), Returned: schema.Returned(p.Returned),
	}
}

func showPart(a *schema.Attribute) SchemaPart {
	return SchemaPart{
		Name: a.Name, Type: string(a.Type), Description: a.Description, Required: a.Required, CaseExact: a.CaseExact,
		CanonicalValues: a.CanonicalValues, Mutability: string(a.Mutability), Returned: string(a.Returned),
	}
}

func shownSchema(s *schema.Custom, err error) (Schema, error) {
	if err != nil {
		return Schema{}, err
	}
	return showSchema(s), nil
}

func showSchema(s *schema.Custom) Schema {
	shown := Schema{
		Row: rest.RowOf(s.ID, s.Version), ID: s.ID.String(), URN: s.URN, Name: s.Name, Description: s.Description,
		Attributes: make([]SchemaAttribute, len(s.Attributes)), CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
	for i, a := range s.Attributes {
		one := SchemaAttribute{SchemaPart: showPart(a), MultiValued: a.MultiValued, Filterable: a.Filterable}
		for _, sub := range a.Sub {
			one.SubAttributes = append(one.SubAttributes, showPart(sub))
		}
		shown.Attributes[i] = one
	}
	return shown
}
