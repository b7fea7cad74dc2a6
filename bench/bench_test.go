package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestFloorAnswersThreeHundredBytes(t *testing.T) {
	answer := httptest.NewRecorder()
	floorHandler().ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
	if answer.Code != http.StatusOK || answer.Body.Len() != 300 {
		t.Fatalf("got %d with %d bytes", answer.Code, answer.Body.Len())
	}
}

func TestLimitIssuesTokensThatItVerifies(t *testing.T) {
	for _, alg := range []string{"ES256", "EdDSA"} {
		key, err := newLimitKey(alg)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(limitHandler(key))
		defer server.Close()
		h := &house{process: &process{url: server.URL}}
		token, err := h.token(t.Context(), request{authorization: basic(limitClient, limitSecret), body: tokenForm("es256:use")})
		if err != nil {
			t.Fatal(alg, err)
		}
		show := load{
			server: h.process, path: "/oauth2/introspect", expect: `"active":true`, probe: request{authorization: "Basic eA==", body: "token=" + token},
		}
		if err := show.check(); err != nil {
			t.Error(alg, err)
		}
		show.probe.body = "token=" + strings.Replace(token, ".", "x.", 1)
		if show.check() == nil {
			t.Error(alg, "accepts a token that was altered")
		}
	}
}

func TestLimitRefusesAWrongSecret(t *testing.T) {
	key, err := newLimitKey("ES256")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(limitHandler(key))
	defer server.Close()
	h := &house{process: &process{url: server.URL}}
	if _, err := h.token(t.Context(), request{authorization: basic(limitClient, "wrong"), body: tokenForm("es256:use")}); err == nil {
		t.Fatal("got a token")
	}
}

func TestResultWithErrorsDoesNotCount(t *testing.T) {
	good := result{Requests: 10, Microseconds: 1}
	if why := good.invalid(); why != "" {
		t.Error("a clean result is invalid:", why)
	}
	for _, bad := range []result{{}, {Requests: 10, Wrong: 1}, {Requests: 10, Timeout: 1}, {Requests: 10, Exhausted: 1}} {
		if bad.invalid() == "" {
			t.Errorf("%+v counts", bad)
		}
	}
}

func TestRatioIsTheMedianOfTheRoundsRatios(t *testing.T) {
	r := &report{}
	for round, rates := range [][2]float64{{100, 80}, {50, 45}, {10, 1}} { // a spoiled round moves neither
		r.Cells = append(r.Cells,
			cell{Row: "floor", Concurrency: barLevel, Round: round + 1, Rate: rates[0]},
			cell{Row: "us", Against: "floor", Concurrency: barLevel, Round: round + 1, Rate: rates[1]})
	}
	r.compare([]row{{name: "floor"}, {name: "us", against: "floor", bar: 0.75, aim: 0.90}})
	if len(r.Bars) != 1 || r.Bars[0].Reached != 0.8 || !r.Bars[0].Passed || r.missed() {
		t.Fatalf("got %+v", r.Bars)
	}
	r.Cells[3].Invalid = "socket errors"
	if r.compare([]row{{name: "us", against: "floor", bar: 0.75}}); r.Bars[1].Passed || !r.missed() {
		t.Fatalf("an invalid cell passes: %+v", r.Bars[1])
	}
}

func TestOnlyKeepsWhatARowIsComparedWith(t *testing.T) {
	all := []row{{name: "floor"}, {name: "token handle", against: "floor"}, {name: "limit"}, {name: "token JWT", against: "limit"}}
	rows := options{only: regexp.MustCompile("JWT")}.selected(all)
	if len(rows) != 2 || rows[0].name != "limit" || rows[1].name != "token JWT" {
		t.Fatalf("got %v", rows)
	}
}
