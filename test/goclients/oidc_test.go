package goclients

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/keyring"
)

// fetches counts the requests of a verifier for the key set.
type fetches struct{ count atomic.Int64 }

func (f *fetches) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/oauth2/jwks") {
		f.count.Add(1)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// discover returns the provider that go-oidc finds under an issuer.
func discover(t *testing.T, issuer string, f *fetches) *oidc.Provider {
	t.Helper()
	// The provider keeps the context for fetching keys later.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.Background(), &http.Client{Transport: f}), issuer)
	if err != nil {
		t.Fatal(err)
	}
	return provider
}

func TestOIDCVerifiesEveryAlgorithmByDiscovery(t *testing.T) {
	t.Parallel()
	h := housetest.Start(t)
	provider := discover(t, h.URL, &fetches{})
	if endpoint := provider.Endpoint(); endpoint.TokenURL != h.URL+"/oauth2/token" {
		t.Errorf("the token endpoint is %s", endpoint.TokenURL)
	}
	for _, alg := range keyring.Algs() {
		t.Run(string(alg), func(t *testing.T) {
			name := strings.ToLower(string(alg))
			h := h.With(t)
			h.NewAPI(name, housetest.O{"signing_alg": string(alg)}, name+":use")
			app := h.NewApp("caller of "+name, nil, name+":use")
			token := h.Token(app)
			accepted := func(audience string, algs ...string) bool {
				v := provider.Verifier(&oidc.Config{ClientID: audience, SupportedSigningAlgs: algs})
				verified, err := v.Verify(t.Context(), token)
				if err != nil {
					return false
				}
				if verified.Subject != app.ID || verified.Issuer != h.URL || time.Until(verified.Expiry) > 10*time.Minute {
					t.Errorf("verified %+v", verified)
				}
				return true
			}
			if !accepted("https://"+name+".example", string(alg)) {
				t.Error("refused")
			}
			if accepted("https://another.example", string(alg)) {
				t.Error("accepted for another API")
			}
			if accepted("https://"+name+".example", oidc.ES384) {
				t.Error("accepted with another algorithm")
			}
		})
	}
}

func TestOIDCVerifiesTokensOfAnEnvironment(t *testing.T) {
	t.Parallel()
	h := housetest.Start(t)
	staging, _ := h.NewEnvironment("staging")
	staging.NewAPI("invoices", nil, "invoices:read")
	c := config(staging, staging.NewApp("billing", nil, "invoices:read"), oauth2.AuthStyleInHeader)
	token, err := c.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	verify := func(issuer string) error {
		_, err := discover(t, issuer, &fetches{}).Verifier(&oidc.Config{ClientID: audience}).Verify(t.Context(), token.AccessToken)
		return err
	}
	if err := verify(staging.URL); err != nil {
		t.Error(err)
	}
	if verify(h.URL) == nil {
		t.Error("the default environment's verifier takes a token of another one")
	}
}

// follower verifies tokens while keys rotate, with a key set that it fetches when it must.
type follower struct {
	*testing.T
	house    *housetest.House
	verifier *oidc.IDTokenVerifier
	fetches  *fetches
}

func (f *follower) verify(what, token string, fetches int64) {
	f.Helper()
	if _, err := f.verifier.Verify(f.Context(), token); err != nil {
		f.Errorf("%s: %v", what, err)
	}
	if got := f.fetches.count.Load(); got != fetches {
		f.Errorf("%s: the keys were fetched %d times, not %d", what, got, fetches)
	}
}

// rotate makes the next key active and returns the status. The administrator's own token may have expired.
func (f *follower) rotate() int {
	f.Helper()
	admin := f.house.Token(f.house.Admin)
	return f.house.CallAs(admin, http.MethodPost, "/api/v1/keys/rotate", housetest.O{"alg": "ES256"}).Status
}

func TestOIDCVerifiesAcrossRotationsWithTheKeysItHas(t *testing.T) {
	t.Parallel()
	h := housetest.Start(t)
	h.NewAPI("invoices", housetest.O{"token_lifetime": 3600}, "invoices:read")
	billing := h.NewApp("billing", nil, "invoices:read")
	f := &follower{T: t, house: h, fetches: &fetches{}}
	f.verifier = discover(t, h.URL, f.fetches).Verifier(&oidc.Config{ClientID: audience, Now: h.Clock.Now})

	first := h.Token(billing)
	f.verify("the first token", first, 1)
	if status := f.rotate(); status != http.StatusConflict {
		t.Fatalf("a key that verifiers may not know yet was made active: %d", status)
	}

	h.Clock.Move(keyring.PublishLead)
	if status := f.rotate(); status != http.StatusOK {
		t.Fatalf("the first rotation: %d", status)
	}
	second := h.Token(billing)
	f.verify("a token by the next key, which was published with the first", second, 1)
	f.verify("the first token after the rotation", first, 1)

	h.Clock.Move(keyring.PublishLead)
	if status := f.rotate(); status != http.StatusOK {
		t.Fatalf("the second rotation: %d", status)
	}
	f.verify("a token by a key that the verifier has never seen", h.Token(billing), 2)
	f.verify("the first token with the new keys", first, 2)
	f.verify("the second token with the new keys", second, 2)
}
