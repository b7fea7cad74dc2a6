package directoryapi_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// appCode is what an app shows (RFC 6238), written a second time so that we agree with it and not with ourselves.
func appCode(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(at.Unix()/30))
	mac := hmac.New(sha1.New, key)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at4 := sum[sum[19]&15:]
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(at4)&0x7fffffff)%1000000)
}

func newPerson(h *housetest.House, name string) string {
	h.T.Helper()
	return "/users/" + h.Must("POST", "/users", O{"user_name": name, "emails": []O{{"value": name + "@example.org"}}}).String("id")
}

func TestAppIsEnrolledConfirmedAndVerified(t *testing.T) {
	h := housetest.Start(t) // the clock is moved, which nodes on PostgreSQL take for an absence
	user := newPerson(h, "ada")
	made := expect(t, h.Call("POST", user+"/factors", O{"kind": "totp", "name": "Phone"}, "Idempotency-Key", "k"), http.StatusCreated)
	secret, path := made.String("secret"), user+"/factors/"+made.String("id")
	uri, err := url.Parse(made.String("otpauth_uri"))
	if err != nil || uri.Scheme != "otpauth" || uri.Query().Get("secret") != secret || !strings.HasSuffix(uri.Path, ":ada") || len(secret) != 32 {
		t.Fatalf("%s: %v", made.Text, err)
	}
	members(t, made, O{"kind": "totp", "name": "Phone", "confirmed": false, "last_used_at": nil})
	again := expect(t, h.Call("POST", user+"/factors", O{"kind": "totp", "name": "Phone"}, "Idempotency-Key", "k"), http.StatusCreated)
	members(t, again, O{"id": made.String("id"), "secret": nil, "otpauth_uri": nil})
	verdict := func(code, want string) {
		t.Helper()
		members(t, expect(t, h.Call("POST", path+"/verify", O{"code": code}), http.StatusOK), O{"verdict": want})
	}
	code := func() string { return appCode(t, secret, h.Clock.Now()) }
	expect(t, h.Call("POST", path+"/verify", O{"code": code()}), http.StatusConflict)
	about(t, expect(t, h.Call("POST", path+"/confirm", O{"code": "no"}), http.StatusUnprocessableEntity), "body.code")
	confirmed := expect(t, h.Call("POST", path+"/confirm", O{"code": code()}), http.StatusOK)
	members(t, confirmed, O{"confirmed": true, "secret": nil})
	verdict(code(), "wrong")
	h.Clock.Move(time.Minute)
	verdict(code(), "right")
	for range 5 {
		verdict("000 000 0", "wrong")
	}
	h.Clock.Move(time.Minute)
	verdict(code(), "locked")
	shown := expect(t, h.Call("GET", path, nil), http.StatusOK)
	if strings.Contains(shown.Text, secret) || shown.JSON["locked_until"] == nil {
		t.Errorf("%s", shown.Text)
	}
	h.Must("POST", user+"/unlock", nil)
	verdict(code(), "right")
	tag := expect(t, h.Call("GET", path, nil), http.StatusOK).Header.Get("ETag")
	expect(t, h.Call("DELETE", path, nil, "If-Match", shown.Header.Get("ETag")), http.StatusPreconditionFailed)
	expect(t, h.Call("DELETE", path, nil, "If-Match", tag), http.StatusOK)
	if all := items(t, h.Must("GET", user+"/factors", nil)); len(all) != 0 {
		t.Errorf("%v", all)
	}
}

func TestRecoveryCodesAreShownOnce(t *testing.T) {
	h := housetest.Start(t)
	user := newPerson(h, "ada")
	first := expect(t, h.Call("POST", user+"/recovery-codes", nil), http.StatusOK)
	codes := first.JSON["codes"].([]any)
	if len(codes) != 10 || first.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s %v", first.Text, first.Header)
	}
	path := user + "/factors/" + first.String("factor")
	members(t, h.Must("POST", path+"/verify", O{"code": codes[3]}), O{"verdict": "right"})
	members(t, h.Must("POST", path+"/verify", O{"code": codes[3]}), O{"verdict": "wrong"})
	members(t, h.Must("GET", path, nil), O{"kind": "recovery", "codes_left": float64(9), "confirmed": true})
	log := h.Must("GET", "/ledger/events?limit=100", nil)
	for _, code := range codes {
		if list := h.Must("GET", user+"/factors", nil); strings.Contains(list.Text, code.(string)) || strings.Contains(log.Text, code.(string)) ||
			strings.Contains(h.Log.String(), code.(string)) {
			t.Errorf("%s is shown again", code)
		}
	}
	if !strings.Contains(log.Text, "user.factor_enrolled") {
		t.Error("the ledger does not know of it")
	}
}

func TestCodeByMailComesByLetter(t *testing.T) {
	h := housetest.Start(t)
	user := newPerson(h, "ada")
	about(t, expect(t, h.Call("POST", user+"/factors", O{"kind": "email", "address": "eve@example.org"}), http.StatusUnprocessableEntity), "body.address")
	made := expect(t, h.Call("POST", user+"/factors", O{"kind": "email", "address": "ada@example.org"}), http.StatusCreated)
	members(t, made, O{"kind": "email", "address": "ada@example.org", "confirmed": false, "secret": nil})
	path := user + "/factors/" + made.String("id")
	for range 4 {
		expect(t, h.Call("POST", path+"/send", nil), http.StatusOK)
	}
	expect(t, h.Call("POST", path+"/send", nil), http.StatusTooManyRequests)
	expect(t, h.Call("POST", user+"/factors", O{"kind": "passkey"}), http.StatusUnprocessableEntity)
}

// Whoever manages factors must not come by the factors of somebody mightier, which are half of its sign-in.
func TestWhoeverMayDoLessGivesAMightyUserNoFactor(t *testing.T) {
	h := housetest.Start(t)
	user := newPerson(h, "boss")
	made := h.Must("POST", user+"/factors", O{"kind": "totp"})
	h.Must("POST", user+"/roles", O{"role": "organization-admin", "over": "organization"})
	token := h.Limited("factors:read", "factors:write", "users:read", "users:write")
	for _, call := range [][2]string{
		{"POST", "/factors"}, {"POST", "/recovery-codes"}, {"POST", "/factors/" + made.String("id") + "/confirm"}, {"DELETE", "/factors/" + made.String("id")},
	} {
		var body any
		if call[0] == "POST" {
			if strings.HasSuffix(call[1], "confirm") {
				body = O{"code": "1"}
			} else if strings.HasSuffix(call[1], "factors") {
				body = O{"kind": "totp"}
			} else {
				body = nil
			}
		}
		expect(t, h.CallAs(token, call[0], "/api/v1"+user+call[1], body), http.StatusForbidden)
	}
	other := newPerson(h, "ada")
	expect(t, h.CallAs(token, "POST", "/api/v1"+other+"/factors", O{"kind": "totp"}), http.StatusCreated)
}
