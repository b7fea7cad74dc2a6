package connectionapi_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

type O = housetest.O

var (
	expect  = housetest.Expect
	items   = housetest.Items
	members = housetest.Members
)

const (
	clientID  = "warehouse"
	rightOne  = "qV7-lantern-Otter-51"
	acme      = "acme"
	acmesFile = `
display_name: Acme
categories: [test]
docs: https://acme.example/docs
mode: client_credentials
token:
  url: ${base_url}/token
  auth: client_secret_basic
fields:
  - {name: base_url, title: Address, format: uri, example: "https://acme.example"}
  - {name: client_id, title: Client ID}
  - {name: client_secret, title: Client Secret, secret: true}
api:
  base_url: ${base_url}/api
verify:
  path: /me
  warn: [403]
revoke:
  url: ${base_url}/revoke
  auth: client_secret_basic
  params: {token: "${access_token}"}
errors:
  - {code: invalid_client, stage: client_known, among: [auth_method], hint: Client ID and Client Secret do not fit together.}
  - {"on": verify, status: 403, stage: probe, hint: The client has no role.}
`
)

// provider is a system of somebody else.
type provider struct {
	*httptest.Server

	mu      sync.Mutex
	tokens  int  // that were asked for
	off     bool // its token endpoint refuses everybody
	noRole  bool
	deaf    bool // it revokes nothing
	revoked []string
	told    chan string // bodies of messages that it was sent
}

func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// start starts a provider and a house that may call it.
func start(t *testing.T) (*provider, *housetest.House) {
	t.Helper()
	p := &provider{told: make(chan string, 100)}
	mux := http.NewServeMux()
	proven := func(w http.ResponseWriter, r *http.Request) bool {
		id, secret, _ := r.BasicAuth()
		if id != clientID || secret != rightOne || p.off {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, `{"error": "invalid_client", "error_description": "%s is wrong"}`, secret)
			return false
		}
		return true
	}
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if proven(w, r) {
			p.tokens++
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"access_token": "granite-token-%d", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "never-shown"}`, p.tokens)
		}
	})
	mux.HandleFunc("POST /revoke", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.deaf {
			w.WriteHeader(http.StatusInternalServerError)
		} else if proven(w, r) {
			p.revoked = append(p.revoked, r.PostFormValue("token"))
		}
	})
	mux.HandleFunc("POST /hook", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.told <- string(body)
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch {
		case !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer granite-token-"):
			w.WriteHeader(http.StatusUnauthorized)
		case p.noRole:
			w.WriteHeader(http.StatusForbidden)
		default:
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, `{"path": %q, "body": %q}`, r.URL.Path, body)
		}
	})
	p.Server = httptest.NewTLSServer(mux)
	t.Cleanup(p.Close)
	folder := t.TempDir()
	root := filepath.Join(folder, "root.pem")
	providers := filepath.Join(folder, "providers")
	if err := os.Mkdir(providers, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string][]byte{
		root: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw}), filepath.Join(providers, acme+".yaml"): []byte(acmesFile),
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := housetest.StartWith(t, "--egress-allow", p.Listener.Addr().String(), "--egress-root", root, "--connect-providers", providers)
	return p, h
}

// entered are values for the provider.
func (p *provider) entered(secret string) O {
	return O{"base_url": p.URL, "client_id": clientID, "client_secret": secret}
}

// connect makes a connector and a connection that works.
func (p *provider) connect(h *housetest.House, more O) string {
	h.T.Helper()
	if h.Call("GET", "/connect/connectors/"+acme, nil).Status != http.StatusOK {
		h.Must("POST", "/connect/connectors", O{"provider": acme})
	}
	body := O{"connector": acme, "values": p.entered(rightOne)}
	for name, value := range more {
		body[name] = value
	}
	return h.Must("POST", "/connect/connections", body).String("id")
}
