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
