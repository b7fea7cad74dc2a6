package filter

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// Filter is a filter that was read and makes sense. It is not changed any more and may be shared.
type Filter struct{ root Node }

// Root returns the expression, for whoever plans a search. Nodes are [And], [Or], [Not], [Compare] and [Within].
func (f *Filter) Root() Node { return f.root }

// Attributes lists those that the filter asks for.
func (f *Filter) Attributes() []*Attribute { return attributes(f.root) }

func attributes(n Node) (all []*Attribute) {
	switch n := n.(type) {
	case *Compare:
		return []*Attribute{&n.Attribute}
	case *Within:
		return append(attributes(n.Node), &n.Attribute)
	case Not:
		return attributes(n.Node)
	case And:
		for _, part := range n {
			all = append(all, attributes(part)...)
		}
	case Or:
		for _, part := range n {
			all = append(all, attributes(part)...)
		}
	}
	return all
}

// String returns the canonical form: canonical names, operators in lower case, no needless space and parentheses.
func (f *Filter) String() string { return text(f.root) }

// Eval reports whether a document matches. Keys of the document have their canonical spelling.
func (f *Filter) Eval(document map[string]any) bool { return f.root.Match(document) }

// Node is an expression.
type Node interface {
	// Match evaluates the expression over a document; inside [Within], over one value of the attribute.
	Match(value any) bool
	write(*strings.Builder)
}

// And holds when all of its two or more nodes do. None of them is an And.
type And []Node

// Or holds when one of its two or more nodes does. None of them is an Or.
type Or []Node

// Not holds when its node does not.
type Not struct{ Node Node }

// Within holds when one value of an attribute matches Node, whose attributes are sub-attributes of it.
type Within struct {
	Attribute Attribute
	Node      Node
}

// Operator compares (RFC 7644 table 3).
type Operator string

// The operators.
const (
	Equal          Operator = "eq"
	NotEqual       Operator = "ne"
	Contains       Operator = "co"
	StartsWith     Operator = "sw"
	EndsWith       Operator = "ew"
	Present        Operator = "pr"
	Greater        Operator = "gt"
	GreaterOrEqual Operator = "ge"
	Less           Operator = "lt"
	LessOrEqual    Operator = "le"
)

var operators = map[string]Operator{}

func init() {
	for _, o := range []Operator{Equal, NotEqual, Contains, StartsWith, EndsWith, Present, Greater, GreaterOrEqual, Less, LessOrEqual} {
		operators[string(o)] = o
	}
}

// Compare holds when one value of an attribute stands to Value as Operator says. What has no value differs from every
// value and equals null (RFC 7643 §2.5).
type Compare struct {
	Attribute Attribute
	Operator  Operator
	// Value is a string, a float64, a bool or nil; nil also for [Present].
	Value any
	// Time is the value as a moment, when the attribute is a dateTime and the operator compares moments; else zero.
	Time time.Time

	steps []string // from what Match is given: the document, or inside Within one value
	label string
	text  string // Value as texts are compared
}

// Text is the value as texts are compared with it: folded, unless the case of the attribute's letters counts.
func (c *Compare) Text() string { return c.text }

func text(n Node) string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (a And) write(b *strings.Builder) {
	for i, n := range a {
		if i > 0 {
			b.WriteString(" and ")
		}
		if _, looser := n.(Or); looser {
			parenthesised(b, n)
		} else {
			n.write(b)
		}
	}
}

func (o Or) write(b *strings.Builder) {
	for i, n := range o {
		if i > 0 {
			b.WriteString(" or ")
		}
		n.write(b)
	}
}

func (n Not) write(b *strings.Builder) {
	b.WriteString("not ")
	parenthesised(b, n.Node)
}

func (w *Within) write(b *strings.Builder) {
	b.WriteString(w.Attribute.Path)
	b.WriteByte('[')
	w.Node.write(b)
	b.WriteByte(']')
}

func (c *Compare) write(b *strings.Builder) {
	b.WriteString(c.label)
	b.WriteByte(' ')
	b.WriteString(string(c.Operator))
	if c.Operator != Present {
		b.WriteByte(' ')
		b.WriteString(literal(c.Value))
	}
}

func parenthesised(b *strings.Builder, n Node) {
	b.WriteByte('(')
	n.write(b)
	b.WriteByte(')')
}

func literal(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // what came out of JSON goes back
	}
	return strings.TrimSuffix(b.String(), "\n")
}
