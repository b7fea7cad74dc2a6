package cli_test

import (
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

const chosenSecret = "Maple%20+river: ünder 9 lanterns"

func TestPairsFromTheCommandLine(t *testing.T) {
	d := at(t, housetest.Start(t))
	made := d.must("credential", "create", "Ada – payroll", "--access", "read-users", "--expires", "1y")
	if strings.Count(made, "cfs_") != 1 || !strings.Contains(made, "shown this once") {
		t.Error(made)
	}
	values := env(d.must("credential", "create", "Bob – sync", "--access", "manage-users", "-o", "env"))
	shown := d.must("credential", "show", "bob – SYNC")
	if !strings.Contains(shown, values["CLIENT_ID"]) || !strings.Contains(shown, "manage-users") || !strings.Contains(shown, "not kept") || strings.Contains(shown, values["CLIENT_SECRET"]) {
		t.Error(shown)
	}
	d.must("credential", "disable", values["CLIENT_ID"])
	if out := d.must("credential", "list"); strings.Contains(out, "Bob") || !strings.Contains(out, "Ada") {
		t.Error(out)
	}
	if out := d.must("credential", "list", "--disabled", "--search", "b"); !strings.Contains(out, "Bob") || strings.Contains(out, "Ada") {
		t.Error(out)
	}
	d.must("credential", "enable", "Bob – sync")
	d.asks, d.stdin = true, "n\n"
	d.fails(1, "Delete the pair Bob – sync with client id "+values["CLIENT_ID"]+"? Its tokens die at once, and it is permanent.", "credential", "delete", "Bob – sync")
	d.must("credential", "delete", "Bob – sync", "--yes")
	d.fails(3, "credential list", "credential", "show", "Bob – sync")
	d.fails(2, "access", "credential", "create", "x")
	d.fails(5, "exists already", "credential", "create", "ADA – payroll", "--access", "read-all")
}

func TestWorkersAndRolesFromTheCommandLine(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.must("app", "create", "billing")
	if out := d.must("app", "create", "deployer", "--kind", "worker", "--auth-method", "client_secret_post"); !strings.Contains(out, "disabled") || !strings.Contains(out, "client_secret_post") {
		t.Error(out)
	}
	if out := d.must("app", "create", "watcher", "--kind", "worker", "--enable"); strings.Contains(out, "disabled") {
		t.Error(out)
	}
	if out := d.must("app", "list", "--kind", "worker"); strings.Contains(out, "billing") || !strings.Contains(out, "watcher") {
		t.Error(out)
	}
	d.must("app", "edit", "deployer", "--auth-method", "any", "--legacy-audience")
	if app := decode[map[string]any](t, d.must("app", "show", "deployer", "-o", "json")); app["legacy_audience"] != true || len(app["auth_methods"].([]any)) != 0 {
		t.Error(app)
	}
	d.must("role", "grant", "deployer", "application-owner", "--over", "application:billing")
	d.must("role", "grant", "deployer", "configuration-read-only")
	d.fails(2, "no such population", "role", "grant", "deployer", "identity-data-admin", "--over", "population:6f1c1c8a-8a9b-4b39-9d6e-2b7f3f1d2c11")
	d.must("role", "grant", "deployer", "organization-admin", "--over", "organization")
	if out := d.must("role", "list", "deployer"); strings.Count(out, "\n") != 4 {
		t.Error(out)
	}
	d.must("role", "revoke", "deployer", "application-owner", "--over", "application:billing")
	d.fails(3, "does not have this role", "role", "revoke", "deployer", "application-owner", "--over", "application:billing")
	d.fails(5, "only a worker has roles", "role", "grant", "billing", "configuration-read-only")
	d.fails(2, "say which", "role", "grant", "deployer", "application-owner", "--over", "application")
	d.fails(2, "population:ID", "role", "grant", "deployer", "application-owner", "--over", "galaxy")
	if out := d.must("role", "list"); !strings.Contains(out, "client-application-developer") {
		t.Error(out)
	}
}

func TestRolesFromTheCommandLine(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	user := h.Must("POST", "/users", map[string]any{"user_name": "ann"}).String("id")
	if out := d.must("role", "create", "Help desk", "--scope", "users:read", "--scope", "factors:write", "--description", "first line"); !strings.Contains(out, "population") {
		t.Error(out)
	}
	d.must("user", "role", "grant", "ann", "help DESK")
	d.fails(5, "already", "user", "role", "grant", user, "Help desk")
	if out := d.must("user", "role", "list", "ann"); !strings.Contains(out, "Help desk") || strings.Count(out, "\n") != 2 {
		t.Error(out)
	}
	if out := d.must("role", "users", "Help desk"); !strings.Contains(out, user) {
		t.Error(out)
	}
	if out := d.must("role", "edit", "Help desk", "--remove-scope", "factors:write", "--add-scope", "groups:read"); strings.Contains(out, "factors") || !strings.Contains(out, "groups:read") {
		t.Error(out)
	}
	d.fails(5, "built in", "role", "edit", "environment-admin", "--scope", "users:read")
	d.fails(2, "no scope", "role", "create", "x", "--scope", "users:*")
	d.fails(3, "no role", "role", "show", "emperor")
	d.must("user", "role", "revoke", "ann", "Help desk")
	d.fails(3, "does not have this role", "user", "role", "revoke", "ann", "Help desk")
	d.must("role", "delete", "Help desk", "--yes")
	d.must("credential", "create", "helper", "--access", "read-users")
	if out := d.must("access", "explain", "helper", "PATCH", "/users/"+user); !strings.Contains(out, "no: preset") || !strings.Contains(out, "users:write") {
		t.Error(out)
	}
	d.fails(2, "nothing is served", "access", "explain", "helper", "GET", "/nowhere")
	if out := d.must("access", "rules"); !strings.Contains(out, " /services/login ") || !strings.Contains(out, "signin:use") {
		t.Error(out)
	}
	if out := d.must("role", "list"); strings.Contains(out, "Help desk") {
		t.Error(out)
	}
}

func TestIntegrationsFromTheCommandLine(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.must("app", "create", "crm")
	if out := d.must("global", "show"); !strings.Contains(out, "deprecated") {
		t.Error(out)
	}
	d.stdin = chosenSecret + "\n"
	if out := d.must("global", "set-secret"); !strings.Contains(out, "disable this one") || strings.Contains(out, "Maple") {
		t.Error(out)
	}
	d.must("global", "disable")
	d.must("global", "enable")
	if out := d.must("integration", "credential", "create", "--application", "crm", "--description", "for crm"); strings.Count(out, "cfs_") != 1 {
		t.Error(out)
	}
	if out := d.must("integration", "credential", "create", "partners", "--connection", "--chosen-from-stdin"); strings.Contains(out, "Maple") {
		t.Error(out)
	}
	d.stdin = "Quartz harbour, 17 velvet owls"
	d.must("integration", "credential", "edit", "partners", "--chosen-from-stdin", "--description", "all of them")
	if out := d.must("integration", "credential", "list", "--kind", "connection"); !strings.Contains(out, "all of them") || strings.Contains(out, "for crm") {
		t.Error(out)
	}
	d.must("integration", "credential", "disable", "partners")
	d.must("integration", "credential", "enable", "partners")
	d.must("integration", "credential", "show", "partners")
	d.must("integration", "credential", "delete", "partners")
	d.stdin = "weak"
	d.fails(2, "too short", "global", "set-secret")
	d.fails(2, "application", "integration", "credential", "create", "x")
	d.fails(2, "application", "integration", "credential", "create", "x", "--application", "crm", "--chosen-from-stdin")
}

func TestPolicyFromTheCommandLine(t *testing.T) {
	d := at(t, housetest.Start(t))
	if out := d.must("policy", "check", "--max-expiry-days", "365"); !strings.Contains(out, "max_expiry_days") || !strings.Contains(out, "administrator") {
		t.Error(out)
	}
	d.must("policy", "set", "--default-secret-scopes", "none", "--chosen-secrets", "on", "--limit-secrets", "3")
	if out := decode[map[string]any](t, d.must("policy", "show", "-o", "json")); out["chosen_secrets"] != true || out["default_secret_scopes"] != "none" || out["max_expiry_days"] != 0.0 {
		t.Error(out)
	}
	d.fails(2, "on or off", "policy", "set", "--chosen-secrets", "maybe")
}
