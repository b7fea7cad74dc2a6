package services_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// totp makes the code of an app at a time (RFC 6238).
func totp(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(secret))
	if err != nil {
		t.Fatal(err)
	}
	m := hmac.New(sha1.New, key)
	_ = binary.Write(m, binary.BigEndian, uint64(at.Unix()/30))
	sum := m.Sum(nil)
	at4 := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at4:at4+4])&0x7fffffff%1000000)
}

// enrol gives a user an app for codes, and returns its id and secret.
func enrol(h *housetest.House, user string) (id, secret string) {
	h.T.Helper()
	made := expect(h.T, h.Call("POST", "/users/"+user+"/factors", O{"kind": "totp", "name": "phone"}), http.StatusCreated)
	id, secret = made.String("id"), made.String("secret")
	h.Must("POST", "/users/"+user+"/factors/"+id+"/confirm", O{"code": totp(h.T.(*testing.T), secret, h.Clock.Now())})
	h.Clock.Move(time.Minute) // that code is used up
	return id, secret
}

func TestAPersonIsVerifiedAndTheWrongOnesHearTheSameWords(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		p := open(h, "portal")
		id := p.user("ann")
		h.Must("POST", "/users", O{"user_name": "gone"})
		members(t, expect(t, p.ask("POST", "/password", O{"user_name": "ANN@example.com", "password": good}), http.StatusOK), O{"verified": true, "user": id})
		var words []string
		for name, body := range map[string]O{
			"wrong": {"user_name": "ann", "password": "not it at all"}, "nobody": {"user_name": "nobody", "password": good}, "without a password": {"user_name": "gone", "password": good},
		} {
			began := time.Now()
			a := expect(t, p.ask("POST", "/password", body), http.StatusUnauthorized)
			if took := time.Since(began); took < 45*time.Millisecond {
				t.Errorf("%s: %v is off the grid", name, took)
			}
			words = append(words, a.String("detail")+a.String("code"))
		}
		// Five wrong ones lock the user, and the right password sounds like a wrong one then.
		for range 4 {
			expect(t, p.ask("POST", "/password", O{"user_name": "ann", "password": "not it at all"}), http.StatusUnauthorized)
		}
		a := expect(t, p.ask("POST", "/password", O{"user_name": "ann", "password": good}), http.StatusUnauthorized)
		words = append(words, a.String("detail")+a.String("code"))
		if len(slices.Compact(words)) != 1 || !strings.HasSuffix(words[0], "not_verified") {
			t.Error(words)
		}
		if shown := h.Must("GET", "/users/"+id, nil); shown.String("state") != "locked" {
			t.Error(shown.Text)
		}
		expect(t, p.ask("POST", "/password", O{"user_name": "ann"}), http.StatusUnprocessableEntity)
	})
}

func TestASecondFactorIsAskedAndCannotBeGuessedAway(t *testing.T) {
	h := housetest.Start(t)
	p, s := open(h, "portal"), login(h)
	id := p.user("ann")
	factor, secret := enrol(h, id)
	right := O{"user_name": "ann", "password": good}
	a := p.ask("POST", "/password", right)
	if a.Status != http.StatusForbidden || a.String("code") != "factor_required" || len(a.JSON["factors"].([]any)) != 1 {
		t.Fatal(a.Text)
	}
	code := func() string { return totp(t, secret, h.Clock.Now()) }
	expect(t, p.ask("POST", "/password", O{"user_name": "ann", "password": good, "code": "000000"}), http.StatusUnauthorized)
	expect(t, p.ask("POST", "/password", O{"user_name": "ann", "password": good, "code": code()}), http.StatusOK)
	// A code counts once, also across services.
	expect(t, p.ask("POST", "/verify-factor", O{"user_name": "ann", "code": code()}), http.StatusUnauthorized)
	h.Clock.Move(time.Minute)
	expect(t, p.ask("POST", "/verify-factor", O{"user": id, "factor": factor, "code": code()}), http.StatusOK)
	h.Clock.Move(time.Minute)

	began := expect(t, s.ask("POST", "/login", right), http.StatusOK)
	state := began.String("state_token")
	if state == "" || began.String("session_token") != "" {
		t.Fatal(began.Text)
	}
	answer := func(with O) *housetest.Answer { return s.ask("POST", "/login/verify-factor", with) }
	expect(t, answer(O{"state_token": state, "factor": factor, "code": "000000"}), http.StatusUnauthorized)
	expect(t, login(h).ask("POST", "/login/verify-factor", O{"state_token": state, "factor": factor, "code": code()}), http.StatusUnauthorized)
	done := expect(t, answer(O{"state_token": state, "factor": factor, "code": code()}), http.StatusOK)
	if done.String("session_token") == "" || done.JSON["expires_in"] != 120.0 {
		t.Fatal(done.Text)
	}
	h.Clock.Move(time.Minute)
	expect(t, answer(O{"state_token": state, "factor": factor, "code": code()}), http.StatusUnauthorized)

	// Who knows the password locks the factor by guessing, and still gets in nowhere without it.
	for range 6 {
		p.ask("POST", "/verify-factor", O{"user_name": "ann", "factor": factor, "code": "000000"})
	}
	expect(t, p.ask("POST", "/password", right), http.StatusUnauthorized)
	expect(t, s.ask("POST", "/login", right), http.StatusUnauthorized)
	expect(t, p.ask("POST", "/verify-factor", O{"user_name": "nobody", "code": "000000"}), http.StatusUnauthorized)
}

func TestForgottenPasswordsHearTheSameAnswerAndThreeMails(t *testing.T) {
	h := housetest.Start(t)
	p := open(h, "portal")
	id := p.user("ann")
	h.Must("PATCH", "/users/"+id, O{"emails": []O{{"value": "ann@example.org"}}}) // by somebody who may vouch for it
	words := map[string]bool{}
	for range 5 {
		for _, name := range []string{"ann", "ann@example.org", "nobody", "nobody@example.com"} {
			a := p.ask("POST", "/forgot-password", O{"user_name": name})
			if a.Status != http.StatusAccepted {
				t.Fatal(a.Text)
			}
			words[a.Text] = true
		}
		letters(h)
	}
	if mails := letters(h); len(words) != 1 || len(mails) != 3 {
		t.Errorf("%v, %d mails", words, len(mails))
	}
}

func TestAnInvitationLeadsToTheApplicationAndNowhereElse(t *testing.T) {
	func(h *housetest.House) {
		p := open(h, "portal")
		made := expect(t, p.ask("POST", "/invitations", O{"email": "new@example.com", "inviter": "Bo", "language": "de", "target_url": target + "/deep", "expires_in": 3600}), http.StatusCreated)
		members(t, made, O{"email": "new@example.com", "target_url": target + "/deep", "activation_url": nil})
		mail := letters(h)[0]
		link := anyLink.FindString(mail)
		if link == "" || !strings.Contains(mail, "Bo") || !strings.Contains(mail, "Einladung") && !strings.Contains(mail, "eingeladen") && !strings.Contains(mail, "lädt") {
			t.Fatal(mail)
		}
		expect(t, p.ask("GET", "/users/"+made.String("user"), nil), http.StatusOK)
		for _, foreign := range []string{
			"https://evil.example", "//evil.example", "https://portal.example@evil.example/start", "https://portal.example.evil/start", "https://portal.example\\@evil.example/start",
			"https://portal.example:8443/start", "https://portal.example/starting", "https://portal.example/start/../admin", "https://portal.example/start\r\nX: y", "http://portal.example/start",
			"javascript:alert(1)", "https://portal.example/start#x", "https://portal.example/%73tart",
		} {
			a := expect(t, p.ask("POST", "/invitations", O{"email": "x@example.com", "target_url": foreign}), http.StatusUnprocessableEntity)
			housetest.About(t, a, "body.target_url")
		}
		for _, body := range []O{{}, {"email": "no address"}, {"email": "a@example.com\r\nBcc: b@example.com"}, {"user": "x"}, {"email": "a@example.com", "expires_in": -1}, {"email": "a@example.com", "expires_in": 99999999}, {"email": "a@example.com", "footer": "see www.evil.example"}} {
			if a := p.ask("POST", "/invitations", body); a.Status != http.StatusUnprocessableEntity {
				t.Errorf("%v: %d %s", body, a.Status, a.Text)
			}
		}
		if a := h.Call("GET", "/users?email=x@example.com", nil); len(items(t, a)) != 0 {
			t.Error("a refused invitation left a user")
		}
		other := open(h, "other")
		expect(t, p.ask("POST", "/invitations", O{"email": "y@example.com", "application": other.ID}), http.StatusForbidden)

		// A link to be shown: to the application that has just made the user, and to nobody for a user who is somebody else's.
		shown := expect(t, p.ask("POST", "/invitations", O{"email": "shown@example.com", "send_email": false}), http.StatusCreated)
		if anyLink.FindString(shown.String("activation_url")) == "" {
			t.Error(shown.Text)
		}
		expect(t, other.ask("POST", "/invitations", O{"email": "shown@example.com", "send_email": false}), http.StatusForbidden)
		h.Clock.Move(25 * time.Hour)
		expect(t, p.ask("POST", "/invitations", O{"email": "shown@example.com", "send_email": false}), http.StatusForbidden)
		expect(t, pairOf(h, "manage-all").ask("POST", "/invitations", O{"email": "shown@example.com", "send_email": false}), http.StatusCreated)
		// Somebody else's user is invited by mail, and stays unseen.
		a := expect(t, other.ask("POST", "/invitations", O{"email": "shown@example.com"}), http.StatusCreated)
		if a.String("user") != "" {
			t.Error(a.Text)
		}
		expect(t, other.ask("GET", "/users/"+shown.String("user"), nil), http.StatusNotFound)
		// An inbox is not a stranger's to fill.
		for range 3 {
			other.ask("POST", "/invitations", O{"email": "shown@example.com"})
		}
		expect(t, other.ask("POST", "/invitations", O{"email": "shown@example.com"}), http.StatusTooManyRequests)
	}(housetest.Start(t))
}

// A clerk of the application cannot take over somebody mightier by a link that it is shown.
func TestALinkToAMightierUserIsShownToNobody(t *testing.T) {
	h := housetest.Start(t)
	chief := h.Must("POST", "/users", O{"user_name": "chief", "status": "staged", "emails": []O{{"value": "chief@example.com"}}}).String("id")
	h.Must("POST", "/users/"+chief+"/roles", O{"role": "environment-admin"})
	clerk := &portal{h, h.NewApp("clerk", nil, "invitations:write", "users:password", "users:read", "users:write")}
	expect(t, clerk.ask("POST", "/invitations", O{"user": chief, "send_email": false}), http.StatusForbidden)
	expect(t, clerk.ask("POST", "/invitations", O{"user": chief}), http.StatusCreated)
}

// What an application may do by its family makes it no equal of a user who administers, even of one that it has made.
func TestAnApplicationLosesWhomItMadeToARole(t *testing.T) {
	h := housetest.Start(t)
	p := open(h, "portal")
	id := p.user("ann")
	role := h.Must("POST", "/roles", O{"name": "clerk", "scopes": []string{"users:read", "users:write"}}).String("role")
	h.Must("POST", "/users/"+id+"/roles", O{"role": role})
	expect(t, p.ask("PATCH", "/users/"+id, O{"emails": []O{{"value": "mine@evil.example"}}}), http.StatusForbidden)
	expect(t, p.ask("DELETE", "/users/"+id, nil), http.StatusForbidden)
	expect(t, p.ask("PATCH", "/users/"+id, O{"display_name": "Ann"}), http.StatusOK)
}

// Who looks after one population verifies and locks nobody of the next.
func TestAWorkerVerifiesThePeopleItLooksAfter(t *testing.T) {
	h := housetest.Start(t)
	population := h.Must("POST", "/populations", O{"name": "staff"}).String("id")
	inside := h.Must("POST", "/users", O{"user_name": "inside", "population_id": population}).String("id")
	outside := h.Must("POST", "/users", O{"user_name": "outside"}).String("id")
	for _, id := range []string{inside, outside} {
		h.Must("PUT", "/users/"+id+"/password", O{"password": good})
	}
	made := h.Must("POST", "/applications", O{"name": "desk", "kind": "worker", "enabled": true, "secret": O{}})
	h.Must("POST", "/applications/"+made.String("client_id")+"/roles", O{"role": "identity-data-admin", "over": "population", "scope_id": population})
	worker := &portal{h, housetest.Client{ID: made.String("client_id"), Secret: made.Object("secret").String("secret")}}
	expect(t, worker.ask("POST", "/password", O{"user_name": "inside", "password": good}), http.StatusOK)
	for range 6 {
		expect(t, worker.ask("POST", "/password", O{"user_name": "outside", "password": "not it at all"}), http.StatusUnauthorized)
	}
	expect(t, worker.ask("POST", "/password", O{"user_name": outside, "password": good}), http.StatusUnauthorized)
	if user := h.Must("GET", "/users/"+outside, nil); user.String("state") != "active" {
		t.Error(user.Text)
	}
	expect(t, worker.ask("GET", "/users/"+outside, nil), http.StatusNotFound)
	expect(t, worker.ask("GET", "/users/"+outside+"/tokens", nil), http.StatusNotFound)
	expect(t, worker.ask("GET", "/users/"+inside+"/tokens", nil), http.StatusOK)
	expect(t, worker.ask("POST", "/invitations", O{"user": outside}), http.StatusNotFound)
}

func TestPagesOfOtherSitesCallNoServices(t *testing.T) {
	h := housetest.Start(t)
	s := ann(h)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if a := s.ask("POST", "/users/"+s.id+"/logout", nil, headers...); a.Status != http.StatusForbidden || a.String("code") != "origin_not_allowed" {
			t.Errorf("%v: %d %s", headers, a.Status, a.Text)
		}
	}
}

// A pair signs people in, too: its pages are listed as those of any application.
func TestPagesOfAPairOpenSessions(t *testing.T) {
	h := housetest.Start(t)
	open(h, "portal").user("ann")
	p := login(h)
	h.Must("PATCH", "/applications/"+p.ID, O{"allowed_origins": []string{"https://portal.example"}, "home_url": "https://portal.example/"})
	s := &signed{portal: p}
	if a := s.enter(s.token(nil), "Origin", "https://portal.example"); a.Status != http.StatusSeeOther {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}
