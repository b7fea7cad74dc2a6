package housetest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// transport keeps enough connections open for tests that call in parallel.
var transport = &http.Client{
	Transport:     &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Answer is what the house answered.
type Answer struct {
	Status int
	Header http.Header
	Text   string
	// JSON is the body, when it is a JSON object.
	JSON map[string]any
}

// String returns a text member of the body, or "".
func (a *Answer) String(name string) string {
	text, _ := a.JSON[name].(string)
	return text
}

// Object returns an object member of the body as an answer of its own.
func (a *Answer) Object(name string) *Answer {
	inner, _ := a.JSON[name].(map[string]any)
	return &Answer{JSON: inner}
}

// Attempt sends a request as it is. Unlike the other verbs it may be called from any goroutine.
func Attempt(r *http.Request) (*Answer, error) {
	response, err := transport.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	a := &Answer{Status: response.StatusCode, Header: response.Header, Text: string(body)}
	_ = json.Unmarshal(body, &a.JSON)
	return a, nil
}

// Send sends a request as it is.
func (h *House) Send(r *http.Request) *Answer {
	h.T.Helper()
	a, err := Attempt(r)
	if err != nil {
		h.T.Fatal(err)
	}
	return a
}

// Request makes a request to a path of the house.
func (h *House) Request(method, path string, body io.Reader, headers ...string) *http.Request {
	h.T.Helper()
	r, err := http.NewRequest(method, h.URL+path, body)
	if err != nil {
		h.T.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// Form posts a form as a client, with HTTP Basic; the zero client sends no credentials. Parameters are name,
// value, name, value …
func (h *House) Form(path string, as Client, parameters ...string) *Answer {
	h.T.Helper()
	return h.Send(h.FormRequest(path, as, parameters...))
}

// FormRequest makes the request that [House.Form] sends.
func (h *House) FormRequest(path string, as Client, parameters ...string) *http.Request {
	h.T.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(parameters); i += 2 {
		form.Add(parameters[i], parameters[i+1])
	}
	r := h.Request("POST", path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	if as != (Client{}) {
		r.SetBasicAuth(as.ID, as.Secret)
	}
	return r
}

// Token gets an access token and fails the test if there is none. Parameters are those of the request.
func (h *House) Token(as Client, parameters ...string) string {
	h.T.Helper()
	a := h.Form("/oauth2/token", as, append([]string{"grant_type", "client_credentials"}, parameters...)...)
	if a.Status != http.StatusOK || a.String("access_token") == "" {
		h.T.Fatalf("no token: %d %s", a.Status, a.Text)
	}
	return a.String("access_token")
}

// AdminToken returns a token of the administrator, got anew when it is about to expire.
func (h *House) AdminToken() string {
	h.T.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := h.Clock.Now(); h.token == "" || now.Sub(h.tokenAt) > 5*time.Minute {
		h.token, h.tokenAt = h.Token(h.Admin), now
	}
	return h.token
}

// ForgetToken makes [House.AdminToken] get a new one, after something that killed every token.
func (h *House) ForgetToken() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.token = ""
}

// Call calls the management API as the administrator. body is sent as JSON unless it is nil.
func (h *House) Call(method, path string, body any, headers ...string) *Answer {
	h.T.Helper()
	return h.CallAs(h.AdminToken(), method, "/api/v1"+path, body, headers...)
}

// CallAs sends JSON to any path with a bearer token; an empty token sends none.
func (h *House) CallAs(token, method, path string, body any, headers ...string) *Answer {
	h.T.Helper()
	return h.Send(h.CallRequest(token, method, path, body, headers...))
}

// CallRequest makes the request that [House.CallAs] sends.
func (h *House) CallRequest(token, method, path string, body any, headers ...string) *http.Request {
	h.T.Helper()
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			h.T.Fatal(err)
		}
		reader = bytes.NewReader(text)
		headers = append(headers, "Content-Type", "application/json")
	}
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	return h.Request(method, path, reader, headers...)
}

// Must is [House.Call] for calls that have to succeed.
func (h *House) Must(method, path string, body any, headers ...string) *Answer {
	h.T.Helper()
	a := h.Call(method, path, body, headers...)
	if a.Status < 200 || a.Status > 299 {
		h.T.Fatalf("%s %s: %d %s", method, path, a.Status, a.Text)
	}
	return a
}

// O is a JSON object.
type O = map[string]any

// NewAPI creates an API called name with the given scopes and settings, and returns its id.
func (h *House) NewAPI(name string, settings O, scopes ...string) string {
	h.T.Helper()
	list := []O{}
	for _, scope := range scopes {
		list = append(list, O{"name": scope})
	}
	body := O{"name": name, "audience": "https://" + name + ".example", "scopes": list}
	for key, value := range settings {
		body[key] = value
	}
	return h.Must("POST", "/apis", body).String("id")
}

// NewApp creates an application with a secret and the given scopes.
func (h *House) NewApp(name string, settings O, scopes ...string) Client {
	h.T.Helper()
	body := O{"name": name, "scopes": append([]string{}, scopes...), "secret": O{}}
	for key, value := range settings {
		body[key] = value
	}
	a := h.Must("POST", "/applications", body)
	return Client{a.String("client_id"), a.Object("secret").String("secret")}
}

// Introspect asks as a client what a token is.
func (h *House) Introspect(as Client, token string) *Answer {
	h.T.Helper()
	return h.Form("/oauth2/introspect", as, "token", token)
}

// Active reports whether introspection calls a token active; anything but a clear answer fails the test.
func (h *House) Active(as Client, token string) bool {
	h.T.Helper()
	a := h.Introspect(as, token)
	active, ok := a.JSON["active"].(bool)
	if a.Status != http.StatusOK || !ok {
		h.T.Fatalf("introspection: %d %s", a.Status, a.Text)
	}
	return active
}
