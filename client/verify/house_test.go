package verify_test

import (
	"errors"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/client/verify"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// The other tests know what the server could do to us; this one knows what it does.
func TestTokensOfARealServerAreVerifiedInBothModes(t *testing.T) {
	h := housetest.Start(t)
	admin, err := client.New(client.Options{BaseURL: h.URL, ClientID: h.Admin.ID, ClientSecret: client.NewSecret(h.Admin.Secret)})
	if err != nil {
		t.Fatal(err)
	}
	for alg, format := range map[string]string{"ES256": "jwt", "EdDSA": "jwt", "RS256": "jwt", "PS256": "jwt", "": "handle"} {
		t.Run(format+alg, func(t *testing.T) {
			name := "api-" + format + alg
			api, err := admin.CreateAPI(t.Context(), client.NewAPI{
				Name: name, Audience: "https://" + name + ".example", TokenFormat: format, SigningAlg: alg,
				Scopes: []client.Scope{{Name: name + ":read"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			app := create(t, admin, client.NewApplication{Name: name + " caller", Scopes: []string{name + ":read"}})
			gateway := create(t, admin, client.NewApplication{Name: name + " gateway", Introspects: []string{name}})
			token, err := client.RequestToken(t.Context(), client.TokenRequest{
				TokenURL: h.URL + "/oauth2/token", ClientID: app.ClientID, ClientSecret: app.Secret.Secret,
			})
			if err != nil {
				t.Fatal(err)
			}
			offline, err := verify.NewOffline(verify.OfflineOptions{Issuer: h.URL, Audience: api.Audience})
			if err != nil {
				t.Fatal(err)
			}
			asking, err := verify.NewIntrospection(verify.IntrospectionOptions{
				Issuer: h.URL, Audience: api.Audience, ClientID: gateway.ClientID, ClientSecret: gateway.Secret.Secret, CacheTTL: -1,
			})
			if err != nil {
				t.Fatal(err)
			}
			good := func(v verify.Verifier) {
				t.Helper()
				got, err := v.Verify(t.Context(), token.AccessToken.Reveal())
				if err != nil || got.ClientID != app.ClientID || !got.May(name+":read") || got.ID == "" || time.Until(got.ExpiresAt) < time.Minute {
					t.Errorf("got %+v, %v", got, err)
				}
			}
			good(asking)
			if format == "jwt" {
				good(offline)
			}
			if _, err := admin.DisableApplication(t.Context(), app.ClientID); err != nil {
				t.Fatal(err)
			}
			if _, err := asking.Verify(t.Context(), token.AccessToken.Reveal()); !errors.Is(err, verify.ErrInvalid) {
				t.Errorf("a disabled application's token: got %v, want ErrInvalid", err)
			}
			if format == "jwt" {
				good(offline) // until it expires, as the package's documentation says
			}
		})
	}
}

func create(t *testing.T, admin *client.Client, a client.NewApplication) *client.Application {
	t.Helper()
	a.Secret = &client.NewApplicationSecret{}
	made, err := admin.CreateApplication(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return made
}
