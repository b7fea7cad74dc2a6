package scim_test

import (
	"cmp"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// browser is where somebody is signed in.
type browser struct {
	client
	name   string // the cookie's, which begins like that of every session
	cookie string
	user   *housetest.Answer
	app    housetest.Client
}

// signIn makes a user and signs it in to a browser, through an application that may.
func (c client) signIn(name string) *browser {
	c.T.Helper()
	const password = "granite otter velvet 9 harbour"
	b := &browser{client: c, user: c.user(name, o{"password": password, "title": "Cook", "roles": []o{{"value": "identity-data-read-only"}}})}
	b.app = c.NewApp("front of "+name, o{"target_urls": []string{"https://portal.example/start"}}, "signin:use")
	r := b.Request("POST", "/services/login", strings.NewReader(`{"user_name": "`+name+`", "password": "`+password+`"}`), "Content-Type", "application/json")
	r.SetBasicAuth(b.app.ID, b.app.Secret)
	token := housetest.Expect(c.T, b.Send(r), http.StatusOK).String("session_token")
	a := b.Send(b.FormRequest("/session", housetest.Client{}, "session_token", token))
	for _, kept := range (&http.Response{Header: a.Header}).Cookies() {
		if strings.HasPrefix(kept.Name, string(web.SessionCookie)) {
			b.name, b.cookie = kept.Name, kept.Value
		}
	}
	if b.cookie == "" {
		c.T.Fatalf("no cookie: %d %s", a.Status, a.Text)
	}
	return b
}

// ask sends what the browser would send to h, with its cookie.
func (b *browser) ask(h *housetest.House, method, path, body string, headers ...string) *housetest.Answer {
	b.T.Helper()
	r := h.Request(method, base+path, strings.NewReader(body), headers...)
	r.AddCookie(&http.Cookie{Name: cmp.Or(b.name, string(web.SessionCookie)), Value: b.cookie})
	return h.Send(r)
}

// me reads /Me, which has to be answered like this.
func (b *browser) me(what string, status int, headers ...string) *housetest.Answer {
	b.T.Helper()
	a := b.ask(b.House, "GET", "/Me", "", headers...)
	if a.Status != status || status == http.StatusUnauthorized && a.Header.Get("WWW-Authenticate") == "" {
		b.T.Errorf("%s: %d %s, want %d", what, a.Status, a.Text, status)
	}
	return a
}

func eachHouse(t *testing.T, test func(c client)) {
	t.Helper()
	housetest.Each(t, func(t *testing.T, h *housetest.House) { test(client{h, h.AdminToken()}) })
}

func TestPeopleReadTheirOwnResource(t *testing.T) {
	eachHouse(t, func(c client) {
		b := c.signIn("ann")
		c.user("bob", nil)
		id := b.user.String("id")
		c.group("staff", id)
		own := b.me("ann", http.StatusOK)
		place := b.user.Header.Get("Location")
		if own.String("id") != id || own.String("title") != "Cook" || at(own.JSON, "meta location") != place || !strings.HasSuffix(place, "/Users/"+id) {
			c.T.Errorf("%s", own.Text)
		}
		if own.Header.Get("Location") != place || own.Header.Get("Content-Location") != place || own.Header.Get("Content-Type") != "application/scim+json" {
			c.T.Errorf("%v", own.Header)
		}
		if at(own.JSON, "roles 0 value") != "identity-data-read-only" || own.JSON["password"] != nil || own.JSON["groups"] != nil {
			c.T.Errorf("%s", own.Text)
		}
		b.me("unchanged", http.StatusNotModified, "If-None-Match", own.Header.Get("ETag"))
		if a := b.ask(c.House, "GET", "/Me?attributes=userName", ""); a.String("userName") != "ann" || a.JSON["title"] != nil {
			c.T.Errorf("%s", a.Text)
		}
		for _, path := range []string{"/Users/" + id, "/Users", "/Schemas"} { // a person is nobody elsewhere
			if a := b.ask(c.House, "GET", path, ""); a.Status != http.StatusUnauthorized {
				c.T.Errorf("%s: %d %s", path, a.Status, a.Text)
			}
		}
	})
}

func TestPeopleChangeNothingOfThemselves(t *testing.T) {
	eachHouse(t, func(c client) {
		b := c.signIn("ann")
		before := b.me("ann", http.StatusOK).Text
		body := `{"schemas": ["` + userURN + `"], "userName": "ann", "title": "Captain", "roles": [{"value": "environment-admin"}]}`
		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			for page, want := range map[string]string{"same-origin": "ask whoever administers", "cross-site": "another site", "same-site": "another site"} {
				a := b.ask(c.House, method, "/Me", body, "Content-Type", "application/scim+json", "Sec-Fetch-Site", page)
				if a.Status != http.StatusForbidden || !strings.Contains(a.String("detail"), want) || a.String("status") != "403" {
					c.T.Errorf("%s from %s: %d %s", method, page, a.Status, a.Text)
				}
			}
			if a := b.ask(c.House, method, "/Me", body, "Origin", "https://evil.example"); !strings.Contains(a.String("detail"), "another site") {
				c.T.Errorf("%s from an old browser: %d %s", method, a.Status, a.Text)
			}
			if a := (&browser{client: c, cookie: strings.Repeat("A", session.CookieLength)}).ask(c.House, method, "/Me", body); a.Status != http.StatusUnauthorized {
				c.T.Errorf("%s with somebody else's cookie: %d %s", method, a.Status, a.Text)
			}
		}
		if after := b.me("ann", http.StatusOK).Text; after != before {
			c.T.Errorf("something was changed: %s", after)
		}
	})
}

// Whatever ends a session ends what it shows.
func TestASessionThatIsOverShowsNobody(t *testing.T) {
	eachHouse(t, func(c client) {
		ends := func(what string, do, undo func(id string)) {
			c.T.Helper()
			b := c.signIn(strings.ReplaceAll(what, " ", "-"))
			b.me("before "+what, http.StatusOK)
			do(b.user.String("id"))
			b.me(what, http.StatusUnauthorized)
			if undo != nil {
				undo(b.user.String("id"))
				b.me("after "+what, http.StatusUnauthorized)
			}
		}
		post := func(verb string) func(string) {
			return func(id string) { c.Must("POST", "/users/"+id+"/"+verb, o{}) }
		}
		ends("suspended", post("suspend"), post("activate"))
		ends("locked", post("lock"), post("unlock"))
		ends("logged out", post("logout"), nil)
		ends("deleted", func(id string) { c.Must("DELETE", "/users/"+id, nil) }, nil)

		b := c.signIn("carl")
		c.Must("POST", "/applications/"+b.app.ID+"/disable", nil)
		b.me("let in by an application that is disabled", http.StatusUnauthorized)

		idle, busy := c.signIn("dora"), c.signIn("eve")
		for _, step := range []time.Duration{session.Idle - time.Minute, session.Idle - time.Minute} {
			c.Clock.Move(step)
			idle.me("seen meanwhile", http.StatusOK)
			busy.me("seen meanwhile", http.StatusOK)
		}
		c.Clock.Move(session.Idle - time.Minute)
		busy.me("three minutes before a day", http.StatusOK)
		c.Clock.Move(2 * time.Minute)
		idle.me("idle", http.StatusUnauthorized)
		busy.me("a minute before a day", http.StatusOK)
		c.Clock.Move(2 * time.Minute)
		busy.me("after a day", http.StatusUnauthorized)
	})
}

func TestACookieIsGoodInItsOwnEnvironmentAndByItself(t *testing.T) {
	eachHouse(t, func(c client) {
		b := c.signIn("ann")
		foreign, _ := c.NewEnvironment("foreign")
		there := client{foreign, foreign.AdminToken()}.signIn("ann")
		if a := there.me("there", http.StatusOK); a.String("id") != there.user.String("id") {
			c.T.Errorf("%s", a.Text)
		}
		if b.name == there.name {
			c.T.Errorf("two environments call their cookies %s", b.name)
		}
		for range 2 { // also under the name that it would have there
			for name, a := range map[string]*housetest.Answer{"ours there": b.ask(foreign, "GET", "/Me", ""), "theirs here": there.ask(c.House, "GET", "/Me", "")} {
				if a.Status != http.StatusUnauthorized {
					c.T.Errorf("%s: %d %s", name, a.Status, a.Text)
				}
			}
			b.name, there.name = there.name, b.name
		}
		good := b.cookie
		for _, b.cookie = range []string{"", "x", good[:len(good)-1], good + "A", strings.ToLower(good), strings.Repeat("A", len(good))} {
			b.me(b.cookie, http.StatusUnauthorized)
		}
		b.cookie = good
		b.me("two cookies", http.StatusUnauthorized, "Cookie", b.name+"="+there.cookie)
		b.me("beside that of another environment", http.StatusOK, "Cookie", there.name+"="+there.cookie)
		b.me("the right one again", http.StatusOK)
		// Whoever comes as a client is answered as one, and is not taken for the person whose cookie lies beside.
		b.me("an application", http.StatusNotFound, "Authorization", "Bearer "+c.token)
		b.me("with a token that is none", http.StatusUnauthorized, "Authorization", "Bearer x")
		b.me("with an empty header", http.StatusUnauthorized, "Authorization", "")
		c.Must("POST", "/environments/foreign/disable", nil)
		if a := there.ask(foreign, "GET", "/Me", ""); a.Status == http.StatusOK {
			c.T.Errorf("in an environment that is disabled: %d %s", a.Status, a.Text)
		}
	})
}
