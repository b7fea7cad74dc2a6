package db

import (
	"strconv"
	"strings"
)

// maxParameters bounds the parameters of one statement: binding them takes SQLite's driver quadratic time.
const maxParameters = 500

// InsertRows inserts rows, which all have the same number of columns, and returns how many were written. head ends before
// VALUES; tail may be an ON CONFLICT clause. On PostgreSQL it takes few statements, because each is a journey; on SQLite one
// for each row, prepared once, which is the faster way there.
func (tx *Tx) InsertRows(head string, rows [][]any, tail string) (written int64, err error) {
	for len(rows) > 0 {
		n := 1
		if tx.db.engine == PostgreSQL {
			n = min(len(rows), maxParameters/len(rows[0]))
		}
		// Few different texts, so that the drivers' caches of prepared statements hold them.
		if n > 8 {
			n = n / 8 * 8
		}
		args := make([]any, 0, n*len(rows[0]))
		for _, row := range rows[:n] {
			args = append(args, row...)
		}
		done, err := tx.Exec(head+values(n, len(rows[0]))+tail, args...)
		written += done
		if err != nil {
			return written, err
		}
		rows = rows[n:]
	}
	return written, nil
}

// values returns " VALUES ($1, $2), ($3, $4)" for 2 rows of 2 columns.
func values(rows, columns int) string {
	var text strings.Builder
	text.WriteString(" VALUES ")
	for at := range rows * columns {
		switch {
		case at == 0:
			text.WriteString("(")
		case at%columns == 0:
			text.WriteString("), (")
		default:
			text.WriteString(", ")
		}
		text.WriteString("$" + strconv.Itoa(at+1))
	}
	text.WriteString(") ")
	return text.String()
}

// Placeholders returns "$from, …" for n parameters, to stand in an IN list.
func Placeholders(from, n int) string {
	var text strings.Builder
	for at := range n {
		if at > 0 {
			text.WriteString(", ")
		}
		text.WriteString("$" + strconv.Itoa(from+at))
	}
	return text.String()
}
