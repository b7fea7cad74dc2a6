package server_test

import (
	"net/http"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// newUser makes a user of the default population.
func newUser(h *housetest.House, name string) string {
	h.T.Helper()
	return h.Must("POST", "/users", housetest.O{"user_name": name}).String("id")
}

// pairOf makes an API credential pair with a preset and returns a token of it.
func pairOf(h *housetest.House, preset string) string {
	h.T.Helper()
	made := h.Must("POST", "/credentials", housetest.O{"name": preset + " of " + h.T.Name(), "access": preset})
	return h.Token(housetest.Client{ID: made.String("client_id"), Secret: made.String("secret")})
}

func TestUsersAreGrantedRolesAndLoseThem(t *testing.T) {
	h := housetest.Start(t)
	user := newUser(h, "ann")
	path := managementPrefix + "/users/" + user + "/roles"
	expect := func(status int, bearer, method, path string, body any) *housetest.Answer {
		t.Helper()
		a := h.CallAs(bearer, method, path, body)
		if a.Status != status {
			t.Errorf("%s %s: %d %s, want %d", method, path, a.Status, a.Text, status)
		}
		return a
	}
	admin := h.AdminToken()
	desk := h.Must("POST", "/roles", housetest.O{"name": "desk", "scopes": []string{"users:read"}}).String("role")
	granted := expect(http.StatusCreated, admin, "POST", path, housetest.O{"role": desk})
	if granted.String("name") != "desk" || granted.String("over") != "environment" {
		t.Error(granted.Text)
	}
	expect(http.StatusConflict, admin, "POST", path, housetest.O{"role": desk})
	expect(http.StatusUnprocessableEntity, admin, "POST", path, housetest.O{"role": "application-owner", "over": "application", "scope_id": h.Admin.ID})
	if all := housetest.Items(t, expect(http.StatusOK, admin, "GET", managementPrefix+"/roles/"+desk+"/users", nil)); len(all) != 1 || all[0]["user"] != user || all[0]["id"] != granted.String("id") {
		t.Error(all)
	}
	for preset, status := range map[string]int{"authentication-only": 403, "read-users": 200, "manage-users": 200, "read-all": 200} {
		bearer := pairOf(h, preset)
		expect(status, bearer, "GET", path, nil)
		expect(http.StatusForbidden, bearer, "POST", path, housetest.O{"role": desk})
		expect(http.StatusForbidden, bearer, "DELETE", path+"/"+granted.String("id"), nil)
		expect(http.StatusForbidden, bearer, "PATCH", managementPrefix+"/roles/"+desk, housetest.O{"scopes": []string{"users:read", "users:write"}})
		expect(http.StatusForbidden, bearer, "DELETE", managementPrefix+"/roles/"+desk, nil)
	}
	expect(http.StatusOK, admin, "DELETE", path+"/"+granted.String("id"), nil)
	expect(http.StatusNotFound, admin, "DELETE", path+"/"+granted.String("id"), nil)
	expect(http.StatusNotFound, admin, "GET", managementPrefix+"/users/00000000-0000-0000-0000-000000000000/roles", nil)
}
