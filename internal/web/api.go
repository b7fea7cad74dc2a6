package web

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// huma takes these two only for the whole process, so they are set once, before any API is made: errors become
// [Problem], and a member in other letters ("Name" for "name") is an unknown one.
func init() {
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return humaProblem(status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		p := humaProblem(status, message, errs)
		_, w := humago.Unwrap(ctx)
		x := Of(w)
		x.Fail(humaCause(p, errs))
		p.complete(x.RequestID())
		p.setHeaders(w.Header())
		return p
	}
}

// APIConfig returns the configuration of a JSON API as we mean it, for the door to add descriptions and security
// schemes to. It has no documentation page (huma's loads scripts from elsewhere), no $schema members (huma's
// trust X-Forwarded-Host) and takes nothing but strict JSON.
func APIConfig(title, version string) huma.Config {
	c := huma.DefaultConfig(title, version)
	c.CreateHooks = nil
	c.DocsPath, c.OpenAPIPath, c.SchemasPath = "", "", ""
	format := huma.Format{Marshal: marshal, Unmarshal: Strict}
	c.Formats = map[string]huma.Format{"application/json": format, "json": format} // "json": the end of problem+json
	c.RejectUnknownQueryParameters = true
	c.OnAddOperation = append(c.OnAddOperation, func(_ *huma.OpenAPI, op *huma.Operation) {
		if op.RequestBody != nil {
			op.MaxBodyBytes = BodyLimit + 1 // huma refuses what reaches its limit
		}
	})
	return c
}

// NewAPI returns an API whose operations are registered on m under prefix. Operations return errors of the rooms
// as they are and get the exchange from their context by [From].
func NewAPI(m *Mux, prefix string, c huma.Config) huma.API {
	api := humago.NewWithPrefix(m, prefix, c)
	api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
		if r, w := humago.Unwrap(ctx); Begin(w, r) {
			next(huma.WithValue(ctx, exchangeKey{}, Of(w)))
		}
	})
	return api
}

// Begin is what comes before every operation of an API: it marks the answer as nobody's to store or to show, and refuses, with
// false, what no operation takes: a query that cannot be read (see checkQuery) and a body that is not JSON.
func Begin(w http.ResponseWriter, r *http.Request) bool {
	Of(w).accept = strings.Join(r.Header["Accept"], ",")
	delete(r.Header, "Accept") // there is one format, and what a caller accepts must not become its name
	NoStore(w.Header())
	Inert(w.Header())
	if err := checkQuery(r); err != nil {
		WriteProblem(w, err)
		return false
	}
	if r.ContentLength != 0 {
		if err := CheckContentType(r, jsonType[0]); err != nil {
			p := problemOf(err)
			p.Status = http.StatusUnsupportedMediaType
			p.send(w, err)
			return false
		}
	}
	return true
}

// checkQuery refuses what [url.URL.Query] passes over: pairs that cannot be read, and a parameter given twice,
// of which we would see one and a proxy or a log maybe the other.
func checkQuery(r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fault.On("query.", "the query cannot be read")
	}
	for name, values := range query {
		if strings.ContainsRune(values[0], 0) || !utf8.ValidString(values[0]) {
			return fault.On("query."+name, "not text")
		}
		if len(values) > 1 {
			return fault.On("query."+name, "given %d times", len(values))
		}
	}
	return nil
}

func marshal(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// humaProblem renders what huma reports: the error of an operation, which it knows only as 500, or something it
// found in the request. Values are not repeated to the caller: a body may hold a secret.
func humaProblem(status int, message string, errs []error) *Problem {
	switch status {
	case http.StatusInternalServerError:
		if len(errs) > 0 {
			return problemOf(errs[0])
		}
		message = internalDetail
	case http.StatusRequestEntityTooLarge:
		message = errTooLarge(BodyLimit).Error()
	}
	p := &Problem{Status: status, Detail: message}
	for _, err := range errs {
		if d, ok := err.(huma.ErrorDetailer); ok {
			detail := d.ErrorDetail()
			p.Errors = append(p.Errors, Detail{Location: detail.Location, Message: detail.Message})
		}
	}
	return p
}

// humaCause is what the exchange is told about a problem.
func humaCause(p *Problem, errs []error) error {
	if p.Status == http.StatusInternalServerError && len(errs) > 0 {
		return errs[0]
	}
	for kind, status := range statuses {
		if status == p.Status {
			return fault.New(kind, "%s", p.Detail)
		}
	}
	return fault.New(fault.Invalid, "%s", p.Detail)
}
