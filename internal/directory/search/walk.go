package search

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// source yields candidates in a fixed order.
type source interface {
	// next returns up to limit candidates after a position, all that there are if it returns fewer.
	next(after *position, limit int) ([]candidate, error)
	// name says in positions which source they are of.
	name() string
}

// walk yields users along indexes, one after the other: those with a value, and those without one.
type walk struct {
	*search
	spans      []span
	descending bool
	// inner are the groups inside of the one whose members are read.
	inner []string
}

// groupsMostInside bounds the groups inside of one.
const groupsMostInside = 100

// descend finds the groups inside of the one that a plan is about: who is in them is in it, too.
func (w *walk) descend() error {
	if len(w.spans) != 1 || w.spans[0].index.name != memberIndex {
		return nil
	}
	w.inner = []string{w.spans[0].index.bind}
	for i := 0; i < len(w.inner); i++ {
		in, err := db.All(w.tx, func(s db.Scan) (id string, err error) { return id, s(&id) }, selectInnerGroups, w.actor.Environment.String(), w.inner[i])
		if err != nil {
			return err
		}
		for _, id := range in {
			if !slices.Contains(w.inner, id) {
				w.inner = append(w.inner, id)
			}
		}
		if len(w.inner) > groupsMostInside {
			return tooLarge("the group has more than %d groups inside of it", groupsMostInside)
		}
	}
	return nil
}

func (w *walk) name() string {
	name := w.spans[0].index.name
	if w.descending {
		name += "-"
	}
	return name
}

func (w *walk) streams(stage int) (all []stream) {
	spans := w.spans[stage : stage+1]
	if len(w.inner) > 0 {
		spans = nil
		for _, id := range w.inner {
			spans = append(spans, span{index: byMember(id)})
		}
	}
	for _, one := range spans {
		for _, p := range w.populations {
			all = append(all, stream{tx: w.tx, environment: w.actor.Environment.String(), population: p, span: one,
				descending: w.descending && !one.absent})
		}
	}
	return all
}

func (w *walk) next(after *position, limit int) (all []candidate, err error) {
	stage := 0
	if after != nil {
		stage = after.stage
	}
	for ; stage < len(w.spans) && len(all) < limit; stage++ {
		if stage == 0 && after == nil && w.spans[0].absent {
			if none, err := w.nobodyLacks(); err != nil {
				return nil, err
			} else if none {
				continue
			}
		}
		var found []candidate
		streams := w.streams(stage)
		for _, s := range streams {
			some, err := s.read(after, limit-len(all))
			if err != nil {
				return nil, err
			}
			found = append(found, some...)
		}
		if len(streams) > 1 {
			slices.SortFunc(found, streams[0].order)
		}
		if len(w.inner) > 1 { // in several of them
			found = slices.CompactFunc(found, func(a, b candidate) bool { return a.at.id == b.at.id })
		}
		found = found[:min(len(found), limit-len(all))]
		for i := range found {
			found[i].at.stage = stage
		}
		all, after = append(all, found...), nil
	}
	return all, nil
}

// nobodyLacks reports whether everybody has a value of what is sorted by. To count an index is much less than to look at
// everybody, which a descending order would begin with.
func (w *walk) nobodyLacks() (bool, error) {
	everybody := &walk{search: w.search, spans: []span{{index: byID}}}
	total, err := everybody.count()
	if err != nil {
		return false, err
	}
	with := &walk{search: w.search, spans: w.spans[1:]}
	have, err := with.count()
	return have == total, err
}

func (s *stream) order(a, b candidate) int {
	way := cmp.Or(strings.Compare(a.at.key, b.at.key), strings.Compare(a.at.id, b.at.id))
	if s.descending {
		return -way
	}
	return way
}

// count returns how many users there are along the way.
func (w *walk) count() (total int64, err error) {
	for stage := range w.spans {
		for _, s := range w.streams(stage) {
			n, err := s.count()
			if err != nil {
				return 0, err
			}
			total += n
		}
	}
	return total, nil
}

// list yields what was gathered already.
type list struct {
	all    []candidate
	called string
}

func (l *list) name() string { return l.called }

func (l *list) next(after *position, limit int) ([]candidate, error) {
	from := 0
	if after != nil {
		from, _ = strconv.Atoi(after.key)
	}
	from = min(max(from, 0), len(l.all))
	return l.all[from:min(from+limit, len(l.all))], nil
}

// number gives each candidate its place for a position.
func (l *list) number() {
	for i := range l.all {
		l.all[i].at = position{key: strconv.Itoa(i + 1)}
	}
}

// twin reports whether a user comes up at a lesser key of the span, too.
func twin(c *candidate, p *span, doc map[string]any) bool {
	for _, v := range p.index.many(doc) {
		text, ok := v.(string)
		if !ok {
			continue
		}
		key := filter.Fold(text)
		if p.index.bind != "" {
			key = cut(key, maxIndexed)
		}
		if key < c.at.key && key >= p.from && (p.to == "" || key < p.to) {
			return true
		}
	}
	return false
}

// text is the position as doors hand it out. Whoever changes it gets another part of what they may see anyway.
func (p *position) text(of source) string {
	if p == nil {
		return ""
	}
	return of.name() + "," + strconv.Itoa(p.stage) + "," + base64.RawURLEncoding.EncodeToString([]byte(p.key)) + "," + p.id
}

var errPosition = fault.On("cursor", "the cursor is not of this list")

// parse reads a position of a source; nil where there is none.
func parse(text string, of source) (*position, error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, ",")
	if len(parts) != 4 || parts[0] != of.name() {
		return nil, errPosition
	}
	stage, errStage := strconv.Atoi(parts[1])
	key, errKey := base64.RawURLEncoding.DecodeString(parts[2])
	p := &position{stage: stage, key: string(key), id: parts[3]}
	id, errID := uuid.Parse(p.id)
	switch w := of.(type) {
	case *list:
		errID = nil
	case *walk:
		if stage < 0 || stage >= len(w.spans) || errID == nil && id.String() != p.id {
			return nil, errPosition
		}
		if s := &w.spans[stage]; s.keyed() && s.index.number {
			_, errStage = strconv.ParseInt(p.key, 10, 64)
		}
	}
	if errStage != nil || errKey != nil || errID != nil || !utf8.ValidString(p.key) || strings.Contains(p.key, "\x00") {
		return nil, errPosition
	}
	return p, nil
}
