package oauth_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// send writes a request line as it is, which no HTTP client would, and returns the status.
func send(t *testing.T, h *House, method, target, body string, headers ...string) int {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	request := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: id.example\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n", method, target, formType, len(body))
	for i := 0; i+1 < len(headers); i += 2 {
		request += headers[i] + ": " + headers[i+1] + "\r\n"
	}
	if _, err := conn.Write([]byte(request + "\r\n" + body)); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// One path has one spelling: any other leads nowhere, and nobody is sent elsewhere with credentials in hand.
func TestEveryPathHasOneSpelling(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	acme := newPlace(h, "acme")
	header := basic(c.ID + ":" + c.Secret)
	form := "grant_type=client_credentials"
	if status := send(t, h, "POST", "/oauth2/token", form, header...); status != http.StatusOK {
		t.Fatalf("the path itself: %d", status)
	}
	for _, target := range []string{
		"//oauth2/token", "/oauth2//token", "/oauth2/token/", "/oauth2/token//", "/./oauth2/token", "/oauth2/./token", "/oauth2/../oauth2/token",
		"/x/../oauth2/token", "/oauth2/%74oken", "/%6fauth2/token", "/oauth2%2ftoken", "/oauth2%2Ftoken", "/%2foauth2/token", "/oauth2/token%00", "/oauth2/token%20",
		"/oauth2/token;x", "/oauth2/token;", "/OAuth2/token", "/oauth2/TOKEN", "/oauth2\\token", "/oauth2/token%0d%0aX:y", "/oauth2/token.json", "/oauth2", "/oauth2/", "/",
		"/acme//oauth2/token", "/acme/acme/oauth2/token", "/acme/" + acme.id + "/oauth2/token", "/ACME/oauth2/token", "/acme%2foauth2/token", "/acme", "/acme/", "/acme/../oauth2/token",
		"/" + strings.ToUpper(acme.id) + "/oauth2/token", "/%61cme/oauth2/token", "/acme/./oauth2/token", "/nobody/oauth2/token", "/oauth2/token/acme", "/..;/oauth2/token",
		"/00000000-0000-0000-0000-000000000000/oauth2/token", "/\xc3\xa9/oauth2/token", "/%c0%ae/oauth2/token", "/" + strings.Repeat("x/", 2000),
	} {
		if status := send(t, h, "POST", target, form, header...); status != http.StatusNotFound && status != http.StatusBadRequest {
			t.Errorf("POST %.60q: %d", target, status)
		}
		if status := send(t, h, "GET", strings.Replace(target, "oauth2/token", "api/v1/applications", 1), "", "Authorization", "Bearer "+h.AdminToken()); status != http.StatusNotFound && status != http.StatusBadRequest {
			t.Errorf("GET %.60q: %d", target, status)
		}
	}
	// A proxy's spelling: the host in it decides nothing.
	if status := send(t, h, "POST", "http://evil.example/oauth2/token", form, header...); status != http.StatusOK {
		t.Errorf("an absolute target: %d", status)
	}
}

func TestEnvironmentDecidesWhoIsKnownHoweverItIsNamed(t *testing.T) {
	h := housetest.Start(t)
	acme := newPlace(h, "acme")
	home := h.Must("GET", "/environments", nil).JSON["items"].([]any)[0].(map[string]any)["id"].(string)
	for prefix, c := range map[string]struct{ known, stranger Client }{
		"/acme": {acme.admin, h.Admin}, "/" + acme.id: {acme.admin, h.Admin}, "": {h.Admin, acme.admin}, "/" + home: {h.Admin, acme.admin},
	} {
		if a := h.Form(prefix+"/oauth2/token", c.known, "grant_type", "client_credentials"); a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", prefix, a.Status, a.Text)
		}
		refused(t, h.Form(prefix+"/oauth2/token", c.stranger, "grant_type", "client_credentials"), 401, "invalid_client")
	}
}

// Strangers write into the log only what is counted and spelled by us, one record per request.
func TestStrangersCannotWriteIntoTheLog(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	evil := "evil\t%0d%0a\u2028"
	for _, header := range []string{"User-Agent", "X-Request-Id", "Referer", "X-Forwarded-For", "Forwarded", "Origin", "Cookie", "Traceparent"} {
		h.Send(h.Request("GET", "/healthz?evil=evil", nil, header, evil))
	}
	post(h, "/oauth2/token", "grant_type=evil%0d%0aevil&scope=evil", basic(c.ID+":"+c.Secret)...)
	post(h, "/oauth2/token", "grant_type=client_credentials", basic("evil\r\nevil:evil")...)
	post(h, "/oauth2/introspect", "token=evil%0a", basic(c.ID+":"+c.Secret)...)
	send(t, h, "GET", "/healthz", "", "User-Agent", "evil\x1b[2J")
	send(t, h, "EVIL", "/evil%0d%0aevil", "")
	send(t, h, "POST", "/evil/oauth2/token", "evil=%0d%0aevil")
	for _, name := range []string{"evil\r\nevil", "evil\x1b[31m", "evil\u2028evil", "evil\u202eevil", "evil\x00evil"} {
		if a := h.Call("POST", "/applications", O{"name": name}); a.Status < 400 || a.Status > 499 {
			t.Errorf("an application called %q: %d %s", name, a.Status, a.Text)
		}
	}
	log := awaitLog(t, h, "EVIL")
	for line := range strings.Lines(log) {
		if strings.Contains(strings.ReplaceAll(line, `"method":"EVIL"`, ""), "evil") || strings.ContainsAny(line, "\x1b\r\u2028") {
			t.Errorf("a stranger's words in the log: %s", line)
		}
		if !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}\n") {
			t.Errorf("a record is torn: %s", line)
		}
	}
}
