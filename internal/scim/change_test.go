package scim_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// TestResourcesAreReplaced is RFC 7644 §3.5.1.
func TestResourcesAreReplaced(t *testing.T) {
	c := start(t)
	made := c.user("ann", o{"title": "Boss", "externalId": "E1", "active": false, "emails": []o{{"value": "ann@work.example"}}})
	path := "/Users/" + made.String("id")
	put := func(more o) o {
		body := o{"schemas": []string{userURN}, "userName": "ann"}
		for name, value := range more {
			body[name] = value
		}
		return body
	}
	a := c.must(200, "PUT", path, put(o{"nickName": "A", "id": made.String("id"), "meta": o{"created": "1970-01-01T00:00:00Z"}}))
	for name, want := range map[string]any{"title": nil, "externalId": nil, "emails": nil, "nickName": "A", "active": false, "id": made.String("id"), "meta version": `W/"2"`} {
		if got := at(a.JSON, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if at(a.JSON, "meta created") != at(made.JSON, "meta created") {
		t.Error("the time of creation has changed")
	}
	if again := c.must(200, "PUT", path, put(o{"nickName": "A"})); at(again.JSON, "meta version") != `W/"2"` {
		t.Errorf("what changes nothing makes a version: %s", again.Text)
	}
	if a := c.must(200, "PUT", path, put(o{"userName": "ANN", "active": true})); a.JSON["userName"] != "ANN" || a.JSON["active"] != true {
		t.Errorf("renamed: %s", a.Text)
	}
	c.user("bob", nil)
	c.refused(409, "uniqueness", "PUT", path, put(o{"userName": "Bob"}))
	c.refused(400, "invalidValue", "PUT", path, o{"schemas": []string{userURN}, "nickName": "A"})
	c.refused(400, "mutability", "PUT", path, put(o{"id": "0189f6ab-0000-7000-8000-000000000000"}))
	c.refused(404, "", "PUT", "/Users/0189f6ab-0000-7000-8000-000000000000", put(nil))

	inner := c.group("inner", made.String("id"))
	g := c.group("outer", made.String("id"), inner.String("id"))
	place := "/Groups/" + g.String("id")
	if fmt.Sprint(at(g.JSON, "members 0 type"), at(g.JSON, "members 1 type")) != "UserGroup" {
		t.Errorf("members: %s", g.Text)
	}
	if a := c.must(200, "PUT", place, o{"schemas": []string{groupURN}, "displayName": "Outer"}); at(a.JSON, "members 1") == nil || a.JSON["displayName"] != "Outer" {
		t.Errorf("without members they are gone: %s", a.Text)
	}
	if a := c.must(200, "PUT", place, o{"schemas": []string{groupURN}, "displayName": "Outer", "members": []o{{"value": inner.String("id"), "type": "Group"}}}); at(a.JSON, "members 1") != nil || at(a.JSON, "members 0 value") != inner.String("id") {
		t.Errorf("replaced members: %s", a.Text)
	}
	u := c.must(200, "GET", path, nil)
	if at(u.JSON, "groups 0 type") != "direct" || at(u.JSON, "groups 1 type") != "indirect" || at(u.JSON, "groups 1 display") != "Outer" {
		t.Errorf("groups: %s", u.Text)
	}
	c.refused(400, "invalidValue", "PUT", "/Groups/"+inner.String("id"), o{"schemas": []string{groupURN}, "displayName": "inner", "members": []o{{"value": g.String("id")}}})
	if a := c.must(200, "PUT", place, o{"schemas": []string{groupURN}, "displayName": "Outer", "members": []o{}}); at(a.JSON, "members") != nil {
		t.Errorf("an empty list of members: %s", a.Text)
	}
}

// TestResourcesAreChangedInPart is RFC 7644 §3.5.2.
func TestResourcesAreChangedInPart(t *testing.T) {
	c := start(t)
	made := c.user("ann", o{"title": "Boss", "emails": []o{{"value": "ann@work.example", "type": "work"}}})
	path := "/Users/" + made.String("id")
	for _, step := range []struct {
		op   o
		path string
		want any
	}{
		{o{"op": "add", "path": "nickName", "value": "A"}, "nickName", "A"},
		{o{"op": "Replace", "path": "TITLE", "value": "Chief"}, "title", "Chief"},
		{o{"op": "add", "value": o{"displayName": "Ann A."}}, "displayName", "Ann A."},
		{o{"op": "Add", "value": o{"name.familyName": "Adams"}}, "name familyName", "Adams"},
		{o{"op": "replace", "path": userURN + ":name.givenName", "value": "Ann"}, "name givenName", "Ann"},
		{o{"op": "add", "path": "emails", "value": []o{{"value": "ann@home.example", "type": "home", "primary": true}}}, "emails 1 value", "ann@home.example"},
		{o{"op": "replace", "path": `emails[type eq "work"].value`, "value": "ann@office.example"}, "emails 0 value", "ann@office.example"},
		{o{"op": "add", "path": `phoneNumbers[type eq "mobile"].value`, "value": "+41 1"}, "phoneNumbers 0 value", "+41 1"},
		{o{"op": "remove", "path": `emails[value eq "ANN@home.example"]`}, "emails 1", nil},
		{o{"op": "add", "path": enterprise + ":department", "value": "Sales"}, enterprise + " department", "Sales"},
		{o{"op": "replace", "value": o{enterprise: o{"costCenter": "42"}}}, enterprise + " costCenter", "42"},
		{o{"op": "add", "path": enterprise + ":manager", "value": made.String("id")}, enterprise + " manager value", made.String("id")},
		{o{"op": "replace", "value": o{enterprise + ":employeeNumber": "7"}}, enterprise + " employeeNumber", "7"},
		{o{"op": "replace", "path": "active", "value": "False"}, "active", false},
		{o{"op": "replace", "path": "active", "value": true}, "active", true},
		{o{"op": "replace", "path": "nickName", "value": nil}, "nickName", nil},
		{o{"op": "remove", "path": enterprise + ":department"}, enterprise + " department", nil},
		{o{"op": "remove", "path": "name.familyName"}, "name familyName", nil},
		{o{"op": "remove", "path": enterprise}, enterprise, nil},
		{o{"op": "replace", "value": o{"userName": "anna", "id": "7"}}, "userName", "anna"},
	} {
		a := c.call("PATCH", path, ops(step.op))
		if got := at(a.JSON, step.path); a.Status != 200 || got != step.want {
			t.Errorf("%v: %d, %s is %v, want %v: %s", step.op, a.Status, step.path, got, step.want, a.Text)
		}
	}
	before := c.must(200, "GET", path, nil)
	for _, r := range []struct {
		scimType string
		ops      []o
	}{
		{"mutability", []o{{"op": "replace", "path": "id", "value": "7"}}},
		{"mutability", []o{{"op": "replace", "path": "meta.created", "value": "2020-01-01T00:00:00Z"}}},
		{"mutability", []o{{"op": "add", "path": "groups", "value": []o{{"value": "g"}}}}},
		{"mutability", []o{{"op": "remove", "path": "userName"}}},
		{"invalidPath", []o{{"op": "add", "path": "shoeSize", "value": 44}}},
		{"invalidPath", []o{{"op": "add", "path": groupURN + ":displayName", "value": "x"}}},
		{"invalidPath", []o{{"op": "add", "path": "urn:example:other:1.0:User:thing", "value": "x"}}},
		{"invalidFilter", []o{{"op": "replace", "path": `emails[type eq "work"`, "value": "x"}}},
		{"noTarget", []o{{"op": "remove"}}},
		{"noTarget", []o{{"op": "replace", "path": `emails[type eq "work" and value eq "nobody"]`, "value": o{"display": "x"}}}},
		{"invalidSyntax", []o{{"op": "move", "path": "title", "value": "x"}}},
		{"invalidValue", []o{{"op": "add", "path": "title"}}},
		{"invalidValue", []o{{"op": "add", "path": "active", "value": "perhaps"}}},
		{"invalidValue", []o{{"op": "add", "path": "emails", "value": []o{{"value": "nobody"}}}}},
		{"uniqueness", nil},
		{"invalidPath", []o{{"op": "replace", "path": "title", "value": "gone"}, {"op": "add", "path": "shoeSize", "value": 44}}}, // all or nothing
	} {
		if r.scimType == "uniqueness" {
			c.user("bob", nil)
			c.refused(409, "uniqueness", "PATCH", path, ops(o{"op": "replace", "path": "userName", "value": "BOB"}))
			continue
		}
		c.refused(400, r.scimType, "PATCH", path, ops(r.ops...))
	}
	if after := c.must(200, "GET", path, nil); after.Text != before.Text {
		t.Errorf("refused changes change: %s, %s", before.Text, after.Text)
	}
	if a := c.must(200, "PATCH", path, ops(o{"op": "replace", "path": "userName", "value": "anna"})); a.Header.Get("ETag") != before.Header.Get("ETag") {
		t.Errorf("what is so already makes a version: %s", a.Text)
	}
}

func TestMembersAreChangedOneByOne(t *testing.T) {
	c := start(t)
	var ids []string
	for i := range 5 {
		ids = append(ids, c.user(fmt.Sprint("user", i), nil).String("id"))
	}
	path := "/Groups/" + c.group("staff", ids[0]).String("id")
	in := func() string {
		t.Helper()
		a, found := c.must(200, "GET", path, nil), []int{}
		for i, id := range ids {
			for n := range 9 {
				if at(a.JSON, fmt.Sprint("members ", n, " value")) == id {
					found = append(found, i)
				}
			}
		}
		return fmt.Sprint(found)
	}
	for _, step := range []struct {
		ops  []o
		want string
	}{
		{[]o{{"op": "add", "path": "members", "value": []o{{"value": ids[1]}, {"value": ids[2], "type": "User"}}}}, "[0 1 2]"},
		{[]o{{"op": "Add", "path": "members", "value": []o{{"$ref": nil, "value": ids[1]}}}}, "[0 1 2]"},
		{[]o{{"op": "remove", "path": fmt.Sprintf("members[value eq %q]", ids[0])}}, "[1 2]"},
		{[]o{{"op": "Remove", "path": "members", "value": []o{{"$ref": nil, "value": ids[1]}}}}, "[2]"},
		{[]o{{"op": "add", "value": o{"members": []o{{"value": ids[3]}}, "displayName": "Staff"}}}, "[2 3]"},
		{[]o{{"op": "add", "path": "members", "value": o{"value": ids[4]}}, {"op": "remove", "path": fmt.Sprintf("members[value eq %q]", ids[4])}}, "[2 3]"},
		{[]o{{"op": "replace", "path": "members", "value": []o{{"value": ids[0]}, {"value": ids[1]}}}}, "[0 1]"},
		{[]o{{"op": "remove", "path": `members[type eq "Group"]`}}, "[0 1]"},
		{[]o{{"op": "remove", "path": "members"}}, "[]"},
	} {
		if a := c.call("PATCH", path, ops(step.ops...)); a.Status != 200 || a.Header.Get("ETag") != at(a.JSON, "meta version") {
			t.Errorf("%v: %d %s", step.ops, a.Status, a.Text)
		}
		if got := in(); got != step.want {
			t.Errorf("%v leaves %s, want %s", step.ops, got, step.want)
		}
	}
	c.refused(400, "invalidValue", "PATCH", path, ops(o{"op": "add", "path": "members", "value": []o{{"value": ids[0]}, {"value": "nobody"}}}))
	c.refused(400, "mutability", "PATCH", path, ops(o{"op": "replace", "path": fmt.Sprintf("members[value eq %q].value", ids[0]), "value": ids[1]}))
	if got := in(); got != "[]" {
		t.Errorf("a refused change leaves %s", got)
	}
	if a := c.must(200, "PATCH", path+"?attributes=displayName", ops(o{"op": "add", "path": "externalId", "value": "G1"})); a.JSON["displayName"] != "Staff" || a.JSON["members"] != nil {
		t.Errorf("asked for a part: %s", a.Text)
	}
}

// TestVersionsAreEntityTags is RFC 7644 §3.14.
func TestVersionsAreEntityTags(t *testing.T) {
	c := start(t)
	u, g := c.user("ann", nil), c.group("staff")
	for path, made := range map[string]*housetest.Answer{"/Users/" + u.String("id"): u, "/Groups/" + g.String("id"): g} {
		tag := made.Header.Get("ETag")
		if !strings.HasPrefix(tag, `W/"`) || at(made.JSON, "meta version") != tag {
			t.Errorf("%s: ETag %s, meta.version %v", path, tag, at(made.JSON, "meta version"))
		}
		if a := c.must(304, "GET", path, nil, "If-None-Match", tag); a.Header.Get("ETag") != tag {
			t.Errorf("304 with ETag %s", a.Header.Get("ETag"))
		}
		c.must(304, "GET", path, nil, "If-None-Match", `"x", `+tag)
		c.must(200, "GET", path, nil, "If-None-Match", `W/"77"`)
		patch := ops(o{"op": "add", "path": "externalId", "value": "E1"})
		c.refused(412, "", "PATCH", path, patch, "If-Match", `W/"77"`)
		c.refused(412, "", "PATCH", path, patch, "If-Match", "rubbish")
		c.refused(412, "", "DELETE", path, nil, "If-Match", `W/"77"`)
		c.call("PATCH", path, patch, "If-Match", `W/"77", `+tag)
		c.refused(412, "", "PUT", path, o{"schemas": made.JSON["schemas"], "userName": "ann", "displayName": "staff"}, "If-Match", tag)
		after := c.must(200, "GET", path, nil, "If-None-Match", tag)
		if at(after.JSON, "externalId") != "E1" {
			t.Errorf("the right tag was refused: %s", after.Text)
		}
		c.must(204, "DELETE", path, nil, "If-Match", after.Header.Get("ETag"))
		c.must(404, "GET", path, nil)
		c.must(404, "DELETE", path, nil)
	}
}

// TestAnswersShowWhatIsAskedFor is RFC 7644 §3.9.
func TestAnswersShowWhatIsAskedFor(t *testing.T) {
	c := start(t)
	id := c.user("ann", o{"title": "Boss", "name": o{"givenName": "Ann", "familyName": "Adams"}, "emails": []o{{"value": "a@b.example", "type": "work"}}, enterprise: o{"department": "Sales", "division": "D"}}).String("id")
	for query, want := range map[string]string{
		"attributes=userName":                         "id schemas userName",
		"attributes=USERNAME,title":                   "id schemas title userName",
		"attributes=name.givenName":                   "id name.givenName schemas",
		"attributes=name":                             "id name.familyName name.givenName schemas",
		"attributes=emails.value":                     "emails.value id schemas",
		"attributes=" + enterprise:                    "id schemas urn.department urn.division",
		"attributes=" + enterprise + ":department":    "id schemas urn.department",
		"attributes=" + userURN + ":userName,nothing": "id schemas userName",
		"attributes=nothing":                          "id schemas",
		"attributes=password":                         "id schemas",
		"excludedAttributes=id,schemas,name,emails,meta,active,title,userName,password":                                         "id schemas urn.department urn.division",
		"excludedAttributes=name.givenName,emails.type,emails.primary,meta,active,title,userName," + enterprise + ":department": "emails.value id name.familyName schemas urn.division",
		"excludedAttributes=" + enterprise + ",name,emails,meta,active,title":                                                   "id schemas userName",
	} {
		if got := shape(c.must(200, "GET", "/Users/"+id+"?"+query, nil).JSON); got != want {
			t.Errorf("%s shows %s, want %s", query, got, want)
		}
		list := c.must(200, "GET", "/Users?"+query, nil)
		if got := shape(at(list.JSON, "Resources 0").(o)); got != want {
			t.Errorf("%s shows %s in a list, want %s", query, got, want)
		}
	}
	c.refused(400, "invalidValue", "GET", "/Users/"+id+"?attributes=userName&excludedAttributes=title", nil)
	if got := shape(c.must(200, "PATCH", "/Users/"+id+"?attributes=title", ops(o{"op": "add", "path": "title", "value": "X"})).JSON); got != "id schemas title" {
		t.Errorf("PATCH shows %s", got)
	}
	if got := shape(c.must(201, "POST", "/Users?attributes=title", o{"schemas": []string{userURN}, "userName": "bob"}).JSON); got != "id schemas" {
		t.Errorf("POST shows %s", got)
	}
	g := c.group("staff", id).String("id")
	if got := shape(c.must(200, "GET", "/Groups/"+g+"?excludedAttributes=members", nil).JSON); strings.Contains(got, "members") {
		t.Errorf("members are excluded: %s", got)
	}
}

// shape lists what a document holds.
func shape(doc o) string {
	var all []string
	for name, value := range doc {
		short := strings.Replace(name, enterprise, "urn", 1)
		if list, ok := value.([]any); ok && name != "schemas" {
			value = list[0]
		}
		inner, ok := value.(o)
		if !ok || name == "meta" {
			all = append(all, short)
			continue
		}
		for part := range inner {
			all = append(all, short+"."+part)
		}
	}
	return sorted(all)
}

// TestFiltersInURLsAreDecoded because spaces and quotes travel as escapes.
func TestFiltersInURLsAreDecoded(t *testing.T) {
	c := start(t)
	c.user("ann+b", nil)
	for _, filter := range []string{"userName+eq+%22ann%2Bb%22", url.PathEscape(`userName eq "ann+b"`)} {
		if got := names(c.must(200, "GET", "/Users?filter="+strings.ReplaceAll(filter, "ann+b", "ann%2Bb"), nil).JSON); len(got) != 1 {
			t.Errorf("%s finds %v", filter, got)
		}
	}
}
