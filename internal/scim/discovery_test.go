package scim_test

import (
	"net/http"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// TestServiceDescribesItself is RFC 7644 §4.
func TestServiceDescribesItself(t *testing.T) {
	c := start(t)
	config := c.must(200, "GET", "/ServiceProviderConfig", nil)
	for path, want := range map[string]any{
		"patch supported": true, "bulk supported": true, "bulk maxOperations": 100.0, "bulk maxPayloadSize": 1048576.0, "filter supported": true,
		"filter maxResults": 200.0, "changePassword supported": true, "sort supported": true, "etag supported": true, "pagination cursor": true,
		"pagination index": true, "authenticationSchemes 0 type": "oauthbearertoken", "authenticationSchemes 1 type": "httpbasic",
		"meta location": c.URL + base + "/ServiceProviderConfig", "meta resourceType": "ServiceProviderConfig",
	} {
		if got := at(config.JSON, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	for list, name := range map[string]string{"/ResourceTypes": "name", "/Schemas": "id"} {
		a := c.must(200, "GET", list, nil)
		all, _ := a.JSON["Resources"].([]any)
		if len(all) == 0 || a.JSON["totalResults"] != float64(len(all)) || a.JSON["itemsPerPage"] != float64(len(all)) || a.JSON["startIndex"] != 1.0 {
			t.Fatalf("%s: %s", list, a.Text)
		}
		for _, one := range all {
			place := list + "/" + at(one, name).(string)
			if got := c.must(200, "GET", place, nil); at(got.JSON, name) != at(one, name) || at(got.JSON, "meta location") != c.URL+base+place {
				t.Errorf("%s: %s", place, got.Text)
			}
		}
		c.refused(403, "", "GET", list+"?filter=id+pr", nil)
		c.must(200, "GET", list+"/", nil)
	}
	c.refused(403, "", "GET", "/ServiceProviderConfig?filter=id+pr", nil)
	if kind := c.must(200, "GET", "/ResourceTypes/User", nil); at(kind.JSON, "schemaExtensions 0 schema") != enterprise || at(kind.JSON, "endpoint") != "/Users" || at(kind.JSON, "schema") != userURN {
		t.Errorf("type: %s", kind.Text)
	}
}

// TestAddressesAreTheEnvironmentsOwn whatever name a caller gives the host, and inside an environment with a path.
func TestAddressesAreTheEnvironmentsOwn(t *testing.T) {
	h := housetest.Start(t)
	inside, _ := h.NewEnvironment("other")
	for _, house := range []*housetest.House{h, inside} {
		c := client{house, house.AdminToken()}
		r := c.CallRequest(c.token, "POST", base+"/Users", o{"schemas": []string{userURN}, "userName": "ann"})
		r.Host = "evil.example"
		r.Header.Set("X-Forwarded-Host", "evil.example")
		a := c.Send(r)
		if want := house.URL + base + "/Users/" + a.String("id"); a.Status != http.StatusCreated || a.Header.Get("Location") != want || at(a.JSON, "meta location") != want {
			t.Errorf("%d, Location %s, want %s: %s", a.Status, a.Header.Get("Location"), want, a.Text)
		}
		if got := c.must(200, "GET", "/Users", nil).JSON["totalResults"]; got != 1.0 {
			t.Errorf("%s has %v users", house.URL, got)
		}
	}
}
