package server_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/server"
)

// answered is a response without what differs between any two.
func answered(t *testing.T, handler http.Handler, r *http.Request) string {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s %s: %v %s", r.Method, r.URL, err, w.Body)
	}
	delete(body, "request_id")
	w.Header().Del("X-Request-Id")
	text, err := json.Marshal([]any{w.Code, w.Header(), body})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func request(method, path string, as housetest.Client, bearer string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader("grant_type=client_credentials"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if as.ID != "" {
		r.SetBasicAuth(as.ID, as.Secret)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	return r
}

// TestOnlyWhoProvesItselfHearsWhereAnEnvironmentLives: the right credential or token is told; to all others the
// environment looks like one that is not there.
func TestOnlyWhoProvesItselfHearsWhereAnEnvironmentLives(t *testing.T) {
	dsn, rootKey := dbtest.SQLiteDSN(t), filepath.Join(t.TempDir(), "root.key")
	h := housetest.StartOn(t, dsn, rootKey, &housetest.Clock{}, nil)
	if a := h.Call("POST", "/environments", housetest.O{"name": "x", "region": "XX"}); a.Status != 422 {
		t.Errorf("an unknown region: %d %s", a.Status, a.Text)
	}
	made := h.Must("POST", "/environments", housetest.O{"name": "Europe", "slug": "europe", "region": "EU"})
	if made.String("region") != "EU" {
		t.Error(made.Text)
	}
	admin := housetest.Client{ID: made.Object("admin").String("client_id"), Secret: made.Object("admin").String("client_secret")}
	token := h.Elsewhere("/europe", admin).AdminToken()
	h.Stop()

	start := func(region string) *server.House {
		config := housetest.Config(t, dsn, rootKey, h.URL)
		config.Region = region
		log := server.NewLog(config, io.Discard)
		house, err := server.Build(context.Background(), config, server.Parts{Log: log})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = log.Close() })
		return house
	}
	there := start("EU")
	if got := answered(t, there.Handler(), request("POST", "/europe/oauth2/token", admin, "")); !strings.Contains(got, "access_token") {
		t.Errorf("at home: %s", got)
	}
	if err := there.Close(); err != nil {
		t.Fatal(err)
	}
	elsewhere := start("NA")
	defer func() { _ = elsewhere.Close() }()
	away := elsewhere.Handler()
	if got := answered(t, away, request("POST", "/europe/oauth2/token", admin, "")); !strings.Contains(got, "[400,") || !strings.Contains(got, "ends in eu.") {
		t.Errorf("the right credential hears %s", got)
	}
	if got := answered(t, away, request("GET", "/europe/api/v1/keys", housetest.Client{}, token)); !strings.Contains(got, "[421,") || !strings.Contains(got, "ends in eu") {
		t.Errorf("the right token hears %s", got)
	}
	if got := answered(t, away, request("GET", "/europe/api/v1/keys", admin, "")); !strings.Contains(got, "[421,") {
		t.Errorf("the right secret at the management API hears %s", got)
	}
	for _, path := range []string{"/europe/services/users", "/europe/scim/v2/Users"} {
		for _, r := range []*http.Request{request("GET", path, admin, ""), request("GET", path, housetest.Client{}, token)} {
			if got := answered(t, away, r); !strings.Contains(got, "[421,") {
				t.Errorf("whoever is right at %s hears %s", path, got)
			}
		}
	}
	if got := answered(t, away, request("POST", "/oauth2/token", h.Admin, "")); !strings.Contains(got, "access_token") {
		t.Errorf("an environment without a region: %s", got)
	}
	wrong := housetest.Client{ID: admin.ID, Secret: h.Admin.Secret}
	for _, r := range []struct {
		method, path, bearer string
		as                   housetest.Client
	}{
		{"POST", "/oauth2/token", "", wrong}, {"POST", "/oauth2/token", "", housetest.Client{}}, {"POST", "/oauth2/token", "", h.Admin},
		{"POST", "/oauth2/introspect", "rubbish", housetest.Client{}}, {"POST", "/oauth2/revoke", "", wrong}, {"GET", "/oauth2/token", "", admin},
		{"GET", "/oauth2/jwks", "", housetest.Client{}}, {"GET", "/.well-known/openid-configuration", "", housetest.Client{}},
		{"GET", "/api/v1/keys", "", housetest.Client{}}, {"GET", "/api/v1/keys", "rubbish", housetest.Client{}}, {"GET", "/api/v1/keys", "", wrong}, {"GET", "/api/v1/nothing", token, housetest.Client{}},
		// A façade's program knows of no other region: its path is there in none but the right one, whoever asks.
		{"POST", "/as/token", "", admin}, {"POST", "/as/token", "", wrong},
		{"GET", "/services/users", "", wrong}, {"GET", "/services/users", "rubbish", housetest.Client{}}, {"POST", "/session", "", admin},
		{"DELETE", "/api/v1/keys", token, housetest.Client{}}, {"GET", "/", "", housetest.Client{}}, {"GET", "/healthz", "", housetest.Client{}},
	} {
		here := answered(t, away, request(r.method, "/europe"+r.path, r.as, r.bearer))
		missing := answered(t, away, request(r.method, "/nowhere"+r.path, r.as, r.bearer))
		if here != missing || !strings.Contains(missing, "[404,") {
			t.Errorf("%s %s: a stranger hears %s, and of what is missing %s", r.method, r.path, here, missing)
		}
	}
	a := answered(t, away, request("GET", "/.well-known/oauth-authorization-server/europe", housetest.Client{}, ""))
	b := answered(t, away, request("GET", "/.well-known/oauth-authorization-server/nowhere", housetest.Client{}, ""))
	if a != b {
		t.Errorf("metadata: %s, of what is missing %s", a, b)
	}
}
