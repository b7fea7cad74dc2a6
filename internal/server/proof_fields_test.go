package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

const (
	coreUser = "urn:ietf:params:scim:schemas:core:2.0:User"
	known    = "correct-Horse-battery-Staple-7" // a password that somebody wants a user to have
)

func operations(each ...housetest.O) housetest.O {
	return housetest.O{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": each}
}

func inBulk(method, path string, data housetest.O) housetest.O {
	return housetest.O{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"},
		"Operations": []housetest.O{{"method": method, "path": path, "bulkId": "one", "data": data}}}
}

// attempt is one way to write a field that the preset manage-users must not write.
type attempt struct {
	way, method, path string
	body              any
}

// fieldWays lists every way in which a request can carry a field: new is the name of a user to be made, id of one that is there.
func fieldWays(field string, value any, id, name string) []attempt {
	user := func(more housetest.O) housetest.O {
		body := housetest.O{"schemas": []string{coreUser}, "userName": name}
		for key, each := range more {
			body[key] = each
		}
		return body
	}
	with := housetest.O{field: value}
	loud := strings.ToUpper(field)
	scim, users := "/scim/v2/Users", managementPrefix+"/users"
	return []attempt{
		{"in a creation", "POST", users, housetest.O{"user_name": name, field: value}},
		{"in a change", "PATCH", users + "/" + id, with},
		{"in a creation by SCIM", "POST", scim, user(with)},
		{"in loud letters by SCIM", "POST", scim, user(housetest.O{loud: value})},
		{"in a replacement by SCIM", "PUT", scim + "/" + id, user(with)},
		{"by a path", "PATCH", scim + "/" + id, operations(housetest.O{"op": "replace", "path": field, "value": value})},
		{"by a path in loud letters", "PATCH", scim + "/" + id, operations(housetest.O{"op": "Add", "path": loud, "value": value})},
		{"by a path with its schema", "PATCH", scim + "/" + id, operations(housetest.O{"op": "add", "path": coreUser + ":" + field, "value": value})},
		{"without a path", "PATCH", scim + "/" + id, operations(housetest.O{"op": "Replace", "value": with})},
		{"by a key with its schema", "PATCH", scim + "/" + id, operations(housetest.O{"op": "add", "value": housetest.O{coreUser + ":" + field: value}})},
		{"behind something harmless", "PATCH", scim + "/" + id, operations(housetest.O{"op": "replace", "path": "title", "value": "x"}, housetest.O{"op": "add", "path": field, "value": value})},
		{"in a bulk creation", "POST", "/scim/v2/Bulk", inBulk("POST", "/Users", user(with))},
		{"in a bulk replacement", "POST", "/scim/v2/Bulk", inBulk("PUT", "/Users/"+id, user(with))},
		{"in a bulk patch", "POST", "/scim/v2/Bulk", inBulk("PATCH", "/Users/"+id, operations(housetest.O{"op": "add", "path": field, "value": value}))},
	}
}

// wrote reports whether an attempt was let through: by its status, or by that of its one operation in a bulk request.
func wrote(a *housetest.Answer) bool {
	if all, ok := a.JSON["Operations"].([]any); ok && len(all) > 0 {
		status := fmt.Sprint(all[0].(housetest.O)["status"])
		return strings.HasPrefix(status, "2")
	}
	return a.Status < 300
}

func userNamed(h *housetest.House, name string) housetest.O {
	h.T.Helper()
	for _, found := range housetest.Items(h.T, h.Must("GET", "/users?user_name="+name, nil)) {
		return found
	}
	return nil
}

// TestManageUsersSetsNoPasswordByAnyWay tries every request that can carry one. The same requests work for manage-all where
// the field is known at all, or the test would prove nothing.
func TestManageUsersSetsNoPasswordByAnyWay(t *testing.T) {
	h := housetest.Start(t)
	manager, all := pairOf(h, "manage-users"), pairOf(h, "manage-all")
	through := 0
	for i := range fieldWays("password", known, "{id}", "{name}") {
		for _, mighty := range []bool{false, true} {
			name := fmt.Sprintf("user-%d-%v", i, mighty)
			id := h.Must("POST", "/users", housetest.O{"user_name": name}).String("id")
			bearer := manager
			if mighty {
				bearer = all
			}
			tried := fieldWays("password", known, id, "new"+name)[i]
			a := h.CallAs(bearer, tried.method, tried.path, tried.body)
			for _, who := range []string{name, "new" + name} {
				u := userNamed(h, who)
				if u == nil {
					continue
				}
				if state := u["password_state"]; !mighty && state != "none" && state != nil {
					t.Errorf("manage-users sets a password %s: %d %s", tried.way, a.Status, a.Text)
				}
			}
			switch {
			case !mighty && wrote(a):
				t.Errorf("manage-users is let through %s: %d %s", tried.way, a.Status, a.Text)
			case !mighty && a.Status >= 500:
				t.Errorf("%s: %d %s", tried.way, a.Status, a.Text)
			case mighty && wrote(a):
				through++
			}
		}
	}
	if through < 8 {
		t.Errorf("even manage-all sets a password in %d ways only: the test proves little", through)
	}
	user := h.Must("POST", "/users", housetest.O{"user_name": "direct"}).String("id")
	for _, r := range []attempt{
		{"directly", "PUT", managementPrefix + "/users/" + user + "/password", housetest.O{"password": known}},
		{"by taking it away", "DELETE", managementPrefix + "/users/" + user + "/password", nil},
	} {
		if a := h.CallAs(manager, r.method, r.path, r.body); a.Status != http.StatusForbidden {
			t.Errorf("manage-users sets a password %s: %d %s", r.way, a.Status, a.Text)
		}
	}
}

// TestManageUsersAssignsNoRoleByAnyWay tries the field under each of its names, and what changes a role that is held.
func TestManageUsersAssignsNoRoleByAnyWay(t *testing.T) {
	h := housetest.Start(t)
	manager := pairOf(h, "manage-users")
	role := h.Must("POST", "/roles", housetest.O{"name": "reader", "scopes": []string{"users:read"}}).String("role")
	values := map[string]any{
		"roles": []housetest.O{{"value": role}}, "role_ids": []string{role}, "roleIds": []string{role}, "role": role,
		"entitlements": []housetest.O{{"value": role}},
	}
	for field, value := range values {
		for i := range fieldWays(field, value, "{id}", "{name}") {
			name := fmt.Sprint(field, i)
			id := h.Must("POST", "/users", housetest.O{"user_name": name}).String("id")
			tried := fieldWays(field, value, id, "new"+name)[i]
			a := h.CallAs(manager, tried.method, tried.path, tried.body)
			if a.Status >= 500 || field == "roles" && wrote(a) {
				t.Errorf("%s %s: %d %s", field, tried.way, a.Status, a.Text)
			}
			for _, who := range []string{name, "new" + name} {
				u := userNamed(h, who)
				if u == nil {
					continue
				}
				if held := housetest.Items(t, h.Must("GET", fmt.Sprintf("/users/%s/roles", u["id"]), nil)); len(held) > 0 {
					t.Errorf("manage-users assigns a role by %s %s: %d %s", field, tried.way, a.Status, a.Text)
				}
			}
		}
	}
	user := h.Must("POST", "/users", housetest.O{"user_name": "holder"}).String("id")
	held := h.Must("POST", "/users/"+user+"/roles", housetest.O{"role": role}).String("id")
	for _, r := range []attempt{
		{"assigns it", "POST", "/users/" + user + "/roles", housetest.O{"role": role, "over": "organization"}},
		{"takes it away", "DELETE", "/users/" + user + "/roles/" + held, nil},
		{"widens it", "PATCH", "/roles/" + role, housetest.O{"scopes": []string{"users:read", "users:write"}}},
		{"empties it", "PATCH", "/roles/" + role, housetest.O{"scopes": []string{"groups:read"}}},
		{"deletes it", "DELETE", "/roles/" + role, nil},
	} {
		if a := h.CallAs(manager, r.method, managementPrefix+r.path, r.body); a.Status != http.StatusForbidden {
			t.Errorf("manage-users %s: %d %s", r.way, a.Status, a.Text)
		}
	}
}
