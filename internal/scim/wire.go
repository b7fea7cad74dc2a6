package scim

import (
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Base is where the door stands in every environment.
const Base = "/scim/v2"

const (
	mediaType = "application/scim+json"
	// bodyMost is the longest request, in bytes, which is also what a bulk request may have.
	bodyMost = web.BodyLimit
)

type object = map[string]any

// answer is what a request or an operation of a bulk request comes to.
type answer struct {
	status   int
	location string
	alias    bool   // the resource was asked for by another path than its own
	version  string // the entity tag, which is also meta.version
	body     any    // nil: none
}

// send writes a JSON body in the protocol's media type.
func send(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h["Content-Type"] = []string{mediaType}
	web.NoStore(h)
	web.Inert(h)
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(body) // the caller has gone
}

func (a *answer) send(w http.ResponseWriter) {
	h := w.Header()
	if a.location != "" {
		if a.status != http.StatusCreated {
			h.Set("Content-Location", a.location)
		}
		if a.status == http.StatusCreated || a.alias { // RFC 7644 §3.3, §3.11
			h.Set("Location", a.location)
		}
	}
	if a.version != "" {
		h["ETag"] = []string{a.version}
	}
	if a.body == nil {
		web.NoStore(h)
		web.Inert(h)
		w.WriteHeader(a.status)
		return
	}
	send(w, a.status, a.body)
}

// body reads the JSON object of a request.
func body(r *http.Request) (object, error) {
	if err := checkMedia(r); err != nil {
		return nil, err
	}
	text, err := web.ReadBody(r, nil, bodyMost)
	if err != nil {
		return nil, err
	}
	if len(text) == 0 {
		return nil, wrong(invalidSyntax, "the request has no body")
	}
	var doc object
	if err := web.Strict(text, &doc); err != nil {
		return nil, as(invalidSyntax, err)
	}
	if doc == nil {
		return nil, wrong(invalidSyntax, "the body is a JSON object")
	}
	return doc, nil
}

// checkMedia takes the protocol's media type and plain JSON, and lets a body speak for itself that says nothing.
func checkMedia(r *http.Request) error {
	given := r.Header["Content-Type"]
	if len(given) == 0 {
		return nil
	}
	kind, _, err := mime.ParseMediaType(given[0])
	if len(given) == 1 && err == nil && (kind == mediaType || kind == "application/json") {
		return nil
	}
	return &refusal{error: fault.New(fault.Invalid, "the body is sent as %s or application/json", mediaType), status: http.StatusUnsupportedMediaType}
}

// version returns the entity tag of a row's version. It is weak: what an answer shows of a resource differs with who asks,
// and for what.
func version(row int64) string { return `W/"` + strconv.FormatInt(row, 10) + `"` }

var errStale = fault.New(fault.Stale, "the resource has changed since you read it: read it again, then decide")

// checkMatch decides a change by its If-Match header (RFC 7644 §3.14), whose tags are weak here.
func checkMatch(header, version string) error {
	if header = strings.TrimSpace(header); header == "" || web.NoneMatch(header, version) {
		return nil
	}
	return errStale
}

// members returns those of a message, by their names in lower case.
func members(doc object) object {
	lower := make(object, len(doc))
	for name, value := range doc {
		lower[strings.ToLower(name)] = value
	}
	return lower
}
