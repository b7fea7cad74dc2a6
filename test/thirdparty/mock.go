package thirdparty

import "testing"

// Mock is a running oauth2-mock-server. It authenticates no client and grants whatever is asked for: what a test looks at
// is what it was sent ([Mock.Requests]), and what becomes of an answer that is unlike others ([Mock.Answer]).
type Mock struct{ *Server }

// TokenURL is the token endpoint.
func (m *Mock) TokenURL() string { return m.Issuer + "/token" }

// AuthorizeURL is the authorization endpoint, which asks nobody and sends the browser straight back.
func (m *Mock) AuthorizeURL() string { return m.Issuer + "/authorize" }

// RevokeURL is the revocation endpoint.
func (m *Mock) RevokeURL() string { return m.Issuer + "/revoke" }

// MockServer runs oauth2-mock-server until the test ends. Its tokens are JWTs that live for an hour.
func MockServer(t testing.TB) *Mock {
	t.Helper()
	return &Mock{start(t, "mock.js", map[string]any{"lifetime": 3600})}
}

// Answer makes the token endpoint answer with that status and JSON from now on.
func (m *Mock) Answer(status int, body any) {
	m.t.Helper()
	m.order("answer", map[string]any{"status": status, "body": body}, nil)
}

// AnswerAgain takes [Mock.Answer] back.
func (m *Mock) AnswerAgain() {
	m.t.Helper()
	m.order("answer", nil, nil)
}

// Add puts members into the good answers of the token endpoint, in place of those of that name: "expires_in",
// "refresh_token" and whatever else a provider may send.
func (m *Mock) Add(members map[string]any) {
	m.t.Helper()
	m.order("add", members, nil)
}

// MockRequest is a request that came to a mock's token or revocation endpoint.
type MockRequest struct {
	Path          string `json:"path"`
	Status        int    `json:"status"`
	Authorization string `json:"authorization"`
	ContentType   string `json:"content_type"`
	// Form is the body of a token request, which may have been a form or JSON; of a revocation it is empty.
	Form map[string]any `json:"form"`
}

// Requests returns the requests so far that were understood, in their order.
func (m *Mock) Requests() (all []MockRequest) {
	m.t.Helper()
	m.order("requests", nil, &all)
	return all
}
