package adminapi_test

import (
	"net/http"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// The administrator's token was stolen; to draw networks around the credential must stop the thief, who has the token
// already, as it stops who has the secret.
func TestTokenIsNoGoodOutsideItsCredentialsNetworks(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("clerk", housetest.O{"scopes": []string{"applications:read", "tokens:introspect"}})
	made := h.Must("POST", "/applications/"+app.ID+"/secrets", housetest.O{"networks": []string{"127.0.0.0/8", "::1/128"}})
	token := h.Token(housetest.Client{ID: app.ID, Secret: made.String("secret")})
	expect(t, h.CallAs(token, "GET", "/api/v1/applications", nil), http.StatusOK)
	introspect := func() *housetest.Answer {
		r := h.FormRequest("/oauth2/introspect", housetest.Client{}, "token", token)
		r.Header.Set("Authorization", "Bearer "+token)
		return h.Send(r)
	}
	expect(t, introspect(), http.StatusOK)

	secret := "/applications/" + app.ID + "/secrets/" + made.String("id")
	h.Must("PATCH", secret, housetest.O{"networks": []string{"192.0.2.0/24"}})
	for _, route := range []string{"/api/v1/applications", "/api/v1/credentials/self"} {
		a := h.CallAs(token, "GET", route, nil)
		expect(t, a, http.StatusUnauthorized)
	}
	if a := introspect(); a.Status != http.StatusUnauthorized {
		t.Errorf("introspection from outside: %d %s", a.Status, a.Text)
	}
	h.Must("PATCH", secret, housetest.O{"networks": nil})
	expect(t, h.CallAs(token, "GET", "/api/v1/applications", nil), http.StatusOK)

	// A resource server that was handed a token asks from where it stands.
	h.NewAPI("invoices", nil, "invoices:read")
	h.Must("PATCH", "/applications/"+app.ID, housetest.O{"scopes": []string{"invoices:read"}})
	handed := h.Token(housetest.Client{ID: app.ID, Secret: made.String("secret")})
	h.Must("PATCH", secret, housetest.O{"networks": []string{"192.0.2.0/24"}})
	expect(t, h.CallAs(handed, "GET", "/api/v1/credentials/self", nil), http.StatusOK)
}
