package connectapi_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/connectapi"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// issuer is where the pages stand: under a path, with TLS.
const (
	issuer = "https://id.example/staging"
	own    = "/staging/connect"
)

// client and secret are what fits.
const (
	client = "3b1ae7f4-95c2-4c1d-8f0e-6a2d9c41b7e5"
	tenant = "7c2f9d10-0b6e-4e0a-9a3f-52d1c8e4a6b9"
	secret = "s3cret-Canary.of~the_customer"
)

// far is a provider: it knows one secret, and says what it says of others.
type far struct {
	mu     sync.Mutex
	calls  int
	hint   string
	warns  bool
	state  string
	during func() // while it is asked
}

func (f *far) Check(_ context.Context, c exchange.Credential) exchange.Report {
	f.mu.Lock()
	f.calls++
	during := f.during
	f.mu.Unlock()
	if during != nil {
		during()
	}
	var r exchange.Report
	fits := c.Secrets["client_secret"].Reveal() == secret
	for _, stage := range provider.Stages() {
		s := exchange.Step{Stage: stage, State: "ok"}
		switch {
		case !fits && stage == provider.ClientKnown:
			s = exchange.Step{Stage: stage, State: "failed", Among: []provider.Stage{provider.AuthMethod}, Hint: f.hint}
		case r.Failed() != nil:
			s.State = "skipped"
		case f.warns && stage == provider.Probe:
			s.State, s.Hint = "warning", f.hint
			r.Warning = f.hint
		}
		r.Steps = append(r.Steps, s)
	}
	if fits {
		r.Token = &connect.Token{Access: seal.NewSecret("access-canary"), Type: "Bearer", FetchedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
	}
	return r
}

func (f *far) AuthorizeURL(_ exchange.Credential, state, challenge string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = state
	return "https://far.example/authorize?" + url.Values{"state": {state}, "code_challenge": {challenge}}.Encode(), nil
}

func (f *far) Redeem(_ context.Context, _ exchange.Credential, code, _ string) (*connect.Token, error) {
	if code != "good" {
		return nil, &exchange.Failure{Stage: provider.TokenEndpoint, Hint: "raw-body-canary", Status: 400}
	}
	return &connect.Token{Access: seal.NewSecret("access-canary"), Refresh: seal.NewSecret("refresh-canary"), FetchedAt: time.Now()}, nil
}

func (f *far) Try(_ context.Context, _ exchange.Credential, t *connect.Token) exchange.Report {
	return exchange.Report{Token: t, Steps: []exchange.Step{{Stage: provider.Probe, State: "ok"}}}
}

// agreeable is a provider that people are sent to.
const agreeable = `
display_name: Agreeable
categories: [generic]
docs: https://docs.example
mode: authorization_code
authorize:
  url: https://far.example/authorize
token:
  url: https://far.example/token
  auth: client_secret_basic
api:
  base_url: https://far.example
fields:
  - {name: account, title: Account, optional: true}
`

// site is the door on one database.
type site struct {
	*roomtest.Rooms
	Connect *connect.Authority
	Far     *far
	Place   *register.Environment
	handler http.Handler
	log     *bytes.Buffer
	sink    *web.Log
}

func each(t *testing.T, test func(s *site)) {
	t.Helper()
	roomtest.Each(t, func(r *roomtest.Rooms) { test(start(r)) })
}

func start(r *roomtest.Rooms) *site {
	r.Helper()
	folder := r.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "agree.yaml"), []byte(agreeable), 0o600); err != nil {
		r.Fatal(err)
	}
	catalogue, err := provider.Open(folder)
	if err != nil {
		r.Fatal(err)
	}
	s := &site{
		Rooms: r, Connect: &connect.Authority{Vault: r.Vault, Catalogue: catalogue}, Far: &far{hint: "Check the client."},
		Place: &register.Environment{Environment: *r.Home, Issuer: issuer}, log: &bytes.Buffer{},
	}
	s.sink = web.OpenLog(s.log, slog.LevelDebug)
	w := web.NewSite(web.Options{Log: s.sink, Metrics: web.NewMetrics()})
	mux := w.Mux()
	(&connectapi.Door{
		DB: r.DB, Place: func(id uuid.UUID) *register.Environment {
			if id == r.Home.ID {
				return s.Place
			}
			return nil
		},
		Flow: &session.Flow{DB: r.DB, Sessions: &session.Authority{Connect: s.Connect}, Exchange: s.Far},
	}).Routes(mux)
	s.handler = w.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Of(w).Environment = &register.Environment{Issuer: "https://id.example"} // another one, as in the installation
		if path, inside := strings.CutPrefix(r.URL.Path, "/staging"); inside {
			web.Of(w).Environment, r.URL.Path = s.Place, path
		}
		mux.ServeHTTP(w, r)
	}))
	return s
}

// logged returns what the log says in the end.
func (s *site) logged() string {
	s.Helper()
	if err := s.sink.Close(); err != nil {
		s.Fatal(err)
	}
	return s.log.String()
}

// agreeable adds a connector of the provider that people are sent to.
func (s *site) agreeable() {
	s.Helper()
	s.Write(func(tx *db.Tx) error {
		_, err := s.Connect.CreateConnector(tx, &s.Operator, connect.ConnectorSpec{
			Provider: "agree", Settings: connect.Settings{ClientID: "ours"}, Secret: seal.NewSecret("client-canary"),
		})
		return err
	})
}

func (s *site) connector(provider, name string, settings connect.Settings) {
	s.Helper()
	s.Write(func(tx *db.Tx) error {
		_, err := s.Connect.CreateConnector(tx, &s.Operator, connect.ConnectorSpec{Provider: provider, Name: name, Settings: settings})
		return err
	})
}

// session makes one for the connector called name and returns its token.
func (s *site) session(spec session.Spec) (id uuid.UUID, token string) {
	s.Helper()
	s.Write(func(tx *db.Tx) error {
		made, secret, err := (&session.Authority{Connect: s.Connect}).Create(tx, &s.Operator, spec)
		if err != nil {
			return err
		}
		id, token = made.ID, secret.Reveal()
		return nil
	})
	return id, token
}

// connections returns what was stored.
func (s *site) connections() (all []*connect.Connection) {
	s.Helper()
	s.Write(func(tx *db.Tx) (err error) {
		all, err = connect.List(tx, &s.Operator, connect.Filter{Limit: 100})
		return err
	})
	return all
}

// browser is somebody with a jar of cookies.
type browser struct {
	*site
	cookies map[string]*http.Cookie
	// framed browsers are in a frame of another site and are given no cookies.
	framed bool
	site_  string
}

func (s *site) browser() *browser {
	return &browser{site: s, cookies: map[string]*http.Cookie{}, site_: "same-origin"}
}

type answer struct {
	*http.Response
	Text string
}

func (b *browser) send(method, path string, form url.Values, headers ...string) *answer {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", b.site_)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for _, c := range b.cookies {
		if strings.HasPrefix(r.URL.Path, c.Path) {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	a := w.Result()
	for _, c := range a.Cookies() {
		if !b.framed {
			b.cookies[c.Name+c.Path] = c
		}
	}
	text, err := io.ReadAll(a.Body)
	if err != nil {
		b.Fatal(err)
	}
	return &answer{a, string(text)}
}

func (b *browser) get(path string, headers ...string) *answer {
	b.Helper()
	return b.send(http.MethodGet, path, nil, headers...)
}

func (b *browser) post(path string, fields ...string) *answer {
	b.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.send(http.MethodPost, path, form)
}

// enter opens a link and returns the path of its session.
func (b *browser) enter(id uuid.UUID, token string) string {
	b.Helper()
	at := own + "/enter/" + id.String()
	if a := b.post(at, "token", token); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != at+"/form" {
		b.Fatalf("%d %s %s", a.StatusCode, a.Header.Get("Location"), a.Text)
	}
	return at
}

// filled are fields with that secret.
func filled(connector, secret string, more ...string) []string {
	return append([]string{"connector", connector, "f.client_id", client, "f.client_secret", secret, "f.environment_id", tenant, "f.tld", "eu"}, more...)
}

var headings = regexp.MustCompile(`<h1 tabindex="-1">([^<]*)</h1>`)

// wants fails the test unless an answer has that status, that heading and the texts.
func (a *answer) wants(t *testing.T, what string, status int, heading string, texts ...string) {
	t.Helper()
	found := headings.FindStringSubmatch(a.Text)
	if a.StatusCode != status || len(found) != 2 || found[1] != heading {
		t.Fatalf("%s: %d %q, want %d %q: %s", what, a.StatusCode, found, status, heading, a.Text)
	}
	for _, text := range texts {
		if !strings.Contains(a.Text, text) {
			t.Errorf("%s lacks %q: %s", what, text, a.Text)
		}
	}
}
