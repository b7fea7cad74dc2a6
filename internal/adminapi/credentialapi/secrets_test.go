package credentialapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestLifeOfASecret(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.NewAPI("invoices", nil, "invoices:read", "invoices:write")
		app := h.NewApp("billing", nil, "invoices:read", "invoices:write")
		list := "/applications/" + app.ID + "/secrets"
		a := expect(t, h.Call("POST", list, O{"description": "second", "expires_at": "2099-01-02T03:04:05+02:00", "not_before": "2020-01-01T00:00:00Z", "scopes": []string{"invoices:read"}}), http.StatusCreated)
		path, plain := list+"/"+a.String("id"), a.String("secret")
		members(t, a, O{
			"client_id": app.ID, "description": "second", "hint": plain[:8], "form": "generated", "viewable": false, "scopes": []any{"openid", "invoices:read"}, "enabled": true,
			"expires_at": "2099-01-02T01:04:05Z", "not_before": "2020-01-01T00:00:00Z", "last_used_at": nil, "created_by": h.Admin.ID,
		})
		if shown := h.Must("GET", path, nil); strings.Contains(shown.Text, plain) || shown.JSON["secret"] != nil {
			t.Error(shown.Text)
		}
		second := housetest.Client{ID: app.ID, Secret: plain}
		token := h.Token(second)
		members(t, h.Must("PATCH", path, O{"scopes": []string{}}), O{"scopes": []any{}, "description": "second"})
		if _, shown := h.Must("PATCH", path, O{"scopes": nil, "expires_at": nil, "not_before": nil}).JSON["scopes"]; shown {
			t.Error("null does not mean all scopes")
		}
		members(t, h.Must("GET", path, nil), O{"expires_at": nil, "not_before": nil})
		for _, body := range []O{{"scopes": []string{"keys:read"}}, {"scopes": []string{"nope"}}, {"expires_at": "2001-01-01T00:00:00Z"}, {"expires_at": "0001-01-01T00:00:00Z"}, {"enabled": false}} {
			expect(t, h.Call("PATCH", path, body), 422)
		}

		h.Must("POST", path+"/disable", nil)
		if h.Active(app, token) {
			t.Error("a token outlived its secret's being disabled")
		}
		if refused := h.Form("/oauth2/token", second, "grant_type", "client_credentials"); refused.Status != http.StatusUnauthorized {
			t.Error(refused.Text)
		}
		h.Must("POST", path+"/enable", nil)
		token = h.Token(second)
		members(t, h.Must("DELETE", path, nil), O{"propagated": true})
		if h.Active(app, token) {
			t.Error("a token outlived its secret")
		}
		for range 19 {
			h.Must("POST", list, O{})
		}
		expect(t, h.Call("POST", list, O{}), http.StatusConflict)
	})
}
