package search

import (
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// tooMany is an answer that would be too long to put in order.
func tooMany() error {
	e := fault.On("sortBy", "there are too many to be put in this order: sort by one of id, userName, name.givenName, name.familyName, "+
		"displayName, externalId, meta.created and meta.lastModified, or compare one of %s as well", indexed)
	e.Kind = fault.TooLarge
	return e
}

// run finds the page.
func (s *search) run() (*Page[candidate], error) {
	p := planFor(s.query.Filter)
	if at := slices.IndexFunc(s.rules, func(r Rule) bool {
		return p.spans[0].index.name == memberIndex && r.Group.ID.String() == p.spans[0].index.bind
	}); at >= 0 {
		p = planFor(s.rules[at].filter) // whose members nobody added by hand
		p.covered = false
	}
	from, covered, err := s.source(&p)
	if err != nil {
		return nil, err
	}
	return s.page(from, covered)
}

// source returns where candidates come from, and whether all of them match.
func (s *search) source(p *plan) (source, bool, error) {
	along := &walk{search: s, spans: p.spans}
	if err := along.descend(); err != nil {
		return nil, false, err
	}
	if len(p.spans) > 1 {
		united, err := s.join(along)
		if united != nil || err != nil {
			return united, false, err
		}
		*p = everybody()
		along.spans = p.spans
	}
	if s.query.Sort == nil {
		return along, p.covered, nil
	}
	sorted := s.sorted(p)
	if sorted != nil && (!p.narrows() || p.spans[0].index == sorted.spans[0].index) {
		return sorted, p.covered, nil
	}
	// An index finds them and another one orders them. Finding comes first, unless it finds too many.
	all, whole, err := s.gather(along, p.covered, s.limits.sort)
	switch {
	case err != nil && (sorted == nil || !fault.Is(err, fault.TooLarge)):
		return nil, false, err
	case err == nil && whole:
		return s.arrange(all), false, nil
	case sorted == nil:
		return nil, false, tooMany()
	}
	s.read = 0
	return sorted, false, nil
}

// sorted returns the way along the index of the order, or nil if it has none. Users without a value come last, or first in
// a descending order (RFC 7644 §3.4.2.3).
func (s *search) sorted(p *plan) *walk {
	ix := columns[strings.ToLower(s.query.Sort.Path)]
	switch s.query.Sort.Path {
	case "id", "meta.created": // ids begin with the time of creation
		ix = byID
	case "meta.lastModified":
		ix = byUpdate
	}
	if ix == nil || ix.many != nil {
		return nil
	}
	w := &walk{search: s, descending: s.query.Descending, spans: []span{{index: ix}}}
	switch {
	case p.spans[0].index == ix && p.narrows():
		w.spans[0] = p.spans[0]
	case ix.absent != "":
		w.spans = append(w.spans, span{index: ix, absent: true})
	}
	if s.query.Descending {
		slices.Reverse(w.spans)
	}
	return w
}

// join gathers what the parts of an "or" find, in the order of ids, or returns nil if that is much.
func (s *search) join(along *walk) (source, error) {
	united := &list{called: "or"}
	for i := range along.spans {
		one := &walk{search: s, spans: along.spans[i : i+1]}
		some, err := one.next(nil, s.limits.join+1-len(united.all))
		if err != nil {
			return nil, err
		}
		if united.all = append(united.all, some...); len(united.all) > s.limits.join {
			return nil, nil
		}
	}
	slices.SortFunc(united.all, func(a, b candidate) int { return strings.Compare(a.at.id, b.at.id) })
	united.all = slices.CompactFunc(united.all, func(a, b candidate) bool { return a.at.id == b.at.id })
	if s.query.Sort != nil {
		all, whole, err := s.gather(united, false, s.limits.sort)
		if err != nil || !whole {
			return nil, err
		}
		return s.arrange(all), nil
	}
	united.number()
	return united, nil
}

// gather returns all that match with what they are sorted by, or whole false if there are more than most. Their profiles,
// which may be long, are not kept.
func (s *search) gather(from source, covered bool, most int) (all []keyed, whole bool, err error) {
	for c, err := range s.matching(from, covered, nil, chunkMost) {
		if err != nil {
			return nil, false, err
		}
		if len(all) == most {
			return nil, false, nil
		}
		doc, err := c.row.Document()
		if err != nil {
			return nil, false, err
		}
		all = append(all, keyed{id: c.at.id, key: keyOf(s.query.Sort, doc)})
	}
	return all, true, nil
}

// chunkMost is how many rows are in memory at once.
const chunkMost = 500

// matching yields the candidates that match, in their order. covered says that all do.
func (s *search) matching(from source, covered bool, after *position, chunk int) func(yield func(candidate, error) bool) {
	return func(yield func(candidate, error) bool) {
		for {
			some, err := from.next(after, chunk)
			if err != nil {
				yield(candidate{}, err)
				return
			}
			for i := range some {
				c := &some[i]
				ok, err := s.wanted(from, c, covered)
				if (ok || err != nil) && !yield(*c, err) || err != nil {
					return
				}
				after = &c.at
			}
			if len(some) < chunk {
				return
			}
			chunk = min(2*chunk, chunkMost)
		}
	}
}

// wanted reports whether a candidate is one of those that are asked for.
func (s *search) wanted(from source, c *candidate, covered bool) (bool, error) {
	if l, ok := from.(*list); ok && l.called == "sorted" {
		return true, nil // evaluated when it was gathered
	}
	w, _ := from.(*walk)
	several := w != nil && w.spans[c.at.stage].index.many != nil && !w.spans[c.at.stage].exact
	if covered && !several {
		return true, nil
	}
	if err := s.spend(); err != nil {
		return false, err
	}
	doc, err := s.document(c.row)
	if err != nil || several && twin(c, &w.spans[c.at.stage], doc) {
		return false, err
	}
	return s.query.Filter == nil || s.query.Filter.Eval(doc), nil
}

// page reads what the query wants of a source.
func (s *search) page(from source, covered bool) (*Page[candidate], error) {
	q := s.query
	page := &Page[candidate]{}
	after, err := parse(q.After, from)
	if err != nil {
		return nil, err
	}
	w, _ := from.(*walk)
	counted := q.Total && covered && w != nil
	if counted {
		if page.Total, err = w.count(); err != nil {
			return nil, err
		}
	}
	if l, ok := from.(*list); ok && l.called == "sorted" {
		page.Total, counted = int64(len(l.all)), true
	}
	skip, limit := max(q.Skip, 0), max(q.Limit, 0)
	if after != nil {
		skip = 0
	}
	if covered && w != nil && skip > 0 && skip < int(page.Total) {
		if after, err = w.jump(skip); err != nil {
			return nil, err
		}
		if after != nil {
			skip = 0
		}
	}
	if counted && (limit == 0 || int64(skip) >= page.Total) {
		return page, nil
	}
	return page, s.fill(page, from, covered, after, skip, counted)
}

// fill reads the page's items, and on to the end if what matches is still to be counted.
func (s *search) fill(page *Page[candidate], from source, covered bool, after *position, skip int, counted bool) error {
	limit := max(s.query.Limit, 0)
	chunk := min(limit+1, chunkMost)
	if !covered {
		chunk = max(chunk, 64)
	}
	count := s.query.Total && !counted
	if count && after != nil { // from the start, then, and the page after that
		for _, err := range s.matching(from, covered, nil, chunkMost) {
			if err != nil {
				return err
			}
			page.Total++
		}
		count = false
	}
	met, seen := 0, int64(0)
	for c, err := range s.matching(from, covered, after, chunk) {
		if err != nil {
			return err
		}
		seen++
		switch {
		case seen <= int64(skip):
			continue
		case met < limit:
			page.Items = append(page.Items, c)
		case met == limit && limit > 0:
			page.Next = page.Items[limit-1].at.text(from)
		}
		if met++; met > limit && !count {
			break
		}
	}
	if count {
		page.Total = seen
	}
	return nil
}

// jump returns the position of the last user to skip, where one stream has them all.
func (w *walk) jump(skip int) (*position, error) {
	if len(w.populations) != 1 || len(w.spans) != 1 || w.spans[0].index.many != nil {
		return nil, nil
	}
	return w.streams(0)[0].at(skip)
}
