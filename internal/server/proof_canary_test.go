package server_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// canaries is a house full of secrets that somebody tries to find again.
type canaries struct {
	*housetest.House
	t        *testing.T
	secrets  map[string]string // by what they are
	mu       sync.Mutex        // of problems
	problems strings.Builder   // every answer that was no success, as it came
	marker   string            // no secret: it must be found where secrets must not
}

// Secrets of every kind that there is live a whole life in a house that logs all it can: made, used rightly, wrongly and
// in the wrong place, rotated, revealed, handed over, in the hands of handlers that panic, deleted. None of them is left
// anywhere but with those who were given them, neither plain nor in an encoding (RFC 6819 §5.1.4.1.3).
func TestNoCanaryIsFoundAnywhere(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		h := housetest.StartOn(t, dsn, filepath.Join(t.TempDir(), "root.key"), &housetest.Clock{}, nil, "--log-level", "debug")
		c := &canaries{House: h, t: t, secrets: map[string]string{}, marker: "marker-" + uuid.NewString()}
		c.plant()
		c.plantOthers()
		c.plantFactors()
		if len(c.secrets) < 32 {
			t.Fatalf("%d canaries", len(c.secrets))
		}
		// Refusals wait for a grid of time; several at once wait no longer than one.
		var lanes errgroup.Group
		lanes.SetLimit(8)
		for what, secret := range c.secrets {
			lanes.Go(func() error {
				c.misplace(what, secret)
				return nil
			})
		}
		_ = lanes.Wait() // a lane that fails has failed the test
		if t.Failed() {
			return
		}
		c.panics()
		places := c.places(dsn)
		for place, content := range places {
			if strings.HasPrefix(place, "plain ") && !strings.Contains(content, c.marker) {
				t.Errorf("the marker is not in %s: the search looks in the wrong place", place)
			}
			for what, secret := range c.secrets {
				if form := found(content, secret); form != "" {
					t.Errorf("%s is in %s, %s", what, place, form)
				}
			}
		}
	})
}

// plant makes secrets that applications use, and uses them.
func (c *canaries) plant() {
	c.Must("PATCH", "/policy", housetest.O{"chosen_secrets": true})
	c.NewAPI("invoices", nil, "invoices:read")
	c.secrets["the first administrator"] = c.Admin.Secret
	for i := range 3 {
		app := c.app(fmt.Sprintf("application %d", i))
		path := "/applications/" + app.ID + "/secrets"
		c.keep("generated", i, app.Secret)
		c.use(app)
		// Rotated, viewable and revealed.
		made := c.Must("POST", path, housetest.O{"viewable": true, "description": c.marker})
		c.keep("viewable", i, made.String("secret"))
		if again := c.Must("POST", path+"/"+made.String("id")+"/reveal", nil).String("secret"); again != made.String("secret") {
			c.t.Fatalf("revealed: %s", again)
		}
		c.use(housetest.Client{ID: app.ID, Secret: made.String("secret")})
		next := c.Must("POST", path+"/"+made.String("id")+"/rotate", housetest.O{"activate_on_first_use": true, "old_ends_in": 3600})
		c.keep("successor", i, next.String("secret"))
		c.use(housetest.Client{ID: app.ID, Secret: next.String("secret")})
		c.keep("assertion", i, c.assertion(app.ID, next.String("secret")))
		// Chosen and imported, each with characters that every encoding writes in its own way.
		chosen := fmt.Sprintf("Käse & 100%% + <Wein> : %s", uuid.NewString())
		c.Must("POST", path, housetest.O{"chosen_secret": chosen})
		c.keep("chosen", i, chosen)
		c.use(housetest.Client{ID: app.ID, Secret: chosen})
		imported := fmt.Sprintf("früher/%s?=&", uuid.NewString())
		salt := uuid.New()
		sum := sha256.Sum256(append([]byte(imported), salt[:]...))
		hash := base64.StdEncoding.EncodeToString(append(sum[:], salt[:]...))
		c.Must("POST", path, housetest.O{"hash": "{SSHA256}" + hash})
		c.keep("imported", i, imported)
		c.keep("imported hash", i, hash)
		if i > 0 { // that of the first stays what it is
			c.use(housetest.Client{ID: app.ID, Secret: imported})
		}
		c.handover(path, i)
	}
}

// plantFactors makes what users prove themselves with beside passwords, and uses one.
func (c *canaries) plantFactors() {
	user := "/users/" + c.Must("POST", "/users", housetest.O{"user_name": "canary"}).String("id")
	app := c.Must("POST", user+"/factors", housetest.O{"kind": "totp", "name": c.marker})
	c.keep("app", 0, app.String("secret"))
	codes := c.Must("POST", user+"/recovery-codes", nil)
	for i, code := range codes.JSON["codes"].([]any) {
		c.secrets[fmt.Sprintf("recovery code %d", i)] = code.(string)
	}
	c.Must("POST", user+"/factors/"+codes.String("factor")+"/verify", housetest.O{"code": codes.JSON["codes"].([]any)[0]})
}

func (c *canaries) keep(what string, i int, secret string) {
	c.t.Helper()
	if len(secret) < 24 {
		c.t.Fatalf("%s %d is %q", what, i, secret)
	}
	c.secrets[fmt.Sprintf("%s %d", what, i)] = secret
}

// app makes an application with a secret that strangers cannot lock.
func (c *canaries) app(name string) housetest.Client {
	app := c.NewApp(name, housetest.O{"description": c.marker}, "invoices:read")
	c.Must("PUT", "/applications/"+app.ID+"/lock-policy", housetest.O{"policy": "off"})
	return app
}

// use gets a token, looks into it and revokes it.
func (c *canaries) use(as housetest.Client) {
	c.t.Helper()
	token := c.Token(as)
	if what := fmt.Sprintf("token %d", len(as.Secret)%3); c.secrets[what] == "" { // a few of them will do
		c.secrets[what] = token
	}
	c.Active(as, token)
	if a := c.Form("/oauth2/revoke", as, "token", token); a.Status != http.StatusOK {
		c.t.Fatalf("%d %s", a.Status, a.Text)
	}
	c.must(c.Form("/oauth2/token", housetest.Client{}, "grant_type", "client_credentials", "client_id", as.ID, "client_secret", as.Secret))
}

func (c *canaries) must(a *housetest.Answer) {
	c.t.Helper()
	if a.Status/100 != 2 {
		c.t.Fatalf("%d %s", a.Status, a.Text)
	}
}

// assertion proves a client by a JWT that is signed with its secret, and returns the JWT.
func (c *canaries) assertion(id, secret string) string {
	now := c.Clock.Now().Unix()
	payload, err := json.Marshal(housetest.O{"iss": id, "sub": id, "aud": c.URL, "jti": uuid.NewString(), "iat": now, "exp": now + 60})
	if err != nil {
		c.t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secret)}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		c.t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		c.t.Fatal(err)
	}
	send := func() *housetest.Answer {
		return c.Form("/oauth2/token", housetest.Client{}, "grant_type", "client_credentials",
			"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", text)
	}
	c.must(send())
	c.refused(send()) // a replay
	return text
}

// handover makes a secret that is fetched by a link, and one that is not fetched.
func (c *canaries) handover(path string, i int) {
	for _, fetched := range []bool{true, false} {
		link := c.Must("POST", path, housetest.O{"handover": 3600}).String("handover_url")
		what := fmt.Sprintf("link (fetched: %v)", fetched)
		c.keep(what, i, link[strings.LastIndexByte(link, '/')+1:])
		at := strings.TrimPrefix(link, c.URL)
		c.must(c.Send(c.Request("GET", at, nil)))
		if !fetched {
			continue
		}
		page := c.Send(c.Request("POST", at, nil))
		from := strings.Index(page.Text, "cfs_")
		if from < 0 {
			c.t.Fatalf("no secret behind the link: %d %s", page.Status, page.Text)
		}
		c.keep("handed over", i, page.Text[from:from+53])
		c.refused(c.Send(c.Request("POST", at, nil)))
	}
}

// plantOthers makes secrets that are no application's own.
func (c *canaries) plantOthers() {
	_, id := c.NewEnvironment("acme")
	if id == "" {
		c.t.Fatal("no environment")
	}
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	c.t.Cleanup(receiver.Close)
	app := c.app("with a certificate")
	for i := range 2 {
		secret, err := c.NewWebhook(c.t.Context(), receiver.URL)
		if err != nil {
			c.t.Fatal(err)
		}
		c.keep("webhook", i, secret.Reveal())
		c.keep("webhook's key", i, strings.TrimPrefix(secret.Reveal(), "whsec_"))
		file := c.Must("POST", "/applications/"+app.ID+"/certificates", housetest.O{"generate": true})
		c.secrets[fmt.Sprintf("password of p12 %d", i)] = file.String("password")
		c.keep("p12", i, file.String("pkcs12"))
		pair := c.Must("POST", "/credentials", housetest.O{"name": fmt.Sprintf("pair %d", i), "access": "read-users", "viewable": i == 0})
		c.keep("pair", i, pair.String("secret"))
		c.use(housetest.Client{ID: pair.String("client_id"), Secret: pair.String("secret")})
	}
	global := "Über alle Maßen & sicher " + uuid.NewString()
	c.Must("PUT", "/global-credential/secret", housetest.O{"secret": global})
	c.keep("global", 0, global)
	own := c.Must("POST", "/integration-credentials", housetest.O{"kind": "application", "application": app.ID})
	c.keep("application-specific", 0, own.String("secret"))
	chosen := "Verbindung + " + uuid.NewString()
	c.Must("POST", "/integration-credentials", housetest.O{"kind": "connection", "secret": chosen})
	c.keep("connection", 0, chosen)
	c.plantConnections()
	c.Must("DELETE", "/applications/"+c.app("deleted").ID, nil)
}

// plantConnections plants what a customer entered, and the environment's own secret at a provider.
func (c *canaries) plantConnections() {
	c.t.Helper()
	own, theirs := "Kreuzberg & Söhne "+uuid.NewString(), "Nachtigall + "+uuid.NewString()
	c.Must("POST", "/connect/connectors", housetest.O{"name": "own", "provider": "oauth2-authorization-code", "client_id": "us", "client_secret": own})
	c.keep("connector", 0, own)
	c.Must("POST", "/connect/connectors", housetest.O{"name": "theirs", "provider": "oauth2-client-credentials"})
	entered := housetest.O{"token_url": "https://127.0.0.1:9/token", "client_id": "them", "client_secret": theirs}
	made := c.Must("POST", "/connect/connections", housetest.O{"connector": "theirs", "values": entered, "check": false}, "Idempotency-Key", "canary")
	c.keep("customer's secret", 0, theirs)
	c.refused(c.Call("GET", "/connect/connections/"+made.String("id")+"/token", nil)) // its provider cannot be reached
	c.refused(c.Call("POST", "/connect/connections", housetest.O{"connector": "theirs", "values": entered}))
	session := c.Must("POST", "/connect/sessions", housetest.O{"connectors": []string{"theirs"}})
	c.keep("connect session", 0, session.String("token"))
}

// refused keeps an answer that must not be a success.
func (c *canaries) refused(a *housetest.Answer) {
	c.t.Helper()
	if a.Status/100 == 2 {
		c.t.Fatalf("a success: %d %s", a.Status, a.Text)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintln(&c.problems, a.Status, a.Header, a.Text)
}

// misplace puts a secret wherever it does not belong.
func (c *canaries) misplace(what, secret string) {
	app := c.app("for " + what)
	c.t.Helper()
	raw, form := url.PathEscape(secret), func(as housetest.Client, parameters ...string) {
		c.refused(c.Form("/oauth2/token", as, parameters...))
	}
	grant := []string{"grant_type", "client_credentials"}
	form(housetest.Client{ID: app.ID, Secret: secret}, grant...)
	form(housetest.Client{ID: app.ID, Secret: secret + "x"}, grant...)
	form(housetest.Client{ID: secret, Secret: app.ID}, grant...)
	form(app, "grant_type", secret)
	form(app, append(grant, "scope", secret)...)
	form(app, append(grant, "resource", secret)...)
	form(app, append(grant, secret, "1", secret, "2")...)
	form(housetest.Client{}, append(grant, "client_id", secret, "client_secret", secret)...)
	form(housetest.Client{}, append(grant, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", secret, "client_id", app.ID)...)
	for _, path := range []string{"/oauth2/introspect", "/oauth2/revoke"} {
		c.Form(path, app, "token", secret, "token_type_hint", secret)
		c.refused(c.Form(path, housetest.Client{ID: app.ID, Secret: secret}, "token", secret))
	}
	for _, path := range []string{
		"/oauth2/token?client_id=" + app.ID + "&client_secret=" + url.QueryEscape(secret), "/" + raw, "/" + raw + "/oauth2/token", "/handover/" + raw + "x",
		"/api/v1/applications/" + raw, "/api/v1/applications?cursor=" + url.QueryEscape(secret), "/.well-known/openid-configuration/" + raw,
	} {
		for _, method := range []string{"GET", "POST"} {
			a := c.Send(c.Request(method, path, nil, "Referer", c.URL+"/"+raw, "X-Request-Id", raw, "Cookie", "secret="+raw))
			if a.Status/100 != 2 { // the page of a link is the same for all
				c.refused(a)
			}
		}
	}
	for _, authorization := range []string{"Bearer " + secret, "Basic " + secret, secret} {
		c.refused(c.Send(c.Request("GET", "/api/v1/applications", nil, "Authorization", strings.Map(visible, authorization))))
	}
	c.misplaceInJSON(app, secret)
}

// visible keeps what a header may hold.
func visible(r rune) rune {
	if r < ' ' || r > '~' {
		return '.'
	}
	return r
}

// misplaceInJSON sends a secret in members that are for something else, and as a secret where none is taken.
func (c *canaries) misplaceInJSON(app housetest.Client, secret string) {
	c.t.Helper()
	path := "/applications/" + app.ID
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/applications", housetest.O{"name": secret + "\x00"}},
		{"POST", "/applications", housetest.O{"name": "x", "kind": secret}},
		{"POST", "/applications", housetest.O{"name": "x", "secret": secret}},
		{"POST", path + "/secrets", housetest.O{"chosen_secret": []string{secret}}},
		{"POST", path + "/secrets", housetest.O{"chosen_secret": secret, "expires_at": "2001-01-01T00:00:00Z"}},
		{"POST", path + "/secrets", housetest.O{"chosen_secret": secret, "hash": secret}},
		{"POST", path + "/secrets", housetest.O{"hash": secret}},
		{"POST", path + "/secrets", housetest.O{"expires_at": secret}},
		{"POST", path + "/secrets", housetest.O{"networks": []string{secret}}},
		{"POST", path + "/secrets", housetest.O{"handover": secret}},
		{"POST", path + "/jwt-keys", housetest.O{"jwks": secret}},
		{"POST", path + "/jwt-keys", housetest.O{"jwks": housetest.O{"keys": []housetest.O{{"kty": "oct", "k": secret}}}}},
		{"POST", path + "/jwt-keys", housetest.O{"jwks_uri": secret}},
		{"POST", path + "/certificates", housetest.O{"certificate": secret}},
		{"POST", path + "/certificates", housetest.O{"csr": secret}},
		{"POST", path + "/trusts", housetest.O{"issuer": secret, "subject": "*"}},
		{"PUT", "/global-credential/secret", housetest.O{"secret": housetest.O{"is": secret}}},
		{"PUT", path + "/lock-policy", housetest.O{"policy": secret}},
		{"PATCH", "/policy", housetest.O{"on_leak": secret}},
		{"POST", "/tokens/revoke", housetest.O{"token": secret, "unheard_of": secret}},
	} {
		c.refused(c.Call(call.method, call.path, call.body))
	}
	c.Call("POST", "/tokens/inspect", housetest.O{"token": secret})
	// Names of scopes and of members that there are not are quoted to who sent them, and to nobody else.
	for path, body := range map[string]housetest.O{
		"/applications": {"name": "x", "scopes": []string{secret}}, path + "/secrets": {"scopes": []string{secret}}, "/tokens/inspect": {secret: "x"},
	} {
		housetest.Expect(c.t, c.Call("POST", path, body), http.StatusUnprocessableEntity)
	}
	c.refused(c.Call("POST", "/applications", "not an object: "+secret, "Idempotency-Key", base64.RawURLEncoding.EncodeToString([]byte(secret[:12]))))
}

// panics makes handlers panic with secrets in hand.
func (c *canaries) panics() {
	c.t.Helper()
	link := c.Must("POST", "/applications/"+c.app("panics").ID+"/secrets", housetest.O{"handover": 3600}).String("handover_url")
	c.keep("link of a panic", 0, link[strings.LastIndexByte(link, '/')+1:])
	app := c.app("in a panic")
	c.keep("secret of a panic", 0, app.Secret)
	chosen := "panischer Käse " + uuid.NewString()
	c.keep("chosen in a panic", 0, chosen)
	create := c.CallRequest(c.AdminToken(), "POST", "/api/v1/applications/"+app.ID+"/secrets", housetest.O{"chosen_secret": chosen})
	mend := c.Break()
	defer mend()
	for _, r := range []*http.Request{
		c.FormRequest("/oauth2/token", app, "grant_type", "client_credentials"),
		c.FormRequest("/oauth2/introspect", app, "token", c.secrets["assertion 0"]), create,
		c.Request("POST", strings.TrimPrefix(link, c.URL), nil),
	} {
		a := c.Send(r)
		if a.Status != http.StatusInternalServerError {
			c.t.Fatalf("%s: no panic: %d %s", r.URL, a.Status, a.Text)
		}
		c.refused(a)
	}
}

// places collects all that the house leaves behind and shows. Where a name begins with "plain" the marker must be.
func (c *canaries) places(dsn string) map[string]string {
	c.t.Helper()
	if err := c.Flush(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	places := map[string]string{"the answers that were refusals": c.problems.String(), "/metrics": c.Send(c.Request("GET", "/metrics", nil)).Text}
	ledger := ""
	for after := 0; ; after += 200 {
		a := c.Must("GET", fmt.Sprintf("/ledger/events?limit=200&after=%d", after), nil)
		ledger += a.Text
		if len(a.JSON["items"].([]any)) < 200 {
			break
		}
	}
	places["plain ledger"] = ledger
	lists := ""
	for _, path := range []string{"/applications?limit=200", "/credentials?limit=200", "/integration-credentials", "/global-credential", "/installation/diagnosis", "/policy"} {
		lists += c.Must("GET", path, nil).Text
	}
	for _, id := range c.EveryPage("/applications?limit=200", "client_id") {
		for _, of := range []string{"/secrets", "/certificates", "/refusals"} {
			lists += c.Must("GET", "/applications/"+id+of, nil).Text
		}
	}
	places["plain lists"] = lists
	if db.IsPostgreSQL(dsn) {
		places["plain dump of the database"] = dumped(c.t, dsn)
	} else {
		for file, content := range files(c.t, dsn) {
			places["plain "+file] = content
		}
	}
	c.Stop()
	log := c.Log.String()
	places["log"] = log
	// The fourth happened in a transaction, which made an error of it.
	if n := strings.Count(log, `"msg":"panic"`); n != 3 || !strings.Contains(log, "/oauth2/token") || !strings.Contains(places["/metrics"], "counterfoil_http_panics_total 3") {
		c.t.Errorf("the log and the metrics do not tell of the panics: %d in the log", n)
	}
	return places
}

// files returns the SQLite database as its files are, before and after what is in the log has moved to the database, and
// a copy of it.
func files(t *testing.T, dsn string) map[string]string {
	t.Helper()
	raw, err := sql.Open("sqlite", "file:"+dsn+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	all := map[string]string{}
	read := func(when string, names ...string) {
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all[when] += string(content)
		}
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	read("files of the database", dsn, dsn+"-wal")
	for _, statement := range []string{"PRAGMA wal_checkpoint(FULL)", "VACUUM INTO '" + backup + "'"} {
		if _, err := raw.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	read("file of the database after a checkpoint", dsn)
	read("backup", backup)
	return all
}

// dumped returns every row of a PostgreSQL database as text.
func dumped(t *testing.T, dsn string) string {
	t.Helper()
	raw, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	column := func(query string) (all []string) {
		rows, err := raw.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
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
	var b bytes.Buffer
	for _, table := range column(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`) {
		fmt.Fprintln(&b, table, column(`SELECT t::text FROM "`+table+`" t`))
	}
	return b.String()
}

// found says in which form a secret, or a good part of it, is in a text; empty if it is not.
func found(in, secret string) string {
	parts := []string{secret}
	if half := len(secret) / 2; len(secret) >= 40 { // a part is as good as the whole: the rest can be guessed then
		parts = append(parts, secret[half-16:half+8], secret[len(secret)-24:])
	}
	for _, part := range parts {
		for form, text := range forms(part) {
			if strings.Contains(in, text) {
				return form + " (" + text + ")"
			}
		}
	}
	return ""
}

// forms are the ways in which a text is written.
func forms(text string) map[string]string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	all := map[string]string{
		"plain": text, "hexadecimal": hex.EncodeToString([]byte(text)), "hexadecimal in capitals": strings.ToUpper(hex.EncodeToString([]byte(text))),
		"in a query": url.QueryEscape(text), "in a path": url.PathEscape(text), "in JSON": strings.Trim(string(quoted), `"`), "quoted by Go": strings.Trim(fmt.Sprintf("%q", text), `"`),
		"in ASCII": strings.Trim(fmt.Sprintf("%+q", text), `"`),
	}
	// base64 of a text that has other text around it: by where it begins, less what the neighbours decide.
	for shift := range 3 {
		whole := append(make([]byte, shift), text...)
		whole = whole[:len(whole)/3*3]
		from := (shift*8 + 5) / 6
		all[fmt.Sprintf("base64 at %d", shift)] = base64.StdEncoding.EncodeToString(whole)[from:]
		all[fmt.Sprintf("base64url at %d", shift)] = base64.URLEncoding.EncodeToString(whole)[from:]
	}
	return all
}

// A search that finds nothing must be able to find.
func TestSearchForCanariesFindsThem(t *testing.T) {
	secret := "Käse & 100% + <Wein> : 0b8f4d8e-32b1-4c0a"
	quoted, _ := json.Marshal(housetest.O{"x": secret})
	for name, text := range map[string]string{
		"plain": "a " + secret + " b", "a part": secret[10:], "in Basic": base64.StdEncoding.EncodeToString([]byte("some-id:" + secret + " and more")),
		"in Basic, shifted": base64.StdEncoding.EncodeToString([]byte("some-id::" + secret)), "shifted twice": base64.RawURLEncoding.EncodeToString([]byte("some id:: " + secret)),
		"in a URL": "/x?secret=" + url.QueryEscape(secret), "in JSON": string(quoted), "in bytea": `\x00` + hex.EncodeToString([]byte(secret)),
	} {
		if found(text, secret) == "" {
			t.Errorf("%s: not found", name)
		}
	}
	if form := found("cfs_ and "+time.Now().String(), secret); form != "" {
		t.Errorf("found %s in nothing", form)
	}
}
