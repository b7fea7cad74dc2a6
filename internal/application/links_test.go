package application

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestPeopleAreSentOnlyWhereTheListSays(t *testing.T) {
	l := Links{Home: "https://home.example/?from=mail", Targets: []string{
		"https://a.example", "https://b.example:8443/app", "https://c.example/in/", "http://localhost:3000/cb", "http://127.0.0.1/", "http://[::1]:8080/x",
	}, Origins: []string{"https://a.example"}}
	if err := l.tidy(); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{
		"https://a.example", "https://a.example/", "https://a.example/any/where?x=1&y=https://evil.example", "https://b.example:8443/app",
		"https://b.example:8443/app/deep", "https://b.example:8443/app?q", "https://c.example/in/x", "http://localhost:3000/cb",
		"https://home.example/?from=mail", "http://[::1]:8080/x/y",
	} {
		if !l.MayReach(target) {
			t.Errorf("%q is refused", target)
		}
	}
	for _, target := range []string{
		"", "/", "//evil.example", "evil.example", "https:evil.example", "https:///evil.example", "javascript:alert(1)", "data:text/html,x",
		"https://a.example.evil", "https://a.example.evil/", "https://a.example@evil.example", "https://user:pw@a.example/", "https://a.example:444/",
		"https://a.example:443/", "https://a.example:/", "http://a.example/", "HTTPS://a.example/", "https://A.example/", "https://a.example./",
		"https://a.example\\@evil.example", "https://a.example/\\evil", "https://a.example/\r\nSet-Cookie: x", "https://a.example/%0d%0aX", " https://a.example/",
		"https://a.example/#x", "https://a.example/a//b", "https://ä.example/", "https://a.example/ä", "https://evil.example/https://a.example",
		"https://b.example:8443/application", "https://b.example:8443/app/../admin", "https://b.example:8443/app/%2e%2e/admin", "https://b.example:8443/",
		"https://b.example/app", "https://c.example/in", "https://c.example/inside", "https://c.example/in/../out", "https://c.example/in/./", "http://localhost:3001/cb",
		"http://localhost.evil:3000/cb", "http://127.0.0.1.evil/", "https://home.example/", "https://home.example/?from=mail&x", "http://[::1%25lo]:8080/x",
		"https://a.example/" + strings.Repeat("x", 1000), "https://a.example/|x", "https://a.example/^", "https://a.example:0443/",
	} {
		if l.MayReach(target) {
			t.Errorf("%q is let through", target)
		}
	}
	if !l.MayAsk("https://a.example") || l.MayAsk("https://a.example.evil") || l.MayAsk("null") || l.MayAsk("") || (&Links{}).MayAsk("") {
		t.Error("the wrong pages may ask")
	}
}

func TestLinksAreKeptInOneForm(t *testing.T) {
	l := Links{Targets: []string{"https://a.example", "https://a.example/"}, Origins: []string{"https://a.example", "https://a.example"}}
	if err := l.tidy(); err != nil || !slices.Equal(l.Targets, []string{"https://a.example/"}) || !slices.Equal(l.Origins, []string{"https://a.example"}) {
		t.Errorf("%+v, %v", l, err)
	}
	many := slices.Repeat([]string{"https://a.example"}, 21)
	for name, l := range map[string]Links{
		"too many targets": {Targets: many}, "too many origins": {Origins: many}, "a query": {Targets: []string{"https://a.example/?x"}},
		"an empty query": {Targets: []string{"https://a.example/?"}}, "an origin with a path": {Origins: []string{"https://a.example/"}},
		"a star": {Origins: []string{"*"}}, "null": {Origins: []string{"null"}}, "a home in the clear": {Home: "http://a.example"}, "a fragment": {Home: "https://a.example/#x"},
	} {
		if err := l.tidy(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is let through leads to a listed origin as browsers read it, too.
func FuzzTarget(f *testing.F) {
	for _, seed := range []string{"https://a.example/x", "https://a.example@evil", "https://a.example\\@evil", "//evil"} {
		f.Add(seed)
	}
	l := Links{Targets: []string{"https://a.example/in/"}}
	f.Fuzz(func(t *testing.T, target string) {
		if !l.MayReach(target) {
			return
		}
		u, err := url.Parse(target)
		if err != nil || u.Host != "a.example" || u.User != nil || !strings.HasPrefix(target, "https://a.example/in/") || strings.ContainsAny(target, "\\\r\n\t #") || strings.Contains(u.Path, "..") {
			t.Fatalf("%q", target)
		}
	})
}
