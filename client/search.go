package client

import (
	"context"
	"net/http"
)

// SearchHits is what was found.
type SearchHits struct {
	// Leaked says that the text held a whole secret of this environment.
	Leaked bool        `json:"leaked"`
	Items  []SearchHit `json:"items"`
}

// SearchHit is one thing that was found.
type SearchHit struct {
	// Kind is "application", "credential", "user", "group" or "connection".
	Kind string `json:"kind"`
	// ID is the client id of an application.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Detail tells it apart: the hint of a credential, the user name of a user.
	Detail string `json:"detail,omitempty"`
	// ClientID and CredentialKind are those of a credential.
	ClientID       string `json:"client_id,omitempty"`
	CredentialKind string `json:"credential_kind,omitempty"`
	Enabled        bool   `json:"enabled"`
}

// Search finds applications, credentials, people, groups and connections by what somebody typed or pasted: how a name begins, or
// words of an application's, a client id, an address, any id, how a secret begins, or a whole secret, which goes nowhere but into
// the body of the request. limit bounds the hits of each kind; 0 means 10, and 50 is the most. Needs one of applications:read,
// credentials:read, users:read, groups:read and connections:read; kinds that the caller may not read are left out.
func (c *Client) Search(ctx context.Context, text Secret, limit int) (*SearchHits, error) {
	body := map[string]any{"text": text.Reveal()}
	if limit != 0 {
		body["limit"] = limit
	}
	return call[SearchHits](ctx, c, request{method: http.MethodPost, path: at("search"), repeatable: true, body: body})
}
