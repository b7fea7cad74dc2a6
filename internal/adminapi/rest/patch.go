package rest

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Patch is one member of a JSON merge patch (RFC 7396): left alone when it is absent, reset when it is null, set when
// it is anything else. Its JSON tag has omitzero, which makes it optional.
type Patch[T any] struct {
	state patchState
	value T
}

type patchState uint8

const (
	absent patchState = iota
	null
	given
)

// UnmarshalJSON is called only for a member that is there, null included.
func (p *Patch[T]) UnmarshalJSON(text []byte) error {
	if bytes.Equal(text, []byte("null")) {
		p.state = null
		return nil
	}
	p.state = given
	return json.Unmarshal(text, &p.value)
}

// Schema is T's, and null. That of an object is written out where it is used, because a reference cannot add null.
func (p Patch[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), false, "")
	s.Nullable = true
	return &s
}

// Value returns what the member sets, or the zero value if it sets nothing.
func (p Patch[T]) Value() T { return p.value }

// Apply does to *to what the member says; reset is what null means.
func (p Patch[T]) Apply(to *T, reset T) {
	switch p.state {
	case absent:
	case null:
		*to = reset
	case given:
		*to = p.value
	}
}

// Mapped is p with its value in the form that a room has it in.
func Mapped[T, R any](p Patch[T], room func(T) R) Patch[R] {
	m := Patch[R]{state: p.state}
	if p.state == given {
		m.value = room(p.value)
	}
	return m
}
