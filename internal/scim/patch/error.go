package patch

import (
	"fmt"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// The types of errors that a PATCH can have (RFC 7644 table 9).
const (
	InvalidSyntax = "invalidSyntax"
	InvalidPath   = "invalidPath"
	InvalidFilter = "invalidFilter"
	InvalidValue  = "invalidValue"
	NoTarget      = "noTarget"
	Mutability    = "mutability"
)

// Error is an operation that cannot be done. Doors answer 400 with Type as the scimType.
type Error struct {
	Type string
	// Detail is one sentence for the caller.
	Detail string
}

// Error returns the detail.
func (e *Error) Error() string { return e.Detail }

// Unwrap makes it a [fault.Invalid] for whoever knows no scimType.
func (e *Error) Unwrap() error { return fault.New(fault.Invalid, "%s", e.Detail) }

func wrong(kind, format string, args ...any) *Error {
	return &Error{Type: kind, Detail: fmt.Sprintf(format, args...)}
}

// at says in which operation the error is, counted from one.
func (e *Error) at(index int) *Error {
	return wrong(e.Type, "operation %d: %s", index+1, e.Detail)
}
