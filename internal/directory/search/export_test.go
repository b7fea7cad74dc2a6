package search

import (
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Statement is a query that a search sends.
type Statement struct {
	Text string
	Args []any
}

// Statements returns the queries for the first page of a search and for one behind id.
func Statements(tx *db.Tx, actor *access.Actor, q Query, population, id string) (all []Statement) {
	s := &search{tx: tx, actor: actor, query: &q, populations: []string{population}}
	p := planFor(q.Filter)
	w := &walk{search: s, spans: p.spans}
	if q.Sort != nil {
		w = s.sorted(&p)
	}
	for stage := range w.spans {
		one := w.streams(stage)[0]
		after := &position{key: one.span.from, id: id}
		if one.span.index.number && one.span.keyed() {
			after.key = numberKey(7)
		}
		for _, at := range []*position{nil, after} {
			statement := one.query(at, 100)
			all = append(all, Statement{statement.text.String(), statement.args})
		}
	}
	return all
}

// Bounded makes searches look at few users until the test is over.
func Bounded(t *testing.T, scan, order, join int) {
	was := standard
	standard.scan, standard.dear, standard.sort, standard.join = scan, scan/3, order, join
	t.Cleanup(func() { standard = was })
}
