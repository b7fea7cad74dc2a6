package housetest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Heard is one event of a stream.
type Heard struct {
	ID, Kind string
	Data     O
}

// Listener reads an event stream.
type Listener struct {
	t        testing.TB
	Response *http.Response
	lines    *bufio.Scanner
}

// Listen opens a stream of the ledger, which must begin with its position.
func Listen(t testing.TB, r *http.Request) (*Listener, Heard) {
	t.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
	t.Cleanup(cancel)
	response, err := http.DefaultClient.Do(r.WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" ||
		response.Header.Get("X-Accel-Buffering") != "no" || response.Header.Get("Cache-Control") != "no-store, no-transform" {
		t.Fatalf("%d %v", response.StatusCode, response.Header)
	}
	l := &Listener{t, response, bufio.NewScanner(response.Body)}
	l.lines.Buffer(nil, 1<<20)
	first, ok := l.Next()
	if !ok || first.Kind != "start" || first.ID != fmt.Sprint(first.Data["after"]) {
		t.Fatalf("it begins with %v", first)
	}
	return l, first
}

// Next waits for an event; without one the stream is over.
func (l *Listener) Next() (e Heard, ok bool) {
	l.t.Helper()
	for l.lines.Scan() {
		name, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch {
		case name == "" && e.Kind != "":
			return e, true
		case name == "id":
			e.ID = value
		case name == "event":
			e.Kind = value
		case name == "data":
			if err := json.Unmarshal([]byte(value), &e.Data); err != nil {
				l.t.Fatal(err)
			}
		}
	}
	return e, false
}

// Ends fails the test unless the next thing to come, past events, is that end.
func (l *Listener) Ends(code string) {
	l.t.Helper()
	for {
		e, ok := l.Next()
		if !ok {
			l.t.Fatal("it broke off without a word")
		}
		if e.Kind == "ledger" {
			continue
		}
		if e.Kind != "end" || e.Data["code"] != code || e.Data["detail"] == "" {
			l.t.Errorf("it ends with %v, want %s", e, code)
		}
		if more, ok := l.Next(); ok {
			l.t.Errorf("after its end comes %v", more)
		}
		return
	}
}
