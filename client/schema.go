package client

import (
	"context"
	"iter"
	"time"
)

// Schema is a set of attributes that the environment adds to its users (RFC 7643 §7).
type Schema struct {
	Answer `json:"-"`

	// ID is a lowercase UUID and never changes.
	ID string `json:"id"`
	// URN is what its attributes stand under in a user.
	URN         string            `json:"urn"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Attributes  []SchemaAttribute `json:"attributes"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
}

// SchemaAttribute is an attribute of a schema.
type SchemaAttribute struct {
	SchemaPart
	MultiValued bool `json:"multi_valued,omitempty"`
	// SubAttributes are the parts of one whose type is "complex".
	SubAttributes []SchemaPart `json:"sub_attributes,omitempty"`
	// Filterable says that values are indexed, so that looking for one by eq or sw does not read every user.
	Filterable bool `json:"filterable,omitempty"`
}

// SchemaPart is a sub-attribute, and what every attribute has.
type SchemaPart struct {
	Name string `json:"name"`
	// Type is "string", "boolean", "decimal", "integer", "dateTime", "binary", "reference" or "complex".
	Type        string `json:"type"`
	Description string `json:"description,omitempty"`
	Required    bool   `json:"required,omitempty"`
	CaseExact   bool   `json:"case_exact,omitempty"`
	// CanonicalValues are the only texts that it takes; any, if there are none.
	CanonicalValues []string `json:"canonical_values,omitempty"`
	// Mutability is "readWrite" unless given, or "immutable".
	Mutability string `json:"mutability,omitempty"`
	// Returned is "default" unless given, or "request".
	Returned string `json:"returned,omitempty"`
}

// NewSchema describes a schema to be made. Name and Attributes are required.
type NewSchema struct {
	Name string `json:"name"`
	// URN is made of the name unless given. It never changes.
	URN         string            `json:"urn,omitempty"`
	Description string            `json:"description,omitempty"`
	Attributes  []SchemaAttribute `json:"attributes"`
}

// SchemaChange changes a schema. Attributes replaces the whole list.
type SchemaChange struct {
	Name        Field[string]            `json:"name,omitzero"`
	Description Field[string]            `json:"description,omitzero"`
	Attributes  Field[[]SchemaAttribute] `json:"attributes,omitzero"`
}

// Schemas lists the custom schemas of the environment. Needs schemas:read.
func (c *Client) Schemas(ctx context.Context) iter.Seq2[*Schema, error] {
	return pages[Schema](ctx, c, at("schemas"), nil)
}

// CreateSchema makes a custom schema. Needs schemas:write.
func (c *Client) CreateSchema(ctx context.Context, s NewSchema, options ...CallOption) (*Schema, error) {
	return create[Schema](ctx, c, at("schemas"), s, options)
}

// Schema returns the custom schema with this id. Needs schemas:read.
func (c *Client) Schema(ctx context.Context, id string) (*Schema, error) {
	return get[Schema](ctx, c, at("schemas", id))
}

// UpdateSchema changes a custom schema; an attribute that users have values of stays what it is. Needs schemas:write.
func (c *Client) UpdateSchema(ctx context.Context, id string, s SchemaChange, options ...CallOption) (*Schema, error) {
	return change[Schema](ctx, c, at("schemas", id), s, options)
}

// DeleteSchema deletes a custom schema that no user has values under. Needs schemas:write.
func (c *Client) DeleteSchema(ctx context.Context, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("schemas", id), options)
}
