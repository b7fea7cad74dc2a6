package config

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"

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

// AsksForCertificates reports whether certificates of clients can reach this server at all.
func (c *Config) AsksForCertificates() bool {
	headers, err := web.NewClientCerts(c.ClientCertHeader)
	return c.MTLSListen != "" || err == nil && headers.Any()
}

// MTLSNotice is a line that says where clients with a certificate go and, in dev, which certificate they must trust
// there; empty without a second address.
func (c *Config) MTLSNotice() string {
	switch {
	case c.MTLSListen == "":
		return ""
	case c.Dev && c.TLSCert == "":
		return "Clients with certificates: " + c.MTLSBaseURL + ", made for the occasion, trust " + c.OwnCertificate() + "\n"
	default:
		return "Clients with certificates: " + c.MTLSBaseURL + "\n"
	}
}

// OwnCertificate is where, in dev, the certificate of the second address is put for clients to trust.
func (c *Config) OwnCertificate() string { return filepath.Join(c.Data, "mtls.pem") }
