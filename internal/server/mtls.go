package server

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
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// checkMTLS checks what has to do with certificates of clients.
func (c *Config) checkMTLS(refuse func(string, ...any)) {
	headers, err := web.NewClientCerts(c.ClientCertHeader)
	if err != nil {
		refuse("client_cert_header: %v", err)
	}
	if headers.Any() && len(c.TrustedProxies) == 0 {
		refuse("client_cert_header needs trusted_proxies: name the proxy that may pass certificates on")
	}
	if c.MTLSListen != "" {
		host, _, err := net.SplitHostPort(c.MTLSListen)
		switch {
		case err != nil:
			refuse("mtls_listen %q is not host:port, such as :8701", c.MTLSListen)
		case c.Dev && !loopback(host):
			refuse("dev is for this machine only: set mtls_listen to 127.0.0.1 or ::1 instead of %q, or leave dev off", c.MTLSListen)
		case !c.Dev && c.TLSCert == "" && len(c.ACMEDomain) == 0:
			refuse("mtls_listen speaks TLS and has no certificate: set tls_cert and tls_key or acme_domain, or let the proxy that " +
				"ends TLS ask for client certificates and set client_cert_header instead")
		}
	}
	if c.MTLSBaseURL == "" {
		return
	}
	if c.MTLSListen == "" && !headers.Any() {
		refuse("mtls_base_url leads nowhere: set mtls_listen, or client_cert_header for a proxy that asks for certificates")
	}
	u, err := url.Parse(c.MTLSBaseURL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		refuse("mtls_base_url %q must be https:// and a host alone, such as https://mtls.id.example.com", c.MTLSBaseURL)
		return
	}
	if c.MTLSListen != "" && len(c.ACMEDomain) > 0 && !slices.Contains(c.ACMEDomain, u.Hostname()) {
		refuse("acme_domain lacks %s, the host of mtls_base_url: add it", u.Hostname())
	}
}

// MTLSBase returns the base URL for clients with a certificate, once the second address is bound to addr: the
// configured one, or the host of the base URL with the port of addr.
func (c *Config) MTLSBase(addr net.Addr) string {
	if c.MTLSBaseURL != "" {
		return c.MTLSBaseURL
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return ""
	}
	base := url.URL{Scheme: "https", Host: u.Hostname()}
	if a, err := netip.ParseAddr(base.Host); err == nil && a.Is6() {
		base.Host = "[" + base.Host + "]"
	}
	if _, port, _ := net.SplitHostPort(addr.String()); port != "443" {
		base.Host += ":" + port
	}
	return base.String()
}

// asksForCertificates reports whether certificates of clients can reach this server at all.
func (c *Config) asksForCertificates() bool {
	headers, err := web.NewClientCerts(c.ClientCertHeader)
	return c.MTLSListen != "" || err == nil && headers.Any()
}

// MTLS returns what the second address speaks: secure, what the main address speaks, but with a request for the
// client's certificate, which it neither demands nor verifies. TLS makes sure that the client has the key; what the
// certificate is worth is decided at each request, when the client and its credential are known, and again at the
// next one on the same connection or a resumed one. In dev, where secure may be nil, a certificate is made.
func (c *Config) MTLS(secure *tls.Config, log *slog.Logger) (*tls.Config, error) {
	if secure == nil {
		own, err := c.ephemeral(log)
		if err != nil {
			return nil, err
		}
		secure = secured(&tls.Config{Certificates: []tls.Certificate{*own}})
	}
	asking := secure.Clone()
	asking.ClientAuth = tls.RequestClientCert
	return asking, nil
}

// MTLSNotice is a line that says where clients with a certificate go and, in dev, which certificate they must trust
// there; empty without a second address.
func (c *Config) MTLSNotice() string {
	switch {
	case c.MTLSListen == "":
		return ""
	case c.Dev && c.TLSCert == "":
		return "Clients with certificates: " + c.MTLSBaseURL + ", made for the occasion, trust " + c.ephemeralPath() + "\n"
	default:
		return "Clients with certificates: " + c.MTLSBaseURL + "\n"
	}
}

// ephemeralPath is where, in dev, the certificate of the second address is put for clients to trust.
func (c *Config) ephemeralPath() string { return filepath.Join(c.Data, "mtls.pem") }

// ephemeral makes a certificate for this machine, whose key is never stored, and writes it where clients find it.
func (c *Config) ephemeral(log *slog.Logger) (*tls.Certificate, error) {
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
	path := c.ephemeralPath()
	if err = os.MkdirAll(c.Data, 0o700); err == nil {
		err = os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the certificate of mtls_listen cannot be written to %s", path)
	}
	log.Info("certificate made", "file", path, "not_after", template.NotAfter)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// listenMTLS binds the second address, if there is one, and completes its base URL.
func (c *Config) listenMTLS(log *slog.Logger) (*Front, error) {
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
