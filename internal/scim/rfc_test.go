package scim_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// TestResourcesAreMade is RFC 7644 §3.3.
func TestResourcesAreMade(t *testing.T) {
	c := start(t)
	a := c.user("Ann", o{
		"id": "7", "meta": o{"version": "x"}, "groups": []o{{"value": "g"}}, "NICKNAME": "A", "shoeSize": 44, "externalId": "E1",
		enterprise: o{"employeeNumber": "7", "manager": o{"value": "0189f6ab-0000-7000-8000-000000000000"}},
	})
	id := a.String("id")
	place := c.URL + base + "/Users/" + id
	for path, want := range map[string]any{
		"meta location": place, "meta resourceType": "User", "meta version": a.Header.Get("ETag"), "nickName": "A", "userName": "Ann",
		"externalId": "E1", "groups": nil, "shoeSize": nil, "NICKNAME": nil, "active": true, "schemas 0": userURN, "schemas 1": enterprise,
		enterprise + " manager $ref": c.URL + base + "/Users/0189f6ab-0000-7000-8000-000000000000",
	} {
		if got := at(a.JSON, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if a.Header.Get("Location") != place || len(id) != 36 || at(a.JSON, "meta created") == nil || at(a.JSON, "meta created") != at(a.JSON, "meta lastModified") {
		t.Errorf("Location %s: %s", a.Header.Get("Location"), a.Text)
	}
	got := c.must(200, "GET", "/Users/"+id, nil)
	if got.Text != a.Text || got.Header.Get("ETag") != a.Header.Get("ETag") {
		t.Errorf("made as %s, read as %s", a.Text, got.Text)
	}
	u := func(more o) o {
		body := o{"schemas": []string{userURN}, "userName": "bob"}
		for name, value := range more {
			body[name] = value
		}
		return body
	}
	c.refused(409, "uniqueness", "POST", "/Users", u(o{"userName": "aNN"}))
	c.refused(400, "invalidValue", "POST", "/Users", u(o{"userName": nil}))
	c.refused(400, "invalidValue", "POST", "/Users", u(o{"userName": ""}))
	c.refused(400, "invalidValue", "POST", "/Users", u(o{"schemas": []string{groupURN}}))
	c.refused(400, "invalidValue", "POST", "/Users", u(o{"schemas": []string{}}))
	c.refused(400, "invalidValue", "POST", "/Users", u(o{"emails": []o{{"value": "a@b.example", "primary": true}, {"value": "c@b.example", "primary": true}}}))
	c.refused(400, "invalidValue", "POST", "/Users", u(o{"name": []string{"Bob"}}))
	c.refused(400, "invalidValue", "POST", "/Users", u(o{"title": 7}))
	c.refused(400, "invalidValue", "POST", "/Users", u(o{"profileUrl": "javascript:alert(1)"}))
	c.refused(413, "", "POST", "/Users", u(o{"x509Certificates": certificates()}))
	c.refused(409, "uniqueness", "POST", "/Groups", o{"schemas": []string{groupURN}, "displayName": c.group("Staff").String("displayName")})
	c.refused(400, "invalidValue", "POST", "/Groups", o{"schemas": []string{groupURN}})
	c.refused(400, "invalidValue", "POST", "/Groups", o{"schemas": []string{groupURN}, "displayName": "x", "members": []o{{"value": "nobody"}}})
	c.refused(400, "invalidValue", "POST", "/Groups", o{"schemas": []string{groupURN}, "displayName": "x", "members": []o{{"value": "0189f6ab-0000-7000-8000-000000000000"}}})
	if a := c.must(200, "GET", "/Groups?filter="+url.QueryEscape(`displayName eq "x"`), nil); a.JSON["totalResults"] != 0.0 {
		t.Errorf("a refused group was made: %s", a.Text)
	}
}

func certificates() (all []o) {
	for i := range 9 {
		all = append(all, o{"value": strings.Repeat(string(rune('A'+i)), 8192)})
	}
	return all
}

// TestRequestsThatAreNoneAreRefused is RFC 7644 §3.12 and what nobody should send.
func TestRequestsThatAreNoneAreRefused(t *testing.T) {
	c := start(t)
	id := c.user("ann", nil).String("id")
	raw := func(method, path, body, kind string) (status int, scimType string) {
		t.Helper()
		headers := []string{"Authorization", "Bearer " + c.token}
		if kind != "" {
			headers = append(headers, "Content-Type", kind)
		}
		a := c.Send(c.Request(method, base+path, strings.NewReader(body), headers...))
		if a.Header.Get("Content-Type") != "application/scim+json" || a.JSON["status"] != fmt.Sprint(a.Status) {
			t.Errorf("%s %s: no error of SCIM: %d %s", method, path, a.Status, a.Text)
		}
		return a.Status, a.String("scimType")
	}
	good := `{"schemas":["` + userURN + `"],"userName":"bob"}`
	for _, r := range []struct {
		method, path, body, kind string
		status                   int
		scimType                 string
	}{
		{"POST", "/Users", `{"schemas":`, "application/scim+json", 400, "invalidSyntax"},
		{"POST", "/Users", ``, "application/scim+json", 400, "invalidSyntax"},
		{"POST", "/Users", `[]`, "application/json", 400, "invalidSyntax"},
		{"POST", "/Users", `null`, "application/json", 400, "invalidSyntax"},
		{"POST", "/Users", good + good, "application/json", 400, "invalidSyntax"},
		{"POST", "/Users", `{"schemas":["` + userURN + `"],"userName":"a","userName":"b"}`, "application/json", 400, "invalidSyntax"},
		{"POST", "/Users", `{"schemas":["` + userURN + `"],"userName":"a","USERNAME":"b"}`, "application/json", 400, "invalidValue"},
		{"POST", "/Users", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), "application/json", 400, "invalidSyntax"},
		{"POST", "/Users", "\xff" + good, "application/json", 400, "invalidSyntax"},
		{"POST", "/Users", good, "text/xml", 415, ""},
		{"POST", "/Users", `{"schemas":["` + userURN + `"],"userName":"` + strings.Repeat("a", 10<<20) + `"}`, "application/json", 413, ""},
		{"POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + strings.Repeat(`{"method":"DELETE","path":"/Users/x"},`, 1_000_000) + `{}]}`, "application/json", 413, ""},
		{"PATCH", "/Users/" + id, `{"Operations":[]}`, "application/json", 400, "invalidSyntax"},
		{"PATCH", "/Users/" + id, `{"schemas":["` + patchURN + `"]}`, "application/json", 400, "invalidSyntax"},
		{"PUT", "/Users/" + id, `{`, "application/json", 400, "invalidSyntax"},
		{"POST", "/Users/.search", `{"schemas":["` + userURN + `"]}`, "application/json", 400, "invalidSyntax"},
	} {
		if status, scimType := raw(r.method, r.path, r.body, r.kind); status != r.status || scimType != r.scimType {
			t.Errorf("%s %s %.60q: %d %s, want %d %s", r.method, r.path, r.body, status, scimType, r.status, r.scimType)
		}
	}
	for i, kind := range []string{"application/scim+json", "application/json; charset=utf-8", "Application/SCIM+JSON", ""} {
		headers := []string{"Authorization", "Bearer " + c.token}
		if kind != "" {
			headers = append(headers, "Content-Type", kind)
		}
		body := strings.ReplaceAll(good, "bob", "bob "+fmt.Sprint(i))
		if a := c.Send(c.Request("POST", base+"/Users", strings.NewReader(body), headers...)); a.Status != 201 {
			t.Errorf("as %q: %d %s", kind, a.Status, a.Text)
		}
	}
	for _, path := range []string{"/Nothing", "/Users/" + id + "/name", "/Users/0189f6ab-0000-7000-8000-000000000000", "/Users/7", "/Users/" + strings.ToUpper(id), "/ResourceTypes/Nothing", "/Schemas/urn:x", "/Me", "/Users/a%2Fb", "/Users//x", "/a/../Users"} {
		c.refused(404, "", "GET", path, nil)
	}
	for _, r := range []string{"POST /ServiceProviderConfig", "DELETE /ResourceTypes", "PUT /Schemas", "POST /Schemas", "DELETE /Schemas/" + userURN, "PATCH /Users", "DELETE /Users", "POST /Users/" + id, "GET /Bulk", "PUT /Groups"} {
		method, path, _ := strings.Cut(r, " ")
		if a := c.must(405, method, path, nil); a.Header.Get("Allow") == "" || strings.Contains(a.Header.Get("Allow"), method+",") {
			t.Errorf("%s allows %q", r, a.Header.Get("Allow"))
		}
	}
}

// TestListsArePaged is RFC 7644 §3.4.2.4 and RFC 9865.
func TestListsArePaged(t *testing.T) {
	c := start(t)
	for i := range 7 {
		c.user(fmt.Sprintf("user%d", i), o{"title": fmt.Sprint(9 - i), "active": i%2 == 0})
	}
	for query, want := range map[string][3]float64{ // total, on the page, startIndex
		"":                                 {7, 7, 1},
		"?count=3":                         {7, 3, 1},
		"?count=3&startIndex=4":            {7, 3, 4},
		"?count=3&startIndex=7":            {7, 1, 7},
		"?count=3&startIndex=99":           {7, 0, 99},
		"?startIndex=0":                    {7, 7, 1},
		"?startIndex=-5&count=2":           {7, 2, 1},
		"?count=0":                         {7, 0, 1},
		"?count=-1":                        {7, 0, 1},
		"?count=100000":                    {7, 7, 1},
		"?filter=active+eq+true":           {4, 4, 1},
		"?filter=userName+eq+%22nobody%22": {0, 0, 1},
		"?filter=active+eq+false&count=1&startIndex=2": {3, 1, 2},
		"/?count=2": {7, 2, 1},
	} {
		a := c.must(200, "GET", "/Users"+query, nil)
		list, _ := a.JSON["Resources"].([]any)
		got := [3]float64{a.JSON["totalResults"].(float64), a.JSON["itemsPerPage"].(float64), a.JSON["startIndex"].(float64)}
		if got != want || len(list) != int(want[1]) || at(a.JSON, "schemas 0") != "urn:ietf:params:scim:api:messages:2.0:ListResponse" {
			t.Errorf("%s: %v, %d resources, want %v", query, got, len(list), want)
		}
	}
	for _, more := range []string{"", "&filter=active+eq+true", "&sortBy=title", "&sortBy=userName&sortOrder=descending"} {
		whole := names(c.must(200, "GET", "/Users?count=200"+more, nil).JSON)
		var paged []string
		for cursor, pages := "", 0; ; pages++ {
			a := c.must(200, "GET", "/Users?count=2&cursor="+cursor+more, nil)
			paged = append(paged, names(a.JSON)...)
			if cursor = a.String("nextCursor"); cursor == "" || pages > 10 {
				break
			}
		}
		if fmt.Sprint(paged) != fmt.Sprint(whole) || len(whole) == 0 {
			t.Errorf("%s: by cursor %v, at once %v", more, paged, whole)
		}
	}
	next := c.must(200, "GET", "/Users?count=2&cursor=", nil).String("nextCursor")
	c.refused(400, "invalidCursor", "GET", "/Users?cursor=rubbish", nil)
	c.refused(400, "invalidCursor", "GET", "/Groups?cursor="+next, nil)
	c.refused(400, "invalidCursor", "GET", "/Users?filter=active+eq+true&cursor="+next, nil)
	c.refused(400, "invalidCursor", "GET", "/Users?cursor="+next[:len(next)-2]+"xx", nil)
	c.refused(400, "invalidValue", "GET", "/Users?count=x", nil)
	c.refused(400, "invalidValue", "GET", "/Users?startIndex=1.5", nil)
	c.refused(400, "invalidValue", "GET", "/Users?count=1&count=2", nil)
	c.refused(400, "invalidValue", "GET", "/Users?cursor=&startIndex=2", nil)
}

// names lists the user names, or the names of groups, in a list.
func names(doc o) (all []string) {
	list, _ := doc["Resources"].([]any)
	for _, one := range list {
		name, ok := one.(o)["userName"]
		if !ok {
			name = one.(o)["displayName"]
		}
		all = append(all, fmt.Sprint(name))
	}
	return all
}

// TestListsAreFilteredAndSorted is RFC 7644 §3.4.2.2, §3.4.2.3 and §3.4.3.
func TestListsAreFilteredAndSorted(t *testing.T) {
	c := start(t)
	c.user("ann", o{"externalId": "Ext-A", "title": "Boss", "name": o{"familyName": "Zeller"}, "emails": []o{{"value": "ann@work.example", "type": "work"}, {"value": "ann@home.example", "type": "home"}}})
	c.user("Bob", o{"title": "clerk", "name": o{"familyName": "adams"}, "active": false, "emails": []o{{"value": "bob@home.example", "type": "home"}}, enterprise: o{"department": "Sales"}})
	c.user("cid", o{"name": o{"familyName": "Moser"}})
	for filter, want := range map[string]string{
		`userName eq "BOB"`:            "[Bob]",
		`USERNAME EQ "bob"`:            "[Bob]",
		userURN + `:userName eq "bob"`: "[Bob]",
		`userName ne "bob"`:            "[ann cid]",
		`userName co "I"`:              "[cid]",
		`userName sw "A"`:              "[ann]",
		`userName ew "n"`:              "[ann]",
		`userName gt "b"`:              "[Bob cid]",
		`userName ge "bob"`:            "[Bob cid]",
		`userName lt "bob"`:            "[ann]",
		`userName le "bob"`:            "[ann Bob]",
		`title pr`:                     "[ann Bob]",
		`not (title pr)`:               "[cid]",
		`active eq false`:              "[Bob]",
		`externalId eq "Ext-A"`:        "[ann]",
		`externalId eq "ext-a"`:        "[]",
		`name.familyName eq "ADAMS"`:   "[Bob]",
		`title eq "boss" or title eq "clerk" and userName eq "nobody"`:   "[ann]",
		`(title eq "boss" or title eq "clerk") and userName eq "nobody"`: "[]",
		`emails[type eq "work"]`:                           "[ann]",
		`emails[type eq "work" and value co "home"]`:       "[]",
		`emails.type eq "work" and emails.value co "home"`: "[ann]",
		`emails co "bob@"`:                                 "[Bob]",
		`emails.value eq "ANN@HOME.example"`:               "[ann]",
		enterprise + `:department eq "sales"`:              "[Bob]",
		`meta.created gt "2020-01-01T00:00:00Z"`:           "[ann Bob cid]",
		`meta.lastModified lt "2020-01-01T00:00:00Z"`:      "[]",
		`schemas eq "` + enterprise + `"`:                  "[Bob]",
		`shoeSize eq "44"`:                                 "[]",
	} {
		a := c.call("GET", "/Users?sortBy=userName&filter="+url.QueryEscape(filter), nil)
		if got := fmt.Sprint(names(a.JSON)); a.Status != 200 || got != want {
			t.Errorf("%s: %d %s, want %s", filter, a.Status, got, want)
		}
	}
	for _, filter := range []string{`userName`, `userName eq`, `userName xx "a"`, `userName eq bob`, `(userName eq "a"`, `emails[type eq "work"`, `active gt true`, `password eq "x"`,
		`password pr`, `meta.created gt "yesterday"`, `userName eq "a" and`, strings.Repeat("(", 10_000) + `userName eq "a"` + strings.Repeat(")", 10_000), strings.Repeat("not (", 60) + "title pr" + strings.Repeat(")", 60)} {
		// Long ones go where there is room for them.
		c.refused(400, "invalidFilter", "POST", "/Users/.search", o{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}, "filter": filter})
	}
	for query, want := range map[string]string{
		"sortBy=userName":                             "[ann Bob cid]",
		"sortBy=userName&sortOrder=descending":        "[cid Bob ann]",
		"sortBy=name.familyName":                      "[Bob cid ann]",
		"sortBy=NAME.familyname&sortOrder=Descending": "[ann cid Bob]",
		"sortBy=" + userURN + ":userName":             "[ann Bob cid]",
		"sortBy=meta.created":                         "[ann Bob cid]",
	} {
		if got := fmt.Sprint(names(c.must(200, "GET", "/Users?"+query, nil).JSON)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for _, by := range []string{"password", "nothing", "name", userURN} {
		c.refused(400, "invalidValue", "GET", "/Users?sortBy="+by, nil)
	}
	c.refused(400, "invalidValue", "GET", "/Users?sortBy=userName&sortOrder=sideways", nil)
	c.group("staff")
	search := func(more o) o {
		body := o{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}}
		for name, value := range more {
			body[name] = value
		}
		return body
	}
	for path, bodies := range map[string]map[string]o{
		"/Users/.search":  {"[ann]": {"filter": `title eq "boss"`, "attributes": []string{"userName"}}, "[Bob cid]": {"sortBy": "userName", "startIndex": 2, "count": 5}},
		"/Groups/.search": {"[staff]": {"FILTER": `displayName sw "ST"`}},
		"/.search":        {"[ann Bob cid staff]": {}, "[cid staff]": {"startIndex": 3, "count": 9}, "[cid]": {"startIndex": 3, "count": 1}, "[staff]": {"filter": `displayName pr`}},
	} {
		for want, more := range bodies {
			a := c.must(200, "POST", path, search(more))
			if got := fmt.Sprint(names(a.JSON)); got != want {
				t.Errorf("%s %v: %s, want %s", path, more, got, want)
			}
		}
	}
	c.refused(400, "invalidValue", "POST", "/Users/.search", search(o{"count": "x"}))
	c.refused(400, "invalidValue", "POST", "/Users/.search", search(o{"filter": 7}))
}
