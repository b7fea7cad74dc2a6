package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// PageQuery are the parameters of every list, to embed in the input of an operation.
type PageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"The most items to return."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"The member next of the page before."`
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"The cursor of the next page; absent on the last one."`
}

// Cut makes a page of at most limit items out of limit + 1 rows: the one too many says that there is a next
// page, which starts after the last row shown. show turns a row into an item, next into a cursor.
func Cut[R, T any](rows []R, limit int, show func(R) T, next func(R) string) Page[T] {
	p := Page[T]{Items: make([]T, 0, min(len(rows), limit))}
	for i, row := range rows {
		if i == limit {
			p.Next = next(rows[i-1])
			break
		}
		p.Items = append(p.Items, show(row))
	}
	return p
}

// Cursors makes and reads the cursors of an installation. A cursor is the key of the last row shown, in clear
// but authenticated: a caller may read it and cannot write one, so rooms may trust what they find in it.
type Cursors struct{ key []byte }

// cursorMAC is how many bytes of the HMAC a cursor carries.
const cursorMAC = 16

var cursorEncoding = base64.RawURLEncoding.Strict()

// NewCursors returns cursors under key, of at least 16 bytes, which all nodes share.
func NewCursors(key []byte) Cursors { return Cursors{key} }

// Make returns the cursor of the list after the row with that key. list names the list with everything that
// selects and orders its rows (environment, filter): a cursor fits no other one.
func (c Cursors) Make(list string, key ...any) string {
	tuple, err := json.Marshal(key)
	if err != nil {
		panic("web: a cursor's key is made of texts and numbers: " + err.Error())
	}
	return cursorEncoding.EncodeToString(append(c.mac(list, tuple), tuple...))
}

// Read stores the key in a cursor of the same list into the pointers given. Anything that [Cursors.Make] did not
// return is [fault.Invalid].
func (c Cursors) Read(cursor, list string, key ...any) error {
	raw, err := cursorEncoding.DecodeString(cursor)
	// encoding/base64 passes over line breaks, even in its strict form.
	if err != nil || strings.ContainsAny(cursor, "\r\n") || len(raw) < cursorMAC || !hmac.Equal(raw[:cursorMAC], c.mac(list, raw[cursorMAC:])) {
		return fault.On("query.cursor", "not a cursor of this list: start again without one")
	}
	var tuple []json.RawMessage
	if err := json.Unmarshal(raw[cursorMAC:], &tuple); err != nil || len(tuple) != len(key) {
		return errCursorShape
	}
	for i, to := range key {
		if err := json.Unmarshal(tuple[i], to); err != nil {
			return errCursorShape
		}
	}
	return nil
}

// errCursorShape is what a cursor gets that an older program made for a key of another shape.
var errCursorShape = fault.On("query.cursor", "a cursor of another version: start again without one")

func (c Cursors) mac(list string, tuple []byte) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte(list))
	h.Write([]byte{0})
	h.Write(tuple)
	return h.Sum(nil)[:cursorMAC]
}
