package scim_test

import (
	"fmt"
	"strings"
	"testing"
)

func bulk(failOnErrors any, operations ...o) o {
	body := o{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": operations}
	if failOnErrors != nil {
		body["failOnErrors"] = failOnErrors
	}
	return body
}

func post(id, name string) o {
	return o{"method": "POST", "path": "/Users", "bulkId": id, "data": o{"schemas": []string{userURN}, "userName": name}}
}

// TestManyChangesTravelTogether is RFC 7644 §3.7.
func TestManyChangesTravelTogether(t *testing.T) {
	c := start(t)
	old := c.user("old", nil)
	path := "/Users/" + old.String("id")
	group := func(id, name string, members ...string) o {
		list := []o{}
		for _, m := range members {
			list = append(list, o{"type": "User", "value": m})
		}
		return o{"method": "post", "path": "/Groups", "bulkId": id, "data": o{"schemas": []string{groupURN}, "displayName": name, "members": list}}
	}
	a := c.must(200, "POST", "/Bulk", bulk(nil,
		group("g", "staff", "bulkId:late", "bulkId:early"), // forward references
		post("early", "early"),
		post("late", "late"),
		post("twice", "EARLY"),
		o{"method": "PATCH", "path": path, "version": old.Header.Get("ETag"), "data": ops(o{"op": "add", "path": "title", "value": "Boss"})},
		o{"method": "PATCH", "path": path, "version": old.Header.Get("ETag"), "data": ops(o{"op": "add", "path": "title", "value": "Chief"})},
		o{"method": "PUT", "path": "/Users/bulkId:late", "data": o{"schemas": []string{userURN}, "userName": "latest"}},
		o{"method": "PATCH", "path": "/Groups/bulkId:g", "data": ops(o{"op": "remove", "path": `members[value eq "bulkId:early"]`})},
		o{"method": "DELETE", "path": "/Users/bulkId:early"},
		o{"method": "DELETE", "path": "/Users/0189f6ab-0000-7000-8000-000000000000"},
		o{"method": "POST", "path": "/Nothing", "bulkId": "n", "data": o{}},
		o{"method": "GET", "path": path},
		o{"method": "POST", "path": "/Users", "data": o{"schemas": []string{userURN}, "userName": "nameless"}},
		o{"method": "POST", "path": "/Users", "bulkId": "empty"},
		group("self", "self", "bulkId:self"),
		group("a", "a", "bulkId:b"), group("b", "b", "bulkId:a"),
		group("lost", "lost", "bulkId:nobody"),
		group("sad", "sad", "bulkId:twice"),
		o{"method": "POST", "path": "/Bulk", "bulkId": "x", "data": bulk(nil)},
	))
	want := []string{"201", "201", "201", "409", "200", "412", "200", "200", "204", "404", "404", "400", "400", "400", "409", "409", "409", "400", "400", "404"}
	list, _ := a.JSON["Operations"].([]any)
	if len(list) != len(want) || at(a.JSON, "schemas 0") != "urn:ietf:params:scim:api:messages:2.0:BulkResponse" {
		t.Fatalf("%d results: %s", len(list), a.Text)
	}
	for i, status := range want {
		if i == 15 || i == 16 { // one of the two that wait for each other says so, the other that it has made nothing
			continue
		}
		if at(list[i], "status") != status || at(list[i], "method") == nil {
			t.Errorf("operation %d: %v, want %s", i, list[i], status)
		}
		failed := status >= "400"
		if (at(list[i], "response status") == status) != failed || !failed && at(list[i], "location") == nil {
			t.Errorf("operation %d: %v", i, list[i])
		}
	}
	if at(list[3], "response scimType") != "uniqueness" || at(list[0], "bulkId") != "g" || at(list[0], "version") == nil {
		t.Errorf("results: %s", a.Text)
	}
	if got := fmt.Sprint(names(c.must(200, "GET", "/Groups", nil).JSON)); got != "[staff]" {
		t.Errorf("groups: %s", got)
	}
	if got := sorted(names(c.must(200, "GET", "/Users", nil).JSON)); got != "latest old" {
		t.Errorf("users: %s", got)
	}
	staff := c.must(200, "GET", "/Groups", nil)
	if at(staff.JSON, "Resources 0 members 1") != nil || at(staff.JSON, "Resources 0 members 0") == nil {
		t.Errorf("members: %s", staff.Text)
	}
	if got := c.must(200, "GET", path, nil).String("title"); got != "Boss" {
		t.Errorf("an operation with an old version was done: %s", got)
	}
}

func TestBulkStopsWhenItShould(t *testing.T) {
	c := start(t)
	c.user("taken", nil)
	for fail, want := range map[any]int{1: 2, 2: 4, 0: 5, nil: 5} {
		a := c.must(200, "POST", "/Bulk", bulk(fail, post("a", fmt.Sprint("a", fail)), post("b", "taken"), post("c", fmt.Sprint("c", fail)), post("d", "taken"), post("e", fmt.Sprint("e", fail))))
		if list := a.JSON["Operations"].([]any); len(list) != want {
			t.Errorf("failOnErrors %v: %d results, want %d", fail, len(list), want)
		}
	}
	var many []o
	for i := range 101 {
		many = append(many, post(fmt.Sprint(i), fmt.Sprint("user", i)))
	}
	c.refused(413, "", "POST", "/Bulk", bulk(nil, many...))
	if a := c.must(200, "GET", "/Users?count=0&filter=userName+sw+%22user%22", nil); a.JSON["totalResults"] != 0.0 {
		t.Errorf("a refused request was done: %s", a.Text)
	}
	for _, body := range []o{bulk("x", post("a", "a")), bulk(-1.0), bulk(nil, post("a", "x"), post("a", "y")), {"schemas": []string{userURN}, "Operations": []o{}}, {"schemas": bulk(nil)["schemas"]}} {
		c.refused(400, "invalidSyntax", "POST", "/Bulk", body)
	}
	if a := c.must(200, "POST", "/Bulk", bulk(nil, many[:100]...)); len(a.JSON["Operations"].([]any)) != 100 {
		t.Errorf("100 operations: %s", a.Text)
	}
}

// TestReferencesCostNoMoreThanTheirLength because a request of a megabyte can be made of nothing else.
func TestReferencesCostNoMoreThanTheirLength(t *testing.T) {
	c := start(t)
	many := strings.Repeat("bulkId:a ", 100_000)
	a := c.must(200, "POST", "/Bulk", bulk(nil, post("a", "ann"), o{"method": "POST", "path": "/Users", "bulkId": "b", "data": o{"schemas": []string{userURN}, "userName": "bob", "title": many}}))
	if at(a.JSON, "Operations 0 status") != "201" || at(a.JSON, "Operations 1 status") != "400" {
		t.Errorf("%.500s", a.Text)
	}
	longer := c.must(200, "POST", "/Bulk", bulk(nil, post("1", "one"), post("10", "ten"), o{"method": "PATCH", "path": "/Users/bulkId:10", "data": ops(o{"op": "add", "path": "title", "value": "bulkId:1"})}))
	if one := at(longer.JSON, "Operations 0 location").(string); at(longer.JSON, "Operations 2 status") != "200" || c.must(200, "GET", strings.TrimPrefix(at(longer.JSON, "Operations 1 location").(string), c.URL+base), nil).String("title") != one[strings.LastIndexByte(one, '/')+1:] {
		t.Errorf("a name that begins with another one is taken for it: %s", longer.Text)
	}
}
