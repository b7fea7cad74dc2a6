package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// mailed starts a house with a reset in its mailbox.
func mailed(t *testing.T) *housetest.House {
	t.Helper()
	h := housetest.Start(t)
	err := h.PostLetter(t.Context(), letter.Letter{Kind: letter.PasswordReset, To: "ada@example.com", Data: letter.Data{
		Name: `Ada "><script>alert(1)</script>`, Link: seal.NewSecret(h.URL + "/reset/abc"), Until: time.Now().Add(time.Hour),
	}})
	if err == nil {
		err = h.Notice(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestMailboxPageShowsWhatWouldBeSent(t *testing.T) {
	h := mailed(t)
	list := h.Send(h.Request("GET", "/mailbox", nil))
	if list.Status != http.StatusOK || !strings.Contains(list.Text, `href="mailbox/1"`) || !strings.Contains(list.Text, "ada@example.com") {
		t.Fatalf("%d %s", list.Status, list.Text)
	}
	one := h.Send(h.Request("GET", "/mailbox/1", nil))
	link := `<a href="` + h.URL + `/reset/abc" rel="noopener noreferrer">`
	if one.Status != http.StatusOK || !strings.Contains(one.Text, link) || !strings.Contains(one.Text, `sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="`) {
		t.Errorf("%d %s", one.Status, one.Text)
	}
	for _, a := range []*housetest.Answer{list, one} {
		policy := a.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("the policy lacks %s: %s", part, policy)
			}
		}
		if strings.Contains(a.Text, "<script") || strings.Contains(policy, "script-src") || a.Header.Get("Cache-Control") != "no-store" ||
			a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%v %s", a.Header, a.Text)
		}
	}
	for _, path := range []string{"/mailbox/2", "/mailbox/x", "/mailbox/-1"} {
		if a := h.Send(h.Request("GET", path, nil)); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}

func TestMailboxPageIsForThisMachineOnly(t *testing.T) {
	h := mailed(t)
	for _, path := range []string{"/mailbox", "/mailbox/1"} {
		if got := fromAfar(h, "GET", path).Code; got != http.StatusNotFound {
			t.Errorf("%s: a caller from elsewhere gets %d", path, got)
		}
		if a := h.Send(h.Request("GET", path, nil, "X-Forwarded-For", "203.0.113.9")); a.Status != http.StatusNotFound {
			t.Errorf("%s: a caller that a proxy speaks for gets %d", path, a.Status)
		}
		for host, want := range map[string]int{"evil.example": 404, "evil.example:8700": 404, "localhost:1": 200, "127.0.0.1": 200, "[::1]:8700": 200, "127.0.0.1.evil.example": 404} {
			r := h.Request("GET", path, nil)
			r.Host = host
			if a := h.Send(r); a.Status != want {
				t.Errorf("%s: a browser that was led here by the name %s gets %d, want %d", path, host, a.Status, want)
			}
		}
	}
	sending := housetest.StartWith(t, "--smtp-url", "smtp://127.0.0.1:9", "--mail-from", "counterfoil@example.com")
	if a := sending.Send(sending.Request("GET", "/mailbox", nil)); a.Status != http.StatusNotFound {
		t.Errorf("a server that sends its mails has a mailbox page: %d", a.Status)
	}
}
