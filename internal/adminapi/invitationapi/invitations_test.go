package invitationapi_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

type O = housetest.O

var (
	expect  = housetest.Expect
	items   = housetest.Items
	members = housetest.Members
)

const good = "granite otter velvet 9 harbour"

// follow chooses a password behind a link and returns the answer.
func follow(h *housetest.House, link string) *housetest.Answer {
	h.T.Helper()
	u, err := url.Parse(link)
	if err != nil || u.Path == "" {
		h.T.Fatal(link)
	}
	r := h.FormRequest(u.Path, housetest.Client{}, "password", good, "repeat", good)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return h.Send(r)
}

var anyLink = regexp.MustCompile(`https?://[^\s"<]+/activate/[^\s"<]+`)

// mailed returns the link in the mail to an address.
func mailed(h *housetest.House, to string) string {
	h.T.Helper()
	if err := h.Notice(h.T.Context()); err != nil {
		h.T.Fatal(err)
	}
	for _, mail := range items(h.T, h.Call("GET", "/mailbox", nil)) {
		if kept := h.Must("GET", "/mailbox/"+strconv.FormatFloat(mail["number"].(float64), 'f', -1, 64), nil); strings.Contains(kept.Text, to) {
			return anyLink.FindString(kept.String("body"))
		}
	}
	h.T.Fatalf("no mail to %s", to)
	return ""
}

func state(h *housetest.House, id string) string {
	h.T.Helper()
	return h.Must("GET", "/invitations/"+id, nil).String("state")
}

func TestAnInvitationIsAcceptedOnceAndItsStateSaysSo(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app := h.NewApp("portal", O{"target_urls": []string{"https://portal.example/start"}})
		made := expect(t, h.Call("POST", "/invitations", O{"email": "ann@example.com", "given_name": "Ann", "application": app.ID, "target_url": "https://portal.example/start", "inviter": "Bo"}), http.StatusCreated)
		members(t, made, O{"state": "pending", "email": "ann@example.com", "target_url": "https://portal.example/start", "inviter": "Bo", "activation_url": nil, "application": app.ID})
		members(t, h.Must("GET", "/users/"+made.String("user"), nil), O{"status": "staged", "user_name": "ann@example.com"})
		link := mailed(h, "ann@example.com")
		if a := follow(h, link); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "https://portal.example/start" {
			t.Errorf("%d %v %s", a.Status, a.Header, a.Text)
		}
		user := h.Must("GET", "/users/"+made.String("user"), nil)
		if user.String("status") != "active" || user.JSON["emails"].([]any)[0].(O)["verified"] != true {
			t.Error(user.Text)
		}
		if got := state(h, made.String("id")); got != "accepted" {
			t.Error(got)
		}
		if a := follow(h, link); a.Status != http.StatusNotFound {
			t.Errorf("again: %d", a.Status)
		}
		expect(t, h.Call("DELETE", "/invitations/"+made.String("id"), nil), http.StatusConflict)
	})
}

func TestAWithdrawnInvitationLeadsNowhere(t *testing.T) {
	h := housetest.Start(t)
	ids := []string{}
	for _, name := range []string{"ann", "bo", "cy"} {
		ids = append(ids, h.Must("POST", "/invitations", O{"email": name + "@example.com", "expires_in": 3600}).String("id"))
	}
	link := mailed(h, "cy@example.com")
	h.Must("DELETE", "/invitations/"+ids[2], nil)
	h.Must("DELETE", "/invitations/"+ids[2], nil)
	if a := follow(h, link); a.Status != http.StatusNotFound {
		t.Errorf("%d", a.Status)
	}
	h.Must("POST", "/users/"+h.Must("GET", "/invitations/"+ids[1], nil).String("user")+"/activate", nil)
	h.Must("POST", "/users/"+h.Must("GET", "/invitations/"+ids[1], nil).String("user")+"/suspend", nil)
	h.Clock.Move(2 * time.Hour)
	if got := state(h, ids[0]) + state(h, ids[1]) + state(h, ids[2]); got != "expiredexpiredwithdrawn" {
		t.Error(got)
	}
	if all := h.EveryPage("/invitations?limit=1", "id"); len(all) != 3 || all[0] != ids[0] || all[2] != ids[2] {
		t.Error(all)
	}
}

func TestALinkIsShownOnceAndToThoseWhoMaySetPasswords(t *testing.T) {
	h := housetest.Start(t)
	body := O{"email": "ann@example.com", "send_email": false}
	weak := h.Limited("invitations:write", "users:write")
	expect(t, h.CallAs(weak, "POST", "/api/v1/invitations", body), http.StatusForbidden)
	expect(t, h.CallAs(h.Limited("invitations:write"), "POST", "/api/v1/invitations", O{"email": "bo@example.com"}), http.StatusForbidden)
	if all := items(t, h.Call("GET", "/users?email=ann@example.com", nil)); len(all) != 0 {
		t.Error("a refused invitation left a user")
	}
	made := expect(t, h.Call("POST", "/invitations", body, "Idempotency-Key", "once"), http.StatusCreated)
	again := expect(t, h.Call("POST", "/invitations", body, "Idempotency-Key", "once"), http.StatusCreated)
	if made.String("activation_url") == "" || again.String("activation_url") != "" || again.String("id") != made.String("id") {
		t.Error(made.Text, again.Text)
	}
	if text := h.Must("GET", "/invitations/"+made.String("id"), nil).Text + h.Call("GET", "/ledger/events?limit=100", nil).Text; strings.Contains(text, "/activate/") || strings.Contains(text, "cfu_") {
		t.Error("the link is kept somewhere")
	}
	if a := follow(h, made.String("activation_url")); a.Status != http.StatusSeeOther {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}

func TestInvitationsOfAnotherEnvironmentAreMissing(t *testing.T) {
	h := housetest.Start(t)
	id := h.Must("POST", "/invitations", O{"email": "ann@example.com"}).String("id")
	other, _ := h.NewEnvironment("other")
	for _, method := range []string{"GET", "DELETE"} {
		expect(t, other.Call(method, "/invitations/"+id, nil), http.StatusNotFound)
	}
	if all := items(t, other.Call("GET", "/invitations", nil)); len(all) != 0 {
		t.Error(all)
	}
}
