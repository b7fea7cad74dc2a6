package filter

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Bounds of a filter. They keep the work of one request small, and the parser's stack flat whatever is sent.
const (
	MaxLength = 8 << 10 // bytes
	MaxDepth  = 50      // of parentheses and brackets
	MaxTerms  = 200     // comparisons
)

// Parse reads a filter on a resource with these attributes. Refused as [fault.Invalid] on the field filter is what the
// grammar does not allow, what is past the bounds, and what can make no sense: the order of booleans (RFC 7644 §3.4.2.2),
// a moment that is none, and every attribute that is never returned, since asking often enough returns it. An attribute
// that the resource does not have is one without a value.
func Parse(text string, in Attributes) (*Filter, error) {
	p, err := newParser("filter", text, in)
	if err != nil {
		return nil, err
	}
	root, err := p.either(0)
	if err == nil && p.next() != 0 {
		err = p.wrong("the filter goes on after its end")
	}
	if err != nil {
		return nil, err
	}
	return &Filter{root: root}, nil
}

// ParseRule is [Parse] for a filter that says who is in a group. It asks for what is in a user's own document only: by
// groups, a group could hang on itself, and by roles on what is given for being in it.
func ParseRule(text string, users Attributes) (*Filter, error) {
	f, err := Parse(text, users)
	if err != nil {
		return nil, err
	}
	for _, a := range f.Attributes() {
		if a.Elsewhere() {
			return nil, fault.On("filter", "who is in a group does not follow from groups or roles")
		}
	}
	return f, nil
}

type parser struct {
	field string
	text  string
	at    int
	terms int
	in    Attributes
	// within is the attribute whose values the brackets around choose among, if there are any.
	within *Attribute
}

func newParser(field, text string, in Attributes) (*parser, error) {
	p := &parser{field: field, text: text, in: in}
	if len(text) > MaxLength {
		return nil, fault.On(field, "the %s is longer than %d bytes", field, MaxLength)
	}
	if !utf8.ValidString(text) {
		return nil, fault.On(field, "the %s is not UTF-8", field)
	}
	return p, nil
}

func (p *parser) wrong(format string, args ...any) error {
	e := fault.On(p.field, format, args...)
	e.Message += " (at byte " + strconv.Itoa(p.at) + ")"
	return e
}

// next skips spaces and returns the byte that follows, 0 at the end.
func (p *parser) next() byte {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// word returns what reaches to the next space, bracket, parenthesis or quote, without taking it.
func (p *parser) word() string {
	p.next()
	rest := p.text[p.at:]
	if end := strings.IndexAny(rest, " ()[]\""); end >= 0 {
		return rest[:end]
	}
	return rest
}

func (p *parser) takeWord(want string) bool {
	w := p.word()
	if !strings.EqualFold(w, want) {
		return false
	}
	p.at += len(w)
	return true
}

// either reads what "or" joins; depth is how many brackets and parentheses are open.
func (p *parser) either(depth int) (Node, error) {
	var all Or
	for {
		n, err := p.both(depth)
		if err != nil {
			return nil, err
		}
		if more, ok := n.(Or); ok {
			all = append(all, more...)
		} else {
			all = append(all, n)
		}
		if !p.takeWord("or") {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

// both reads what "and" joins, which binds closer than "or".
func (p *parser) both(depth int) (Node, error) {
	var all And
	for {
		n, err := p.one(depth)
		if err != nil {
			return nil, err
		}
		if more, ok := n.(And); ok {
			all = append(all, more...)
		} else {
			all = append(all, n)
		}
		if !p.takeWord("and") {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

func (p *parser) one(depth int) (Node, error) {
	if p.next() == '(' {
		return p.group(depth)
	}
	start := p.at
	if p.takeWord("not") && p.next() == '(' {
		n, err := p.group(depth)
		return Not{n}, err
	}
	p.at = start
	a, label, err := p.path()
	if err != nil {
		return nil, err
	}
	if p.next() == '[' {
		return p.values(a, depth)
	}
	return p.compare(a, label)
}

func (p *parser) group(depth int) (Node, error) {
	n, err := p.enclosed(depth)
	if err != nil {
		return nil, err
	}
	if p.next() != ')' {
		return nil, p.wrong("a parenthesis is not closed")
	}
	p.at++
	return n, nil
}

// enclosed reads what is between an opening and a closing character.
func (p *parser) enclosed(depth int) (Node, error) {
	if depth == MaxDepth {
		return nil, p.wrong("the %s nests deeper than %d levels", p.field, MaxDepth)
	}
	p.at++
	return p.either(depth + 1)
}

// values reads the brackets behind an attribute.
func (p *parser) values(a Attribute, depth int) (Node, error) {
	if p.within != nil {
		return nil, p.wrong("there are no brackets inside brackets")
	}
	if err := p.open(&a); err != nil {
		return nil, err
	}
	p.within = &a
	n, err := p.enclosed(depth)
	p.within = nil
	if err != nil {
		return nil, err
	}
	if p.next() != ']' {
		return nil, p.wrong("a bracket is not closed")
	}
	p.at++
	return &Within{Attribute: a, Node: n}, nil
}

func (p *parser) compare(a Attribute, label string) (Node, error) {
	if p.terms++; p.terms > MaxTerms {
		return nil, p.wrong("the %s has more than %d comparisons", p.field, MaxTerms)
	}
	w := p.word()
	o, ok := operators[strings.ToLower(w)]
	if !ok {
		return nil, p.wrong("after an attribute comes one of eq ne co sw ew gt ge lt le pr")
	}
	p.at += len(w)
	c := &Compare{Attribute: a, Operator: o, label: label}
	if o != Present {
		var err error
		if c.Value, err = p.literal(); err != nil {
			return nil, err
		}
		p.simple(c)
		if err := p.suit(c); err != nil {
			return nil, err
		}
	}
	c.steps = c.Attribute.Steps
	if p.within != nil {
		c.steps = []string{c.Attribute.Name()}
	}
	return c, nil
}

// simple makes a comparison with a complex attribute one with its values proper, as in RFC 7644's emails co "example.com".
func (p *parser) simple(c *Compare) {
	if !c.Attribute.Complex() || p.within != nil || c.Value == nil {
		return
	}
	if a, ok := lookup(p.in, c.Attribute.Path+".value"); ok {
		c.Attribute, c.label = a, a.Path
	}
}

func (p *parser) literal() (any, error) {
	if p.next() == '"' {
		end := p.at + 1
		for end < len(p.text) && p.text[end] != '"' {
			if p.text[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(p.text) {
			return nil, p.wrong("a text is not closed")
		}
		var v string
		if err := json.Unmarshal([]byte(p.text[p.at:end+1]), &v); err != nil {
			return nil, p.wrong("a text is not what JSON calls a string")
		}
		if strings.Contains(v, "\x00") {
			return nil, p.wrong("no text has the character U+0000 in it")
		}
		p.at = end + 1
		return v, nil
	}
	w := p.word()
	var v any
	err := json.Unmarshal([]byte(strings.ToLower(w)), &v)
	if _, isObject := v.(map[string]any); err != nil || isObject {
		return nil, p.wrong("what is compared with is a text in quotes, a number, true, false or null")
	}
	p.at += len(w)
	return v, nil
}

// suit brings the literal into the form in which the attribute's values are compared, or refuses it.
func (p *parser) suit(c *Compare) error {
	given, isText := c.Value.(string)
	switch c.Operator { //nolint:exhaustive // the others compare any type
	case Contains, StartsWith, EndsWith:
		if !isText {
			return p.wrong("%s takes a text", c.Operator)
		}
	case Greater, GreaterOrEqual, Less, LessOrEqual:
		_, isBool := c.Value.(bool)
		if isBool || c.Value == nil || c.Attribute.Type == typeBoolean || c.Attribute.Type == typeBinary {
			return p.wrong("%s compares what has an order: neither booleans nor binary values, nor null", c.Operator)
		}
	}
	if !isText {
		return nil
	}
	c.text = given
	if !c.Attribute.CaseExact {
		c.text = c.folded()
	}
	if c.Operator == Contains || c.Operator == StartsWith || c.Operator == EndsWith {
		return nil
	}
	switch c.Attribute.Type {
	case typeDateTime:
		at, ok := moment(given)
		if !ok {
			return p.wrong("%s is compared with a moment such as \"2026-01-31T12:00:00Z\"", c.Attribute.Path)
		}
		c.Time = at
	case typeBoolean:
		if is, ok := truth(given); ok {
			c.Value = is
		}
	case typeDecimal, typeInteger:
		if n, err := strconv.ParseFloat(given, 64); err == nil && n-n == 0 { // neither infinite nor NaN
			c.Value = n
		}
	}
	return nil
}

// folded is the text in the form of [Fold], but for the space at an end that the operator leaves open.
func (c *Compare) folded() string {
	text, _ := c.Value.(string)
	switch c.Operator {
	case Contains:
		return fold(text)
	case StartsWith:
		return fold(strings.TrimLeftFunc(text, unicode.IsSpace))
	case EndsWith:
		return fold(strings.TrimRightFunc(text, unicode.IsSpace))
	default:
		return Fold(text)
	}
}
