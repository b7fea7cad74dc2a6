package scim

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/scim/patch"
	"github.com/counterfoil/counterfoil/internal/web"
)

// scimType is the detail of an error (RFC 7644 table 9, RFC 9865 §2.2). Most errors have none.
type scimType string

const (
	invalidFilter scimType = "invalidFilter"
	uniqueness    scimType = "uniqueness"
	mutability    scimType = "mutability"
	invalidSyntax scimType = "invalidSyntax"
	invalidPath   scimType = "invalidPath"
	noTarget      scimType = "noTarget"
	invalidValue  scimType = "invalidValue"
	invalidCursor scimType = "invalidCursor"
	tooMany       scimType = "tooMany"
)

// refusal is an error for which the protocol has more to say than its kind.
type refusal struct {
	error
	kind   scimType
	status int // 0: that of the fault
}

func (r *refusal) Unwrap() error { return r.error }

// as says what kind of error the protocol calls err.
func as(kind scimType, err error) error {
	if err == nil {
		return nil
	}
	return &refusal{error: err, kind: kind}
}

func wrong(kind scimType, format string, args ...any) error {
	return as(kind, fault.New(fault.Invalid, format, args...))
}

// taken says of a clash with something that exists that it is one of uniqueness.
func taken(err error) error {
	if fault.Is(err, fault.Conflict) {
		return as(uniqueness, err)
	}
	return err
}

const errorURN = "urn:ietf:params:scim:api:messages:2.0:Error"

// message is the body of an error (RFC 7644 §3.12).
type message struct {
	Schemas  []string `json:"schemas"`
	Status   string   `json:"status"`
	ScimType scimType `json:"scimType,omitempty"`
	Detail   string   `json:"detail"`
}

// statuses renders every kind of fault.
var statuses = map[fault.Kind]int{
	fault.Internal: http.StatusInternalServerError, fault.Invalid: http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized, fault.Denied: http.StatusForbidden, fault.NotFound: http.StatusNotFound,
	fault.Conflict: http.StatusConflict, fault.Stale: http.StatusPreconditionFailed, fault.TooLarge: http.StatusRequestEntityTooLarge,
	fault.Exhausted: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable,
}

// messageOf returns err as the caller hears it.
func messageOf(err error) (status int, m *message) {
	kind := fault.Of(err)
	status = statuses[kind]
	m = &message{Schemas: []string{errorURN}}
	var r *refusal
	var op *patch.Error
	switch {
	case errors.As(err, &r):
		m.ScimType = r.kind
		if r.status != 0 {
			status = r.status
		}
	case errors.As(err, &op):
		m.ScimType = scimType(op.Type)
	case errors.Is(err, schema.ErrImmutable):
		m.ScimType = mutability
	case kind == fault.Invalid:
		m.ScimType = typeOf(err)
	}
	if status != http.StatusBadRequest && status != http.StatusConflict {
		m.ScimType = "" // RFC 7644 §3.12: these are the statuses that have one
	}
	if _, m.Detail = fault.Public(err); m.Detail == "" {
		m.Detail = "something went wrong here; the administrator finds more in the log"
	}
	m.Status = strconv.Itoa(status)
	return status, m
}

// typeOf tells by the field at fault which part of a request is wrong: rooms name it.
func typeOf(err error) scimType {
	switch field, _ := fault.Public(err); field {
	case "filter":
		return invalidFilter
	case "path":
		return invalidPath
	case "query.cursor":
		return invalidCursor
	}
	return invalidValue
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, err error) {
	web.Of(w).Fail(err)
	status, m := messageOf(err)
	switch h := w.Header(); status {
	case http.StatusUnauthorized:
		if h.Get("WWW-Authenticate") == "" { // RFC 9110 §15.5.2
			h.Set("WWW-Authenticate", "Bearer")
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", "1")
		}
	}
	send(w, status, m)
}

// miss answers for a path under the base that nothing stands under, or that takes other methods.
func miss(w http.ResponseWriter, allowed string) {
	if allowed == "" {
		refuse(w, fault.New(fault.NotFound, "there is nothing under this path"))
		return
	}
	w.Header().Set("Allow", allowed)
	refuse(w, &refusal{
		error: fault.New(fault.Invalid, "this path takes other methods: the header Allow lists them"), status: http.StatusMethodNotAllowed,
	})
}
