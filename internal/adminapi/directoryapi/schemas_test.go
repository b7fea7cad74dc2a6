package directoryapi_test

import (
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestSchemasAreAdministered(t *testing.T) {
	h := housetest.Start(t)
	made := expect(t, h.Call("POST", "/schemas", O{"name": "staff", "attributes": []O{
		{"name": "badge", "type": "string", "filterable": true, "mutability": "immutable"}, {"name": "level", "type": "integer"},
		{"name": "desk", "type": "complex", "sub_attributes": []O{{"name": "room", "type": "string"}}},
	}}), 201)
	urn, path := made.String("urn"), "/schemas/"+made.String("id")
	members(t, expect(t, h.Call("GET", path, nil), 200), O{"name": "staff", "urn": "urn:counterfoil:scim:schemas:extension:staff:1.0:User"})
	if list := items(t, h.Call("GET", "/schemas", nil)); len(list) != 1 || list[0]["id"] != made.JSON["id"] {
		t.Errorf("list: %v", list)
	}
	about(t, expect(t, h.Call("POST", "/schemas", O{"name": "x", "attributes": []O{{"name": "a b", "type": "string"}}}), 422), "body.attributes")
	expect(t, h.Call("POST", "/schemas", O{"name": "STAFF", "attributes": []O{{"name": "a", "type": "string"}}}), 409)
	user := expect(t, h.Call("POST", "/users", O{"user_name": "ann", "custom": O{urn: O{"badge": "B1", "level": 3}}}), 201)
	expect(t, h.Call("POST", "/users", O{"user_name": "bob", "custom": O{urn: O{"level": "high"}}}), 422)
	expect(t, h.Call("POST", "/users", O{"user_name": "bob", "custom": O{"urn:example:none": O{"level": 1}}}), 422)
	expect(t, h.Call("PATCH", "/users/"+user.String("id"), O{"custom": O{urn: O{"badge": "B2"}}}), 422)
	expect(t, h.Call("PATCH", path, O{"attributes": []O{{"name": "level", "type": "integer"}}}), 409)
	expect(t, h.Call("DELETE", path, nil), 409)
	expect(t, h.Call("PATCH", path, O{"description": "d"}, "If-Match", `"7"`), 412)
	members(t, expect(t, h.Call("PATCH", path, O{"description": "Who works here"}), 200), O{"description": "Who works here"})
	expect(t, h.Call("DELETE", "/users/"+user.String("id"), nil), 200)
	expect(t, h.Call("DELETE", path, nil), 200)
	expect(t, h.Call("GET", path, nil), 404)
}
