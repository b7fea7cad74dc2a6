package people

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

// customValues reads SCHEMA.NAME=VALUE lines, as a merge patch by the schemas' URNs. A value is a text, unless the schema says
// that it is JSON; an empty one takes the attribute away; several of one name are its values.
func customValues(ctx context.Context, c *client.Client, lines []string) (map[string]map[string]any, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	schemas, err := client.Collect(c.Schemas(ctx))
	if err != nil {
		return nil, err
	}
	patch := map[string]map[string]any{}
	for _, line := range lines {
		path, text, set := strings.Cut(line, "=")
		schema, name, dotted := strings.Cut(path, ".")
		if !set || !dotted {
			return nil, desk.Usage("an attribute of a custom schema is SCHEMA.NAME=VALUE, such as staff.badge=B7, not %q", line)
		}
		if err := addValue(patch, schemas, schema, name, text); err != nil {
			return nil, err
		}
	}
	return patch, nil
}

func addValue(patch map[string]map[string]any, schemas []*client.Schema, called, name, text string) error {
	at := slices.IndexFunc(schemas, func(s *client.Schema) bool { return strings.EqualFold(s.Name, called) })
	if at < 0 {
		return desk.Fail(desk.ExitNotFound, "counterfoil schema list shows those there are", "there is no schema %q", called)
	}
	schema := schemas[at]
	at = slices.IndexFunc(schema.Attributes, func(a client.SchemaAttribute) bool { return strings.EqualFold(a.Name, name) })
	if at < 0 {
		return desk.Fail(desk.ExitNotFound, "counterfoil schema show "+schema.Name, "the schema %s has no attribute %q", schema.Name, name)
	}
	attribute := schema.Attributes[at]
	values := patch[schema.URN]
	if values == nil {
		values = map[string]any{}
		patch[schema.URN] = values
	}
	if text == "" {
		values[attribute.Name] = nil
		return nil
	}
	var value any = text
	switch attribute.Type {
	case "boolean", "integer", "decimal", "complex":
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return desk.Usage("%s.%s is of type %s: %q is not JSON of that type", schema.Name, attribute.Name, attribute.Type, text)
		}
	}
	if before, several := values[attribute.Name].([]any); attribute.MultiValued && several {
		value = append(before, value)
	} else if attribute.MultiValued {
		value = []any{value}
	}
	values[attribute.Name] = value
	return nil
}
