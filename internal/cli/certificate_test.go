package cli_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// derThatEndsInALineBreak makes a certificate whose last byte a reader of text would cut off.
func derThatEndsInALineBreak(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for serial := int64(1); ; serial++ { // one in 256
		template := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "billing"}, BasicConstraintsValid: true,
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		if der[len(der)-1] == '\n' {
			return der
		}
	}
}

func TestCertificateMayBeInDER(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.must("app", "create", "billing", "--no-secret")
	der := derThatEndsInALineBreak(t)
	path := filepath.Join(t.TempDir(), "billing.der")
	if err := os.WriteFile(path, der, 0o600); err != nil {
		t.Fatal(err)
	}
	if text := d.must("app", "certificate", "add", "billing", "--file", path); !strings.Contains(text, "self_signed_tls_client_auth") {
		t.Errorf("got %s", text)
	}
	d.stdin = string(der)
	d.fails(5, "", "app", "certificate", "add", "billing", "--file", "-") // since it is there already, so it was read
	d.fails(2, "there is no file", "app", "certificate", "add", "billing", "--file", path+"x")
}

func TestOtherKindsThanSecretsAreEditedAndCounted(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.must("app", "create", "billing", "--no-secret")
	made := d.must("app", "certificate", "generate", "billing", "--out", filepath.Join(t.TempDir(), "billing.p12"), "-o", "json")
	id := decode[struct{ ID string }](t, made).ID
	edit := []string{"app", "certificate", "edit", "billing", id}
	if text := d.must(append(edit, "--description", "host 7", "--network", "10.0.0.0/8", "--scope", "openid")...); !strings.Contains(text, "host 7") {
		t.Errorf("got %s", text)
	}
	if text := d.must(append(edit, "--any-network", "--all-scopes")...); strings.Contains(text, "10.0.0.0/8") || !strings.Contains(text, "all of the application") ||
		!strings.Contains(text, "host 7") {
		t.Errorf("got %s", text)
	}
	if text := d.must(append(edit, "--not-before", "2020-01-31")...); !strings.Contains(text, "2020-01-31 00:00:00Z") {
		t.Errorf("got %s", text)
	}
	d.fails(2, "or a date", append(edit, "--not-before", "31.1.2020")...)
	d.fails(2, "at least one", edit...)
	d.fails(2, "255", append(edit, "--description", strings.Repeat("x", 256))...)
	if text := d.must("app", "certificate", "usage", "billing", id); !strings.HasPrefix(text, "HOUR") {
		t.Errorf("got %s", text)
	}
	d.fails(3, "", "app", "jwk", "usage", "billing", id)
	d.fails(3, "", "app", "trust", "usage", "billing", id)
}
