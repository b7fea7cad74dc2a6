package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// TestEveryRouteWithAScopeLetsAnOwnerIn calls the whole management API as a person who owns the organization: what rooms and
// handlers expect of an application must not be in a person's way.
func TestEveryRouteWithAScopeLetsAnOwnerIn(t *testing.T) {
	h := housetest.Start(t)
	const password = "granite otter velvet 9 harbour"
	id := h.Must("POST", "/users", housetest.O{"user_name": "owner"}).String("id")
	h.Must("PUT", "/users/"+id+"/password", housetest.O{"password": password})
	h.Must("POST", "/users/"+id+"/roles", housetest.O{"role": "organization-admin", "over": "organization"})
	owner := h.Visit()
	owner.SignIn("owner", password)
	_, other := h.NewEnvironment("other")
	ready, needed := newThings(h, other), scopes(t)
	for _, route := range readersFirst(needed) {
		scope := needed[route]
		r, _ := rule.Find(route)
		if r.Door != rule.API || scope == "" || access.OffByDefault(scope) { // which no role has
			continue
		}
		method, path := ready.unlessUsed(h, route).path(route)
		var body any
		if method == "POST" || method == "PATCH" || method == "PUT" {
			body = housetest.O{}
			for _, known := range []map[string]housetest.O{bodies, fullBodies} {
				if known[route] != nil {
					body = known[route]
				}
			}
		}
		switch a := owner.Console(method, strings.TrimPrefix(path, managementPrefix), body); a.Status {
		case 200, 201, 202, 204, 409, 422: // 409, 422: there was something to say about the request itself
		case http.StatusNotFound:
			if !slices.Contains(emptyRoutes, route) {
				t.Errorf("%s finds nothing: %s", route, a.Text)
			}
		default:
			t.Errorf("%s answers %d %s to a person who may do everything", route, a.Status, a.Text)
		}
	}
	a := owner.Console("POST", "/invitations", housetest.O{"email": "guest@example.com"})
	if a.Status != http.StatusCreated || a.String("invited_by") != id {
		t.Errorf("an invitation: %d %s", a.Status, a.Text)
	}
}
