package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

var kinds = []web.Cookie{web.SessionCookie, web.StateCookie, web.DeviceCookie}

// place is the environment whose id ends in n; the default one is that of 0.
func place(n int) *register.Environment {
	id := uuid.UUID{15: byte(n), 6: 0x40}
	return &register.Environment{Environment: environment.Environment{ID: id, Default: n == 0}}
}

// at returns a request to an environment, with a line of cookies, and where its answer is written.
func at(n int, cookies string) (*web.Exchange, *http.Request) {
	r := httptest.NewRequest("GET", "/", nil)
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	return &web.Exchange{Environment: place(n), ResponseWriter: httptest.NewRecorder()}, r
}

func set(t testing.TB, w http.ResponseWriter) (kept, dropped []string) {
	t.Helper()
	for _, line := range w.Header()["Set-Cookie"] {
		c, err := http.ParseSetCookie(line)
		if err != nil || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite < http.SameSiteLaxMode {
			t.Fatalf("%q (%v)", line, err)
		}
		if c.MaxAge < 0 {
			dropped = append(dropped, c.Name)
		} else {
			kept = append(kept, c.Name)
		}
	}
	return kept, dropped
}

func TestEveryEnvironmentHasCookiesOfItsOwn(t *testing.T) {
	for _, kind := range kinds {
		if name := kind.Name(place(0)); name != string(kind) {
			t.Errorf("in the default environment: %s", name)
		}
		if name := kind.Name(place(255)); name != string(kind)+"-000000000000400000000000000000ff" {
			t.Errorf("in another: %s", name)
		}
		line := fmt.Sprintf("%s=zero; %s=one; %[1]s-=x; %[1]s-1=x", kind.Name(place(0)), kind.Name(place(1)))
		for n, want := range []string{"zero", "one", ""} {
			w, r := at(n, line)
			if got := kind.Kept(w, r); got.Reveal() != want || kind.Shown(w, r) != (want != "") || len(kind.All(w, r)) != min(1, len(want)) {
				t.Errorf("%s is read as %q in environment %d", line, got.Reveal(), n)
			}
			kind.Drop(w, r)
			if _, dropped := set(t, w); len(dropped) != min(1, len(want)) || want != "" && dropped[0] != kind.Name(place(n)) {
				t.Errorf("environment %d drops %q", n, dropped)
			}
		}
		w, r := at(1, line+"; "+kind.Name(place(1))+"=two")
		if !kind.Kept(w, r).Empty() || len(kind.All(w, r)) != 2 {
			t.Error("of two cookies of one name, one is taken")
		}
	}
}

func TestABrowserKeepsTheCookiesOfSixteenEnvironments(t *testing.T) {
	value := strings.Repeat("v", 64)
	for _, kind := range kinds {
		line := func(environments ...int) string {
			all := []string{"theme=dark", string(kind) + "-x=1", string(kind) + "s=1", string(kind) + "-" + strings.Repeat("A", 32) + "=1"}
			for _, n := range environments {
				all = append(all, kind.Name(place(n))+"="+value)
			}
			for n := range 40 {
				all = append(all, kinds[(slices.Index(kinds, kind)+1)%3].Name(place(n))+"="+value)
			}
			return strings.Join(all, "; ")
		}
		upTo := func(n int) (all []int) {
			for i := range n {
				all = append(all, i)
			}
			return all
		}
		for what, try := range map[string]struct {
			had  []int
			into int
			gone []int
		}{
			"the first":                 {nil, 3, nil},
			"the sixteenth":             {upTo(15), 99, nil},
			"the seventeenth":           {upTo(16), 99, []int{0}},
			"again in one of sixteen":   {upTo(16), 0, nil},
			"oldest first":              {append([]int{40, 30}, upTo(16)...), 99, []int{40, 30, 0}},
			"each once":                 {append([]int{40, 40, 40}, upTo(15)...), 99, []int{40}},
			"far too many, from before": {upTo(100), 99, upTo(84)},
		} {
			w, r := at(try.into, line(try.had...))
			kind.Keep(w, r, seal.NewSecret(value), time.Minute)
			kept, dropped := set(t, w)
			var gone []string
			for _, n := range try.gone {
				gone = append(gone, kind.Name(place(n)))
			}
			if !slices.Equal(kept, []string{kind.Name(place(try.into))}) || !slices.Equal(slices.Sorted(slices.Values(dropped)), slices.Sorted(slices.Values(gone))) {
				t.Errorf("%s: keeps %q, drops %q, want %q", what, kept, dropped, gone)
			}
		}
	}
	whole := 0
	for _, kind := range kinds {
		whole += 16 * len(kind.Name(place(1))+"="+value+"; ")
	}
	if whole > 6<<10+512 {
		t.Errorf("all cookies together are %d bytes", whole)
	}
}

func TestCookiesOfOtherEnvironmentsAreReadByTheirNames(t *testing.T) {
	for _, kind := range kinds {
		pair := func(n int) string { return kind.Name(place(n)) + "=" + fmt.Sprint(n) }
		line := func(all ...string) string { return strings.Join(all, "; ") }
		var many []string
		for n := range 40 {
			many = append(many, pair(n))
		}
		for what, try := range map[string]struct {
			in     int
			line   string
			values string
		}{
			"none":                       {1, "", ""},
			"the own":                    {1, pair(1), ""},
			"the own and others":         {1, line(pair(2), pair(1), pair(0), pair(3)), "2 0 3"},
			"in the default environment": {0, line(pair(0), pair(2)), "2"},
			"two of a name":              {1, line(pair(2), pair(0), pair(2), kind.Name(place(0))+"=x", pair(3)), "3"},
			"of other kinds and makers":  {1, line("a=b", kinds[(slices.Index(kinds, kind)+1)%3].Name(place(2))+"=2", string(kind)+"-x=1", string(kind)+"s=1", string(kind)+"-"+strings.Repeat("A", 32)+"=1"), ""},
			"the newest of very many":    {1, line(many...), "24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39"},
		} {
			w, r := at(try.in, try.line)
			var values []string
			for _, b := range kind.Beside(w, r) {
				values = append(values, b.Value.Reveal())
				n, _ := strconv.Atoi(b.Value.Reveal())
				if want := place(n).ID; n == 0 && b.Environment != uuid.Nil || n != 0 && b.Environment != want {
					t.Errorf("%s: %d is read as of %s", what, n, b.Environment)
				}
			}
			if got := strings.Join(values, " "); got != try.values {
				t.Errorf("%s: %q, want %q", what, got, try.values)
			}
		}
	}
}

func TestTheStateBeforeAFactorComesFromNoLinkElsewhere(t *testing.T) {
	for _, kind := range kinds {
		w, r := at(7, "")
		kind.Keep(w, r, seal.NewSecret("v"), 0)
		if line := w.Header().Get("Set-Cookie"); strings.Contains(line, "SameSite=Strict") != (kind == web.StateCookie) {
			t.Error(line)
		}
	}
}

// What somebody sends as cookies makes no cookie but ours.
func FuzzKeep(f *testing.F) {
	for _, seed := range []string{"", "a=b", string(web.SessionCookie) + "-00000000000040000000000000000001=x; ; =", "__Host-counterfoil-session-\r\nX: y=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cookies string) {
		w, r := at(1, "")
		r.Header["Cookie"] = []string{cookies}
		if beside := web.SessionCookie.Beside(w, r); len(beside) > 16 {
			t.Errorf("%q has the cookies of %d others", cookies, len(beside))
		}
		web.SessionCookie.Drop(w, r)
		web.SessionCookie.Keep(w, r, seal.NewSecret("v"), 0)
		kept, dropped := set(t, w)
		if len(kept) != 1 || len(web.SessionCookie.All(w, r)) == 0 && slices.Contains(dropped, web.SessionCookie.Name(place(1))) {
			t.Errorf("%q gives %q, %q", cookies, kept, dropped)
		}
		for _, name := range dropped {
			if !strings.HasPrefix(name, string(web.SessionCookie)) || len(name) != len(web.SessionCookie) && len(name) != len(web.SessionCookie)+33 {
				t.Errorf("%q drops %q", cookies, name)
			}
		}
	})
}

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
