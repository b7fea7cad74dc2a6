package pingone_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

type O = housetest.O

const (
	wrong       = "Invalid client credentials"
	unsupported = "Unsupported authentication method"
)

// tenant is an environment, as a customer of PingOne would know it: by its id.
type tenant struct {
	*housetest.House
	id string
}

// open makes an environment and returns it with a house that administers it.
func open(h *housetest.House) tenant {
	h.T.Helper()
	a := h.Must("POST", "/environments", O{"name": "customer", "slug": "customer"})
	admin := a.Object("admin")
	inside := h.Elsewhere("/"+a.String("id"), housetest.Client{ID: admin.String("client_id"), Secret: admin.String("client_secret")})
	return tenant{inside, a.String("id")}
}

// worker makes a worker application as the documents of such programs describe it, which may read the configuration.
func (e tenant) worker(name string, settings O) housetest.Client {
	e.T.Helper()
	body := O{"kind": "worker", "enabled": true}
	for key, value := range settings {
		body[key] = value
	}
	w := e.NewApp(name, body)
	e.Must("POST", "/applications/"+w.ID+"/roles", O{"role": "configuration-read-only", "over": "environment", "scope_id": e.id})
	return w
}

// ask sends a token request to the path of the environment: with HTTP Basic, or with the client in the body.
func (e tenant) ask(as housetest.Client, post bool, more ...string) *housetest.Answer {
	e.T.Helper()
	more = append([]string{"grant_type", "client_credentials"}, more...)
	if post {
		more, as = append(more, "client_id", as.ID, "client_secret", as.Secret), housetest.Client{}
	}
	return e.Form("/as/token", as, more...)
}

// refused fails the test unless a is a refusal as PingOne words it, whose id is that of the header.
func refused(t *testing.T, a *housetest.Answer, status int, code, said string) {
	t.Helper()
	id := a.Header.Get("Correlation-Id")
	want := "Request denied: " + said + " (Correlation ID: " + id + ")"
	if a.Status != status || a.String("error") != code || a.String("error_description") != want || id == "" || len(a.JSON) != 2 {
		t.Errorf("%d %s, want %d %s %q", a.Status, a.Text, status, code, want)
	}
	if status == http.StatusUnauthorized && a.Header.Get("WWW-Authenticate") == "" {
		t.Error("a 401 without a challenge")
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", a.Header)
	}
}

// The four values of the document are client id, client secret, environment id, and the region, which is the host.
func TestFourValuesGetATokenThatTheManagementAPITakes(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		e := open(h)
		e.NewAPI("invoices", nil, "invoices:read")
		w := e.worker("worker", nil)
		both := e.worker("worker with an API", O{"scopes": []string{"invoices:read"}})
		for name, a := range map[string]*housetest.Answer{
			"by HTTP Basic": e.ask(w, false), "in the body": e.ask(w, true), "beside another API": e.ask(both, false),
		} {
			if a.Status != http.StatusOK || a.String("token_type") != "Bearer" || a.JSON["expires_in"] == nil || a.Header.Get("Correlation-Id") == "" {
				t.Fatalf("%s: %d %s", name, a.Status, a.Text)
			}
			if got := e.CallAs(a.String("access_token"), "GET", "/api/v1/applications?limit=10", nil); got.Status != http.StatusOK {
				t.Errorf("%s: the token is good for nothing: %d %s", name, got.Status, got.Text)
			}
		}
		if a := e.ask(both, false, "scope", "invoices:read"); a.String("scope") != "invoices:read" {
			t.Errorf("a scope of a resource of one's own: %d %s", a.Status, a.Text)
		}
		if a := h.Form("/customer/as/token", w, "grant_type", "client_credentials"); a.Status != http.StatusOK {
			t.Errorf("under the slug: %d %s", a.Status, a.Text)
		}
	})
}

func TestMethodIsTheOneThatTheApplicationNames(t *testing.T) {
	e := open(housetest.Start(t))
	for method, post := range map[string]bool{"client_secret_basic": false, "client_secret_post": true} {
		w := e.worker(method, O{"auth_methods": []string{method}})
		if a := e.ask(w, post); a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", method, a.Status, a.Text)
		}
		refused(t, e.ask(w, !post), 401, "invalid_client", unsupported)
		guess := housetest.Client{ID: w.ID, Secret: w.Secret + "x"}
		refused(t, e.ask(guess, post), 401, "invalid_client", wrong)
		refused(t, e.ask(guess, !post), 401, "invalid_client", wrong) // which method is the right one, strangers do not learn
	}
	w := e.worker("any", nil)
	refused(t, e.Form("/as/token", housetest.Client{}, "grant_type", "client_credentials"), 401, "invalid_client", "No client authentication was sent")
	refused(t, e.Form("/as/token", housetest.Client{}, "grant_type", "client_credentials", "client_id", w.ID), 401, "invalid_client", unsupported)
	refused(t, e.Form("/as/token", w, "grant_type", "client_credentials", "client_id", w.ID, "client_secret", w.Secret), 400, "invalid_request",
		"More than one client authentication method was used")
	refused(t, e.Form("/as/token", housetest.Client{}, "grant_type", "client_credentials", "client_id", w.ID, "client_assertion", "x",
		"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), 401, "invalid_client", unsupported)
}

func TestWorkersAloneGetTokensHere(t *testing.T) {
	e := open(housetest.Start(t))
	e.NewAPI("invoices", nil, "invoices:read")
	service := e.NewApp("service", nil, "invoices:read")
	pair := e.Must("POST", "/credentials", O{"name": "pair", "access": "read-all"})
	for _, c := range []housetest.Client{service, {ID: pair.String("client_id"), Secret: pair.String("secret")}} {
		if a := e.Form("/oauth2/token", c, "grant_type", "client_credentials"); a.Status != http.StatusOK {
			t.Fatalf("our own path: %d %s", a.Status, a.Text)
		}
		refused(t, e.ask(c, false), 400, "unauthorized_client", "Applications of this kind get no tokens here")
		refused(t, e.ask(housetest.Client{ID: c.ID, Secret: "x"}, false), 401, "invalid_client", wrong) // as any stranger hears
	}
	// Who looks after the application finds out why.
	if err := e.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := e.Must("GET", "/applications/"+service.ID+"/refusals", nil); !strings.Contains(a.Text, "kind_not_served") {
		t.Errorf("the refusal is not kept: %s", a.Text)
	}
}

func TestDisabledApplicationIsNamedToItsHolderOnly(t *testing.T) {
	e := open(housetest.Start(t))
	w := e.worker("worker", nil)
	e.Must("POST", "/applications/"+w.ID+"/disable", nil)
	for _, post := range []bool{false, true} {
		refused(t, e.ask(w, post), 401, "invalid_client", "The application is disabled")
		refused(t, e.ask(housetest.Client{ID: w.ID, Secret: w.Secret[:len(w.Secret)-1]}, post), 401, "invalid_client", wrong)
	}
	e.Must("POST", "/applications/"+w.ID+"/enable", nil)
	if a := e.ask(w, false); a.Status != http.StatusOK {
		t.Errorf("enabled again: %d %s", a.Status, a.Text)
	}
}

// Unknown, of another environment, wrong and locked are one to strangers, here as at our own token endpoint.
func TestStrangersHearOneSentence(t *testing.T) {
	h := housetest.Start(t)
	e := open(h)
	w := e.worker("worker", nil)
	for range 6 { // the fifth locks
		refused(t, e.ask(housetest.Client{ID: w.ID, Secret: "guess"}, false), 401, "invalid_client", wrong)
	}
	refused(t, e.ask(w, false), 401, "invalid_client", wrong)
	if a := e.Form("/oauth2/token", w, "grant_type", "client_credentials"); a.Status != http.StatusUnauthorized {
		t.Errorf("a lock is for both paths: %d %s", a.Status, a.Text)
	}
	for name, c := range map[string]housetest.Client{
		"unknown":                {ID: "00000000-0000-4000-8000-000000000000", Secret: w.Secret},
		"no id at all":           {ID: "worker", Secret: w.Secret},
		"of another environment": h.Admin,
	} {
		t.Run(name, func(t *testing.T) { refused(t, e.ask(c, false), 401, "invalid_client", wrong) })
	}
}

func TestNothingButClientCredentialsIsGranted(t *testing.T) {
	e := open(housetest.Start(t))
	w := e.worker("worker", nil)
	refused(t, e.Form("/as/token", w, "grant_type", "authorization_code", "code", "x"), 400, "unsupported_grant_type",
		"The grant type is not supported; client_credentials is")
	refused(t, e.Form("/as/token", w), 400, "invalid_request", "The grant_type parameter is missing")
	refused(t, e.ask(w, false, "scope", "openid"), 400, "invalid_scope", "The client may not have one of these scopes")
	evil := "\"}<evil>\u202e" + url.QueryEscape("\r\nX: y")
	if a := e.ask(w, false, "scope", evil); a.Status != http.StatusBadRequest || strings.Contains(a.Text, "evil") {
		t.Errorf("what the caller sent comes back: %d %s", a.Status, a.Text)
	}
}

func TestUnknownEnvironmentIsNotFound(t *testing.T) {
	h := housetest.Start(t)
	e := open(h)
	w := e.worker("worker", nil)
	for _, path := range []string{
		"/00000000-0000-4000-8000-000000000000/as/token", "/" + strings.ToUpper(e.id) + "/as/token", "/" + e.id + "x/as/token",
		"/" + e.id + "/as/token/", "/" + e.id + "//as/token", "/" + e.id + "/as", "/" + e.id + "/as/introspect", "/" + e.id + "/" + e.id + "/as/token",
	} {
		if a := h.Form(path, w, "grant_type", "client_credentials"); a.Status != http.StatusNotFound || a.Header.Get("Correlation-Id") != "" {
			t.Errorf("%s: %d %s", path, a.Status, a.Text)
		}
	}
	if a := e.CallAs("", "GET", "/as/token", nil); a.Status != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %d %v", a.Status, a.Header)
	}
	// The default environment has workers of its own, and knows nobody else's.
	refused(t, h.Form("/as/token", w, "grant_type", "client_credentials"), 401, "invalid_client", wrong)
}
