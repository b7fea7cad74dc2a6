package directoryapi_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// as returns what calls the management API with a token.
func as(h *housetest.House, token string) func(status int, method, path string, body any) *housetest.Answer {
	return func(status int, method, path string, body any) *housetest.Answer {
		h.T.Helper()
		a := h.CallAs(token, method, "/api/v1"+path, body)
		if a.Status != status {
			h.T.Errorf("%s %s: %d %s, want %d", method, path, a.Status, a.Text, status)
		}
		return a
	}
}

// worker makes a worker with a role over something and returns what calls as it.
func worker(h *housetest.House, role, over, scope string) func(status int, method, path string, body any) *housetest.Answer {
	h.T.Helper()
	made := h.Must("POST", "/applications", O{"name": "worker of " + scope + role, "kind": "worker", "enabled": true, "secret": O{}})
	client := housetest.Client{ID: made.String("client_id"), Secret: made.Object("secret").String("secret")}
	h.Must("POST", "/applications/"+client.ID+"/roles", O{"role": role, "over": over, "scope_id": scope})
	return as(h, h.Token(client))
}

// Who may write users could else become the mightiest of them: through an address that mail goes to, or by bringing back
// one whose password is known, or put it out of the way.
func TestNobodyTouchesAMightierUser(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		owner := "/users/" + person(h, "owner", O{"emails": []O{{"value": "owner@example.com"}}})
		h.Must("POST", owner+"/roles", O{"role": "environment-admin"})
		ordinary := "/users/" + person(h, "ann", nil)
		lesser := as(h, h.Limited("users:read", "users:write", "sessions:write", "groups:read", "groups:write"))
		before := h.Must("GET", owner, nil).Text
		for _, body := range []O{
			{"emails": []O{{"value": "mallory@example.com"}}}, {"emails": nil}, {"user_name": "mallory"},
			{"emails": []O{{"value": "owner@example.com"}, {"value": "mallory@example.com"}}}, {"title": "x", "user_name": "o"},
		} {
			lesser(403, "PATCH", owner, body)
			lesser(200, "PATCH", ordinary, O{"title": "x"})
		}
		lesser(403, "DELETE", owner, nil)
		lesser(403, "POST", owner+"/suspend", nil)
		lesser(403, "POST", owner+"/lock", O{})
		lesser(403, "POST", owner+"/unlock", nil)
		if after := h.Must("GET", owner, nil).Text; after != before {
			t.Errorf("%s\n%s", before, after)
		}
		h.Must("POST", owner+"/suspend", nil)
		lesser(403, "POST", owner+"/activate", nil)
		h.Must("POST", owner+"/activate", nil)
		lesser(200, "PATCH", owner, O{"nick_name": "boss", "emails": []O{{"value": "OWNER@example.com", "type": "work"}}}) // no other address
		lesser(200, "POST", owner+"/logout", nil)                                                                          // it signs in again
		lesser(200, "POST", ordinary+"/suspend", nil)
		lesser(200, "POST", ordinary+"/activate", nil)
		lesser(200, "PATCH", ordinary, O{"user_name": "anna"})
		lesser(200, "DELETE", ordinary, nil)
	})
}

// A mail that resets a password goes to verified addresses only, so whoever cannot set passwords verifies none.
func TestAddressIsVerifiedByWhoMaySetPasswordsOnly(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		verified := func(path string) (all []bool) {
			t.Helper()
			for _, e := range h.Must("GET", path, nil).JSON["emails"].([]any) {
				all = append(all, e.(O)["verified"] == true)
			}
			return all
		}
		lesser, able := as(h, h.Limited("users:read", "users:write")), as(h, h.Limited("users:read", "users:write", "users:password"))
		mine := "/users/" + lesser(201, "POST", "/users", O{"user_name": "a", "emails": []O{{"value": "a@example.com", "verified": true}}}).String("id")
		if got := verified(mine); !slices.Equal(got, []bool{false}) {
			t.Errorf("made without users:password: %v", got)
		}
		lesser(200, "PATCH", mine, O{"emails": []O{{"value": "a@example.com", "verified": true}, {"value": "b@example.com", "verified": true}}})
		if got := verified(mine); !slices.Equal(got, []bool{false, false}) {
			t.Errorf("changed without users:password: %v", got)
		}
		able(200, "PATCH", mine, O{"emails": []O{{"value": "a@example.com", "verified": true}, {"value": "b@example.com"}}})
		if got := verified(mine); !slices.Equal(got, []bool{true, false}) {
			t.Errorf("one of them vouched for: %v", got)
		}
		lesser(200, "PATCH", mine, O{"emails": []O{{"value": "A@example.com"}, {"value": "c@example.com", "verified": true}}})
		if got := verified(mine); !slices.Equal(got, []bool{true, false}) {
			t.Errorf("what was verified stays, what is new is not: %v", got)
		}
	})
}

// Whoever looks after one population sees, finds, changes and fills that one only; the rest is not there.
func TestRoleOverAPopulationReachesItsUsersOnly(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		p, q := h.Must("POST", "/populations", O{"name": "P"}).String("id"), h.Must("POST", "/populations", O{"name": "Q"}).String("id")
		inP, inQ := person(h, "ann", O{"population_id": p}), person(h, "bob", O{"population_id": q, "external_id": "7", "emails": []O{{"value": "bob@example.com"}}})
		number := h.Must("GET", "/users/"+inQ, nil).JSON["number"].(float64)
		groupP := h.Must("POST", "/groups", O{"name": "GP", "population_id": p}).String("id")
		groupQ := h.Must("POST", "/groups", O{"name": "GQ", "population_id": q}).String("id")
		wide := h.Must("POST", "/groups", O{"name": "Wide"}).String("id")
		for _, id := range []string{inP, inQ} {
			h.Must("POST", "/groups/"+wide+"/members", O{"add": []O{{"id": id}}})
		}
		call := worker(h, "identity-data-admin", "population", p)

		names := func(path, member string) string {
			t.Helper()
			var all []string
			for _, item := range items(t, call(200, "GET", path, nil)) {
				all = append(all, item[member].(string))
			}
			return strings.Join(all, " ")
		}
		for path, want := range map[string]string{
			"/users": "ann", "/users?population=" + p: "ann", "/users?population=" + q: "", "/users?user_name=bob": "", "/users?email=bob@example.com": "",
			"/users?external_id=7": "", "/users?status=active": "ann", "/users?group=" + wide: "", "/users?group=" + groupQ: "", "/users?user_name=ann": "ann",
			"/users?number=" + strconv.FormatInt(int64(number), 10): "",
		} {
			if got := names(path, "user_name"); got != want {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
		if got := names("/populations", "name") + "|" + names("/groups", "name") + "|" + names("/groups?name=GQ", "name") + "|" + names("/users/"+inP+"/groups", "name"); got != "P|GP||" {
			t.Errorf("populations, groups, another's, of a user: %q", got)
		}
		for _, c := range []struct {
			method, path string
			body         any
		}{
			{"GET", "/users/" + inQ, nil}, {"PATCH", "/users/" + inQ, O{"title": "x"}}, {"DELETE", "/users/" + inQ, nil}, {"POST", "/users/" + inQ + "/suspend", nil},
			{"POST", "/users/" + inQ + "/activate", nil}, {"POST", "/users/" + inQ + "/lock", O{}}, {"POST", "/users/" + inQ + "/unlock", nil}, {"POST", "/users/" + inQ + "/logout", nil},
			{"GET", "/users/" + inQ + "/groups", nil}, {"GET", "/populations/" + q, nil}, {"GET", "/groups/" + groupQ, nil}, {"PATCH", "/groups/" + wide, O{}},
			{"GET", "/groups/" + wide + "/members", nil}, {"POST", "/groups/" + wide + "/members", O{}}, {"DELETE", "/groups/" + wide + "/members/" + inP, nil}, {"DELETE", "/groups/" + groupQ, nil},
		} {
			call(404, c.method, c.path, c.body)
		}
		call(200, "GET", "/users/"+inP, nil)
		call(403, "POST", "/users", O{"user_name": "x"}) // the default population is not its own
		call(403, "POST", "/users", O{"user_name": "x", "population_id": q})
		call(403, "PATCH", "/users/"+inP, O{"population_id": q})
		call(403, "PATCH", "/users/"+inP, O{"population_id": nil})
		call(403, "POST", "/groups", O{"name": "x"})
		call(403, "POST", "/groups", O{"name": "x", "population_id": q})
		call(403, "POST", "/populations", O{"name": "x"})
		call(403, "PATCH", "/populations/"+p, O{"name": "x"})
		made := call(201, "POST", "/users", O{"user_name": "carl", "population_id": p, "emails": []O{{"value": "carl@example.com"}}}).String("id")
		call(200, "POST", "/groups/"+groupP+"/members", O{"add": []O{{"id": made}}})
		about(t, call(422, "POST", "/groups/"+groupP+"/members", O{"add": []O{{"id": inQ}}}), "body.members")
		about(t, call(422, "POST", "/groups/"+groupP+"/members", O{"add": []O{{"id": wide, "kind": "group"}}}), "body.members")
		call(201, "POST", "/groups", O{"name": "mine", "population_id": p})
		call(200, "POST", "/users/"+made+"/suspend", nil)
		// A user who is an administrator of its population may do no more than the worker; one of everything may.
		h.Must("POST", "/users/"+inP+"/roles", O{"role": "identity-data-admin", "over": "population", "scope_id": p})
		call(200, "PATCH", "/users/"+inP, O{"user_name": "anne"})
		h.Must("POST", "/users/"+inP+"/roles", O{"role": "identity-data-read-only"})
		call(403, "PATCH", "/users/"+inP, O{"user_name": "anna"})
		call(403, "DELETE", "/users/"+inP, nil)
	})
}

// Moving a user to where one may set passwords would make up for not being allowed to where it is.
func TestNobodyMovesAUserToWhereTheyMayDoMoreToIt(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		p, q := h.Must("POST", "/populations", O{"name": "P"}).String("id"), h.Must("POST", "/populations", O{"name": "Q"}).String("id")
		ann := "/users/" + person(h, "ann", O{"population_id": p})
		desk := h.Must("POST", "/roles", O{"name": "desk", "scopes": []string{"users:read", "users:write"}}).String("role")
		made := h.Must("POST", "/applications", O{"name": "worker", "kind": "worker", "enabled": true, "secret": O{}})
		client := housetest.Client{ID: made.String("client_id"), Secret: made.Object("secret").String("secret")}
		h.Must("POST", "/applications/"+client.ID+"/roles", O{"role": desk, "over": "population", "scope_id": p})
		h.Must("POST", "/applications/"+client.ID+"/roles", O{"role": "identity-data-admin", "over": "population", "scope_id": q})
		call := as(h, h.Token(client))
		call(403, "PATCH", ann, O{"population_id": q})
		call(200, "PATCH", ann, O{"title": "x"})
		back := "/users/" + call(http.StatusCreated, "POST", "/users", O{"user_name": "bob", "population_id": q}).String("id")
		call(200, "PATCH", back, O{"population_id": p}) // the other way nothing is gained
	})
}
