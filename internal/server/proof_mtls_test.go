package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// TestTheSecondAddressServesTheSameWithACertificateMadeForTheOccasion starts a whole server for trying out and
// follows its metadata.
func TestTheSecondAddressServesTheSameWithACertificateMadeForTheOccasion(t *testing.T) {
	folder := t.TempDir()
	p := spawn(t, housetest.Client{}, folder, nil, "--mtls-listen", "127.0.0.1:0")
	metadata := p.Send(p.Request(http.MethodGet, "/.well-known/oauth-authorization-server", nil))
	aliases := metadata.Object("mtls_endpoint_aliases")
	if bound, _ := metadata.JSON["tls_client_certificate_bound_access_tokens"].(bool); !bound || metadata.String("issuer") != p.URL {
		t.Fatalf("%s", metadata.Text)
	}
	text, err := os.ReadFile(filepath.Join(folder, "mtls.pem"))
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(text) || strings.Contains(string(text), "PRIVATE") {
		t.Fatal(err)
	}
	asked := false
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked = true
		return &tls.Certificate{}, nil
	}}}}
	defer client.CloseIdleConnections()
	for _, member := range []string{"token_endpoint", "introspection_endpoint", "revocation_endpoint"} {
		r, err := http.NewRequest(http.MethodPost, aliases.String(member), strings.NewReader("grant_type=client_credentials&token=x"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(p.Admin.ID, p.Admin.Secret)
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK || !strings.HasPrefix(aliases.String(member), "https://127.0.0.1:") {
			t.Errorf("%s at %s: %d", member, aliases.String(member), answer.StatusCode)
		}
	}
	if !asked {
		t.Error("nobody asked for a certificate")
	}
	inside, _ := p.NewEnvironment("acme")
	metadata = inside.Send(inside.Request(http.MethodGet, "/.well-known/openid-configuration", nil))
	if got := metadata.Object("mtls_endpoint_aliases").String("token_endpoint"); !strings.HasSuffix(got, "/acme/oauth2/token") || !strings.HasPrefix(got, "https://127.0.0.1:") {
		t.Errorf("in an environment: %s", metadata.Text)
	}
	without := housetest.Start(t)
	if text := without.Send(without.Request(http.MethodGet, "/.well-known/openid-configuration", nil)).Text; strings.Contains(text, "mtls_endpoint_aliases") || strings.Contains(text, "certificate_bound") {
		t.Errorf("a server that sees no certificates says %s", text)
	}
}
