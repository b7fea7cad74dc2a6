package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestARequestGoesOutWithTheTokenOfTheConnectionAndNothingOfTheCaller(t *testing.T) {
	h := start(t, "far", nil)
	a := h.send("POST", "/v1/things?q=a%20b", text(`{"n": 1}`), "Content-Type", "application/json", "Cookie", "session=mine", "Forwarded", "for=10.0.0.1",
		"X-Forwarded-For", "10.0.0.1", "X-Real-Ip", "10.0.0.1", "Origin", "https://mine.example", "Referer", "https://mine.example/page", "Sec-Fetch-Site", "same-origin",
		"Connection", "X-Hop", "X-Hop", "1", "X-Tenant", "forged", "X-Mine", "kept", "Counterfoil-Retries", "0")
	if a.Status != http.StatusOK || a.Text != "hello" {
		t.Fatalf("%d %s", a.Status, a.Text)
	}
	r := h.far.got()[0]
	if r.Method != "POST" || r.URL.String() != "/api/v1/things?q=a%20b" || h.far.bodies[0] != `{"n": 1}` {
		t.Errorf("%s %s %s", r.Method, r.URL, h.far.bodies[0])
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer far-1", "X-Tenant": "tenant-7", "X-Mine": "kept", "Content-Type": "application/json", "Cookie": "", "Forwarded": "",
		"X-Forwarded-For": "", "X-Real-Ip": "", "Origin": "", "Referer": "", "Sec-Fetch-Site": "", "X-Hop": "", "Counterfoil-Connection": "", "Counterfoil-Retries": "",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestAKeyThatIsNoTokenIsSentAndNeverHandedOut(t *testing.T) {
	h := start(t, "key", nil)
	if a := h.send("GET", "/v1", nil); a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Text)
	}
	if r := h.far.got()[0]; r.Header.Get("X-Key") != "the key of far" || r.Header.Get("Authorization") != "" {
		t.Errorf("%v", r.Header)
	}
	if a := h.CallAs(h.token, "GET", "/api/v1/connect/connections/"+h.connection+"/token", nil); a.Status != http.StatusConflict {
		t.Errorf("a token: %d %s", a.Status, a.Text)
	}
}

func TestAnAnswerIsNoPageOfOurs(t *testing.T) {
	h := start(t, "far", nil)
	h.far.says(func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{
			"Content-Type": "text/html", "Set-Cookie": "__Host-counterfoil-session=planted; Path=/; Secure", "Service-Worker-Allowed": "/", "Clear-Site-Data": `"*"`,
			"Content-Security-Policy": "default-src *", "Access-Control-Allow-Origin": "*", "Strict-Transport-Security": "max-age=0", "Refresh": "0;url=https://evil.example",
			"Link": "</x>; rel=preload", "Www-Authenticate": "Basic", "X-Accel-Redirect": "/etc/passwd", "X-Request-Id": "theirs", "Content-Disposition": "inline",
			"Cross-Origin-Opener-Policy": "unsafe-none", "Report-To": "{}", "Cache-Control": "public, max-age=3600", "Counterfoil-Location": "forged",
		} {
			w.Header().Set(name, value)
		}
		_, _ = io.WriteString(w, "<script>alert(1)</script>")
	})
	a := h.send("GET", "/page", nil)
	for _, name := range []string{
		"Set-Cookie", "Service-Worker-Allowed", "Clear-Site-Data", "Access-Control-Allow-Origin", "Refresh", "Link", "Www-Authenticate", "X-Accel-Redirect", "Report-To",
		"Cross-Origin-Opener-Policy", "Counterfoil-Location",
	} {
		if value := a.Header.Get(name); value != "" {
			t.Errorf("%s: %s", name, value)
		}
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment", "Cache-Control": "no-store",
		"Content-Type": "text/html", "X-Request-Id": "theirs",
	} {
		if got := strings.Join(a.Header.Values(name), ","); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if strings.Contains(strings.Join(a.Header.Values("Strict-Transport-Security"), ","), "max-age=0") {
		t.Error("it takes our HSTS away")
	}
}

func TestARedirectIsToldAndNotFollowed(t *testing.T) {
	h := start(t, "far", nil)
	h.far.says(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
	})
	a := h.send("GET", "/x", nil)
	if a.Status != http.StatusFound || a.Header.Get("Location") != "" || a.Header.Get("Counterfoil-Location") != "http://169.254.169.254/latest" || len(h.far.got()) != 1 {
		t.Errorf("%d %v, %d requests", a.Status, a.Header, len(h.far.got()))
	}
}

func TestInterimAnswersAreNotPassedOn(t *testing.T) {
	h := start(t, "far", nil)
	h.far.says(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</evil.js>; rel=preload; as=script")
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(w, "done")
	})
	interim := 0
	trace := &httptrace.ClientTrace{Got1xxResponse: func(int, textproto.MIMEHeader) error { interim++; return nil }}
	r := h.Request("GET", "/connect/proxy/x", nil, "Counterfoil-Connection", h.connection, "Authorization", "Bearer "+h.token)
	if a := h.Send(r.WithContext(httptrace.WithClientTrace(r.Context(), trace))); a.Status != http.StatusOK || a.Text != "done" || interim > 0 {
		t.Errorf("%d %s, %d interim answers", a.Status, a.Text, interim)
	}
}

func TestATokenThatTheSystemRefusesIsReplacedOnce(t *testing.T) {
	h := start(t, "far", nil)
	refuse := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer far-1" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}
	h.Clock.Move(time.Minute) // a token that was just fetched is not replaced
	h.token = h.Limited("connections:use")
	h.far.says(refuse)
	if a := h.send("PUT", "/x", text("again")); a.Status != http.StatusOK || len(h.far.got()) != 2 || h.far.bodies[1] != "again" {
		t.Errorf("%d after %d requests: %v", a.Status, len(h.far.got()), h.far.bodies)
	}
	h.far.says(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	h.Clock.Move(time.Minute)
	h.token = h.Limited("connections:use")
	if a := h.send("POST", "/x", text("once")); a.Status != http.StatusUnauthorized || len(h.far.got()) != 1 {
		t.Errorf("a POST: %d after %d requests", a.Status, len(h.far.got()))
	}
}

func TestOnlyWhatCannotDoAThingTwiceIsRepeated(t *testing.T) {
	h := start(t, "far", nil)
	long := strings.Repeat("x", 64<<10+1)
	for _, c := range []struct {
		what, method, body string
		status, requests   int
		headers            []string
	}{
		{"a GET", "GET", "", 503, 3, nil},
		{"a GET with what the provider says", "GET", "", 425, 3, nil},
		{"a GET that failed for good", "GET", "", 500, 1, nil},
		{"a PUT", "PUT", "short", 503, 3, nil},
		{"a long PUT", "PUT", long, 503, 1, nil},
		{"a POST", "POST", "short", 503, 1, nil},
		{"a GET that is to be tried once", "GET", "", 503, 1, []string{"Counterfoil-Retries", "0"}},
	} {
		h.far.says(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(c.status)
		})
		a := h.send(c.method, "/x", text(c.body), c.headers...)
		if a.Status != c.status || len(h.far.got()) != c.requests {
			t.Errorf("%s: %d after %d requests, want %d", c.what, a.Status, len(h.far.got()), c.requests)
		}
		for i, body := range h.far.bodies {
			if body != c.body {
				t.Errorf("%s: the body of request %d has %d bytes", c.what, i, len(body))
			}
		}
	}
	h.far.says(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	began := time.Now()
	if a := h.send("GET", "/x", nil); a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "120" || time.Since(began) > 5*time.Second {
		t.Errorf("%d %v after %v", a.Status, a.Header, time.Since(began))
	}
}

func TestWhatMustNotPassIsRefusedBeforeAnythingIsSent(t *testing.T) {
	h := start(t, "far", o{"base_urls": []string{"https://other.example"}, "limits": []o{{"methods": []string{"GET"}, "paths": []string{"/v1"}}}})
	for _, c := range []struct {
		what, method, path string
		status             int
		headers            []string
	}{
		{"navigation", "GET", "/v1", 403, []string{"Sec-Fetch-Mode", "navigate"}},
		{"an upgrade", "GET", "/v1", 422, []string{"Upgrade", "websocket", "Connection", "Upgrade"}},
		{"no connection", "GET", "/v1", 422, []string{"Counterfoil-Connection", ""}},
		{"somebody else's connection", "GET", "/v1", 404, []string{"Counterfoil-Connection", "3b1ae7f4-95c2-4c1d-8f0e-6a2d9c41b7e5"}},
		{"another method", "DELETE", "/v1", 403, nil},
		{"another path", "GET", "/v2", 403, nil},
		{"an escaped slash", "GET", "/v1/a%2fb", 422, nil},
		{"escaped dots", "GET", "/v1/%2e%2e/v2", 404, nil},
		{"an escaped backslash", "GET", "/v1/a%5cb", 422, nil},
		{"an escaped escape", "GET", "/v1/a%252fb", 422, nil},
		{"another base URL", "GET", "/v1", 403, []string{"Counterfoil-Base-Url", "https://evil.example"}},
		{"no token", "GET", "/v1", 401, []string{"Authorization", ""}},
		{"a cookie", "GET", "/v1", 401, []string{"Authorization", "", "Cookie", "__Host-counterfoil-session=x"}},
		{"a token for something else", "GET", "/v1", 403, []string{"Authorization", "Bearer " + h.Limited("applications:read")}},
		{"too many retries", "GET", "/v1", 422, []string{"Counterfoil-Retries", "99"}},
	} {
		r := h.Request(c.method, "/connect/proxy"+c.path, nil, "Counterfoil-Connection", h.connection, "Authorization", "Bearer "+h.token)
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Set(c.headers[i], c.headers[i+1])
			if c.headers[i+1] == "" {
				r.Header.Del(c.headers[i])
			}
		}
		if a := h.Send(r); a.Status != c.status {
			t.Errorf("%s: %d %s, want %d", c.what, a.Status, a.Text, c.status)
		}
	}
	if n := len(h.far.got()); n != 0 {
		t.Errorf("%d requests got through", n)
	}
	if a := h.send("GET", "/v1/a%40b/c%3Fd", nil); a.Status != 200 || h.far.got()[0].URL.EscapedPath() != "/api/v1/a%40b/c%3Fd" {
		t.Errorf("harmless escapes: %d %s", a.Status, a.Text)
	}
	housetest.Expect(t, h.Call("POST", "/connect/connectors/far/disable", nil), http.StatusOK)
	if a := h.send("GET", "/v1", nil); a.Status != http.StatusConflict {
		t.Errorf("switched off: %d %s", a.Status, a.Text)
	}
}

func TestNoPacketReachesAPlaceThatIsNotAllowed(t *testing.T) {
	listener := serve(t)
	h := start(t, "far", o{"base_urls": []string{"https://169.254.169.254", "https://[::ffff:127.0.0.1]", "https://10.0.0.1", "https://localhost", strings.Replace(listener.URL, "http:", "https:", 1)}})
	for _, base := range []string{"https://169.254.169.254", "https://[::ffff:127.0.0.1]", "https://10.0.0.1", "https://localhost", strings.Replace(listener.URL, "http:", "https:", 1)} {
		a := h.send("POST", "/x", text("y"), "Counterfoil-Base-Url", base)
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "not called") {
			t.Errorf("%s: %d %s", base, a.Status, a.Text)
		}
	}
	// A stream that is refused before anything of it was read leaves the connection fit for the next request.
	for range 3 {
		a := h.send("POST", "/x", struct{ io.Reader }{text("a stream")}, "Counterfoil-Base-Url", "https://10.0.0.1")
		if a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a stream: %d %s", a.Status, a.Text)
		}
	}
	if n := len(listener.got()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestBodiesStreamInBothDirections(t *testing.T) {
	h := start(t, "far", nil)
	h.far.mu.Lock()
	h.far.answer = func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		line := make([]byte, 5)
		for {
			if _, err := io.ReadFull(r.Body, line); err != nil {
				return
			}
			_, _ = fmt.Fprintf(w, "got %s", line)
			_ = http.NewResponseController(w).Flush()
		}
	}
	h.far.mu.Unlock()
	reader, writer := io.Pipe()
	r := h.Request("POST", "/connect/proxy/stream", reader, "Counterfoil-Connection", h.connection, "Authorization", "Bearer "+h.token)
	go func() { _, _ = io.WriteString(writer, "one\r\n") }()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	for _, word := range []string{"one\r\n", "two\r\n"} {
		if word != "one\r\n" {
			_, _ = io.WriteString(writer, word)
		}
		answer := make([]byte, len("got ")+5)
		if _, err := io.ReadFull(response.Body, answer); err != nil || string(answer) != "got "+word {
			t.Fatalf("%q %v", answer, err)
		}
	}
	_ = writer.Close()
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
		t.Errorf("%q %v", rest, err)
	}
}
