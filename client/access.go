package client

import (
	"context"
	"net/http"
	"net/url"
)

// AccessQuestion asks whether a credential may do something.
type AccessQuestion struct {
	// Credential is the id of a credential, or the client id of an application that has just one.
	Credential string
	// Method and Path are a request's; Path begins after the environment's base URL and may leave out /api/v1.
	Method, Path string
	// Field is one that the request sets, such as "password"; or empty.
	Field string
}

// AccessExplanation says which rule decides, and whether and where the authority of a credential ends.
type AccessExplanation struct {
	Answer `json:"-"`

	Allowed bool `json:"allowed"`
	// CutAt is where it ends first: "environment", "application", "role", "preset", "credential", "family", "rule",
	// "disabled" or "expired"; empty if it is allowed.
	CutAt        string `json:"cut_at,omitempty"`
	ClientID     string `json:"client_id"`
	Application  string `json:"application"`
	CredentialID string `json:"credential_id"`
	// Rules are the row about the route, and that about the field if there is one.
	Rules []AccessRule `json:"rules"`
	// Steps are what was looked at, in order.
	Steps []AccessStep `json:"steps"`
}

// AccessRule is a row of the server's permission table.
type AccessRule struct {
	// Door is "api", "oauth", "services", "scim" or "house".
	Door   string `json:"door"`
	Method string `json:"method"`
	Path   string `json:"path"`
	// Field is the field of a request that the row is about; empty for the route itself.
	Field string `json:"field,omitempty"`
	// Asks is what it asks for, in words.
	Asks string `json:"asks"`
	Why  string `json:"why,omitempty"`
}

// AccessStep is one thing that was looked at.
type AccessStep struct {
	At    string `json:"at"`
	Holds bool   `json:"holds"`
	Says  string `json:"says"`
}

// ExplainAccess says why a credential may do something or not. Needs credentials:read.
func (c *Client) ExplainAccess(ctx context.Context, q AccessQuestion) (*AccessExplanation, error) {
	query := url.Values{"credential": {q.Credential}, "method": {q.Method}, "path": {q.Path}}
	setText(query, "field", q.Field)
	return call[AccessExplanation](ctx, c, request{method: http.MethodGet, path: at("access", "explain"), query: query, repeatable: true})
}
