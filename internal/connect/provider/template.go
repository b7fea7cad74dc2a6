package provider

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

var placeholder = regexp.MustCompile(`\$\{([a-z][a-z0-9_]*(?:\.[A-Za-z0-9_]+)*)\}`)

func placeholders(template string) (names []string) {
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		names = append(names, m[1])
	}
	return names
}

// Expand puts values into a template, as they are: for headers, parameters and claims. A placeholder without a value is
// [fault.Invalid]; so is a value that would end a header's line.
func Expand(template string, values map[string]string) (string, error) {
	return expand(template, values, func(_ string, value string) (string, error) { return value, nil })
}

// ExpandURL puts values into an address. In its path and query they are escaped; where they are the host, or a part of it,
// nothing may be in them that ends a host.
func ExpandURL(template string, values map[string]string) (string, error) {
	return expand(template, values, func(before, value string) (string, error) {
		if before == "" { // the value is the beginning of the address: a base URL that a person entered
			u, err := url.Parse(value)
			if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(value, "?#\\ ") || u.Scheme != "https" && u.Scheme != "http" {
				return "", fault.New(fault.Invalid, "%q is no base URL", value)
			}
			return strings.TrimRight(value, "/"), nil
		}
		_, rest, _ := strings.Cut(before, "://")
		if !strings.Contains(rest, "/") {
			if value == "" || strings.ContainsAny(value, "/\\?#@%: \t\r\n[]") || strings.Contains(value, "..") {
				return "", fault.New(fault.Invalid, "%q cannot be part of a host's name", value)
			}
			return value, nil
		}
		if value == "." || value == ".." {
			return "", fault.New(fault.Invalid, "%q cannot be part of a path", value)
		}
		return url.PathEscape(value), nil
	})
}

func expand(template string, values map[string]string, write func(before, value string) (string, error)) (string, error) {
	var out strings.Builder
	for template != "" {
		at := placeholder.FindStringSubmatchIndex(template)
		if at == nil {
			out.WriteString(template)
			break
		}
		out.WriteString(template[:at[0]])
		name := template[at[2]:at[3]]
		value, ok := lookup(values, name)
		if !ok {
			return "", fault.On(name, "%s is missing", name)
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			return "", fault.On(name, "%s must be one line", name)
		}
		text, err := write(out.String(), value)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
		template = template[at[1]:]
	}
	return out.String(), nil
}

// lookup finds a value; a name with a dot is a member of a value that is JSON.
func lookup(values map[string]string, name string) (string, bool) {
	if value, ok := values[name]; ok {
		return value, true
	}
	head, member, inside := strings.Cut(name, ".")
	if !inside {
		return "", false
	}
	var object map[string]any
	if json.Unmarshal([]byte(values[head]), &object) != nil {
		return "", false
	}
	text, ok := object[member].(string)
	return text, ok
}
