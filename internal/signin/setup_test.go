package signin_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

type O = housetest.O

// good is a password that the policy takes.
const good = "granite otter velvet 9 harbour"

// person makes a user with an address; more are further members.
func person(h *housetest.House, name string, more O) (id string) {
	h.T.Helper()
	body := O{"user_name": name, "name": O{"given_name": "Ada", "family_name": "Lovelace"}, "emails": []O{{"value": name + "@example.com"}}}
	for member, value := range more {
		body[member] = value
	}
	return housetest.Expect(h.T, h.Call("POST", "/users", body), http.StatusCreated).String("id")
}

// send causes a mail to a user and returns the path of the link in it.
func send(h *housetest.House, id, verb string) string {
	h.T.Helper()
	housetest.Expect(h.T, h.Call("POST", "/users/"+id+"/"+verb, nil), http.StatusOK)
	return newest(h)
}

// mails sends what is due and returns what the mailbox holds, newest first.
func mails(h *housetest.House) []O {
	h.T.Helper()
	if err := h.Notice(h.T.Context()); err != nil {
		h.T.Fatal(err)
	}
	return housetest.Items(h.T, h.Call("GET", "/mailbox", nil))
}

var links = regexp.MustCompile(`https?://\S+/(activate|reset)/\S+`)

// newest returns the path of the newest link in a mail.
func newest(h *housetest.House) string {
	h.T.Helper()
	for _, mail := range mails(h) {
		number := strconv.FormatFloat(mail["number"].(float64), 'f', -1, 64)
		body := h.Must("GET", "/mailbox/"+number, nil).String("body")
		if u, err := url.Parse(links.FindString(body)); err == nil && u.Path != "" {
			return u.Path
		}
	}
	h.T.Fatal("there is no mail with a link")
	return ""
}

// get asks for a page.
func get(h *housetest.House, path string, headers ...string) *housetest.Answer {
	h.T.Helper()
	return h.Send(h.Request("GET", path, nil, headers...))
}

// post sends a form as a browser would from the page itself.
func post(h *housetest.House, path string, fields ...string) *housetest.Answer {
	h.T.Helper()
	r := h.FormRequest(path, housetest.Client{}, fields...)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return h.Send(r)
}

// choose posts a password twice.
func choose(h *housetest.House, path, password string) *housetest.Answer {
	h.T.Helper()
	return post(h, path, "password", password, "repeat", password)
}

func state(h *housetest.House, id string) (status, password string) {
	h.T.Helper()
	a := h.Must("GET", "/users/"+id, nil)
	return a.String("status"), a.String("password_state")
}

// kinds returns the kinds of the events about users, oldest first.
func kinds(h *housetest.House) (all []string) {
	h.T.Helper()
	for _, e := range housetest.Items(h.T, h.Call("GET", "/ledger/events?limit=500", nil)) {
		if kind := e["kind"].(string); strings.HasPrefix(kind, "user.") {
			all = append(all, kind)
		}
	}
	return all
}

func head(h *housetest.House) string {
	h.T.Helper()
	return h.Must("GET", "/ledger/head", nil).Text
}

// wants fails the test unless an answer has that status and all of the texts.
func wants(t *testing.T, what string, a *housetest.Answer, status int, texts ...string) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("%s: %d %s", what, a.Status, a.Text)
	}
	for _, text := range texts {
		if !strings.Contains(a.Text, text) {
			t.Errorf("%s lacks %q: %s", what, text, a.Text)
		}
	}
}
