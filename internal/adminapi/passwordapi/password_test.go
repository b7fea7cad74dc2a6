package passwordapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// O is a JSON object.
type O = housetest.O

var (
	expect  = housetest.Expect
	about   = housetest.About
	members = housetest.Members
)

const (
	phrase  = "seven purple bicycles"
	another = "eleven quiet lighthouses"
)

func TestPasswordIsSetReplacedAndRemoved(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		user := "/users/" + h.Must("POST", "/users", O{"user_name": "ann", "emails": []O{{"value": "ann.brown@example.com"}}}).String("id")
		state := func(want string) {
			t.Helper()
			members(t, expect(t, h.Call("GET", user, nil), http.StatusOK), O{"password_state": want})
		}
		state("none")
		done := expect(t, h.Call("PUT", user+"/password", O{"password": phrase}, "If-Match", `"1"`), http.StatusOK)
		if done.JSON["propagated"] != true || strings.Contains(done.Text, phrase) {
			t.Error(done.Text)
		}
		state("set")
		expect(t, h.Call("PUT", user+"/password", O{"password": another}, "If-Match", `"1"`), http.StatusPreconditionFailed)
		for body, field := range map[string]O{
			"body.password": {"password": "short"},
			"body.hash":     {"hash": "{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ=="},
			"body.salt":     {"hash": "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3", "salt": "x"},
			"body.format":   {"hash": "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3", "format": "bcrypt"},
		} {
			about(t, expect(t, h.Call("PUT", user+"/password", field), 422), body)
		}
		for _, body := range []O{{}, {"password": "ann.brown@ex"}, {"password": phrase, "hash": "x"}, {"password": "tab\there is not ok"}, {"password": ""}, {"password": strings.Repeat("x", 1025)}, {"password": another, "format": "md5"}, {"password": 7}, {"password": another, "id": "x"}} {
			a := expect(t, h.Call("PUT", user+"/password", body), 422)
			if strings.Contains(a.Text, phrase) || strings.Contains(a.Text, another) {
				t.Errorf("the answer repeats the password: %s", a.Text)
			}
		}
		h.Must("PUT", user+"/password", O{"password": "short", "validate": false, "temporary": true})
		state("reset_required")
		h.Must("PUT", user+"/password", O{"hash": "b1c788abac15390de987ad17b65ac73c9b475d428a51f245c645a442fddd078b", "format": "salt+sha256", "salt": "hello"})
		state("set")
		h.Must("DELETE", user+"/password", nil)
		h.Must("DELETE", user+"/password", nil)
		state("none")
		expect(t, h.Call("PUT", "/users/0190b6b1-6b4e-7c6e-8a3a-000000000000/password", O{"password": phrase}), http.StatusNotFound)
	})
}

// Who may do everything with users but set passwords gets no further, and who may set passwords does not get at those who
// may do more.
func TestNobodySetsThePasswordOfSomebodyMightier(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		ann := "/users/" + h.Must("POST", "/users", O{"user_name": "ann"}).String("id")
		manager, setter := h.Token(h.NewApp("manager", nil, "users:read", "users:write", "policy:read")), h.Token(h.NewApp("setter", nil, "users:password"))
		expect(t, h.CallAs(manager, "PUT", "/api/v1"+ann+"/password", O{"password": phrase}), http.StatusForbidden)
		expect(t, h.CallAs(manager, "DELETE", "/api/v1"+ann+"/password", nil), http.StatusForbidden)
		expect(t, h.CallAs(manager, "PATCH", "/api/v1/password-policy", O{"min_score": 0}), http.StatusForbidden)
		expect(t, h.CallAs(setter, "PUT", "/api/v1"+ann+"/password", O{"password": phrase}), http.StatusOK)
		if a := h.Call("POST", ann+"/roles", O{"role": "client-application-developer"}); a.Status != http.StatusNotFound {
			expect(t, a, http.StatusCreated)
			expect(t, h.CallAs(setter, "PUT", "/api/v1"+ann+"/password", O{"password": another}), http.StatusForbidden)
			expect(t, h.CallAs(setter, "DELETE", "/api/v1"+ann+"/password", nil), http.StatusForbidden)
		}
	})
}

func TestPasswordPolicyIsChangedByMergePatch(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		born := O{"min_length": 12.0, "min_score": 3.0, "min_classes": 0.0, "allow_personal_words": false, "allow_breached": false, "history": 5.0, "max_age_days": 0.0, "min_age_hours": 0.0, "max_failures": 5.0, "lock_minutes": 60.0}
		first := expect(t, h.Call("GET", "/password-policy", nil), http.StatusOK)
		members(t, first, born)
		changed := expect(t, h.Call("PATCH", "/password-policy", O{"min_length": 15, "max_age_days": 90, "allow_breached": true}, "If-Match", first.Header.Get("ETag")), http.StatusOK)
		members(t, changed, O{"min_length": 15.0, "max_age_days": 90.0, "allow_breached": true, "history": 5.0})
		expect(t, h.Call("PATCH", "/password-policy", O{"min_length": 16}, "If-Match", first.Header.Get("ETag")), http.StatusPreconditionFailed)
		if a := h.Call("GET", "/password-policy", nil, "If-None-Match", changed.Header.Get("ETag")); a.Status != http.StatusNotModified {
			t.Errorf("the version that the caller has: %d", a.Status)
		}
		members(t, expect(t, h.Call("PATCH", "/password-policy", O{"min_length": nil, "max_age_days": nil, "allow_breached": nil}), http.StatusOK), born)
		for member, value := range map[string]any{"min_length": 7, "min_score": 5, "min_classes": 5, "history": 25, "max_age_days": -1, "max_failures": 0, "lock_minutes": 527041, "allow_breached": "yes", "version": 1} {
			about(t, expect(t, h.Call("PATCH", "/password-policy", O{member: value}), 422), "body."+member)
		}
		about(t, expect(t, h.Call("PATCH", "/password-policy", O{"max_age_days": 1, "min_age_hours": 24}), 422), "body.min_age_hours")
		user := "/users/" + h.Must("POST", "/users", O{"user_name": "ann"}).String("id")
		h.Must("PATCH", "/password-policy", O{"min_length": 30})
		about(t, expect(t, h.Call("PUT", user+"/password", O{"password": phrase}), 422), "body.password")
	})
}
