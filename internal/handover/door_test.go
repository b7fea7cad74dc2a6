package handover_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

type O = housetest.O

// handed makes a secret that is handed over, and returns the path of its link within the house.
func handed(h *housetest.House, app string, seconds int) (path string, made *housetest.Answer) {
	h.T.Helper()
	made = housetest.Expect(h.T, h.Call("POST", "/applications/"+app+"/secrets", O{"handover": seconds}), http.StatusCreated)
	path, ok := strings.CutPrefix(made.String("handover_url"), h.URL)
	if !ok || !strings.HasPrefix(path, "/handover/") || made.JSON["secret"] != nil || made.String("handover_expires_at") == "" {
		h.T.Fatalf("not handed over: %s", made.Text)
	}
	return path, made
}

func post(h *housetest.House, path string, headers ...string) *housetest.Answer {
	h.T.Helper()
	headers = append(headers, "Content-Type", "application/x-www-form-urlencoded")
	return h.Send(h.Request("POST", path, strings.NewReader(""), headers...))
}

// secretIn returns the secret that a page shows, or nothing.
func secretIn(page string) string {
	_, rest, ok := strings.Cut(page, ">cfs_")
	if !ok {
		return ""
	}
	secret, _, _ := strings.Cut(rest, "<")
	return "cfs_" + secret
}

func TestLinkGivesTheSecretOnceToWhoeverPressesTheButton(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.NewAPI("invoices", nil, "invoices:read")
		app := h.NewApp("billing", nil, "invoices:read")
		path, made := handed(h, app.ID, 3600)
		before := h.Must("GET", "/ledger/head", nil).Text
		// What looks at links in mails and chats opens nothing: not by GET, HEAD or OPTIONS, nor by looking often.
		for _, method := range []string{"GET", "HEAD", "GET", "OPTIONS"} {
			r := h.Request(method, path, nil, "User-Agent", "Slackbot-LinkExpanding 1.0")
			if a := h.Send(r); secretIn(a.Text) != "" || method != "OPTIONS" && a.Status != http.StatusOK {
				t.Fatalf("%s: %d %s", method, a.Status, a.Text)
			}
		}
		if after := h.Must("GET", "/ledger/head", nil).Text; after != before {
			t.Error("looking at the page left a trace in the ledger")
		}
		a := post(h, path, "Sec-Fetch-Site", "same-origin")
		secret := secretIn(a.Text)
		if a.Status != http.StatusOK || !strings.HasPrefix(secret, made.String("hint")) || !strings.Contains(a.Text, app.ID) {
			t.Fatalf("%d %s", a.Status, a.Text)
		}
		h.Token(housetest.Client{ID: app.ID, Secret: secret})
		if again := post(h, path); again.Status != http.StatusNotFound || secretIn(again.Text) != "" {
			t.Errorf("a second time: %d %s", again.Status, again.Text)
		}
		if ledger := h.Call("GET", "/ledger/events?limit=500", nil); strings.Count(ledger.Text, `"credential.handover_opened"`) != 1 {
			t.Errorf("the ledger says %s", ledger.Text)
		}
		link := strings.TrimPrefix(path, "/handover/")
		for name, text := range map[string]string{"log": h.Log.String(), "ledger": h.Call("GET", "/ledger/events?limit=500", nil).Text} {
			if strings.Contains(text, link) || strings.Contains(text, secret) {
				t.Errorf("the %s has the link or the secret", name)
			}
		}
	})
}

func TestOfTwoWhoPressAtOnceOneGetsTheSecret(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app := h.NewApp("billing", nil)
		for range 5 {
			path, _ := handed(h, app.ID, 3600)
			var shown atomic.Int32
			var pressing sync.WaitGroup
			for range 8 {
				pressing.Go(func() {
					a, err := housetest.Attempt(h.Request("POST", path, nil))
					if err != nil || a.Status != http.StatusOK && a.Status != http.StatusNotFound {
						t.Errorf("%v %v", a, err)
					} else if secretIn(a.Text) != "" {
						shown.Add(1)
					}
				})
			}
			pressing.Wait()
			if n := shown.Load(); n != 1 {
				t.Errorf("the secret was shown %d times", n)
			}
		}
	})
}

func TestLinksThatShowNothingLookTheSame(t *testing.T) {
	h := housetest.Start(t)
	inside, _ := h.NewEnvironment("staging")
	app := h.NewApp("billing", nil)
	expired, _ := handed(h, app.ID, 60)
	h.Clock.Move(61 * time.Second)
	burnt, _ := handed(h, app.ID, 3600)
	if a := post(h, burnt); a.Status != http.StatusOK {
		t.Fatal(a.Text)
	}
	disabled, made := handed(h, app.ID, 3600)
	h.Must("POST", "/applications/"+app.ID+"/secrets/"+made.String("id")+"/disable", nil)
	deleted, made := handed(h, app.ID, 3600)
	h.Must("DELETE", "/applications/"+app.ID+"/secrets/"+made.String("id"), nil)
	good, _ := handed(h, app.ID, 3600)
	unknown := "/handover/" + strings.Repeat("A", 43)
	want := post(h, unknown)
	if want.Status != http.StatusNotFound {
		t.Fatalf("%d %s", want.Status, want.Text)
	}
	for name, path := range map[string]string{
		"expired": expired, "burnt": burnt, "disabled": disabled, "deleted": deleted, "malformed": "/handover/x",
		"of another environment": "/staging" + good,
	} {
		if a := post(h, path); a.Status != want.Status || a.Text != want.Text {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	page := h.Send(h.Request("GET", unknown, nil)).Text
	for _, path := range []string{expired, burnt, good, "/handover/x"} {
		if a := h.Send(h.Request("GET", path, nil)); a.Text != page {
			t.Errorf("the page of %s tells it from an unknown one", path)
		}
	}
	if a := post(h, good); secretIn(a.Text) == "" {
		t.Errorf("the good link shows nothing any more: %s", a.Text)
	}
	// A link of an environment lies under its path.
	other := inside.NewApp("inside", nil)
	path, _ := handed(inside, other.ID, 3600)
	if a := post(h, path); a.Status != http.StatusNotFound {
		t.Errorf("outside: %d", a.Status)
	}
	if a := post(inside, path); secretIn(a.Text) == "" || !strings.Contains(a.Text, inside.URL+"/oauth2/token") {
		t.Errorf("inside: %d %s", a.Status, a.Text)
	}
}

func TestAnotherSiteCannotBurnALink(t *testing.T) {
	h := housetest.Start(t)
	path, _ := handed(h, h.NewApp("billing", nil).ID, 3600)
	for _, site := range []string{"cross-site", "same-site", "rubbish"} {
		if a := post(h, path, "Sec-Fetch-Site", site); a.Status != http.StatusForbidden || secretIn(a.Text) != "" {
			t.Errorf("%s: %d %s", site, a.Status, a.Text)
		}
	}
	if a := post(h, path, "Sec-Fetch-Site", "none"); secretIn(a.Text) == "" {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}

func TestPageIsInertAndKeptByNobody(t *testing.T) {
	h := housetest.Start(t)
	path, _ := handed(h, h.NewApp("billing", nil).ID, 3600)
	pages := []*housetest.Answer{
		h.Send(h.Request("GET", path, nil)), post(h, path, "Sec-Fetch-Site", "cross-site"), post(h, path), post(h, path),
	}
	for _, a := range pages {
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"X-Robots-Tag": "noindex, nofollow, noarchive", "Content-Type": "text/html; charset=utf-8",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%d: %s is %q, want %q", a.Status, name, got, want)
			}
		}
		policy := a.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "style-src 'sha256-", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%d: the policy lacks %s: %s", a.Status, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Error(policy)
		}
		for _, part := range []string{"<script", "javascript:", " on", "src=", "http-equiv", "<link", "@import", "url("} {
			if text := strings.ReplaceAll(a.Text, h.URL, ""); part != " on" && strings.Contains(text, part) {
				t.Errorf("%d: the page has %s", a.Status, part)
			}
		}
		for _, part := range []string{`<html lang="en">`, "<title>", "<main>", "<h1>", "color-scheme:light dark"} {
			if !strings.Contains(a.Text, part) {
				t.Errorf("%d: the page lacks %s", a.Status, part)
			}
		}
	}
	if strings.Count(pages[0].Text, "<button") != 1 || !strings.Contains(pages[0].Text, `<form method="post">`) {
		t.Error(pages[0].Text)
	}
}

func TestHandoverIsNoNameForAnEnvironment(t *testing.T) {
	h := housetest.Start(t)
	housetest.About(t, housetest.Expect(t, h.Call("POST", "/environments", O{"name": "x", "slug": "handover"}), 422), "body.slug")
}
