package web

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Problem is an error as RFC 9457 describes it: the dialect of the doors that are ours.
type Problem struct {
	Type      string   `json:"type" doc:"Always about:blank: the status says what kind of problem this is."`
	Title     string   `json:"title" doc:"The name of the status."`
	Status    int      `json:"status" doc:"The HTTP status, again."`
	Detail    string   `json:"detail,omitempty" doc:"What went wrong and what to do about it, for people."`
	Code      string   `json:"code,omitempty" doc:"What went wrong in one stable word, where programs have to tell more apart than the status does."`
	Errors    []Detail `json:"errors,omitempty" doc:"The parts of the request at fault."`
	RequestID string   `json:"request_id,omitempty" doc:"The name of this request in the server's log."`
}

// Detail is one part of a request at fault.
type Detail struct {
	Location string `json:"location" doc:"The part, such as body.name or query.limit."`
	Message  string `json:"message" doc:"What is wrong with it."`
}

// statuses is the table of this dialect.
var statuses = map[fault.Kind]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Denied:          http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Stale:           http.StatusPreconditionFailed,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Exhausted:       http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// internalDetail is all that a caller learns about a defect.
const internalDetail = "something went wrong in the server; its log says more under this request_id"

// WriteProblem answers with err as a problem and notes it in the exchange. Headers that the door has set, such
// as WWW-Authenticate or Retry-After, are kept; without them 401, 429 and 503 get a plain one.
func WriteProblem(w http.ResponseWriter, err error) {
	problemOf(err).send(w, err)
}

// WriteCoded is [WriteProblem] with a stable word for programs.
func WriteCoded(w http.ResponseWriter, err error, code string) {
	p := problemOf(err)
	p.Code = code
	p.send(w, err)
}

// coded is an error with a stable word for programs.
type coded struct {
	error
	code string
}

func (c *coded) Unwrap() error { return c.error }

// Coded returns err with a stable word for programs, which its problem carries.
func Coded(err error, code string) error { return &coded{err, code} }

// several is an error about several members of the body.
type several interface {
	error
	Members() map[string]string
}

// problemOf renders what of err may be shown. An error with Members() map[string]string says what is wrong with each
// member of the body.
func problemOf(err error) *Problem {
	field, message := fault.Public(err)
	p := &Problem{Status: statuses[fault.Of(err)], Detail: message}
	if c, ok := errors.AsType[*coded](err); ok {
		p.Code = c.code
	}
	if p.Status == http.StatusInternalServerError {
		p.Detail = internalDetail
	}
	if field != "" {
		p.Errors = []Detail{{Location: location(field), Message: message}}
	}
	if e, ok := errors.AsType[several](err); ok {
		members := e.Members()
		for _, name := range slices.Sorted(maps.Keys(members)) {
			p.Errors = append(p.Errors, Detail{Location: location(name), Message: members[name]})
		}
	}
	return p
}

// location says where a field stands. Rooms name members of the body as the caller spells them; only doors and
// this package speak of other places.
func location(field string) string {
	for _, place := range []string{"body.", "query.", "path.", "header."} {
		if strings.HasPrefix(field, place) {
			return field
		}
	}
	return "body." + field
}

// send writes the problem, which cause led to.
func (p *Problem) send(w http.ResponseWriter, cause error) {
	x := Of(w)
	x.Fail(cause)
	p.complete(x.RequestID())
	h := w.Header()
	p.setHeaders(h)
	h["Content-Type"] = problemType
	NoStore(h)
	Inert(h)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller has gone
}

func (p *Problem) complete(requestID string) {
	p.Type = "about:blank"
	p.Title = http.StatusText(p.Status)
	p.RequestID = requestID
}

// setHeaders sets the headers that a status asks for, unless the door has.
func (p *Problem) setHeaders(h http.Header) {
	switch p.Status {
	case http.StatusUnauthorized: // RFC 9110 §15.5.2
		if h.Get("WWW-Authenticate") == "" {
			h.Set("WWW-Authenticate", "Bearer")
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", "1")
		}
	}
}

// Error returns the detail; with GetStatus it makes a problem an error that huma can send.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType replaces the negotiated type of an answer.
func (p *Problem) ContentType(string) string { return problemType[0] }
