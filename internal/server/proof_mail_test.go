package server_test

import (
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
)

func TestInvitationLeadsOnToItsApplication(t *testing.T) {
	h := housetest.Start(t)
	for _, target := range []string{"https://shop.example/welcome?a=b", "javascript:alert(1)"} {
		name := "ada" + strings.Map(func(r rune) rune {
			if r < 'a' || r > 'z' {
				return -1
			}
			return r
		}, target)
		id := h.Must("POST", "/users", housetest.O{"user_name": name, "status": "staged", "emails": []housetest.O{{"value": name + "@example.com"}}}).String("id")
		if err := h.SendLink(t.Context(), id, recovery.Mail{
			To: name + "@example.com", Kind: letter.Invitation, Target: target, ApplicationName: "Shop", Inviter: "Grace", Language: "fr",
		}); err != nil {
			t.Fatal(err)
		}
		if err := h.Notice(t.Context()); err != nil {
			t.Fatal(err)
		}
		kept := housetest.Items(t, h.Must("GET", "/mailbox", nil))
		if !strings.Contains(kept[0]["subject"].(string), "Invitation à Shop") {
			t.Fatal(kept[0])
		}
		body := h.Must("GET", "/mailbox/"+map[bool]string{true: "1", false: "2"}[len(kept) == 1], nil).String("body")
		link := strings.TrimPrefix(regexp.MustCompile(`http://\S+/activate/\S+`).FindString(body), h.URL)
		page := h.Send(h.Request("GET", link, nil))
		good := strings.HasPrefix(target, "https:")
		if page.Status != http.StatusOK || !strings.Contains(page.Text, "Bienvenue sur Shop") ||
			strings.Contains(page.Header.Get("Content-Security-Policy"), "form-action 'self' https:;") != good {
			t.Fatalf("%d %v %s", page.Status, page.Header, page.Text)
		}
		a := h.Send(h.FormRequest(link, housetest.Client{}, "password", "granite otter velvet 9 harbour", "repeat", "granite otter velvet 9 harbour"))
		want := target
		if !good {
			want = "done?lang=fr"
		}
		if a.Status != http.StatusSeeOther || a.Header.Get("Location") != want {
			t.Errorf("%d, to %s, want %s", a.Status, a.Header.Get("Location"), want)
		}
		// Who followed the link reads mail there.
		if u := h.Must("GET", "/users/"+id, nil); !strings.Contains(u.Text, `"verified":true`) || u.String("status") != "active" {
			t.Error(u.Text)
		}
	}
}

// TestABlackHoleForAMailServerHoldsUpNoRequest gives the house a mail server that takes connections and never says a word.
func TestABlackHoleForAMailServerHoldsUpNoRequest(t *testing.T) {
	hole, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan net.Conn, 100)
	go func() {
		for {
			c, err := hole.Accept()
			if err != nil {
				close(taken)
				return
			}
			taken <- c
		}
	}()
	h := housetest.StartWith(t, "--smtp-url", "smtp://"+hole.Addr().String(), "--mail-from", "counterfoil@example.com")
	t.Cleanup(func() {
		_ = hole.Close()
		for c := range taken {
			_ = c.Close()
		}
	})
	id := h.Must("POST", "/users", housetest.O{"user_name": "ada", "status": "staged", "emails": []housetest.O{{"value": "ada@example.com"}}}).String("id")
	began := time.Now()
	for range 5 {
		housetest.Expect(t, h.Call("POST", "/users/"+id+"/send-activation", nil), http.StatusOK)
	}
	for range 5 {
		if a := h.Send(h.FormRequest("/forgot", housetest.Client{}, "login", "ada")); a.Status != http.StatusSeeOther {
			t.Errorf("%d %s", a.Status, a.Text)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("ten requests that cause mails took %s", took)
	}
	select {
	case c := <-taken:
		_ = c.Close()
	case <-time.After(10 * time.Second):
		t.Error("nobody tried to send: the test proves nothing")
	}
}
