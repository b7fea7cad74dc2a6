package schema

import "encoding/json"

// written is an attribute as JSON (RFC 7643 §7), which is how it is both shown and stored.
type written struct {
	Name            string     `json:"name"`
	Type            Type       `json:"type"`
	MultiValued     bool       `json:"multiValued"`
	Description     string     `json:"description,omitempty"`
	Required        bool       `json:"required"`
	CanonicalValues []string   `json:"canonicalValues,omitempty"`
	CaseExact       bool       `json:"caseExact"`
	Mutability      Mutability `json:"mutability"`
	Returned        Returned   `json:"returned"`
	Uniqueness      Uniqueness `json:"uniqueness"`
	ReferenceTypes  []string   `json:"referenceTypes,omitempty"`
	Sub             []written  `json:"subAttributes,omitempty"`
	Filterable      bool       `json:"filterable,omitempty"`
}

func write(all []*Attribute, shown bool) []written {
	list := make([]written, len(all))
	for i, a := range all {
		list[i] = written{
			Name: a.Name, Type: a.Type, MultiValued: a.MultiValued, Description: a.Description, Required: a.Required,
			CanonicalValues: a.CanonicalValues, CaseExact: a.CaseExact, Mutability: a.Mutability, Returned: a.Returned,
			Uniqueness: a.Uniqueness, ReferenceTypes: a.ReferenceTypes, Filterable: a.Filterable && !shown,
		}
		if len(a.Sub) > 0 {
			list[i].Sub = write(a.Sub, shown)
		}
	}
	return list
}

// Document returns the schema as a resource (RFC 7643 §7), without meta. It says nothing of what is filterable: to the
// protocol all attributes are, and this only makes some fast.
func (s *Schema) Document() map[string]any {
	text, err := json.Marshal(write(s.Attributes, true))
	var attributes []any
	if err == nil {
		err = json.Unmarshal(text, &attributes)
	}
	if err != nil {
		panic("schema: a definition is no JSON: " + err.Error())
	}
	return map[string]any{
		"schemas": []any{SchemaURN}, "id": s.ID, "name": s.Name, "description": s.Description, "attributes": attributes,
	}
}

// definition is what a row keeps of the attributes of a custom schema.
func definition(all []*Attribute) (string, error) {
	text, err := json.Marshal(write(all, false))
	return string(text), err
}

func readDefinition(text string) ([]*Attribute, error) {
	var list []written
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, err
	}
	return read(list), nil
}

func read(list []written) []*Attribute {
	all := make([]*Attribute, len(list))
	for i, w := range list {
		all[i] = &Attribute{
			Name: w.Name, Type: w.Type, MultiValued: w.MultiValued, Description: w.Description, Required: w.Required,
			CaseExact: w.CaseExact, CanonicalValues: w.CanonicalValues, Closed: len(w.CanonicalValues) > 0,
			ReferenceTypes: w.ReferenceTypes, Mutability: w.Mutability, Returned: w.Returned, Uniqueness: w.Uniqueness,
			Sub: read(w.Sub), Filterable: w.Filterable,
		}
	}
	return all
}
