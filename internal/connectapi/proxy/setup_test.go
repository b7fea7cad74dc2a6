package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

type o = housetest.O

// far is somebody else's system: it gives tokens, and its API answers as the test says.
type far struct {
	*httptest.Server
	mu     sync.Mutex
	tokens int
	seen   []*http.Request
	bodies []string
	answer http.HandlerFunc
}

func serve(t *testing.T) *far {
	t.Helper()
	f := &far{}
	f.Server = httptest.NewServer(http.HandlerFunc(f.handle))
	t.Cleanup(f.Close)
	return f
}

func (f *far) handle(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		f.mu.Lock()
		f.tokens++
		n := f.tokens
		f.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"far-%d","token_type":"Bearer","expires_in":3600}`, n)
		return
	}
	f.mu.Lock()
	answer := f.answer
	f.mu.Unlock()
	if answer == nil {
		body, _ := io.ReadAll(r.Body)
		f.note(r, string(body))
		_, _ = io.WriteString(w, "hello")
		return
	}
	answer(w, r)
}

func (f *far) note(r *http.Request, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen, f.bodies = append(f.seen, r.Clone(r.Context())), append(f.bodies, body)
}

// says lets the API answer with that, after what it got is noted.
func (f *far) says(answer http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen, f.bodies = nil, nil
	f.answer = func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.note(r, string(body))
		answer(w, r)
	}
}

// got returns what the API was asked since the last says.
func (f *far) got() []*http.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]*http.Request{}, f.seen...)
}

// house is a house with a connection to far.
type house struct {
	*housetest.House
	far        *far
	connection string
	token      string
}

func start(t *testing.T, providerName string, settings o) *house {
	t.Helper()
	f := serve(t)
	folder, err := filepath.Abs("testdata/providers")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{House: housetest.StartWith(t, "--connect-providers", folder, "--egress-allow", u.Host), far: f}
	body := o{"provider": providerName, "name": "far"}
	for name, value := range settings {
		body[name] = value
	}
	housetest.Expect(t, h.Call("POST", "/connect/connectors", body), http.StatusCreated)
	values := o{"base_url": f.URL, "client_id": "tenant-7", "client_secret": "far s3cret"}
	if providerName == "key" {
		values = o{"base_url": f.URL, "key": "the key of far"}
	}
	h.connection = housetest.Expect(t, h.Call("POST", "/connect/connections", o{"connector": "far", "values": values}), http.StatusCreated).String("id")
	h.token = h.Limited("connections:use")
	return h
}

// send passes a request on.
func (h *house) send(method, path string, body io.Reader, headers ...string) *housetest.Answer {
	h.T.Helper()
	r := h.Request(method, "/connect/proxy"+path, body, append([]string{"Counterfoil-Connection", h.connection, "Authorization", "Bearer " + h.token}, headers...)...)
	return h.Send(r)
}

func text(s string) io.Reader { return strings.NewReader(s) }
