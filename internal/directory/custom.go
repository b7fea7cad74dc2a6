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

// schemasAttribute is where directory_value says which custom schemas a user has values of (RFC 7643 §3).
const schemasAttribute = "schemas"

// fit brings custom values into the form that their schemas say ([fault.Invalid] on "custom" if they cannot be). old are
// those that the user had, for attributes that do not change.
func (p *Profile) fit(tx *db.Tx, environment uuid.UUID, old map[string]map[string]any) error {
	if len(p.Custom) == 0 {
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
	for urn, values := range p.Custom {
		known := customSchema(set, urn)
		if known == nil {
			return fault.On("custom", "there is no custom schema %s", short(urn))
		}
		place, _ := set.User.Find(known.URN)
		value, err := set.User.Attribute(place, map[string]any(values), rules)
		if err != nil {
			return err
		}
		if fitted, ok := value.(map[string]any); ok && len(fitted) > 0 {
			kept[known.URN] = fitted
		}
	}
	p.Custom = kept
	return nil
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
		all = append(all, value{schemasAttribute, Fold(urn)})
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

const (
	selectHavingSchema = `SELECT u.profile FROM directory_value v JOIN directory_user u ON u.environment_id = v.environment_id AND u.id = v.user_id
WHERE v.environment_id = $1 AND v.attribute = $2 AND v.folded = $3 ORDER BY v.user_id LIMIT $4`
	// mostLookedAt bounds how many users are asked whether they have an attribute.
	mostLookedAt = 10_000
)

// SchemaInUse reports whether some user of an environment has a value under a custom schema, or, when attribute is not
// empty, under that attribute of it. Past 10,000 users with the schema it says yes without having found one.
func SchemaInUse(tx *db.Tx, environment uuid.UUID, urn, attribute string) (bool, error) {
	most := mostLookedAt + 1
	if attribute == "" {
		most = 1
	}
	looked, used := 0, false
	err := tx.Each(func(s db.Scan) error {
		var text string
		if err := s(&text); err != nil {
			return err
		}
		looked++
		var p Profile
		if attribute != "" && !used && looked <= mostLookedAt {
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				return err
			}
			_, used = p.Custom[urn][attribute]
		}
		return nil
	}, selectHavingSchema, environment.String(), schemasAttribute, Fold(urn), most)
	return used || looked == most, err
}
