package cli_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/cli"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// desk runs commands against one server.
type desk struct {
	t     *testing.T
	vars  map[string]string
	stdin string
	asks  bool
}

func newDesk(t *testing.T) *desk {
	return &desk{t: t, vars: map[string]string{"XDG_CONFIG_HOME": t.TempDir()}}
}

// at is a desk whose commands speak to h as its administrator.
func at(t *testing.T, h *housetest.House) *desk {
	d := newDesk(t)
	d.vars["COUNTERFOIL_URL"], d.vars["COUNTERFOIL_CLIENT_ID"], d.vars["COUNTERFOIL_CLIENT_SECRET"] = h.URL, h.Admin.ID, h.Admin.Secret
	return d
}

type result struct {
	code     int
	out, err string
}

func (d *desk) run(args ...string) result {
	d.t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(d.t.Context(), cli.Surroundings{
		In: strings.NewReader(d.stdin), Out: &out, Err: &errs, Asks: d.asks, Now: time.Now,
		Getenv: func(key string) string { return d.vars[key] },
	}, args)
	return result{code, out.String(), errs.String()}
}

// must runs a command that has to succeed and returns what it printed.
func (d *desk) must(args ...string) string {
	d.t.Helper()
	r := d.run(args...)
	if r.code != 0 {
		d.t.Fatalf("%s: exit %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r.out
}

// fails runs a command that has to fail with a code and say a word.
func (d *desk) fails(code int, word string, args ...string) {
	d.t.Helper()
	r := d.run(args...)
	if r.code != code || !strings.Contains(r.err, word) {
		d.t.Errorf("%s: exit %d, want %d with %q\n%s%s", strings.Join(args, " "), r.code, code, word, r.out, r.err)
	}
}

// env reads KEY=value lines.
func env(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[key] = value
	}
	return values
}

func decode[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func (d *desk) invoices() {
	d.t.Helper()
	d.must("api", "create", "invoices", "--audience", "https://invoices.example", "--scope", "invoices:read=Read invoices", "--scope", "invoices:write")
}

func TestTheMainJobFromTheCommandLine(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.invoices()
	file := filepath.Join(t.TempDir(), ".env")
	text := d.must("app", "create", "billing", "--scope", "invoices:read", "-o", "env")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	values := env(text)
	if values["ISSUER"] == "" || values["TOKEN_URL"] != values["ISSUER"]+"/oauth2/token" || !strings.HasPrefix(values["CLIENT_SECRET"], "cfs_") {
		t.Fatalf("got %v", values)
	}
	token := strings.TrimSpace(d.must("token", "get", "--env-file", file))
	answer := decode[map[string]any](t, d.must("token", "get", "--env-file", file, "-o", "json"))
	if answer["scope"] != "invoices:read" || answer["token_type"] != "Bearer" {
		t.Errorf("got %v", answer)
	}

	type inspection struct {
		Active bool
		Reason string
		Claims map[string]any
	}
	before := decode[inspection](t, d.must("token", "inspect", token, "-o", "json"))
	if !before.Active || before.Claims["client_id"] != values["CLIENT_ID"] {
		t.Errorf("got %+v", before)
	}
	d.must("app", "disable", "billing")
	after := decode[inspection](t, d.must("token", "inspect", token, "-o", "json"))
	if after.Active || after.Reason == "active" {
		t.Errorf("after disabling: %+v", after)
	}
	d.fails(4, "invalid_client", "token", "get", "--env-file", file)

	d.must("app", "enable", "billing")
	d.must("token", "get", "--env-file", file)
	d.must("app", "delete", values["CLIENT_ID"])
	d.fails(4, "invalid_client", "token", "get", "--env-file", file)
	d.fails(3, "billing", "app", "show", "billing")
}

func TestSecretsAreAddedListedAndDeleted(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.invoices()
	type secret struct {
		ID, Hint, Secret, Description string
		Scopes                        []string
	}
	type app struct {
		ClientID string `json:"client_id"`
		Secret   *secret
	}
	bare := decode[app](t, d.must("app", "create", "bare", "--no-secret", "--scope", "invoices:read", "-o", "json"))
	if bare.Secret != nil {
		t.Errorf("got %+v", bare)
	}
	made := decode[secret](t, d.must("app", "secret", "add", "bare", "--description", "ci", "--expires", "90d", "--scope", "invoices:read", "-o", "json"))
	if !strings.HasPrefix(made.Secret, made.Hint) || made.Hint == "" || made.Description != "ci" || strings.Join(made.Scopes, " ") != "openid invoices:read" {
		t.Errorf("got %+v", made)
	}
	for _, noun := range [][]string{{"app", "secret"}, {"secret"}} {
		listed := decode[struct{ Items []secret }](t, d.must(append(noun, "list", bare.ClientID, "-o", "json")...))
		if len(listed.Items) != 1 || listed.Items[0].ID != made.ID || listed.Items[0].Secret != "" {
			t.Errorf("got %+v", listed)
		}
	}
	if shown := d.must("app", "secret", "disable", "bare", made.ID); !strings.Contains(shown, "disabled") {
		t.Errorf("got %s", shown)
	}
	d.must("app", "secret", "enable", "bare", made.ID)
	d.fails(5, "last credential", "secret", "delete", "bare", made.ID)
	d.must("secret", "delete", "bare", made.ID, "--force")
	d.fails(3, "", "app", "secret", "show", "bare", made.ID)
}

func TestEditingChangesScopesAndNothingElse(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.invoices()
	d.must("app", "create", "billing", "--scope", "invoices:read", "--description", "bills", "--no-secret")
	type app struct {
		Name, Description string
		Scopes            []string
	}
	got := decode[app](t, d.must("app", "edit", "billing", "--add-scope", "invoices:write", "-o", "json"))
	slices.Sort(got.Scopes)
	if strings.Join(got.Scopes, " ") != "invoices:read invoices:write" || got.Description != "bills" {
		t.Errorf("got %+v", got)
	}
	got = decode[app](t, d.must("app", "edit", "billing", "--remove-scope", "invoices:read", "--description", "", "-o", "json"))
	if strings.Join(got.Scopes, " ") != "invoices:write" || got.Description != "" || got.Name != "billing" {
		t.Errorf("got %+v", got)
	}
	if shown := d.must("api", "edit", "invoices", "--audience", "https://bills.example"); !strings.Contains(shown, "https://bills.example") {
		t.Error(shown)
	}
	d.must("api", "edit", "invoices", "--audience", "https://invoices.example")
	if shown := d.must("api", "edit", "invoices", "--add-scope", "invoices:void=Void invoices"); !strings.Contains(shown, "Read invoices") || !strings.Contains(shown, "invoices:void") {
		t.Errorf("got %s", shown)
	}
}

func TestExitCodesSayWhatHappened(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	d.invoices()
	d.fails(2, "unknown command", "nonsense")
	d.fails(2, "unknown command", "app", "nonsense")
	d.fails(2, "unknown flag", "app", "list", "--nonsense")
	d.fails(2, "accepts 1 arg", "app", "show")
	d.fails(2, "required flag", "api", "create", "x")
	d.fails(2, "knows -o", "app", "list", "-o", "env")
	d.fails(2, "knows -o", "app", "list", "-o", "yaml")
	d.fails(2, "--expires", "app", "create", "x", "--expires", "soon")
	d.fails(3, "no application", "app", "show", "nobody")
	d.fails(3, "", "app", "show", "00000000-0000-4000-8000-000000000000")
	d.fails(5, "", "api", "create", "invoices", "--audience", "https://other.example")

	d.vars["COUNTERFOIL_CLIENT_SECRET"] = "cfs_wrong"
	d.fails(4, "invalid_client", "app", "list")
	delete(d.vars, "COUNTERFOIL_CLIENT_SECRET")
	d.fails(2, "COUNTERFOIL_CLIENT_SECRET", "app", "list")
	d.vars = map[string]string{"XDG_CONFIG_HOME": t.TempDir()}
	d.fails(2, "no server is chosen", "app", "list")
	if r := d.run("help", "exit-codes"); r.code != 0 || !strings.Contains(r.out, "verification failed") {
		t.Errorf("got %+v", r)
	}
}

func TestServerThatIsAwayIsUnavailable(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	d := newDesk(t)
	d.vars["COUNTERFOIL_URL"], d.vars["COUNTERFOIL_CLIENT_ID"], d.vars["COUNTERFOIL_CLIENT_SECRET"] = gone.URL, "a", "b"
	d.fails(6, "refused", "app", "list")

	// What a JWT says of itself can be shown all the same.
	const jwt = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJhcHAiLCJleHAiOjE3MDAwMDAwMDB9.c2ln"
	r := d.run("token", "inspect", jwt)
	if r.code != 6 || !strings.Contains(r.out, "unknown") || !strings.Contains(r.out, "2023-11-14") || !strings.Contains(r.out, "nothing here is checked") {
		t.Errorf("got %+v", r)
	}
	d.stdin = jwt + "\n"
	if r = d.run("token", "inspect", "-", "-o", "json"); r.code != 6 || !strings.Contains(r.out, `"active": null`) {
		t.Errorf("got %+v", r)
	}
	r = d.run("doctor")
	if r.code != 1 || !strings.Contains(r.out, "counterfoil serve") {
		t.Errorf("got %+v", r)
	}
}

func TestNamesCannotPlayWithTheTerminal(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.must("app", "create", "plain", "--no-secret", "--description", "red \x1b[31m\u202etxt")
	for _, args := range [][]string{{"app", "list"}, {"app", "show", "plain"}} {
		if out := d.must(args...); strings.Contains(out, "\x1b") || strings.Contains(out, "\u202e") || !strings.Contains(out, `\x1b[31m`) {
			t.Errorf("got %q", out)
		}
	}
	if r := d.run("app", "show", "\x1b[2J"); strings.Contains(r.err, "\x1b") {
		t.Errorf("got %q", r.err)
	}
}

func TestServersWordsCannotPlayWithTheTerminal(t *testing.T) {
	hostile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"\u001b[2Jgone\u202e"}`))
	}))
	defer hostile.Close()
	d := newDesk(t)
	d.vars["COUNTERFOIL_URL"], d.vars["COUNTERFOIL_CLIENT_ID"], d.vars["COUNTERFOIL_CLIENT_SECRET"] = hostile.URL, "a", "b"
	if r := d.run("app", "list"); r.code != 4 || strings.Contains(r.err, "\x1b") || strings.Contains(r.err, "\u202e") || !strings.Contains(r.err, "gone") {
		t.Errorf("got %+v", r)
	}
}

func TestEnvFileIsTakenWholeOrNotAtAll(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.vars["CLIENT_ID"], d.vars["CLIENT_SECRET"], d.vars["TOKEN_URL"] = "a", "b", "https://elsewhere.example"
	file := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(file, []byte("CLIENT_ID=x\nTOKEN_URL=http://127.0.0.1:1/oauth2/token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.fails(2, "lacks one of", "token", "get", "--env-file", file)
	delete(d.vars, "CLIENT_SECRET")
	d.fails(2, "lacks one of", "token", "get")
	delete(d.vars, "CLIENT_ID")
	delete(d.vars, "TOKEN_URL")
	d.must("token", "get") // none of them: the administrator's own
}

func TestDeletionAsksAPersonAndNotAScript(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.must("app", "create", "billing", "--no-secret")
	d.asks = true
	d.stdin = "n\n"
	d.fails(1, "nothing was changed", "app", "delete", "billing")
	d.stdin = ""
	d.fails(1, "nothing was changed", "app", "delete", "billing")
	d.must("app", "show", "billing")
	d.must("app", "delete", "billing", "--yes")
	d.must("app", "create", "billing", "--no-secret")
	d.stdin = "yes\n"
	d.must("app", "delete", "billing")
}

func TestLedgerIsShownVerifiedAndHeldAgainstAKeptCheckpoint(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.invoices()
	kept := filepath.Join(t.TempDir(), "checkpoint.json")
	if err := os.WriteFile(kept, []byte(d.must("audit", "checkpoint")), 0o600); err != nil {
		t.Fatal(err)
	}
	d.must("app", "create", "billing")
	if out := d.must("audit", "tail", "-n", "2"); strings.Count(out, "\n") != 2 || !strings.Contains(out, "application") {
		t.Errorf("got %s", out)
	}
	lines := strings.Split(strings.TrimSpace(d.must("audit", "tail", "-o", "json")), "\n")
	event := decode[struct{ Number, Register any }](t, lines[len(lines)-1])
	if event.Number == nil {
		t.Errorf("got %s", lines[len(lines)-1])
	}
	result := decode[struct {
		Verified       bool
		Events, Signed int
	}](t, d.must("audit", "verify", "--since", kept, "-o", "json"))
	if !result.Verified || result.Events <= result.Signed || result.Signed == 0 {
		t.Errorf("got %+v", result)
	}
	if out := d.must("audit", "verify"); !strings.Contains(out, "whole") {
		t.Errorf("got %s", out)
	}
	text, _ := os.ReadFile(kept)
	forged := strings.Replace(string(text), `"number": `, `"number": 9`, 1)
	if err := os.WriteFile(kept, []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	d.fails(7, "forged checkpoint", "audit", "verify", "--since", kept)
	if r := d.run("audit", "verify", "--since", kept, "-o", "json"); r.code != 7 || !strings.Contains(r.out, `"verified": false`) {
		t.Errorf("got %+v", r)
	}
	d.fails(2, "checkpoint", "audit", "verify", "--since", os.DevNull)
}

func TestEnvironmentIsMadeUsedAndDisabled(t *testing.T) {
	d := at(t, housetest.Start(t))
	values := env(d.must("environment", "create", "Staging", "--slug", "staging", "-o", "env"))
	inside := newDesk(t)
	inside.vars["COUNTERFOIL_URL"], inside.vars["COUNTERFOIL_CLIENT_ID"], inside.vars["COUNTERFOIL_CLIENT_SECRET"] =
		values["ISSUER"], values["CLIENT_ID"], values["CLIENT_SECRET"]
	inside.must("app", "create", "billing", "--no-secret")
	d.fails(3, "", "app", "show", "billing")
	d.must("environment", "disable", "staging")
	inside.fails(4, "", "app", "list")
	d.must("environment", "enable", "staging")
	inside.must("app", "list")
	if out := d.must("environment", "list"); !strings.Contains(out, "staging") {
		t.Errorf("got %s", out)
	}
}

func TestKeysAreListedAndRotated(t *testing.T) {
	d := at(t, housetest.Start(t))
	if out := d.must("key", "list"); !strings.Contains(out, "active") || !strings.Contains(out, "ES256") {
		t.Errorf("got %s", out)
	}
	d.fails(5, "", "key", "rotate")
	if out := d.must("key", "rotate", "--force"); !strings.Contains(out, "retired") {
		t.Errorf("got %s", out)
	}
}

func TestContextsAreSavedForTheirOwnerOnly(t *testing.T) {
	h := housetest.Start(t)
	d := newDesk(t)
	d.stdin = h.Admin.Secret + "\n"
	d.must("context", "add", "mine", "--url", h.URL, "--client-id", h.Admin.ID)
	d.stdin = ""
	d.must("app", "list")
	path := filepath.Join(d.vars["XDG_CONFIG_HOME"], "counterfoil", "contexts.json")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v", info, err)
	}
	for _, args := range [][]string{{"context", "list"}, {"context", "show"}, {"context", "list", "-o", "json"}, {"context", "show", "mine", "-o", "json"}} {
		if out := d.must(args...); strings.Contains(out, h.Admin.Secret) || !strings.Contains(out, h.Admin.ID) {
			t.Errorf("%v: got %s", args, out)
		}
	}
	if out := d.must("doctor"); !strings.Contains(out, "clock") || !strings.Contains(out, "database") {
		t.Errorf("got %s", out)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if r := d.run("doctor"); r.code != 1 || !strings.Contains(r.out, "chmod 600 "+path) {
		t.Errorf("got %+v", r)
	}
	d.fails(3, "no context", "context", "use", "other")
	d.fails(3, "no context", "app", "list", "--context", "other")
	d.must("context", "remove", "mine")
	d.fails(2, "no server", "app", "list")
}

func TestVariablesAreTakenTogetherOrNotAtAll(t *testing.T) {
	h := housetest.Start(t)
	d := newDesk(t)
	d.stdin = h.Admin.Secret
	d.must("context", "add", "mine", "--url", h.URL, "--client-id", h.Admin.ID)
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a saved secret went to another server") }))
	defer thief.Close()
	d.vars["COUNTERFOIL_URL"] = thief.URL
	d.fails(2, "COUNTERFOIL_CLIENT_ID", "app", "list")
	d.must("app", "list", "--context", "mine") // a flag beats variables
}

func TestCompletionKnowsNamesAndIsSilentWithoutAServer(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	d.must("app", "create", "billing", "--no-secret")
	if out := d.must("__complete", "app", "show", ""); !strings.Contains(out, "billing\n") {
		t.Errorf("got %s", out)
	}
	if out := d.must("__complete", "app", "list", "-o", ""); !strings.HasPrefix(out, "table\njson\n:") {
		t.Errorf("got %s", out)
	}
	id := strings.Fields(d.must("app", "secret", "add", "billing"))[1]
	for _, verb := range []string{"show", "disable", "enable", "delete"} {
		if out := d.must("__complete", "app", "secret", verb, "billing", ""); !strings.HasPrefix(out, id+"\tcfs_") {
			t.Errorf("%s: got %s, want %s", verb, out, id)
		}
		if out := d.must("__complete", "app", "secret", verb, "nobody", ""); !strings.HasPrefix(out, ":") {
			t.Errorf("%s of no application: got %s", verb, out)
		}
	}
	if out := d.must("__complete", "app", "secret", "show", "billing", id, ""); !strings.HasPrefix(out, ":") {
		t.Errorf("got %s", out)
	}
	alone := newDesk(t)
	if r := alone.run("__complete", "app", "secret", "show", "billing", ""); r.code != 0 || !strings.HasPrefix(r.out, ":") {
		t.Errorf("got %+v", r)
	}
	if r := alone.run("__complete", "app", "show", ""); r.code != 0 || !strings.HasPrefix(r.out, ":") {
		t.Errorf("got %+v", r)
	}
	if out := alone.must("completion", "bash"); !strings.Contains(out, "counterfoil") {
		t.Errorf("got %s", out)
	}
}

func TestClockThatDiffersIsDiagnosed(t *testing.T) {
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat))
	}))
	defer slow.Close()
	d := newDesk(t)
	d.vars["COUNTERFOIL_URL"], d.vars["COUNTERFOIL_CLIENT_ID"], d.vars["COUNTERFOIL_CLIENT_SECRET"] = slow.URL, "a", "b"
	if r := d.run("doctor"); r.code != 1 || !strings.Contains(r.out, "differ by 1m") {
		t.Errorf("got %+v", r)
	}
}

func TestTokenIsRevoked(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.invoices()
	file := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(file, []byte(d.must("app", "create", "billing", "--scope", "invoices:read", "-o", "env")), 0o600); err != nil {
		t.Fatal(err)
	}
	token := d.must("token", "get", "--env-file", file)
	d.stdin = token
	if out := d.must("token", "revoke", "-"); !strings.Contains(out, "revoked") {
		t.Errorf("got %s", out)
	}
	d.stdin = token
	if out := d.must("token", "inspect", "-"); !strings.Contains(out, "Active:") || !strings.Contains(out, "no") {
		t.Errorf("got %s", out)
	}
}
