package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"time"
)

// chosenCount is how many clients have a chosen secret: making one is slow on purpose.
const chosenCount = 64

// kinds are clients that prove themselves otherwise than by a generated secret: one of each kind is enough, because
// what is measured is the proof.
type kinds struct {
	chosen      []string // Authorization values
	key         signer   // of a JWT key
	trust       signer   // of another issuer
	certificate request
}

// signer makes assertions for a client.
type signer struct {
	key              *ecdsa.PrivateKey
	client           string
	issuer, audience string
	subject          string
}

// foreignIssuer is the issuer that a client trusts; its keys are given, so that nothing is fetched.
const foreignIssuer = "https://issuer.bench.example"

func (h *house) populateKinds(ctx context.Context, bearer string, k *kinds) error {
	if err := h.send(ctx, http.MethodPatch, "/api/v1/policy", "application/json", "Bearer "+bearer, []byte(`{"chosen_secrets":true}`), nil); err != nil {
		return err
	}
	for i := range chosenCount {
		secret := fmt.Sprintf("correct horse %d battery staple", i)
		id, err := h.client(ctx, bearer, fmt.Sprintf("chosen %02d", i), "secrets", map[string]any{"chosen_secret": secret})
		if err != nil {
			return err
		}
		k.chosen = append(k.chosen, basic(id, secret))
	}
	var err error
	if k.key.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	k.key.client, err = h.client(ctx, bearer, "by key", "jwt-keys", map[string]any{"jwks": jwks(k.key.key)})
	k.key.issuer, k.key.subject = k.key.client, k.key.client
	if err != nil {
		return err
	}
	k.trust = signer{key: k.key.key, issuer: foreignIssuer, subject: "repo:bench/app:ref:refs/heads/main", audience: "https://counterfoil.bench.example"}
	k.trust.client, err = h.client(ctx, bearer, "by trust", "trusts", map[string]any{
		"issuer": foreignIssuer, "subject": k.trust.subject, "audience": k.trust.audience, "jwks": jwks(k.trust.key),
	})
	if err != nil {
		return err
	}
	return h.populateCertificate(ctx, bearer, k)
}

func (h *house) populateCertificate(ctx context.Context, bearer string, k *kinds) error {
	pattern := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(48 * time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, &pattern, &pattern, &k.key.key.PublicKey, k.key.key)
	if err != nil {
		return err
	}
	upload := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	id, err := h.client(ctx, bearer, "by certificate", "certificates", map[string]any{"certificate": upload})
	k.certificate = request{
		certificate: ":" + base64.StdEncoding.EncodeToString(der) + ":", body: tokenForm("handle:use") + "&client_id=" + id,
	}
	return err
}

// client creates an application with one credential and returns its client id.
func (h *house) client(ctx context.Context, bearer, name, kind string, credential map[string]any) (string, error) {
	var created struct {
		ClientID string `json:"client_id"`
	}
	err := h.create(ctx, bearer, "/api/v1/applications", map[string]any{"name": name, "scopes": []string{"handle:use"}}, &created)
	if err == nil {
		err = h.create(ctx, bearer, "/api/v1/applications/"+created.ClientID+"/"+kind, credential, nil)
	}
	return created.ClientID, err
}

// kindRows compare the kinds that cost a signature's verification with that alone. They have no bar of their own.
func (b *bench) kindRows(people *population, against string) []row {
	k := &people.kinds
	return []row{
		{"token handle, private_key_jwt", against, 0, 0, b.assertionLoad(&k.key)},
		{"token handle, federated", against, 0, 0, func(context.Context, int) (load, error) { return b.federatedLoad(&k.trust) }},
		{"token handle, certificate", "floor", 0, 0, func(context.Context, int) (load, error) {
			return load{
				server: b.house.process, path: "/oauth2/token", requests: []request{k.certificate}, probe: k.certificate, expect: `"access_token"`,
			}, nil
		}},
	}
}

// chosenLoad asks for tokens with chosen secrets. Each is sent once before every cell: what is measured is every use
// after the first.
func (b *bench) chosenLoad(people *population) func(context.Context, int) (load, error) {
	l := load{server: b.house.process, path: "/oauth2/token", expect: `"access_token"`}
	for _, client := range people.kinds.chosen {
		l.requests = append(l.requests, request{authorization: client, body: tokenForm("handle:use")})
	}
	return func(context.Context, int) (load, error) {
		for _, l.probe = range l.requests {
			if err := l.check(); err != nil {
				return l, err
			}
		}
		return l, nil
	}
}

// assertionLoad asks for tokens with assertions that were never sent before: each counts once.
func (b *bench) assertionLoad(s *signer) func(context.Context, int) (load, error) {
	return func(ctx context.Context, atMost int) (load, error) {
		l := load{server: b.house.process, path: "/oauth2/token", expect: `"access_token"`, once: true}
		var metadata struct{ Issuer string } // it follows the address, which is another after each start
		if err := b.house.get(ctx, "/.well-known/oauth-authorization-server", &metadata); err != nil {
			return l, err
		}
		s.audience = metadata.Issuer
		for i := range atMost + 2 {
			r, err := s.request(fmt.Sprintf("%d-%d", time.Now().UnixNano(), i))
			if err != nil {
				return l, err
			}
			l.requests = append(l.requests, r)
		}
		// The probe is sent twice and may be a replay the second time, so it is a client of another kind.
		l.probe = request{authorization: b.people.clients[0], body: tokenForm("handle:use")}
		return l, nil
	}
}

// federatedLoad shows one token of another issuer again and again, as its clients do until it expires.
func (b *bench) federatedLoad(s *signer) (load, error) {
	r, err := s.request("the same all the time")
	return load{server: b.house.process, path: "/oauth2/token", requests: []request{r}, probe: r, expect: `"access_token"`}, err
}

// request is a token request with a fresh assertion.
func (s *signer) request(jti string) (request, error) {
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256"}`))
	now := time.Now().Unix()
	claims, err := json.Marshal(map[string]any{
		"iss": s.issuer, "sub": s.subject, "aud": s.audience, "jti": jti, "iat": now, "exp": now + 290,
	})
	if err != nil {
		return request{}, err
	}
	signed := header + "." + base64.RawURLEncoding.EncodeToString(claims)
	digest := sha256.Sum256([]byte(signed))
	x, y, err := ecdsa.Sign(rand.Reader, s.key, digest[:])
	if err != nil {
		return request{}, err
	}
	var signature [64]byte
	x.FillBytes(signature[:32])
	y.FillBytes(signature[32:])
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"handle:use"}, "client_id": {s.client},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {signed + "." + base64.RawURLEncoding.EncodeToString(signature[:])},
	}
	return request{body: form.Encode()}, nil
}

// jwks is the public half of a key as a JWK Set (RFC 7517).
func jwks(key *ecdsa.PrivateKey) map[string]any {
	point, err := key.PublicKey.Bytes()
	if err != nil {
		panic(err) // a generated key is on its curve
	}
	text := base64.RawURLEncoding.EncodeToString
	return map[string]any{"keys": []any{map[string]string{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "x": text(point[1:33]), "y": text(point[33:]),
	}}}
}
