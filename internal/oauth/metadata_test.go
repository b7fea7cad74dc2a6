package oauth_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestDiscoveryTellsTheConfiguredIssuerWhateverTheRequestSays(t *testing.T) {
	h := housetest.Start(t)
	acme := newPlace(h, "acme")
	bare := h.Must("POST", "/environments", O{"name": "without a slug"})
	documents := map[string]string{ // the path, and the issuer it must tell
		"/.well-known/oauth-authorization-server":                           h.URL,
		"/.well-known/openid-configuration":                                 h.URL,
		"/.well-known/oauth-authorization-server/acme":                      h.URL + "/acme",
		"/.well-known/openid-configuration/acme":                            h.URL + "/acme",
		"/acme/.well-known/oauth-authorization-server":                      h.URL + "/acme",
		"/acme/.well-known/openid-configuration":                            h.URL + "/acme",
		"/" + acme.id + "/.well-known/openid-configuration":                 h.URL + "/acme",
		"/.well-known/oauth-authorization-server/" + acme.id:                h.URL + "/acme",
		"/" + bare.String("id") + "/.well-known/openid-configuration":       h.URL + "/" + bare.String("id"),
		"/.well-known/oauth-authorization-server/" + bare.String("id"):      h.URL + "/" + bare.String("id"),
		"/" + bare.String("id") + "/.well-known/oauth-authorization-server": h.URL + "/" + bare.String("id"),
	}
	for path, issuer := range documents {
		for _, headers := range [][]string{
			nil, {"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "X-Forwarded-Prefix", "/evil", "Forwarded", "host=evil.example;proto=https"},
			{"X-Original-URL", "/evil", "X-Rewrite-URL", "/evil"},
		} {
			r := h.Request("GET", path, nil, headers...)
			if headers != nil {
				r.Host = "evil.example"
			}
			a := h.Send(r)
			if a.Status != http.StatusOK || strings.Contains(a.Text, "evil") {
				t.Errorf("%s: %d %s", path, a.Status, a.Text)
				continue
			}
			for member, want := range map[string]string{
				"issuer": "", "token_endpoint": "/oauth2/token", "introspection_endpoint": "/oauth2/introspect",
				"revocation_endpoint": "/oauth2/revoke", "jwks_uri": "/oauth2/jwks",
			} {
				if a.String(member) != issuer+want {
					t.Errorf("%s: %s is %q, want %q", path, member, a.String(member), issuer+want)
				}
			}
			if a.Header.Get("Content-Type") != "application/json" || !strings.Contains(a.Header.Get("Cache-Control"), "max-age") || a.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: %v", path, a.Header)
			}
			for _, gone := range []string{"password", "implicit", "authorization_endpoint"} { // RFC 9700 §2.1.2, §2.4
				if strings.Contains(a.Text, gone) {
					t.Errorf("%s tells of %s", path, gone)
				}
			}
		}
	}
	for _, member := range []string{"token_endpoint", "introspection_endpoint", "revocation_endpoint"} {
		a := h.Send(h.Request("GET", "/acme/.well-known/openid-configuration", nil))
		path := strings.TrimPrefix(a.String(member), h.URL)
		if b := h.Form(path, acme.admin, "grant_type", "client_credentials", "token", "x"); b.Status != http.StatusOK {
			t.Errorf("%s, as discovery tells it: %d %s", path, b.Status, b.Text)
		}
	}
}

func TestNoEnvironmentTellsOfAnother(t *testing.T) {
	h := housetest.Start(t)
	newPlace(h, "acme")
	newPlace(h, "beta")
	for _, path := range []string{
		"/acme/.well-known/oauth-authorization-server/beta", "/acme/.well-known/openid-configuration/beta",
		"/.well-known/oauth-authorization-server/nobody", "/.well-known/openid-configuration/..", "/.well-known/oauth-authorization-server/acme/beta",
		"/.well-known/oauth-authorization-server/ACME", "/.well-known/oauth-authorization-server/", "/nobody/.well-known/openid-configuration",
		"/.well-known/oauth-authorization-server/00000000-0000-0000-0000-000000000000", "/.well-known/", "/.well-known",
	} {
		if a := h.Send(h.Request("GET", path, nil)); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, a.Status, a.Text)
		}
	}
}

func TestKeySetIsPublicAndCacheable(t *testing.T) {
	h := housetest.Start(t)
	for _, alg := range []string{"ES256", "EdDSA", "RS256", "PS256"} {
		h.NewAPI(strings.ToLower(alg), O{"signing_alg": alg})
	}
	acme := newPlace(h, "acme")
	get := func(path string, headers ...string) *Answer { return h.Send(h.Request("GET", path, nil, headers...)) }
	a := get("/oauth2/jwks")
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal([]byte(a.Text), &set); err != nil || a.Status != http.StatusOK || len(set.Keys) != 8 { // active and next
		t.Fatalf("%d %s", a.Status, a.Text)
	}
	seen := map[any]bool{}
	for _, key := range set.Keys {
		for member := range key {
			if !slices.Contains([]string{"kty", "crv", "x", "y", "n", "e", "use", "alg", "kid"}, member) {
				t.Errorf("a key has the member %s", member)
			}
		}
		if key["kty"] == "oct" || key["use"] != "sig" || key["kid"] == "" || key["kid"] == nil || seen[key["kid"]] {
			t.Errorf("%v", key)
		}
		seen[key["kid"]] = true
	}
	tag := a.Header.Get("ETag")
	if tag == "" || !strings.Contains(a.Header.Get("Cache-Control"), "max-age=600") || a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Pragma") != "" {
		t.Errorf("%v", a.Header)
	}
	for _, header := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
		if b := get("/oauth2/jwks", "If-None-Match", header); b.Status != http.StatusNotModified || b.Text != "" || b.Header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d %s", header, b.Status, b.Text)
		}
	}
	if b := get("/oauth2/jwks", "If-None-Match", `"other"`); b.Status != http.StatusOK || b.Text != a.Text {
		t.Errorf("%d %s", b.Status, b.Text)
	}
	if b := get("/acme/oauth2/jwks"); b.Text == a.Text || b.Text != get("/"+acme.id+"/oauth2/jwks").Text {
		t.Errorf("the key set of another environment: %s", b.Text)
	}
	h.Must("POST", "/keys/rotate", O{"alg": "ES256", "force": true})
	if b := get("/oauth2/jwks", "If-None-Match", tag); b.Status != http.StatusOK || b.Header.Get("ETag") == tag {
		t.Errorf("after a rotation: %d", b.Status)
	}
	for _, header := range []string{"Set-Cookie", "Vary"} {
		if a.Header.Get(header) != "" {
			t.Errorf("%s: %s", header, a.Header.Get(header))
		}
	}
}

// Scripts of other origins may read what is public and nothing else.
func TestOtherOriginsReadOnlyPublicDocuments(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	origin := []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization"}
	for _, path := range append(slices.Clone(endpoints), "/api/v1/applications", "/api/v1/credentials/self", "/readyz", "/metrics", "/nowhere") {
		for _, method := range []string{"OPTIONS", "POST", "GET"} {
			a := h.Send(h.Request(method, path, strings.NewReader("grant_type=client_credentials"), append(append(basic(c.ID+":"+c.Secret), origin...), "Content-Type", formType)...))
			for name := range a.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s: %s: %s", method, path, name, a.Header.Get(name))
				}
			}
			if method == "OPTIONS" && a.Status/100 == 2 {
				t.Errorf("a preflight of %s: %d", path, a.Status)
			}
		}
	}
	for _, path := range []string{"/oauth2/jwks", "/.well-known/openid-configuration"} {
		a := h.Send(h.Request("GET", path, nil, origin...))
		if a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
}
