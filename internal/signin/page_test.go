package signin

import (
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/session"
)

var blanks = regexp.MustCompile(`\{[^}]*\}`)

func TestEveryLanguageSaysTheSame(t *testing.T) {
	english := words["en"]
	for _, language := range letter.Languages() {
		said := words[language]
		if a, b := slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(said)); !slices.Equal(a, b) {
			t.Errorf("%s: %v, want %v", language, b, a)
		}
		for name, text := range said {
			a, b := blanks.FindAllString(english[name], -1), blanks.FindAllString(text, -1)
			if !slices.Equal(a, b) || strings.TrimSpace(text) == "" {
				t.Errorf("%s, %s: %q leaves open %v, the English %v", language, name, text, b, a)
			}
			if language != "en" && text == english[name] && name != "problem.title" {
				t.Errorf("%s, %s is English", language, name)
			}
		}
	}
}

// render returns a page as the door writes it.
func render(p page) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	write(w, 200, p)
	return w
}

func states() []string {
	return []string{"activate", "accept", "reset", "activated", "changed", "forgot", "sent", "dead", "elsewhere", "busy", "broken",
		"signin",
		"factor",
		"change",
		"account",
		"setup",
		"unset",
		"stepup",
		"app",
		"codes",
	}
}

// somebody is a person who types what could be markup.
func somebody() *form {
	return &form{
		Up: "../", Login: `ada"><script>`, ReturnTo: `/a"><b>`, Notice: "signin.notice.over", Chosen: uuid.Nil.String(),
		Codes: []*factor.Factor{{Kind: factor.TOTP, Name: `<b>`}, {Kind: factor.Email, Address: `"<b>@example.com`}, {Kind: factor.Recovery}},
	}
}

func signedInAs() *account {
	return &account{
		User: &directory.User{Profile: directory.Profile{UserName: `<b>ada`}}, Session: &session.Session{}, Sessions: []*session.Session{{Agent: `<b>`}},
		Devices: []*session.Device{{Agent: `"><b>`}}, Factors: somebody().Codes, Pending: &factor.Factor{},
		Enrolled: &factor.Enrolment{Secret: seal.NewSecret("ABC"), URI: seal.NewSecret("otpauth://totp/<b>")}, Codes: []seal.Secret{seal.NewSecret("abcd-efgh")},
	}
}

func TestPagesAreInertAndKeptByNobody(t *testing.T) {
	for _, language := range letter.Languages() {
		for _, state := range states() {
			view := &recovery.View{UserName: `ada"><script>`, Policy: password.DefaultPolicy(), Data: recovery.Data{Application: `<b>Parcels`}}
			w := render(page{State: state, Language: language, View: view, Field: "password", Problem: "problem.short", Form: somebody(), Account: signedInAs()})
			text := w.Body.String()
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Content-Type": "text/html; charset=utf-8",
				"X-Robots-Tag": "noindex, nofollow, noarchive", "Cross-Origin-Opener-Policy": "same-origin", "Content-Language": language,
				"Content-Security-Policy": "default-src 'none'; style-src " + sheet + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %s is %q, want %q", state, name, got, want)
				}
			}
			for _, part := range []string{"<script", "javascript:", "src=", "http-equiv", "<link", "@import", "url(", "style=", "<b>", "{", "ZgotmplZ"} {
				if strings.Contains(strings.ReplaceAll(text, style, ""), part) {
					t.Errorf("%s in %s has %s", state, language, part)
				}
			}
			for _, part := range []string{`<html lang="` + language + `">`, "<title>", "<main>", "<h1>", "color-scheme:light dark"} {
				if !strings.Contains(text, part) {
					t.Errorf("%s lacks %s: %s", state, part, text)
				}
			}
			if strings.Contains(text, "<h1></h1>") || strings.Contains(text, "<p></p>") || strings.Contains(text, "></button>") {
				t.Errorf("%s in %s says nothing: %s", state, language, text)
			}
		}
	}
}

// Only pages that ask for a passkey have a script, which is a file of ours, and may call nobody else.
func TestPagesThatAskForPasskeysRunOneFileOfOurs(t *testing.T) {
	for _, state := range []string{"signin", "factor", "stepup", "account"} {
		f := somebody()
		f.Passkeys = true
		w := render(page{State: state, Language: "en", Form: f, Account: signedInAs()})
		rules := w.Header().Get("Content-Security-Policy")
		if !strings.HasSuffix(rules, "; script-src 'self'; connect-src 'self'") || strings.Contains(rules, "unsafe") || !strings.HasPrefix(rules, "default-src 'none'") {
			t.Errorf("%s: %s", state, rules)
		}
		text := w.Body.String()
		if strings.Count(text, "<script") != 1 || !strings.Contains(text, `<script src="../signin/passkey.js"></script>`) || !strings.Contains(text, "data-for=") {
			t.Errorf("%s: %s", state, text)
		}
	}
}

func TestOnlyAPageThatLeadsOnMaySendFormsElsewhere(t *testing.T) {
	for target, want := range map[string]string{
		"": "'self'", "https://shop.example/welcome": "'self' https:", "http://127.0.0.1:3000/": "'self' http://127.0.0.1:3000", "javascript:alert(1)": "'self'",
		"http://x;script-src *": "'self'", "http://a b": "'self'", "http://me@evil.example": "'self'", "data:text/html,x": "'self'", "//evil.example": "'self'",
		"http://evil.example;script-src": "'self'", "http://[::1]:3000/": "'self' http://[::1]:3000",
	} {
		p := policy(&recovery.View{Data: recovery.Data{Target: target}})
		if !strings.Contains(p, "; form-action "+want+"; base-uri") || strings.Contains(p, "script-src") {
			t.Errorf("%s: %s", target, p)
		}
	}
}

// TestEveryRefusalHasWordsOfItsOwn gets the sentences from the policy itself.
func TestEveryRefusalHasWordsOfItsOwn(t *testing.T) {
	strict := password.DefaultPolicy()
	strict.MinClasses = 4
	for text, want := range map[string]string{
		"": "problem.empty", "short": "problem.short", "lovelace 1": "problem.short", "lovelace lovelace 1": "problem.personal", "aaaaaaaaaaaaaaa": "problem.classes",
		"Password1234!": "problem.easy", strings.Repeat("a", 1025): "problem.long", "a\tb": "problem.odd", "a\xff": "problem.odd",
	} {
		normal, err := password.Normal(seal.NewSecret(text))
		if err == nil {
			err = strict.Check(normal, "lovelace")
		}
		if got := problem(err); got != want || words["en"][got] == "" {
			t.Errorf("%.30q: %s, want %s (%v)", text, got, want, err)
		}
	}
	if got := problem(recovery.ErrDead); got != "problem.other" {
		t.Error(got)
	}
	for _, p := range problems {
		for _, language := range letter.Languages() {
			if words[language][p.name] == "" {
				t.Errorf("%s: %s", language, p.name)
			}
		}
	}
}
