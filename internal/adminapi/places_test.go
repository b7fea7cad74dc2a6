package adminapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

const cookieName = "__Host-counterfoil-session"

func cookieOf(environment string) string {
	return cookieName + "-" + strings.ReplaceAll(environment, "-", "")
}

// places are the names of the environments that the console offers to whoever sits at a browser; the one they are in comes first.
func places(t *testing.T, b *housetest.Browser, headers ...string) (names []string) {
	t.Helper()
	for i, p := range expect(t, b.Console("GET", "/session", nil, headers...), http.StatusOK).JSON["environments"].([]any) {
		place := p.(O)
		if names = append(names, place["name"].(string)); place["current"] != (i == 0) {
			t.Errorf("%v", place)
		}
		if address := place["console_url"].(string); !strings.HasPrefix(address, strings.TrimSuffix(b.URL, "/acme")) || !strings.HasSuffix(address, "/console/") {
			t.Errorf("%v", place)
		}
	}
	return names
}

func offered(t *testing.T, what string, b *housetest.Browser, want ...string) {
	t.Helper()
	if got := places(t, b); !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestTheWayFromAnEnvironmentLeadsWhereTheBrowserIsSignedIn(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		ada, _ := colleague(h, "ada", "organization-admin")
		inside, acme := h.NewEnvironment("acme")
		beside, globex := h.NewEnvironment("globex")
		_, initech := h.NewEnvironment("initech")
		eve, _ := colleague(inside, "eve", "environment-admin")
		gus, _ := colleague(beside, "gus", "")
		offered(t, "who is signed in to one", eve, "acme")
		eve.Cookies[cookieName] = ada.Cookies[cookieName]
		offered(t, "who is signed in to the default one, too", eve, "acme", "Default")
		eve.Cookies[cookieOf(globex)] = gus.Cookies[cookieOf(globex)]
		offered(t, "and to a third", eve, "acme", "Default", "globex")
		ada.Cookies = eve.Cookies
		offered(t, "who may see all", ada, "Default", "acme", "globex", "initech")
		// Whoever may not see environments at home has the way to those they are signed in to, and no other.
		bob, _ := colleague(h, "bob", "")
		offered(t, "who may see none", bob, "Default")
		bob.Cookies[cookieOf(acme)] = eve.Cookies[cookieOf(acme)]
		offered(t, "who may see none and is signed in to one", bob, "Default", "acme")
		// A sign-out takes it away, and so does whatever else ends the session.
		ada.Submit("/signout")
		delete(eve.Cookies, cookieName)
		offered(t, "after a sign-out there", eve, "acme", "globex")
		h.Must("POST", "/environments/"+globex+"/disable", nil)
		offered(t, "of which one is disabled", eve, "acme")
		h.Must("POST", "/environments/"+initech+"/disable", nil)
		ada.SignIn("ada", hers)
		offered(t, "at home, where disabled ones are no place to go", ada, "Default", "acme")
	})
}

// What a browser says it holds tells nobody which environments there are: it is a good session, or it is nothing.
func TestNobodyLearnsOfEnvironmentsByCookies(t *testing.T) {
	h := housetest.Start(t)
	ada, id := colleague(h, "ada", "organization-admin")
	inside, acme := h.NewEnvironment("acme")
	beside, globex := h.NewEnvironment("globex")
	eve, _ := colleague(inside, "eve", "environment-admin")
	gus, _ := colleague(beside, "gus", "environment-admin")
	home := h.Must("GET", "/ledger/head", nil).String("environment")
	good, own, third := ada.Cookies[cookieName], eve.Cookies[cookieOf(acme)], gus.Cookies[cookieOf(globex)]
	portal := h.NewApp("portal", nil, "signin:use")
	shown := expect(t, h.CallAs(h.Token(portal), "POST", "/services/login", O{"user_name": "ada", "password": hers}), http.StatusOK)
	app := h.Visit()
	app.Submit("/session", "session_token", shown.String("session_token"))
	if app.Cookies[cookieName] == "" {
		t.Fatal("no session, so this proves nothing")
	}
	for what, cookies := range map[string]string{
		"a name alone":                          cookieName + "=",
		"rubbish":                               cookieName + "=x; " + cookieOf(globex) + "=" + strings.Repeat("A", 64),
		"the own session as another's":          cookieName + "=" + own + "; " + cookieOf(globex) + "=" + own,
		"a good one under another's name":       cookieName + "=" + third + "; " + cookieOf(globex) + "=" + good,
		"a good one, and one planted":           cookieName + "=" + good + "; " + cookieName + "=x",
		"one planted, and a good one":           cookieName + "=x; " + cookieName + "=" + good,
		"a good one twice":                      cookieOf(globex) + "=" + third + "; " + cookieOf(globex) + "=" + third,
		"a name in another spelling":            cookieName + "-" + strings.ToUpper(strings.ReplaceAll(globex, "-", "")) + "=" + third,
		"a name with dashes":                    cookieName + "-" + globex + "=" + third,
		"a name that is too long":               cookieOf(globex) + "0=" + third,
		"a session that an application began":   cookieName + "=" + app.Cookies[cookieName],
		"a factor's state or a device's cookie": strings.Replace(cookieOf(globex), "session", "device", 1) + "=" + third + "; __Host-counterfoil-state=" + good,
	} {
		if got := places(t, eve, "Cookie", cookies); !slices.Equal(got, []string{"acme"}) {
			t.Errorf("%s: %q", what, got)
		}
	}
	// A name that says the same in other words is told once.
	if got := places(t, eve, "Cookie", cookieName+"="+good+"; "+cookieOf(home)+"="+good); !slices.Equal(got, []string{"acme", "Default"}) {
		t.Errorf("two names for one: %q", got)
	}
	// Of very many no more are looked at than a browser keeps.
	many := cookieName + "=" + good
	for n := range 16 {
		many += fmt.Sprintf("; %s-%032x=%s", cookieName, n+1, third)
	}
	if got := places(t, eve, "Cookie", many); !slices.Equal(got, []string{"acme"}) {
		t.Errorf("of very many: %q", got)
	}
	eve.Cookies[cookieName] = good
	offered(t, "with the good one, so the rest was no accident", eve, "acme", "Default")
	h.Must("POST", "/users/"+id+"/suspend", nil)
	offered(t, "once the person may not sign in there", eve, "acme")
}

// Whoever works in one environment does not thereby sit at another: its session ends when nobody uses it.
func TestLookingForTheWayBackKeepsNoSessionAlive(t *testing.T) {
	h := housetest.Start(t)
	ada, _ := colleague(h, "ada", "organization-admin")
	inside, _ := h.NewEnvironment("acme")
	eve, _ := colleague(inside, "eve", "environment-admin")
	eve.Cookies[cookieName] = ada.Cookies[cookieName]
	for range 7 {
		h.Clock.Move(time.Hour)
		offered(t, "in the first hours", eve, "acme", "Default")
	}
	h.Clock.Move(time.Hour + time.Minute)
	offered(t, "after eight silent ones", eve, "acme")
	refused(t, "a session that nobody used", ada.Console("GET", "/session", nil), http.StatusUnauthorized, "session_over")
}

func TestAnEnvironmentSaysTheTopLevelDomainOfItsRegion(t *testing.T) {
	domain := func(h *housetest.House, path string) any {
		h.T.Helper()
		return h.Must("GET", path, nil).JSON["top_level_domain"]
	}
	here := housetest.Start(t)
	if a := here.Must("GET", "/regions", nil); a.Text == "" || len(a.JSON["items"].([]any)) != 6 || strings.Contains(a.Text, `"here":false`) {
		t.Errorf("a server that serves all: %s", a.Text)
	}
	for code, want := range map[string]any{"NA": "com", "CA": "ca", "EU": "eu", "AU": "com.au", "SG": "sg", "AP": "asia", "": nil} {
		made := here.Must("POST", "/environments", O{"name": "in " + code, "region": code})
		if made.JSON["top_level_domain"] != want || domain(here, "/environments/"+made.String("id")) != want {
			t.Errorf("%q: %s", code, made.Text)
		}
	}
	ada, _ := colleague(here, "ada", "")
	if e := expect(t, ada.Console("GET", "/session", nil), http.StatusOK).Object("environment"); e.String("top_level_domain") != "" || e.String("region") != "" {
		t.Errorf("without a region: %v", e)
	}

	sydney := housetest.StartWith(t, "--region", "AU")
	ada, _ = colleague(sydney, "ada", "organization-admin")
	away := sydney.Must("POST", "/environments", O{"name": "away", "region": "EU"})
	none := sydney.Must("POST", "/environments", O{"name": "none"})
	inside, _ := sydney.NewEnvironment("acme")
	if away.JSON["top_level_domain"] != "eu" || none.JSON["top_level_domain"] != "com.au" || none.JSON["region"] != nil || domain(inside, "/environments/acme") != "com.au" {
		t.Errorf("%s %s", away.Text, none.Text)
	}
	a := sydney.Must("GET", "/regions", nil)
	if strings.Count(a.Text, `"here":true`) != 1 || !strings.Contains(a.Text, `{"code":"AU","top_level_domain":"com.au","here":true}`) {
		t.Error(a.Text)
	}
	if e := expect(t, ada.Console("GET", "/session", nil), http.StatusOK).Object("environment"); e.String("top_level_domain") != "com.au" {
		t.Errorf("%v", e)
	}
	// The console of an environment elsewhere is not here, and the operator's other deployments are no matter of an environment's.
	offered(t, "with an environment of another region", ada, "Default", "none", "acme")
	if a := inside.Call("GET", "/regions", nil); a.Status != http.StatusForbidden || strings.Contains(a.Text, "com") {
		t.Errorf("from another environment: %d %s", a.Status, a.Text)
	}
}
