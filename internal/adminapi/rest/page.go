package rest

import (
	"cmp"
	"slices"

	"github.com/counterfoil/counterfoil/internal/web"
)

// PageOf cuts one page out of rows, a list that a room returns as a whole because it is short by nature. They are shown
// oldest first and sorted in place; born returns when a row was made, in microseconds since 1970, and its id. A cursor is
// good for the list of that name in the caller's environment only, so a list under a thing has its id in its name; any
// other cursor is [fault.Invalid]. A list that may grow long is read by page instead ([web.Cut]).
func PageOf[R, T any](d *Desk, q web.PageQuery, c *Call, list string, rows []R, born func(R) (int64, string), show func(R) T) (web.Page[T], error) {
	list += " " + c.Actor.Environment.String()
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
