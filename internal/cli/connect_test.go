package cli_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// elsewhere is somebody else's system, with a house that may call it.
func elsewhere(t *testing.T) (address string, h *housetest.House) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		if _, secret, _ := r.BasicAuth(); secret != "lantern-Otter-51" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error": "invalid_client"}`))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token": "granite-token", "token_type": "Bearer", "expires_in": 3600}`))
	})
	mux.HandleFunc("POST /api/users", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer granite-token" || r.URL.RawQuery != "dry=1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("made\n"))
	})
	s := httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	root := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s.URL, housetest.StartWith(t, "--egress-allow", s.Listener.Addr().String(), "--egress-root", root)
}

const plainOAuth = "oauth2-client-credentials"

func TestOtherPeoplesSystemsFromTheCommandLine(t *testing.T) {
	address, h := elsewhere(t)
	d := at(t, h)
	if out := d.must("connect", "provider", "list"); !strings.Contains(out, plainOAuth) {
		t.Error(out)
	}
	if out := d.must("connect", "provider", "show", plainOAuth); !strings.Contains(out, "client_secret") || !strings.Contains(out, "a secret") {
		t.Error(out)
	}
	try := []string{"connect", "provider", "test", plainOAuth, "--set", "token_url=" + address + "/token", "--set", "client_id=warehouse"}
	d.stdin = "wrong\n"
	d.fails(5, "does not work", try...)
	d.stdin = "lantern-Otter-51\n"
	if out := d.must(try...); !strings.Contains(out, "token_endpoint") || strings.Contains(out, "failed") {
		t.Error(out)
	}
	d.fails(2, "standard input", append(try, "--set", "client_secret=x")...)
	if link := d.must("connect", "link", plainOAuth, "--end-user", "4711", "--tag", "plan=gold", "--expires", "1h"); !strings.Contains(link, h.URL+"/connect/enter/") {
		t.Error(link)
	}
	if out := d.must("connect", "connector", "list"); !strings.Contains(out, plainOAuth) {
		t.Error(out)
	}
	d.must("connect", "connector", "edit", plainOAuth, "--title", "Warehouse")
	d.must("connect", "connector", "create", plainOAuth, "--name", "spare")
	d.must("connect", "connector", "delete", "spare", "--yes")
	d.fails(3, "connector", "connect", "connector", "show", "spare")
	enter := []string{"connect", "create", plainOAuth, "--set", "token_url=" + address + "/token", "--set", "client_id=warehouse", "--set", "base_url=" + address + "/api", "--tag", "plan=iron", "-o", "json"}
	d.stdin = "wrong\n"
	d.fails(5, "nothing is kept", enter...)
	if out := d.must("connect", "list"); strings.Contains(out, plainOAuth) {
		t.Error(out)
	}
	untried := d.must(append(enter, "--no-check")...)
	d.must("connect", "delete", decode[struct{ ID string }](t, untried).ID, "--yes")
	d.stdin = "lantern-Otter-51\n"
	made := d.must(enter...)
	if strings.Contains(made, "lantern") || !strings.Contains(made, "iron") {
		t.Error(made)
	}
	id := decode[struct{ ID string }](t, made).ID
	if out := d.must("connect", "list", "--connector", plainOAuth); !strings.Contains(out, id) || !strings.Contains(out, "healthy") {
		t.Error(out)
	}
	if out := d.must("connect", "show", id); !strings.Contains(out, "client_id=warehouse") || strings.Contains(out, "lantern") {
		t.Error(out)
	}
	if out := d.must("connect", "token", id); out != "granite-token\n" {
		t.Errorf("%q", out)
	}
	d.must("connect", "test", id)
	d.must("connect", "refresh", id)
	if out := d.must("connect", "proxy", id, "post", "/users?dry=1", "--data", `{"name": "ann"}`); out != "made\n" {
		t.Errorf("%q", out)
	}
	d.fails(1, "401", "connect", "proxy", id, "POST", "/users")
	d.must("connect", "edit", id, "--organization", "acme", "--end-user", "4711", "--tag", "plan=gold")
	if out := d.must("connect", "edit", id, "--name", "Warehouse", "--email", "ada@example.com"); !strings.Contains(out, "Warehouse") || !strings.Contains(out, "4711 ada@example.com") ||
		!strings.Contains(out, "acme") || !strings.Contains(out, "plan=gold") {
		t.Error(out)
	}
	d.must("connect", "disable", id)
	d.fails(5, "disabled", "connect", "token", id)
	d.must("connect", "enable", id)
	d.must("connect", "provider", "stop", plainOAuth)
	d.fails(5, "stopped", "connect", "token", id)
	d.must("connect", "provider", "resume", plainOAuth)
	d.must("connect", "link", "--reconnect", id)
	d.must("connect", "delete", id, "--yes")
	d.fails(3, "connection", "connect", "show", id)
}
