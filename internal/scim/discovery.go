package scim

import (
	"net/http"
	"strings"

	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// The bounds that the service tells its clients.
const (
	bulkMost    = 100 // operations
	pageMost    = 200 // resources
	pageDefault = 100
)

var errNoFilter = fault.New(fault.Denied, "this list is short and takes no filter (RFC 7644 §4)")

func (c *call) base() string { return c.who.Environment.Issuer + Base }

// described answers with one resource that describes the service.
func (c *call) described(doc object) *answer {
	return &answer{status: http.StatusOK, body: doc}
}

func (c *call) describedAll(docs []any) (*answer, error) {
	if c.list.filter != "" {
		return nil, errNoFilter
	}
	return &answer{status: http.StatusOK, body: object{
		"schemas": []string{listURN}, "totalResults": len(docs), "itemsPerPage": len(docs), "startIndex": 1, "Resources": docs,
	}}, nil
}

func (c *call) config() (*answer, error) {
	if c.list.filter != "" {
		return nil, errNoFilter
	}
	yes := object{"supported": true}
	return c.described(object{
		"schemas": []string{schema.ConfigURN}, "patch": yes, "sort": yes, "etag": yes,
		"documentationUri": "https://github.com/counterfoil/counterfoil/blob/main/docs/scim.md",
		"changePassword":   object{"supported": c.door.Passwords != nil},
		"filter":           object{"supported": true, "maxResults": pageMost},
		"bulk":             object{"supported": true, "maxOperations": bulkMost, "maxPayloadSize": bodyMost},
		"pagination": object{
			"cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": pageDefault, "maxPageSize": pageMost,
		},
		"authenticationSchemes": []any{
			object{"type": "oauthbearertoken", "name": "OAuth Bearer Token", "description": "An access token of the management API", "specUri": "https://www.rfc-editor.org/rfc/rfc6750", "primary": true},
			object{"type": "httpbasic", "name": "HTTP Basic", "description": "client_id and secret of an application", "specUri": "https://www.rfc-editor.org/rfc/rfc7617"},
		},
		"meta": object{"resourceType": "ServiceProviderConfig", "location": c.base() + "/ServiceProviderConfig"},
	}), nil
}

func (c *call) resourceTypes() (*answer, error) {
	var all []any
	for _, r := range c.set.Resources() {
		all = append(all, c.typeOf(r))
	}
	return c.describedAll(all)
}

func (c *call) resourceType() (*answer, error) {
	for _, r := range c.set.Resources() {
		if r.Name == c.id {
			return c.described(c.typeOf(r)), nil
		}
	}
	return nil, fault.New(fault.NotFound, "there is no such resource type")
}

func (c *call) typeOf(r *schema.Resource) object {
	extensions := []any{}
	for _, x := range r.Extensions {
		extensions = append(extensions, object{"schema": x.ID, "required": false})
	}
	return object{
		"schemas": []string{schema.TypeURN}, "id": r.Name, "name": r.Name, "endpoint": r.Endpoint, "description": r.Description,
		"schema": r.Base.ID, "schemaExtensions": extensions,
		"meta": object{"resourceType": "ResourceType", "location": c.base() + "/ResourceTypes/" + r.Name},
	}
}

func (c *call) schemas() (*answer, error) {
	var all []any
	for _, s := range c.set.All() {
		all = append(all, c.definition(s))
	}
	return c.describedAll(all)
}

func (c *call) schema() (*answer, error) {
	if s := c.set.Find(strings.TrimSpace(c.id)); s != nil {
		return c.described(c.definition(s)), nil
	}
	return nil, fault.New(fault.NotFound, "there is no such schema")
}

func (c *call) definition(s *schema.Schema) object {
	doc := s.Document()
	doc["meta"] = object{"resourceType": "Schema", "location": c.base() + "/Schemas/" + s.ID}
	return doc
}
