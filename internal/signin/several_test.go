package signin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// named is what a cookie is called in an environment that is not the default one.
func named(cookie, environment string) string {
	return cookie + "-" + strings.ReplaceAll(environment, "-", "")
}

// both is one browser in two environments of a host.
func both(h *housetest.House) (here, there *visitor, acme string) {
	h.T.Helper()
	inside, acme := h.NewEnvironment("acme")
	here = visit(h)
	return here, &visitor{&housetest.Browser{House: inside, Cookies: here.Cookies}}, acme
}

func TestABrowserIsSignedInToSeveralEnvironments(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		here, there, acme := both(h)
		member(here.House, "ada")
		member(there.House, "ada")
		here.signIn("ada", good)
		first := here.Cookies[sessionCookie]
		there.signIn("ada", good)
		if here.Cookies[sessionCookie] != first || !here.in() || !there.in() {
			t.Fatal("signing in to another environment ends the first")
		}
		// A sign-in anew ends the session before it here, and nothing there.
		second := there.Cookies[named(sessionCookie, acme)]
		here.signIn("ada", good)
		if here.Cookies[sessionCookie] == first || there.Cookies[named(sessionCookie, acme)] != second || !there.in() {
			t.Error("signing in again touches another environment")
		}
		there.signOut()
		if _, kept := there.Cookies[named(sessionCookie, acme)]; kept || there.in() || !here.in() {
			t.Error("signing out of one environment is not that alone")
		}
		there.Cookies[named(sessionCookie, acme)] = second
		if there.in() {
			t.Error("the session lives on after the sign-out")
		}
		if log := h.Log.String(); strings.Contains(log, second) {
			t.Error("the log has the cookie")
		}
	})
}

// Whoever planted a cookie of an environment in a browser, of whatever kind and under whatever name, knows none that the browser
// has after the sign-in.
func TestACookiePlantedInAnotherEnvironmentIsNotGoneOnWith(t *testing.T) {
	h := housetest.Start(t)
	here, there, acme := both(h)
	member(here.House, "eve")
	member(there.House, "ada")
	member(there.House, "eve")
	eve := &visitor{there.Visit()}
	eve.signIn("eve", good)
	theirs := eve.Cookies[named(sessionCookie, acme)]
	eve = visit(h)
	eve.signIn("eve", good)
	for what, planted := range map[string]string{"a living session": theirs, "one of another environment": eve.Cookies[sessionCookie], "none": "x"} {
		there.Cookies[named(sessionCookie, acme)], there.Cookies[sessionCookie] = planted, planted
		there.signIn("ada", good)
		if there.Cookies[named(sessionCookie, acme)] == planted || !there.in() {
			t.Errorf("%s is gone on with", what)
		}
		if there.Cookies[sessionCookie] != planted {
			t.Errorf("%s: an environment touches another's cookie", what)
		}
	}
	delete(there.Cookies, sessionCookie)
	// What was planted is over where it lived, and lives on elsewhere: nobody ends sessions of an environment from another.
	if there.Cookies = map[string]string{named(sessionCookie, acme): theirs}; there.in() || !eve.in() {
		t.Error("a planted session outlives the sign-in, or ends elsewhere")
	}
}

// A state and a device are as little worth elsewhere as a session is, also under the name that they would have there.
func TestAStateAndADeviceAreOfOneEnvironment(t *testing.T) {
	h := housetest.Start(t)
	here, there, acme := both(h)
	chosen, secret := enrol(h, member(here.House, "ada"))
	theirs, _ := enrol(there.House, member(there.House, "ada"))
	led(t, here.post("/signin", "login", "ada", "password", good), "signin/factor")
	state := here.Cookies[stateCookie]
	led(t, here.post("/signin/factor", "factor", chosen, "code", totp(t, secret, h.Clock.Now()), "remember", "1"), "../account")
	device := here.Cookies[deviceCookie]
	if state == "" || device == "" {
		t.Fatal("nothing to show elsewhere")
	}
	h.Clock.Move(time.Minute)
	led(t, here.post("/signin", "login", "ada", "password", good), "account") // here the device stands for the factor
	for _, name := range []func(string) string{func(kind string) string { return kind }, func(kind string) string { return named(kind, acme) }} {
		there.Cookies = map[string]string{name(deviceCookie): device}
		led(t, there.post("/signin", "login", "ada", "password", good), "signin/factor")
		there.Cookies = map[string]string{name(stateCookie): state}
		led(t, there.post("/signin/factor", "factor", theirs, "code", totp(t, secret, h.Clock.Now())), "../signin?over")
	}
	// Two environments ask for a factor at a time.
	there.Cookies = here.Cookies
	led(t, there.post("/signin", "login", "ada", "password", good), "signin/factor")
	delete(here.Cookies, deviceCookie)
	led(t, here.post("/signin", "login", "ada", "password", good), "signin/factor")
	for what, v := range map[string]*visitor{"here": here, "there": there} {
		if a := v.get("/signin/factor"); a.Status != http.StatusOK {
			t.Errorf("%s: %d to %s", what, a.Status, a.Header.Get("Location"))
		}
	}
}

// The name of an environment's cookie is told to those only who have one already.
func TestStrangersHearOfNoCookie(t *testing.T) {
	h := housetest.Start(t)
	_, there, _ := both(h)
	for _, a := range []*housetest.Answer{there.post("/signout"), there.get("/signin"), there.get("/signin/factor"), there.post("/signin", "login", "x", "password", "y")} {
		if set := a.Header["Set-Cookie"]; len(set) != 0 {
			t.Errorf("%d %q", a.Status, set)
		}
	}
}
