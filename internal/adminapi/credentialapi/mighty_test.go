package credentialapi_test

import (
	"net/http"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// The secret of a mighty application leaked and was stopped by other means than disabling it. Whoever may do less must
// not bring it back: they may be the one who has it.
func TestWhoeverMayDoLessLiftsNoBarBeforeAMightyApplication(t *testing.T) {
	h := housetest.Start(t)
	mighty := h.NewApp("mighty", O{"secret": O{}, "scopes": []string{"keys:write"}})
	plain := h.NewApp("plain", O{"secret": O{}})
	clerk := h.Limited("credentials:read", "credentials:write", "applications:read", "applications:write")
	at := func(app housetest.Client) string { return "/api/v1/applications/" + app.ID }

	h.Must("POST", "/applications/"+mighty.ID+"/lock", O{"minutes": 600, "reason": "its secret leaked"})
	h.Must("POST", "/applications/"+plain.ID+"/lock", O{"minutes": 600})
	expect(t, h.CallAs(clerk, "POST", at(mighty)+"/unlock", nil), http.StatusForbidden)
	if got := h.Form("/oauth2/token", mighty, "grant_type", "client_credentials"); got.Status != http.StatusUnauthorized {
		t.Errorf("the locked application gets %d", got.Status)
	}
	expect(t, h.CallAs(clerk, "POST", at(plain)+"/unlock", nil), http.StatusOK)

	h.Must("PATCH", "/applications/"+mighty.ID, O{"auth_methods": []string{"private_key_jwt"}})
	for name, change := range map[string]O{
		"any method again":     {"auth_methods": nil},
		"another method":       {"auth_methods": []string{"private_key_jwt", "client_secret_basic"}},
		"another audience":     {"legacy_audience": true},
		"instead of the right": {"auth_methods": []string{"client_secret_basic"}},
	} {
		if got := h.CallAs(clerk, "PATCH", at(mighty), change); got.Status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, got.Status, got.Text)
		}
	}
	for _, mode := range []string{"off", "client+network"} {
		expect(t, h.CallAs(clerk, "PUT", at(mighty)+"/lock-policy", O{"policy": mode}), http.StatusForbidden)
		expect(t, h.CallAs(clerk, "PUT", at(plain)+"/lock-policy", O{"policy": mode}), http.StatusOK)
	}
	// What changes nothing about how it gets in is open to them as before, and so is a stricter lock policy.
	expect(t, h.CallAs(clerk, "PATCH", at(mighty), O{"description": "ours"}), http.StatusOK)
	h.Must("PUT", "/applications/"+mighty.ID+"/lock-policy", O{"policy": "off"})
	expect(t, h.CallAs(clerk, "PUT", at(mighty)+"/lock-policy", O{"policy": "on"}), http.StatusOK)
	h.Must("POST", "/applications/"+mighty.ID+"/unlock", nil)
}
