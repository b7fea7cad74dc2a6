package services_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/web"
)

// signed is a person at a browser, and the application that signs them in.
type signed struct {
	*portal
	users *portal // who registered the person, and sees their sessions
	id    string
}

// ann signs in with an application that may, and has targets and origins.
func ann(h *housetest.House) *signed {
	h.T.Helper()
	users := open(h, "portal")
	s := &portal{h, h.NewApp("front", O{"target_urls": []string{target}, "home_url": "https://portal.example/", "allowed_origins": []string{"https://portal.example"}}, "signin:use")}
	return &signed{s, users, users.user("ann")}
}

func (s *signed) token(with O) string {
	s.T.Helper()
	body := O{"user_name": "ann", "password": good}
	for name, value := range with {
		body[name] = value
	}
	return expect(s.T, s.ask("POST", "/login", body), http.StatusOK).String("session_token")
}

// enter posts a session login token as a page of the application would.
func (s *signed) enter(token string, headers ...string) *housetest.Answer {
	s.T.Helper()
	return s.Send(s.entering(token, nil, headers...))
}

func (s *signed) entering(token string, more []string, headers ...string) *http.Request {
	s.T.Helper()
	r := s.FormRequest("/session", housetest.Client{}, append([]string{"session_token", token}, more...)...)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (s *signed) tokens() []O {
	s.T.Helper()
	return items(s.T, s.users.ask("GET", "/users/"+s.id+"/tokens", nil))
}

func cookie(a *housetest.Answer) *http.Cookie {
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == string(web.SessionCookie) {
			return c
		}
	}
	return nil
}

func TestASessionLoginTokenOpensOneSession(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		s := ann(h)
		token := s.token(O{"target_url": target + "?next=1"})
		if all := s.tokens(); len(all) != 1 || all[0]["kind"] != "session-login" {
			t.Error(all)
		}
		var won, lost atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			r := s.entering(token, nil, "Origin", "https://portal.example")
			all.Go(func() {
				a, err := housetest.Attempt(r)
				switch {
				case err != nil:
					t.Error(err)
				case a.Status == http.StatusSeeOther && a.Header.Get("Location") == target+"?next=1":
					won.Add(1)
					c := cookie(a)
					if c == nil || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode || len(c.Value) != 64 {
						t.Errorf("%v", a.Header)
					}
				case a.Status == http.StatusNotFound && cookie(a) == nil:
					lost.Add(1)
				default:
					t.Errorf("%d %s", a.Status, a.Text)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || lost.Load() != 49 {
			t.Errorf("%d of 50 got in", won.Load())
		}
		if all := s.tokens(); len(all) != 1 || all[0]["kind"] != "session" || all[0]["application"] != s.ID {
			t.Error(all)
		}
	})
}

func TestASessionLoginTokenIsGoodForTwoMinutesAndItsOwnEnvironment(t *testing.T) {
	h := housetest.Start(t)
	s := ann(h)
	token := s.token(nil)
	foreign, _ := h.NewEnvironment("foreign")
	if a := foreign.Send(foreign.FormRequest("/session", housetest.Client{}, "session_token", token)); a.Status != http.StatusNotFound {
		t.Errorf("in another environment: %d", a.Status)
	}
	h.Clock.Move(121 * time.Second)
	if a := s.enter(token); a.Status != http.StatusNotFound {
		t.Errorf("after two minutes: %d", a.Status)
	}
	for _, forged := range []string{"", "x", strings.Repeat("a", 68), token[:len(token)-1], token + "a"} {
		if a := s.enter(forged); a.Status != http.StatusNotFound {
			t.Errorf("%q: %d", forged, a.Status)
		}
	}
}

func TestOnlyPagesThatTheApplicationListsOpenSessions(t *testing.T) {
	h := housetest.Start(t)
	s := ann(h)
	for _, origin := range []string{"https://evil.example", "null", "https://portal.example.evil", "http://portal.example", "https://portal.example:8443", "https://portal.example/", "HTTPS://PORTAL.EXAMPLE"} {
		token := s.token(nil)
		if a := s.enter(token, "Origin", origin); a.Status != http.StatusForbidden || a.String("code") != "origin_not_allowed" || cookie(a) != nil || a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %s", origin, a.Status, a.Text)
		}
		if a := s.enter(token, "Origin", "https://portal.example"); a.Status != http.StatusNotFound {
			t.Errorf("a token that %s has seen is good: %d", origin, a.Status)
		}
	}
	for _, origin := range []string{"https://portal.example", h.URL, ""} {
		r := s.entering(s.token(nil), nil)
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		if a := s.Send(r); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "https://portal.example/" {
			t.Errorf("%q: %d %s", origin, a.Status, a.Text)
		}
	}
	script := func(origin string) *housetest.Answer {
		r := h.CallRequest("", "POST", "/session", O{"session_token": s.token(nil), "target_url": target})
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		return h.Send(r)
	}
	a := script("https://portal.example")
	if a.Status != http.StatusOK || a.String("target_url") != target || a.Header.Get("Access-Control-Allow-Origin") != "https://portal.example" || a.Header.Get("Access-Control-Allow-Credentials") != "true" || cookie(a) == nil {
		t.Errorf("%d %s %v", a.Status, a.Text, a.Header)
	}
	for _, origin := range []string{"", "https://evil.example"} {
		if a := script(origin); a.Status != http.StatusForbidden || a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("a script of %q: %d", origin, a.Status)
		}
	}
	if a := h.Send(h.Request("OPTIONS", "/session", nil, "Origin", "https://portal.example", "Access-Control-Request-Method", "POST")); a.Status != http.StatusOK || a.Header.Get("Access-Control-Allow-Methods") != "POST" {
		t.Errorf("%d %v", a.Status, a.Header)
	}
}

func TestNobodyIsSentWhereTheApplicationDoesNotSend(t *testing.T) {
	h := housetest.Start(t)
	s := ann(h)
	for _, foreign := range []string{
		"https://evil.example", "//evil.example", "/\\evil.example", "https://portal.example@evil.example/start", "https://portal.example.evil/start", "https://portal.example:444/start",
		"https://portal.example/start/../x", "https://portal.example/started", "https://portal.example/start\r\nSet-Cookie: a=b", "https://portal.example\\@evil.example/start",
	} {
		expect(t, s.ask("POST", "/login", O{"user_name": "ann", "password": good, "target_url": foreign}), http.StatusUnprocessableEntity)
		token := s.token(nil)
		a := s.Send(s.entering(token, []string{"target_url", foreign}))
		if a.Status != http.StatusUnprocessableEntity || a.Header.Get("Location") != "" || cookie(a) != nil {
			t.Errorf("%q: %d %v", foreign, a.Status, a.Header)
		}
		if a := s.enter(token); a.Status != http.StatusSeeOther {
			t.Errorf("a mistake used the token up: %d", a.Status)
		}
	}
	if a := s.Send(s.entering(s.token(nil), []string{"session_token", "x"})); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("two tokens: %d", a.Status)
	}
}

// A cookie that a stranger planted is no session of whoever signs in with it, and the one before ends.
func TestEverySignInGetsACookieOfItsOwn(t *testing.T) {
	h := housetest.Start(t)
	s := ann(h)
	planted := cookie(s.enter(s.token(nil)))
	r := s.entering(s.token(nil), nil)
	r.AddCookie(planted)
	fresh := cookie(s.Send(r))
	if fresh == nil || fresh.Value == planted.Value || fresh.Value[:21] == planted.Value[:21] {
		t.Errorf("%v after %v", fresh, planted)
	}
	if all := s.tokens(); len(all) != 1 {
		t.Errorf("the planted session lives: %v", all)
	}
}

func TestWhateverStopsAUserEndsSessionsAndTicketsAtOnce(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		s := ann(h)
		for name, pair := range map[string][2]string{"suspend": {"suspend", "activate"}, "lock": {"lock", "unlock"}, "logout": {"logout", ""}} {
			s.enter(s.token(nil))
			waiting := s.token(nil)
			if all := s.tokens(); len(all) != 2 {
				t.Fatal(all)
			}
			var body any
			if pair[0] == "lock" {
				body = O{}
			}
			h.Must("POST", "/users/"+s.id+"/"+pair[0], body)
			if all := s.tokens(); len(all) != 0 {
				t.Errorf("%s: %v", name, all)
			}
			if a := s.enter(waiting); a.Status != http.StatusNotFound || cookie(a) != nil {
				t.Errorf("%s: the token is good: %d", name, a.Status)
			}
			if pair[1] != "" {
				expect(t, s.ask("POST", "/login", O{"user_name": "ann", "password": good}), http.StatusUnauthorized)
				h.Must("POST", "/users/"+s.id+"/"+pair[1], nil)
			}
			if a := s.enter(waiting); a.Status != http.StatusNotFound {
				t.Errorf("%s: the token lives again: %d", name, a.Status)
			}
		}
		waiting := s.token(nil)
		s.enter(s.token(nil))
		if a := s.ask("POST", "/users/"+s.id+"/logout", nil); a.Status != http.StatusNoContent {
			t.Fatal(a.Text)
		}
		if a := s.enter(waiting); a.Status != http.StatusNotFound || len(s.tokens()) != 0 {
			t.Error("the service left something alive")
		}
		waiting = s.token(nil)
		h.Must("POST", "/applications/"+s.ID+"/disable", nil)
		if a := s.enter(waiting); a.Status != http.StatusNotFound {
			t.Errorf("a token of a disabled application is good: %d", a.Status)
		}
		h.Must("POST", "/applications/"+s.ID+"/enable", nil)
		waiting = s.token(nil)
		h.Must("DELETE", "/users/"+s.id, nil)
		if a := s.enter(waiting); a.Status != http.StatusNotFound {
			t.Errorf("a deleted user's token is good: %d", a.Status)
		}
		expect(t, s.ask("POST", "/users/"+s.id+"/logout", nil), http.StatusNotFound)
	})
}

func TestAnApplicationListsAndRevokesTheTokensOfItsUsers(t *testing.T) {
	h := housetest.Start(t)
	s := ann(h)
	s.enter(s.token(nil), "User-Agent", "Browser")
	waiting := s.token(nil)
	all := s.tokens()
	if len(all) != 2 || all[0]["user_agent"] != "Browser" || all[0]["address"] == "" {
		t.Fatal(all)
	}
	at := "/users/" + s.id + "/tokens"
	for _, token := range all {
		path := at + "/" + token["id"].(string)
		if a := open(h, "stranger "+token["id"].(string)).ask("DELETE", path, nil); a.Status != http.StatusNotFound {
			t.Errorf("a stranger: %d", a.Status)
		}
		if a := s.users.ask("DELETE", path, nil); a.Status != http.StatusNoContent {
			t.Errorf("%d %s", a.Status, a.Text)
		}
		expect(t, s.users.ask("DELETE", path, nil), http.StatusNotFound)
	}
	if a := s.enter(waiting); a.Status != http.StatusNotFound {
		t.Errorf("a revoked token is good: %d", a.Status)
	}
	s.enter(s.token(nil))
	if a := s.users.ask("DELETE", at, nil); a.Status != http.StatusNoContent || len(s.tokens()) != 0 {
		t.Errorf("%d %v", a.Status, s.tokens())
	}
	reader := pairOf(h, "read-all")
	expect(t, reader.ask("GET", at, nil), http.StatusOK)
	expect(t, reader.ask("DELETE", at, nil), http.StatusForbidden)
	expect(t, pairOf(h, "read-users").ask("GET", at, nil), http.StatusForbidden)
}
