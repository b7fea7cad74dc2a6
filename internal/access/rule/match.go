package rule

import "strings"

// Match returns the row that decides about a path of an environment, such as /api/v1/users/42, and the rows about fields
// of that route. A path of the management API may come without [Prefix]. ok is false when nothing is served there.
func Match(method, path string) (r Rule, fields []Rule, ok bool) {
	method = strings.ToUpper(method)
	found := best(method, path)
	if found == nil {
		found = best(method, Prefix+path)
	}
	if found == nil {
		return Rule{}, nil, false
	}
	for i := range table {
		if f := &table[i]; f.Field != "" && f.Method == found.Method && f.Path == found.Path {
			fields = append(fields, *f)
		}
	}
	return *found, fields, true
}

// best returns the most specific row for a path: of two that fit, the one that names the first segment in which they
// differ, as the mux has it.
func best(method, path string) (found *Rule) {
	segments := strings.Split(path, "/")
	for _, r := range byRoute {
		if r.Method != method || !fits(strings.Split(r.Path, "/"), segments) {
			continue
		}
		if found == nil || before(r.Path, found.Path) {
			found = r
		}
	}
	return found
}

func fits(pattern, segments []string) bool {
	for i, p := range pattern {
		if strings.HasSuffix(p, "...}") {
			return i < len(segments)
		}
		if i >= len(segments) || p != segments[i] && (!parameter(p) || segments[i] == "") {
			return false
		}
	}
	return len(pattern) == len(segments)
}

func parameter(segment string) bool { return strings.HasPrefix(segment, "{") }

func before(a, b string) bool {
	others := strings.Split(b, "/")
	for i, s := range strings.Split(a, "/") {
		if i >= len(others) {
			return true
		}
		if parameter(s) != parameter(others[i]) {
			return !parameter(s)
		}
	}
	return false
}
