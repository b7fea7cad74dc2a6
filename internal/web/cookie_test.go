package web_test

import (
	"net/url"
	"testing"

	"github.com/counterfoil/counterfoil/internal/web"
)

func TestOnlyPathsOfThisHostAreOwn(t *testing.T) {
	for _, good := range []string{"/", "/console/", "/acme/console/applications?q=a%20b#secrets", "/account"} {
		if !web.OwnPath(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "console", "//evil.example", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "/\n/evil.example", "https://evil.example/", "javascript:alert(1)",
		"/%2f/evil.example", "/..//evil.example", "/a/../b", "/./a", "/a//b", "/%09/evil.example\u00e9", "/\u2028", "///evil.example", "/%5cevil.example/..",
	} {
		if web.OwnPath(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzOwnPath(f *testing.F) {
	for _, seed := range []string{"/", "//evil.example", `/\evil`, "/a?b#c", "/%2e%2e//x"} {
		f.Add(seed)
	}
	own, err := url.Parse("https://own.example/signin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !web.OwnPath(text) {
			return
		}
		at, err := own.Parse(text)
		if err != nil || at.Host != own.Host || at.Scheme != own.Scheme || at.User != nil {
			t.Errorf("%q leads to %v, %v", text, at, err)
		}
	})
}
