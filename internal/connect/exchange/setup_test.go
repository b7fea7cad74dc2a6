package exchange_test

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/seal"
)

var now = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

const secret = "s3cr3t/Kanarienvogel+7"

// far is a provider: it remembers what it was asked and answers as a test says.
type far struct {
	*httptest.Server
	connections atomic.Int64

	mu    sync.Mutex
	seen  []seen
	reply func(w http.ResponseWriter, r *http.Request, s seen)
}

// seen is a request.
type seen struct {
	method, path, query string
	header              http.Header
	body                string
	form                url.Values
}

func provide(t *testing.T, reply func(w http.ResponseWriter, r *http.Request, s seen)) *far {
	t.Helper()
	f := &far{reply: reply}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			f.connections.Add(1)
		}
	}
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

func (f *far) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s := seen{method: r.Method, path: r.URL.Path, query: r.URL.RawQuery, header: r.Header, body: string(body)}
	s.form, _ = url.ParseQuery(s.body)
	f.mu.Lock()
	f.seen = append(f.seen, s)
	f.mu.Unlock()
	f.reply(w, r, s)
}

// last returns the last request and how many there were.
func (f *far) last(t *testing.T) seen {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) == 0 {
		t.Fatal("nothing was asked")
	}
	return f.seen[len(f.seen)-1]
}

func (f *far) exchange(t *testing.T, allow ...string) *exchange.Exchange {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(f.Certificate())
	out, err := egress.New(egress.Options{Allow: allow, RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return &exchange.Exchange{Egress: out, Now: func() time.Time { return now }, RedirectURL: "https://here.example/connect/callback"}
}

// open may call the provider.
func (f *far) open(t *testing.T) *exchange.Exchange { return f.exchange(t, f.Listener.Addr().String()) }

// fields are those that the providers of these tests have.
const fields = `
fields:
  - {name: base_url, title: Base, format: uri}
  - {name: client_id, title: ID, optional: true}
  - {name: client_secret, title: Secret, secret: true, optional: true}
  - {name: scope, title: Scope, optional: true}
  - {name: private_key, title: Key, secret: true, optional: true, multiline: true}
  - {name: key_id, title: Key ID, optional: true}
  - {name: client_certificate, title: Certificate, secret: true, optional: true, multiline: true}
  - {name: client_key, title: Its key, secret: true, optional: true, multiline: true}
  - {name: username, title: Name, optional: true}
  - {name: password, title: Password, secret: true, optional: true}
`

var opened = sync.OnceValues(func() (*provider.Catalogue, error) { return provider.Open("") })

func parse(t testing.TB, text string) *provider.Provider {
	t.Helper()
	catalogue, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	p, err := catalogue.Parse("example", []byte("display_name: Example\ndocs: https://docs.example\n"+text+fields))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return p
}

// credential is what was entered for the provider that text describes; more are pairs of field and value.
func (f *far) credential(t testing.TB, text string, more ...string) exchange.Credential {
	t.Helper()
	c := exchange.Credential{Provider: parse(t, text)}
	c.Values = map[string]string{"base_url": f.URL, "client_id": "our-client"}
	c.Secrets = map[string]seal.Secret{"client_secret": seal.NewSecret(secret)}
	for i := 0; i < len(more); i += 2 {
		if field := c.Provider.Field(more[i]); field.Secret {
			c.Secrets[more[i]] = seal.NewSecret(more[i+1])
		} else {
			c.Values[more[i]] = more[i+1]
		}
	}
	return c
}

const plain = `
mode: client_credentials
token: {url: "${base_url}/token", auth: client_secret_basic}
`

// says answers with JSON.
func answers(status int, body string) func(http.ResponseWriter, *http.Request, seen) {
	return func(w http.ResponseWriter, _ *http.Request, _ seen) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const good = `{"access_token":"at-1","token_type":"Bearer","expires_in":3600}`

// fetched is Fetch that must work.
func fetched(t *testing.T, x *exchange.Exchange, c exchange.Credential, former *connect.Token) *connect.Token {
	t.Helper()
	token, err := x.Fetch(t.Context(), c, former)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&o); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return o
}
