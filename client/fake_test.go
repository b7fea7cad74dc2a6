package client_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/counterfoil/counterfoil/client"
)

// fake is a server that fails in ways which the real one does only when a machine or a network breaks. It answers
// without a network, so that tests can run on synctest's clock.
type fake struct {
	mu       sync.Mutex
	handlers map[string]http.HandlerFunc
	requests []*http.Request
	bodies   []string
	tokens   int
}

func newFake() *fake {
	f := &fake{handlers: map[string]http.HandlerFunc{}}
	f.handle("POST /oauth2/token", func(w http.ResponseWriter, _ *http.Request) {
		f.tokens++
		reply(w, 200, map[string]any{"access_token": fmt.Sprintf("t%d", f.tokens), "token_type": "Bearer", "expires_in": 600, "scope": "a b"})
	})
	return f
}

func (f *fake) handle(route string, h http.HandlerFunc) { f.handlers[route] = h }

// RoundTrip implements [http.RoundTripper].
func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body := ""
	if r.Body != nil {
		text, _ := io.ReadAll(r.Body)
		body = string(text)
	}
	f.requests, f.bodies = append(f.requests, r), append(f.bodies, body)
	h := f.handlers[r.Method+" "+r.URL.EscapedPath()]
	if h == nil {
		h = func(w http.ResponseWriter, _ *http.Request) { problem(w, 404, "not found") }
	}
	w := httptest.NewRecorder()
	if err := lost(h, w, r); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// lost runs a handler and turns its panic into a broken connection.
func lost(h http.HandlerFunc, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("connection reset: %v", p)
		}
	}()
	h(w, r)
	return nil
}

// sent returns the requests to a path, in order.
func (f *fake) sent(route string) (all []*http.Request) {
	for _, r := range f.requests {
		if r.Method+" "+r.URL.EscapedPath() == route {
			all = append(all, r)
		}
	}
	return all
}

func (f *fake) client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(client.Options{
		BaseURL: "https://auth.example/", ClientID: "id:with colon", ClientSecret: client.NewSecret("se cret"),
		HTTPClient: &http.Client{Transport: f},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func problem(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"title": title, "status": status, "detail": "the detail", "request_id": "r1",
		"errors": []map[string]string{{"location": "body.name", "message": "is taken"}},
	})
}

const created = `{"client_id":"c1","name":"billing","secret":{"id":"s1","secret":"cfs_x"}}`

func write(w http.ResponseWriter, text string) { _, _ = io.Copy(w, strings.NewReader(text)) }

// failFirst fails n times by fail and then succeeds.
func failFirst(n int, fail, then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if n--; n >= 0 {
			fail(w, r)
			return
		}
		then(w, r)
	}
}

func connectionLost(http.ResponseWriter, *http.Request) { panic("lost") }

func busy(after string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after)
		problem(w, 503, "unavailable")
	}
}
