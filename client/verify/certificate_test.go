package verify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/counterfoil/counterfoil/client/verify"
)

// certified makes a self-signed client certificate and its thumbprint.
func certified(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, base64.RawURLEncoding.EncodeToString(sum[:])
}

// statusWith sends a token over TLS, with a certificate if it is not empty.
func statusWith(t *testing.T, s *httptest.Server, token string, with tls.Certificate, header ...string) int {
	t.Helper()
	transport := s.Client().Transport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	transport.TLSClientConfig.Certificates = []tls.Certificate{with}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	answer, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

func TestStolenTokenOfACertificateOpensNothing(t *testing.T) {
	i := newIssuer(t)
	own, thumbprint := certified(t)
	thief, _ := certified(t)
	bound := map[string]any{"cnf": map[string]any{"x5t#S256": thumbprint}}
	strange := map[string]any{"cnf": map[string]any{"jkt": thumbprint}}
	both := map[string]any{"cnf": map[string]any{"x5t#S256": thumbprint, "jkt": thumbprint}}
	i.activate("cft_bound", bound)
	i.activate("cft_strange", strange)
	i.activate("cft_both", both)
	i.activate("cft_free", nil)
	key := i.key(t, "one")
	signed := func(changes map[string]any) string {
		return sign(t, jose.ES256, key.Key, key.KeyID, "at+jwt", i.claims(changes))
	}
	asking, alone := introspection(t, i, &clock{}, nil), offline(t, i, &clock{})
	for name, c := range map[string]struct {
		v                           verify.Verifier
		bound, strange, both, freed string
	}{
		"introspection": {asking, "cft_bound", "cft_strange", "cft_both", "cft_free"},
		"offline":       {alone, signed(bound), signed(strange), signed(both), signed(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
			s := httptest.NewUnstartedServer(verify.Require(c.v)(ok))
			s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS13}
			s.StartTLS()
			defer s.Close()
			for what, want := range map[string][2]any{
				"with its certificate": {statusWith(t, s, c.bound, own), 200}, "with none": {statusWith(t, s, c.bound, tls.Certificate{}), 401},
				"with the thief's": {statusWith(t, s, c.bound, thief), 401}, "with what nobody knows": {statusWith(t, s, c.strange, own), 401},
				"with more than that": {statusWith(t, s, c.both, own), 401}, "bound to nothing": {statusWith(t, s, c.freed, thief), 200},
				"with a header that nobody asked for": {statusWith(t, s, c.bound, thief, "Client-Cert", ":"+base64.StdEncoding.EncodeToString(own.Certificate[0])+":"), 401},
			} {
				if want[0] != want[1] {
					t.Errorf("%s: %v, want %v", what, want[0], want[1])
				}
			}
			plain := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", "Bearer "+c.bound)
			if verify.Require(c.v)(ok).ServeHTTP(plain, r); plain.Code != 401 {
				t.Errorf("without TLS: %d", plain.Code)
			}
		})
	}
}

func TestHeaderWithACertificateIsTakenFromTheProxyOnly(t *testing.T) {
	own, thumbprint := certified(t)
	value := ":" + base64.StdEncoding.EncodeToString(own.Certificate[0]) + ":"
	token := &verify.Token{Thumbprint: thumbprint}
	from := verify.ClientCertHeader(netip.MustParsePrefix("192.0.2.7/32"))
	for name, c := range map[string]struct {
		peer   string
		values []string
		good   bool
	}{
		"from the proxy":      {"192.0.2.7:5", []string{value}, true},
		"from somebody else":  {"192.0.2.8:5", []string{value}, false},
		"from nowhere":        {"", []string{value}, false},
		"twice":               {"192.0.2.7:5", []string{value, value}, false},
		"without it":          {"192.0.2.7:5", nil, false},
		"no byte sequence":    {"192.0.2.7:5", []string{value[1:]}, false},
		"no certificate":      {"192.0.2.7:5", []string{":AAAA:"}, false},
		"two in one":          {"192.0.2.7:5", []string{value + "," + value}, false},
		"longer than allowed": {"192.0.2.7:5", []string{value + string(make([]byte, 16<<10))}, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["Client-Cert"] = c.values
		if err := token.Proven(from(r)); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
