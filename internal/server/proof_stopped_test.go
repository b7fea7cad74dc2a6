package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// cluster starts a PostgreSQL of the test's own and returns the address of its only database, and what stops it.
func cluster(t *testing.T) (dsn string, stop func()) {
	t.Helper()
	script := filepath.Join("..", "..", "test", "postgres.sh")
	said, err := exec.Command(script, "start").Output()
	if err != nil {
		t.Fatalf("%s start: %v", script, err)
	}
	found := regexp.MustCompile(`POSTGRES='([^']+)' COUNTERFOIL_TEST_POSTGRES_FOLDER='([^']+)'`).FindSubmatch(said)
	if found == nil {
		t.Fatalf("%s said %q", script, said)
	}
	stop = func() {
		ending := exec.Command(script, "stop")
		ending.Env = append(os.Environ(), "COUNTERFOIL_TEST_POSTGRES_FOLDER="+string(found[2]))
		if out, err := ending.CombinedOutput(); err != nil {
			t.Errorf("%s stop: %v: %s", script, err, out)
		}
	}
	t.Cleanup(stop)
	return string(found[1]), stop
}

// TestTokenPathTouchesNoDatabaseThatIsStopped is [TestTokenPathTouchesNoDatabase] once more, with PostgreSQL stopped
// and the clock an hour later: an API that serves answers every request as before, one that refuses says so.
func TestTokenPathTouchesNoDatabaseThatIsStopped(t *testing.T) {
	dsn, stop := cluster(t)
	h := housetest.StartOn(t, dsn, filepath.Join(t.TempDir(), "root.key"), &housetest.Clock{}, nil)
	day := 24 * 60 * 60
	serve := newStand(h, "serve", housetest.O{"on_stale": "serve", "token_lifetime": day})
	refuse := newStand(h, "refuse", housetest.O{"on_stale": "refuse", "token_lifetime": day})
	tokens := map[string]string{}
	for _, format := range formats {
		tokens["serve:"+format] = h.Token(serve.client, "scope", "serve:"+format)
		tokens["refuse:"+format] = h.Token(refuse.client, "scope", "refuse:"+format)
	}
	stop()
	h.Clock.Move(time.Hour)
	before := h.Statements()
	for _, format := range formats {
		scope := "serve:" + format
		repeat(t, proofRequests, 16, func() error { return serve.issue(scope) })
		repeat(t, proofRequests, 16, func() error { return serve.introspect(tokens[scope]) })
		scope = "refuse:" + format
		for range 100 {
			unavailable(t, "a token of "+scope, h.Form("/oauth2/token", refuse.client, "grant_type", "client_credentials", "scope", scope))
			unavailable(t, "introspection of "+scope, h.Introspect(refuse.gateway, tokens[scope]))
		}
	}
	repeat(t, proofRequests, 500, serve.refuse)
	if ran := h.Statements() - before; ran != 0 {
		t.Errorf("%d statements, want none", ran)
	}
}
