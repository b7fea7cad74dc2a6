package web

import (
	"crypto/sha256"
	"crypto/x509"
	"net/http"
	"net/netip"
	"strings"

	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// ClientCerts says whether a proxy that ends TLS passes certificates of clients on, and how. The zero value looks at
// no header.
type ClientCerts struct {
	form        certificate.Forwarded
	leaf, chain string // names of headers; chain may be empty
}

// escapedHeader is where nginx puts the certificate unless another name is given.
const escapedHeader = "X-Ssl-Cert"

// NewClientCerts reads the setting: none, rfc9440 (RFC 9440), nginx, or nginx and the header's name after a colon,
// such as nginx:ssl-client-cert. Errors are [fault.Invalid].
func NewClientCerts(setting string) (ClientCerts, error) {
	form, name, named := strings.Cut(setting, ":")
	switch certificate.Forwarded(form) {
	case certificate.NoForwarding, "":
		if !named {
			return ClientCerts{}, nil
		}
	case certificate.RFC9440:
		if !named {
			return ClientCerts{certificate.RFC9440, "Client-Cert", "Client-Cert-Chain"}, nil
		}
	case certificate.Escaped:
		if !named {
			name = escapedHeader
		}
		if strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-_") == "" && name != "" {
			return ClientCerts{certificate.Escaped, http.CanonicalHeaderKey(name), ""}, nil
		}
	}
	return ClientCerts{}, fault.New(fault.Invalid, "%q is none of none, rfc9440, nginx and nginx:Name-Of-The-Header", setting)
}

// Any reports whether any header is looked at.
func (c ClientCerts) Any() bool { return c.form != "" }

// forwarded notes the certificate in the headers. A header from anyone but the immediate peer that is trusted is
// refused rather than ignored: it is an attack, or a proxy that somebody forgot to trust, and either should be heard
// of (RFC 9440 §3.1).
func (s *Site) forwarded(x *Exchange, r *http.Request) error {
	leaf, chain := r.Header[s.certs.leaf], []string(nil)
	if s.certs.chain != "" {
		chain = r.Header[s.certs.chain]
	}
	trusted := s.proxies.peer(r)
	x.proxied = trusted
	if len(leaf) == 0 && len(chain) == 0 {
		return nil
	}
	if !trusted {
		return errUntrustedCert
	}
	var err error
	x.leaf, x.chain, err = s.certs.form.Read(leaf, chain)
	return err
}

var errUntrustedCert = fault.New(fault.Invalid, "only a trusted proxy may pass a client's certificate on in a header")

// peer reports whether the other end of the connection itself is a trusted proxy.
func (p Proxies) peer(r *http.Request) bool {
	if len(p.trusted) == 0 {
		return false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && p.trusts(peer.Addr().Unmap())
}

// ClientCertificate returns the certificate of the client, and what else came with it, or nil: from the TLS
// connection, where the listener asks for one, or from the header of a trusted proxy. The client has the key;
// everything else about the certificate is unproven, and whoever relies on it calls [certificate.Verify] at every
// request, because a connection outlives certificates. When a trusted proxy is at the other end of the connection and
// headers are looked at, the connection's certificate is the proxy's own and counts for nobody.
func (x *Exchange) ClientCertificate() (leaf *x509.Certificate, chain []*x509.Certificate) {
	if x.leaf != nil || x.proxied || x.tls == nil || len(x.tls.PeerCertificates) == 0 {
		return x.leaf, x.chain
	}
	all := x.tls.PeerCertificates
	return all[0], all[1:]
}

// HasCertificate reports whether there is a [Exchange.ClientCertificate].
func (x *Exchange) HasCertificate() bool {
	leaf, _ := x.ClientCertificate()
	return leaf != nil
}

// Holds reports whether the client has the key of the certificate with this SHA-256, as whoever uses a token that is bound
// to it must (RFC 8705 §3).
func (x *Exchange) Holds(thumbprint [sha256.Size]byte) bool {
	leaf, _ := x.ClientCertificate()
	return leaf != nil && sha256.Sum256(leaf.Raw) == thumbprint
}
