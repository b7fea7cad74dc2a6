package scim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

func (c client) as(scopes ...string) client { return client{c.House, c.Limited(scopes...)} }

// TestPasswordsAndRolesNeedMore by whatever way they come.
func TestPasswordsAndRolesNeedMore(t *testing.T) {
	c := start(t)
	made := c.user("ann", nil)
	path := "/Users/" + made.String("id")
	manager := c.as("users:read", "users:write", "groups:read", "groups:write")
	body := func(more o) o {
		b := o{"schemas": []string{userURN}, "userName": "ann"}
		for name, value := range more {
			b[name] = value
		}
		return b
	}
	roles := []o{{"value": "identity-data-admin"}}
	for _, field := range []o{
		{"password": "correct horse battery"}, {"PassWord": "correct horse battery"}, {userURN + ":password": "correct horse battery"},
		{"roles": roles}, {"ROLES": roles}, {userURN + ":roles": roles}, {"roles": o{"value": "identity-data-admin"}},
	} {
		manager.refused(403, "", "POST", "/Users", o{"schemas": []string{userURN}, "userName": "bob", first(field): field[first(field)]})
		manager.refused(403, "", "PUT", path, body(field))
		manager.refused(403, "", "PATCH", path, ops(o{"op": "add", "value": field}))
		manager.refused(403, "", "PATCH", path, ops(o{"op": "replace", "path": first(field), "value": field[first(field)]}))
		a := manager.must(200, "POST", "/Bulk", bulk(nil, o{"method": "PATCH", "path": path, "data": ops(o{"op": "add", "value": field})},
			o{"method": "POST", "path": "/Users", "bulkId": "x", "data": o{"schemas": []string{userURN}, "userName": "bob", first(field): field[first(field)]}}))
		for i := range 2 {
			if at(a.JSON, fmt.Sprint("Operations ", i, " status")) != "403" {
				t.Errorf("%v in bulk: %s", field, a.Text)
			}
		}
	}
	manager.refused(403, "", "PATCH", path, ops(o{"op": "remove", "path": "password"}))
	manager.refused(403, "", "PATCH", path, ops(o{"op": "remove", "path": `roles[value eq "x"]`}))
	if after := c.must(200, "GET", path, nil); after.Text != made.Text {
		t.Errorf("something changed: %s", after.Text)
	}
	assigner := c.as(append([]string{"roles:assign", "users:write"}, identityReads...)...)
	reader := []o{{"value": "identity-data-read-only"}}
	if a := assigner.must(200, "PUT", path+"?attributes=roles", body(o{"roles": reader})); at(a.JSON, "roles 0 value") != "identity-data-read-only" || at(a.JSON, "roles 0 type") != "environment" {
		t.Errorf("roles: %s", a.Text)
	}
	assigner.refused(403, "", "PATCH", path, ops(o{"op": "add", "path": "roles", "value": roles})) // which gives more than it holds
	assigner.refused(400, "invalidValue", "PATCH", path, ops(o{"op": "add", "path": "roles", "value": []o{{"value": "emperor"}}}))
	manager.refused(403, "", "PUT", path, body(o{"roles": []o{}, "title": "x", "password": nil, "userName": "other"})) // of a mightier user
	if a := c.as(append([]string{"users:write"}, identityReads...)...).must(200, "PUT", path, body(o{"roles": reader, "title": "Dr"})); a.JSON["title"] != "Dr" {
		t.Errorf("sent back: %s", a.Text)
	}
	if a := assigner.must(200, "PATCH", path, ops(o{"op": "remove", "path": `roles[value eq "identity-data-read-only"]`})); at(a.JSON, "roles") != nil {
		t.Errorf("roles: %s", a.Text)
	}
	setter := c.as("users:read", "users:write", "users:password")
	for _, step := range []func() *housetest.Answer{
		func() *housetest.Answer {
			return setter.must(201, "POST", "/Users", o{"schemas": []string{userURN}, "userName": "bob", "password": "correct horse battery"})
		},
		func() *housetest.Answer {
			return setter.must(200, "PUT", path, body(o{"password": "correct horse battery"}))
		},
		func() *housetest.Answer {
			return setter.must(200, "PATCH", path, ops(o{"op": "replace", "value": o{"password": "wrong horse battery", "title": "Dr"}}))
		},
		func() *housetest.Answer {
			return setter.must(200, "PATCH", path, ops(o{"op": "remove", "path": "password"}))
		},
	} {
		if a := step(); strings.Contains(a.Text, "horse") || strings.Contains(strings.ToLower(a.Text), "password") {
			t.Errorf("an answer shows a password: %s", a.Text)
		}
	}
	setter.refused(400, "invalidValue", "PATCH", path, ops(o{"op": "replace", "path": "password", "value": "x"}))
	setter.refused(400, "invalidValue", "PATCH", path, ops(o{"op": "replace", "path": "password", "value": 7}))
	if strings.Contains(c.Log.String(), "horse") || strings.Contains(c.Must("GET", "/ledger/events?limit=200", nil).Text, "horse") {
		t.Error("a password is in the log or in the ledger")
	}
}

// identityReads is what the role identity-data-read-only gives.
var identityReads = access.IdentityDataReadOnly.Permissions()

func first(field o) string {
	for name := range field {
		return name
	}
	return ""
}

// TestEachTypeNeedsItsOwnScope also inside requests for several.
func TestEachTypeNeedsItsOwnScope(t *testing.T) {
	c := start(t)
	u, g := c.user("ann", nil), c.group("staff")
	search := o{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}}
	users, groups, nobody := c.as("users:read", "users:write"), c.as("groups:read", "groups:write"), c.as("signin:use")
	for _, path := range []string{"/Schemas", "/ServiceProviderConfig", "/ResourceTypes", "/Me"} {
		nobody.refused(403, "", "GET", path, nil) // who may touch nobody is not told what there is, either
	}
	for _, who := range []client{users, groups} {
		who.must(200, "GET", "/Schemas", nil)
		who.must(200, "GET", "/ServiceProviderConfig", nil)
		who.refused(404, "", "GET", "/Me", nil)
	}
	users.must(200, "GET", "/Users", nil)
	groups.must(200, "GET", "/Groups", nil)
	if got := fmt.Sprint(names(users.must(200, "POST", "/.search", search).JSON)); got != "[ann]" {
		t.Errorf("with users:read a search finds %s", got)
	}
	if got := fmt.Sprint(names(groups.must(200, "POST", "/.search", search).JSON)); got != "[staff]" {
		t.Errorf("with groups:read a search finds %s", got)
	}
	nobody.refused(403, "", "POST", "/.search", search)
	for _, r := range []struct{ method, path string }{{"GET", "/Users"}, {"GET", "/Users/" + u.String("id")}, {"POST", "/Users"}, {"PUT", "/Users/" + u.String("id")}, {"PATCH", "/Users/" + u.String("id")}, {"DELETE", "/Users/" + u.String("id")}, {"POST", "/Users/.search"}} {
		groups.refused(403, "", r.method, r.path, nil)
		nobody.refused(403, "", r.method, r.path, nil)
		other := strings.Replace(strings.Replace(r.path, "Users", "Groups", 1), u.String("id"), g.String("id"), 1)
		users.refused(403, "", r.method, other, nil)
	}
	a := users.must(200, "POST", "/Bulk", bulk(nil, o{"method": "DELETE", "path": "/Groups/" + g.String("id")}, o{"method": "DELETE", "path": "/Users/" + u.String("id")}))
	if at(a.JSON, "Operations 0 status") != "403" || at(a.JSON, "Operations 1 status") != "204" {
		t.Errorf("bulk: %s", a.Text)
	}
	nobody.refused(403, "", "POST", "/Bulk", bulk(nil, post("a", "bob")))
}

// TestCallersComeWithTokensAndSecrets and with nothing else; an API family alone opens nothing.
func TestCallersComeWithTokensAndSecrets(t *testing.T) {
	c := start(t)
	c.user("ann", nil)
	basic := func(as housetest.Client, path string) *housetest.Answer {
		r := c.Request("GET", base+path, nil)
		r.SetBasicAuth(as.ID, as.Secret)
		return c.Send(r)
	}
	reader := c.NewApp("reader", nil, "users:read")
	family := c.NewApp("family", o{"secret": o{"scopes": []string{"application-users"}}}, "users:read")
	for _, r := range []struct {
		who    string
		answer *housetest.Answer
		status int
	}{
		{"a client with its secret", basic(reader, "/Users"), 200},
		{"a client without the scope", basic(reader, "/Groups"), 403},
		{"a wrong secret", basic(housetest.Client{ID: reader.ID, Secret: "x"}, "/Users"), 401},
		{"the family application-users", basic(family, "/Users"), 403},
		{"nobody", c.Send(c.Request("GET", base+"/Users", nil)), 401},
	} {
		if r.answer.Status != r.status || r.status >= 400 && r.answer.String("status") != fmt.Sprint(r.status) {
			t.Errorf("%s: %d %s, want %d", r.who, r.answer.Status, r.answer.Text, r.status)
		}
		if r.status == http.StatusUnauthorized && r.answer.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s gets no challenge", r.who)
		}
	}
}

// TestWhoLooksAfterSomeReachesNobodyElse by whatever way: lists, searches, groups, members, bulk.
func TestWhoLooksAfterSomeReachesNobodyElse(t *testing.T) {
	c := start(t)
	other := c.user("other", nil)
	everybodys := c.group("everybody", other.String("id"))
	population := c.Must("POST", "/populations", o{"name": "branch"}).String("id")
	worker := c.NewApp("branch admin", o{"kind": "worker"})
	c.Must("POST", "/applications/"+worker.ID+"/roles", o{"role": "identity-data-admin", "over": "population", "scope_id": population})
	c.Must("POST", "/applications/"+worker.ID+"/enable", nil)
	w := client{c.House, c.Token(worker)}
	own := w.user("own", nil)
	if got := c.Must("GET", "/users/"+own.String("id"), nil).String("population_id"); got != population {
		t.Errorf("the user is in %s, want %s", got, population)
	}
	search := o{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}}
	for what, a := range map[string]*housetest.Answer{
		"a list": w.must(200, "GET", "/Users", nil), "a filter": w.must(200, "GET", `/Users?filter=userName+pr`, nil), "a search": w.must(200, "POST", "/Users/.search", search),
	} {
		if got := fmt.Sprint(names(a.JSON), a.JSON["totalResults"]); got != "[own] 1" {
			t.Errorf("%s shows %s", what, got)
		}
	}
	path := "/Users/" + other.String("id")
	w.refused(404, "", "GET", path, nil)
	w.refused(404, "", "PUT", path, o{"schemas": []string{userURN}, "userName": "x"}, "If-Match", `W/"77"`)
	w.refused(404, "", "PATCH", path, ops(o{"op": "add", "path": "title", "value": "x"}))
	w.refused(404, "", "PATCH", path, ops(o{"op": "add", "path": "password", "value": "correct horse battery"}))
	w.refused(404, "", "DELETE", path, nil)
	w.refused(404, "", "GET", "/Groups/"+everybodys.String("id"), nil)
	w.refused(404, "", "PATCH", "/Groups/"+everybodys.String("id"), ops(o{"op": "add", "path": "members", "value": []o{{"value": own.String("id")}}}))
	if got := names(w.must(200, "GET", "/Groups", nil).JSON); len(got) != 0 {
		t.Errorf("groups: %v", got)
	}
	w.refused(400, "invalidValue", "POST", "/Groups", o{"schemas": []string{groupURN}, "displayName": "branch", "members": []o{{"value": other.String("id")}}})
	branch := w.group("branch", own.String("id"))
	w.refused(400, "invalidValue", "PATCH", "/Groups/"+branch.String("id"), ops(o{"op": "add", "path": "members", "value": []o{{"value": other.String("id"), "type": "User"}}}))
	a := w.must(200, "POST", "/Bulk", bulk(nil, o{"method": "DELETE", "path": path}, o{"method": "DELETE", "path": "/Users/" + own.String("id")}))
	if at(a.JSON, "Operations 0 status") != "404" || at(a.JSON, "Operations 1 status") != "204" {
		t.Errorf("bulk: %s", a.Text)
	}
}
