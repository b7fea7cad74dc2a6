package scim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

type o = housetest.O

const (
	base         = "/scim/v2"
	userURN      = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN     = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterprise   = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	patchURN     = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	messageError = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// client calls SCIM as somebody.
type client struct {
	*housetest.House
	token string
}

// call sends a request and checks what every answer of the protocol has.
func (c client) call(method, path string, body any, headers ...string) *housetest.Answer {
	c.T.Helper()
	a := c.CallAs(c.token, method, base+path, body, headers...)
	switch {
	case a.Status == http.StatusNoContent || a.Status == http.StatusNotModified:
		if a.Text != "" {
			c.T.Errorf("%s %s: %d with a body: %s", method, path, a.Status, a.Text)
		}
	case a.Header.Get("Content-Type") != "application/scim+json":
		c.T.Errorf("%s %s: %d as %q", method, path, a.Status, a.Header.Get("Content-Type"))
	case a.Status >= 400:
		if list, _ := a.JSON["schemas"].([]any); len(list) != 1 || list[0] != messageError || a.JSON["status"] != fmt.Sprint(a.Status) || a.String("detail") == "" {
			c.T.Errorf("%s %s: not an error of SCIM: %s", method, path, a.Text)
		}
	}
	return a
}

// must sends a request that has to have this status.
func (c client) must(status int, method, path string, body any, headers ...string) *housetest.Answer {
	c.T.Helper()
	a := c.call(method, path, body, headers...)
	if a.Status != status {
		c.T.Fatalf("%s %s: %d %s, want %d", method, path, a.Status, a.Text, status)
	}
	return a
}

// refused sends a request that has to be refused with this status and type.
func (c client) refused(status int, scimType, method, path string, body any, headers ...string) {
	c.T.Helper()
	a := c.call(method, path, body, headers...)
	if a.Status != status || a.String("scimType") != scimType {
		c.T.Errorf("%s %.100s: %d %s, want %d %s", method, path, a.Status, a.Text, status, scimType)
	}
}

// user makes a user and returns the answer.
func (c client) user(name string, more o) *housetest.Answer {
	c.T.Helper()
	body := o{"schemas": []string{userURN}, "userName": name}
	for key, value := range more {
		body[key] = value
	}
	return c.must(201, "POST", "/Users", body)
}

func (c client) group(name string, members ...string) *housetest.Answer {
	c.T.Helper()
	list := []o{}
	for _, id := range members {
		list = append(list, o{"value": id})
	}
	return c.must(201, "POST", "/Groups", o{"schemas": []string{groupURN}, "displayName": name, "members": list})
}

// ops is the body of a PATCH.
func ops(operations ...o) o { return o{"schemas": []string{patchURN}, "Operations": operations} }

func start(t *testing.T) client {
	t.Helper()
	h := housetest.Start(t)
	return client{h, h.AdminToken()}
}

// at returns a value inside a document: names of members, and numbers for places in lists, separated by spaces.
func at(v any, path string) any {
	for _, step := range strings.Fields(path) {
		switch here := v.(type) {
		case o:
			v = here[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(here) {
				return nil
			}
			v = here[i]
		default:
			return nil
		}
	}
	return v
}

func sorted(all []string) string {
	slices.Sort(all)
	return strings.Join(all, " ")
}
