package handbook

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// example is the operation as a line of a shell: what must be there, and of a change one thing that may.
func (d *document) example(s *described, o *operation) string {
	var b strings.Builder
	b.WriteString("curl ")
	if s.Method != http.MethodGet {
		b.WriteString("--request " + s.Method + " ")
	}
	b.WriteString(`"$ISSUER` + variables(s.Path))
	separator := "?"
	for _, p := range o.Parameters {
		if p.In == "query" && p.Required {
			b.WriteString(separator + p.Name + "=$" + variable(p.Name))
			separator = "&"
		}
	}
	b.WriteString(`"`)
	switch {
	case s.Scope == "" && strings.Contains(s.Else, "session of a person"):
		b.WriteString(" \\\n  --header 'X-Counterfoil: console' --cookie \"$SESSION\"")
	default:
		b.WriteString(" \\\n  --header \"Authorization: Bearer $TOKEN\"")
	}
	for _, p := range o.Parameters {
		if p.In == "header" && p.Required {
			b.WriteString(" \\\n  --header \"" + p.Name + ": $" + variable(p.Name) + `"`)
		}
	}
	if o.RequestBody != nil {
		for _, kind := range slices.Sorted(maps.Keys(o.RequestBody.Content)) {
			body, err := json.Marshal(d.sample(o.RequestBody.Content[kind].Schema, 0))
			if err != nil {
				continue // a sample is made of strings, numbers and lists
			}
			b.WriteString(" \\\n  --header 'Content-Type: " + kind + "' \\\n  --data '" + strings.ReplaceAll(string(body), "'", `'\''`) + "'")
			break
		}
	}
	return b.String()
}

// variables turns {name} in a path into $NAME.
func variables(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			parts[i] = "$" + variable(strings.TrimSuffix(name, "}"))
		}
	}
	return strings.Join(parts, "/")
}

func variable(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// sample makes a value that a schema allows, as far as a schema says.
func (d *document) sample(s *schema, depth int) any {
	s, _ = d.follow(s)
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	if s.Default != nil {
		return s.Default
	}
	kind, _, _ := strings.Cut(typeWords(s.Type), " ")
	switch kind {
	case "boolean":
		return true
	case "integer", "number":
		if s.Minimum != nil && *s.Minimum != "0" {
			return *s.Minimum
		}
		return 1
	case "array":
		if s.Items == nil || depth > deepest {
			return []any{}
		}
		return []any{d.sample(s.Items, depth+1)}
	case "object":
		return d.object(s, depth)
	}
	switch s.Format {
	case "date-time":
		return "2030-01-31T12:00:00Z"
	case "uuid":
		return "00000000-0000-4000-8000-000000000000"
	case "uri":
		return "https://example.com/"
	}
	return "…"
}

// object is a sample with what is required, and with one other member where nothing is.
func (d *document) object(s *schema, depth int) map[string]any {
	made := map[string]any{}
	if depth > deepest {
		return made
	}
	names := slices.Clone(s.Required)
	for _, n := range slices.Sorted(maps.Keys(s.Properties)) {
		if len(names) == 0 && !s.Properties[n].ReadOnly {
			names = []string{n}
		}
	}
	for _, n := range names {
		made[n] = d.sample(s.Properties[n], depth+1)
	}
	return made
}
