package adminapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

const hers = "granite otter velvet 9 harbour"

// colleague makes a user with a password and a role over all of the organization or environment, and signs it in.
func colleague(h *housetest.House, name, role string) (b *housetest.Browser, id string) {
	h.T.Helper()
	id = h.Must("POST", "/users", O{"user_name": name}).String("id")
	h.Must("PUT", "/users/"+id+"/password", O{"password": hers})
	if role != "" {
		over := "organization"
		if role == "environment-admin" {
			over = "environment"
		}
		h.Must("POST", "/users/"+id+"/roles", O{"role": role, "over": over})
	}
	b = h.Visit()
	b.SignIn(name, hers)
	return b, id
}

// refused fails the test unless the console hears that status with that word.
func refused(t *testing.T, what string, a *housetest.Answer, status int, code string) {
	t.Helper()
	if a.Status != status || a.String("code") != code {
		t.Errorf("%s: %d %q %s, want %d %q", what, a.Status, a.String("code"), a.Text, status, code)
	}
}

func TestAPersonAdministersFromTheConsole(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		ada, id := colleague(h, "ada", "organization-admin")
		me := expect(t, ada.Console("GET", "/session", nil), http.StatusOK)
		if me.Object("user").String("id") != id || me.JSON["administrator"] != true || me.String("fresh_until") == "" ||
			len(me.JSON["scopes"].([]any)) < 30 || len(me.JSON["roles"].([]any)) != 1 {
			t.Errorf("%s", me.Text)
		}
		made := expect(t, ada.Console("POST", "/applications", O{"name": "billing", "secret": O{}}), http.StatusCreated)
		expect(t, ada.Console("GET", "/applications/"+made.String("client_id"), nil), http.StatusOK)
		expect(t, ada.Console("POST", "/credentials", O{"name": "a pair", "access": "manage-all"}), http.StatusCreated)
		expect(t, ada.Console("POST", "/environments", O{"name": "acme", "slug": "acme"}), http.StatusCreated)
		places := expect(t, ada.Console("GET", "/session", nil), http.StatusOK).JSON["environments"].([]any)
		if len(places) != 2 || places[0].(O)["current"] != true || !strings.HasSuffix(places[1].(O)["console_url"].(string), "/acme/console/") {
			t.Errorf("%v", places)
		}
		expect(t, ada.Console("DELETE", "/applications/"+made.String("client_id"), nil), http.StatusOK)
		for _, e := range housetest.Items(t, h.Call("GET", "/ledger/events?limit=500", nil)) {
			if kind := e["kind"].(string); kind == "application.deleted" {
				if actor := e["actor"].(O); actor["kind"] != "user" || actor["id"] != id {
					t.Errorf("%v", e)
				}
				return
			}
		}
		t.Error("the ledger does not know who did it")
	})
}

// Cross-site request forgery: a cookie that a browser sends by itself is no credential, whatever page sends it along.
func TestACookieAloneIsNoCredential(t *testing.T) {
	h := housetest.Start(t)
	ada, _ := colleague(h, "ada", "organization-admin")
	head := h.Must("GET", "/ledger/head", nil).Text
	for name, headers := range map[string][]string{
		"no header":              {"Sec-Fetch-Site", "same-origin"},
		"nothing at all":         nil,
		"another header's value": {"Sec-Fetch-Site", "same-origin", "X-Counterfoil", "cli"},
		"the header twice":       {"Sec-Fetch-Site", "same-origin", "X-Counterfoil", "console", "X-Counterfoil", "console"},
		"another site":           {"Sec-Fetch-Site", "cross-site", "X-Counterfoil", "console"},
		"another host":           {"Sec-Fetch-Site", "same-site", "X-Counterfoil", "console"},
		"typed":                  {"Sec-Fetch-Site", "none", "X-Counterfoil", "console"},
	} {
		for _, method := range []string{"GET", "POST"} {
			var body any
			if method == "POST" {
				body = O{"name": "forged"}
			}
			a := ada.Do(ada.CallRequest("", method, "/api/v1/applications", body, headers...))
			if a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden {
				t.Errorf("%s, %s: %d %s", name, method, a.Status, a.Text)
			}
		}
	}
	for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1:1"} {
		a := ada.Do(ada.CallRequest("", "POST", "/api/v1/applications", O{"name": "forged"}, "Origin", origin, "X-Counterfoil", "console"))
		refused(t, origin, a, http.StatusForbidden, "origin_not_allowed")
	}
	// A page elsewhere would have to ask before it may send the header, and nobody answers.
	ask := ada.Do(ada.Request("OPTIONS", "/api/v1/applications", nil, "Origin", "https://evil.example", "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "x-counterfoil"))
	if ask.Status < 400 || ask.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v", ask.Status, ask.Header)
	}
	if now := h.Must("GET", "/ledger/head", nil).Text; now != head {
		t.Error("something was done")
	}
	if a := ada.Console("GET", "/applications", nil); a.Status != http.StatusOK || a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the control: %d %v", a.Status, a.Header)
	}
}

// Whatever stops a person, or takes a role away, holds from the very next request on, on every engine.
func TestWhateverStopsAPersonStopsThemAtOnce(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		for name, stop := range map[string]func(id string){
			"suspended":      func(id string) { h.Must("POST", "/users/"+id+"/suspend", nil) },
			"locked":         func(id string) { h.Must("POST", "/users/"+id+"/lock", O{}) },
			"logged out":     func(id string) { h.Must("POST", "/users/"+id+"/logout", nil) },
			"a new password": func(id string) { h.Must("PUT", "/users/"+id+"/password", O{"password": hers + " 2"}) },
			"deleted":        func(id string) { h.Must("DELETE", "/users/"+id, nil) },
			"ended": func(id string) {
				token := h.CallAs(h.AdminToken(), "GET", "/services/users/"+id+"/tokens", nil).JSON["items"].([]any)[0].(O)["id"].(string)
				h.CallAs(h.AdminToken(), "DELETE", "/services/users/"+id+"/tokens/"+token, nil)
			},
		} {
			b, id := colleague(h, strings.ReplaceAll(name, " ", "-"), "organization-admin")
			expect(t, b.Console("GET", "/applications", nil), http.StatusOK)
			stop(id)
			refused(t, name, b.Console("GET", "/applications", nil), http.StatusUnauthorized, "session_over")
			refused(t, name, b.Console("GET", "/session", nil), http.StatusUnauthorized, "session_over")
			refused(t, name, b.Console("POST", "/applications", O{"name": name}), http.StatusUnauthorized, "session_over")
		}
		b, id := colleague(h, "withdrawn", "organization-admin")
		expect(t, b.Console("POST", "/applications", O{"name": "before"}), http.StatusCreated)
		role := housetest.Items(t, h.Call("GET", "/users/"+id+"/roles", nil))[0]["id"].(string)
		h.Must("DELETE", "/users/"+id+"/roles/"+role, nil)
		refused(t, "a withdrawn role", b.Console("POST", "/applications", O{"name": "after"}), http.StatusForbidden, "")
		refused(t, "a withdrawn role, reading", b.Console("GET", "/applications", nil), http.StatusForbidden, "")
		if me := expect(t, b.Console("GET", "/session", nil), http.StatusOK); len(me.JSON["scopes"].([]any)) != 0 {
			t.Errorf("%s", me.Text)
		}
	})
}

func TestACookieFromElsewhereOpensNothing(t *testing.T) {
	h := housetest.Start(t)
	ada, _ := colleague(h, "ada", "organization-admin")
	inside, acme := h.NewEnvironment("acme")
	eve, _ := colleague(inside, "eve", "environment-admin")
	expect(t, eve.Console("GET", "/applications", nil), http.StatusOK)
	const session = "__Host-counterfoil-session"
	theirs := session + "-" + strings.ReplaceAll(acme, "-", "")
	good, foreign := ada.Cookies[session], eve.Cookies[theirs]
	if good == "" || foreign == "" {
		t.Fatalf("%v and %v", ada.Cookies, eve.Cookies)
	}
	for _, name := range []string{session, theirs} {
		ada.Cookies, eve.Cookies = map[string]string{name: foreign}, map[string]string{name: good}
		refused(t, "a cookie of another environment as "+name, ada.Console("GET", "/applications", nil), http.StatusUnauthorized, "session_over")
		refused(t, "a cookie of the environment above as "+name, eve.Console("GET", "/applications", nil), http.StatusUnauthorized, "session_over")
	}
	// One browser holds both, and each environment knows its own.
	ada.Cookies = map[string]string{session: good, theirs: foreign}
	eve.Cookies = ada.Cookies
	for name, b := range map[string]*housetest.Browser{"ada": ada, "eve": eve} {
		if user := expect(t, b.Console("GET", "/session", nil), http.StatusOK).Object("user"); user.String("user_name") != name {
			t.Errorf("%s is %v", name, user)
		}
	}
	// Nor does one environment's own name open it with the cookie of the other beside.
	eve.Cookies = map[string]string{session: good, theirs: "x"}
	refused(t, "a forged one beside a good one of another environment", eve.Console("GET", "/applications", nil), http.StatusUnauthorized, "session_over")

	for _, forged := range []string{"", "x", good[:len(good)-1] + "A", good + "A", strings.ToUpper(good)} {
		if ada.Cookies[session] = forged; forged != good {
			refused(t, forged, ada.Console("GET", "/applications", nil), http.StatusUnauthorized, "session_over")
		}
	}
	ada.Cookies[session] = good
	// Of two cookies one was planted. A token that is no good does not fall back on the cookie.
	r := ada.CallRequest("", "GET", "/api/v1/applications", nil, "X-Counterfoil", "console", "Sec-Fetch-Site", "same-origin", "Cookie", session+"=x")
	refused(t, "two cookies", ada.Do(r), http.StatusUnauthorized, "session_over")
	refused(t, "a bad token beside it", ada.Console("GET", "/applications", nil, "Authorization", "Bearer x"), http.StatusUnauthorized, "")
	refused(t, "and at the session", ada.Console("GET", "/session", nil, "Authorization", "Bearer "+h.AdminToken()), http.StatusUnauthorized, "session_over")
	expect(t, ada.Console("GET", "/applications", nil), http.StatusOK)
	// The cookie opens what the console needs, and nothing beside it.
	for _, path := range []string{"/scim/v2/Users", "/services/users"} {
		if a := ada.Do(ada.Request("GET", path, nil, "X-Counterfoil", "console", "Sec-Fetch-Site", "same-origin")); a.Status != http.StatusUnauthorized {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	// An application that a person signs in through knows the cookie of that session.
	portal := h.NewApp("portal", nil, "signin:use")
	shown := expect(t, h.CallAs(h.Token(portal), "POST", "/services/login", O{"user_name": "ada", "password": hers}), http.StatusOK)
	thief := h.Visit()
	thief.Submit("/session", "session_token", shown.String("session_token"))
	if thief.Cookies[session] == "" {
		t.Fatal("no session, so this proves nothing")
	}
	refused(t, "a session that an application opened", thief.Console("GET", "/applications", nil), http.StatusUnauthorized, "session_over")
}

func TestWhatMattersAsksForAFreshProofAndTheCookieIsNewThen(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		ada, _ := colleague(h, "ada", "organization-admin")
		app := expect(t, ada.Console("POST", "/applications", O{"name": "billing", "secret": O{"viewable": true}}), http.StatusCreated)
		path := "/applications/" + app.String("client_id")
		secret := path + "/secrets/" + app.Object("secret").String("id")
		h.Clock.Move(5*time.Minute + time.Second)
		for _, call := range [][2]string{
			{"POST", "/applications"}, {"POST", path + "/secrets"}, {"POST", secret + "/rotate"}, {"POST", secret + "/reveal"}, {"DELETE", secret},
			{"DELETE", path}, {"POST", "/credentials"}, {"POST", "/keys/rotate"}, {"PUT", "/global-credential/secret"},
		} {
			var body any
			if call[0] != "DELETE" {
				body = O{}
			}
			refused(t, call[0]+" "+call[1], ada.Console(call[0], call[1], body), http.StatusForbidden, "step_up_required")
		}
		expect(t, ada.Console("GET", path, nil), http.StatusOK)
		expect(t, ada.Console("POST", path+"/disable", nil), http.StatusOK) // what takes authority away does not wait
		if me := expect(t, ada.Console("GET", "/session", nil), http.StatusOK); me.String("fresh_until") != "" || me.String("proved_at") == "" {
			t.Errorf("%s", me.Text)
		}
		before := ada.Cookies["__Host-counterfoil-session"]
		if a := ada.Submit("/signin/step-up", "password", "wrong", "return_to", "/console/"); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a wrong password: %d", a.Status)
		}
		refused(t, "after a wrong password", ada.Console("DELETE", path, nil), http.StatusForbidden, "step_up_required")
		a := ada.Submit("/signin/step-up", "password", hers, "return_to", "/console/apps")
		if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/console/apps" || ada.Cookies["__Host-counterfoil-session"] == before {
			t.Fatalf("%d %v", a.Status, a.Header)
		}
		thief := h.Visit()
		thief.Cookies["__Host-counterfoil-session"] = before
		refused(t, "the cookie from before", thief.Console("GET", path, nil), http.StatusUnauthorized, "session_over")
		expect(t, ada.Console("DELETE", path, nil), http.StatusOK)
	})
}

// Nobody renews the proof of somebody else's session, nor with a device that is remembered in place of the factor.
func TestAFreshProofIsThePersonsOwnAndWhole(t *testing.T) {
	h := housetest.Start(t)
	ada, id := colleague(h, "ada", "organization-admin")
	codes := expect(t, h.Call("POST", "/users/"+id+"/recovery-codes", nil), http.StatusOK).JSON["codes"].([]any)
	factor := housetest.Items(t, h.Call("GET", "/users/"+id+"/factors", nil))[0]["id"].(string)
	ada.Submit("/signout")
	ada.Submit("/signin", "login", "ada", "password", hers)
	ada.Submit("/signin/factor", "factor", factor, "code", codes[0].(string), "remember", "1")
	expect(t, ada.Console("POST", "/applications", O{"name": "one"}), http.StatusCreated)
	ada.Submit("/signout")
	ada.SignIn("ada", hers) // the device stands for the factor
	expect(t, ada.Console("GET", "/applications", nil), http.StatusOK)
	refused(t, "with the password alone", ada.Console("POST", "/applications", O{"name": "two"}), http.StatusForbidden, "step_up_required")
	if a := ada.Submit("/signin/step-up", "password", hers); a.Header.Get("Location") != "../signin/factor" {
		t.Fatalf("the factor is not asked: %d %v", a.Status, a.Header)
	}
	refused(t, "before the factor", ada.Console("POST", "/applications", O{"name": "two"}), http.StatusForbidden, "step_up_required")
	// The state of one browser is no proof in another's session.
	eve, _ := colleague(h, "eve", "organization-admin")
	h.Clock.Move(6 * time.Minute)
	ada.Submit("/signin/step-up", "password", hers)
	eve.Cookies["__Host-counterfoil-state"] = ada.Cookies["__Host-counterfoil-state"]
	eve.Submit("/signin/factor", "factor", factor, "code", codes[1].(string))
	refused(t, "with another's factor", eve.Console("POST", "/applications", O{"name": "three"}), http.StatusForbidden, "step_up_required")
	ada.Submit("/signin/factor", "factor", factor, "code", codes[2].(string))
	expect(t, ada.Console("POST", "/applications", O{"name": "two"}), http.StatusCreated)
}

func TestOnlyAdministratorsOpenAPICredentials(t *testing.T) {
	h := housetest.Start(t)
	for role, may := range map[string]bool{"organization-admin": true, "environment-admin": true, "client-application-developer": false} {
		b, _ := colleague(h, role, role)
		expect(t, b.Console("POST", "/applications", O{"name": "app of " + role}), http.StatusCreated)
		a := b.Console("POST", "/credentials", O{"name": "pair of " + role, "access": "authentication-only"})
		if may != (a.Status == http.StatusCreated) || !may && a.Status != http.StatusForbidden {
			t.Errorf("%s: %d %s", role, a.Status, a.Text)
		}
		one := "/credentials/" + h.Must("POST", "/credentials", O{"name": "pair beside " + role, "access": "authentication-only"}).String("client_id")
		for _, call := range [][2]string{{"GET", "/credentials"}, {"GET", one}, {"POST", one + "/disable"}, {"POST", one + "/enable"}, {"DELETE", one}} {
			if a := b.Console(call[0], call[1], nil); may != (a.Status == http.StatusOK || a.Status == http.StatusNoContent) || !may && a.Status != http.StatusForbidden {
				t.Errorf("%s, %s %s: %d %s", role, call[0], call[1], a.Status, a.Text)
			}
		}
		if me := expect(t, b.Console("GET", "/session", nil), http.StatusOK); me.JSON["administrator"] != may {
			t.Errorf("%s: %s", role, me.Text)
		}
	}
}

// A pair is an application, too: whoever looks after applications does not come to pairs that way.
func TestAPairIsNoApplicationForWhoMayNotHandlePairs(t *testing.T) {
	h := housetest.Start(t)
	h.Must("PATCH", "/policy", O{"viewable_secrets": true})
	made := h.Must("POST", "/credentials", O{"name": "a pair", "access": "authentication-only"})
	one := "/applications/" + made.String("client_id")
	secret := one + "/secrets/" + made.String("secret_id")
	calls := []struct {
		method, path string
		body         any
	}{
		{"PATCH", one, O{"name": "mine"}},
		{"POST", one + "/disable", nil},
		{"POST", one + "/enable", nil},
		{"POST", one + "/lock", O{"minutes": 5}},
		{"POST", one + "/unlock", nil},
		{"PUT", one + "/lock-policy", O{"policy": "off"}},
		{"POST", one + "/secrets", O{}},
		{"PATCH", secret, O{"description": "mine"}},
		{"POST", secret + "/reveal", nil},
		{"POST", secret + "/rotate", O{}},
		{"POST", secret + "/disable", nil},
		{"POST", secret + "/enable", nil},
		{"DELETE", secret + "?force=true", nil},
		{"DELETE", one, nil},
	}
	developer, _ := colleague(h, "developer", "client-application-developer")
	administrator, _ := colleague(h, "administrator", "environment-admin")
	head := h.Must("GET", "/ledger/head", nil).Text
	for _, call := range calls {
		if call.path == one+"/enable" || call.path == secret+"/enable" {
			continue // it is enabled
		}
		refused(t, call.method+" "+call.path, developer.Console(call.method, call.path, call.body), http.StatusForbidden, "")
	}
	if now := h.Must("GET", "/ledger/head", nil).Text; now != head {
		t.Error("something was done")
	}
	for _, what := range []string{one, secret} {
		h.Must("POST", what+"/disable", nil)
		refused(t, "POST "+what+"/enable", developer.Console("POST", what+"/enable", nil), http.StatusForbidden, "")
		h.Must("POST", what+"/enable", nil)
	}
	// Whoever administers the environment does all of it.
	for _, call := range calls {
		if a := administrator.Console(call.method, call.path, call.body); a.Status >= 300 {
			t.Errorf("%s %s: %d %s", call.method, call.path, a.Status, a.Text)
		}
	}
}

func TestAPersonReachesWhatTheRoleIsOver(t *testing.T) {
	h := housetest.Start(t)
	b, id := colleague(h, "ada", "")
	refused(t, "without a role", b.Console("GET", "/users", nil), http.StatusForbidden, "")
	refused(t, "a search without a role", b.Console("POST", "/search", O{"text": "inside"}), http.StatusForbidden, "")
	theirs := h.Must("POST", "/populations", O{"name": "theirs"}).String("id")
	h.Must("POST", "/users", O{"user_name": "inside", "population_id": theirs})
	h.Must("POST", "/users/"+id+"/roles", O{"role": "identity-data-admin", "over": "population", "scope_id": theirs})
	names := []string{}
	for _, u := range housetest.Items(t, b.Console("GET", "/users", nil)) {
		names = append(names, u["user_name"].(string))
	}
	if !slices.Equal(names, []string{"inside"}) {
		t.Errorf("%v", names)
	}
	if a := expect(t, b.Console("POST", "/search", O{"text": "inside"}), http.StatusOK); !strings.Contains(a.Text, `"name":"inside"`) {
		t.Errorf("a search with a role: %s", a.Text)
	}
	refused(t, "what no role gives", b.Console("GET", "/applications", nil), http.StatusForbidden, "")
	// Nobody gives what they do not hold.
	if a := b.Console("POST", "/users/"+id+"/roles", O{"role": "organization-admin", "over": "organization"}); a.Status != http.StatusForbidden {
		t.Errorf("a role for oneself: %d %s", a.Status, a.Text)
	}
}

// Two people who send the same Idempotency-Key are two people.
func TestIdempotencyKeysAreAPersonsOwn(t *testing.T) {
	h := housetest.Start(t)
	ada, _ := colleague(h, "ada", "organization-admin")
	eve, _ := colleague(h, "eve", "organization-admin")
	body := O{"name": "a pair", "access": "authentication-only"}
	first := expect(t, ada.Console("POST", "/credentials", body, "Idempotency-Key", "k"), http.StatusCreated)
	again := expect(t, ada.Console("POST", "/credentials", body, "Idempotency-Key", "k"), http.StatusCreated)
	if first.String("client_id") != again.String("client_id") || again.String("secret") != "" {
		t.Error("a repetition is another, or shows the secret")
	}
	if a := eve.Console("POST", "/credentials", body, "Idempotency-Key", "k"); a.Status != http.StatusConflict {
		t.Errorf("somebody else's: %d %s", a.Status, a.Text)
	}
}
