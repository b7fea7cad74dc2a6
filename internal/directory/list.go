package directory

import "github.com/google/uuid"

// Page says which part of a list is wanted: the Limit entries after the one with the id After.
type Page struct {
	After uuid.UUID // zero: from the start
	Limit int
}
