package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestEveryKindOfFaultIsAProblem(t *testing.T) {
	if len(statuses) != len(fault.Kinds()) {
		t.Errorf("%d statuses for %d kinds", len(statuses), len(fault.Kinds()))
	}
	for _, kind := range fault.Kinds() {
		w := httptest.NewRecorder()
		WriteProblem(w, fault.Wrap(kind, errors.New("inner cause"), "shown text"))
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if w.Code < 400 || p.Status != w.Code || p.Title != http.StatusText(w.Code) || p.Type != "about:blank" {
			t.Errorf("%s: %d %+v", kind, w.Code, p)
		}
		if strings.Contains(w.Body.String(), "inner cause") {
			t.Errorf("%s: the cause is shown: %s", kind, w.Body)
		}
		if want := map[bool]string{true: internalDetail, false: "shown text"}[kind == fault.Internal]; p.Detail != want {
			t.Errorf("%s: detail %q", kind, p.Detail)
		}
		h := w.Header()
		if h.Get("Content-Type") != "application/problem+json" || h.Get("Cache-Control") != "no-store" || h.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: headers %v", kind, h)
		}
		if (w.Code == 429 || w.Code == 503) != (h.Get("Retry-After") != "") || (w.Code == 401) != (h.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: headers %v", kind, h)
		}
	}
}

func TestUnknownErrorsAreInternal(t *testing.T) {
	w := httptest.NewRecorder()
	WriteProblem(w, errors.New("sql: connection refused"))
	if w.Code != 500 || strings.Contains(w.Body.String(), "sql") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestHeadersOfTheDoorAreKept(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	WriteProblem(w, fault.New(fault.Unauthenticated, "no"))
	if got := w.Header().Get("WWW-Authenticate"); got != `Bearer error="invalid_token"` {
		t.Error(got)
	}
}

func TestFieldsNameTheirPlace(t *testing.T) {
	for field, want := range map[string]string{"name": "body.name", "query.limit": "query.limit", "scopes[0]": "body.scopes[0]"} {
		if p := problemOf(fault.On(field, "bad")); len(p.Errors) != 1 || p.Errors[0] != (Detail{want, "bad"}) {
			t.Errorf("%s: %+v", field, p.Errors)
		}
	}
}

func TestBodiesAreReadUpToTheirLimitWithoutAllocation(t *testing.T) {
	buffer := make([]byte, 0, 64)
	for size, fits := range map[int]bool{0: true, 10: true, 31: true, 32: true, 33: false, 5000: false} {
		for _, declared := range []bool{true, false} {
			r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", size)))
			if !declared {
				r.ContentLength = -1
			}
			got, err := ReadBody(r, buffer, 32)
			if fits && (err != nil || len(got) != size) || !fits && !fault.Is(err, fault.TooLarge) {
				t.Errorf("%d bytes, declared %v: read %d, %v", size, declared, len(got), err)
			}
		}
	}
	body := strings.NewReader("")
	r := httptest.NewRequest("POST", "/", nil)
	r.Body, r.ContentLength = http.NoBody, -1
	if n := testing.AllocsPerRun(100, func() {
		body.Reset("grant_type=client_credentials")
		_, _ = ReadBody(r, buffer, 32)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestContentTypeIsComparedWithoutItsParameters(t *testing.T) {
	for given, fits := range map[string]bool{
		"application/json": true, "Application/JSON; charset=utf-8": true, "application/json;": true, "": false,
		"text/plain": false, "application/jsonp": false, "text/evil+json": false, "application/json, text/plain": false,
	} {
		r := httptest.NewRequest("POST", "/", nil)
		if given != "" {
			r.Header.Set("Content-Type", given)
		}
		if err := CheckContentType(r, "application/json"); (err == nil) != fits {
			t.Errorf("%q: %v", given, err)
		}
	}
	r := httptest.NewRequest("POST", "/", nil)
	r.Header["Content-Type"] = []string{"application/json", "text/plain"}
	if CheckContentType(r, "application/json") == nil {
		t.Error("two content types pass")
	}
}
