package search

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/directory/filter"
)

// keyed is a user and what it is sorted by.
type keyed struct {
	id  string
	key any
}

// arrange puts what was gathered into the order of the query.
func (s *search) arrange(all []keyed) source {
	slices.SortStableFunc(all, func(a, b keyed) int {
		way := cmp.Or(compare(a.key, b.key), strings.Compare(a.id, b.id))
		switch {
		case !s.query.Descending:
			return way
		case a.key == nil && b.key == nil:
			return strings.Compare(a.id, b.id)
		}
		return -way
	})
	sorted := &list{called: "sorted"}
	for i, k := range all {
		sorted.all = append(sorted.all, candidate{id: k.id, at: position{key: strconv.Itoa(i + 1)}})
	}
	return sorted
}

// keyOf returns what a document is sorted by, nil for nothing.
func keyOf(a *filter.Attribute, doc map[string]any) any {
	if list, ok := doc[a.Steps[0]].([]any); ok && len(a.Steps) == 2 {
		for _, v := range list {
			if object, ok := v.(map[string]any); ok && object["primary"] == true {
				return value(a, object[a.Steps[1]])
			}
		}
	}
	for _, v := range a.Values(doc) {
		if key := value(a, v); key != nil {
			return key
		}
	}
	return nil
}

func value(a *filter.Attribute, v any) any {
	text, ok := v.(string)
	switch {
	case ok && text == "":
		return nil
	case ok && !a.CaseExact:
		return filter.Fold(text)
	}
	return v
}

// compare orders values of one type. Nothing comes last.
func compare(a, b any) int {
	switch a := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
		return 1
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case float64:
		if b, ok := b.(float64); ok {
			return cmp.Compare(a, b)
		}
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b)
		}
	case bool:
		if b, ok := b.(bool); ok && a != b {
			if b {
				return -1
			}
			return 1
		}
	}
	if b == nil {
		return -1
	}
	return 0
}
