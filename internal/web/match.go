package web

import (
	"strconv"
	"strings"
)

// ETag returns the entity tag of a row's version, a strong one.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// NoneMatch reports whether an If-None-Match header says that the caller already has the representation with
// this tag (RFC 9110 §13.1.2). Comparison is weak. A header that cannot be read says nothing.
func NoneMatch(header, tag string) bool {
	all, _ := tags(header)
	for _, known := range all {
		if known == "*" || strings.TrimPrefix(known, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// tags splits a list of entity tags, in which commas may stand inside the quotes.
func tags(header string) (all []string, ok bool) {
	rest := strings.TrimSpace(header)
	if rest == "*" {
		return []string{"*"}, true
	}
	for rest != "" {
		opaque := strings.TrimPrefix(rest, "W/")
		end := -1
		if strings.HasPrefix(opaque, `"`) {
			end = strings.IndexByte(opaque[1:], '"')
		}
		if end < 0 {
			return nil, false
		}
		length := len(rest) - len(opaque) + end + 2
		all = append(all, rest[:length])
		rest = strings.TrimLeft(rest[length:], " \t")
		if rest != "" && rest[0] != ',' {
			return nil, false
		}
		rest = strings.TrimLeft(rest, ", \t")
	}
	return all, true
}
