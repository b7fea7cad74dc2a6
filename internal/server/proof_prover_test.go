package server_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// prover has what clients prove themselves with, right and wrong.
type prover struct {
	*housetest.House
	key, other  *ecdsa.PrivateKey
	authority   *x509.Certificate // of key
	authorityID string
	issuer      string // the house's own
}

func newProver(h *housetest.House) *prover {
	h.T.Helper()
	p := &prover{House: h, key: newKey(h.T), other: newKey(h.T), issuer: h.URL}
	p.authority = p.certify(p.key, "the authority", true)
	made := h.Must("POST", "/certificate-authorities", housetest.O{"name": "trusted", "certificate": inPEM(p.authority)})
	p.authorityID = made.String("id")
	return p
}

func (p *prover) with(t testing.TB) *prover {
	next := *p
	next.House = p.With(t)
	return &next
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// certify makes a certificate of a key: an authority's own, or one that the authority of the prover's key signs; by
// itself when there is none yet or the key is another.
func (p *prover) certify(key *ecdsa.PrivateKey, name string, authority bool) *x509.Certificate {
	p.T.Helper()
	number, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	template := &x509.Certificate{
		SerialNumber: number, Subject: pkix.Name{CommonName: name}, NotBefore: p.Clock.Now().Add(-time.Hour), NotAfter: p.Clock.Now().Add(48 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	parent := p.authority
	if authority {
		template.IsCA, template.KeyUsage, template.ExtKeyUsage = true, x509.KeyUsageCertSign, nil
	}
	if parent == nil || key != p.key {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), key)
	if err != nil {
		p.T.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		p.T.Fatal(err)
	}
	return leaf
}

func inPEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// jwks is the set of one public key.
func jwks(key *ecdsa.PrivateKey) jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}}
}

// sign makes an assertion: by issuer about subject, for the house.
func (p *prover) sign(alg jose.SignatureAlgorithm, key any, issuer, subject string) string {
	p.T.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		p.T.Fatal(err)
	}
	now := p.Clock.Now()
	claims, _ := json.Marshal(housetest.O{
		"iss": issuer, "sub": subject, "aud": p.issuer, "jti": uuid.NewString(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	})
	signed, err := signer.Sign(claims)
	if err != nil {
		p.T.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		p.T.Fatal(err)
	}
	return text
}

func withForm(r *http.Request, form url.Values) *http.Request {
	text := form.Encode()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	return r
}

func basicRequest(h *housetest.House, route, userinfo string) *http.Request {
	h.T.Helper()
	method, path, _ := strings.Cut(route, " ")
	r := h.Request(method, path, nil, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(userinfo)))
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return withForm(r, url.Values{"grant_type": {"client_credentials"}})
	}
	return r
}

// chosenSecret has a character of every sort that is easily lost on the way.
const chosenSecret = "50% of qüokkas: yodel+sing & dance"

// bySecret makes the way in of a secret that body asks for, sent as send does it.
func bySecret(body housetest.O, secret string, send func(r *http.Request, form url.Values, id, secret string)) func(*prover, *housetest.Client) (string, func(*http.Request, url.Values, bool)) {
	return func(p *prover, c *housetest.Client) (string, func(*http.Request, url.Values, bool)) {
		p.T.Helper()
		made := p.Must("POST", "/applications/"+c.ID+"/secrets", body)
		c.Secret = secret
		if secret == "" {
			c.Secret = made.String("secret")
		}
		return "/secrets/" + made.String("id"), func(r *http.Request, form url.Values, right bool) {
			if right {
				send(r, form, c.ID, c.Secret)
			} else {
				send(r, form, c.ID, "x"+c.Secret)
			}
		}
	}
}

func encoded(r *http.Request, _ url.Values, id, secret string) {
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
}

func raw(r *http.Request, _ url.Values, id, secret string) { r.SetBasicAuth(id, secret) }

func posted(_ *http.Request, form url.Values, id, secret string) {
	form.Set("client_id", id)
	form.Set("client_secret", secret)
}

// byAssertion puts an assertion into the form.
func byAssertion(form url.Values, clientID, text string) {
	form.Set("client_id", clientID)
	form.Set("client_assertion", text)
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
}

// byCertificate passes a certificate on as a proxy does (RFC 9440).
func byCertificate(r *http.Request, form url.Values, clientID string, leaf *x509.Certificate) {
	form.Set("client_id", clientID)
	r.Header.Set("Client-Cert", ":"+base64.StdEncoding.EncodeToString(leaf.Raw)+":")
}

var imported = func() string {
	hash, err := bcrypt.GenerateFromPassword([]byte(chosenSecret), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	return string(bytes.TrimSpace(hash))
}()

// waysIn are all the ways in which clients prove themselves.
var waysIn = []wayIn{
	{"Basic, encoded", "client_secret_basic", bySecret(housetest.O{}, "", encoded), true},
	{"Basic, raw", "client_secret_basic", bySecret(housetest.O{}, "", raw), true},
	{"post", "client_secret_post", bySecret(housetest.O{}, "", posted), true},
	{"chosen, encoded", "client_secret_basic", bySecret(housetest.O{"chosen_secret": chosenSecret}, chosenSecret, encoded), true},
	{"chosen, raw", "client_secret_basic", bySecret(housetest.O{"chosen_secret": chosenSecret}, chosenSecret, raw), true},
	{"imported", "client_secret_basic", bySecret(housetest.O{"hash": imported}, chosenSecret, encoded), true},
	{"private_key_jwt", "private_key_jwt", func(p *prover, c *housetest.Client) (string, func(*http.Request, url.Values, bool)) {
		made := p.Must("POST", "/applications/"+c.ID+"/jwt-keys", housetest.O{"jwks": jwks(p.key)})
		return "/jwt-keys/" + made.String("id"), func(_ *http.Request, form url.Values, right bool) {
			byAssertion(form, c.ID, p.sign(jose.ES256, p.pick(right), c.ID, c.ID))
		}
	}, false},
	{"client_secret_jwt", "client_secret_jwt", func(p *prover, c *housetest.Client) (string, func(*http.Request, url.Values, bool)) {
		made := p.Must("POST", "/applications/"+c.ID+"/secrets", housetest.O{"viewable": true})
		secret := made.String("secret")
		return "/secrets/" + made.String("id"), func(_ *http.Request, form url.Values, right bool) {
			key := []byte(secret)
			if !right {
				key = append(key, 'x')
			}
			byAssertion(form, c.ID, p.sign(jose.HS256, key, c.ID, c.ID))
		}
	}, false},
	{"federated", "federated_jwt", func(p *prover, c *housetest.Client) (string, func(*http.Request, url.Values, bool)) {
		made := p.Must("POST", "/applications/"+c.ID+"/trusts", housetest.O{"issuer": "https://issuer.example", "subject": "repo:acme/billing", "jwks": jwks(p.key)})
		return "/trusts/" + made.String("id"), func(_ *http.Request, form url.Values, right bool) {
			byAssertion(form, c.ID, p.sign(jose.ES256, p.pick(right), "https://issuer.example", "repo:acme/billing"))
		}
	}, false},
	{"tls_client_auth", "tls_client_auth", func(p *prover, c *housetest.Client) (string, func(*http.Request, url.Values, bool)) {
		made := p.Must("POST", "/applications/"+c.ID+"/certificates", housetest.O{"subject_dn": "CN=" + c.ID, "cas": []string{p.authorityID}})
		good, bad := p.certify(p.key, c.ID, false), p.certify(p.other, c.ID, false)
		return "/certificates/" + made.String("id"), func(r *http.Request, form url.Values, right bool) {
			if right {
				byCertificate(r, form, c.ID, good)
			} else {
				byCertificate(r, form, c.ID, bad)
			}
		}
	}, false},
	{"self_signed_tls_client_auth", "self_signed_tls_client_auth", func(p *prover, c *housetest.Client) (string, func(*http.Request, url.Values, bool)) {
		good, bad := p.certify(p.other, "good", false), p.certify(p.other, "bad", false)
		made := p.Must("POST", "/applications/"+c.ID+"/certificates", housetest.O{"method": "self_signed_tls_client_auth", "certificate": inPEM(good)})
		return "/certificates/" + made.String("id"), func(r *http.Request, form url.Values, right bool) {
			if right {
				byCertificate(r, form, c.ID, good)
			} else {
				byCertificate(r, form, c.ID, bad)
			}
		}
	}, false},
}

// pick returns the right key or another.
func (p *prover) pick(right bool) *ecdsa.PrivateKey {
	if right {
		return p.key
	}
	return p.other
}
