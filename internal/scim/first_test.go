package scim_test

import "testing"

func TestLifeOfAUser(t *testing.T) {
	c := start(t)
	u := c.user("ann", o{"emails": []o{{"value": "ann@example.com", "type": "work"}}, "active": true})
	t.Log(u.Text)
	t.Log(c.must(200, "GET", "/Users?filter=userName+eq+%22ANN%22", nil).Text)
	p := "/Users/" + u.String("id")
	t.Log(c.must(200, "PATCH", p, ops(o{"op": "Replace", "value": o{"active": "False", "name.givenName": "Ann"}})).Text)
	g := c.group("staff", u.String("id"))
	t.Log(g.Text)
	t.Log(c.must(200, "GET", p, nil).Text)
	t.Log(c.must(204, "DELETE", p, nil).Text)
	t.Log(c.must(404, "GET", p, nil).Text)
	t.Log(c.must(404, "GET", "/Nothing", nil).Text)
	t.Log(c.must(405, "POST", "/Schemas", o{}).Text)
	t.Log(c.must(200, "GET", "/ResourceTypes/", nil).Text)
}
