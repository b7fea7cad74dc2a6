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
