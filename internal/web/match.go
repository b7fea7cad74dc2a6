package web

import (
	"strconv"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// ETag returns the entity tag of a row's version, a strong one.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// CheckMatch decides a change by its If-Match header (RFC 9110 §13.1.1): [fault.Stale] when the header is there
// and neither is * nor lists the tag of version. Comparison is strong, so a weak tag matches nothing.
func CheckMatch(header string, version int64) error {
	if header == "" {
		return nil
	}
	tags, err := tags(header)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		if tag == "*" || tag == ETag(version) {
			return nil
		}
	}
	return fault.New(fault.Stale, "this has changed since you read it: read it again, then decide")
}

// NoneMatch reports whether an If-None-Match header says that the caller already has the representation with
// this tag (RFC 9110 §13.1.2). Comparison is weak. A header that cannot be read says nothing.
func NoneMatch(header, tag string) bool {
	tags, err := tags(header)
	if err != nil {
		return false
	}
	for _, known := range tags {
		if known == "*" || strings.TrimPrefix(known, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// tags splits a list of entity tags, in which commas may stand inside the quotes.
func tags(header string) ([]string, error) {
	rest := strings.TrimSpace(header)
	if rest == "*" {
		return []string{"*"}, nil
	}
	var all []string
	for rest != "" {
		opaque := strings.TrimPrefix(rest, "W/")
		end := -1
		if strings.HasPrefix(opaque, `"`) {
			end = strings.IndexByte(opaque[1:], '"')
		}
		if end < 0 {
			return nil, fault.On("header.If-Match", `expected entity tags such as "7", or *`)
		}
		length := len(rest) - len(opaque) + end + 2
		all = append(all, rest[:length])
		rest = strings.TrimLeft(rest[length:], " \t")
		if rest != "" && rest[0] != ',' {
			return nil, fault.On("header.If-Match", "expected a comma between entity tags")
		}
		rest = strings.TrimLeft(rest, ", \t")
	}
	return all, nil
}
