package filter

import (
	"encoding/json"
	"strings"
	"time"
)

// Match reports whether all nodes match.
func (a And) Match(value any) bool {
	for _, n := range a {
		if !n.Match(value) {
			return false
		}
	}
	return true
}

// Match reports whether one node matches.
func (o Or) Match(value any) bool {
	for _, n := range o {
		if n.Match(value) {
			return true
		}
	}
	return false
}

// Match reports whether the node does not match.
func (n Not) Match(value any) bool { return !n.Node.Match(value) }

// Match reports whether one value of the attribute matches.
func (w *Within) Match(value any) bool {
	return w.Attribute.known && walk(value, w.Attribute.Steps, w.Node.Match)
}

// Match reports whether one value of the attribute compares as it should.
func (c *Compare) Match(value any) bool {
	if c.Value == nil { // pr, eq null, ne null
		present := c.Attribute.known && walk(value, c.steps, hasValue)
		return present == (c.Operator != Equal)
	}
	if !c.Attribute.known {
		return c.Operator == NotEqual
	}
	none := true
	found := walk(value, c.steps, func(v any) bool {
		none = none && !hasValue(v)
		return c.holds(v)
	})
	return found || none && c.Operator == NotEqual
}

// walk calls visit for the values at steps until one of them satisfies it. A list stands for each of its values, and a
// simple value for its sub-attribute "value".
func walk(v any, steps []string, visit func(any) bool) bool {
	switch v := v.(type) {
	case nil:
		return false
	case []any:
		return each(v, steps, visit)
	case []map[string]any:
		return each(v, steps, visit)
	case []string:
		return each(v, steps, visit)
	case map[string]any:
		if len(steps) > 0 {
			return walk(v[steps[0]], steps[1:], visit)
		}
	default:
		if len(steps) > 1 || len(steps) == 1 && steps[0] != "value" {
			return false
		}
	}
	return visit(v)
}

// Values returns the values of the attribute in a document.
func (a *Attribute) Values(document map[string]any) (all []any) {
	if a.known {
		walk(document, a.Steps, func(v any) bool {
			all = append(all, v)
			return false
		})
	}
	return all
}

func each[V any](all []V, steps []string, visit func(any) bool) bool {
	for _, v := range all {
		if walk(v, steps, visit) {
			return true
		}
	}
	return false
}

// hasValue reports whether something is more than nothing: empty texts and complex values with nothing in them are not.
func hasValue(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case map[string]any:
		for _, part := range v {
			if hasValue(part) {
				return true
			}
		}
		return false
	case []any:
		for _, part := range v {
			if hasValue(part) {
				return true
			}
		}
		return false
	}
	return true
}

// holds compares one value. Values of different types are different, and neither is greater.
func (c *Compare) holds(v any) bool {
	if !c.Time.IsZero() {
		at, ok := moment(v)
		return c.ordered(at.Compare(c.Time), ok)
	}
	switch want := c.Value.(type) {
	case bool:
		is, ok := truth(v)
		return c.ordered(0, ok && is == want)
	case float64:
		is, ok := number(v)
		switch {
		case is < want:
			return c.ordered(-1, ok)
		case is > want:
			return c.ordered(1, ok)
		}
		return c.ordered(0, ok)
	}
	is, ok := v.(string)
	if at, isTime := v.(time.Time); isTime {
		is, ok = at.UTC().Format(time.RFC3339Nano), true
	}
	if !ok {
		return c.Operator == NotEqual
	}
	if !c.Attribute.CaseExact {
		is = Fold(is)
	}
	switch c.Operator {
	case Contains:
		return strings.Contains(is, c.text)
	case StartsWith:
		return strings.HasPrefix(is, c.text)
	case EndsWith:
		return strings.HasSuffix(is, c.text)
	default:
		return c.ordered(strings.Compare(is, c.text), true)
	}
}

// ordered reports whether the operator holds when the value compares with what is wanted like sign with 0.
func (c *Compare) ordered(sign int, comparable bool) bool {
	if !comparable {
		return c.Operator == NotEqual
	}
	switch c.Operator {
	case Equal:
		return sign == 0
	case NotEqual:
		return sign != 0
	case Greater:
		return sign > 0
	case GreaterOrEqual:
		return sign >= 0
	case Less:
		return sign < 0
	case LessOrEqual:
		return sign <= 0
	default:
		return false
	}
}

func truth(v any) (is, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		return strings.EqualFold(v, "true"), strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
	}
	return false, false
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint32:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

// moment reads an xsd:dateTime (RFC 7643 §2.3.5). One without a zone is in UTC.
func moment(v any) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
			if at, err := time.Parse(layout, v); err == nil {
				return at, true
			}
		}
	}
	return time.Time{}, false
}
