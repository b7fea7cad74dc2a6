package scim

import (
	"net/url"
	"strconv"
	"strings"
)

const (
	listURN   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	searchURN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
)

// listing is what a request says about the resources it wants, and about what it wants to see of them.
type listing struct {
	filter     string
	sortBy     string
	descending bool
	startIndex int // from 1
	count      int // 0: only how many there are
	cursor     string
	byCursor   bool
	selection  selection
}

// queried reads the parameters of a URL (RFC 7644 §3.4.2, RFC 9865 §2). Their names are in lower case, as the RFC has
// them, whatever the case they come in.
func queried(query url.Values) (l listing, err error) {
	given := map[string]string{}
	for name, values := range query {
		key := strings.ToLower(name)
		if _, twice := given[key]; twice || len(values) > 1 {
			if !parameters[key] {
				continue
			}
			return l, wrong(invalidValue, "the parameter %s is given twice", key)
		}
		given[key] = values[0]
	}
	number := func(name string, standard int) (int, error) {
		if given[name] == "" {
			return standard, nil
		}
		n, err := strconv.Atoi(given[name])
		if err != nil {
			return 0, wrong(invalidValue, "%s is a whole number", name)
		}
		return n, nil
	}
	l.filter, l.sortBy = strings.TrimSpace(given["filter"]), given["sortby"]
	if l.startIndex, err = number("startindex", 1); err != nil {
		return l, err
	}
	if l.count, err = number("count", pageDefault); err != nil {
		return l, err
	}
	l.cursor, l.byCursor = given["cursor"], query.Has("cursor")
	if l.selection, err = selected(split(given["attributes"]), split(given["excludedattributes"])); err != nil {
		return l, err
	}
	return l, l.settle(given["sortorder"])
}

// parameters are those that mean something; a request may carry others.
var parameters = map[string]bool{
	"filter": true, "sortby": true, "sortorder": true, "startindex": true, "count": true, "cursor": true, "attributes": true, "excludedattributes": true,
}

// searchRequest reads the body of a search (RFC 7644 §3.4.3).
func searchRequest(doc object) (l listing, err error) {
	given := members(doc)
	if err := isMessage(given, searchURN); err != nil {
		return l, err
	}
	l.startIndex, l.count = 1, pageDefault
	for name, to := range map[string]*int{"startindex": &l.startIndex, "count": &l.count} {
		if v := given[name]; v != nil {
			n, ok := v.(float64)
			if !ok || n != float64(int(n)) {
				return l, wrong(invalidValue, "%s is a whole number", name)
			}
			*to = int(n)
		}
	}
	order := ""
	for name, to := range map[string]*string{"filter": &l.filter, "sortby": &l.sortBy, "sortorder": &order, "cursor": &l.cursor} {
		if v := given[name]; v != nil {
			var ok bool
			if *to, ok = v.(string); !ok {
				return l, wrong(invalidValue, "%s is a text", name)
			}
			l.byCursor = l.byCursor || name == "cursor"
		}
	}
	attributes, err := texts(given, "attributes")
	if err != nil {
		return l, err
	}
	excluded, err := texts(given, "excludedattributes")
	if err != nil {
		return l, err
	}
	if l.selection, err = selected(attributes, excluded); err != nil {
		return l, err
	}
	return l, l.settle(order)
}

// isMessage refuses a body of another kind than the request takes.
func isMessage(given object, urn string) error {
	list, _ := given["schemas"].([]any)
	for _, one := range list {
		if name, _ := one.(string); strings.EqualFold(name, urn) {
			return nil
		}
	}
	return wrong(invalidSyntax, "the body has the schema %s", urn)
}

func texts(given object, name string) (all []string, err error) {
	list, ok := given[name].([]any)
	if text, single := given[name].(string); single {
		return split(text), nil
	}
	if given[name] != nil && !ok {
		return nil, wrong(invalidValue, "%s is a list of names", name)
	}
	for _, one := range list {
		text, ok := one.(string)
		if !ok {
			return nil, wrong(invalidValue, "%s is a list of names", name)
		}
		all = append(all, text)
	}
	return all, nil
}

// settle brings what is out of range into it, as the RFC wants it (§3.4.2.4), and refuses what makes no sense.
func (l *listing) settle(order string) error {
	l.startIndex = max(l.startIndex, 1)
	l.count = min(max(l.count, 0), pageMost)
	switch strings.ToLower(order) {
	case "", "ascending":
	case "descending":
		l.descending = true
	default:
		return wrong(invalidValue, "sortOrder is ascending or descending")
	}
	if l.byCursor && l.startIndex > 1 {
		return wrong(invalidValue, "a list is read by cursor or by startIndex, not both (RFC 9865 §2)")
	}
	return nil
}

// page is a part of what matches.
type page struct {
	docs  []any
	total int64
	next  string
}

// paged answers with a page (RFC 7644 §3.4.2).
func (c *call) paged(p page) *answer {
	if p.docs == nil {
		p.docs = []any{}
	}
	doc := object{"schemas": []string{listURN}, "itemsPerPage": len(p.docs), "Resources": p.docs}
	if !c.list.byCursor || c.list.cursor == "" { // on later pages nobody counts again (RFC 9865 §2.3)
		doc["totalResults"] = p.total
	}
	if c.list.byCursor {
		if p.next != "" {
			doc["nextCursor"] = p.next
		}
	} else {
		doc["startIndex"] = c.list.startIndex
	}
	return &answer{status: 200, body: doc}
}
