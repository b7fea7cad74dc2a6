package handbook_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

const (
	htmlType = "text/html; charset=utf-8"
	policy   = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// TestDocumentationIsServedInEveryEnvironment reads it from outside, as a browser without an account.
func TestDocumentationIsServedInEveryEnvironment(t *testing.T) {
	h := housetest.Start(t)
	h.NewEnvironment("inner")
	get := func(method, path string, headers ...string) *housetest.Answer {
		return h.Send(h.Request(method, path, nil, headers...))
	}
	ok := func(method, path string) *housetest.Answer {
		t.Helper()
		a := get(method, path)
		if a.Status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Text)
		}
		return a
	}
	for _, segment := range []string{"", "/inner"} {
		at := segment + "/docs/"
		for path, kind := range map[string]string{
			"": htmlType, "glossary": htmlType, "decisions/": htmlType, "decisions/0001-databases": htmlType, "api/": htmlType, "api/users": htmlType,
			"style.css": "text/css; charset=utf-8", "openapi.json": "application/json", "img/connect.png": "image/png",
		} {
			a := ok("GET", at+path)
			got := a.Header.Get("Content-Security-Policy")
			if a.Header.Get("Content-Type") != kind || got != policy || a.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: %v", path, a.Header)
			}
			if !strings.HasPrefix(a.Header.Get("Cache-Control"), "public") || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s: %v", path, a.Header)
			}
			head := ok("HEAD", at+path)
			if head.Text != "" || head.Header.Get("ETag") != a.Header.Get("ETag") || head.Header.Get("Content-Length") == "" {
				t.Errorf("HEAD %s: %q %v", path, head.Text, head.Header)
			}
			if again := get("GET", at+path, "If-None-Match", a.Header.Get("ETag")); again.Status != http.StatusNotModified || again.Text != "" {
				t.Errorf("%s is sent again: %d", path, again.Status)
			}
		}
		for path, to := range map[string]string{"/docs": "docs/", "/docs/decisions": "decisions/", "/docs/api": "api/"} {
			if a := get("GET", segment+path); a.Status != http.StatusPermanentRedirect || a.Header.Get("Location") != to {
				t.Errorf("%s: %d to %q", path, a.Status, a.Header.Get("Location"))
			}
		}
	}
}

func TestNothingButThePagesIsServed(t *testing.T) {
	h := housetest.Start(t)
	for _, path := range []string{
		"nothing", "glossary.md", "glossary/", "docs.go", "img/", "img", "README.md", "api/nothing", "decisions/0001-databases.md",
		"../internal/seal/doc.go", "..%2fgo.mod", "%2e%2e/go.mod", "img/..%2f..%2fgo.mod", "//etc/passwd", "a/b/c/d/e/f/g", strings.Repeat("a/", 200),
		"<script>alert(1)</script>",
	} {
		r := h.Request("GET", "/docs/", nil)
		r.URL.Path, r.URL.RawPath = "/docs/"+path, ""
		if unescaped, err := url.PathUnescape(path); err == nil && unescaped != path {
			r.URL.Path, r.URL.RawPath = "/docs/"+unescaped, "/docs/"+path
		}
		a := h.Send(r)
		if a.Status != http.StatusNotFound || strings.Contains(a.Text, "package ") || strings.Contains(a.Text, "alert(1)") || len(a.Text) > 20_000 {
			t.Errorf("%s: %d %.200s", path, a.Status, a.Text)
		}
	}
	a := h.Send(h.Request("GET", "/docs/deep/nothing", nil))
	if a.Status != http.StatusNotFound || !strings.Contains(a.Text, "There is no such page") || !strings.Contains(a.Text, `href="../glossary"`) ||
		a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Security-Policy") != policy {
		t.Errorf("the page that says so: %v %s", a.Header, a.Text)
	}
	if head := h.Send(h.Request("HEAD", "/docs/nothing", nil)); head.Status != http.StatusNotFound || head.Text != "" {
		t.Errorf("HEAD: %d %q", head.Status, head.Text)
	}
	if post := h.Send(h.Request("POST", "/docs/glossary", nil)); post.Status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", post.Status)
	}
}
