package services

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// maxBody bounds what is read of a request, in bytes.
const maxBody = 256 << 10

// decode reads a strict JSON object: no member that is not known, none twice, none in other letters.
func decode(r *http.Request, into any) error {
	if err := web.CheckContentType(r, "application/json"); err != nil {
		return err
	}
	text, err := web.ReadBody(r, nil, maxBody)
	if err != nil {
		return err
	}
	var whole any
	if err := web.Strict(text, &whole); err != nil {
		return err
	}
	if _, ok := whole.(map[string]any); !ok {
		return fault.New(fault.Invalid, "the body is no JSON object")
	}
	if err := known(reflect.TypeOf(into).Elem(), whole, ""); err != nil {
		return err
	}
	return web.Strict(text, into)
}

// inner is what a member may hold, for types that are more than their value.
type inner interface{ inner() reflect.Type }

// known refuses members that t does not have under just that name: encoding/json would take "Password" for "password",
// and what guards a member must know it by one name.
func known(t reflect.Type, value any, at string) error {
	if more, ok := reflect.Zero(t).Interface().(inner); ok {
		t = more.inner()
	}
	switch v := value.(type) {
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return nil // of the wrong kind, or a map: encoding/json decides
		}
		for name, member := range v {
			field, ok := fieldNamed(t, name)
			if !ok {
				return fault.On(at+name, "there is no such member")
			}
			if err := known(field, member, at+name+"."); err != nil {
				return err
			}
		}
	case []any:
		if t.Kind() != reflect.Slice {
			return nil
		}
		for _, one := range v {
			if err := known(t.Elem(), one, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func fieldNamed(t reflect.Type, name string) (reflect.Type, bool) {
	for i := range t.NumField() {
		tag, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if tag == name {
			return t.Field(i).Type, true
		}
	}
	return nil, false
}

// patch is a member of a merge patch (RFC 7396): absent, null or a value.
type patch[T any] struct {
	set   bool
	value T
}

func (p *patch[T]) UnmarshalJSON(text []byte) error {
	p.set = true
	if bytes.Equal(text, []byte("null")) {
		return nil
	}
	return json.Unmarshal(text, &p.value)
}

func (patch[T]) inner() reflect.Type { return reflect.TypeFor[T]() }

// apply sets what the member says, if it is there; null is the zero value.
func (p *patch[T]) apply(into *T) {
	if p.set {
		*into = p.value
	}
}

// in runs fn in a transaction in which the caller is still admitted.
func (c *call) in(run func(ctx context.Context, fn func(*db.Tx) error) error, fn func(*db.Tx) error) error {
	return run(c.r.Context(), func(tx *db.Tx) error {
		if err := c.Allow(tx, c.permission); err != nil {
			return err
		}
		return fn(tx)
	})
}
