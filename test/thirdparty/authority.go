package thirdparty

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// authority signs the certificates of the servers and of the client that proves itself by one. There is one in a
// process, so that whoever trusts it trusts every server of this package.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
	err         error
}

var theAuthority = sync.OnceValue(func() *authority {
	a := &authority{}
	a.certificate, a.key, a.err = issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "authority of tests"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil)
	if a.err == nil {
		a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
	}
	return a
})

// Roots returns the pool that trusts the servers of this package.
func Roots(t testing.TB) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(RootsPEM(t)) {
		t.Fatal("the authority of the tests has no certificate")
	}
	return pool
}

// RootsPEM returns the certificate of [Roots], for programs that want a file.
func RootsPEM(t testing.TB) []byte {
	t.Helper()
	a := theAuthority()
	if a.err != nil {
		t.Fatal(a.err)
	}
	return a.pem
}

// issue signs a certificate for a new key, with the key itself when there is no parent.
func issue(template *x509.Certificate, by *authority) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, nil, err
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return certificate, key, err
}

// pair is a certificate with its key, as programs read them.
type pair struct{ certificate, key []byte }

func newPair(t testing.TB, template *x509.Certificate, by *authority) (pair, *x509.Certificate) {
	t.Helper()
	if by != nil && by.err != nil {
		t.Fatal(by.err)
	}
	certificate, key, err := issue(template, by)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	}, certificate
}

func (p pair) load(t testing.TB) *tls.Certificate {
	t.Helper()
	loaded, err := tls.X509KeyPair(p.certificate, p.key)
	if err != nil {
		t.Fatal(err)
	}
	return &loaded
}

// newServerPair makes what a server on this machine proves itself with.
func newServerPair(t testing.TB) pair {
	t.Helper()
	made, _ := newPair(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, theAuthority())
	return made
}
