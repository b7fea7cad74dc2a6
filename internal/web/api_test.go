package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/fault"
)

type thing struct {
	Name  string `json:"name" minLength:"1"`
	Count int    `json:"count,omitempty"`
}

// newTestAPI returns a server with one operation that echoes its body, and fails with *failure when it is set.
func newTestAPI(t *testing.T, out io.Writer, failure *error) http.Handler {
	t.Helper()
	s := newTestSite(t, out)
	mux := s.Mux()
	api := NewAPI(mux, "/api/v1", APIConfig("Test", "1"))
	type output struct{ Body thing }
	huma.Register(api, huma.Operation{OperationID: "make", Method: "POST", Path: "/things"},
		func(ctx context.Context, in *struct{ Body thing }) (*output, error) {
			From(ctx).ClientID = somebody
			if *failure != nil {
				return nil, *failure
			}
			return &output{in.Body}, nil
		})
	huma.Register(api, huma.Operation{OperationID: "list", Method: "GET", Path: "/things"},
		func(_ context.Context, in *struct{ PageQuery }) (*struct{ Body Page[thing] }, error) {
			return &struct{ Body Page[thing] }{Cut(make([]thing, in.Limit), 200, func(x thing) thing { return x }, nil)}, nil
		})
	return s.Wrap(mux)
}

func call(h http.Handler, method, path, contentType, body string) (*httptest.ResponseRecorder, Problem) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("X-Forwarded-Host", "evil.example")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var p Problem
	_ = json.Unmarshal(w.Body.Bytes(), &p)
	return w, p
}

func TestAPIRefusesBadRequestsAsProblems(t *testing.T) {
	var none error
	h := newTestAPI(t, io.Discard, &none)
	const asJSON = "application/json"
	for name, c := range map[string]struct {
		path, contentType, body string
		status                  int
		location                string
	}{
		"unknown member":       {"/api/v1/things", asJSON, `{"name":"s3cr3t","nam_e":"y"}`, 422, "body.nam_e"},
		"member in capitals":   {"/api/v1/things", asJSON, `{"name":"s3cr3t","NAME":"y"}`, 422, "body.NAME"},
		"only in capitals":     {"/api/v1/things", asJSON, `{"Name":"s3cr3t"}`, 422, "body"},
		"duplicate member":     {"/api/v1/things", asJSON, `{"name":"s3cr3t","name":"y"}`, 400, "body"},
		"wrong type":           {"/api/v1/things", asJSON, `{"name":7}`, 422, "body.name"},
		"not JSON":             {"/api/v1/things", asJSON, `{"name":"s3cr3t"`, 400, "body"},
		"trailing data":        {"/api/v1/things", asJSON, `{"name":"s3cr3t"}]`, 400, "body"},
		"byte order mark":      {"/api/v1/things", asJSON, "\xef\xbb\xbf{}", 400, "body"},
		"deep nesting":         {"/api/v1/things", asJSON, strings.Repeat("[", 10_000), 400, "body"},
		"number out of range":  {"/api/v1/things", asJSON, `{"name":"s3cr3t","count":1e400}`, 400, "body"},
		"no body":              {"/api/v1/things", asJSON, "", 400, ""},
		"no content type":      {"/api/v1/things", "", `{"name":"x"}`, 415, ""},
		"form":                 {"/api/v1/things", "application/x-www-form-urlencoded", "name=x", 415, ""},
		"look-alike type":      {"/api/v1/things", "text/evil+json", `{"name":"x"}`, 415, ""},
		"too long":             {"/api/v1/things", asJSON, `{"name":"` + strings.Repeat("x", BodyLimit) + `"}`, 413, ""},
		"unknown parameter":    {"/api/v1/things?x=1", asJSON, `{"name":"x"}`, 422, "query.x"},
		"parameter twice":      {"/api/v1/things?x=1&x=2", asJSON, `{"name":"x"}`, 422, "query.x"},
		"unreadable parameter": {"/api/v1/things?x=%zz", asJSON, `{"name":"x"}`, 422, "query."},
	} {
		w, p := call(h, "POST", c.path, c.contentType, c.body)
		found := c.location == ""
		for _, d := range p.Errors {
			found = found || d.Location == c.location
		}
		if w.Code != c.status || !found || p.RequestID == "" || p.Type != "about:blank" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s (%s)", name, w.Code, w.Body, w.Header().Get("Content-Type"))
		}
		if strings.Contains(w.Body.String(), "s3cr3t") {
			t.Errorf("%s: repeats what may be a secret: %s", name, w.Body)
		}
	}
}

func TestAPITakesABodyOfExactlyTheLimit(t *testing.T) {
	var none error
	h := newTestAPI(t, io.Discard, &none)
	body := `{"name":"` + strings.Repeat("x", BodyLimit-11) + `"}`
	if w, p := call(h, "POST", "/api/v1/things", "application/json; charset=utf-8", body); len(body) != BodyLimit || w.Code != 200 {
		t.Errorf("%d bytes: %d %+v", len(body), w.Code, p)
	}
}

func TestOperationsReturnFaultsAsTheyAre(t *testing.T) {
	var out bytes.Buffer
	var failure error
	h := newTestAPI(t, &out, &failure)
	for _, kind := range fault.Kinds() {
		failure = fault.Wrap(kind, errors.New("inner cause"), "shown text")
		w, p := call(h, "POST", "/api/v1/things", "application/json", `{"name":"x"}`)
		if w.Code != statuses[kind] || p.Status != w.Code || p.RequestID == "" || strings.Contains(w.Body.String(), "inner cause") {
			t.Errorf("%s: %d %s", kind, w.Code, w.Body)
		}
		if (kind == fault.Unavailable || kind == fault.Exhausted) != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%s: Retry-After %q", kind, w.Header().Get("Retry-After"))
		}
	}
	failure = fault.On("name", "is taken")
	if _, p := call(h, "POST", "/api/v1/things", "application/json", `{"name":"x"}`); len(p.Errors) != 1 || p.Errors[0] != (Detail{"body.name", "is taken"}) {
		t.Errorf("%+v", p)
	}
}

func TestAPIAnswersAreInertAndNamedByUs(t *testing.T) {
	var none error
	h := newTestAPI(t, io.Discard, &none)
	w, _ := call(h, "POST", "/api/v1/things", "application/json", `{"name":"<b>"}`)
	if w.Body.String() != `{"name":"<b>"}`+"\n" {
		t.Errorf("body %s", w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Link": "",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, path := range []string{"/docs", "/api/v1/docs", "/openapi.json", "/api/v1/openapi.json", "/schemas/Thing.json", "/api/v1/schemas/Thing.json"} {
		if w, _ := call(h, "GET", path, "", ""); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestListsTakeALimitOf1To200(t *testing.T) {
	var none error
	h := newTestAPI(t, io.Discard, &none)
	for query, want := range map[string]int{"": 50, "?limit=1": 1, "?limit=200": 200, "?limit=0": -1, "?limit=201": -1, "?limit=-5": -1, "?limit=ten": -1} {
		w, _ := call(h, "GET", "/api/v1/things"+query, "", "")
		var page Page[thing]
		_ = json.Unmarshal(w.Body.Bytes(), &page)
		if want < 0 && w.Code != 422 || want >= 0 && (w.Code != 200 || len(page.Items) != want) {
			t.Errorf("%q: %d with %d items, want %d", query, w.Code, len(page.Items), want)
		}
	}
}
