package signin_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestActivationSetsTheFirstPasswordAndActivates(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		id := person(h, "ada", O{"status": "staged"})
		link := send(h, id, "send-activation")
		if !strings.HasPrefix(link, "/activate/cfu_") {
			t.Fatal(link)
		}
		before := head(h)
		// What looks at links in mails uses none up, however often and in whatever way.
		for _, method := range []string{"GET", "HEAD", "GET", "OPTIONS"} {
			h.Send(h.Request(method, link, nil))
		}
		if head(h) != before {
			t.Error("looking at the page left a trace in the ledger")
		}
		wants(t, "the page", get(h, link), http.StatusOK, `value="ada"`, "at least 12 characters", `autocomplete="new-password"`)
		a := choose(h, link, good)
		if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "done?lang=en" {
			t.Fatalf("%d %v %s", a.Status, a.Header, a.Text)
		}
		wants(t, "the end", get(h, "/activate/done?lang=en"), http.StatusOK, "Your account is active")
		if status, password := state(h, id); status != "active" || password != "set" {
			t.Errorf("the user is %s, the password %s", status, password)
		}
		if again := choose(h, link, good+" x"); again.Status != http.StatusNotFound {
			t.Errorf("a second time: %d", again.Status)
		}
		want := []string{"user.created", "user.activation_sent", "user.activated", "user.password_set"}
		if got := kinds(h); !slices.Equal(slices.DeleteFunc(got, func(k string) bool { return k == "user.email_verified" }), want) {
			t.Errorf("events %v", got)
		}
		secret := strings.TrimPrefix(link, "/activate/")
		for name, text := range map[string]string{"log": h.Log.String(), "ledger": h.Call("GET", "/ledger/events?limit=500", nil).Text} {
			if strings.Contains(text, secret) || strings.Contains(text, "otter") {
				t.Errorf("the %s has the link or the password", name)
			}
		}
	})
}

func TestResetSetsANewPasswordOnceAndTellsTheOwner(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		id := person(h, "ada", O{"preferred_language": "de"})
		first, second := send(h, id, "send-reset"), send(h, id, "send-reset")
		wants(t, "the page", get(h, first), http.StatusOK, `<html lang="de">`, "Neues Passwort wählen")
		var done, dead atomic.Int32
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				r := h.FormRequest(first, housetest.Client{}, "password", good, "repeat", good)
				switch a, err := housetest.Attempt(r); {
				case err != nil:
					t.Error(err)
				case a.Status == http.StatusSeeOther:
					done.Add(1)
				case a.Status == http.StatusNotFound, a.Status == http.StatusConflict, a.Status == http.StatusUnprocessableEntity, a.Status == http.StatusTooManyRequests:
					dead.Add(1)
				default:
					t.Errorf("%d %s", a.Status, a.Text)
				}
			})
		}
		all.Wait()
		if done.Load() != 1 || dead.Load() != 5 {
			t.Errorf("%d of 6 changed the password at once, %d did not", done.Load(), dead.Load())
		}
		// The other link died with the password that it was to replace.
		if a := choose(h, second, good+" new"); a.Status != http.StatusNotFound {
			t.Errorf("a link from before: %d", a.Status)
		}
		if got := mails(h); len(got) != 3 || !strings.Contains(got[0]["subject"].(string), "geändert") {
			t.Errorf("the owner does not hear of it: %v", got)
		}
		third := send(h, id, "send-reset")
		wants(t, "the same password again", choose(h, third, good), http.StatusUnprocessableEntity, "hatten Sie schon einmal", `id="password-problem"`)
		if a := choose(h, third, good+" new"); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "done?lang=de" {
			t.Errorf("%d %v", a.Status, a.Header)
		}
		if got := kinds(h); strings.Count(strings.Join(got, " "), "user.password_reset") != 2 {
			t.Errorf("events %v", got)
		}
	})
}

func TestLinksThatLeadNowhereLookTheSame(t *testing.T) {
	h := housetest.Start(t)
	inside, _ := h.NewEnvironment("staging")
	id := person(h, "ada", nil)
	used := send(h, id, "send-reset")
	if a := choose(h, used, good); a.Status != http.StatusSeeOther {
		t.Fatal(a.Text)
	}
	expired := send(h, id, "send-reset")
	h.Clock.Move(61 * time.Minute)
	loggedOut := send(h, id, "send-reset")
	h.Must("POST", "/users/"+id+"/logout", nil)
	suspended := send(h, id, "send-reset")
	h.Must("POST", "/users/"+id+"/suspend", nil)
	gone := person(h, "bob", O{"status": "staged"})
	deleted := send(h, gone, "send-activation")
	h.Must("DELETE", "/users/"+gone, nil)
	rejected := person(h, "carol", O{"status": "staged"})
	unwanted := send(h, rejected, "send-activation")
	h.Must("POST", "/users/"+rejected+"/reject", nil)
	good := send(h, person(h, "dora", O{"status": "staged"}), "send-activation")
	unknown := "/reset/cfu_" + strings.Repeat("a", 64)
	want := get(h, unknown)
	wants(t, "unknown", want, http.StatusNotFound, "This link does not work", `href="../forgot?lang=en"`)
	for name, path := range map[string]string{
		"used": used, "expired": expired, "of an earlier epoch": loggedOut, "of a suspended user": suspended, "of a deleted user": deleted,
		"of a rejected user": unwanted, "malformed": "/reset/x", "of another page": strings.Replace(good, "/activate/", "/reset/", 1),
		"of another environment": "/staging" + good,
	} {
		for _, a := range []*housetest.Answer{get(h, path), choose(h, path, "whatever it is 123")} {
			if a.Status != want.Status || a.Text != want.Text {
				t.Errorf("%s: %d %s", name, a.Status, a.Text)
			}
		}
	}
	if a := get(h, good); a.Status != http.StatusOK {
		t.Errorf("the good one: %d", a.Status)
	}
	// A link of an environment lies under its path, and so does where it leads.
	own := send(inside, person(inside, "ada", O{"status": "staged"}), "send-activation")
	if !strings.HasPrefix(own, "/staging/activate/") {
		t.Fatal(own)
	}
	if a := choose(h, own, "granite otter velvet 9 harbour"); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "done?lang=en" {
		t.Errorf("%d %v", a.Status, a.Header)
	}
}

func TestForgotSaysTheSameToEverybody(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		person(h, "ada", nil)
		suspended := person(h, "bob", nil)
		h.Must("POST", "/users/"+suspended+"/suspend", nil)
		person(h, "carol", O{"status": "staged"})
		person(h, "mailless", O{"emails": []O{}})
		helper := h.NewApp("helper", nil, "users:read", "users:write")
		token := h.Token(helper)
		// Who may not set passwords cannot vouch for an address either.
		housetest.Expect(t, h.CallAs(token, "POST", "/api/v1/users", O{"user_name": "mallory", "emails": []O{{"value": "mallory@example.com"}}}), 201)
		var want *housetest.Answer
		for i, login := range []string{"ada", "nobody", "bob", "carol", "mailless", "mallory", "mallory@example.com", "ADA@example.com", "ada\r\nBcc: x@example.com", strings.Repeat("a", 4000)} {
			before := statements(h)
			a := post(h, "/forgot", "login", login)
			if i == 0 {
				want = a
			}
			if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "forgot/sent?lang=en" || a.Text != want.Text {
				t.Errorf("%.20q: %d %v", login, a.Status, a.Header)
			}
			if after := statements(h); after != before {
				t.Errorf("%.20q: the answer waits for the database: its time may tell who is a user", login)
			}
		}
		got := mails(h)
		if len(got) != 2 || got[0]["to"] != "ada@example.com" || got[1]["to"] != "ada@example.com" {
			t.Errorf("mails %v", got)
		}
		link := newest(h)
		if a := choose(h, link, good); a.Status != http.StatusSeeOther {
			t.Errorf("%d %s", a.Status, a.Text)
		}
		wants(t, "an empty form", post(h, "/forgot", "login", " "), http.StatusUnprocessableEntity, `id="login-problem"`, `aria-describedby="login-problem"`)
	})
}

// statements returns how many statements callers have made the database run.
func statements(h *housetest.House) string {
	h.T.Helper()
	for line := range strings.Lines(h.Send(h.Request("GET", "/metrics", nil)).Text) {
		if strings.HasPrefix(line, "counterfoil_database_statements_total ") {
			return line
		}
	}
	h.T.Fatal("the metrics do not count statements")
	return ""
}

func TestThreeMailsADayAreSentAtMost(t *testing.T) {
	h := housetest.Start(t)
	person(h, "ada", O{"emails": []O{{"value": "ada@example.com"}, {"value": "ada@example.org"}}})
	for _, login := range []string{"ada", "ada@example.org", "ada@example.com", "Ada", "ada@example.org"} {
		post(h, "/forgot", "login", login)
		mails(h)
	}
	got := mails(h)
	if len(got) != 3 || got[1]["to"] != "ada@example.org" {
		t.Fatalf("%d mails: %v", len(got), got)
	}
	h.Clock.Move(24*time.Hour + time.Minute)
	h.ForgetToken()
	post(h, "/forgot", "login", "ada")
	if got := mails(h); len(got) != 4 {
		t.Errorf("%d mails a day later", len(got))
	}
}

// TestLinkToAnAddressThatWasMendedIsDead because whoever reads mail at the wrong one would else become the user.
func TestLinkToAnAddressThatWasMendedIsDead(t *testing.T) {
	h := housetest.Start(t)
	id := person(h, "ada", O{"status": "staged"})
	link := send(h, id, "send-activation")
	housetest.Expect(t, h.Call("PATCH", "/users/"+id, O{"emails": []O{{"value": "right@example.com"}}}), http.StatusOK)
	for _, a := range []*housetest.Answer{get(h, link), choose(h, link, good)} {
		if a.Status != http.StatusNotFound {
			t.Errorf("%d %s", a.Status, a.Text)
		}
	}
	if a := choose(h, send(h, id, "send-activation"), good); a.Status != http.StatusSeeOther {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}

// TestWhoWritesAddressesGetsNobodysPassword tries to take users over by an address of one's own, with users:write alone.
func TestWhoWritesAddressesGetsNobodysPassword(t *testing.T) {
	h := housetest.Start(t)
	mallory := h.Token(h.NewApp("mallory", nil, "users:read", "users:write", "invitations:read", "invitations:write"))
	as := func(method, path string, body any) *housetest.Answer {
		return h.CallAs(mallory, method, "/api/v1"+path, body)
	}
	id := person(h, "ada", nil)
	housetest.Expect(t, h.Call("PUT", "/users/"+id+"/password", O{"password": good}), http.StatusOK)
	housetest.Expect(t, as("PATCH", "/users/"+id, O{"emails": []O{{"value": "mallory@example.net", "verified": true}}}), http.StatusOK)
	if a := as("POST", "/users/"+id+"/send-reset", nil); a.Status != http.StatusConflict {
		t.Errorf("a reset to an address that nobody has proven: %d %s", a.Status, a.Text)
	}
	if a := as("POST", "/users/"+id+"/send-activation", nil); a.Status != http.StatusConflict {
		t.Errorf("an activation for somebody with a password: %d %s", a.Status, a.Text)
	}
	for _, login := range []string{"ada", "mallory@example.net"} {
		post(h, "/forgot", "login", login)
	}
	if got := mails(h); len(got) != 0 {
		t.Errorf("mails %v", got)
	}
	// Who may only write users may not invite, and the other way round.
	for scope, route := range map[string]string{"invitations:write": "send-reset", "users:write": "send-activation"} {
		token := h.Token(h.NewApp("helper "+route, nil, scope))
		if a := h.CallAs(token, "POST", "/api/v1/users/"+id+"/"+route, nil); a.Status != http.StatusForbidden {
			t.Errorf("%s with %s: %d", route, scope, a.Status)
		}
	}
}

func TestAnotherSiteCannotPost(t *testing.T) {
	h := housetest.Start(t)
	link := send(h, person(h, "ada", O{"status": "staged"}), "send-activation")
	for _, path := range []string{link, "/forgot"} {
		for name, headers := range map[string][]string{
			"cross-site": {"Sec-Fetch-Site", "cross-site"}, "same-site": {"Sec-Fetch-Site", "same-site"},
			"an older browser": {"Origin", "https://evil.example"}, "a sandbox": {"Origin", "null"},
		} {
			r := h.FormRequest(path, housetest.Client{}, "password", good, "repeat", good, "login", "ada")
			r.Header.Set(headers[0], headers[1])
			if a := h.Send(r); a.Status != http.StatusForbidden || !strings.Contains(a.Text, "Another site sent you here") {
				t.Errorf("%s at %s: %d %s", name, path, a.Status, a.Text)
			}
		}
	}
	if got := mails(h); len(got) != 1 {
		t.Errorf("another site had %d mails sent", len(got)-1)
	}
	if a := choose(h, link, good); a.Status != http.StatusSeeOther {
		t.Errorf("the link: %d %s", a.Status, a.Text)
	}
}

func TestFormsThatAreNoneChangeNothing(t *testing.T) {
	h := housetest.Start(t)
	link := send(h, person(h, "ada", O{"status": "staged"}), "send-activation")
	for name, a := range map[string]*housetest.Answer{
		"JSON":     h.Send(h.Request("POST", link, strings.NewReader(`{"password":"x"}`), "Content-Type", "application/json")),
		"rubbish":  h.Send(h.Request("POST", link, strings.NewReader("%zz=%"), "Content-Type", "application/x-www-form-urlencoded")),
		"too much": post(h, link, "password", strings.Repeat("a", 20<<10)),
	} {
		wants(t, name, a, http.StatusBadRequest, "That did not work")
	}
	wants(t, "two that differ", post(h, link, "password", good, "repeat", good+"x"), http.StatusUnprocessableEntity, `id="repeat-problem"`, "The two passwords are not the same")
	if a := choose(h, link, good); a.Status != http.StatusSeeOther {
		t.Errorf("the link: %d %s", a.Status, a.Text)
	}
}

func TestActivationLeavesAPasswordThatThereIs(t *testing.T) {
	h := housetest.Start(t)
	id := person(h, "ada", O{"status": "staged"})
	link := send(h, id, "send-activation")
	housetest.Expect(t, h.Call("PUT", "/users/"+id+"/password", O{"password": good}), http.StatusOK)
	if a := choose(h, link, good+" mine"); a.Status != http.StatusNotFound {
		t.Errorf("a link from before the password: %d", a.Status)
	}
	link = send(h, id, "send-activation")
	page := get(h, link)
	wants(t, "the page", page, http.StatusOK, "its password stays as it is")
	if strings.Contains(page.Text, `type="password"`) {
		t.Error("it asks for a password")
	}
	if a := choose(h, link, good+" mine"); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Text)
	}
	if status, _ := state(h, id); status != "active" {
		t.Errorf("the user is %s", status)
	}
	if a := h.Call("POST", "/users/"+id+"/send-activation", nil); a.Status != http.StatusConflict {
		t.Errorf("an activation for somebody active with a password: %d %s", a.Status, a.Text)
	}
	wants(t, "the password that there was", choose(h, send(h, id, "send-reset"), good), http.StatusUnprocessableEntity, "used this password before")
}
