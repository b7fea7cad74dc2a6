package web

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func newCertificate(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func asSequence(c *x509.Certificate) string {
	return ":" + base64.StdEncoding.EncodeToString(c.Raw) + ":"
}

func asEscaped(c *x509.Certificate) string {
	return url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
}

// TestCertificatesInHeadersComeFromTrustedPeersOnly is the second half of threat A14.
func TestCertificatesInHeadersComeFromTrustedPeersOnly(t *testing.T) {
	client, ca, proxy := newCertificate(t, "client"), newCertificate(t, "ca"), newCertificate(t, "proxy")
	one, two, escaped := asSequence(client), asSequence(ca), asEscaped(client)
	const trusted, stranger, behind = "10.0.0.1:1", "203.0.113.9:1", "[::ffff:10.0.0.7]:1"
	for name, c := range map[string]struct {
		mode, peer string
		sent       http.Header
		tls        []*x509.Certificate
		status     int
		want       string // the names of the certificates
	}{
		"nobody has one":                    {"rfc9440", stranger, nil, nil, 200, ""},
		"RFC 9440":                          {"rfc9440", trusted, http.Header{"Client-Cert": {one}}, nil, 200, "client"},
		"RFC 9440 with chain":               {"rfc9440", behind, http.Header{"Client-Cert": {one}, "Client-Cert-Chain": {two}}, nil, 200, "client ca"},
		"nginx":                             {"nginx", trusted, http.Header{"X-Ssl-Cert": {escaped}}, nil, 200, "client"},
		"nginx, another name":               {"nginx:ssl-client-cert", trusted, http.Header{"Ssl-Client-Cert": {escaped}}, nil, 200, "client"},
		"from a stranger":                   {"rfc9440", stranger, http.Header{"Client-Cert": {one}}, nil, 400, ""},
		"the chain from a stranger":         {"rfc9440", stranger, http.Header{"Client-Cert-Chain": {two}}, nil, 400, ""},
		"empty, from a stranger":            {"rfc9440", stranger, http.Header{"Client-Cert": {""}}, nil, 400, ""},
		"nginx, from a stranger":            {"nginx", stranger, http.Header{"X-Ssl-Cert": {escaped}}, nil, 400, ""},
		"a stranger who claims to be near":  {"rfc9440", stranger, http.Header{"Client-Cert": {one}, "X-Forwarded-For": {"10.0.0.1"}}, nil, 400, ""},
		"a stranger with a certificate too": {"rfc9440", stranger, http.Header{"Client-Cert": {one}}, []*x509.Certificate{proxy}, 400, ""},
		"from nobody with an address":       {"rfc9440", "@", http.Header{"Client-Cert": {one}}, nil, 400, ""},
		"two":                               {"rfc9440", trusted, http.Header{"Client-Cert": {one, one}}, nil, 400, ""},
		"unreadable":                        {"rfc9440", trusted, http.Header{"Client-Cert": {"x"}}, nil, 400, ""},
		"the other form":                    {"rfc9440", trusted, http.Header{"X-Ssl-Cert": {escaped}}, nil, 200, ""},
		"the other form, the other way":     {"nginx", trusted, http.Header{"Client-Cert": {one}}, nil, 200, ""},
		"not looked at":                     {"none", trusted, http.Header{"Client-Cert": {one}, "X-Ssl-Cert": {escaped}}, nil, 200, ""},
		"not looked at, from a stranger":    {"none", stranger, http.Header{"Client-Cert": {one}}, nil, 200, ""},
		"TLS":                               {"none", stranger, nil, []*x509.Certificate{client, ca}, 200, "client ca"},
		"TLS from a trusted address":        {"none", trusted, nil, []*x509.Certificate{client}, 200, "client"},
		"TLS beside the proxy":              {"rfc9440", stranger, nil, []*x509.Certificate{client}, 200, "client"},
		"the proxy's own":                   {"rfc9440", trusted, nil, []*x509.Certificate{proxy}, 200, ""},
		"the client's and the proxy's own":  {"rfc9440", trusted, http.Header{"Client-Cert": {one}}, []*x509.Certificate{proxy}, 200, "client"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			s := newTestSite(t, &out)
			var err error
			if s.certs, err = NewClientCerts(c.mode); err != nil {
				t.Fatal(err)
			}
			if s.proxies, err = NewProxies([]string{"10.0.0.0/8"}, "X-Forwarded-For"); err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("POST", "/oauth2/token", nil)
			r.RemoteAddr, r.Header = c.peer, c.sent
			if c.tls != nil {
				r.TLS = &tls.ConnectionState{PeerCertificates: c.tls}
			}
			w := httptest.NewRecorder()
			s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				leaf, chain := Of(w).ClientCertificate()
				var names []string
				if leaf != nil {
					names = append(names, leaf.Subject.CommonName)
				}
				for _, one := range chain {
					names = append(names, one.Subject.CommonName)
				}
				_, _ = io.WriteString(w, strings.Join(names, " "))
			})).ServeHTTP(w, r)
			if w.Code != c.status || c.status == 200 && w.Body.String() != c.want {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, c.status, c.want)
			}
			// The exchange is pooled: the next request must not find this one's certificate.
			next := httptest.NewRequest("GET", "/", nil)
			s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if leaf, chain := Of(w).ClientCertificate(); leaf != nil || chain != nil {
					t.Error("a certificate of the request before")
				}
			})).ServeHTTP(httptest.NewRecorder(), next)
		})
	}
}

func TestAWriterOfNoSiteHasNoCertificate(t *testing.T) {
	if leaf, chain := Of(httptest.NewRecorder()).ClientCertificate(); leaf != nil || chain != nil {
		t.Error(leaf, chain)
	}
}

func TestFormsOfCertificateHeadersThatNobodyKnowsAreRefused(t *testing.T) {
	for _, setting := range []string{"yes", "rfc9440:X", "none:X", "nginx:", "nginx:a b", "nginx:ä", "RFC9440"} {
		if _, err := NewClientCerts(setting); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", setting, err)
		}
	}
}
