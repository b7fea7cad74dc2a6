package consoleweb

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/counterfoil/counterfoil/internal/web"
)

// built is what a console looks like.
var built = fstest.MapFS{
	"dist/console/index.html":          {Data: []byte("<title>Counterfoil</title>")},
	"dist/console/theme.js":            {Data: []byte("theme()")},
	"dist/console/assets/index-abc.js": {Data: []byte(strings.Repeat("work() ", 100))},
	"dist/README.md":                   {Data: []byte("not a part of it")},
}

func ask(t *testing.T, d *Door, method, path string, header ...string) *http.Response {
	t.Helper()
	log := web.OpenLog(io.Discard, slog.LevelError)
	defer log.Close()
	site := web.NewSite(web.Options{Log: log, Metrics: web.NewMetrics()})
	mux := site.Mux()
	d.Routes(mux)
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	site.Wrap(mux).ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r io.Reader) string {
	t.Helper()
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func TestEveryAddressOfAScreenIsThePage(t *testing.T) {
	d := over(built)
	for _, path := range []string{"/console/", "/console/applications", "/console/applications/0192/credentials"} {
		got := ask(t, d, "GET", path)
		if body := text(t, got.Body); got.StatusCode != http.StatusOK || body != "<title>Counterfoil</title>" {
			t.Errorf("%s: %d %s", path, got.StatusCode, body)
		}
		if csp := got.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") ||
			strings.Contains(csp, "unsafe") || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, got.Header)
		}
	}
	if got := ask(t, d, "GET", "/console"); got.StatusCode != http.StatusPermanentRedirect || got.Header.Get("Location") != "console/" {
		t.Errorf("without the slash: %d %v", got.StatusCode, got.Header)
	}
}

func TestFilesAreCompressedAndKeptByTheirName(t *testing.T) {
	d := over(built)
	for range 2 { // made, and found again
		got := ask(t, d, "GET", "/console/assets/index-abc.js", "Accept-Encoding", "br, gzip")
		z, err := gzip.NewReader(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		if body := text(t, z); body != strings.Repeat("work() ", 100) || !strings.Contains(got.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%v %s", got.Header, body)
		}
	}
	for _, accept := range []string{"", "br", "gzip;q=0", "gzip;q=0.0", "xgzip"} {
		if got := ask(t, d, "GET", "/console/theme.js", "Accept-Encoding", accept); got.Header.Get("Content-Encoding") != "" || text(t, got.Body) != "theme()" {
			t.Errorf("with %q: %v", accept, got.Header)
		}
	}
	if got := ask(t, d, "GET", "/console/theme.js", "Accept-Encoding", "gzip;q=0.5"); got.Header.Get("Content-Encoding") != "gzip" || got.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("theme: %v", got.Header)
	}
	if got := ask(t, d, "HEAD", "/console/theme.js"); got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("HEAD: %d %v", got.StatusCode, got.Header)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	d := over(built)
	for _, path := range []string{"/console/assets/gone.js", "/console/missing.svg", "/console/../README.js", "/console/assets/../../README.js"} {
		if got := ask(t, d, "GET", path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
	if body := text(t, ask(t, d, "GET", "/console/README.md").Body); strings.Contains(body, "not a part") {
		t.Error("what lies beside the console is served")
	}
	if got := ask(t, d, "POST", "/console/"); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", got.StatusCode)
	}
}

func TestAProgramWithoutTheConsoleSaysHowToBuildIt(t *testing.T) {
	got := ask(t, over(fstest.MapFS{"dist/README.md": {}}), "GET", "/console/applications")
	if body := text(t, got.Body); got.StatusCode != http.StatusOK || !strings.Contains(body, "make build") {
		t.Errorf("%d %s", got.StatusCode, body)
	}
}
