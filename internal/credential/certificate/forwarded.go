package certificate

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/url"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Forwarded says in which form a proxy that ends TLS passes the client's certificate on. The forms are strict, and
// whether the proxy may be believed is not decided here.
type Forwarded string

// The forms.
const (
	// NoForwarding means that no header is looked at.
	NoForwarding Forwarded = "none"
	// RFC9440 is the headers Client-Cert and Client-Cert-Chain.
	RFC9440 Forwarded = "rfc9440"
	// Escaped is one header with the client's certificate in PEM, escaped as in URLs: nginx's variable
	// $ssl_client_escaped_cert. No chain comes with it.
	Escaped Forwarded = "nginx"
)

// maxHeader is how long a header with certificates may be, in bytes: as long as all headers of a request together.
const maxHeader = 16 << 10

// Read returns the client's certificate and what came with it. leaf and chain hold the values of the two headers as
// they arrived, one per header line; no header, or an empty one, gives nil. Errors are [fault.Invalid]: a proxy that says
// something which cannot be read must not be taken to say nothing.
func (f Forwarded) Read(leaf, chain []string) (*x509.Certificate, []*x509.Certificate, error) {
	if len(chain) == 0 && (len(leaf) == 0 || len(leaf) == 1 && leaf[0] == "") {
		return nil, nil, nil
	}
	if len(leaf) != 1 || len(chain) > 1 || len(chain) == 1 && f != RFC9440 {
		return nil, nil, fault.New(fault.Invalid, "the client's certificate must be in one header, and its chain in another or in none")
	}
	if len(leaf[0]) > maxHeader || len(chain) == 1 && len(chain[0]) > maxHeader {
		return nil, nil, fault.New(fault.TooLarge, "the header with the client's certificate is longer than %d bytes", maxHeader)
	}
	der, ok := f.one(leaf[0])
	if !ok {
		return nil, nil, errForwarded
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, errForwarded
	}
	if len(chain) == 0 {
		return c, nil, nil
	}
	others, err := list(chain[0])
	return c, others, err
}

var errForwarded = fault.New(fault.Invalid, "the header with the client's certificate cannot be read")

func (f Forwarded) one(value string) ([]byte, bool) {
	if f == RFC9440 {
		return byteSequence(strings.Trim(value, " "))
	}
	text, err := url.PathUnescape(value) // unlike in a query, + is a digit of base64
	if err != nil {
		return nil, false
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || len(block.Headers) > 0 || strings.Trim(string(rest), "\r\n") != "" ||
		!strings.HasPrefix(text, "-----BEGIN") {
		return nil, false
	}
	return block.Bytes, true
}

// list reads a List of Byte Sequences (RFC 9651 §3.1, RFC 9440 §2.3), without parameters.
func list(value string) (chain []*x509.Certificate, err error) {
	for item := range strings.SplitSeq(value, ",") {
		der, ok := byteSequence(strings.Trim(item, " \t"))
		if !ok || len(chain) == MaxChain {
			return nil, errForwarded
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, errForwarded
		}
		chain = append(chain, c)
	}
	return chain, nil
}

// byteSequence reads base64 between colons (RFC 9651 §3.3.5): padded, and without stray bits or line breaks.
func byteSequence(item string) ([]byte, bool) {
	if len(item) < 3 || item[0] != ':' || item[len(item)-1] != ':' || strings.ContainsAny(item, "\r\n") {
		return nil, false
	}
	der, err := base64.StdEncoding.Strict().DecodeString(item[1 : len(item)-1])
	return der, err == nil
}
