package oauth_test

import (
	"encoding/base64"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

type (
	O      = housetest.O
	House  = housetest.House
	Client = housetest.Client
	Answer = housetest.Answer
)

const (
	formType = "application/x-www-form-urlencoded"
	// jwtBearer is the one kind of assertion (RFC 7523 §2.2).
	jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// endpoints take a form and authenticate a client.
var endpoints = []string{"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"}

// furnish gives a house two APIs, one of each format, and a client with a scope on each.
func furnish(h *House) (jwt, handle Client) {
	h.T.Helper()
	h.NewAPI("invoices", nil, "invoices:read", "invoices:write")
	h.NewAPI("parcels", O{"token_format": "handle"}, "parcels:read", "parcels:write")
	return h.NewApp("billing", nil, "invoices:read"), h.NewApp("shipping", nil, "parcels:read")
}

// post sends a form as it is written.
func post(h *House, path, body string, headers ...string) *Answer {
	h.T.Helper()
	return h.Send(h.Request("POST", path, strings.NewReader(body), append([]string{"Content-Type", formType}, headers...)...))
}

// basic returns the header of HTTP Basic with its value, for what is sent as it is.
func basic(userinfo string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(userinfo))}
}

func (p place) path(rest string) string { return p.prefix + rest }

// place is an environment of a house.
type place struct {
	h          *House
	id, prefix string
	admin      Client
}

// newPlace makes an environment that is served under its slug.
func newPlace(h *House, slug string) place {
	h.T.Helper()
	a := h.Must("POST", "/environments", O{"name": slug, "slug": slug})
	admin := a.Object("admin")
	return place{h, a.String("id"), "/" + slug, Client{ID: admin.String("client_id"), Secret: admin.String("client_secret")}}
}

// token gets an access token in the environment.
func (p place) token(as Client) string {
	p.h.T.Helper()
	a := p.h.Form(p.path("/oauth2/token"), as, "grant_type", "client_credentials")
	if a.Status != http.StatusOK {
		p.h.T.Fatalf("no token under %s: %d %s", p.prefix, a.Status, a.Text)
	}
	return a.String("access_token")
}

// must calls the environment's management API as its administrator.
func (p place) must(method, path string, body any) *Answer {
	p.h.T.Helper()
	a := p.h.CallAs(p.token(p.admin), method, p.path("/api/v1"+path), body)
	if a.Status/100 != 2 {
		p.h.T.Fatalf("%s %s: %d %s", method, p.path(path), a.Status, a.Text)
	}
	return a
}

// furnish gives the environment an API and a client of it.
func (p place) furnish(api string, settings O) Client {
	p.h.T.Helper()
	body := O{"name": api, "audience": "https://" + api + ".example", "scopes": []O{{"name": api + ":read"}}}
	maps.Copy(body, settings)
	p.must("POST", "/apis", body)
	a := p.must("POST", "/applications", O{"name": api + " client", "scopes": []string{api + ":read"}, "secret": O{}})
	return Client{ID: a.String("client_id"), Secret: a.Object("secret").String("secret")}
}

// refused fails the test unless a is an error of RFC 6749 §5.2 with that status and code.
func refused(t *testing.T, a *Answer, status int, code string) {
	t.Helper()
	if a.Status != status || a.String("error") != code {
		t.Errorf("%d %s, want %d %s", a.Status, a.Text, status, code)
		return
	}
	for name, value := range map[string]string{
		"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json", "X-Content-Type-Options": "nosniff",
	} {
		if a.Header.Get(name) != value {
			t.Errorf("%s of a refusal is %q", name, a.Header.Get(name))
		}
	}
	for name := range a.JSON {
		if name != "error" && name != "error_description" {
			t.Errorf("a refusal has the member %s", name)
		}
	}
	for _, c := range a.String("error_description") {
		if c < ' ' || c > '~' {
			t.Errorf("error_description %q holds %q", a.String("error_description"), c)
		}
	}
	if status == http.StatusUnauthorized && a.Header.Get("WWW-Authenticate") == "" {
		t.Error("a 401 without a challenge")
	}
	if strings.Contains(a.Text, ".go:") || a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a refusal shows too much: %v %s", a.Header, a.Text)
	}
}

// later moves the clock and returns once the node has heard the ledger at the new time: until then it is as stale
// as the clock says, and refuses to answer for the management API.
func later(h *House, d time.Duration) {
	h.T.Helper()
	h.Clock.Move(d)
	for deadline := time.Now().Add(10 * time.Second); h.Form("/oauth2/token", h.Admin, "grant_type", "client_credentials").Status != http.StatusOK; {
		if time.Now().After(deadline) {
			h.T.Fatal("the node does not hear the ledger")
		}
	}
}

// awaitLog returns the log once it holds what it must.
func awaitLog(t *testing.T, h *House, last string) string {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if log := h.Log.String(); strings.Contains(log, last) || time.Now().After(deadline) {
			return log
		}
	}
}
