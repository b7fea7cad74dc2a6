package signin_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestAPersonSignsInAndOut(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		member(h, "ada")
		v := visit(h)
		led(t, v.get("/account"), "signin")
		wants(t, "the form", v.get("/signin?return_to=/console/apps"), http.StatusOK, `id="login"`, `value="/console/apps"`)
		led(t, v.post("/signin", "login", " ADA@example.com ", "password", good, "return_to", "/console/apps"), "/console/apps")
		wants(t, "the account", v.get("/account"), http.StatusOK, "Ada Lovelace")
		led(t, v.get("/signin"), "account")
		cookie := v.Cookies[sessionCookie]
		led(t, v.post("/signout"), "signin?out")
		if _, kept := v.Cookies[sessionCookie]; kept {
			t.Error("the browser keeps the cookie")
		}
		if v.Cookies[sessionCookie] = cookie; v.in() {
			t.Error("the session lives on after the sign-out")
		}
		if log := h.Log.String(); strings.Contains(log, cookie) || strings.Contains(log, "otter") {
			t.Error("the log has the cookie or the password")
		}
	})
}

var written = regexp.MustCompile(`value="[^"]*"`)

// Whoever does not get in hears the same, after the same steps of the grid, whatever was wrong.
func TestEveryRefusalAtSignInIsTheSame(t *testing.T) {
	h := housetest.Start(t)
	member(h, "ada")
	person(h, "without", nil)
	gone := member(h, "gone")
	h.Must("POST", "/users/"+gone+"/suspend", nil)
	locked := member(h, "locked")
	h.Must("POST", "/users/"+locked+"/lock", O{})
	first := ""
	for _, try := range [][2]string{{"ada", "wrong"}, {"nobody", good}, {"without", good}, {"gone", good}, {"locked", good}, {"locked", "wrong"}} {
		v := visit(h)
		began := time.Now()
		a := v.post("/signin", "login", try[0], "password", try[1])
		took := time.Since(began)
		if text := written.ReplaceAllString(a.Text, ""); first == "" {
			first = text
		} else if text != first || a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d %s", try, a.Status, a.Text)
		}
		if took < 50*time.Millisecond || len(v.Cookies) != 0 {
			t.Errorf("%v: after %s, with %v", try, took, v.Cookies)
		}
	}
	wants(t, "nothing typed", visit(h).post("/signin", "password", good), http.StatusUnprocessableEntity, `id="login-problem"`)
	wants(t, "no password", visit(h).post("/signin", "login", "ada"), http.StatusUnprocessableEntity, `id="password-problem"`)
}

func TestWrongPasswordsAtTheFormLockTheUser(t *testing.T) {
	h := housetest.Start(t)
	id := member(h, "ada")
	for range 30 {
		if visit(h).post("/signin", "login", "ada", "password", "wrong"); h.Must("GET", "/users/"+id, nil).String("state") == "locked" {
			wants(t, "the right one", visit(h).post("/signin", "login", "ada", "password", good), http.StatusUnprocessableEntity, "is wrong")
			return
		}
	}
	t.Error("thirty wrong passwords lock nobody")
}

func TestASecondFactorIsAskedAndCounts(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		id := member(h, "ada")
		_, secret := enrol(h, id)
		v := visit(h)
		led(t, v.post("/signin", "login", "ada", "password", good, "return_to", "/console/"), "signin/factor")
		if v.Cookies[sessionCookie] != "" || v.in() {
			t.Fatal("the password alone let the person in")
		}
		page := v.get("/signin/factor")
		wants(t, "the factor", page, http.StatusOK, `id="code"`, `id="remember"`)
		chosen := regexp.MustCompile(`name="factor" value="([^"]+)"`).FindStringSubmatch(page.Text)[1]
		wants(t, "a wrong code", v.post("/signin/factor", "factor", chosen, "code", "000000"), http.StatusUnprocessableEntity, `id="code-problem"`)
		state := v.Cookies[stateCookie]
		led(t, v.post("/signin/factor", "factor", chosen, "code", totp(t, secret, h.Clock.Now())), "/console/")
		if !v.in() || v.Cookies[stateCookie] != "" || v.Cookies[deviceCookie] != "" {
			t.Error(v.Cookies)
		}
		// The state is used up, also for who has kept the cookie; and there is none without the password.
		h.Clock.Move(time.Minute)
		for _, cookie := range []string{state, "", v.Cookies[sessionCookie]} {
			thief := visit(h)
			if thief.Cookies[stateCookie] = cookie; cookie == "" {
				delete(thief.Cookies, stateCookie)
			}
			led(t, thief.post("/signin/factor", "factor", chosen, "code", totp(t, secret, h.Clock.Now())), "../signin?over")
		}
		// Five wrong ones burn a state.
		led(t, v.post("/signin", "login", "ada", "password", good), "signin/factor")
		for range 5 {
			v.post("/signin/factor", "factor", chosen, "code", "000000")
		}
		led(t, v.get("/signin/factor"), "../signin?over")
	})
}

func TestARememberedDeviceStandsForTheFactorUntilThePasswordChanges(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		id := member(h, "ada")
		chosen, secret := enrol(h, id)
		v := visit(h)
		led(t, v.post("/signin", "login", "ada", "password", good), "signin/factor")
		led(t, v.post("/signin/factor", "factor", chosen, "code", totp(t, secret, h.Clock.Now()), "remember", "1"), "../account")
		device := v.Cookies[deviceCookie]
		if device == "" {
			t.Fatal("no device is remembered")
		}
		v.signOut()
		v.signIn("ada", good)
		// It is nobody else's.
		other := member(h, "bob")
		enrol(h, other)
		thief := visit(h)
		thief.Cookies[deviceCookie] = device
		led(t, thief.post("/signin", "login", "bob", "password", good), "signin/factor")
		// After a new password, and a month later, it is forgotten.
		housetest.Expect(t, h.Call("PUT", "/users/"+id+"/password", O{"password": good + " 2"}), http.StatusOK)
		if v.in() {
			t.Error("the session outlives the password")
		}
		led(t, v.post("/signin", "login", "ada", "password", good+" 2"), "signin/factor")
		h.Clock.Move(time.Minute)
		led(t, v.post("/signin/factor", "factor", chosen, "code", totp(t, secret, h.Clock.Now()), "remember", "1"), "../account")
		v.signOut()
		v.signIn("ada", good+" 2")
		v.signOut()
		h.Clock.Move(31 * 24 * time.Hour)
		led(t, v.post("/signin", "login", "ada", "password", good+" 2"), "signin/factor")
	})
}

func TestAnExpiredPasswordIsChangedBeforeAnythingElse(t *testing.T) {
	h := housetest.Start(t)
	id := member(h, "ada")
	housetest.Expect(t, h.Call("PUT", "/users/"+id+"/password", O{"password": good, "temporary": true}), http.StatusOK)
	v := visit(h)
	led(t, v.post("/signin", "login", "ada", "password", good, "return_to", "/console/"), "signin/change?return_to="+url.QueryEscape("/console/"))
	wants(t, "the page", v.get("/signin/change?return_to=/console/"), http.StatusOK, "at least 12 characters")
	fresh := "velvet granite 7 otter pier"
	for field, fields := range map[string][]string{
		"repeat":   {"old", good, "password", fresh, "repeat", "other"},
		"password": {"old", good, "password", "password1234", "repeat", "password1234"},
		"person":   {"old", "wrong", "password", fresh, "repeat", fresh},
	} {
		a := v.post("/signin/change", append([]string{"login", "ada"}, fields...)...)
		wants(t, field, a, http.StatusUnprocessableEntity, `id="`+field+`-problem"`)
	}
	led(t, v.post("/signin/change", "login", "ada", "old", good, "password", fresh, "repeat", fresh, "return_to", "/console/"),
		"../signin?changed&return_to="+url.QueryEscape("/console/"))
	v.signIn("ada", fresh)
}

// Whoever learns a password, and has no second factor, cannot shut its owner out with it.
func TestAGoodPasswordIsChangedByWhoIsSignedInAlone(t *testing.T) {
	h := housetest.Start(t)
	id := member(h, "ada")
	member(h, "eve")
	fresh := "velvet granite 7 otter pier"
	change := []string{"login", "ada", "old", good, "password", fresh, "repeat", fresh}
	owner, thief := visit(h), visit(h)
	owner.signIn("ada", good)
	enrol(h, id)
	led(t, thief.post("/signin/change", change...), "../signin?return_to="+url.QueryEscape("/signin/change"))
	thief.signIn("eve", good)
	led(t, thief.post("/signin/change", change...), "../signin?return_to="+url.QueryEscape("/signin/change"))
	led(t, owner.post("/signin/change", change...), "../signin?changed")
	if owner.in() {
		t.Error("the session outlives the password")
	}
}

// TestNobodyGoesOnInASessionThatSomebodyPlanted is session fixation: the cookie is new at every sign-in, and what the browser
// came with is over.
func TestNobodyGoesOnInASessionThatSomebodyPlanted(t *testing.T) {
	h := housetest.Start(t)
	member(h, "ada")
	member(h, "eve")
	eve := visit(h)
	eve.signIn("eve", good)
	planted := eve.Cookies[sessionCookie]
	ada := visit(h)
	ada.Cookies[sessionCookie] = planted
	ada.signIn("ada", good)
	if ada.Cookies[sessionCookie] == planted || eve.in() {
		t.Error("the planted session goes on")
	}
	if !ada.in() {
		t.Error("the sign-in brought no session")
	}
	// Of two cookies one was planted: neither is taken.
	r := h.Request("GET", "/account", nil, "Cookie", sessionCookie+"="+planted+"; "+sessionCookie+"="+ada.Cookies[sessionCookie])
	led(t, h.Send(r), "signin")
}

func TestNobodyIsSentElsewhereAfterSigningIn(t *testing.T) {
	h := housetest.Start(t)
	member(h, "ada")
	for _, evil := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "javascript:alert(1)", "/\t/evil.example", "evil", "/..//evil.example"} {
		v := visit(h)
		if a := v.get("/signin?return_to=" + url.QueryEscape(evil)); strings.Contains(a.Text, "evil") {
			t.Errorf("%q is on the page", evil)
		}
		led(t, v.post("/signin", "login", "ada", "password", good, "return_to", evil), "account")
		led(t, v.get("/signin?return_to="+url.QueryEscape(evil)), "account")
	}
}

func TestOtherSitesCannotSignAnybodyInOrOutNorFrameThePages(t *testing.T) {
	h := housetest.Start(t)
	member(h, "ada")
	v := visit(h)
	v.signIn("ada", good)
	for _, path := range []string{"/signin", "/signin/factor", "/signin/change", "/signout"} {
		for _, headers := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			r := h.FormRequest(path, housetest.Client{}, "login", "ada", "password", good)
			r.Header.Set(headers[0], headers[1])
			if a := v.send(r); a.Status != http.StatusForbidden {
				t.Errorf("%s with %v: %d", path, headers, a.Status)
			}
		}
	}
	if !v.in() {
		t.Error("another site signed the person out")
	}
	for _, path := range []string{"/signin", "/signin/change", "/account"} {
		a := v.get(path)
		if policy := a.Header.Get("Content-Security-Policy"); a.Header.Get("X-Frame-Options") != "DENY" ||
			!strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
}

func TestASessionIsOfOneEnvironment(t *testing.T) {
	h := housetest.Start(t)
	member(h, "ada")
	inside, acme := h.NewEnvironment("acme")
	member(inside, "ada")
	v, w := visit(h), visit(inside)
	v.signIn("ada", good)
	w.signIn("ada", good)
	ours, theirs := v.Cookies[sessionCookie], w.Cookies[named(sessionCookie, acme)]
	if ours == "" || theirs == "" {
		t.Fatalf("%v and %v", v.Cookies, w.Cookies)
	}
	for _, name := range []string{sessionCookie, named(sessionCookie, acme)} {
		v.Cookies, w.Cookies = map[string]string{name: theirs}, map[string]string{name: ours}
		if v.in() || w.in() {
			t.Errorf("a cookie of another environment is taken as %s", name)
		}
	}
}

// An application that opened a session for a person knows its cookie, so that session opens none of the person's own pages.
func TestASessionThatAnApplicationOpenedIsNoneOfThePersons(t *testing.T) {
	h := housetest.Start(t)
	member(h, "ada")
	portal := h.NewApp("portal", nil, "signin:use")
	shown := housetest.Expect(t, h.CallAs(h.Token(portal), "POST", "/services/login", O{"user_name": "ada", "password": good}), http.StatusOK)
	v := visit(h)
	if a := v.post("/session", "session_token", shown.String("session_token")); a.Status != http.StatusOK || v.Cookies[sessionCookie] == "" {
		t.Fatalf("%d %s", a.Status, a.Text)
	}
	led(t, v.get("/account"), "signin")
}
