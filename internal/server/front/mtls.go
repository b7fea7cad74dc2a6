package front

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/server/config"
)

// MutualTLS returns what the second address speaks: secure, what the main address speaks, but with a request for the
// client's certificate, which it neither demands nor verifies. TLS makes sure that the client has the key; what the
// certificate is worth is decided at each request, when the client and its credential are known, and again at the
// next one on the same connection or a resumed one. In dev, where secure may be nil, a certificate is made.
func MutualTLS(c *config.Config, secure *tls.Config, log *slog.Logger) (*tls.Config, error) {
	if secure == nil {
		own, err := ephemeral(c, log)
		if err != nil {
			return nil, err
		}
		secure = secured(&tls.Config{Certificates: []tls.Certificate{*own}})
	}
	asking := secure.Clone()
	asking.ClientAuth = tls.RequestClientCert
	return asking, nil
}

// ephemeral makes a certificate for this machine, whose key is never stored, and writes it where clients find it.
func ephemeral(c *config.Config, log *slog.Logger) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "Counterfoil for trying out"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	path := c.OwnCertificate()
	if err = os.MkdirAll(c.Data, 0o700); err == nil {
		err = os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the certificate of mtls_listen cannot be written to %s", path)
	}
	log.Info("certificate made", "file", path, "not_after", template.NotAfter)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// ListenMutual binds the second address, if there is one, and completes its base URL.
func ListenMutual(c *config.Config, log *slog.Logger) (*Front, error) {
	if c.MTLSListen == "" {
		return nil, nil
	}
	f, err := Listen(c.MTLSListen, log)
	if err != nil {
		return nil, fault.Wrap(fault.Conflict, err, "cannot listen on %s: choose another address with --mtls-listen", c.MTLSListen)
	}
	c.MTLSBaseURL = c.MTLSBase(f.Addr())
	return f, nil
}
