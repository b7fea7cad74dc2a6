// Package fault is the closed set of errors that rooms return.
//
// A room says what kind of thing went wrong and, in words a caller may read, what to do about it. Every door
// owns one table that renders a [Kind] in its dialect (an OAuth error, a problem document, an exit code) and a
// test that walks over [Kinds]. The cause is for the log and never leaves the process.
//
// It does not own: logging, status codes, or wording in any protocol.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an [Error] is. The set is closed; [Kinds] lists it.
type Kind uint8

const (
	// Internal is a defect or a broken machine; it is also the kind of every error that is not an [Error].
	Internal Kind = iota
	// Invalid is input that can never succeed as it stands.
	Invalid
	// Unauthenticated is a caller who did not prove who they are.
	Unauthenticated
	// Denied is a known caller who may not do this.
	Denied
	// NotFound is a thing that does not exist, or that this caller may not know of; the two look the same.
	NotFound
	// Conflict is a clash with what already exists or with the state a thing is in.
	Conflict
	// Stale is a change based on a version that is no longer the current one (RFC 9110 §13.1.1).
	Stale
	// TooLarge is input over a stated limit.
	TooLarge
	// Exhausted is a rate or a quota used up; trying later may succeed.
	Exhausted
	// Unavailable is a dependency that is away, or a node that must not answer from what it knows.
	Unavailable
)

// Kinds lists every kind, for the tests of the doors' tables.
func Kinds() []Kind {
	return []Kind{Internal, Invalid, Unauthenticated, Denied, NotFound, Conflict, Stale, TooLarge, Exhausted, Unavailable}
}

// String returns the kind in one word, as logs and metrics show it.
func (k Kind) String() string {
	switch k {
	case Invalid:
		return "invalid"
	case Unauthenticated:
		return "unauthenticated"
	case Denied:
		return "denied"
	case NotFound:
		return "not_found"
	case Conflict:
		return "conflict"
	case Stale:
		return "stale"
	case TooLarge:
		return "too_large"
	case Exhausted:
		return "exhausted"
	case Unavailable:
		return "unavailable"
	default:
		return "internal"
	}
}

// Error is a failure with a kind, a message that may be shown to the caller, and a cause that may not.
type Error struct {
	Kind Kind
	// Field is the input member at fault in the caller's own spelling, or empty.
	Field string
	// Message is one sentence for the caller. It holds no secret and no internal text.
	Message string

	cause error
}

// New returns an error of kind with a message that may leave the process.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// On returns an [Invalid] error about one member of the input.
func On(field, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of kind whose cause stays inside the process.
func Wrap(kind Kind, cause error, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), cause: cause}
}

// Error returns the message and the cause, for logs. Doors show [Error.Message] alone.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Of returns the kind of err: that of the outermost [Error] in its chain, else [Internal].
func Of(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is a failure of kind.
func Is(err error, kind Kind) bool { return err != nil && Of(err) == kind }

// Public returns the part of err that may be shown to a caller: its field and message, or nothing for an
// error that is not an [Error] or is [Internal].
func Public(err error) (field, message string) {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind == Internal {
		return "", ""
	}
	return e.Field, e.Message
}
