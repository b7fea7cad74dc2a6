package directory

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// SchemasAttribute is where directory_value says which custom schemas a user has values of (RFC 7643 §3).
const SchemasAttribute = "schemas"

// fit brings custom values into the form that their schemas say ([fault.Invalid] on "custom" if they cannot be). old are
// those that the user had, for attributes that do not change.
func (p *Profile) fit(tx *db.Tx, environment uuid.UUID, old map[string]map[string]any) error {
	if len(p.Custom)+len(old) == 0 {
		p.Custom = nil
		return nil
	}
	if reflect.DeepEqual(p.Custom, old) {
		return nil
	}
	set, err := schema.Load(tx, environment)
	if err != nil {
		return err
	}
	rules := schema.Rules{Old: map[string]any{}}
	for urn, values := range old {
		rules.Old[urn] = values
	}
	kept := map[string]map[string]any{}
	for urn := range old {
		if p.Custom[urn] == nil { // all gone, but for what stays once it is given
			if err := fitOne(set, kept, urn, nil, rules); err != nil {
				return err
			}
		}
	}
	for urn, values := range p.Custom {
		known := customSchema(set, urn)
		if known == nil {
			return fault.On("custom", "there is no custom schema %s", short(urn))
		}
		if err := fitOne(set, kept, known.URN, values, rules); err != nil {
			return err
		}
	}
	if p.Custom = kept; len(kept) == 0 {
		p.Custom = nil
	}
	return nil
}

// fitOne puts what a schema makes of values into kept, if there is any of it.
func fitOne(set *schema.Set, kept map[string]map[string]any, urn string, values map[string]any, rules schema.Rules) error {
	place, known := set.User.Find(urn)
	if !known {
		return nil
	}
	value, err := set.User.Attribute(place, values, rules)
	if fitted, ok := value.(map[string]any); ok && len(fitted) > 0 {
		kept[urn] = fitted
	}
	return err
}

func customSchema(set *schema.Set, urn string) *schema.Custom {
	for _, c := range set.Custom {
		if strings.EqualFold(c.URN, urn) {
			return c
		}
	}
	return nil
}

func short(text string) string {
	if r := []rune(text); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return text
}

// customValues returns what of the custom attributes a user is found by.
func (p *Profile) customValues(tx *db.Tx, environment uuid.UUID) (all []value, err error) {
	if len(p.Custom) == 0 {
		return nil, nil
	}
	set, err := schema.Load(tx, environment)
	if err != nil {
		return nil, err
	}
	for urn, values := range p.Custom {
		all = append(all, value{SchemasAttribute, Fold(urn)})
		known := customSchema(set, urn)
		if known == nil {
			continue // values of a schema that is gone are found no more
		}
		for _, a := range known.Attributes {
			if a.Filterable {
				all = appendTexts(all, strings.ToLower(urn+":"+a.Name), values[a.Name])
			}
		}
	}
	return all, nil
}

// appendTexts adds a value, or each of a list, as text.
func appendTexts(all []value, attribute string, v any) []value {
	switch v := v.(type) {
	case string:
		return appendValue(all, attribute, v)
	case bool:
		return appendValue(all, attribute, strconv.FormatBool(v))
	case float64:
		return appendValue(all, attribute, strconv.FormatFloat(v, 'g', -1, 64))
	case int64:
		return appendValue(all, attribute, strconv.FormatInt(v, 10))
	case json.Number:
		return appendValue(all, attribute, v.String())
	case []any:
		for _, one := range v {
			all = appendTexts(all, attribute, one)
		}
	}
	return all
}
