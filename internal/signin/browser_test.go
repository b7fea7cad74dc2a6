package signin_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// Names of the cookies.
const (
	sessionCookie = "__Host-counterfoil-session"
	stateCookie   = "__Host-counterfoil-state"
	deviceCookie  = "__Host-counterfoil-device"
)

// visitor is somebody's browser.
type visitor struct {
	*housetest.Browser
}

func visit(h *housetest.House) *visitor { return &visitor{h.Visit()} }

func (v *visitor) send(r *http.Request) *housetest.Answer {
	v.T.Helper()
	return v.Do(r)
}

func (v *visitor) get(path string, headers ...string) *housetest.Answer {
	v.T.Helper()
	return v.Open(path, headers...)
}

func (v *visitor) post(path string, fields ...string) *housetest.Answer {
	v.T.Helper()
	return v.Submit(path, fields...)
}

// signIn signs in with a password alone.
func (v *visitor) signIn(name, password string) {
	v.T.Helper()
	led(v.T, v.post("/signin", "login", name, "password", password), "account")
}

func (v *visitor) signOut() {
	v.T.Helper()
	led(v.T, v.post("/signout"), "signin?out")
}

// in reports whether the browser is signed in.
func (v *visitor) in() bool {
	v.T.Helper()
	return v.get("/account").Status == http.StatusOK
}

// led fails the test unless an answer sends the browser to a place, with 303.
func led(t testing.TB, a *housetest.Answer, to string) {
	t.Helper()
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != to {
		t.Fatalf("%d to %q, want to %q: %s", a.Status, a.Header.Get("Location"), to, a.Text)
	}
}

// member makes a user with a password.
func member(h *housetest.House, name string) (id string) {
	h.T.Helper()
	id = person(h, name, nil)
	housetest.Expect(h.T, h.Call("PUT", "/users/"+id+"/password", O{"password": good}), http.StatusOK)
	return id
}

// totp makes the code of an app at a time (RFC 6238).
func totp(t testing.TB, secret string, at time.Time) string {
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

// later moves the clock, and waits until the house has heard of the ledger since.
func later(h *housetest.House, by time.Duration) {
	h.T.Helper()
	h.Clock.Move(by)
	for deadline := time.Now().Add(20 * time.Second); h.Call("GET", "/ledger/head", nil).Status != http.StatusOK; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.T.Fatal("the house hears nothing")
		}
	}
}

// enrol gives a user an app for codes, and returns its id and secret.
func enrol(h *housetest.House, user string) (id, secret string) {
	h.T.Helper()
	made := housetest.Expect(h.T, h.Call("POST", "/users/"+user+"/factors", O{"kind": "totp", "name": "phone"}), http.StatusCreated)
	id, secret = made.String("id"), made.String("secret")
	h.Must("POST", "/users/"+user+"/factors/"+id+"/confirm", O{"code": totp(h.T, secret, h.Clock.Now())})
	later(h, time.Minute) // that code is used up
	return id, secret
}
