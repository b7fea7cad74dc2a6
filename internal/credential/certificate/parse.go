package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Bounds of what is read.
const (
	// MaxUpload is how long an upload may be, in bytes.
	MaxUpload = 64 << 10
	// MaxChain is how many certificates may stand between a client's and its authority's, that excluded.
	MaxChain = 8
)

// field is the member of the input that errors name.
const field = "certificate"

var (
	errPrivateKey = fault.On(field, "this holds a private key, which nobody but its owner may have: it has now been exposed, "+
		"so throw it away, make a new one, and send only what does not hold the key")
	errUnreadable = fault.On(field, "this is no X.509 certificate in PEM, DER or base64 of DER")
	errPKCS12     = fault.On(field, "this is a PKCS #12 file or another container: extract the certificate alone, "+
		"for example with openssl pkcs12 -nokeys -clcerts, and send that")
	errRequest = fault.On(field, "this is a signing request and no certificate: have it signed first")
)

// Parse reads an uploaded certificate: PEM with one certificate or several, DER, or base64 of DER. leaf is the
// client's; chain holds the authorities' that came with it, in the order they came. Text around PEM blocks, which
// openssl likes to write, is passed over; blocks of any other kind are refused, and so is a private key in any of
// the forms: it must be replaced, because it has left its owner. Errors are [fault.Invalid] on "certificate", or
// [fault.TooLarge] over [MaxUpload]. Whether the certificate is any good is for [Check] to say.
func Parse(upload []byte) (leaf *x509.Certificate, chain []*x509.Certificate, err error) {
	ders, err := blocks(upload, "CERTIFICATE", "X509 CERTIFICATE")
	if err != nil {
		return nil, nil, err
	}
	var all []*x509.Certificate
	for _, der := range ders {
		one, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, nil, unreadable(der, err)
		}
		all = append(all, one)
	}
	return pick(all)
}

// pick tells the client's certificate from those of authorities. A single one is the client's, whatever it says.
func pick(all []*x509.Certificate) (leaf *x509.Certificate, chain []*x509.Certificate, err error) {
	if len(all) > MaxChain+1 {
		return nil, nil, fault.On(field, "there are %d certificates, more than %d", len(all), MaxChain+1)
	}
	at := 0
	if len(all) > 1 {
		end := func(c *x509.Certificate) bool { return !c.IsCA }
		if at = slices.IndexFunc(all, end); at < 0 {
			return nil, nil, fault.On(field, "all of these certificates belong to authorities: the client's own is missing")
		}
		if slices.ContainsFunc(all[at+1:], end) {
			return nil, nil, fault.On(field, "there is more than one client certificate: send one, with its chain if you like")
		}
	}
	leaf = all[at]
	return leaf, slices.Delete(all, at, at+1), nil
}

// blocks returns the DER of every PEM block in upload, which must be of one of the kinds, or upload itself as DER.
func blocks(upload []byte, kinds ...string) ([][]byte, error) {
	if len(upload) > MaxUpload {
		return nil, fault.New(fault.TooLarge, "the certificate is longer than %d bytes", MaxUpload)
	}
	// Looked for as text first: a key in a block that is broken is exposed no less.
	if bytes.Contains(upload, []byte("PRIVATE KEY")) {
		return nil, errPrivateKey
	}
	var ders [][]byte
	for block, rest := pem.Decode(upload); block != nil; block, rest = pem.Decode(rest) {
		if !slices.Contains(kinds, block.Type) {
			return nil, wrongKind(block.Type)
		}
		ders = append(ders, block.Bytes)
	}
	switch {
	case len(ders) != bytes.Count(upload, []byte("-----BEGIN ")):
		return nil, fault.On(field, "a PEM block is damaged: it must run from its BEGIN line to its END line, unchanged")
	case len(ders) > 0:
		return ders, nil
	case len(upload) > 0 && upload[0] == 0x30: // an ASN.1 sequence; base64 of one begins with M
		return [][]byte{upload}, nil
	}
	if der, ok := unbase64(upload); ok {
		return [][]byte{der}, nil
	}
	return nil, errUnreadable
}

func wrongKind(kind string) error {
	switch {
	case strings.Contains(kind, "REQUEST"):
		return errRequest
	case strings.Contains(kind, "CERTIFICATE"):
		return fault.On(field, "there is a block that is no certificate for a client: send a block that begins with -----BEGIN CERTIFICATE-----")
	case kind == "PKCS7" || kind == "PKCS12" || kind == "CMS":
		return errPKCS12
	}
	return errUnreadable
}

// unbase64 decodes base64, standard or for URLs, with or without line breaks and padding.
func unbase64(text []byte) ([]byte, bool) {
	compact := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', '=':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return r
	}, string(text))
	der, err := base64.RawStdEncoding.DecodeString(compact)
	return der, err == nil && len(der) > 0
}

// unreadable says what DER that is no certificate is instead, if it can be told.
func unreadable(der []byte, cause error) error {
	if isPrivateKey(der) {
		return errPrivateKey
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return errRequest
	}
	var container struct {
		First asn1.RawValue
		Rest  asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(der, &container); err == nil {
		pfx := container.First.Tag == asn1.TagInteger && bytes.Equal(container.First.Bytes, []byte{3}) // RFC 7292 §4
		if pfx || container.First.Tag == asn1.TagOID {                                                 // RFC 5652 §3
			return errPKCS12
		}
	}
	wrapped := fault.Wrap(fault.Invalid, cause, "%s", errUnreadable.Message)
	wrapped.Field = field
	return wrapped
}

// maxPrivateKey is how long a private key may be to be told from other rubbish, in bytes: RSA of 16384 bits has 10,000.
const maxPrivateKey = 16 << 10

// isPrivateKey reports whether der is a private key, in the clear or encrypted.
func isPrivateKey(der []byte) bool {
	// The library computes with a key that it reads, half a second for one that fills an upload. Nobody has such a one.
	if len(der) > maxPrivateKey {
		return false
	}
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParseECPrivateKey(der); err == nil {
		return true
	}
	var encrypted struct { // EncryptedPrivateKeyInfo, RFC 5958 §3
		Algorithm struct {
			OID        asn1.ObjectIdentifier
			Parameters asn1.RawValue `asn1:"optional"`
		}
		Data []byte
	}
	rest, err := asn1.Unmarshal(der, &encrypted)
	return err == nil && len(rest) == 0
}

// Check returns nil for a certificate that may serve as a client's credential: it has not expired, its signature
// and key are not weak, it belongs to no authority, and what it says about its use allows TLS clients. One that is
// not valid yet passes, so that it can be put in place ahead of time. Errors are [fault.Invalid] on "certificate".
func Check(c *x509.Certificate, now time.Time) error {
	if now.After(c.NotAfter) {
		return fault.On(field, "the certificate expired on %s", c.NotAfter.UTC().Format(time.DateOnly))
	}
	if why := weakness(c); why != "" {
		return fault.On(field, "%s", why)
	}
	if c.IsCA {
		return fault.On(field, "this is an authority's certificate, which can make others: a client needs one with CA:FALSE "+
			"(openssl req -x509 takes -addext basicConstraints=critical,CA:FALSE)")
	}
	if !forClients(c) {
		return fault.On(field, "the certificate is not meant for TLS clients: its extended key usage must include clientAuth, "+
			"and its key usage digitalSignature, where it has them")
	}
	return nil
}

// forClients reports whether the certificate's key may authenticate a TLS client (RFC 5280 §4.2.1.12) and sign the
// handshake (RFC 8446 §4.4.2.2). An absent extension restricts nothing.
func forClients(c *x509.Certificate) bool {
	if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return false
	}
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// strong lists the signature algorithms that are believed. Whatever is new must be put here by hand.
var strong = []x509.SignatureAlgorithm{
	x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS,
	x509.SHA512WithRSAPSS, x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512, x509.PureEd25519,
}

// weakness says what about a certificate's signature or key is too weak, or "".
func weakness(c *x509.Certificate) string {
	if !slices.Contains(strong, c.SignatureAlgorithm) {
		with := c.SignatureAlgorithm.String()
		if c.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
			with = "an algorithm that is not known"
		}
		return "the certificate is signed with " + with + ", which is not accepted: SHA-256 or better with RSA or ECDSA, or Ed25519, is"
	}
	return weakKey(c.PublicKey)
}

// Sizes of RSA keys in bits: less is weak, and more costs every handshake milliseconds that strangers could ask for.
const (
	minRSA = 2048
	maxRSA = 8192
)

func weakKey(public any) string {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA || key.E < 3 {
			return "the RSA key must have 2048 to 8192 bits"
		}
	case *ecdsa.PublicKey:
		if key.Curve.Params().BitSize < 256 {
			return "the elliptic curve must be P-256, P-384 or P-521"
		}
	case ed25519.PublicKey:
	default:
		return "the key must be RSA, ECDSA (P-256, P-384, P-521) or Ed25519"
	}
	return ""
}

// Thumbprint returns the SHA-256 of the certificate: x5t#S256 before base64url (RFC 8705 §3.1).
func Thumbprint(c *x509.Certificate) [32]byte { return sha256.Sum256(c.Raw) }

// hintName is how much of the common name a hint holds, in characters.
const hintName = 40

// Hint returns a text by which people recognise a certificate: the first eight hexadecimal digits of its thumbprint
// and the beginning of its common name, of which only what prints is kept.
func Hint(c *x509.Certificate) string {
	thumbprint := Thumbprint(c)
	hint := hex.EncodeToString(thumbprint[:4])
	name := []rune(strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, c.Subject.CommonName))
	if len(name) > hintName {
		name = append(name[:hintName], '…')
	}
	if text := strings.TrimSpace(string(name)); text != "" {
		hint += " " + text
	}
	return hint
}

// SignedItself reports whether a certificate is signed by its own key, authority or not.
func SignedItself(c *x509.Certificate) bool {
	issuer := *c
	issuer.BasicConstraintsValid, issuer.IsCA, issuer.KeyUsage = true, true, 0 // as if it might sign
	return c.CheckSignatureFrom(&issuer) == nil
}
