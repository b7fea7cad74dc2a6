package adminapi

import (
	"cmp"
	"slices"

	"github.com/counterfoil/counterfoil/internal/web"
)

// whole cuts one page out of a list that a room returns as a whole, because it is short by nature. Rows are shown
// oldest first; born returns when a row was made, in microseconds since 1970, and its id.
func whole[R, T any](d *Door, q web.PageQuery, c *call, list string, rows []R, born func(R) (int64, string), show func(R) T) (web.Page[T], error) {
	list += " " + c.actor.Environment.String()
	order := func(a, b R) int {
		at, id := born(a)
		otherAt, otherID := born(b)
		return cmp.Or(cmp.Compare(at, otherAt), cmp.Compare(id, otherID))
	}
	slices.SortFunc(rows, order)
	if q.Cursor != "" {
		var lastAt int64
		var lastID string
		if err := d.Cursors.Read(q.Cursor, list, &lastAt, &lastID); err != nil {
			return web.Page[T]{}, err
		}
		rows = slices.DeleteFunc(rows, func(r R) bool {
			at, id := born(r)
			return cmp.Or(cmp.Compare(at, lastAt), cmp.Compare(id, lastID)) <= 0
		})
	}
	return web.Cut(rows, q.Limit, show, func(r R) string {
		at, id := born(r)
		return d.Cursors.Make(list, at, id)
	}), nil
}
