package adminapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

func secretOf(made *housetest.Answer) housetest.Client {
	return housetest.Client{ID: made.String("client_id"), Secret: made.String("secret")}
}

func TestLifeOfAPair(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		made := expect(t, h.Call("POST", "/credentials", O{"name": "Ada – reports", "access": "read-users", "description": "d"}, "Idempotency-Key", "p1"), http.StatusCreated)
		pair, path := secretOf(made), "/credentials/"+made.String("client_id")
		members(t, made, O{"name": "Ada – reports", "access": "read-users", "description": "d", "enabled": true, "hint": pair.Secret[:8], "viewable": false, "why_hidden": nil})
		again := expect(t, h.Call("POST", "/credentials", O{"name": "Ada – reports", "access": "read-users", "description": "d"}, "Idempotency-Key", "p1"), http.StatusCreated)
		members(t, again, O{"client_id": pair.ID, "secret": nil, "secret_shown": true})
		shown := h.Must("GET", path, nil)
		members(t, shown, O{"client_id": pair.ID, "access": "read-users", "secret": nil})
		if strings.Contains(shown.Text, pair.Secret) || !strings.Contains(shown.String("why_hidden"), "not kept") {
			t.Error(shown.Text)
		}
		token := h.Token(pair)
		if got := h.CallAs(token, "GET", "/api/v1/roles", nil); got.Status != http.StatusOK {
			t.Error(got.Text)
		}
		at(t, expect(t, h.Call("POST", "/credentials", O{"access": "read-all"}), 422), "body")
		expect(t, h.Call("POST", "/credentials", O{"name": "x", "access": "everything"}), 422)
		expect(t, h.Call("POST", "/credentials", O{"name": "ADA – reports", "access": "read-all"}), http.StatusConflict)

		list := func(query string) string {
			return strings.Join(h.EveryPage("/credentials"+query, "name"), ",")
		}
		h.Must("POST", "/credentials", O{"name": "Bob – sync", "access": "manage-all"})
		h.Must("POST", path+"/disable", nil)
		for query, want := range map[string]string{
			"": "Ada – reports,Bob – sync", "?enabled=false": "Ada – reports", "?enabled=true": "Bob – sync", "?search=bo": "Bob – sync",
			"?search=c": "", "?name=bob%20%E2%80%93%20sync": "Bob – sync", "?limit=1": "Ada – reports,Bob – sync",
		} {
			if got := list(query); got != want {
				t.Errorf("%s: %s", query, got)
			}
		}
		if h.Active(h.NewApp("watcher", O{"introspects": []string{"counterfoil"}}), token) {
			t.Error("a token outlived its pair's being disabled")
		}
		h.Must("POST", path+"/enable", nil)
		token = h.Token(pair)
		h.Must("PATCH", "/applications/"+pair.ID, O{"scopes": []string{"users:read"}})
		members(t, h.Must("GET", path, nil), O{"access": "custom"})
		expect(t, h.Call("DELETE", path, nil, "If-Match", shown.Header.Get("ETag")), http.StatusPreconditionFailed)
		h.Must("DELETE", path, nil, "If-Match", h.Must("GET", path, nil).Header.Get("ETag"))
		expect(t, h.Call("GET", "/applications/"+pair.ID, nil), http.StatusNotFound)
		expect(t, h.Call("DELETE", path, nil), http.StatusNotFound)
		expect(t, h.CallAs(token, "GET", "/api/v1/roles", nil), http.StatusUnauthorized)
	})
}

func TestPairsAreNoWayToOtherApplications(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("billing", nil)
	for _, verb := range []string{"GET ", "DELETE ", "POST /disable", "POST /enable"} {
		method, suffix, _ := strings.Cut(verb, " ")
		expect(t, h.Call(method, "/credentials/"+app.ID+suffix, nil), http.StatusNotFound)
		expect(t, h.Call(method, "/integration-credentials/"+app.ID+suffix, nil), http.StatusNotFound)
	}
	pair := h.Must("POST", "/credentials", O{"name": "p", "access": "read-all"}).String("client_id")
	h.NewAPI("invoices", nil, "invoices:read")
	at(t, expect(t, h.Call("PATCH", "/applications/"+pair, O{"scopes": []string{"invoices:read"}}), 422), "body.scopes")
}

// Whoever manages users must not come by passwords or roles: not by its scopes, nor by asking for more of them, nor by
// any request that hands them out.
func TestManageUsersGetsNeitherPasswordsNorRoles(t *testing.T) {
	h := housetest.Start(t)
	pair := secretOf(h.Must("POST", "/credentials", O{"name": "users", "access": "manage-users"}))
	token := h.Token(pair)
	self := h.CallAs(token, "GET", "/api/v1/credentials/self", nil)
	scopes := []string{}
	for _, scope := range self.JSON["scopes"].([]any) {
		scopes = append(scopes, scope.(string))
	}
	for _, scope := range []string{access.SetPasswords, access.AssignRoles, access.WriteApplications, access.WriteCredentials} {
		if slices.Contains(scopes, scope) {
			t.Errorf("holds %s", scope)
		}
		if a := h.Form("/oauth2/token", pair, "grant_type", "client_credentials", "scope", scope); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", scope, a.Status, a.Text)
		}
	}
	worker := h.Must("POST", "/applications", O{"name": "w", "kind": "worker"}).String("client_id")
	for route, body := range map[string]O{
		"PATCH /applications/" + pair.ID:             {"scopes": []string{access.SetPasswords}},
		"POST /applications/" + pair.ID + "/secrets": {},
		"POST /applications/" + pair.ID + "/roles":   {"role": "identity-data-admin"},
		"POST /applications/" + worker + "/roles":    {"role": "identity-data-admin"},
		"POST /credentials":                          {"name": "mine", "access": "manage-all"},
		"POST /applications":                         {"name": "mine", "scopes": []string{access.AssignRoles}},
	} {
		method, path, _ := strings.Cut(route, " ")
		expect(t, h.CallAs(token, method, "/api/v1"+path, body), http.StatusForbidden)
	}
	// Who may make pairs still makes none that may do more.
	maker := h.Limited(access.WriteApplications, access.WriteCredentials, access.ReadUsers, access.ReadGroups, access.ReadRoles)
	expect(t, h.CallAs(maker, "POST", "/api/v1/credentials", O{"name": "less", "access": "read-users"}), http.StatusCreated)
	expect(t, h.CallAs(maker, "POST", "/api/v1/credentials", O{"name": "more", "access": "manage-users"}), http.StatusForbidden)
}
