package adminapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestLifeOfAWorker(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		made := expect(t, h.Call("POST", "/applications", O{"name": "deployer", "kind": "worker", "auth_methods": []string{"client_secret_post"}, "secret": O{}}), http.StatusCreated)
		members(t, made, O{"kind": "worker", "enabled": false, "lock_policy": "on", "legacy_audience": false, "auth_methods": []any{"client_secret_post"}, "target": nil})
		id, path := made.String("client_id"), "/applications/"+made.String("client_id")
		get := func() *housetest.Answer {
			r := h.FormRequest("/oauth2/token", housetest.Client{}, "grant_type", "client_credentials", "client_id", id, "client_secret", made.Object("secret").String("secret"))
			return h.Send(r)
		}
		if a := get(); a.Status != http.StatusUnauthorized {
			t.Errorf("switched off: %d %s", a.Status, a.Text)
		}
		h.Must("POST", path+"/enable", nil)
		if a := get(); a.Status != http.StatusBadRequest {
			t.Errorf("without a role: %d %s", a.Status, a.Text)
		}
		billing, other := h.NewApp("billing", nil), h.NewApp("other", nil)
		granted := expect(t, h.Call("POST", path+"/roles", O{"role": "application-owner", "over": "application", "scope_id": billing.ID}, "Idempotency-Key", "r"), http.StatusCreated)
		members(t, granted, O{"role": "application-owner", "over": "application", "scope_id": billing.ID})
		members(t, expect(t, h.Call("POST", path+"/roles", O{"role": "application-owner", "over": "application", "scope_id": billing.ID}, "Idempotency-Key", "r"), http.StatusCreated), O{"id": granted.String("id")})
		if got := items(t, h.Call("GET", path+"/roles", nil)); len(got) != 1 || got[0]["id"] != granted.String("id") {
			t.Error(got)
		}
		token := get().String("access_token")
		as := func(status int, method, path string, body any) *housetest.Answer {
			t.Helper()
			return expect(t, h.CallAs(token, method, "/api/v1"+path, body), status)
		}
		if got := as(200, "GET", "/credentials/self", nil).Text; !strings.Contains(got, "credentials:reveal") {
			t.Error(got)
		}
		if got := items(t, as(200, "GET", "/applications", nil)); len(got) != 1 || got[0]["client_id"] != billing.ID {
			t.Error(got)
		}
		as(200, "GET", "/applications/"+billing.ID, nil)
		as(200, "GET", "/applications/"+billing.ID+"/refusals", nil)
		as(201, "POST", "/applications/"+billing.ID+"/secrets", O{})
		as(200, "PATCH", "/applications/"+billing.ID, O{"description": "mine"})
		as(403, "GET", "/applications/"+other.ID, nil)
		as(403, "GET", "/applications/"+other.ID+"/secrets", nil)
		as(403, "POST", "/applications/"+other.ID+"/secrets", O{})
		as(403, "POST", "/applications", O{"name": "mine too"})
		as(403, "POST", "/credentials", O{"name": "mine too", "access": "read-users"})
		as(403, "POST", "/integration-credentials", O{"kind": "connection"})
		as(403, "PUT", "/global-credential/secret", O{"secret": strong})
		as(403, "POST", "/global-credential/enable", nil)
		as(403, "POST", "/policy/check", O{})
		as(403, "GET", "/keys", nil)
		as(403, "POST", path+"/roles", O{"role": "environment-admin"})
		h.Must("DELETE", path+"/roles/"+granted.String("id"), nil)
		as(403, "GET", "/applications/"+billing.ID, nil)
		expect(t, h.Call("DELETE", path+"/roles/"+granted.String("id"), nil), http.StatusNotFound)

		h.Must("POST", path+"/roles", O{"role": "configuration-read-only"})
		token = get().String("access_token")
		as(200, "GET", "/keys", nil)
		as(403, "GET", "/roles", nil)
		for _, body := range []O{{}, {"role": "emperor"}, {"role": "application-owner"}, {"role": "application-owner", "over": "application"}, {"role": "application-owner", "over": "application", "scope_id": strings.ToUpper(billing.ID)}, {"role": "environment-admin", "scope_id": billing.ID}} {
			expect(t, h.Call("POST", path+"/roles", body), 422)
		}
		expect(t, h.Call("POST", "/applications/"+billing.ID+"/roles", O{"role": "configuration-read-only"}), http.StatusConflict)
		at(t, expect(t, h.Call("PATCH", path, O{"scopes": []string{"keys:write"}}), 422), "body.scopes")
	})
}

func TestRolesSayWhatTheyPermitAndOverWhat(t *testing.T) {
	h := housetest.Start(t)
	all := map[string]string{}
	for _, r := range items(t, h.Call("GET", "/roles", nil)) {
		over := []string{}
		for _, kind := range r["over"].([]any) {
			over = append(over, kind.(string))
		}
		if len(r["scopes"].([]any)) == 0 {
			t.Errorf("%v permits nothing", r)
		}
		all[r["role"].(string)] = strings.Join(over, " ")
	}
	for role, over := range map[string]string{
		"organization-admin": "organization", "environment-admin": "organization environment", "identity-data-admin": "organization environment population",
		"identity-data-read-only": "organization environment population", "client-application-developer": "organization environment",
		"application-owner": "application", "configuration-read-only": "organization environment",
	} {
		if all[role] != over {
			t.Errorf("%s over %q, want %q", role, all[role], over)
		}
	}
	if len(all) != 7 {
		t.Error(all)
	}
}

func TestLifeOfARole(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		made := expect(t, h.Call("POST", "/roles", O{"name": "Help desk", "scopes": []string{"users:read", "keys:read", "users:read"}}, "Idempotency-Key", "r"), http.StatusCreated)
		members(t, made, O{"name": "Help desk", "builtin": false, "scopes": []any{"keys:read", "users:read"}, "over": []any{"organization", "environment"}})
		id, path := made.String("role"), "/roles/"+made.String("role")
		members(t, expect(t, h.Call("POST", "/roles", O{"name": "Help desk", "scopes": []string{"users:read", "keys:read", "users:read"}}, "Idempotency-Key", "r"), 201), O{"role": id})
		expect(t, h.Call("POST", "/roles", O{"name": "HELP DESK", "scopes": []string{"users:read"}}), http.StatusConflict)
		expect(t, h.Call("POST", "/roles", O{"name": "Application-Owner", "scopes": []string{"users:read"}}), http.StatusConflict)
		at(t, expect(t, h.Call("POST", "/roles", O{"name": "x", "scopes": []string{"books:read"}}), 422), "body.scopes")
		expect(t, h.Call("POST", "/roles", O{"name": "x", "scopes": []string{}}), 422)
		if all := items(t, h.Call("GET", "/roles", nil)); len(all) != 8 || all[7]["role"] != id {
			t.Errorf("%d roles", len(all))
		}

		worker := h.Must("POST", "/applications", O{"name": "w", "kind": "worker", "enabled": true, "auth_methods": []string{"client_secret_basic"}, "secret": O{}})
		held := h.Must("POST", "/applications/"+worker.String("client_id")+"/roles", O{"role": id})
		members(t, held, O{"role": id, "name": "Help desk", "over": "environment"})
		token := h.Token(housetest.Client{ID: worker.String("client_id"), Secret: worker.Object("secret").String("secret")})
		expect(t, h.CallAs(token, "GET", "/api/v1/keys", nil), 200)
		shown := expect(t, h.Call("GET", path, nil), 200)
		changed := expect(t, h.Call("PATCH", path, O{"scopes": []string{"users:read", "roles:read"}}, "If-Match", shown.Header.Get("ETag")), 200)
		members(t, changed, O{"scopes": []any{"users:read", "roles:read"}, "over": []any{"organization", "environment", "population"}})
		expect(t, h.CallAs(token, "GET", "/api/v1/keys", nil), 403)
		expect(t, h.Call("PATCH", path, O{"name": "x"}, "If-Match", shown.Header.Get("ETag")), http.StatusPreconditionFailed)
		expect(t, h.Call("PATCH", path, O{"scopes": nil}), 422)

		for _, builtin := range []string{"organization-admin", "configuration-read-only"} {
			members(t, expect(t, h.Call("GET", "/roles/"+builtin, nil), 200), O{"role": builtin, "builtin": true})
			expect(t, h.Call("PATCH", "/roles/"+builtin, O{"scopes": []string{"users:read"}}), http.StatusConflict)
			expect(t, h.Call("DELETE", "/roles/"+builtin, nil), http.StatusConflict)
		}
		for _, missing := range []string{"emperor", strings.ToUpper(id), "00000000-0000-0000-0000-000000000000"} {
			expect(t, h.Call("GET", "/roles/"+missing, nil), 404)
			expect(t, h.Call("GET", "/roles/"+missing+"/users", nil), 404)
			expect(t, h.Call("PATCH", "/roles/"+missing, O{}), 404)
			expect(t, h.Call("DELETE", "/roles/"+missing, nil), 404)
		}
		expect(t, h.Call("DELETE", path, nil), 200)
		if left := items(t, h.Call("GET", "/applications/"+worker.String("client_id")+"/roles", nil)); len(left) != 0 {
			t.Errorf("the worker has %v", left)
		}
		expect(t, h.Call("GET", path, nil), 404)
	})
}

// A role is of one environment: its id names nothing in another.
func TestRolesOfOneEnvironmentAreNothingInAnother(t *testing.T) {
	h := housetest.Start(t)
	inside, _ := h.NewEnvironment("inside")
	id := h.Must("POST", "/roles", O{"name": "ours", "scopes": []string{"users:read"}}).String("role")
	expect(t, inside.Call("GET", "/roles/"+id, nil), 404)
	expect(t, inside.Call("PATCH", "/roles/"+id, O{"name": "theirs"}), 404)
	worker := inside.Must("POST", "/applications", O{"name": "w", "kind": "worker"}).String("client_id")
	at(t, expect(t, inside.Call("POST", "/applications/"+worker+"/roles", O{"role": id}), 422), "body.role")
	// What is made in an environment reaches no further than it.
	own := inside.Must("POST", "/roles", O{"name": "ours", "scopes": []string{"users:read"}}).String("role")
	expect(t, inside.Call("POST", "/applications/"+worker+"/roles", O{"role": own, "over": "organization"}), 403)
}

func TestApplicationsAreListedByKindStateAndBeginning(t *testing.T) {
	h := housetest.Start(t)
	h.NewApp("alpha", nil)
	h.Must("POST", "/applications", O{"name": "beta", "kind": "worker"})
	h.Must("POST", "/applications", O{"name": "Alps", "kind": "worker", "enabled": true, "legacy_audience": true})
	for query, want := range map[string]string{
		"":                                   "administrator alpha Alps beta",
		"?kind=worker":                       "Alps beta",
		"?kind=worker&enabled=true":          "Alps",
		"?prefix=AL":                         "alpha Alps",
		"?prefix=alp&kind=service":           "alpha",
		"?kind=global":                       "global credential",
		"?kind=service,worker&enabled=false": "beta",
	} {
		if got := strings.Join(h.EveryPage("/applications"+query, "name"), " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for _, query := range []string{"?kind=robot", "?enabled=maybe"} {
		expect(t, h.Call("GET", "/applications"+query, nil), 422)
	}
	for _, body := range []O{{"name": "x", "kind": "pair"}, {"name": "x", "kind": "global"}, {"name": "x", "auth_methods": []string{"none"}}, {"name": "x", "kind": "worker", "scopes": []string{"keys:read"}}} {
		expect(t, h.Call("POST", "/applications", body), 422)
	}
}
