package oauth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// signer is a key with which JWTs are signed.
type signer struct{ jose.JSONWebKey }

func newSigner(t *testing.T, kid string) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: "ES256", Use: "sig"}}
}

// jwks is the set of the public keys as a JSON object.
func jwks(signers ...signer) (set O) {
	var keys jose.JSONWebKeySet
	for _, s := range signers {
		keys.Keys = append(keys.Keys, s.Public())
	}
	text, _ := json.Marshal(keys)
	_ = json.Unmarshal(text, &set)
	return set
}

func (s signer) sign(t *testing.T, claims O) string {
	t.Helper()
	signing, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.JSONWebKey}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(claims)
	signed, err := signing.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

// assertion signs what a client says of itself, with changes.
func (s signer) assertion(t *testing.T, h *House, client string, changes O) string {
	t.Helper()
	now := h.Clock.Now()
	claims := O{"iss": client, "sub": client, "aud": h.URL, "jti": uuid.NewString(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return s.sign(t, claims)
}

// assert asks for a token with an assertion; client is sent as client_id unless it is empty.
func assert(h *House, client, assertion string) *Answer {
	h.T.Helper()
	parameters := []string{"grant_type", "client_credentials", "client_assertion_type", jwtBearer, "client_assertion", assertion}
	if client != "" {
		parameters = append(parameters, "client_id", client)
	}
	return h.Form("/oauth2/token", Client{}, parameters...)
}

// bare makes an application that has no credential, with one scope.
func bare(h *House, name string) string {
	h.T.Helper()
	h.NewAPI(name, nil, name+":read")
	return h.Must("POST", "/applications", O{"name": name, "scopes": []string{name + ":read"}}).String("client_id")
}

// lastRefusal returns what an application's administrators see of its latest refusal.
func lastRefusal(h *House, client string) O {
	h.T.Helper()
	if err := h.Flush(h.T.Context()); err != nil {
		h.T.Fatal(err)
	}
	items := h.Must("GET", "/applications/"+client+"/refusals", nil).JSON["items"].([]any)
	if len(items) == 0 {
		h.T.Fatal("no refusal was noted")
	}
	return items[0].(O)
}

func TestClientProvesItselfByItsOwnJWT(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		own, other := newSigner(t, "one"), newSigner(t, "two")
		id := bare(h, "invoices")
		added := h.Must("POST", "/applications/"+id+"/jwt-keys", O{"jwks": jwks(own), "description": "laptop"})
		if a := assert(h, "", own.assertion(t, h, id, nil)); a.Status != 200 || a.String("access_token") == "" {
			t.Fatalf("%d %s", a.Status, a.Text)
		}
		stranger := uuid.NewString()
		for name, c := range map[string]struct{ token, client, reason string }{
			"another key":           {other.assertion(t, h, id, nil), "", "assertion_unknown_key"},
			"another key's name":    {signer{jose.JSONWebKey{Key: other.Key, KeyID: "one"}}.assertion(t, h, id, nil), "", "assertion_signature"},
			"the endpoint as aud":   {own.assertion(t, h, id, O{"aud": h.URL + "/oauth2/token"}), "", "assertion_audience"},
			"two audiences":         {own.assertion(t, h, id, O{"aud": []string{h.URL, "https://other.example"}}), "", "assertion_audience"},
			"expired":               {own.assertion(t, h, id, O{"exp": h.Clock.Now().Add(-time.Minute).Unix(), "iat": nil}), "", "assertion_expired"},
			"valid for an hour":     {own.assertion(t, h, id, O{"exp": h.Clock.Now().Add(time.Hour).Unix()}), "", "assertion_lifetime"},
			"no jti":                {own.assertion(t, h, id, O{"jti": nil}), "", "assertion_no_id"},
			"no JWT":                {"x", id, "assertion_malformed"},
			"another client_id too": {own.assertion(t, h, id, nil), stranger, ""},
			"of a stranger":         {own.assertion(t, h, stranger, nil), "", ""},
		} {
			a := assert(h, c.client, c.token)
			if refused(t, a, 401, "invalid_client"); a.String("error_description") != "Client authentication failed." {
				t.Errorf("%s: %s", name, a.Text)
			}
			if c.reason == "" {
				continue
			}
			if got := lastRefusal(h, id); got["reason"] != c.reason || got["detail"] == "" {
				t.Errorf("%s is noted as %v", name, got)
			}
		}
		once := own.assertion(t, h, id, nil)
		if a := assert(h, "", once); a.Status != 200 {
			t.Fatalf("%s", a.Text)
		}
		for _, path := range endpoints {
			a := h.Form(path, Client{}, "grant_type", "client_credentials", "token", "x", "client_assertion_type", jwtBearer, "client_assertion", once)
			refused(t, a, 401, "invalid_client")
		}
		if got := lastRefusal(h, id); got["reason"] != "assertion_replayed" || got["credential_id"] != added.String("id") || got["method"] != "private_key_jwt" {
			t.Errorf("a replay is noted as %v", got)
		}
		for range 7 { // assertions lock nobody
			assert(h, "", other.assertion(t, h, id, nil))
		}
		if a := assert(h, "", own.assertion(t, h, id, nil)); a.Status != 200 {
			t.Errorf("after failures: %s", a.Text)
		}
		h.Must("PATCH", "/applications/"+id, O{"legacy_audience": true})
		for _, aud := range []any{h.URL + "/oauth2/token", []string{h.URL, h.URL + "/oauth2/token"}, h.URL} {
			if a := assert(h, "", own.assertion(t, h, id, O{"aud": aud})); a.Status != 200 {
				t.Errorf("aud %v with the switch: %s", aud, a.Text)
			}
		}
		refused(t, assert(h, "", own.assertion(t, h, id, O{"aud": "https://other.example"})), 401, "invalid_client")
	})
}

func TestDisabledKeyDoesNotStandBeforeItsSuccessor(t *testing.T) {
	h := housetest.Start(t)
	own := newSigner(t, "one")
	id := bare(h, "invoices")
	first := h.Must("POST", "/applications/"+id+"/jwt-keys", O{"jwks": jwks(own)}).String("id")
	token := assert(h, "", own.assertion(t, h, id, nil)).String("access_token")
	h.Must("POST", "/applications/"+id+"/jwt-keys/"+first+"/disable", nil)
	a := assert(h, "", own.assertion(t, h, id, nil))
	if refused(t, a, 401, "invalid_client"); !strings.Contains(a.String("error_description"), "disabled") {
		t.Errorf("who signed with the right key learns why: %s", a.Text)
	}
	if h.Active(h.Admin, token) {
		t.Error("its token lives")
	}
	h.Must("POST", "/applications/"+id+"/jwt-keys", O{"jwks": jwks(own)})
	if a := assert(h, "", own.assertion(t, h, id, nil)); a.Status != 200 {
		t.Errorf("the same key again: %s", a.Text)
	}
}

func TestAssertionCountsOnceOnAllNodes(t *testing.T) {
	nodes := housetest.NodesWith(t, 2)
	own := newSigner(t, "one")
	id := bare(nodes[0], "invoices")
	nodes[0].Must("POST", "/applications/"+id+"/jwt-keys", O{"jwks": jwks(own)})
	for range 5 {
		once := own.assertion(t, nodes[0], id, nil)
		answers := make([]*Answer, 8)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				h := nodes[i%2]
				r := h.FormRequest("/oauth2/token", Client{}, "grant_type", "client_credentials", "client_assertion_type", jwtBearer, "client_assertion", once)
				answers[i], _ = housetest.Attempt(r)
			})
		}
		all.Wait()
		good := 0
		for _, a := range answers {
			if a != nil && a.Status == 200 {
				good++
			}
		}
		if good != 1 {
			t.Errorf("accepted %d times", good)
		}
	}
}

// issuer is another issuer of tokens: discovery and keys on loopback, with TLS.
type issuer struct {
	*httptest.Server
	mu      sync.Mutex
	keys    O
	fetched int
	move    string // where the keys have moved to
}

// newIssuer starts one and a house that may call it.
func newIssuer(t *testing.T, keys ...signer) (*issuer, *House) {
	t.Helper()
	i := &issuer{keys: jwks(keys...)}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(O{"issuer": i.URL, "jwks_uri": i.URL + "/jwks"})
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.fetched++; i.move != "" {
			http.Redirect(w, r, i.move, http.StatusFound)
			return
		}
		_ = json.NewEncoder(w).Encode(i.keys)
	})
	i.Server = httptest.NewTLSServer(mux)
	t.Cleanup(i.Close)
	root := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return i, housetest.StartWith(t, "--egress-allow", i.Listener.Addr().String(), "--egress-root", root)
}

func (i *issuer) publish(keys ...signer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = jwks(keys...)
}

// gitHub is a token of the shape that GitHub Actions has.
func gitHub(h *House, i *issuer, changes O) O {
	now := h.Clock.Now()
	claims := O{
		"jti": uuid.NewString(), "sub": "repo:acme/shop:ref:refs/heads/main", "aud": h.URL, "ref": "refs/heads/main", "sha": "0123abcd",
		"repository": "acme/shop", "repository_owner": "acme", "repository_owner_id": "42", "repository_id": "7", "run_id": "99", "run_attempt": "1",
		"actor": "mallory", "workflow": "deploy", "event_name": "push", "ref_type": "branch", "environment": "production",
		"job_workflow_ref": "acme/shop/.github/workflows/deploy.yml@refs/heads/main", "runner_environment": "github-hosted",
		"iss": i.URL, "nbf": now.Add(-time.Minute).Unix(), "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}
	for name, value := range changes {
		claims[name] = value
	}
	return claims
}

func TestJobOfARepositoryNeedsNoSecret(t *testing.T) {
	key := newSigner(t, "first")
	i, h := newIssuer(t, key)
	id := bare(h, "deploys")
	made := h.Must("POST", "/applications/"+id+"/trusts", O{
		"issuer": i.URL, "subject": "repo:acme/shop:ref:refs/heads/*", "claims": O{"environment": "production", "repository_owner_id": "42"},
	})
	token := key.sign(t, gitHub(h, i, nil))
	for range 2 { // its issuer meant it to be used until it expires
		if a := assert(h, id, token); a.Status != 200 {
			t.Fatalf("%d %s %v", a.Status, a.Text, lastRefusal(h, id))
		}
	}
	refused(t, assert(h, "", token), 401, "invalid_client") // which client it is for only the client can say
	refused(t, assert(h, uuid.NewString(), token), 401, "invalid_client")
	forged := newSigner(t, "first")
	for name, c := range map[string]struct {
		token  string
		reason string
		detail []string
	}{
		"a tag":               {key.sign(t, gitHub(h, i, O{"sub": "repo:acme/shop:ref:refs/tags/main"})), "trust_claim_differs", []string{"sub", "refs/tags/main", "refs/heads/*"}},
		"a neighbour":         {key.sign(t, gitHub(h, i, O{"sub": "repo:acme/shop-evil:ref:refs/heads/main"})), "trust_claim_differs", []string{"sub", "shop-evil"}},
		"another environment": {key.sign(t, gitHub(h, i, O{"environment": "staging"})), "trust_claim_differs", []string{"environment", "staging", "production"}},
		"two claims":          {key.sign(t, gitHub(h, i, O{"environment": "staging", "repository_owner_id": "43"})), "trust_claim_differs", []string{"environment", "repository_owner_id", "43"}},
		"another audience":    {key.sign(t, gitHub(h, i, O{"aud": "https://other.example"})), "trust_claim_differs", []string{"aud", "other.example"}},
		"another issuer":      {key.sign(t, gitHub(h, i, O{"iss": "https://evil.example"})), "assertion_issuer", []string{"evil.example"}},
		"expired":             {key.sign(t, gitHub(h, i, O{"exp": h.Clock.Now().Add(-time.Hour).Unix(), "nbf": 1, "iat": 1})), "assertion_expired", nil},
		"forged":              {forged.sign(t, gitHub(h, i, nil)), "assertion_signature", nil},
	} {
		refused(t, assert(h, id, c.token), 401, "invalid_client")
		got := lastRefusal(h, id)
		detail, _ := got["detail"].(string)
		if got["reason"] != c.reason || got["method"] != "federated_jwt" || slices.ContainsFunc(c.detail, func(s string) bool { return !strings.Contains(detail, s) }) {
			t.Errorf("%s is noted as %v", name, got)
		}
		verdict := h.Must("POST", "/applications/"+id+"/trusts/"+made.String("id")+"/test", O{"token": c.token})
		if verdict.JSON["accepted"] != false {
			t.Errorf("%s: %s", name, verdict.Text)
		}
	}
	verdict := h.Must("POST", "/applications/"+id+"/trusts/"+made.String("id")+"/test", O{"token": key.sign(t, gitHub(h, i, O{"environment": "staging"}))})
	for _, f := range verdict.JSON["claims"].([]any) {
		f := f.(O)
		if f["matches"] != (f["claim"] != "environment") || f["claim"] == "environment" && (f["got"] != "staging" || f["wanted"] != "production") {
			t.Errorf("the trial finds %v", f)
		}
	}
	if verdict.String("signature") != "" || verdict.String("time") != "" || len(verdict.JSON["claims"].([]any)) != 5 {
		t.Errorf("%s", verdict.Text)
	}
	// The issuer changes its key: the next token with a new kid brings the new set, at most once a minute.
	second := newSigner(t, "second")
	i.publish(second)
	later(h, 2*time.Minute)
	if a := assert(h, id, second.sign(t, gitHub(h, i, nil))); a.Status != 200 {
		t.Errorf("after the rotation: %s %v", a.Text, lastRefusal(h, id))
	}
	refused(t, assert(h, id, key.sign(t, gitHub(h, i, nil))), 401, "invalid_client")
	before := i.fetched
	for n := range 20 {
		assert(h, id, newSigner(t, "guess"+string(rune('a'+n))).sign(t, gitHub(h, i, nil)))
	}
	if i.fetched > before+1 {
		t.Errorf("made-up key names made %d requests", i.fetched-before)
	}
}

func TestServiceAccountOfAClusterNeedsNoSecret(t *testing.T) {
	key := newSigner(t, "cluster")
	i, h := newIssuer(t, key)
	id := bare(h, "orders")
	h.Must("POST", "/applications/"+id+"/trusts", O{
		"issuer": i.URL, "subject": "system:serviceaccount:shop:orders", "audience": "counterfoil", "jwks_uri": i.URL + "/jwks",
		"claims": O{"kubernetes.io/namespace": "shop"}, "single_use": true,
	})
	now := h.Clock.Now()
	claims := func(changes O) O {
		all := O{
			"aud": []string{"counterfoil", "https://kubernetes.default.svc"}, "iss": i.URL, "sub": "system:serviceaccount:shop:orders",
			"exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nbf": now.Unix(), "jti": uuid.NewString(),
			"kubernetes.io": O{"namespace": "shop", "pod": O{"name": "orders-0", "uid": uuid.NewString()}, "serviceaccount": O{"name": "orders", "uid": uuid.NewString()}},
		}
		for name, value := range changes {
			all[name] = value
		}
		return all
	}
	once := key.sign(t, claims(nil))
	if a := assert(h, id, once); a.Status != 200 {
		t.Fatalf("%s %v", a.Text, lastRefusal(h, id))
	}
	refused(t, assert(h, id, once), 401, "invalid_client")
	if got := lastRefusal(h, id); got["reason"] != "assertion_replayed" {
		t.Errorf("single use: %v", got)
	}
	refused(t, assert(h, id, key.sign(t, claims(O{"sub": "system:serviceaccount:shop:default"}))), 401, "invalid_client")
	refused(t, assert(h, id, key.sign(t, claims(O{"kubernetes.io": O{"namespace": "dev"}}))), 401, "invalid_client")
	if got := lastRefusal(h, id); !strings.Contains(got["detail"].(string), "kubernetes.io/namespace") {
		t.Errorf("%v", got)
	}
	i.Close()
	later(h, 25*time.Hour)
	a := assert(h, id, key.sign(t, claims(O{"exp": h.Clock.Now().Add(time.Hour).Unix()})))
	refused(t, a, 503, "temporarily_unavailable")
	if got := lastRefusal(h, id); got["reason"] != "assertion_keys_unavailable" || got["detail"] == "" {
		t.Errorf("an issuer that is away is noted as %v", got)
	}
}

func TestKeysThatMustNotBeFetchedAreRefusedWhenTheyAreAdded(t *testing.T) {
	key := newSigner(t, "one")
	i, h := newIssuer(t, key)
	id := bare(h, "invoices")
	other := httptest.NewTLSServer(http.NotFoundHandler())
	defer other.Close()
	bad := func(path string, body O, member, words string) {
		t.Helper()
		a := h.Call("POST", "/applications/"+id+"/"+path, body)
		if a.Status != 422 || !strings.Contains(a.Text, "body."+member) || !strings.Contains(a.Text, words) {
			t.Errorf("%v: %d %s", body, a.Status, a.Text)
		}
	}
	bad("jwt-keys", O{"jwks_uri": other.URL}, "jwks_uri", "")
	bad("jwt-keys", O{"jwks_uri": "https://127.0.0.1/jwks"}, "jwks_uri", "")
	bad("jwt-keys", O{"jwks_uri": "https://169.254.169.254/latest"}, "jwks_uri", "")
	bad("jwt-keys", O{"jwks_uri": "file:///etc/passwd"}, "jwks_uri", "")
	bad("jwt-keys", O{"jwks_uri": i.URL + "/nothing"}, "jwks_uri", "404")
	bad("jwt-keys", O{}, "jwks", "")
	private, _ := json.Marshal(key)
	bad("jwt-keys", O{"jwks": json.RawMessage(private)}, "jwks", "private")
	bad("jwt-keys", O{"jwks": O{"keys": []O{{"kty": "oct", "k": "AAAA"}}}}, "jwks", "symmetric")
	bad("jwt-keys", O{"jwks": "rubbish"}, "jwks", "")
	bad("jwt-keys", O{"jwks": 7}, "jwks", "")
	bad("trusts", O{"issuer": other.URL, "subject": "somebody"}, "issuer", "")
	bad("trusts", O{"issuer": i.URL, "subject": "*"}, "subject", "")
	bad("trusts", O{"issuer": i.URL, "subject": "repo:*"}, "subject", "")
	bad("trusts", O{"issuer": i.URL + "/", "subject": "somebody"}, "issuer", "exactly")
	bad("trusts", O{"subject": "somebody"}, "issuer", "")
	i.mu.Lock()
	i.move = "https://127.0.0.1:1/jwks"
	i.mu.Unlock()
	bad("jwt-keys", O{"jwks_uri": i.URL + "/jwks"}, "jwks_uri", "")
	if n := len(h.Must("GET", "/applications/"+id+"/jwt-keys", nil).JSON["items"].([]any)); n != 0 {
		t.Errorf("%d keys were added", n)
	}
	reader := h.NewApp("reader", nil, "credentials:read")
	fetched := i.fetched
	if a := h.CallAs(h.Token(reader), "POST", "/api/v1/applications/"+id+"/jwt-keys", O{"jwks_uri": i.URL + "/jwks"}); a.Status != 403 || i.fetched != fetched {
		t.Errorf("who may not add keys made the server call: %d", a.Status)
	}
	for range 20 {
		h.Must("POST", "/applications/"+id+"/jwt-keys", O{"jwks": jwks(newSigner(t, ""))})
	}
	if a := h.Call("POST", "/applications/"+id+"/jwt-keys", O{"jwks": jwks(newSigner(t, ""))}); a.Status != 409 {
		t.Errorf("the 21st: %d %s", a.Status, a.Text)
	}
}

// behindProxy starts a house to which certificates come in a header, as from a proxy.
func behindProxy(t *testing.T) *House {
	t.Helper()
	return housetest.StartWith(t, "--client-cert-header", "rfc9440", "--trusted-proxies", "127.0.0.1")
}

// selfSigned makes a client certificate.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// with adds a certificate to a request as the proxy does.
func with(r *http.Request, c tls.Certificate) *http.Request {
	r.Header.Set("Client-Cert", ":"+base64.StdEncoding.EncodeToString(c.Certificate[0])+":")
	return r
}

func pemOf(c tls.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}))
}

func TestStolenTokenOfACertificateIsWorthNothing(t *testing.T) {
	h := behindProxy(t)
	own, thief := selfSigned(t), selfSigned(t)
	app := h.Must("POST", "/applications", O{"name": "bound", "scopes": []string{"applications:read", "tokens:introspect"}}).String("client_id")
	made := h.Must("POST", "/applications/"+app+"/certificates", O{"certificate": pemOf(own)})
	if made.String("method") != "self_signed_tls_client_auth" || made.String("expires_at") == "" {
		t.Errorf("%s", made.Text)
	}
	ask := func() *http.Request {
		return h.FormRequest("/oauth2/token", Client{}, "grant_type", "client_credentials", "client_id", app)
	}
	got := h.Send(with(ask(), own))
	if got.Status != 200 {
		t.Fatalf("%s", got.Text)
	}
	refused(t, h.Send(with(ask(), thief)), 401, "invalid_client")
	if r := lastRefusal(h, app); r["reason"] != "certificate_thumbprint" || r["detail"] == "" {
		t.Errorf("%v", r)
	}
	refused(t, h.Send(ask()), 401, "invalid_client")
	token := got.String("access_token")
	seen := h.Introspect(h.Admin, token)
	if seen.Object("cnf").String("x5t#S256") != made.String("x5t#S256") || made.String("x5t#S256") == "" {
		t.Errorf("introspection says %s", seen.Text)
	}
	for name, c := range map[string]struct {
		request *http.Request
		status  int
	}{
		"the API with it":                {with(h.CallRequest(token, "GET", "/api/v1/applications", nil), own), 200},
		"the API without":                {h.CallRequest(token, "GET", "/api/v1/applications", nil), 401},
		"the API with another":           {with(h.CallRequest(token, "GET", "/api/v1/applications", nil), thief), 401},
		"itself without":                 {h.CallRequest(token, "GET", "/api/v1/credentials/self", nil), 401},
		"introspection by it":            {with(bearerForm(h, token), own), 200},
		"introspection by it, without":   {bearerForm(h, token), 401},
		"introspection by it, another's": {with(bearerForm(h, token), thief), 401},
	} {
		if a := h.Send(c.request); a.Status != c.status {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	later(h, 30*time.Hour) // the certificate has expired, and with it the credential
	refused(t, h.Send(with(ask(), own)), 401, "invalid_client")
}

func bearerForm(h *House, token string) *http.Request {
	r := h.FormRequest("/oauth2/introspect", Client{}, "token", token)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

func TestMetadataNamesOnlyMethodsThatWork(t *testing.T) {
	for name, h := range map[string]*House{"without certificates": housetest.Start(t), "with": behindProxy(t)} {
		a := h.Send(h.Request("GET", "/.well-known/oauth-authorization-server", nil))
		methods := a.JSON["token_endpoint_auth_methods_supported"].([]any)
		if slices.Contains(methods, any("federated_jwt")) || slices.Contains(methods, any("tls_client_auth")) != (name == "with") ||
			slices.Contains(methods, any("self_signed_tls_client_auth")) != (name == "with") || !slices.Contains(methods, any("private_key_jwt")) {
			t.Errorf("%s: %v", name, methods)
		}
		if algorithms, _ := a.JSON["token_endpoint_auth_signing_alg_values_supported"].([]any); !slices.Contains(algorithms, any("ES256")) || slices.Contains(algorithms, any("none")) {
			t.Errorf("%s: signed by %v", name, algorithms)
		}
	}
}

func TestKeptSecretSignsAssertionsAndAnotherDoesNot(t *testing.T) {
	h := housetest.Start(t)
	id := bare(h, "invoices")
	kept := h.Must("POST", "/applications/"+id+"/secrets", O{"viewable": true}).String("secret")
	lost := h.Must("POST", "/applications/"+id+"/secrets", O{"viewable": false}).String("secret")
	signed := func(secret string) string {
		signing, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secret)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		now := h.Clock.Now()
		text, _ := json.Marshal(O{"iss": id, "sub": id, "aud": h.URL, "jti": uuid.NewString(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()})
		token, err := signing.Sign(text)
		if err != nil {
			t.Fatal(err)
		}
		compact, _ := token.CompactSerialize()
		return compact
	}
	once := signed(kept)
	if a := assert(h, "", once); a.Status != 200 {
		t.Fatalf("%s %v", a.Text, lastRefusal(h, id))
	}
	refused(t, assert(h, "", once), 401, "invalid_client")
	refused(t, assert(h, "", signed(lost)), 401, "invalid_client")
	// A public key is no secret, however it is presented (RFC 8725 §2.1).
	public := newSigner(t, "one")
	h.Must("POST", "/applications/"+id+"/jwt-keys", O{"jwks": jwks(public)})
	text, _ := json.Marshal(jwks(public))
	refused(t, assert(h, "", signed(string(text))), 401, "invalid_client")
	h.Must("PATCH", "/applications/"+id, O{"auth_methods": []string{"private_key_jwt"}})
	a := assert(h, "", signed(kept))
	if refused(t, a, 401, "invalid_client"); lastRefusal(h, id)["reason"] != "method_not_allowed" {
		t.Errorf("%s %v", a.Text, lastRefusal(h, id))
	}
	if a := assert(h, "", public.assertion(t, h, id, nil)); a.Status != 200 {
		t.Errorf("the allowed method: %s", a.Text)
	}
}
