package search

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
)

// plan says which users can match, by one span or by several that are united.
type plan struct {
	spans []span
	// covered says that all users on the one span match, and no others.
	covered bool
	// cost orders plans; the least reads the fewest users, as far as a filter tells.
	cost int
}

// The costs of plans. What begins with a long text is nearly as rare as what equals one.
const (
	costUnique = 0
	costValue  = 10
	costMember = 15
	costPrefix = 40 // less a character each, to 20
	costRange  = 60
	costStatus = 70
	costAll    = 100
)

// everybody is the plan where no index helps.
func everybody() plan { return plan{spans: []span{{index: byID}}, cost: costAll} }

func (p *plan) narrows() bool { return p.cost < costAll }

// Attributes by whose values users are indexed, in lower case, beside those of custom schemas. Those of directory_value are what directory.Profile puts there.
var (
	columns = map[string]*index{
		"username": byName, "name.givenname": byGiven, "name.familyname": byFamily, "displayname": byDisplay,
		"externalid": byExternal, "emails.value": byEmail,
	}
	enterprise = strings.ToLower(directory.EnterpriseURN) + ":"
	inValues   = map[string]bool{
		"phonenumbers.value": true, "title": true, "usertype": true,
		enterprise + "employeenumber": true, enterprise + "department": true, enterprise + "manager.value": true,
	}
)

// indexed is the list for people.
const indexed = "id, userName, externalId, displayName, name.givenName, name.familyName, emails, phoneNumbers, title, userType, " +
	"employeeNumber, department, manager, groups, filterable custom attributes, active eq false, meta.created or meta.lastModified"

// planFor returns the best plan for a filter.
func planFor(f *filter.Filter) plan {
	if f == nil {
		p := everybody()
		p.covered = true
		return p
	}
	return planNode(f.Root())
}

func planNode(n filter.Node) plan {
	switch n := n.(type) {
	case *filter.Compare:
		return planCompare(n)
	case *filter.Within:
		p := planNode(n.Node)
		p.covered = false
		return p
	case filter.And:
		return planAnd(n)
	case filter.Or:
		return planOr(n)
	}
	return everybody() // what is not something cannot be looked up
}

// planAnd takes the best of the plans, and narrows its span by others on the same index.
func planAnd(all filter.And) plan {
	best := everybody()
	for _, n := range all {
		if p := planNode(n); p.cost < best.cost {
			best = p
		}
	}
	best.covered = false
	if len(best.spans) > 1 || best.spans[0].exact {
		return best
	}
	to := &best.spans[0]
	for _, n := range all {
		p := planNode(n)
		if s := p.spans[0]; len(p.spans) == 1 && s.index == to.index && !s.exact && p.narrows() {
			to.from = max(to.from, s.from)
			if to.to == "" || s.to != "" && s.to < to.to {
				to.to = s.to
			}
		}
	}
	return best
}

// planOr unites what each part finds, if each is sure to be little.
func planOr(all filter.Or) plan {
	united := plan{}
	for _, n := range all {
		p := planNode(n)
		for _, s := range p.spans {
			if !s.exact { // nor members of a group, who may be in groups inside of it
				return everybody()
			}
		}
		united.spans = append(united.spans, p.spans...)
		united.cost = max(united.cost, p.cost)
	}
	return united
}

func planCompare(c *filter.Compare) plan {
	path := strings.ToLower(c.Attribute.Path)
	text, isText := c.Value.(string)
	switch {
	case path == "active":
		return planActive(c)
	case !c.Attribute.Known():
		return everybody()
	case isCustom(&c.Attribute):
		return planCustom(c)
	case !isText || text == "":
		return everybody()
	case path == "id" && c.Operator == filter.Equal:
		return plan{spans: []span{{index: byID, exact: true, from: text}}, covered: true, cost: costUnique}
	case path == "groups.value" && c.Operator == filter.Equal:
		return plan{spans: []span{{index: byMember(text)}}, cost: costMember}
	case path == "meta.created" && !c.Time.IsZero():
		return planCreated(c)
	case path == "meta.lastmodified" && !c.Time.IsZero():
		return planUpdated(c)
	case inValues[path]:
		return planText(c, byValue(&c.Attribute), maxIndexed)
	case columns[path] != nil:
		return planText(c, columns[path], 0)
	}
	return everybody()
}

// isCustom reports whether an attribute is one of a custom schema that is indexed.
func isCustom(a *filter.Attribute) bool {
	return a.Filterable && len(a.Steps) == 2 && strings.Contains(a.Steps[0], ":") && a.Steps[0] != directory.EnterpriseURN
}

// planCustom plans a comparison with an attribute of a custom schema, of which directory_value has texts, whatever its type.
func planCustom(c *filter.Compare) plan {
	text := ""
	switch v := c.Value.(type) {
	case bool:
		text = strconv.FormatBool(v)
	case float64:
		text = strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		if c.Time.IsZero() && v != "" { // a moment is written in many ways
			return planText(c, byValue(&c.Attribute), maxIndexed)
		}
	}
	if text == "" || c.Operator != filter.Equal {
		return everybody()
	}
	return plan{spans: []span{{index: byValue(&c.Attribute), exact: true, from: filter.Fold(text)}}, cost: costValue}
}

func planActive(c *filter.Compare) plan {
	is, ok := c.Value.(bool)
	if !ok || (c.Operator == filter.Equal) == is {
		return everybody()
	}
	return plan{spans: []span{{index: byStatus}}, covered: true, cost: costStatus}
}

const (
	// maxIndexed is how many bytes of a value directory_value holds.
	maxIndexed = 200
	// last sorts behind every character that a text can have.
	last = "\U0010FFFF"
)

// planText plans a comparison of texts. most is how many bytes of a text are in the index; 0: all.
func planText(c *filter.Compare, ix *index, most int) plan {
	text := c.Text()
	p := plan{covered: c.Attribute.CaseExact == (ix == byExternal)}
	switch {
	case p.covered:
	case ix == byExternal:
		return everybody() // which is kept as it came
	default:
		text = filter.Fold(text)
	}
	if most > 0 && len(text) > most {
		text, p.covered = cut(text, most), false
	}
	if text == "" {
		return everybody()
	}
	s := span{index: ix}
	switch c.Operator {
	case filter.Equal:
		s.exact, s.from = true, text
		p.cost = costValue
		if ix == byName || ix == byEmail || ix == byExternal {
			p.cost = costUnique
		}
	case filter.StartsWith:
		s.from, s.to = text, text+last
		p.cost = costPrefix - min(utf8.RuneCountInString(text), 20)
	default:
		return planOrder(c, s)
	}
	p.spans = []span{s}
	return p
}

// planOrder plans a comparison of texts by their order, which has to be that of the index.
func planOrder(c *filter.Compare, s span) plan {
	if c.Attribute.CaseExact != (s.index == byExternal) {
		return everybody()
	}
	text := c.Text()
	if s.index.bind != "" {
		text = cut(text, maxIndexed)
	}
	switch c.Operator {
	case filter.Greater, filter.GreaterOrEqual:
		s.from = text
	case filter.Less, filter.LessOrEqual:
		s.to = text + last
	default:
		return everybody()
	}
	return plan{spans: []span{s}, cost: costRange}
}

// cut is how directory_value shortens values.
func cut(text string, most int) string { return strings.ToValidUTF8(text[:min(most, len(text))], "") }

// planUpdated plans by a time of change, of which microseconds are kept.
func planUpdated(c *filter.Compare) plan {
	at := c.Time.UnixMicro()
	up := at
	if c.Time.Nanosecond()%1000 != 0 {
		up++ // the first whole microsecond from then on
	}
	s := span{index: byUpdate}
	switch c.Operator {
	case filter.Equal:
		s.from, s.to = numberKey(up), numberKey(at+1)
	case filter.Greater:
		s.from = numberKey(at + 1)
	case filter.GreaterOrEqual:
		s.from = numberKey(up)
	case filter.Less:
		s.to = numberKey(up)
	case filter.LessOrEqual:
		s.to = numberKey(at + 1)
	default:
		return everybody()
	}
	return plan{spans: []span{s}, covered: true, cost: costRange}
}

// planCreated plans by a time of creation, which ids begin with, to the millisecond.
func planCreated(c *filter.Compare) plan {
	s := span{index: byID}
	at := c.Time
	if at.Before(time.UnixMilli(1)) {
		at = time.UnixMilli(1)
	}
	from, to := directory.IDAt(at).String(), directory.IDAt(at.Add(time.Millisecond)).String()
	switch c.Operator {
	case filter.Equal:
		s.from, s.to = from, to
	case filter.Greater, filter.GreaterOrEqual:
		s.from = from
	case filter.Less, filter.LessOrEqual:
		s.to = to
	default:
		return everybody()
	}
	return plan{spans: []span{s}, cost: costRange - 1}
}
