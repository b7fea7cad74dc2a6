package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const audience = "https://invoices.example"

// issuer is a stand-in for the server: metadata, key set and introspection.
type issuer struct {
	*httptest.Server
	away    atomic.Bool
	fetches atomic.Int32 // of the key set
	fetched chan struct{}
	asked   atomic.Int32 // introspections

	mu     sync.Mutex
	keys   map[string]jose.JSONWebKey
	active map[string]map[string]any // token to introspection answer
	form   map[string][]string       // of the last introspection
	caller string
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{fetched: make(chan struct{}, 100), keys: map[string]jose.JSONWebKey{}, active: map[string]map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/oauth2/jwks"})
	})
	mux.HandleFunc("GET /oauth2/jwks", func(w http.ResponseWriter, _ *http.Request) {
		i.fetches.Add(1)
		i.fetched <- struct{}{}
		i.mu.Lock()
		defer i.mu.Unlock()
		set := jose.JSONWebKeySet{}
		for _, key := range i.keys {
			set.Keys = append(set.Keys, key.Public())
		}
		_ = json.NewEncoder(w).Encode(set)
	})
	mux.HandleFunc("POST /oauth2/introspect", i.introspect)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i.away.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) introspect(w http.ResponseWriter, r *http.Request) {
	i.asked.Add(1)
	_ = r.ParseForm()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.form = r.PostForm
	i.caller, _, _ = r.BasicAuth()
	answer := i.active[r.PostForm.Get("token")]
	if answer == nil {
		answer = map[string]any{"active": false}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// key makes a key and publishes it.
func (i *issuer) key(t *testing.T, id string) jose.JSONWebKey {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return i.publish(jose.JSONWebKey{Key: private, KeyID: id, Algorithm: "ES256", Use: "sig"})
}

func (i *issuer) publish(key jose.JSONWebKey) jose.JSONWebKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys[key.KeyID] = key
	return key
}

func (i *issuer) withdraw(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.keys, id)
}

// claims returns a good claims set, with changes; a nil change takes the claim away.
func (i *issuer) claims(changes map[string]any) map[string]any {
	now := time.Now()
	c := map[string]any{
		"iss": i.URL, "aud": audience, "sub": "app", "client_id": "app", "jti": "1",
		"scope": "invoices:read invoices:write", "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// sign makes a JWT with the header's typ; an empty typ leaves it out.
func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, kid, typ string, claims any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	if typ != "" {
		options = options.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// token is a good token with changes to its claims.
func (i *issuer) token(t *testing.T, key jose.JSONWebKey, changes map[string]any) string {
	t.Helper()
	return sign(t, jose.SignatureAlgorithm(key.Algorithm), key.Key, key.KeyID, "at+jwt", i.claims(changes))
}

// clock is a clock that tests move.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time           { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(by time.Duration) { c.ahead.Add(int64(by)) }

func public(key jose.JSONWebKey) crypto.PublicKey { return key.Public().Key }
