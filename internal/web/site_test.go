package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func newTestSite(t testing.TB, out io.Writer) *Site {
	log := OpenLog(out, slog.LevelInfo)
	t.Cleanup(func() { log.Close() })
	return NewSite(Options{Log: log, Metrics: NewMetrics()})
}

// records closes the log and returns its lines.
func records(t *testing.T, s *Site, out *bytes.Buffer) []map[string]any {
	t.Helper()
	s.log.Close()
	var all []map[string]any
	for line := range strings.Lines(out.String()) {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		all = append(all, one)
	}
	return all
}

func TestOneRecordPerRequestNamesTheRouteNotThePath(t *testing.T) {
	var out bytes.Buffer
	s := newTestSite(t, &out)
	mux := s.Mux()
	mux.HandleFunc("GET /things/{id}", func(w http.ResponseWriter, r *http.Request) {
		x := Of(w)
		x.Environment, x.ClientID, x.Reason = somewhere, somebody, "why"
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "hello")
	})
	server := httptest.NewServer(s.Wrap(mux))
	defer server.Close()
	request, _ := http.NewRequest("GET", server.URL+"/things/s3cr3t?token=s3cr3t", nil)
	request.Header.Set("X-Request-Id", "s3cr3t")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	server.Close()
	all := records(t, s, &out)
	if len(all) != 1 {
		t.Fatalf("%d records", len(all))
	}
	for key, want := range map[string]any{
		"level": "INFO", "msg": "request", "method": "GET", "route": "GET /things/{id}", "status": 202.0, "bytes": 5.0,
		"remote": "127.0.0.1", "environment": somewhere.ID.String(), "client_id": somebody.String(), "reason": "why",
	} {
		if all[0][key] != want {
			t.Errorf("%s = %v, want %v", key, all[0][key], want)
		}
	}
	if strings.Contains(out.String(), "s3cr3t") {
		t.Errorf("the log holds what the caller sent: %s", out.String())
	}
}

func TestRequestIDsAreOursAndDiffer(t *testing.T) {
	s := newTestSite(t, io.Discard)
	var ids []string
	h := s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { ids = append(ids, Of(w).RequestID()) }))
	for range 2 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	if len(ids) != 2 || ids[0] == ids[1] || len(ids[0]) < 10 || ids[0][:idPrefix] != ids[1][:idPrefix] {
		t.Errorf("ids %q", ids)
	}
}

func TestPanicIsAnsweredCountedAndToldOnlyToTheLog(t *testing.T) {
	var out bytes.Buffer
	s := newTestSite(t, &out)
	mux := s.Mux()
	mux.HandleFunc("GET /", func(http.ResponseWriter, *http.Request) { panic("the pepper is 1234") })
	w := httptest.NewRecorder()
	s.Wrap(mux).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 || w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "1234") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if got := testutil.ToFloat64(s.metrics.panics); got != 1 {
		t.Errorf("panics = %v", got)
	}
	all := records(t, s, &out)
	if len(all) != 3 || all[0]["msg"] != "panic" || all[0]["error"] != "the pepper is 1234" || !strings.Contains(all[0]["stack"].(string), "site_test.go") {
		t.Fatalf("log: %v", all)
	}
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.RequestID != all[0]["request_id"] {
		t.Errorf("problem %+v, %v; log %v", p, err, all[0]["request_id"])
	}
	if last := all[len(all)-1]; last["msg"] != "request" || last["status"] != 500.0 || last["level"] != "ERROR" || last["reason"] != "panic" {
		t.Errorf("record %v", last)
	}
}

func TestPanicInMidAnswerCutsTheConnection(t *testing.T) {
	s := newTestSite(t, io.Discard)
	server := httptest.NewServer(s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"half":`)
		_ = http.NewResponseController(w).Flush() // reaches the server's writer through Unwrap
		panic("oops")
	})))
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %q, %v: half an answer looks like a whole one", body, err)
	}
}

func TestInternalErrorsGoToTheLogWithTheirCause(t *testing.T) {
	var out bytes.Buffer
	s := newTestSite(t, &out)
	w := httptest.NewRecorder()
	s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		WriteProblem(w, fault.Wrap(fault.Internal, errors.New("disk 7 is on fire"), "not for you"))
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if strings.Contains(w.Body.String(), "fire") || strings.Contains(w.Body.String(), "not for you") {
		t.Errorf("the cause left the process: %s", w.Body)
	}
	if all := records(t, s, &out); len(all) != 2 || !strings.Contains(all[0]["error"].(string), "disk 7 is on fire") {
		t.Errorf("log: %v", all)
	}
}

func TestRequestsAreCountedByRouteAndClass(t *testing.T) {
	s := newTestSite(t, io.Discard)
	mux := s.Mux()
	mux.HandleFunc("GET /found", func(http.ResponseWriter, *http.Request) {})
	h := s.Wrap(mux)
	for _, path := range []string{"/found", "/found", "/lost-1", "/lost-2"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	count := func(route, class string) float64 {
		return testutil.ToFloat64(s.metrics.requests.WithLabelValues(route, class))
	}
	if count("GET /found", "2xx") != 2 || count("/", "4xx")+count("unmatched", "4xx") != 2 {
		t.Errorf("found %v, unmatched %v", count("GET /found", "2xx"), count("unmatched", "4xx"))
	}
	w := httptest.NewRecorder()
	s.metrics.Gauge("test_gauge", "A test.", func() float64 { return 42 })
	s.metrics.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`counterfoil_http_requests_total{route="GET /found",status="2xx"} 2`, `counterfoil_http_request_duration_seconds_count{route="GET /found"} 2`,
		"counterfoil_test_gauge 42", "counterfoil_log_records_dropped_total 0", "counterfoil_http_requests_in_flight 0", "go_goroutines", "process_cpu_seconds_total",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("/metrics lacks %q", want)
		}
	}
}

func TestMuxAnswersWithProblems(t *testing.T) {
	s := newTestSite(t, io.Discard)
	mux := s.Mux()
	mux.HandleFunc("POST /oauth2/token", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /things/{id}", func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"POST", "/oauth2/token", 200, ""},
		{"GET", "/oauth2/token", 405, "POST"},
		{"BREW", "/things/7", 405, "GET, HEAD"},
		{"GET", "/nowhere", 404, ""},
		{"GET", "/", 404, ""},
		{"POST", "//oauth2/token", 404, ""},
		{"POST", "/x/../oauth2/token", 404, ""},
		{"POST", "/oauth2/./token", 404, ""},
		{"GET", "/things/%2e%2e", 404, ""},
	} {
		w := httptest.NewRecorder()
		s.Wrap(mux).ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.status || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q; want %d, %q", c.method, c.path, w.Code, w.Header().Get("Allow"), c.status, c.allow)
		}
		if c.status != 200 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %s", c.method, c.path, w.Header().Get("Content-Type"))
		}
	}
}

func TestPooledExchangeForgetsTheRequestBefore(t *testing.T) {
	var out bytes.Buffer
	s := newTestSite(t, &out)
	first := true
	h := s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if first {
			x := Of(w)
			x.Environment, x.ClientID, x.Reason = somewhere, somebody, "r"
			w.WriteHeader(http.StatusTeapot)
		}
		first = false
	}))
	for range 50 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	for _, one := range records(t, s, &out)[1:] {
		if one["client_id"] != nil || one["environment"] != nil || one["reason"] != nil || one["status"] != 200.0 {
			t.Fatalf("left over: %v", one)
		}
	}
}

// bare is a ResponseWriter that does nothing, so that the benchmark measures the site alone.
type bare struct{ header http.Header }

func (b *bare) Header() http.Header         { return b.header }
func (b *bare) Write(p []byte) (int, error) { return len(p), nil }
func (b *bare) WriteHeader(int)             {}

func BenchmarkSiteAroundARequest(b *testing.B) {
	s := newTestSite(b, io.Discard)
	route := s.metrics.route("POST /oauth2/token")
	body := make([]byte, 300)
	h := s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		x := Of(w)
		x.route = route
		x.Environment, x.ClientID = somewhere, somebody
		w.WriteHeader(200)
		_, _ = w.Write(body)
	}))
	r := httptest.NewRequest("POST", "/oauth2/token", nil)
	w := &bare{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

func BenchmarkRequestRecord(b *testing.B) {
	s := newTestSite(b, io.Discard)
	x := exchangeFor(s, "", 200)
	b.ReportAllocs()
	for b.Loop() {
		s.log.append(appendRecord(x.record[:0], x, "POST", time.Millisecond), false)
	}
}
