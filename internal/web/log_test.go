package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/register"
)

// stuck is an output that takes nothing until it is opened.
type stuck struct {
	open chan struct{}
	seen chan struct{} // closed by the first write

	once sync.Once
	mu   sync.Mutex
	bytes.Buffer
}

func newStuck() *stuck { return &stuck{open: make(chan struct{}), seen: make(chan struct{})} }

func (s *stuck) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.seen) })
	<-s.open
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.Write(p)
}

// asSlog returns the record that slog writes for the same exchange.
func asSlog(t *testing.T, x *Exchange, method string, took time.Duration) string {
	t.Helper()
	var out bytes.Buffer
	level := slog.LevelInfo
	if x.status == http.StatusInternalServerError {
		level = slog.LevelError
	}
	r := slog.NewRecord(x.began.Add(took).UTC(), level, "request", 0)
	r.Add("request_id", x.RequestID(), "method", cut(method), "route", x.route.name, "status", x.status,
		"bytes", x.bytes, "duration_us", took.Microseconds(), "remote", x.remote.String())
	for _, a := range []slog.Attr{
		slog.String("environment", idText(x.Environment.ID)), slog.String("client_id", idText(x.ClientID)), slog.String("reason", cut(x.Reason)),
	} {
		if a.Value.String() != "" {
			r.AddAttrs(a)
		}
	}
	if err := slog.NewJSONHandler(&out, nil).Handle(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func idText(id uuid.UUID) string {
	if id == (uuid.UUID{}) {
		return ""
	}
	return id.String()
}

// somewhere and somebody are the environment and the client that requests of these tests are about.
var (
	somewhere = &register.Environment{Environment: environment.Environment{ID: uuid.MustParse("0195f3a2-7c1e-4d4a-9f10-2b6c8e5d4a31")}}
	somebody  = uuid.MustParse("0195f3a2-7c1e-4d4a-9f10-2b6c8e5d4a32")
)

func exchangeFor(s *Site, reason string, status int) *Exchange {
	return &Exchange{
		Environment: somewhere, ClientID: somebody, Reason: reason,
		site: s, route: s.metrics.route(`POST /oauth2/token "quoted"`), began: time.Date(2026, 3, 4, 5, 6, 7, 80_900, time.UTC),
		remote: netip.MustParseAddr("2001:db8::7"), number: 123456, status: status, bytes: 321,
	}
}

var hostile = []string{
	"", "plain", `quote " and \ backslash`, "line\nbreak\r\t\b\f", "\x00\x01\x1f\x7f", "<script>&amp;", "snow ☃ 𝄞",
	"broken \xff\xfe utf8 \xe2\x82", "\u2028\u2029\ufffd", strings.Repeat("é", 100), strings.Repeat("x", 100), "\",\"level\":\"ERROR\",\"msg\":\"forged",
}

func TestRequestRecordIsWhatSlogWouldWrite(t *testing.T) {
	s := newTestSite(t, io.Discard)
	for _, text := range hostile {
		for _, status := range []int{200, 404, 500, 503} {
			x := exchangeFor(s, text, status)
			got := string(appendRecord(nil, x, text, 1234567*time.Nanosecond))
			if strings.Contains(got, strings.Repeat("x", textLimit+1)) {
				t.Errorf("the log takes more than %d bytes of a caller's text: %s", textLimit, got)
			}
			if diff := cmp.Diff(asSlog(t, x, text, 1234567*time.Nanosecond), got); diff != "" {
				t.Errorf("text %q, status %d:\n%s", text, status, diff)
			}
		}
	}
}

func FuzzRequestRecordIsOneLineOfJSON(f *testing.F) {
	for _, text := range hostile {
		f.Add(text, text)
	}
	s := newTestSite(f, io.Discard)
	f.Fuzz(func(t *testing.T, method, reason string) {
		x := exchangeFor(s, reason, 401)
		line := appendRecord(nil, x, method, time.Second)
		if want := asSlogFuzz(t, x, method); string(line) != want {
			t.Errorf("got  %swant %s", line, want)
		}
		if !json.Valid(line) || bytes.Count(line, []byte("\n")) != 1 {
			t.Errorf("not one line of JSON: %q", line)
		}
	})
}

func asSlogFuzz(t *testing.T, x *Exchange, method string) string {
	return asSlog(t, x, method, time.Second)
}

func TestInfoRecordsAreDroppedAndCountedWhileTheOutputIsStuck(t *testing.T) {
	out := newStuck()
	log := OpenLog(out, slog.LevelInfo)
	logger := slog.New(log.Handler())
	logger.Info("first")
	<-out.seen // the writer is stuck in its first batch
	line := strings.Repeat("x", 1000)
	const sent = 3000
	for range sent {
		logger.Info(line)
	}
	logger.Warn("kept warning")
	logger.Error("kept error")
	close(out.open)
	log.Close()
	written := strings.Count(out.String(), line)
	if dropped := int(log.Dropped()); dropped == 0 || written+dropped != sent {
		t.Errorf("%d written + %d dropped, want %d together and some dropped", written, dropped, sent)
	}
	for _, want := range []string{"first", "kept warning", "kept error"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q was lost", want)
		}
	}
}

func TestWarningsWaitForRoomRatherThanGetLost(t *testing.T) {
	out := newStuck()
	log := OpenLog(out, slog.LevelInfo)
	logger := slog.New(log.Handler())
	line := strings.Repeat("x", 64<<10)
	const sent = 200 // three times what may be pending
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for range sent {
			logger.Warn(line)
		}
	}()
	<-out.seen
	select {
	case <-finished:
		t.Error("everything fits into the memory of a log whose output is stuck")
	case <-time.After(200 * time.Millisecond): // only a broken log is fast enough to be caught
	}
	close(out.open)
	<-finished
	log.Close()
	if got := strings.Count(out.String(), line); got != sent || log.Dropped() != 0 {
		t.Errorf("%d of %d warnings written, %d dropped", got, sent, log.Dropped())
	}
}

func TestClosedLogHasWrittenEverything(t *testing.T) {
	var out bytes.Buffer
	log := OpenLog(&out, slog.LevelInfo)
	logger := slog.New(log.Handler()).With("part", "test").WithGroup("g")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				logger.Info("record", "n", 1)
			}
		})
	}
	all.Wait()
	log.Close()
	log.Close()
	logger.Info("after the end")
	if got := strings.Count(out.String(), `"msg":"record","part":"test","g":{"n":1}}`+"\n"); got != 800 {
		t.Errorf("%d records of 800", got)
	}
	if !strings.Contains(out.String(), "after the end") {
		t.Error("a record after Close was lost")
	}
}

func TestRecordsLeaveWithoutACloseSoon(t *testing.T) {
	out := newStuck()
	close(out.open)
	log := OpenLog(out, slog.LevelInfo)
	defer log.Close()
	slog.New(log.Handler()).Info("soon")
	select {
	case <-out.seen:
	case <-time.After(5 * time.Second):
		t.Fatal("a lone record stays in the batch")
	}
}

func TestLevelBelowTheLogsIsLeftOut(t *testing.T) {
	var out bytes.Buffer
	log := OpenLog(&out, slog.LevelWarn)
	slog.New(log.Handler()).Info("info")
	log.Close()
	if out.Len() != 0 {
		t.Errorf("wrote %s", out.String())
	}
}
