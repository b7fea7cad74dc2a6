package server_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// wrong is a secret that has the right form and is nobody's.
func wrong(h *housetest.House) string {
	h.T.Helper()
	return h.NewApp(fmt.Sprint("a secret to guess with ", time.Now().UnixNano()), nil).Secret
}

// logon asks for a token as somebody from an address that a proxy tells; an empty address is the test's own.
func logon(h *housetest.House, c housetest.Client, from string) *housetest.Answer {
	h.T.Helper()
	r := h.FormRequest("/oauth2/token", c, "grant_type", "client_credentials")
	if from != "" {
		r.Header.Set("X-Forwarded-For", from)
	}
	return h.Send(r)
}

// guess logs on with a wrong secret several times and returns the last answer.
func guess(h *housetest.House, c housetest.Client, secret, from string, times int) (a *housetest.Answer) {
	h.T.Helper()
	for range times {
		if a = logon(h, housetest.Client{ID: c.ID, Secret: secret}, from); a.Status != http.StatusUnauthorized {
			h.T.Fatalf("a wrong secret: %d %s", a.Status, a.Text)
		}
	}
	return a
}

func lockOf(h *housetest.House, c housetest.Client) *housetest.Answer {
	h.T.Helper()
	return h.Must("GET", "/applications/"+c.ID+"/lock", nil)
}

// events counts the ledger's events of a kind about an application.
func events(h *housetest.House, c housetest.Client, kind string) (count int) {
	h.T.Helper()
	for _, e := range housetest.Items(h.T, h.Call("GET", "/ledger/events?limit=1000", nil)) {
		if e["kind"] == kind && e["subject"].(housetest.O)["id"] == c.ID {
			count++
		}
	}
	return count
}

// pass moves the clock and waits until the node has heard the ledger then.
func pass(h *housetest.House, d time.Duration) {
	h.T.Helper()
	h.Clock.Move(d)
	await(h.T, 10*time.Second, "fresh again", func() bool {
		a := h.Form("/oauth2/token", h.Admin, "grant_type", "client_credentials")
		return a.Status == http.StatusOK && h.CallAs(a.String("access_token"), "GET", managementPrefix+"/credentials/self", nil).Status == http.StatusOK
	})
	h.ForgetToken()
}

func TestFiveFailuresLockAClientAndStrangersHearNothingOfIt(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		c, bad := h.NewApp("billing", nil, "applications:read"), wrong(h)
		token := h.Token(c)
		unknown := guess(h, housetest.Client{ID: "00000000-0000-4000-8000-000000000000"}, bad, "", 1)

		guess(h, c, bad, "", 4)
		if l := lockOf(h, c); l.JSON["failures"] != 4.0 || l.JSON["locked"] != false || l.String("policy") != "on" || l.String("last_failure_at") == "" {
			t.Errorf("after four: %s", l.Text)
		}
		h.Token(c) // a success takes them back
		await(t, 5*time.Second, "forgiven", func() bool { return lockOf(h, c).JSON["failures"] == 0.0 })

		refused := guess(h, c, bad, "", 5)
		right := logon(h, c, "")
		for name, a := range map[string]*housetest.Answer{"wrong": refused, "right": right} {
			if a.Status != unknown.Status || a.Text != unknown.Text || a.Header.Get("WWW-Authenticate") != unknown.Header.Get("WWW-Authenticate") {
				t.Errorf("locked, with a %s secret: %d %s, unlike an unknown client: %s", name, a.Status, a.Text, unknown.Text)
			}
		}
		l := lockOf(h, c)
		if left, _ := l.JSON["seconds_left"].(float64); l.JSON["locked"] != true || l.JSON["failures"] != 5.0 || left < 3500 || left > 3600 {
			t.Errorf("locked: %s", l.Text)
		}
		if got := h.CallAs(token, "GET", managementPrefix+"/applications", nil); got.Status != http.StatusOK {
			t.Errorf("a token from before the lock: %d %s", got.Status, got.Text)
		}
		if n := events(h, c, "application.locked"); n != 1 {
			t.Errorf("%d events of one lock", n)
		}
		_ = h.Flush(t.Context())
		reasons := map[any]int{}
		for _, r := range housetest.Items(t, h.Call("GET", "/applications/"+c.ID+"/refusals", nil)) {
			reasons[r["reason"]]++
			if r["credential_id"] != nil { // of a locked client no secret is even looked at
				t.Errorf("%v", r)
			}
		}
		if reasons["client_authentication_failed"] != 9 || reasons["locked"] != 1 {
			t.Errorf("administrators see %v", reasons)
		}

		h.Must("POST", "/applications/"+c.ID+"/unlock", nil)
		h.Token(c)
		if l := lockOf(h, c); l.JSON["locked"] != false || l.JSON["failures"] != 0.0 || l.JSON["seconds_left"] != 0.0 {
			t.Errorf("unlocked: %s", l.Text)
		}
		if n := events(h, c, "application.unlocked"); n != 1 {
			t.Errorf("%d events of one unlocking", n)
		}
		h.Must("POST", "/applications/"+c.ID+"/unlock", nil) // says nothing where there is nothing to unlock
		if n := events(h, c, "application.unlocked"); n != 1 {
			t.Errorf("%d events of one unlocking and one that did nothing", n)
		}
	})
}

func TestALockEndsByItselfAfterAnHour(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		c, bad := h.NewApp("billing", nil, "applications:read"), wrong(h)
		guess(h, c, bad, "", 5)
		pass(h, 59*time.Minute)
		if a := logon(h, c, ""); a.Status != http.StatusUnauthorized {
			t.Errorf("a minute early: %d", a.Status)
		}
		pass(h, time.Minute+time.Second)
		h.Token(c)
		if l := lockOf(h, c); l.JSON["locked"] != false || l.JSON["failures"] != 0.0 {
			t.Errorf("%s", l.Text)
		}
	})
}

func TestLockingIsSwitchedOffAndALockThatIsThereStays(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		c, bad := h.NewApp("billing", nil, "applications:read"), wrong(h)
		app := "/applications/" + c.ID
		guess(h, c, bad, "", 5)
		h.Must("PUT", app+"/lock-policy", housetest.O{"policy": "off"})
		if a := logon(h, c, ""); a.Status != http.StatusUnauthorized {
			t.Errorf("switching locking off lifted a lock: %d", a.Status)
		}
		if l := lockOf(h, c); l.JSON["locked"] != true || l.JSON["failures"] != 0.0 || l.String("policy") != "off" {
			t.Errorf("%s", l.Text)
		}
		if n := events(h, c, "application.lock_policy_changed"); n != 1 {
			t.Errorf("%d events of a change", n)
		}
		h.Must("POST", app+"/unlock", nil)
		guess(h, c, bad, "", 8)
		h.Token(c)

		h.Must("POST", app+"/lock", housetest.O{"minutes": 5, "reason": "leaked"}) // by hand, in every policy
		if a := logon(h, c, ""); a.Status != http.StatusUnauthorized {
			t.Errorf("locked by hand: %d", a.Status)
		}
		if l := lockOf(h, c); l.JSON["seconds_left"].(float64) > 300 || l.JSON["locked"] != true {
			t.Errorf("%s", l.Text)
		}
		h.Must("POST", app+"/unlock", nil)
		h.Token(c)
		for _, body := range []housetest.O{{"policy": "maybe"}, {"policy": ""}, {}} {
			housetest.Expect(t, h.Call("PUT", app+"/lock-policy", body), http.StatusUnprocessableEntity)
		}
		for _, body := range []housetest.O{{"minutes": 0}, {"minutes": 527_041}, {"minutes": 5, "reason": strings.Repeat("x", 256)}, {}} {
			housetest.Expect(t, h.Call("POST", app+"/lock", body), http.StatusUnprocessableEntity)
		}
		for _, route := range []string{"GET lock", "POST unlock"} {
			method, verb, _ := strings.Cut(route, " ")
			housetest.Expect(t, h.Call(method, "/applications/00000000-0000-4000-8000-000000000000/"+verb, nil), http.StatusNotFound)
		}
	})
}

// In the policy client+network a stranger locks nobody out, and what cannot be a secret is no guess.
func TestANetworkIsLockedByItself(t *testing.T) {
	housetest.EachWith(t, []string{"--trusted-proxies", "127.0.0.1"}, func(t *testing.T, h *housetest.House) {
		c, bad := h.NewApp("billing", nil, "applications:read"), wrong(h)
		h.Must("PUT", "/applications/"+c.ID+"/lock-policy", housetest.O{"policy": "client+network"})
		const stranger, neighbour, home = "198.51.100.9", "198.51.100.200", "203.0.113.7"
		guess(h, c, "rubbish", home, 10)
		if a := logon(h, c, home); a.Status != http.StatusOK {
			t.Fatalf("malformed secrets locked: %d", a.Status)
		}
		guess(h, c, bad, stranger, 5)
		for from, want := range map[string]int{stranger: 401, neighbour: 401, home: 200, "2001:db8::1": 200} {
			if a := logon(h, c, from); a.Status != want {
				t.Errorf("from %s: %d, want %d", from, a.Status, want)
			}
		}
		l := lockOf(h, c)
		networks, _ := l.JSON["networks"].([]any)
		if l.JSON["locked"] != false || len(networks) != 1 || networks[0].(housetest.O)["network"] != "198.51.100.0/24" || networks[0].(housetest.O)["seconds_left"].(float64) < 3500 {
			t.Errorf("%s", l.Text)
		}
		h.Must("POST", "/applications/"+c.ID+"/unlock", nil)
		if a := logon(h, c, stranger); a.Status != http.StatusOK {
			t.Errorf("unlocked: %d", a.Status)
		}
		guess(h, c, bad, stranger, 4)
		if a := logon(h, c, home); a.Status != http.StatusOK {
			t.Fatal(a.Text)
		}
		guess(h, c, bad, stranger, 1) // a success elsewhere takes nothing back here
		if a := logon(h, c, stranger); a.Status != http.StatusUnauthorized {
			t.Errorf("five failures, and a success elsewhere: %d", a.Status)
		}
	})
}

func TestFailuresAddUpOverNodesAndUnlockingIsHeardAtOnce(t *testing.T) {
	nodes := housetest.Nodes(t, 2)
	a, b := nodes[0], nodes[1]
	c, bad := a.NewApp("billing", nil, "applications:read"), wrong(a)
	guess(a, c, bad, "", 3)
	guess(b, c, bad, "", 2)
	if got := logon(b, c, ""); got.Status != http.StatusUnauthorized {
		t.Errorf("five failures, and the right secret at the node of the last: %d", got.Status)
	}
	await(t, 5*time.Second, "locked on the other node", func() bool { return logon(a, c, "").Status == http.StatusUnauthorized })
	if l := lockOf(a, c); l.JSON["failures"] != 5.0 || l.JSON["locked"] != true {
		t.Errorf("%s", l.Text)
	}
	for range 3 {
		answer := a.Must("POST", "/applications/"+c.ID+"/unlock", nil)
		if answer.JSON["propagated"] != true {
			t.Errorf("%s", answer.Text)
		}
		if got := logon(b, c, ""); got.Status != http.StatusOK {
			t.Errorf("unlocked on one node, on the other: %d %s", got.Status, got.Text)
		}
		guess(b, c, bad, "", 5)
	}
	for policy, want := range map[string]int{"off": 200} {
		a.Must("POST", "/applications/"+c.ID+"/unlock", nil)
		if answer := a.Must("PUT", "/applications/"+c.ID+"/lock-policy", housetest.O{"policy": policy}); answer.JSON["propagated"] != true {
			t.Errorf("%s", answer.Text)
		}
		guess(b, c, bad, "", 6)
		if got := logon(b, c, ""); got.Status != want {
			t.Errorf("%s: %d", policy, got.Status)
		}
	}
}

// A01: chosen secrets arrive as they are, whatever their characters and whether or not the client encodes them.
func TestChosenSecretsArriveEncodedAndRaw(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.Must("PATCH", "/policy", housetest.O{"chosen_secrets": true})
		for i, secret := range []string{
			"50% of quokkas yodel", "marmot+lantern+quilt+83", "violet:harbour:97:zebra", "two  spaces and a walrus", "smørrebrød på Færøerne 7",
			"%41bsolutely not decoded 5", "raw%zz breaks no decoder 4", "日本語の長い秘密の言葉です、九官鳥と鯨", "semi;colon&amp=equals?hash#12",
		} {
			c := h.NewApp(fmt.Sprint("chosen ", i), nil, "applications:read")
			made := h.Must("POST", "/applications/"+c.ID+"/secrets", housetest.O{"chosen_secret": secret})
			if strings.Contains(made.Text, secret) {
				t.Errorf("%q is shown: %s", secret, made.Text)
			}
			for way, userinfo := range map[string]string{
				"encoded": url.QueryEscape(c.ID) + ":" + url.QueryEscape(secret), "raw": c.ID + ":" + secret, "encoded with %20": c.ID + ":" + url.PathEscape(secret),
			} {
				for range 2 { // computed, and remembered
					r := h.FormRequest("/oauth2/token", housetest.Client{}, "grant_type", "client_credentials")
					r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(userinfo)))
					if way == "encoded with %20" && strings.ContainsAny(secret, "+") {
						continue // PathEscape leaves a plus, which form decoding makes a space
					}
					if a := h.Send(r); a.Status != http.StatusOK {
						t.Errorf("%q, %s: %d %s", secret, way, a.Status, a.Text)
					}
				}
			}
			if a := h.Form("/oauth2/token", housetest.Client{}, "grant_type", "client_credentials", "client_id", c.ID, "client_secret", secret); a.Status != http.StatusOK {
				t.Errorf("%q in the body: %d %s", secret, a.Status, a.Text)
			}
			if l := lockOf(h, c); l.JSON["failures"] != 0.0 {
				t.Errorf("%q: a reading that was not meant counts: %s", secret, l.Text)
			}
			guess(h, c, "a wrong%20 one+that reads twice", "", 1)
			if l := lockOf(h, c); l.JSON["failures"] != 1.0 {
				t.Errorf("two readings are %v failures", l.JSON["failures"])
			}
		}
	})
}

// An imported hash is upgraded while its client goes on logging on, on every node: no right secret is taken for a wrong
// one while a node has not heard of the upgrade.
func TestAnImportedSecretIsNeverRefusedWhileItIsUpgraded(t *testing.T) {
	nodes := housetest.Nodes(t, 2)
	h := nodes[0]
	for i := range 6 {
		c := h.NewApp(fmt.Sprint("imported ", i), nil, "applications:read")
		id := h.Must("POST", "/applications/"+c.ID+"/secrets", housetest.O{"hash": imported}).String("id")
		c.Secret = chosenSecret
		upgraded := make(chan struct{})
		var g errgroup.Group
		for lane := range 4 {
			g.Go(func() error {
				for after := 0; after < 5; {
					r := nodes[lane%2].FormRequest("/oauth2/token", housetest.Client{}, "grant_type", "client_credentials")
					encoded(r, nil, c.ID, c.Secret)
					if _, err := timed(r, http.StatusOK); err != nil {
						return fmt.Errorf("node %d: %w", lane%2, err)
					}
					select {
					case <-upgraded:
						after++
					default:
					}
				}
				return nil
			})
		}
		await(t, 20*time.Second, "upgraded", func() bool {
			return h.Must("GET", "/applications/"+c.ID+"/secrets/"+id, nil).String("form") == "chosen"
		})
		close(upgraded)
		if err := g.Wait(); err != nil {
			t.Errorf("the right secret: %v", err)
		}
		if l := lockOf(h, c); l.JSON["failures"] != 0.0 {
			t.Errorf("%s", l.Text)
		}
	}
}

// However often and wherever a successor is used first, the old secret's grace begins once.
func TestFirstUseStartsTheGraceOnce(t *testing.T) {
	nodes := housetest.Nodes(t, 2)
	h := nodes[0]
	c := h.NewApp("rotated", nil, "applications:read")
	old := housetest.Items(t, h.Call("GET", "/applications/"+c.ID+"/secrets", nil))[0]["id"].(string)
	made := h.Must("POST", "/applications/"+c.ID+"/secrets/"+old+"/rotate", housetest.O{"old_ends_in": 3600, "activate_on_first_use": true})
	next := housetest.Client{ID: c.ID, Secret: made.String("secret")}
	use := func() {
		t.Helper()
		repeat(t, 40, 8, func() error {
			_, err := timed(nodes[0].FormRequest("/oauth2/token", next, "grant_type", "client_credentials"), http.StatusOK)
			if err == nil {
				_, err = timed(nodes[1].FormRequest("/oauth2/token", next, "grant_type", "client_credentials"), http.StatusOK)
			}
			return err
		})
	}
	use()
	await(t, 10*time.Second, "retiring", func() bool {
		return h.Must("GET", "/applications/"+c.ID+"/secrets/"+old, nil).JSON["retiring"] == true
	})
	ends := h.Must("GET", "/applications/"+c.ID+"/secrets/"+old, nil).String("expires_at")
	use()
	for _, node := range nodes {
		if err := node.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if now := h.Must("GET", "/applications/"+c.ID+"/secrets/"+old, nil).String("expires_at"); now != ends {
		t.Errorf("the grace was moved from %s to %s", ends, now)
	}
	told := map[any]int{}
	for _, e := range housetest.Items(t, h.Call("GET", "/ledger/events?limit=1000", nil)) {
		told[e["kind"]]++
	}
	if told["credential.activated"] != 1 || told["credential.retiring"] != 1 {
		t.Errorf("the ledger tells of it as %v", told)
	}
	if a := logon(nodes[1], c, ""); a.Status != http.StatusOK {
		t.Errorf("the old secret in its grace: %d", a.Status)
	}
}
