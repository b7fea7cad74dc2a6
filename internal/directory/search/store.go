package search

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
)

// index is a way to read users in the order of a key, and of ids where keys are the same.
type index struct {
	name string // in positions
	from string // tables, and what chooses among their rows; ends where more can be added with AND
	key  string // empty: the id alone
	id   string
	// number says that keys are numbers, unique that no two users have the same.
	number, unique bool
	// partial says that users without a value are not in it, by this condition.
	partial, absent string
	// many returns the values in a document of an attribute that has several: a user is in the index with each.
	many func(doc map[string]any) []any
	// bind is a second parameter that from takes.
	bind string
}

const (
	fromUsers  = ` FROM directory_user u WHERE u.environment_id = $1`
	fromEmails = ` FROM directory_login l JOIN directory_user u ON u.environment_id = l.environment_id AND u.id = l.user_id
WHERE l.environment_id = $1 AND l.is_email`
	fromValues = ` FROM directory_value v JOIN directory_user u ON u.environment_id = v.environment_id AND u.id = v.user_id
WHERE v.environment_id = $1 AND v.attribute = $2`
	fromMembers = ` FROM directory_member m JOIN directory_user u ON u.environment_id = m.environment_id AND u.id = m.member_id
WHERE m.environment_id = $1 AND m.group_id = $2`

	selectGroupsCalled = `SELECT ` + directory.GroupColumns + ` FROM directory_group g
WHERE g.environment_id = $1 AND g.external_id <> '' AND g.external_id = $2 ORDER BY g.id`
	selectGroupsWith = `SELECT ` + directory.GroupColumns + ` FROM directory_member m
JOIN directory_group g ON g.environment_id = m.environment_id AND g.id = m.group_id
WHERE m.environment_id = $1 AND m.member_id = $2 ORDER BY g.id`

	selectInnerGroups = `SELECT member_id FROM directory_member WHERE environment_id = $1 AND group_id = $2 AND kind = 'group' ORDER BY member_id`
)

// The indexes of users.
var (
	byID       = &index{name: "id", from: fromUsers, id: "u.id"}
	byName     = &index{name: "userName", from: fromUsers, key: "u.user_name_folded", id: "u.id"}
	byGiven    = partly("givenName", "u.given_folded")
	byFamily   = partly("familyName", "u.family_folded")
	byDisplay  = partly("displayName", "u.display_folded")
	byExternal = partly("externalId", "u.external_id")
	byUpdate   = &index{name: "lastModified", from: fromUsers, key: "u.updated_at", id: "u.id", number: true}
	byStatus   = &index{name: "inactive", from: fromUsers, key: "u.status", id: "u.id", partial: ` AND u.status <> 'active'`}
	byEmail    = &index{name: "email", from: fromEmails, key: "l.folded", id: "l.user_id", unique: true, many: addresses}
)

func partly(name, column string) *index {
	return &index{name: name, from: fromUsers, key: column, id: "u.id", partial: ` AND ` + column + ` <> ''`, absent: ` AND ` + column + ` = ''`}
}

func addresses(doc map[string]any) (all []any) {
	emails, _ := doc["emails"].([]any)
	for _, e := range emails {
		if email, ok := e.(map[string]any); ok {
			all = append(all, email["value"])
		}
	}
	return all
}

func byValue(a *filter.Attribute) *index {
	attribute := strings.ToLower(a.Path)
	return &index{name: attribute, from: fromValues, key: "v.folded", id: "v.user_id", bind: attribute, many: a.Values}
}

const memberIndex = "member"

func byMember(group string) *index {
	return &index{name: memberIndex, from: fromMembers, id: "m.member_id", bind: group}
}

// span is the part of an index that a filter leaves: keys from the first to before the end. Keys are texts, or numbers
// in the form of numberKey; empty bounds are none.
type span struct {
	index    *index
	from, to string
	// only, for an index without a key of its own, and exact otherwise, bounds to one key.
	exact  bool
	absent bool // those without a value instead, by id
}

// Position is where a page ends: the last row that was looked at.
type position struct {
	stage   int
	key, id string
}

// stream reads users of one population, or of all, along a span.
type stream struct {
	tx          *db.Tx
	environment string
	population  string
	span        span
	descending  bool
}

// candidate is a user that may match. One that was put in order has no row, but an id.
type candidate struct {
	row *directory.Row
	id  string
	at  position
}

// user returns the user.
func (c *candidate) user(tx *db.Tx, environment uuid.UUID) (*directory.User, error) {
	if c.row != nil {
		return c.row.User()
	}
	id, err := uuid.Parse(c.id)
	if err != nil {
		return nil, err
	}
	return directory.Load(tx, environment, id)
}

// statement puts a query together from the constants above, and its parameters.
type statement struct {
	text strings.Builder
	args []any
}

// and adds a condition. Question marks in it stand for the values.
func (s *statement) and(condition string, values ...any) {
	s.text.WriteString(" AND ")
	for _, v := range values {
		before, after, _ := strings.Cut(condition, "?")
		s.args = append(s.args, v)
		s.text.WriteString(before + "$" + strconv.Itoa(len(s.args)))
		condition = after
	}
	s.text.WriteString(condition)
}

// where begins a statement with what chooses the rows of the stream.
func (s *stream) where(selected string) *statement {
	ix := s.span.index
	q := &statement{args: []any{s.environment}}
	q.text.WriteString("SELECT " + selected + ix.from)
	if ix.bind != "" {
		q.args = append(q.args, ix.bind)
	}
	if s.span.absent {
		q.text.WriteString(ix.absent)
	} else {
		q.text.WriteString(ix.partial)
	}
	if s.population != "" {
		q.and("u.population_id = ?", s.population)
	}
	return q
}

// key returns a key as the column has it.
func (ix *index) value(key string) any {
	if !ix.number {
		return key
	}
	n, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		panic(err) // positions are checked where they come in
	}
	return n
}

// keyed reports whether rows come in the order of a key, and not just of ids.
func (s *span) keyed() bool { return s.index.key != "" && !s.absent }

// column is what the bounds of the span are on.
func (s *span) column() string {
	if s.keyed() {
		return s.index.key
	}
	return s.index.id
}

// bounds adds the span's bounds. The one that a position implies is left out, or an engine may seek it instead.
func (s *stream) bounds(q *statement, lower, upper bool) {
	p, column := &s.span, s.span.column()
	value := func(key string) any {
		if p.keyed() {
			return p.index.value(key)
		}
		return key
	}
	if p.exact {
		q.and(column+" = ?", value(p.from))
		return
	}
	if p.from != "" && lower {
		q.and(column+" >= ?", value(p.from))
	}
	if p.to != "" && upper {
		q.and(column+" < ?", value(p.to))
	}
}

// read returns up to limit rows after a position.
func (s *stream) read(after *position, limit int) ([]candidate, error) {
	q := s.query(after, limit)
	keyed := s.span.keyed()
	var all []candidate
	err := s.tx.Each(func(scan db.Scan) error {
		var at position
		var number int64
		row, err := directory.ScanRow(func(targets ...any) error {
			targets = append(targets, &at.id)
			if keyed && s.span.index.number {
				targets = append(targets, &number)
			} else if keyed {
				targets = append(targets, &at.key)
			}
			return scan(targets...)
		})
		if keyed && s.span.index.number {
			at.key = numberKey(number)
		}
		all = append(all, candidate{row: row, at: at})
		return err
	}, q.text.String(), q.args...)
	return all, err
}

func (s *stream) query(after *position, limit int) *statement {
	ix, keyed := s.span.index, s.span.keyed()
	columns := directory.RowColumns + ", " + ix.id
	if keyed {
		columns += ", " + ix.key
	}
	q := s.where(columns)
	way, order := ">", ""
	if s.descending {
		way, order = "<", " DESC"
	}
	s.bounds(q, after == nil || s.descending, after == nil || !s.descending)
	switch {
	case after == nil:
	case ix.unique && !s.span.exact:
		q.and(ix.key+" "+way+" ?", ix.value(after.key))
	case keyed && !s.span.exact:
		q.and("("+ix.key+", "+ix.id+") "+way+" (?, ?)", ix.value(after.key), after.id)
	default:
		q.and(ix.id+" "+way+" ?", after.id)
	}
	sort := ix.id + order
	switch {
	case ix.unique:
		sort = ix.key + order
	case keyed:
		sort = ix.key + order + ", " + sort
	}
	q.args = append(q.args, limit)
	q.text.WriteString(" ORDER BY " + sort + " LIMIT $" + strconv.Itoa(len(q.args)))
	return q
}

// at returns the position of the user of that place, counted from one; nil if there are fewer.
func (s *stream) at(place int) (*position, error) {
	q := s.query(nil, 1)
	q.args = append(q.args, place-1)
	text := q.text.String()
	_, from, _ := strings.Cut(text, " FROM ")
	columns, number := s.span.index.id, int64(0)
	if s.span.keyed() {
		columns += ", " + s.span.index.key
	}
	var at *position
	err := s.tx.Each(func(scan db.Scan) error {
		at = &position{}
		targets := []any{&at.id}
		if s.span.keyed() && s.span.index.number {
			targets = append(targets, &number)
		} else if s.span.keyed() {
			targets = append(targets, &at.key)
		}
		err := scan(targets...)
		if len(targets) == 2 && s.span.index.number {
			at.key = numberKey(number)
		}
		return err
	}, "SELECT "+columns+" FROM "+from+" OFFSET $"+strconv.Itoa(len(q.args)), q.args...)
	return at, err
}

// count returns how many users are on the span.
func (s *stream) count() (int64, error) {
	selected := "COUNT(*)"
	if s.span.index.many != nil && !s.span.exact {
		selected = "COUNT(DISTINCT " + s.span.index.id + ")"
	}
	q := s.where(selected)
	s.bounds(q, true, true)
	return db.Value[int64](s.tx, q.text.String(), q.args...)
}

// numberKey writes a time so that texts compare as the numbers do.
func numberKey(n int64) string {
	text := strconv.FormatInt(max(n, 0), 10)
	return strings.Repeat("0", 19-len(text)) + text
}
