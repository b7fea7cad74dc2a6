package certificate_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/credential/certificate"
)

// folder is where openssl works in a test.
type folder struct {
	testing.TB
	path string
}

func newFolder(t testing.TB) folder { return folder{t, t.TempDir()} }

// openssl runs openssl, which must succeed, in the folder.
func (f folder) openssl(arguments ...string) {
	f.Helper()
	command := exec.Command("openssl", arguments...)
	command.Dir = f.path
	if out, err := command.CombinedOutput(); err != nil {
		f.Fatalf("openssl %v: %v\n%s", arguments, err, out)
	}
}

func (f folder) read(name string) []byte {
	f.Helper()
	content, err := os.ReadFile(filepath.Join(f.path, name))
	if err != nil {
		f.Fatal(err)
	}
	return content
}

func (f folder) write(name, content string) {
	f.Helper()
	if err := os.WriteFile(filepath.Join(f.path, name), []byte(content), 0o600); err != nil {
		f.Fatal(err)
	}
}

// selfSigned makes name.pem and name.key with openssl, and returns the certificate.
func (f folder) selfSigned(name, subject string, more ...string) []byte {
	f.Helper()
	if !slices.Contains(more, "-newkey") {
		more = append([]string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"}, more...)
	}
	f.openssl(append([]string{"req", "-x509", "-nodes", "-days", "30", "-keyout", name + ".key", "-out", name + ".pem", "-subj", subject}, more...)...)
	return f.read(name + ".pem")
}

// clientOnly are the extensions of a client certificate.
var clientOnly = []string{"-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=clientAuth"}

func parse(t testing.TB, upload []byte) *x509.Certificate {
	t.Helper()
	c, _, err := certificate.Parse(upload)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// pair is a certificate with its key, made without openssl where many are needed.
type pair struct {
	*x509.Certificate
	key crypto.Signer
}

var start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// issue makes a certificate that is valid for a day from start; by nil makes it self-signed.
func issue(t testing.TB, by *pair, change func(*x509.Certificate)) *pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<60))
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "billing", Organization: []string{"Acme"}, Country: []string{"DE"}},
		NotBefore: start, NotAfter: start.Add(24 * time.Hour), BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if change != nil {
		change(template)
	}
	parent := &pair{template, key}
	if by != nil {
		parent = by
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.Certificate, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &pair{made, key}
}

// authority makes a template one of an authority.
func authority(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject, c.IsCA, c.ExtKeyUsage = pkix.Name{CommonName: name}, true, nil
		c.KeyUsage, c.NotAfter = x509.KeyUsageCertSign, start.AddDate(5, 0, 0)
	}
}
