package oauth_test

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// Thirty-two secrets and tokens live a life: made, used rightly and wrongly, revoked, disabled, deleted. Nothing of them is left
// anywhere but with those who were given them (RFC 6819 §5.1.4.1.3).
func TestNoSecretAndNoTokenIsLeftAnywhere(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		h := housetest.StartOn(t, dsn, filepath.Join(t.TempDir(), "root.key"), &housetest.Clock{}, nil)
		furnish(h)
		canaries := map[string]string{"the first administrator": h.Admin.Secret, "the administrator's token": h.AdminToken()}
		for i := range 8 {
			jwt := h.NewApp(fmt.Sprintf("jwt %d", i), nil, "invoices:read")
			handle := h.NewApp(fmt.Sprintf("handle %d", i), nil, "parcels:read")
			for kind, c := range map[string]Client{"jwt": jwt, "handle": handle} {
				name := fmt.Sprintf("%s %d", kind, i)
				token := h.Token(c)
				canaries["secret of "+name], canaries["token of "+name] = c.Secret, token
				live(h, c, token, i)
			}
		}
		acme := newPlace(h, "acme")
		canaries["an administrator of another environment"] = acme.admin.Secret
		if len(canaries) < 32 {
			t.Fatalf("%d canaries", len(canaries))
		}
		places := everything(t, h, dsn)
		for name, secret := range canaries {
			for place, content := range places {
				// A part is as good as the whole: the rest of a secret can be guessed then.
				for _, part := range []string{secret, secret[len(secret)-40:], secret[len(secret)/2-20 : len(secret)/2+20]} {
					if strings.Contains(content, part) {
						t.Errorf("%s is in %s", name, place)
					}
				}
			}
		}
	})
}

// live leads one credential and its token through everything that can happen to them.
func live(h *House, c Client, token string, i int) {
	h.T.Helper()
	other := h.NewApp("other "+c.ID, nil, "invoices:read")
	h.Introspect(c, token)
	h.Introspect(other, token)
	h.Form("/oauth2/revoke", other, "token", token)
	h.CallAs(token, "GET", "/api/v1/applications", nil)
	h.CallAs("", "GET", "/api/v1/applications", nil, "Authorization", "Basic "+c.Secret)
	h.Must("POST", "/tokens/inspect", O{"token": token})
	h.Call("POST", "/tokens/inspect", O{"token": token, "unheard_of": c.Secret})
	h.Call("POST", "/applications", O{"name": c.Secret + "\x00"})
	h.Send(h.Request("GET", "/oauth2/token?client_secret="+c.Secret+"&token="+token, nil, "User-Agent", c.Secret, "X-Request-Id", token))
	h.Send(h.Request("GET", "/"+c.Secret+"/"+token, nil))
	post(h, "/oauth2/token", "grant_type="+c.Secret, basic(c.ID+":"+c.Secret)...)
	post(h, "/oauth2/token", "grant_type=client_credentials&scope="+c.Secret+"&resource="+token, basic(c.ID+":"+c.Secret)...)
	if i < 3 {
		post(h, "/oauth2/token", "grant_type=client_credentials", basic(c.Secret+":"+c.ID)...)
		post(h, "/oauth2/token", "grant_type=client_credentials&client_id="+c.ID, "Authorization", "Bearer "+token)
	}
	switch i % 4 {
	case 0:
		h.Must("POST", "/applications/"+c.ID+"/disable", nil)
	case 1:
		h.Must("DELETE", "/applications/"+c.ID, nil)
	case 2:
		h.Form("/oauth2/revoke", c, "token", token)
	case 3:
		h.Must("POST", "/tokens/revoke", O{"token": token})
	}
}

// everything collects what a house leaves behind and shows.
func everything(t *testing.T, h *House, dsn string) map[string]string {
	t.Helper()
	places := map[string]string{"/metrics": h.Send(h.Request("GET", "/metrics", nil)).Text, "the ledger": "", "the lists": ""}
	for after := 0; ; after += 200 {
		a := h.Must("GET", fmt.Sprintf("/ledger/events?limit=200&after=%d", after), nil)
		places["the ledger"] += a.Text
		if items := a.JSON["items"].([]any); len(items) < 200 {
			break
		}
	}
	for _, path := range []string{"/applications?limit=200", "/installation/diagnosis", "/apis"} {
		places["the lists"] += h.Must("GET", path, nil).Text
	}
	if !strings.Contains(places["/metrics"], "counterfoil_http_requests_total") || !strings.Contains(places["the ledger"], "credential.created") {
		t.Error("a place was not found")
	}
	if db.IsPostgreSQL(dsn) {
		places["the database"] = dump(t, dsn)
	} else {
		files, err := filepath.Glob(filepath.Dir(dsn) + "/*")
		if err != nil || len(files) < 2 {
			t.Fatalf("%v, %v", files, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			places[filepath.Base(file)] = string(content)
		}
	}
	h.Send(h.Request("GET", "/.well-known/openid-configuration", nil))
	places["the log"] = awaitLog(t, h, "/.well-known/openid-configuration")
	if !strings.Contains(places["the log"], "/.well-known/openid-configuration") {
		t.Error("the log was not found")
	}
	return places
}

// dump returns every row of a PostgreSQL database as text.
func dump(t *testing.T, dsn string) string {
	t.Helper()
	raw := open(t, dsn)
	var all strings.Builder
	for _, name := range texts(t, raw, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`) {
		for _, row := range texts(t, raw, `SELECT t::text FROM "`+name+`" t`) {
			fmt.Fprintln(&all, row)
		}
	}
	if !strings.Contains(all.String(), "administrator") {
		t.Error("the dump is empty")
	}
	return all.String()
}

// texts returns the only column of what a query finds.
func texts(t *testing.T, raw *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := raw.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// A caching proxy in front keeps nothing that was meant for one caller (RFC 9111 §3).
func TestNothingForOneCallerIsStored(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	token := h.Token(c)
	answers := map[string]*Answer{
		"a token":               h.Form("/oauth2/token", c, "grant_type", "client_credentials"),
		"a refusal":             h.Form("/oauth2/token", c, "grant_type", "x"),
		"a stranger's refusal":  h.Form("/oauth2/token", Client{ID: c.ID, Secret: "x"}, "grant_type", "client_credentials"),
		"an introspection":      h.Introspect(c, token),
		"a revocation":          h.Form("/oauth2/revoke", c, "token", token),
		"a resource":            h.Call("GET", "/applications/"+c.ID, nil),
		"a list":                h.Call("GET", "/applications", nil),
		"a refused list":        h.CallAs("x", "GET", "/api/v1/applications", nil),
		"what the caller is":    h.Call("GET", "/credentials/self", nil),
		"a creation":            h.Call("POST", "/applications", O{"name": "x", "secret": O{}}),
		"a missing application": h.Call("GET", "/applications/"+"0b8f4d8e-32b1-4c0a-9d2e-8f3f6a7b1c2d", nil),
	}
	for name, a := range answers {
		if a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q", name, a.Status, a.Header.Get("Cache-Control"))
		}
	}
	if a := answers["a token"]; a.Status != http.StatusOK {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}

// The answer to a slow reader of its own body is no way to hold the node: the form is read whole before anything
// is looked up, and a body that breaks off is refused.
func TestBodyThatBreaksOffIsRefused(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	reader, writer := io.Pipe()
	go func() {
		_, _ = io.WriteString(writer, "grant_type=client_credentials")
		_ = writer.CloseWithError(io.ErrClosedPipe)
	}()
	r := h.Request("POST", "/oauth2/token", reader, append(basic(c.ID+":"+c.Secret), "Content-Type", formType)...)
	client := http.Client{Timeout: 5 * time.Second}
	if response, err := client.Do(r); err == nil {
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			t.Error("half a form was taken for a whole one")
		}
	}
}
