package verify

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/netip"
	"strings"
)

const (
	thumbprintMember = "x5t#S256"
	// unprovable stands for a confirmation that this package cannot check: to ignore it would make the token a bearer's.
	unprovable = "?"
)

// Proven returns nil if the token may be used by whoever has proven the key of certificate, nil for nobody. A token that
// is bound to no certificate may be used by everybody; else it is [ErrInvalid] without that certificate (RFC 8705 §3).
func (t *Token) Proven(certificate *x509.Certificate) error {
	if t.Thumbprint == "" {
		return nil
	}
	if certificate == nil {
		return refuse("it is bound to a certificate, and none came with it")
	}
	sum := sha256.Sum256(certificate.Raw)
	if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(t.Thumbprint)) != 1 {
		return refuse("it is bound to another certificate")
	}
	return nil
}

func ofConnection(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}

// maxCertificate bounds the header with a certificate, in bytes.
const maxCertificate = 16 << 10

// ClientCertHeader reads the certificate from the header Client-Cert (RFC 9440), for [Guard], if the peer of the
// connection is one of the proxies. These must overwrite the header, whatever callers send: whoever can set it can use
// stolen tokens. From any other peer, or twice, or unreadable, it is no certificate.
func ClientCertHeader(proxies ...netip.Prefix) func(*http.Request) *x509.Certificate {
	return func(r *http.Request) *x509.Certificate {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		trusted := false
		for _, p := range proxies {
			trusted = trusted || err == nil && p.Contains(peer.Addr().Unmap())
		}
		values := r.Header.Values("Client-Cert")
		if !trusted || len(values) != 1 || len(values[0]) > maxCertificate {
			return nil
		}
		text := strings.Trim(values[0], " ")
		if len(text) < 3 || text[0] != ':' || text[len(text)-1] != ':' { // a byte sequence (RFC 9651 §3.3.5)
			return nil
		}
		der, err := base64.StdEncoding.Strict().DecodeString(text[1 : len(text)-1])
		if err != nil {
			return nil
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil
		}
		return certificate
	}
}
