package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// The verbs below are what the files of the resources are made of.

// at joins path segments, escaped. It returns "", which [Client.do] refuses, when a segment is missing or would
// name another place: an empty id would turn one application into the list of all.
func at(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		if s == "" || s == "." || s == ".." {
			return ""
		}
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

func get[T any](ctx context.Context, c *Client, path string) (*T, error) {
	return call[T](ctx, c, request{method: http.MethodGet, path: path, repeatable: true})
}

// create posts body under an Idempotency-Key, which is what makes it repeatable.
func create[T any](ctx context.Context, c *Client, path string, body any, options []CallOption) (*T, error) {
	return call[T](ctx, c, request{
		method: http.MethodPost, path: path, body: body, repeatable: true, idempotencyKey: rand.Text(),
	}, options...)
}

// change is not repeated: with If-Match a repetition after a lost answer would be refused as stale.
func change[T any](ctx context.Context, c *Client, path string, body any, options []CallOption) (*T, error) {
	return call[T](ctx, c, request{method: http.MethodPatch, path: path, body: body}, options...)
}

// act posts to a verb that leaves the same state however often it is said: disable, enable.
func act(ctx context.Context, c *Client, path string) (Answer, error) {
	got, err := call[acted](ctx, c, request{method: http.MethodPost, path: path, repeatable: true})
	if err != nil {
		return Answer{}, err
	}
	return got.Answer, nil
}

func remove(ctx context.Context, c *Client, path string, options []CallOption) (Answer, error) {
	got, err := call[acted](ctx, c, request{method: http.MethodDelete, path: path, repeatable: true}, options...)
	if err != nil {
		return Answer{}, err
	}
	return got.Answer, nil
}

// acted is an answer whose body does not matter.
type acted struct {
	Answer `json:"-"`
}

// Field is one member of a change: left alone (the zero Field), set to a value, or taken away.
type Field[T any] struct {
	state fieldState
	value T
}

type fieldState uint8

const (
	untouched fieldState = iota
	set
	cleared
)

// Set returns a Field that sets the member to value.
func Set[T any](value T) Field[T] { return Field[T]{state: set, value: value} }

// Clear returns a Field that takes the member's value away, such as the expiry of a secret.
func Clear[T any]() Field[T] { return Field[T]{state: cleared} }

// IsZero reports whether the member is left alone; encoding/json asks it for the omitzero option.
func (f Field[T]) IsZero() bool { return f.state == untouched }

// MarshalJSON writes the value, or null for a member that is taken away.
func (f Field[T]) MarshalJSON() ([]byte, error) {
	if f.state != set {
		return []byte("null"), nil
	}
	return json.Marshal(f.value)
}
