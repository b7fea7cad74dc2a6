package adminapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestACredentialIsTimedAndToldSo(t *testing.T) {
	h := housetest.StartWith(t, "--rate-limit-credential", "1/5", "--rate-limit-address", "0")
	one, other := h.Limited("keys:read"), h.AdminToken()
	get := func(token string) *housetest.Answer { return h.CallAs(token, "GET", "/api/v1/keys", nil) }
	for i := range 5 {
		a := expect(t, get(one), http.StatusOK)
		if want := `"credential";r=` + string(rune('4'-i)); !strings.HasPrefix(a.Header.Get("RateLimit"), want) || a.Header.Get("RateLimit-Policy") != `"credential";q=5;w=5` {
			t.Errorf("%v", a.Header)
		}
	}
	a := expect(t, get(one), http.StatusTooManyRequests)
	if a.Header.Get("Retry-After") != "1" || a.Header.Get("Content-Type") != "application/problem+json" || !strings.HasPrefix(a.Header.Get("RateLimit"), `"credential";r=0`) {
		t.Errorf("%v %s", a.Header, a.Text)
	}
	expect(t, get(other), http.StatusOK)
	h.Clock.Move(3 * time.Second)
	left := items(t, expect(t, h.CallAs(one, "GET", "/api/v1/rate-limit", nil), http.StatusOK))
	if len(left) != 1 {
		t.Fatal(left)
	}
	members(t, &housetest.Answer{JSON: left[0]}, O{"policy": "credential", "limit": 5.0, "per_second": 1.0, "remaining": 2.0, "full_after_seconds": 3.0})
	// The token endpoint has bounds of its own.
	for range 10 {
		if a := h.Form("/oauth2/token", h.Admin, "grant_type", "client_credentials"); a.Status != http.StatusOK || a.Header.Get("RateLimit") != "" {
			t.Fatalf("%d %v", a.Status, a.Header)
		}
	}
}

func TestANetworkIsTimedBeforeAnybodyIsAsked(t *testing.T) {
	h := housetest.StartWith(t, "--rate-limit-address", "1/3")
	for range 3 {
		expect(t, h.CallAs("rubbish", "GET", "/api/v1/keys", nil), http.StatusUnauthorized)
	}
	a := expect(t, h.CallAs("rubbish", "GET", "/api/v1/keys", nil), http.StatusTooManyRequests)
	if a.Header.Get("WWW-Authenticate") != "" || a.Header.Get("Retry-After") != "1" {
		t.Error(a.Header)
	}
}

func TestWhatIsLeftIsNotForThoseWhoMayOnlySignPeopleIn(t *testing.T) {
	h := housetest.Start(t)
	for access, want := range map[string]int{"authentication-only": 403, "read-users": 200, "manage-users": 200, "read-all": 200, "manage-all": 200} {
		pair := h.Must("POST", "/credentials", O{"name": access, "access": access})
		token := h.Token(housetest.Client{ID: pair.String("client_id"), Secret: pair.String("secret")})
		expect(t, h.CallAs(token, "GET", "/api/v1/rate-limit", nil), want)
	}
}
